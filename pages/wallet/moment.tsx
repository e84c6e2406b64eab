/** A time that is to come, or of which the day matters more than the age. */

/** UTC to the minute; a dash while the genesis time is not known. */
export function Moment({ ms }: { ms: number | undefined }) {
  if (ms === undefined) return <span class="muted">–</span>
  const iso = new Date(ms).toISOString()
  return (
    <time class="figure" dateTime={iso}>
      {iso.slice(0, 16).replace('T', ' ')} UTC
    </time>
  )
}
