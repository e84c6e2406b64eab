/**
 * Progress: accepts, renewed leases and token text, remembered and written in one go every now and then. A
 * write for each token would cost a hundred times more than the token; what a restart loses of it, the
 * miner sends again.
 */
import type { JobStore, LiveJob } from './job-store.ts'
import { markSaved, writeOpen } from './job-text.ts'
import { coordinatorLimits } from './limits.ts'
import type { SqlDatabase } from './schema.ts'

export type Progress = {
  /** Notes that a job is ahead of the disk. */
  readonly remember: (job: LiveJob) => void
  /** Notes that a job has been written, or has ended. */
  readonly forget: (job: LiveJob) => void
  /** Writes all that is remembered. */
  readonly flush: () => void
}

export function openProgress(database: SqlDatabase, store: JobStore): Progress {
  const dirty = new Set<LiveJob>()
  let timer: ReturnType<typeof setTimeout> | undefined

  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (dirty.size === 0) return
    database.transactionSync(() => {
      for (const job of dirty) writeOpen(store, job)
    })
    for (const job of dirty) markSaved(job)
    dirty.clear()
  }

  const flushLater = (): void => {
    timer = undefined
    try {
      flush()
    } catch (error) {
      // The next piece of progress tries again; what is lost meanwhile is sent again by the miner.
      console.error(JSON.stringify({ msg: 'progress not written', error: String(error) }))
    }
  }

  return {
    remember: (job) => {
      dirty.add(job)
      timer ??= setTimeout(flushLater, coordinatorLimits.flushMs)
    },
    forget: (job) => void dirty.delete(job),
    flush,
  }
}
