/** Jobs that have not ended, in memory: by id, by attempt, and how many each client has. */
import type { LiveJob } from './job-store.ts'

export type JobIndex = {
  readonly get: (jobId: string) => LiveJob | undefined
  readonly byAttempt: (attemptId: string) => LiveJob | undefined
  readonly all: () => IterableIterator<LiveJob>
  readonly size: () => number
  readonly openOf: (client: string) => number
  readonly enter: (job: LiveJob) => void
  readonly enterAttempt: (attemptId: string, job: LiveJob) => void
  readonly leave: (job: LiveJob) => void
}

/** An empty index. */
export function openJobIndex(): JobIndex {
  const jobs = new Map<string, LiveJob>()
  const byAttempt = new Map<string, LiveJob>()
  const openByClient = new Map<string, number>()
  return {
    get: (jobId) => jobs.get(jobId),
    byAttempt: (attemptId) => byAttempt.get(attemptId),
    all: () => jobs.values(),
    size: () => jobs.size,
    openOf: (client) => openByClient.get(client) ?? 0,
    enter: (job) => {
      const { jobId, client } = job.ask
      jobs.set(jobId, job)
      openByClient.set(client, (openByClient.get(client) ?? 0) + 1)
      for (const { attemptId } of job.life.attempts) byAttempt.set(attemptId, job)
    },
    enterAttempt: (attemptId, job) => void byAttempt.set(attemptId, job),
    leave: (job) => {
      const { jobId, client } = job.ask
      if (!jobs.delete(jobId)) return
      const left = (openByClient.get(client) ?? 1) - 1
      if (left === 0) openByClient.delete(client)
      else openByClient.set(client, left)
      for (const { attemptId } of job.life.attempts) byAttempt.delete(attemptId)
    },
  }
}
