/**
 * The newest jobs, as far as matching looks at them: from these a miner reads what kept it from work.
 * Nothing of what was asked is in here.
 */
import type { Constraints } from '../../core/api/coordinator-service.ts'
import type { Routing } from '../../core/api/dispatch.ts'
import type { JobSize } from '../../core/jobs/estimate.ts'
import type { LiveJob } from './job-store.ts'
import { coordinatorLimits } from './limits.ts'
import { wantedOf } from './queue.ts'

export type RecentJob = {
  readonly size: JobSize
  readonly constraints: Constraints
  readonly limit: bigint
  readonly routing: Routing | undefined
  readonly near: readonly string[] | undefined
  readonly atMs: number
  /** Who got it last. */
  minerId: string | undefined
}

export type RecentJobs = {
  readonly add: (job: LiveJob) => void
  readonly taken: (jobId: string, minerId: string) => void
  /** Oldest first. */
  readonly all: () => Iterable<RecentJob>
}

/** Remembers none yet. */
export function openRecentJobs(): RecentJobs {
  const jobs = new Map<string, RecentJob>()
  return {
    add: (job) => {
      const { jobId, requestedAtMs } = job.life
      jobs.set(jobId, { ...wantedOf(job), atMs: requestedAtMs, minerId: undefined })
      for (const oldest of jobs.keys()) {
        if (jobs.size <= coordinatorLimits.recentJobsMax) return
        jobs.delete(oldest)
      }
    },
    taken: (jobId, minerId) => {
      const job = jobs.get(jobId)
      if (job) job.minerId = minerId
    },
    all: () => jobs.values(),
  }
}
