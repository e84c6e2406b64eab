/** Jobs that have not ended, in memory: by id, by attempt, and how many each client has. */
import type { LiveJob } from './job-store.ts'

export type JobIndex = {
  readonly get: (jobId: string) => LiveJob | undefined
  readonly byAttempt: (attemptId: string) => LiveJob | undefined
  readonly all: () => IterableIterator<LiveJob>
  readonly size: () => number
  readonly openOf: (client: string) => number
  /** Of these, jobs of high priority. */
  readonly highOf: (client: string) => number
  /** What open jobs weigh, in all or of one client (`Ask.bytes`). */
  readonly bytes: (client?: string) => number
  readonly enter: (job: LiveJob) => void
  readonly enterAttempt: (attemptId: string, job: LiveJob) => void
  readonly leave: (job: LiveJob) => void
}

type Load = { readonly jobs: number; readonly high: number; readonly bytes: number }

/** An empty index. */
export function openJobIndex(): JobIndex {
  const jobs = new Map<string, LiveJob>()
  const byAttempt = new Map<string, LiveJob>()
  const openByClient = new Map<string, Load>()
  let bytes = 0
  return {
    get: (jobId) => jobs.get(jobId),
    byAttempt: (attemptId) => byAttempt.get(attemptId),
    all: () => jobs.values(),
    size: () => jobs.size,
    openOf: (client) => openByClient.get(client)?.jobs ?? 0,
    highOf: (client) => openByClient.get(client)?.high ?? 0,
    bytes: (client) => (client === undefined ? bytes : (openByClient.get(client)?.bytes ?? 0)),
    enter: (job) => {
      const { jobId, client } = job.ask
      jobs.set(jobId, job)
      const load = openByClient.get(client) ?? { jobs: 0, high: 0, bytes: 0 }
      openByClient.set(client, {
        jobs: load.jobs + 1,
        high: load.high + highOf(job),
        bytes: load.bytes + job.ask.bytes,
      })
      bytes += job.ask.bytes
      for (const { attemptId } of job.life.attempts) byAttempt.set(attemptId, job)
    },
    enterAttempt: (attemptId, job) => void byAttempt.set(attemptId, job),
    leave: (job) => {
      const { jobId, client } = job.ask
      if (!jobs.delete(jobId)) return
      const load = openByClient.get(client) ?? { jobs: 1, high: 0, bytes: job.ask.bytes }
      bytes -= job.ask.bytes
      if (load.jobs === 1) openByClient.delete(client)
      else {
        openByClient.set(client, {
          jobs: load.jobs - 1,
          high: load.high - highOf(job),
          bytes: load.bytes - job.ask.bytes,
        })
      }
      for (const { attemptId } of job.life.attempts) byAttempt.delete(attemptId)
    },
  }
}

const highOf = ({ ask }: LiveJob): number => (ask.priority === 'high' ? 1 : 0)
