/**
 * What the coordinator does for administrators: reads of everything, and acts that are written down with
 * who, what, when and why in the same atomic write. Called by RPC as `coordinator.admin(name, …)`; plain
 * data only. Times Unix milliseconds; amounts base units. Lists are newest first; a cursor is opaque.
 */
import type { Result } from '../base/result.ts'
import type { KeyRecord } from './account-desk.ts'
import type { HeldResult } from './coordinator-service.ts'
import type { ApiError } from './errors.ts'

/** Who acts, as `ownerOf` names principals, and why; empty where a program gave no reason. */
export type Actor = { readonly actor: string; readonly reason: string }

/** A part of a list. */
export type Page<T> = { readonly items: readonly T[]; readonly next: string | undefined }

/** Which part. */
export type PageQuestion = { readonly limit: number; readonly cursor: string | undefined }

/** A job, without what was asked. */
export type AdminJob = {
  readonly jobId: string
  readonly state: string
  readonly client: string
  readonly minerId: string | undefined
  readonly model: string
  readonly priority: string
  readonly attempts: number
  readonly requestedAtMs: number
  readonly expiresAtMs: number
  readonly endedAtMs: number | undefined
  readonly error: string | undefined
  readonly limit: bigint
  readonly escrow: Uint8Array
  readonly amount: bigint | undefined
  readonly receiptId: string | undefined
  readonly payment: string | undefined
}

/** How administrators let a miner stand. */
export type Standing = 'active' | 'draining' | 'suspended'

/** A miner, here or away. */
export type AdminMiner = {
  readonly minerId: string
  readonly kind: 'agent' | 'legacy'
  readonly isOnline: boolean
  readonly isDraining: boolean
  readonly inflight: number
  readonly concurrency: number
  readonly region: string | undefined
  readonly seenAtMs: number | undefined
  readonly models: readonly string[]
  readonly payout: Uint8Array | undefined
  readonly completed: number
  readonly failed: number
  readonly averageMs: number
  readonly lastReceiptId: string | undefined
  readonly standing: Standing
  readonly standingReason: string | undefined
  readonly standingSinceMs: number | undefined
}

/** A payment of a job. */
export type AdminPayment = {
  readonly jobId: string
  readonly state: string
  readonly amount: bigint
  readonly client: string
  readonly minerId: string
  readonly settleBy: number
  readonly releasedAtMs: number
  readonly reason: string | undefined
  readonly txHash: Uint8Array | undefined
  readonly height: number | undefined
}

/** An account that signed in. */
export type AdminUser = {
  readonly address: string
  readonly firstSeenAtMs: number
  readonly seenAtMs: number
  readonly keys: number
  readonly jobs: number
  readonly spent: bigint
}

/** A key that the operator sets. */
export type OperatorKey = {
  readonly keyId: string
  readonly scope: string
  readonly isAdmitted: boolean
  readonly createdAtMs: number
  readonly spent: bigint
}

/** One act. `details` is a JSON value. */
export type AuditEntry = {
  readonly entryId: number
  readonly atMs: number
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly reason: string
  readonly details: unknown
}

/** Jobs that ended on a day, or of a model. */
export type AnalyticsRow = {
  readonly name: string
  readonly jobs: number
  readonly completed: number
  readonly promptTokens: number
  readonly completionTokens: number
  readonly charged: bigint
}

/** Actions of `execute`. */
export const adminActions = ['settle', 'sweep', 'wake'] as const

/** One of them: sends payments that are due; forgets what is old; does all that is due. */
export type AdminAction = (typeof adminActions)[number]

type Answer<T> = Promise<Result<T, ApiError>>

/** The coordinator's desk for administrators. */
export type AdminDesk = {
  stats(): Promise<{
    readonly totalJobs: number
    readonly queued: number
    readonly running: number
    readonly onlineMiners: number
    readonly suspended: number
    readonly draining: number
    readonly averageMs: number
    readonly payments: Readonly<Record<string, { readonly count: number; readonly amount: bigint }>>
  }>
  jobs(
    page: PageQuestion & {
      readonly state: string | undefined
      readonly client: string | undefined
      readonly miner: string | undefined
    },
  ): Answer<Page<AdminJob>>
  job(jobId: string): Answer<AdminJob>
  cancelJob(by: Actor, jobId: string): Answer<AdminJob>
  prioritizeJob(by: Actor, jobId: string, priority: 'low' | 'normal' | 'high'): Answer<AdminJob>
  miners(page: PageQuestion & { readonly status: string | undefined }): Answer<Page<AdminMiner>>
  miner(minerId: string): Answer<AdminMiner>
  setStanding(by: Actor, minerId: string, standing: Standing): Answer<AdminMiner>
  users(page: PageQuestion & { readonly q: string | undefined }): Answer<Page<AdminUser>>
  keys(
    page: PageQuestion & { readonly q: string | undefined },
  ): Answer<Page<{ readonly of: 'account'; readonly key: KeyRecord } | OperatorKeyRow>>
  revokeKey(by: Actor, keyId: string): Answer<KeyRecord>
  /** Orders that the market withdraws an offer; `details` say what was withdrawn. */
  withdrawOffer(by: Actor, offerId: string, details: unknown): Promise<void>
  payments(page: PageQuestion & { readonly state: string | undefined }): Answer<Page<AdminPayment>>
  /** Results whose payment waits, or waited, for a decision, newest first. */
  held(page: { readonly onlyOpen: boolean; readonly limit: number }): Promise<readonly HeldResult[]>
  /** `HELD_NOT_FOUND`; `HELD_DECIDED` when it was decided otherwise, or its time is over. */
  decideHeld(by: Actor, jobId: string, decision: 'released' | 'refused'): Answer<HeldResult>
  audit(
    page: PageQuestion & {
      readonly action: string | undefined
      readonly actor: string | undefined
    },
  ): Answer<Page<AuditEntry>>
  analytics(from: string): Promise<{
    readonly days: readonly AnalyticsRow[]
    readonly models: readonly AnalyticsRow[]
  }>
  execute(
    by: Actor,
    action: AdminAction,
    target: string | undefined,
  ): Answer<Readonly<Record<string, string | number>>>
  /** Answers with the time it took to read the disk: for health. */
  ping(): Promise<{ readonly jobs: number }>
}

/** An operator's key in the list of all keys. */
export type OperatorKeyRow = { readonly of: 'operator'; readonly key: OperatorKey }
