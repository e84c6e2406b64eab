/**
 * What the object of one owner's wallets offers to the Worker. Plain data, so that it travels by RPC. A
 * password comes in and a signature goes out; a key never does.
 */
import type { Result } from '../base/result.ts'
import type { ApiError } from './errors.ts'

/** Bounds of the wallet daemon. */
export const walletLimits = {
  walletsMax: 100,
  metadataEntriesMax: 16,
  metadataCharsMax: 256,
  messageBytesMax: 65_536,
  /** Uses of one action, by one client and on one wallet, in a window. */
  usesPerWindow: 30,
  /** Passwords tried on one wallet in a window, whoever tries and for whatever. */
  triesPerWindow: 60,
  /** Derivations in a window over all of an owner's wallets, also for names that no wallet has. */
  derivationsPerWindow: 120,
  windowMs: 60_000,
  /** Entries of the ledger that are kept, the newest, of all wallets of an owner. */
  ledgerMax: 10_000,
} as const

/** Who asks: the owner's name, and the address that the request came from. */
export type WalletCaller = { readonly owner: string; readonly client: string }

/** A wallet as its owner sees it. */
export type WalletRecord = {
  readonly walletId: string
  readonly publicKey: Uint8Array
  readonly metadata: Readonly<Record<string, string>>
  readonly createdAtMs: number
}

/** What happened to a wallet. */
export type LedgerEvent = 'created' | 'unlocked' | 'signed'

/** One use of a wallet. */
export type LedgerRecord = {
  readonly seq: number
  readonly event: LedgerEvent
  /** False where the password was wrong. */
  readonly success: boolean
  readonly atMs: number
  readonly client: string
}

/** The object of one owner's wallets. */
export type WalletService = {
  wallets(caller: WalletCaller): Promise<Result<readonly WalletRecord[], ApiError>>
  create(
    caller: WalletCaller,
    wallet: {
      readonly walletId: string
      readonly password: string
      readonly metadata: Readonly<Record<string, string>>
      /** 32 bytes; a fresh one when absent. */
      readonly seed?: Uint8Array | undefined
    },
  ): Promise<Result<WalletRecord, ApiError>>
  /** Says whether the password opens the wallet; nothing stays open. */
  unlock(
    caller: WalletCaller,
    input: { readonly walletId: string; readonly password: string },
  ): Promise<Result<null, ApiError>>
  /** Ed25519 over the bytes as they are: 64 bytes. */
  sign(
    caller: WalletCaller,
    input: { readonly walletId: string; readonly password: string; readonly message: Uint8Array },
  ): Promise<Result<Uint8Array, ApiError>>
  /** Newest first, below `beforeSeq`. */
  ledger(
    caller: WalletCaller,
    page: {
      readonly walletId: string
      readonly limit: number
      readonly beforeSeq?: number | undefined
    },
  ): Promise<Result<readonly LedgerRecord[], ApiError>>
  /** Counts a use of what is not a wallet, such as reading receipts. */
  count(caller: WalletCaller, action: string): Promise<Result<null, ApiError>>
  /**
   * Seals what is sealed under an older key under the newest one. How many wallets are not under `keyId`
   * then: also all of them, while the object runs with the settings of before.
   */
  reseal(owner: string, keyId: string): Promise<number>
}

/** The one object that knows who has wallets, so that a new key reaches those who are away. */
export type WalletOwnersService = {
  /** Before an owner's wallet is sealed under a key. */
  enter(owner: string, keyId: string): Promise<void>
  /** Owners with wallets that may be sealed under another key than this one. */
  behind(keyId: string, limit: number): Promise<readonly string[]>
  /** All wallets of an owner are sealed under this key. */
  caughtUp(owner: string, keyId: string): Promise<void>
  /** How many owners there are, and how many of them are behind. */
  counts(keyId: string): Promise<{ readonly owners: number; readonly behind: number }>
}
