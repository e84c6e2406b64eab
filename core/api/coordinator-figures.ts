/**
 * What a coordinator counts of its site for `GET /metrics`, and what miners of the original may ask about
 * themselves. Amounts are base units as `bigint`; times Unix milliseconds; ids lower-case hex of 16 bytes.
 */
import type { ApiError } from './errors.ts'

/** Bounds of what is counted. */
export const figureLimits = {
  /** Different requests and page timings that are kept: more labels than routes exist are somebody's play. */
  requestLabelsMax: 2_048,
  /** Characters of one label. */
  labelCharsMax: 128,
  /** Entries of one report. */
  reportMax: 2_048,
  /** Kinds of page timings. */
  vitalsMax: 16,
} as const

/** How a request ended, in the original's words: `ok` below 400, `internal` from 500. */
export type RequestOutcome = 'ok' | 'invalid_request' | 'internal'

/** So many requests more, by route. `endpoint` is a route such as `/jobs/{id}`, never an address asked for. */
export type RequestCount = {
  readonly endpoint: string
  readonly method: string
  readonly outcome: RequestOutcome
  readonly count: number
}

/** Measurements of pages more: how many and their sum, in the unit of the measurement. */
export type VitalCount = { readonly name: string; readonly count: number; readonly sum: number }

/** What one instance of the gateway counted since it last told. */
export type CountReport = {
  readonly requests: readonly RequestCount[]
  readonly vitals: readonly VitalCount[]
}

/** Counted in the very writes that they count, since the site began; they never fall. */
export type SiteTotals = {
  /** Jobs that were taken, and how those that ended did. */
  readonly jobs: number
  readonly completed: number
  readonly failed: number
  readonly canceled: number
  readonly expired: number
  /** Of answers that were taken, in part or whole. */
  readonly promptTokens: number
  readonly completionTokens: number
  readonly charged: bigint
  /** Payments that are final, what they were, and payments that never will be. */
  readonly settled: number
  readonly settledUnits: bigint
  readonly unpayable: number
}

/** Everything that a coordinator counts. */
export type CoordinatorFigures = CountReport & {
  readonly totals: SiteTotals
  /** Jobs that wait and that run, now. */
  readonly queued: number
  readonly running: number
  /** Miners that are here now, by how they speak, and their jobs. */
  readonly agents: number
  readonly legacyMiners: number
  readonly inflight: number
  /** When this instance of the object began. */
  readonly startedAtMs: number
}

/** One job that a miner completed, and its payment. `minerAmount` is what is left to the miner. */
export type MinerJob = {
  readonly jobId: string
  readonly model: string
  readonly amount: bigint
  readonly minerAmount: bigint
  /** `pending`: released, not final yet; `held`: waits for a decision; `lost`: never will be paid. */
  readonly payment: 'paid' | 'pending' | 'held' | 'lost'
  readonly promptTokens: number
  readonly completionTokens: number
  readonly completedAtMs: number
  readonly receiptId: string
  readonly txHash: Uint8Array | undefined
}

/** What a miner completed: a page of it, newest first, and sums over all that is kept. */
export type MinerWork = {
  readonly minerId: string
  /** Jobs that it holds now. */
  readonly current: readonly string[]
  readonly items: readonly MinerJob[]
  readonly total: number
  /** What the miner has got, and what it is owed. */
  readonly earned: bigint
  readonly pending: bigint
}

/** Who could compute something now, in the order in which the coordinator would ask them. */
export type MinerCandidate = {
  readonly minerId: string
  readonly payout: Uint8Array
  readonly kind: 'agent' | 'legacy'
  readonly region: string | undefined
  readonly concurrency: number
  readonly busy: number
  /** Most that it can cost there. */
  readonly price: bigint
  /** To the last token of the longest answer, as fast as it was so far; undefined before it was measured. */
  readonly etaMs: number | undefined
}

/** Candidates, or why there are none: the refusal that a job would get. */
export type MinerMatch = {
  readonly candidates: readonly MinerCandidate[]
  readonly refusal: ApiError | undefined
}
