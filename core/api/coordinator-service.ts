/**
 * What the coordinator offers to the gateway: the seam between HTTP shapes (workers/routes) and the object
 * that owns jobs, miners, reservations and payments. Plain data, so that it travels by RPC.
 *
 * Amounts are base units as `bigint`; ids lower-case hex of 16 bytes; times Unix milliseconds.
 */

import type { AccountPrincipal, ApiKeyPrincipal } from '../auth/principal.ts'
import type { Result } from '../base/result.ts'
import type { Receipt } from '../chain/receipt.ts'
import type { JobSpec } from '../jobs/job-spec.ts'
import type { Wanted } from '../jobs/matching.ts'
import type { ModelFeature } from '../jobs/model-features.ts'
import type { Reputation } from '../market/reputation.ts'
import type { AccountDesk } from './account-desk.ts'
import type { AdminDesk } from './admin-desk.ts'
import type {
  CoordinatorFigures,
  CountReport,
  MinerMatch,
  MinerWork,
} from './coordinator-figures.ts'
import type { OnlineMiners, PublicJob } from './coordinator-public.ts'
import type { Dispatching, DispatchService, Idempotency } from './dispatch.ts'
import type { ApiError } from './errors.ts'

/** Who calls. `publicId` is what others may see: never the key. */
export type Principal = ApiKeyPrincipal | AccountPrincipal

/** The six constraints of the original; absent means any. `maxPrice` in AITBC, as the original sends it. */
export type Constraints = {
  readonly gpu?: string | undefined
  readonly cuda?: string | undefined
  readonly min_vram_gb?: number | undefined
  readonly models?: readonly string[] | undefined
  readonly region?: string | undefined
  readonly max_price?: number | undefined
}

/** A signed permission to pay, as it came: canonical bytes and signature. */
export type SignedAuthorisation = { readonly bytes: Uint8Array; readonly signature: Uint8Array }

/** What a client wants computed, and what may be charged for it. */
export type SubmitJob = {
  /** The payload as the client sent it: kept for the legacy receipt. */
  readonly payload: Record<string, unknown>
  readonly constraints: Constraints
  readonly spec: JobSpec
  readonly ttlSeconds: number
  /** Most to be charged, base units: from `payment_amount` or a limit; undefined lets the site choose. */
  readonly limit: bigint | undefined
  /** Required of an account; made by the key's delegate for an API key. */
  readonly authorisation: SignedAuthorisation | undefined
} & Dispatching

/** A batch: all of its jobs are taken, or none. */
export type SubmitBatch = {
  readonly jobs: readonly SubmitJob[]
  readonly idempotency: Idempotency | undefined
}

/** The original's words for what became of the money. */
export type PaymentStatus = 'pending' | 'escrowed' | 'released' | 'refunded' | 'failed'

/** Why a payment waits, in a word and for people. */
export type HoldReason = { readonly code: string; readonly message: string }

/**
 * A result whose payment waits, or waited, for a decision. The answer is delivered, nothing is charged
 * until `released`. `lapsed`: nobody decided in time, which is the same as `refused`.
 */
export type HeldResult = {
  readonly jobId: string
  readonly minerId: string
  readonly reasons: readonly HoldReason[]
  /** Base units that are charged if it is released. */
  readonly amount: bigint
  readonly heldAtMs: number
  /** The last moment for a decision: after it the payer's permission would not reach the chain. */
  readonly untilMs: number
  readonly decision: 'released' | 'refused' | 'lapsed' | undefined
  readonly decidedAtMs: number | undefined
  /** Who decided and why; undefined while nobody has, and for `lapsed`. */
  readonly decidedBy: string | undefined
  readonly why: string | undefined
}

/** A receipt of a miner whose payment is final, with what proves both. */
export type MinerReceipt = {
  readonly jobId: string
  readonly receipt: Receipt
  /** Its canonical bytes, which the miner's signature and the hash are over. */
  readonly canonical: Uint8Array
  readonly receiptHash: Uint8Array
  /** Undefined for a miner of the original, which has no key pair. */
  readonly minerSignature: Uint8Array | undefined
  /** The settlement that paid it. */
  readonly txHash: Uint8Array
  readonly height: number
}

/** What somebody with the right to it decided about a held result. `by`: public id; `why`: for the audit. */
export type HeldDecision = {
  readonly jobId: string
  readonly decision: 'released' | 'refused'
  readonly by: string
  readonly why: string
}

