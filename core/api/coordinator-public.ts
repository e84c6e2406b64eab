/**
 * What a coordinator tells everybody about its miners and jobs: what a miner offers, and of a job no more
 * than how it goes. Never a key, a network address, a question or an answer.
 */
import { toHex0x } from '../base/bytes.ts'
import { formatTime } from '../base/rfc3339.ts'
import { formatAddress } from '../crypto/address.ts'
import type { JobRecord } from './coordinator-service.ts'

/** Bounds of the answers. */
export const publicLimits = {
  /** Miners in one answer; `total` says how many there are. */
  minersMax: 500,
} as const

/** A miner that is here now, as it introduced itself. Prices in base units for 1 000 tokens. */
export type OnlineMiner = {
  /** The name by which the site knows it: chosen by itself, or the public id of its key. */
  readonly minerId: string
  /** 20-byte address that is paid. */
  readonly payout: Uint8Array
  readonly kind: 'agent' | 'legacy'
  readonly engine: string
  readonly models: readonly {
    readonly name: string
    readonly contextTokens: number
    readonly pricePrompt: bigint
    readonly priceCompletion: bigint
  }[]
  readonly gpus: readonly { readonly name: string; readonly memoryMib: number }[]
  readonly region: string | undefined
  /** Places for jobs, 0 for no bound, and how many are taken. */
  readonly concurrency: number
  readonly busy: number
  /** Finishes what it has and takes nothing new. */
  readonly draining: boolean
}

/** Miners that are here now, by name. */
export type OnlineMiners = { readonly miners: readonly OnlineMiner[]; readonly total: number }

/**
 * A job as anybody may see it who knows its id or its receipt's. Hashes only once they are on the chain,
 * where everybody reads them: before that, one could try out what was asked.
 */
export type PublicJob = Pick<
  JobRecord,
  'jobId' | 'state' | 'requestedAtMs' | 'expiresAtMs' | 'completedAtMs'
> & {
  readonly settled:
    | {
        readonly jobHash: Uint8Array
        readonly receiptHash: Uint8Array
        readonly txHash: Uint8Array
        readonly blockHeight: number
      }
    | undefined
}

/** `GET /site/miners`. */
export const onlineMinersView = (
  { miners, total }: OnlineMiners,
  nowMs: number,
): Record<string, unknown> => ({
  miners: miners.map((miner) => ({
    miner_id: miner.minerId,
    address: formatAddress(miner.payout),
    kind: miner.kind,
    engine: miner.engine,
    models: miner.models.map((model) => ({
      name: model.name,
      context_tokens: model.contextTokens,
      price_prompt: String(model.pricePrompt),
      price_completion: String(model.priceCompletion),
    })),
    gpus: miner.gpus.map((gpu) => ({ name: gpu.name, memory_mib: gpu.memoryMib })),
    region: miner.region ?? null,
    concurrency: miner.concurrency,
    busy: miner.busy,
    draining: miner.draining,
  })),
  total,
  time: formatTime(nowMs),
})

/** `GET /site/jobs/{id}`. */
export const publicJobView = (job: PublicJob): Record<string, unknown> => ({
  job_id: job.jobId,
  state: job.state,
  requested_at: formatTime(job.requestedAtMs),
  expires_at: formatTime(job.expiresAtMs),
  ended_at: job.completedAtMs === undefined ? null : formatTime(job.completedAtMs),
  settlement: job.settled
    ? {
        job_hash: toHex0x(job.settled.jobHash),
        receipt_hash: toHex0x(job.settled.receiptHash),
        transaction_hash: toHex0x(job.settled.txHash),
        height: job.settled.blockHeight,
      }
    : null,
})
