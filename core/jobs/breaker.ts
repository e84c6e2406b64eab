/**
 * Circuit breaker of a miner: one that fails again and again gets no work for a while, then one job that
 * tries it. So a miner that has died under load costs its clients a few seconds once, not each of them. A
 * reducer over plain data; the host keeps one a miner that is not closed and clean. Rules: SPEC.md, BREAK.
 */
import type { BreakerState } from '../api/dispatch.ts'
import { min } from '../base/int.ts'

/** A breaker. `openings` in a row decide how long it stays open. */
export type Breaker = {
  readonly state: BreakerState
  readonly failures: number
  readonly openings: number
  readonly untilMs: number
  /** The attempt that tries a half-open miner; undefined: none does yet. */
  readonly probe: string | undefined
  readonly reason: string | undefined
}

/** Bounds, and what a failure weighs. */
export const breakerLimits = {
  /** Weight in a row that opens it. */
  failuresMax: 5,
  /** What failed, lapsed or was lost; a result that cannot be true. */
  failureWeight: 1,
  implausibleWeight: 3,
  /** First time open; doubled each time that the trial fails. */
  openMs: 5_000,
  openMsMax: 300_000,
} as const

/** What a miner begins with. */
export const closedBreaker: Breaker = {
  state: 'closed',
  failures: 0,
  openings: 0,
  untilMs: 0,
  probe: undefined,
  reason: undefined,
}

/** Whether a miner may be given a job now. */
export function mayTry(breaker: Breaker, nowMs: number): boolean {
  if (breaker.state === 'closed') return true
  if (breaker.state === 'open') return nowMs >= breaker.untilMs
  return breaker.probe === undefined
}

/** It has been given a job: a breaker that is not closed waits for what becomes of it. */
export function tried(breaker: Breaker, attemptId: string): Breaker {
  return breaker.state === 'closed' ? breaker : { ...breaker, state: 'half_open', probe: attemptId }
}

/** It has delivered: everything is forgiven. */
export function succeeded(): Breaker {
  return closedBreaker
}

/** It has failed. `weight` in failures; a trial that fails opens it for twice as long. */
export function failed(
  breaker: Breaker,
  failure: {
    readonly attemptId: string | undefined
    readonly weight: number
    readonly reason: string
  },
  nowMs: number,
): Breaker {
  const { reason } = failure
  const failures = breaker.failures + failure.weight
  if (breaker.state === 'open') return { ...breaker, failures, reason }
  // Attempts from before it opened end late; only the trial decides about a half-open one.
  if (breaker.state === 'half_open' && breaker.probe !== failure.attemptId) return breaker
  if (breaker.state === 'closed' && failures < breakerLimits.failuresMax) {
    return { ...breaker, failures, reason }
  }
  const openings = breaker.openings + 1
  const openMs = min(breakerLimits.openMs * 2 ** min(openings - 1, 16), breakerLimits.openMsMax)
  return { state: 'open', failures, openings, untilMs: nowMs + openMs, probe: undefined, reason }
}

/** The trial ended without saying anything of the miner, such as by a cancel: the next job tries it. */
export function released(breaker: Breaker, attemptId: string): Breaker {
  return breaker.probe === attemptId ? { ...breaker, probe: undefined } : breaker
}

/** Clocks may go back: no breaker stays open longer than it would from now on. */
export function withClock(breaker: Breaker, nowMs: number): Breaker {
  return breaker.untilMs > nowMs + breakerLimits.openMsMax
    ? { ...breaker, untilMs: nowMs + breakerLimits.openMsMax }
    : breaker
}