/** A job as its client may see it. */
export type JobRecord = {
  readonly jobId: string
  readonly state:
    | 'queued'
    | 'assigned'
    | 'running'
    | 'completed'
    | 'failed'
    | 'canceled'
    | 'expired'
  readonly client: string
  readonly model: string
  readonly minerId: string | undefined
  readonly attempts: number
  readonly requestedAtMs: number
  readonly expiresAtMs: number
  readonly completedAtMs: number | undefined
  readonly error: string | undefined
  readonly paymentStatus: PaymentStatus
  /** Authorised limit (what is reserved while the job lives) and what was charged. */
  readonly limit: bigint
  readonly amount: bigint | undefined
  readonly promptTokens: number | undefined
  readonly completionTokens: number | undefined
  readonly receiptId: string | undefined
  readonly receiptHash: Uint8Array | undefined
  readonly settlement:
    | { readonly txHash: Uint8Array; readonly blockHeight: number; readonly final: boolean }
    | undefined
  /** Paid by a transaction that is not the coordinator's: the chain knows which, by the receipt's hash. */
  readonly isPaidElsewhere: boolean
  /** Present when the payment waits, or waited, for a decision. */
  readonly held?: HeldResult | undefined
}

/** What a finished job left, in the original's shapes. */
export type JobResult = {
  readonly job: JobRecord
  /** Legacy result object: `{output, model, …}`; undefined when the job ended without one. */
  readonly result: Record<string, unknown> | undefined
  readonly receipt: Record<string, unknown> | undefined
}

/** Everything with which a party proves what was computed and paid. */
export type ReceiptBundle = {
  /** Legacy JSON receipt with `signature` and `attestations`, exactly as it was signed. */
  readonly legacy: Record<string, unknown>
  /** Its text, for verifiers that need the spelling of numbers. */
  readonly legacyText: string
  /** Canonical receipt and the miner's signature (undefined for legacy miners). */
  readonly canonical: Uint8Array
  readonly minerSignature: Uint8Array | undefined
  readonly release: Uint8Array
  readonly releaseSignature: Uint8Array
  readonly authorisation: Uint8Array
  readonly authorisationSignature: Uint8Array
}

/**
 * Events of a job's stream, one JSON object a line (NDJSON) in the byte stream of `streamJob`:
 * `{"type":"state","state":…,"miner_id"?,"attempt"?}`, `{"type":"reset"}` (a new attempt starts over: drop
 * the text so far), `{"type":"text","text":…,"tokens":n}`, then one `{"type":"end","state":…,"finish"?,
 * "prompt_tokens"?,"completion_tokens"?,"amount"?,"receipt_id"?,"error"?:{code,message}}`.
 */
export type JobStream = ReadableStreamOfBytes

/** The platform's byte stream, named here because core sees no platform types. */
export type ReadableStreamOfBytes = unknown

/** A model that live miners serve. */
export type ModelView = {
  readonly name: string
  readonly contextTokens: number
  readonly miners: number
  /** Cheapest live price, base units for 1 000 tokens. */
  readonly pricePrompt: bigint
  readonly priceCompletion: bigint
  readonly engines: readonly string[]
  /** What some live miner does with it; a plain chat when absent. */
  readonly features?: readonly ModelFeature[]
}

/** The coordinator's state, for anyone. */
export type SiteView = {
  readonly coordinatorKey: Uint8Array
  readonly models: readonly ModelView[]
  readonly minersOnline: number
  readonly queued: number
  readonly running: number
  /** `EMBEDDED_ONLY` when every live miner runs the built-in demo model. */
  readonly notice: 'EMBEDDED_ONLY' | undefined
  /** Whether the final head is fresh enough to dispatch against. */
  readonly dispatching: boolean
  /** Last fault of settlement or storage, for people. */
  readonly fault: string | undefined
  /** Least that a finished job is charged, base units: a limit below it is refused. */
  readonly chargeMin: bigint
  /** Slots that an authorisation must leave after the job's time to live, and the most it may live. */
  readonly settleMarginSlots: number
  readonly authorisationLifeSlots: number
}

/** A job as a miner of the original gets it from a poll (backend contract 1.4). */
export type LegacyMinerJob = {
  readonly job_id: string
  readonly payload: Record<string, unknown>
  readonly constraints: Record<string, unknown>
}

