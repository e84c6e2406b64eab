/**
 * What a client may say about how its job is placed, and what the dispatcher tells: an estimate before
 * anything is promised, why a job is not served, why a miner gets nothing. Plain data for RPC: amounts are
 * base units as `bigint`, times Unix milliseconds.
 */
import type { Result } from '../base/result.ts'
import type { JobState } from '../jobs/job.ts'
import type { JobRecord, Principal, SubmitBatch, SubmitJob } from './coordinator-service.ts'
import type { ApiError } from './errors.ts'

/** How soon a waiting job is served. Costs nothing; `high` is bounded a client. */
export type Priority = (typeof priorities)[number]

/** From the last to the first that is served. */
export const priorities = ['low', 'normal', 'high'] as const

/** What comes first among miners that fit. */
export type RoutingSort = (typeof routingSorts)[number]

/** `price` is what applies when a job names none. */
export const routingSorts = ['price', 'speed', 'reputation', 'latency'] as const

/** Preferences of a client; what a miner must have stands in `Constraints`. */
export type Routing = {
  /** Miner ids that go first, in this order. */
  readonly order?: readonly string[] | undefined
  /** Miner ids that never get the job. */
  readonly ignore?: readonly string[] | undefined
  readonly sort?: RoutingSort | undefined
  /** Most that a miner may ask, base units for 1 000 tokens. */
  readonly maxPrice?:
    | { readonly prompt?: bigint | undefined; readonly completion?: bigint | undefined }
    | undefined
  /** Miners of this region go first: `eu` means also `eu-central`. */
  readonly region?: string | undefined
  /** False: only the miners of `order` and of `region`, where these are stated. True when absent. */
  readonly allowFallbacks?: boolean | undefined
  /** Models that will do instead, in this order. Not for jobs that an account signed. */
  readonly models?: readonly string[] | undefined
}

/** Where news of a job's end go. The URL has passed `webhookUrlFault`. */
export type JobWebhook = { readonly url: string }

/** Names a submission, so that it is done once: `fingerprint` is the hash of route and body, hex. */
export type Idempotency = { readonly key: string; readonly fingerprint: string }

/** What a submission may say beside what is to be computed and paid. */
export type Dispatching = {
  readonly priority?: Priority | undefined
  readonly routing?: Routing | undefined
  /** Where the caller seems to be, nearest word first (`de`, `eu`): decides between equals only. */
  readonly near?: readonly string[] | undefined
  readonly idempotency?: Idempotency | undefined
  readonly webhook?: JobWebhook | undefined
}

/** What the coordinator has measured of a miner at a model; `samples` answers so far. */
export type MeasuredSpeed = {
  /** Tokens of answer a second, after the first. */
  readonly tokensPerSecond: number
  /** From the offer to the first token, milliseconds. */
  readonly firstTokenMs: number
  readonly samples: number
}

/** What a job would meet now. Nothing is kept or promised by asking. */
export type Estimate = {
  /** The model that would be used: the one asked for, or the first fallback that is served. */
  readonly model: string
  /** Undefined when it would be taken; else why not, as the submission would be told. */
  readonly refusal: ApiError | undefined
  /** Miners that fit, their places (undefined: one of them has no bound), and how many are free. */
  readonly miners: number
  readonly places: number | undefined
  readonly freePlaces: number
  /** Jobs that would be served before; 0 when it would be offered at once. */
  readonly queuePosition: number
  /** Until the first token may be expected, and until the whole answer at its longest, milliseconds;
   * undefined as long as nothing has been measured here. */
  readonly startMs: number | undefined
  readonly endMs: number | undefined
  /** Least and most that it can cost at the cheapest miner, most at the dearest; undefined: no miner. */
  readonly price:
    | { readonly least: bigint; readonly cheapest: bigint; readonly dearest: bigint }
    | undefined
  /** Limit that a submission without one gets. */
  readonly suggestedLimit: bigint | undefined
}

/** What keeps miners from a job, by the word for it: how many of those that are here. */
export type Exclusions = Readonly<Record<string, number>>

