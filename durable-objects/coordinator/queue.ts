/**
 * The queue: jobs that wait for a miner, oldest first, by model. A miner that gets a free place takes the
 * oldest job that fits, of all the models that it serves.
 */
import { excludedMiners, isDispatchable } from '../../core/jobs/job.ts'
import { chooseMiner } from '../../core/jobs/matching.ts'
import type { LiveJob } from './job-store.ts'
import { coordinatorLimits } from './limits.ts'
import type { Miner } from './miners.ts'

export type Queue = {
  readonly size: () => number
  readonly add: (job: LiveJob) => void
  readonly remove: (job: LiveJob) => void
  readonly all: () => readonly LiveJob[]
  /** The oldest waiting job that this miner may take now. */
  readonly oldestFor: (miner: Miner, nowMs: number) => LiveJob | undefined
}

/** An empty queue. */
export function openQueue(): Queue {
  const byModel = new Map<string, LiveJob[]>()
  let size = 0

  const linesFor = (miner: Miner): Iterable<LiveJob[]> => {
    if (miner.card.kind === 'legacy') return byModel.values()
    const lines = miner.card.models.map(({ name }) => byModel.get(name))
    return lines.filter((line) => line !== undefined)
  }

  return {
    size: () => size,
    add: (job) => {
      const { model } = job.ask.spec
      const line = byModel.get(model) ?? []
      byModel.set(model, line)
      if (line.includes(job)) return
      // Nearly always last; a job that comes back takes its old place.
      let at = line.length
      while (at > 0 && requestedAt(line[at - 1] as LiveJob) > requestedAt(job)) at -= 1
      line.splice(at, 0, job)
      size += 1
    },
    remove: (job) => {
      const line = byModel.get(job.ask.spec.model)
      const at = line?.indexOf(job) ?? -1
      if (!line || at < 0) return
      line.splice(at, 1)
      size -= 1
      if (line.length === 0) byModel.delete(job.ask.spec.model)
    },
    all: () => [...byModel.values()].flat(),
    oldestFor: (miner, nowMs) => {
      let oldest: LiveJob | undefined
      for (const line of linesFor(miner)) {
        for (const job of line.slice(0, coordinatorLimits.queueScanMax)) {
          if (oldest && requestedAt(oldest) <= requestedAt(job)) break
          if (!fits(miner, job, nowMs)) continue
          oldest = job
          break
        }
      }
      return oldest
    },
  }
}

const requestedAt = (job: LiveJob): number => job.life.requestedAtMs

const fits = (miner: Miner, job: LiveJob, nowMs: number): boolean =>
  isDispatchable(job.life) &&
  nowMs < job.life.expiresAtMs &&
  chooseMiner([miner], wantedOf(job), excludedMiners(job.life, nowMs)) !== undefined

/** A job as matching looks at it. */
export const wantedOf = ({ ask }: Pick<LiveJob, 'ask'>) => ({
  size: ask.size,
  constraints: ask.constraints,
  limit: ask.limit,
})
