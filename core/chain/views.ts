/**
 * What the chain shows of itself, as plain data that travels by RPC. Hashes and keys are bytes; amounts
 * base units as `bigint`; heights and slots safe integers.
 */
import type { Certificate, Header } from './block.ts'
import type { Outcome } from './outcome.ts'
import type { Message } from './transaction.ts'

/** Why the mempool refused a transaction; `message` says what to do. */
export type SubmitRefusal = {
  readonly code:
    | 'ENCODING_INVALID'
    | 'TRANSACTION_TOO_LARGE'
    | 'SIGNATURE_INVALID'
    | 'NONCE_STALE'
    | 'NONCE_TOO_FAR'
    | 'FEE_TOO_LOW'
    | 'BALANCE_TOO_LOW'
    | 'AMOUNT_INVALID'
    | 'VALIDITY_EXPIRED'
    | 'VALIDITY_TOO_FAR'
    | 'KIND_NOT_ALLOWED'
    | 'MEMPOOL_FULL'
    | 'REPLACEMENT_UNDERPRICED'
    | 'MESSAGE_INVALID'
  readonly message: string
}

/** A verdict for each submitted transaction, in order. `known`: already pooled or in a block. */
export type SubmitVerdict =
  | { readonly ok: true; readonly hash: Uint8Array; readonly known: boolean }
  | { readonly ok: false; readonly hash: Uint8Array; readonly error: SubmitRefusal }

/** A block at the head, and how far finality is. */
export type HeadView = {
  readonly height: number
  readonly slot: number
  readonly hash: Uint8Array
  readonly stateRoot: Uint8Array
  readonly proposer: Uint8Array
  readonly transactionCount: number
  /** Height and slot of the newest final block. */
  readonly finalHeight: number
  readonly finalSlot: number
  readonly finalHash: Uint8Array
  /** Certificate of the newest final block; absent only while the chain has no block but genesis. */
  readonly certificate: Certificate | undefined
}

/** An account; one that does not exist has balance and nonce 0. */
export type AccountView = {
  readonly address: Uint8Array
  readonly balance: bigint
  readonly nonce: bigint
  /** Nonce to use next: counts what is in the mempool. */
  readonly nextNonce: bigint
  /** The same account in the newest final state. */
  readonly finalBalance: bigint
  readonly finalNonce: bigint
}

/** An escrow in the newest final state. */
export type EscrowView = {
  readonly id: Uint8Array
  readonly owner: Uint8Array
  readonly coordinator: Uint8Array
  /** Base units still locked. */
  readonly balance: bigint
  /** Slot from which anyone may close. */
  readonly expirySlot: number
  /** Slot at which a close takes effect; undefined when none was asked for. */
  readonly closesAtSlot: number | undefined
  readonly delegates: readonly DelegateView[]
}

/** A key that may authorise jobs from an escrow. */
export type DelegateView = {
  readonly delegate: Uint8Array
  /** Base units that may still be authorised by it. */
  readonly budget: bigint
  readonly expirySlot: number
  /** Slot at which a revocation takes effect; undefined when none was asked for. */
  readonly revokedAtSlot: number | undefined
}

/** A booking in the newest final state. It holds `price × (end − start)` base units. */
export type BookingView = {
  readonly id: Uint8Array
  readonly buyer: Uint8Array
  readonly provider: Uint8Array
  /** Public key of who gets the coordinator's share. */
  readonly coordinator: Uint8Array
  readonly offer: Uint8Array
  readonly startSlot: number
  /** First slot that is no longer booked; from it on anyone may close. */
  readonly endSlot: number
  /** Base units a slot. */
  readonly price: bigint
  readonly balance: bigint
}

/** The stake of a miner's key in the newest final state. */
export type BondView = {
  readonly owner: Uint8Array
  readonly amount: bigint
  readonly sinceSlot: number
  /** Slot from which it can be paid out; undefined while that was not asked for. */
  readonly leavesAtSlot: number | undefined
  /** Slot in which it was burned for good; undefined while it was not. */
  readonly slashedAtSlot: number | undefined
}

/** What a miner may still claim for a settled job, in the newest final state. */
export type ClaimableView = {
  readonly authorisation: Uint8Array
  readonly receipt: Uint8Array
  readonly miner: Uint8Array
  readonly amount: bigint
  /** Last slot in which a claim counts. */
  readonly expirySlot: number
}

/** A transaction, pooled or in a block. */
export type TransactionView = {
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
  readonly sender: Uint8Array
  readonly nonce: bigint
  readonly fee: bigint
  readonly validUntil: bigint
  readonly message: Message
  /** Undefined while in the mempool. */
  readonly block:
    | { readonly height: number; readonly index: number; readonly slot: number }
    | undefined
  readonly outcome: Outcome | undefined
  readonly final: boolean
}

/** A block without its transactions. */
export type BlockView = {
  readonly hash: Uint8Array
  readonly header: Header
  readonly signature: Uint8Array
  readonly final: boolean
  readonly transactionHashes: readonly Uint8Array[]
}

/** What a proof can be asked for. */
export type ProofSubject =
  | { readonly kind: 'transaction'; readonly hash: Uint8Array }
  | { readonly kind: 'account'; readonly address: Uint8Array }
  | { readonly kind: 'escrow'; readonly id: Uint8Array }
  | { readonly kind: 'booking'; readonly id: Uint8Array }
  | { readonly kind: 'bond'; readonly address: Uint8Array }

/**
 * A fact of one block: its header, and the path from the fact to a root of the header.
 * `transaction`: leaf index, signed bytes, outcome bytes, both list paths.
 * `state` (accounts, escrows, bookings, bonds): canonical entry bytes (undefined proves absence) and the tree path.
 */
export type FactView =
  | {
      readonly kind: 'transaction'
      readonly header: Header
      readonly index: number
      readonly count: number
      readonly transaction: Uint8Array
      readonly outcome: Uint8Array
      readonly transactionPath: readonly Uint8Array[]
      readonly outcomePath: readonly Uint8Array[]
    }
  | {
      readonly kind: 'state'
      readonly header: Header
      readonly key: Uint8Array
      readonly value: Uint8Array | undefined
      readonly proof: Uint8Array
    }

/**
 * A fact of a final block with that block's certificate, which its holder can check with the authorities'
 * keys alone (core/chain/proof.ts).
 */
export type ProofView = FactView & { readonly certificate: Certificate }

/** Why a proof cannot be given. */
export type ProofError = {
  readonly code: 'NOT_FOUND' | 'NOT_FINAL'
  readonly message: string
}