/** Why a job is not served yet, or what became of it. */
export type JobWhy = {
  readonly jobId: string
  readonly state: JobState
  /** What it waits for: `chain` a fresh final block, `place` a free miner, `miner` one that fits,
   * `answer` of the miner that has it; undefined for a job that has ended. */
  readonly waitsFor: 'chain' | 'place' | 'miner' | 'answer' | undefined
  /** Jobs that go before it; undefined when it does not wait. */
  readonly queuePosition: number | undefined
  /** Miners that are here; of them those that fit, and what keeps each from taking it now. */
  readonly minersHere: number
  readonly minersFitting: number
  readonly exclusions: Exclusions
  readonly attempts: readonly {
    readonly number: number
    readonly minerId: string
    readonly state: string
  }[]
  readonly rejections: number
  readonly expiresAtMs: number
  readonly error: string | undefined
}

/** `closed`: gets work. `open`: gets none until `untilMs`. `half_open`: one job tries it. */
export type BreakerState = 'closed' | 'open' | 'half_open'

/** A miner's circuit breaker. */
export type BreakerView = {
  readonly minerId: string
  readonly state: BreakerState
  readonly untilMs: number | undefined
  /** Failures in a row, and the last one's word. */
  readonly failures: number
  readonly reason: string | undefined
}

/** Why a miner gets no jobs, or would get them. Holds nothing of clients. */
export type MinerWhy = {
  readonly minerId: string
  /** `gone`: known, and not here. */
  readonly state: 'ready' | 'busy' | 'draining' | 'silent' | 'gone'
  readonly breaker: BreakerView
  /** Undefined: no bound. */
  readonly freePlaces: number | undefined
  readonly idleSinceMs: number | undefined
  /** Of the newest jobs that this site took: how many there were, since when, how many this miner got,
   * and what kept the others from it (`outbid`: it fitted, and another was chosen). */
  readonly recent: {
    readonly jobs: number
    readonly sinceMs: number | undefined
    readonly taken: number
    readonly exclusions: Exclusions
  }
  readonly models: readonly {
    readonly name: string
    readonly queued: number
    /** 1: the cheapest of `offers` live ones for a middling job. */
    readonly priceRank: number
    readonly offers: number
    readonly speed: MeasuredSpeed | undefined
  }[]
  readonly reputation: number | undefined
}

/** A delivery of a webhook, for its owner. */
export type WebhookDelivery = {
  readonly deliveryId: string
  readonly jobId: string
  readonly event: string
  readonly url: string
  readonly state: 'due' | 'delivered' | 'failed'
  readonly attempts: number
  readonly nextAtMs: number | undefined
  /** HTTP status of the last answer, or why there was none. */
  readonly lastStatus: number | undefined
  readonly lastError: string | undefined
  readonly createdAtMs: number
}

/** What the coordinator offers beside single jobs: part of `CoordinatorService`. */
export type DispatchService = {
  /** `BATCH_REFUSED` names what is wrong with which item; then none was taken. */
  submitBatch(who: Principal, batch: SubmitBatch): Promise<Result<readonly JobRecord[], ApiError>>
  /** What the job would meet now; its authorisation is not looked at. */
  estimateJob(who: Principal, job: SubmitJob): Promise<Estimate>
  jobWhy(who: Principal, jobId: string): Promise<Result<JobWhy, ApiError>>
  /** For anybody; undefined for a miner that this site does not know. */
  minerWhy(minerId: string): Promise<MinerWhy | undefined>
  /** Breakers that are not closed. */
  breakers(): Promise<readonly BreakerView[]>
  measuredSpeed(minerId: string, model: string): Promise<MeasuredSpeed | undefined>
  /** Makes a new secret for this client's webhooks; the old one signs along for a day. */
  makeWebhookSecret(who: Principal): Promise<Result<{ readonly secret: string }, ApiError>>
  /** Newest first; `before` is the id of the last one of the page before. */
  webhookDeliveries(
    who: Principal,
    page: { readonly limit: number; readonly before: string | undefined },
  ): Promise<readonly WebhookDelivery[]>
}