/** The coordinator as a service. `Result` errors carry the public code. */
export type CoordinatorService = DispatchService & {
  /** Which principal an API key stands for in a scope; undefined for a key that is not known there. */
  authenticate(input: {
    readonly apiKey: string
    readonly scope: 'client' | 'miner' | 'admin'
  }): Promise<Principal | undefined>

  submitJob(who: Principal, job: SubmitJob): Promise<Result<JobRecord, ApiError>>
  job(who: Principal, jobId: string): Promise<Result<JobRecord, ApiError>>
  jobs(
    who: Principal,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<{
    readonly items: readonly JobRecord[]
    readonly total: number
  }>
  result(who: Principal, jobId: string): Promise<Result<JobResult, ApiError>>
  receipt(who: Principal, jobId: string): Promise<Result<ReceiptBundle, ApiError>>
  cancelJob(who: Principal, jobId: string): Promise<Result<JobRecord, ApiError>>
  /** From the beginning of the answer, whenever it is asked for; a lost reader does not cancel the job. */
  streamJob(who: Principal, jobId: string): Promise<Result<JobStream, ApiError>>
  /**
   * Submits and streams in one call, for OpenAI routes: when the reader goes away, the job is canceled.
   */
  runJob(
    who: Principal,
    job: SubmitJob,
  ): Promise<Result<{ readonly job: JobRecord; readonly stream: JobStream }, ApiError>>

  /**
   * Makes an escrow (hex id) pay for an API key: its owner opened it for this coordinator and granted the
   * key's delegate. `ESCROW_REQUIRED` with both keys when it is not so in the final state.
   */
  linkEscrow(who: Principal, escrowId: string): Promise<Result<null, ApiError>>

  // Miners of the original, over HTTP (backend contract 1.4)
  registerMiner(
    who: Principal,
    miner: {
      readonly minerId: string | undefined
      readonly capabilities: Record<string, unknown>
      readonly concurrency: number
      readonly region: string | undefined
    },
  ): Promise<Result<{ readonly sessionToken: string }, ApiError>>
  heartbeatMiner(
    who: Principal,
    beat: { readonly inflight: number; readonly status: string },
  ): Promise<Result<null, ApiError>>
  /** Waits at most `waitMs`; null when there is no job. */
  pollMiner(
    who: Principal,
    wait: { readonly waitMs: number },
  ): Promise<Result<LegacyMinerJob | null, ApiError>>
  finishMinerJob(
    who: Principal,
    done: {
      readonly jobId: string
      readonly result: Record<string, unknown>
      readonly metrics: Record<string, unknown>
    },
  ): Promise<Result<{ readonly receipt: Record<string, unknown> | null }, ApiError>>
  failMinerJob(
    who: Principal,
    failed: { readonly jobId: string; readonly code: string; readonly message: string },
  ): Promise<Result<null, ApiError>>

  /** What the miner behind a key completed; the newest first. */
  minerWork(
    who: Principal,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<MinerWork>
  /** Other capabilities without a new registration: what the miner holds stays with it. */
  changeMiner(
    who: Principal,
    change: {
      readonly capabilities: Record<string, unknown>
      readonly concurrency?: number | undefined
      readonly region?: string | undefined
    },
  ): Promise<Result<null, ApiError>>
  /** The miner leaves for good; what it holds goes back to the queue. */
  removeMiner(who: Principal): Promise<Result<null, ApiError>>
  /** Who could take such a job now, best first; at most `count`. Nothing is reserved. */
  matchMiners(wanted: Wanted, count: number): Promise<MinerMatch>

  /** Everything that is counted, for `GET /metrics`. */
  figures(): Promise<CoordinatorFigures>
  /** Adds what an instance of the gateway counted. */
  countRequests(report: CountReport): Promise<void>

  // Held results, receipts and reputation
  /**
   * Results whose payment waits for a decision, or waited, newest first; of one miner, or of all. Undefined
   * for a miner that this site has never known.
   */
  heldResults(page: {
    readonly minerId?: string | undefined
    readonly onlyOpen: boolean
    readonly limit: number
  }): Promise<readonly HeldResult[] | undefined>
  minerReputation(minerId: string): Promise<
    | {
        readonly reputation: Reputation
        readonly asOfMs: number
        /** Share of a payment that does not reach the miner: genesis, hundredths of a percent. */
        readonly costBps: number
      }
    | undefined
  >
  /** Receipts of a miner with a final payment, newest first; `before`: the last one that was listed. */
  minerReceipts(
    minerId: string,
    page: {
      readonly before: { readonly height: number; readonly jobId: string } | undefined
      readonly limit: number
    },
  ): Promise<readonly MinerReceipt[] | undefined>

  /** The desk for administrators; whoever calls it has checked who they are. */
  admin<Name extends keyof AdminDesk>(
    name: Name,
    ...input: Parameters<AdminDesk[Name]>
  ): Promise<Awaited<ReturnType<AdminDesk[Name]>>>

  /** The desk for accounts: keys, their money, usage. */
  accounts<Name extends keyof AccountDesk>(
    name: Name,
    ...input: Parameters<AccountDesk[Name]>
  ): Promise<Awaited<ReturnType<AccountDesk[Name]>>>

  site(): Promise<SiteView>
  /** Miners that are here now, by name; at most `publicLimits.minersMax`. */
  onlineMiners(): Promise<OnlineMiners>
  /** Somebody's job by its id or its receipt's, for anybody; undefined when there is none. */
  publicJob(id: string): Promise<PublicJob | undefined>
  /** Cron: re-arms a lost alarm and sweeps what is due. */
  watchdog(): Promise<void>
}
