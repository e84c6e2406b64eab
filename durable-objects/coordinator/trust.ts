/**
 * Reputations as placement uses them: remembered, and a little old. Working one out reads a miner's
 * receipts, which nothing that hands out jobs may wait for; it is done by the clock, a few at a time.
 */
import { coordinatorLimits as limits } from './limits.ts'

export type Trust = {
  /** 0 to 1 as last worked out; undefined: no receipts, or not worked out yet. */
  readonly of: (minerId: string) => number | undefined
  readonly tick: () => void
}

export function openTrust(parts: {
  readonly now: () => number
  readonly wakeAt: (dueAtMs: number) => void
  readonly reputationOf: (minerId: string) => number | undefined
}): Trust {
  const { now, wakeAt, reputationOf } = parts
  const known = new Map<string, { readonly score: number | undefined; readonly atMs: number }>()
  const stale = new Set<string>()
  return {
    of: (minerId) => {
      const found = known.get(minerId)
      const ageMs = found ? now() - found.atMs : Number.POSITIVE_INFINITY
      // Below zero: the clock was set back.
      if (ageMs >= limits.trustKeptMs || ageMs < 0) {
        if (stale.size === 0) wakeAt(now() + limits.trustTickMs)
        stale.add(minerId)
      }
      return found?.score
    },
    tick: () => {
      let left: number = limits.trustAtOnce
      for (const minerId of stale) {
        if (left === 0) break
        left -= 1
        stale.delete(minerId)
        if (known.size >= limits.minerNamesMax) known.clear()
        known.set(minerId, { score: reputationOf(minerId), atMs: now() })
      }
      if (stale.size > 0) wakeAt(now() + limits.trustTickMs)
    },
  }
}
