/**
 * Placement: brings waiting jobs and free places together. It runs right after the event that made either,
 * in the same turn; a write that fails here is tried again later, for the event itself has been kept.
 */
import { excludedMiners, isDispatchable } from '../../core/jobs/job.ts'
import { chooseMiner, type Wanted } from '../../core/jobs/matching.ts'
import { isLive, isReachable } from './assignment.ts'
import type { LiveJob } from './job-store.ts'
import { coordinatorLimits } from './limits.ts'
import type { Miner, Miners } from './miners.ts'
import { type Queue, wantedOf } from './queue.ts'
import type { MinerStanding } from './standing.ts'

export type PlacementParts = {
  readonly miners: Miners
  readonly queue: Queue
  readonly standing: MinerStanding
  readonly now: () => number
  readonly wakeAt: (dueAtMs: number) => void
  readonly mayDispatch: (nowMs: number) => boolean
  /** Hands a job to a miner; false when the job does not wait any more. */
  readonly assign: (job: LiveJob, miner: Miner) => boolean
}

export type Placement = ReturnType<typeof openPlacement>

export function openPlacement(parts: PlacementParts) {
  const { miners, queue, standing, now } = parts
  const waiting = new Set<LiveJob>()
  const freed = new Set<string>()
  let isPlacing = false
  /** Whether jobs could not be placed for a reason that goes away by itself. */
  let isStarved = false

  /** The best miner for a job, of those that can be handed one at this moment. */
  const choose = (job: LiveJob): Miner | undefined => {
    const nowMs = now()
    if (!isDispatchable(job.life)) return undefined
    if (!parts.mayDispatch(nowMs)) {
      isStarved = true
      return undefined
    }
    return chooseMiner(
      reachable(miners.serving(job.ask.spec.model), nowMs),
      wantedOf(job),
      excludedMiners(job.life, nowMs),
      standing,
    )
  }

  const place = (job: LiveJob): void => {
    const chosen = choose(job)
    if (chosen) parts.assign(job, chosen)
  }

  /** Gives a miner with free places the jobs whose turn it is. */
  const fill = (minerId: string): void => {
    const nowMs = now()
    const miner = miners.get(minerId)
    if (!miner) return
    if (!parts.mayDispatch(nowMs)) {
      isStarved ||= queue.size() > 0
      return
    }
    while (isReachable(miner, nowMs)) {
      const job = queue.nextFor(miner, nowMs)
      if (!job || !parts.assign(job, miner)) return
    }
  }

  const placeAll = (): void => {
    isPlacing = false
    const jobs = [...waiting]
    const minerIds = [...freed]
    waiting.clear()
    freed.clear()
    try {
      for (const job of jobs) place(job)
      for (const minerId of minerIds) fill(minerId)
    } catch (error) {
      console.error(JSON.stringify({ msg: 'jobs not placed', error: String(error) }))
      isStarved = true
      parts.wakeAt(now() + coordinatorLimits.retryMs)
    }
  }

  return {
    choose,
    place,
    fill,

    /** After the present event: a job to place, a miner to fill, or both. */
    soon: (what: { readonly job?: LiveJob; readonly minerId?: string }): void => {
      if (what.job) waiting.add(what.job)
      if (what.minerId !== undefined) freed.add(what.minerId)
      if (isPlacing) return
      isPlacing = true
      queueMicrotask(placeAll)
    },

    /** Jobs wait, and nothing but time will place them. */
    starve: (): void => {
      isStarved = true
    },

    /** Whether jobs that starved can be placed now; asked once a tick. */
    isFedAgain: (): boolean => {
      const isFed = isStarved && parts.mayDispatch(now())
      if (isFed) isStarved = false
      return isFed
    },

    /** Miners that count as live for admission: a poll of a miner of the original comes again. */
    live: (nowMs: number): Miner[] => [...miners.all()].filter((miner) => isLive(miner, nowMs)),

    /** Whether a miner that fits could take such a job now. */
    hasFree: (wanted: Wanted & { readonly limit: bigint }): boolean => {
      const candidates = reachable(miners.serving(wanted.size.model), now())
      return chooseMiner(candidates, wanted, new Set(), standing) !== undefined
    },

    /** The same, of those that may serve a model. */
    liveServing: (model: string, nowMs: number): Miner[] =>
      [...miners.serving(model)].filter((miner) => isLive(miner, nowMs)),
  }
}

function* reachable(miners: Iterable<Miner>, nowMs: number): Generator<Miner> {
  for (const miner of miners) if (isReachable(miner, nowMs)) yield miner
}
