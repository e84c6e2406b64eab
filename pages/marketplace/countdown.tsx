/** Time until something, by the page's clock; screen readers hear the moment instead of every second. */
import { nowMs } from '../shared/live/clock.ts'
import { spanWords } from './words.tsx'

export function Countdown({ untilMs, over }: { untilMs: number; over: string }) {
  const leftMs = untilMs - nowMs.value
  const iso = new Date(untilMs).toISOString()
  return (
    <time class="figure countdown" dateTime={iso} title={iso.replace('T', ' ').slice(0, 19)}>
      {leftMs <= 0 ? over : spanWords(leftMs)}
    </time>
  )
}
