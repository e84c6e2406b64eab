/** A moment: its age in words, and its UTC time to the second. */
import { nowMs } from '../live/clock.ts'

type WhenProps = { ms: number | undefined /** Leaves out the UTC time. */; ageOnly?: boolean }

export function When({ ms, ageOnly = false }: WhenProps) {
  if (ms === undefined) return <span class="muted">unknown</span>
  const iso = new Date(ms).toISOString()
  const utc = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
  return (
    <time class="when" dateTime={iso} title={utc}>
      {ageOf(ms, nowMs.value)}
      {ageOnly ? null : <span class="when-utc"> · {utc}</span>}
    </time>
  )
}

const steps = [
  { unit: 's', seconds: 1, below: 120 },
  { unit: 'min', seconds: 60, below: 7_200 },
  { unit: 'h', seconds: 3_600, below: 172_800 },
  { unit: 'days', seconds: 86_400, below: Number.POSITIVE_INFINITY },
] as const

/** Age in words, such as "12 s ago"; clocks that differ a little are never in the future. */
export function ageOf(ms: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - ms) / 1_000))
  const step = steps.find(({ below }) => seconds < below) ?? steps[3]
  return `${Math.floor(seconds / step.seconds)} ${step.unit} ago`
}
