/**
 * What the coordinator has seen of its miners: circuit breakers, and how fast each answers at each model.
 * Breakers are written when they open and close. Speeds are written every now and then; a restart loses the
 * newest, and they come again.
 */
import type { BreakerView } from '../../core/api/dispatch.ts'
import {
  type Breaker,
  breakerLimits,
  closedBreaker,
  failed,
  mayTry,
  released,
  succeeded,
  tried,
  withClock,
} from '../../core/jobs/breaker.ts'
import type { Attempt } from '../../core/jobs/job.ts'
import type { ClaimBook, Standing } from '../../core/jobs/routing.ts'
import { openBreakers } from './breakers.ts'
import { coordinatorLimits } from './limits.ts'
import type { SqlDatabase } from './schema.ts'
import { openSpeeds } from './speeds.ts'
import { openTrust } from './trust.ts'

export type StandingParts = {
  readonly database: SqlDatabase
  readonly now: () => number
  readonly wakeAt: (dueAtMs: number) => void
  /** 0 to 1, from signed receipts; undefined: none yet. */
  readonly reputationOf: (minerId: string) => number | undefined
  readonly claims?: ClaimBook | undefined
}

export type MinerStanding = Standing & {
  /** A miner has been handed an attempt. */
  readonly assigned: (minerId: string, attemptId: string) => void
  /** Text of an attempt has arrived. */
  readonly texted: (attemptId: string, tokens: number) => void
  /** An attempt has come to an end, or has lapsed. `isBlameless`: that says neither good nor ill of the miner. */
  readonly ended: (attempt: Attempt, model: string, isBlameless: boolean) => void
  /** A result was held because it cannot be true. */
  readonly implausible: (minerId: string, reason: string) => void
  readonly breakerOf: (minerId: string) => BreakerView
  /** Breakers that are not closed. */
  readonly breakers: () => readonly BreakerView[]
  /** Miners that may be tried again since this was last asked. */
  readonly triable: () => readonly string[]
  readonly meanMsOf: (model: string) => number | undefined
  /** The same, worked out now: not for placement. */
  readonly reputationNow: (minerId: string) => number | undefined
  /** Writes what is due. */
  readonly tick: () => void
}

export function openStanding(parts: StandingParts): MinerStanding {
  const { now, wakeAt } = parts
  const onDisk = openBreakers(parts)
  const kept = new Map<string, Breaker>(onDisk.restored)
  const speeds = openSpeeds(parts)
  const trust = openTrust(parts)

  const breakerOf = (minerId: string): Breaker => {
    const breaker = kept.get(minerId)
    return breaker ? withClock(breaker, now()) : closedBreaker
  }
  const keep = (minerId: string, breaker: Breaker): void => {
    kept.delete(minerId)
    onDisk.note(minerId, breaker)
    if (breaker.state === 'closed' && breaker.failures === 0) return
    kept.set(minerId, breaker)
    if (breaker.state === 'open') wakeAt(breaker.untilMs)
    if (kept.size <= coordinatorLimits.minerNamesMax) return
    for (const oldest of kept.keys()) {
      kept.delete(oldest)
      onDisk.note(oldest, undefined)
      return
    }
  }
  const fail = (
    minerId: string,
    failure: { attemptId: string | undefined; weight: number; reason: string },
  ): void => keep(minerId, failed(breakerOf(minerId), failure, now()))

  const viewOf = (minerId: string): BreakerView => {
    const { state, untilMs, failures, reason } = breakerOf(minerId)
    const isTriable = state === 'open' && now() >= untilMs
    return {
      minerId,
      state: isTriable ? 'half_open' : state,
      untilMs: state === 'open' && !isTriable ? untilMs : undefined,
      failures,
      reason,
    }
  }

  return {
    speedOf: speeds.of,
    reputationOf: trust.of,
    reputationNow: parts.reputationOf,
    claims: parts.claims,
    mayTry: (minerId) => {
      const breaker = kept.get(minerId)
      return breaker === undefined || mayTry(withClock(breaker, now()), now())
    },
    assigned: (minerId, attemptId) => {
      const breaker = kept.get(minerId)
      if (breaker && breaker.state !== 'closed') keep(minerId, tried(breaker, attemptId))
    },
    texted: speeds.texted,
    ended: (attempt, model, isBlameless) => {
      const { minerId, attemptId, state } = attempt
      if (state === 'completed' && !isBlameless) {
        speeds.completed(attempt, model)
        if (kept.has(minerId)) keep(minerId, succeeded())
        return
      }
      if (state !== 'lapsed') speeds.forget(attemptId)
      if ((state === 'failed' || state === 'lapsed') && !isBlameless) {
        fail(minerId, { attemptId, weight: breakerLimits.failureWeight, reason: state })
      } else if (kept.has(minerId)) {
        keep(minerId, released(breakerOf(minerId), attemptId))
      }
    },
    implausible: (minerId, reason) =>
      fail(minerId, { attemptId: undefined, weight: breakerLimits.implausibleWeight, reason }),
    breakerOf: viewOf,
    breakers: (): BreakerView[] => {
      const views = [...kept.keys()].map(viewOf)
      return views.filter(({ state }) => state !== 'closed')
    },
    triable: () => {
      const nowMs = now()
      const due: string[] = []
      for (const [minerId, breaker] of kept) {
        if (breaker.state === 'closed') continue
        if (mayTry(withClock(breaker, nowMs), nowMs)) due.push(minerId)
        else if (breaker.state === 'open') wakeAt(breaker.untilMs)
      }
      return due
    },
    meanMsOf: speeds.meanMsOf,
    tick: () => {
      speeds.tick()
      trust.tick()
    },
  }
}
