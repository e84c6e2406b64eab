/**
 * What the coordinator does for accounts: keys, their money, usage. Called by RPC as
 * `coordinator.accounts(name, …)`; plain data only. Owners are addresses (`aitbc1…`); times Unix
 * milliseconds; amounts base units.
 */
import type { KeyScopeName } from '../auth/key-scopes.ts'
import type { ApiKeyPrincipal } from '../auth/principal.ts'
import type { Result } from '../base/result.ts'
import type { ApiError } from './errors.ts'
import type { KeyState } from './schemas/account-keys.ts'

/** The money behind a key, as final; undefined where it is not known or not there. */
export type KeyFunding = {
  readonly by: 'escrow' | 'faucet' | undefined
  readonly delegate: Uint8Array
  readonly escrow: Uint8Array | undefined
  readonly escrowBalance: bigint | undefined
  readonly escrowExpiresAtMs: number | undefined
  readonly delegateBudget: bigint | undefined
  readonly delegateExpiresAtMs: number | undefined
  readonly available: bigint | undefined
  readonly fault: string | undefined
}

/** One key of an account. */
export type KeyRecord = {
  readonly keyId: string
  readonly kind: 'key' | 'console'
  readonly owner: string
  readonly name: string
  readonly scopes: readonly KeyScopeName[]
  readonly state: KeyState
  readonly hint: string | undefined
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
  readonly revokedAtMs: number | undefined
  readonly usedAtMs: number | undefined
  readonly oldSecretUntilMs: number | undefined
  readonly budget: bigint | undefined
  readonly spent: bigint
  readonly funding: KeyFunding | undefined
  /** Address that is paid, of a miner's key. */
  readonly payout: string | undefined
}

/** What is asked of a new key. */
export type NewKey = {
  readonly name: string
  readonly scopes: readonly KeyScopeName[]
  readonly budget: bigint | undefined
  readonly expiresAtMs: number | undefined
  readonly payout: string | undefined
}

/** What is to change; undefined leaves it, null takes a bound away. */
export type KeyChange = {
  readonly name?: string | undefined
  readonly budget?: bigint | null | undefined
  readonly expiresAtMs?: number | null | undefined
}

/** Sums over jobs that ended. `day` is `2026-11-23`, UTC; what is not grouped by is undefined. */
export type UsageRow = {
  readonly day: string | undefined
  readonly keyId: string | undefined
  readonly model: string | undefined
  readonly jobs: number
  readonly completed: number
  readonly promptTokens: number
  readonly completionTokens: number
  readonly spent: bigint
}

/** Which sums. Days are inclusive. */
export type UsageQuestion = {
  readonly from: string
  readonly to: string
  readonly groupBy: 'day' | 'key' | 'model'
  readonly keyId: string | undefined
  readonly model: string | undefined
}

/** A key whose secret is told this once. */
export type KeyAndSecret = { readonly key: KeyRecord; readonly secret: string }

type Answer<T> = Promise<Result<T, ApiError>>

/** The coordinator's desk for accounts. */
export type AccountDesk = {
  summary(owner: string): Promise<{
    readonly coordinator: Uint8Array
    readonly keys: number
    readonly faucet: boolean
    readonly console: KeyRecord | undefined
  }>
  keys(owner: string): Promise<readonly KeyRecord[]>
  key(owner: string, keyId: string): Answer<KeyRecord>
  createKey(owner: string, wanted: NewKey): Answer<KeyAndSecret>
  changeKey(owner: string, keyId: string, change: KeyChange): Answer<KeyRecord>
  /** A new secret; the old one goes on for the grace. */
  rotateKey(owner: string, keyId: string, grace: { readonly ms: number }): Answer<KeyAndSecret>
  /** For ever, at once. */
  revokeKey(owner: string, keyId: string): Answer<KeyRecord>
  /** Links an escrow: at once where it is final, else as soon as it is (`pending`). */
  fundKey(owner: string, keyId: string, escrow: Uint8Array): Answer<KeyRecord>
  /** Makes the console key where there is none; on a devnet begins to fund it. */
  openConsole(owner: string): Answer<KeyRecord>
  /** As whom a session of this account calls routes of clients. */
  consolePrincipal(owner: string): Answer<ApiKeyPrincipal>
  usage(owner: string, question: UsageQuestion): Promise<readonly UsageRow[]>
  /** Why a key that was not admitted in a scope was not: `KEY_EXPIRED`, `KEY_REVOKED`, … */
  refusalOf(apiKey: string, scope: 'client' | 'miner' | 'admin'): Promise<ApiError>
  /** Notes that somebody signed in. */
  noteUser(owner: string): Promise<void>
}
