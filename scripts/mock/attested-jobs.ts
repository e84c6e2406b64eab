/**
 * Jobs of the original's mock coordinator: two that are always there, and one more every few seconds, of
 * which the newest 120 are kept. All are invented, from a seed.
 */
import type { Random } from './random.ts'

/** A job as `/attest/receipt` tells it. */
export type AttestedJob = {
  readonly id: string
  readonly status: 'complete' | 'pending' | 'failed'
  /** Decimal text, 15000 to 75000. */
  readonly price: string
  readonly computeUnits: number
  readonly client: string
  readonly miner: string
}

const jobsMax = 120
const miners = ['miner-alpha', 'miner-beta', 'miner-gamma'] as const
const clients = ['client-labs', 'client-trading', 'client-research'] as const

/** The jobs; `add` makes one more and says when the next is due, milliseconds from now. */
export function openAttestedJobs(random: Random) {
  const jobs = new Map<string, AttestedJob>()
  let made = 0
  const add = (): number => {
    made += 1
    const id = `job_${made}`
    jobs.set(id, {
      id,
      status: random.pick(['complete', 'pending', 'failed'] as const),
      price: String(random.between(15_000, 75_000)),
      computeUnits: random.between(750, 5_000),
      client: random.pick(clients),
      miner: random.pick(miners),
    })
    const [oldest] = jobs.keys()
    if (jobs.size > jobsMax && oldest !== undefined) jobs.delete(oldest)
    return random.between(1_500, 3_500)
  }
  add()
  add()
  return {
    add,
    all: (): readonly AttestedJob[] => [...jobs.values()],
    /** What is attested of a job: three times true for one that is known, whatever its status. */
    attest: (id: string): Record<string, unknown> => {
      const job = jobs.get(id)
      const known = job !== undefined
      const quote = job && {
        status: job.status,
        price: job.price,
        compute_units: job.computeUnits,
        client: job.client,
        assigned_miner: job.miner,
      }
      return { exists: known, paid: known, not_double_spent: known, quote: quote ?? {} }
    },
  }
}
