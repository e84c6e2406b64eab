/** Everything that the coordinator counts, as it stands. */
import type { CoordinatorFigures } from '../../core/api/coordinator-figures.ts'
import type { Counting } from './counting.ts'
import type { Dispatcher } from './dispatcher.ts'

/** The figures for `GET /metrics`. */
export function figuresOf(parts: {
  readonly counting: Counting
  readonly dispatcher: Dispatcher
  readonly startedAtMs: number
  readonly now: () => number
}): CoordinatorFigures {
  const { counting, dispatcher, startedAtMs, now } = parts
  const live = dispatcher.live(now())
  const agents = live.filter(({ card }) => card.kind === 'agent').length
  return {
    ...counting.counted(),
    totals: counting.totals(),
    ...dispatcher.counts(),
    agents,
    legacyMiners: live.length - agents,
    inflight: live.reduce((sum, { inflight }) => sum + inflight, 0),
    startedAtMs,
  }
}
