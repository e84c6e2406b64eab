/** What the mock remembers: jobs, miners, and whatever else was created, in memory only. */
import type { Random } from './random.ts'

/** A job that somebody submitted to the mock. */
export type MockJob = {
  readonly id: string
  readonly payload: Record<string, unknown>
  readonly model: string
  readonly requestedAtMs: number
  readonly expiresAtMs: number
  /** Units of `limit`. */
  readonly limit: string
  state: 'QUEUED' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELED' | 'EXPIRED'
  /** A miner that took it over HTTP; the mock itself computes what nobody takes. */
  miner: string | undefined
  endedAtMs: number | undefined
  error: string | undefined
  output: string | undefined
}

/** A miner that registered. */
export type MockMiner = {
  readonly id: string
  capabilities: Record<string, unknown>
  seenAtMs: number
}

/** How long a job waits for a miner before the mock takes it, and how long it then computes. */
const waitMs = 1_000
const computeMs = 500
const keptMax = 1_000

export type MockStore = ReturnType<typeof openStore>

/** An empty store. `now`: Unix milliseconds. */
export function openStore(random: Random, now: () => number) {
  const jobs = new Map<string, MockJob>()
  const miners = new Map<string, MockMiner>()
  const created = new Map<string, Map<string, Record<string, unknown>>>()

  /** Brings a job up to now: nothing runs in the background. */
  const advance = (job: MockJob): MockJob => {
    const ageMs = now() - job.requestedAtMs
    if (job.state === 'QUEUED' && ageMs >= waitMs) job.state = 'RUNNING'
    if (job.state === 'RUNNING' && job.miner === undefined && ageMs >= waitMs + computeMs) {
      finish(job, `A mock answer to: ${String(job.payload['prompt'] ?? job.id).slice(0, 200)}`)
    }
    if ((job.state === 'QUEUED' || job.state === 'RUNNING') && now() >= job.expiresAtMs) {
      end(job, 'EXPIRED', 'job expired')
    }
    return job
  }

  const finish = (job: MockJob, output: string): void => {
    job.output = output
    end(job, 'COMPLETED', undefined)
  }

  const end = (job: MockJob, state: MockJob['state'], error: string | undefined): void => {
    job.state = state
    job.error = error
    job.endedAtMs = now()
  }

  return {
    random,
    now,
    submit: (payload: Record<string, unknown>, ttlSeconds: number, limit: string): MockJob => {
      const job: MockJob = {
        id: random.hex(32),
        payload,
        model: String(payload['model'] ?? 'mock-model'),
        requestedAtMs: now(),
        expiresAtMs: now() + Math.max(1, ttlSeconds) * 1_000,
        limit,
        state: 'QUEUED',
        miner: undefined,
        endedAtMs: undefined,
        error: undefined,
        output: undefined,
      }
      jobs.set(job.id, job)
      forgetOldest(jobs)
      return job
    },
    job: (id: string): MockJob | undefined => {
      const job = jobs.get(id)
      return job && advance(job)
    },
    /** Newest first. */
    jobs: (): MockJob[] => [...jobs.values()].map(advance).reverse(),
    finish,
    end,
    /** The oldest job that waits, now the miner's. */
    take: (miner: string): MockJob | undefined => {
      const job = [...jobs.values()].find((each) => advance(each).state === 'QUEUED')
      if (!job) return undefined
      job.state = 'RUNNING'
      job.miner = miner
      return job
    },
    miners: (): MockMiner[] => [...miners.values()],
    miner: (id: string): MockMiner | undefined => miners.get(id),
    enter: (id: string, capabilities: Record<string, unknown>): MockMiner => {
      const miner = { id, capabilities, seenAtMs: now() }
      miners.set(id, miner)
      forgetOldest(miners)
      return miner
    },
    leave: (id: string): boolean => miners.delete(id),
    /** Things of a kind that were created, by their id: offers, bids, bookings, keys. */
    things: (kind: string): Map<string, Record<string, unknown>> => {
      const known = created.get(kind) ?? new Map<string, Record<string, unknown>>()
      created.set(kind, known)
      forgetOldest(known)
      return known
    },
  }
}

function forgetOldest(of: Map<string, unknown>): void {
  const [oldest] = of.keys()
  if (of.size > keptMax && oldest !== undefined) of.delete(oldest)
}
