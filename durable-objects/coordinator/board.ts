/**
 * The board: what the dispatcher answers without changing anything. Whether there is room for a job, whether
 * anybody can serve it, and how it stands in the queue.
 */
import type { ApiError } from '../../core/api/errors.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import { admit, type Wanted } from '../../core/jobs/matching.ts'
import type { Standing } from '../../core/jobs/routing.ts'
import { isReachable } from './assignment.ts'
import type { JobIndex } from './job-index.ts'
import { coordinatorLimits } from './limits.ts'
import type { Miner } from './miners.ts'
import type { Placement } from './placement.ts'
import type { Queue, Waiting } from './queue.ts'
import type { RecentJobs } from './recent-jobs.ts'

export function openBoard(parts: {
  readonly jobs: JobIndex
  readonly queue: Queue
  readonly recent: RecentJobs
  readonly placement: Placement
  readonly now: () => number
  readonly mayDispatch: (nowMs: number) => boolean
  readonly standing: Pick<Standing, 'claims'>
}) {
  const { jobs, queue, recent, placement, now, mayDispatch, standing } = parts
  return {
    job: jobs.get,
    all: jobs.all,
    live: placement.live,
    recent: recent.all,
    counts: () => ({ queued: queue.size(), running: jobs.size() - queue.size() }),

    /** Whether so many more jobs of this client, in this state of the queue, are taken. */
    hasRoom: (
      client: string,
      more: { readonly jobs: number; readonly high: number; readonly bytes: number },
    ): Result<null, ApiError> => {
      const { bytes } = more
      const { openJobsPerClientMax, highJobsPerClientMax } = jobLimits
      if (jobs.openOf(client) + more.jobs > openJobsPerClientMax) {
        const message = `A client may have ${openJobsPerClientMax} jobs open at a time.`
        return err({ code: 'QUOTA_EXCEEDED', message })
      }
      if (more.high > 0 && jobs.highOf(client) + more.high > highJobsPerClientMax) {
        const message = `A client may have ${highJobsPerClientMax} jobs of high priority open at a time.`
        return err({ code: 'QUOTA_EXCEEDED', message })
      }
      if (jobs.bytes(client) + bytes > coordinatorLimits.openBytesPerClientMax) {
        const message = `The open jobs of this client hold ${jobs.bytes(client)} bytes already.`
        return err({ code: 'QUOTA_EXCEEDED', message })
      }
      const isHeavy = jobs.bytes() + bytes > coordinatorLimits.openBytesMax
      const isLong = queue.size() + more.jobs > jobLimits.queueMax
      return isHeavy || isLong ? err({ code: 'QUEUE_FULL' }) : ok(null)
    },

    /** Whether a live miner can serve this; all of them are looked at only to say what else there is. */
    admit: (wanted: Wanted) => {
      const nowMs = now()
      const admitted = admit(placement.liveServing(wanted.size.model, nowMs), wanted, standing)
      return admitted.ok ? admitted : admit(placement.live(nowMs), wanted, standing)
    },
    liveServing: (model: string) => placement.liveServing(model, now()),
    /** Whether a miner that fits could be handed this in the present moment. */
    hasFree: (wanted: Wanted & { readonly limit: bigint }) => placement.hasFree(wanted),
    isReachable: (miner: Miner) => isReachable(miner, now()),
    isDispatching: () => mayDispatch(now()),
    queuedOf: queue.sizeOf,
    before: (job: Waiting) => queue.before(job),
  }
}
