/**
 * Transactions: the signed envelope of everything that changes the chain, and its canonical bytes.
 */
import * as P from 'micro-packed'
import {
  bytes32,
  bytes64,
  type Coder,
  type DecodeError,
  decodeCanonical,
  u8,
  u64,
} from '../base/coders.ts'
import type { Result } from '../base/result.ts'
import { signingBytes } from '../crypto/domains.ts'
import { taggedHash } from '../crypto/hash.ts'
import type { Signer } from '../crypto/signature.ts'
import { type Announce, announceCoder } from './messages/announce.ts'
import { type AuthorityChange, authorityChangeCoder } from './messages/authority-change.ts'
import { type BondMessage, bondMessageCoder, type Unbond, unbondCoder } from './messages/bond.ts'
import {
  type BookingClose,
  type BookingOpen,
  bookingCloseCoder,
  bookingOpenCoder,
} from './messages/booking.ts'
import {
  type DelegateGrant,
  type DelegateRevoke,
  delegateGrantCoder,
  delegateRevokeCoder,
} from './messages/delegate.ts'
import {
  type EscrowClose,
  type EscrowOpen,
  type EscrowTopUp,
  escrowCloseCoder,
  escrowOpenCoder,
  escrowTopUpCoder,
} from './messages/escrow.ts'
import { type Faucet, faucetCoder } from './messages/faucet.ts'
import { type ReceiptClaim, receiptClaimCoder } from './messages/receipt-claim.ts'
import { type Settle, settleCoder } from './messages/settle.ts'
import { type Slash, slashCoder } from './messages/slash.ts'
import { type Transfer, transferCoder } from './messages/transfer.ts'

/**
 * What a transaction may do. Written out, as are other nested types: declaration files cut inferred ones
 * off below a few levels.
 */
export type Message =
  | { TAG: 'transfer'; data: Transfer }
  | { TAG: 'faucet'; data: Faucet }
  | { TAG: 'escrow_open'; data: EscrowOpen }
  | { TAG: 'escrow_top_up'; data: EscrowTopUp }
  | { TAG: 'escrow_close'; data: EscrowClose }
  | { TAG: 'delegate_grant'; data: DelegateGrant }
  | { TAG: 'delegate_revoke'; data: DelegateRevoke }
  | { TAG: 'settle'; data: Settle }
  | { TAG: 'bond'; data: BondMessage }
  | { TAG: 'unbond'; data: Unbond }
  | { TAG: 'slash'; data: Slash }
  | { TAG: 'receipt_claim'; data: ReceiptClaim }
  | { TAG: 'booking_open'; data: BookingOpen }
  | { TAG: 'booking_close'; data: BookingClose }
  | { TAG: 'authority_change'; data: AuthorityChange }
  | { TAG: 'announce'; data: Announce }

/** One entry a kind; the number is the wire tag and never changes. */
export const messageCoder: Coder<Message> = P.mappedTag(u8, {
  transfer: [1, transferCoder],
  faucet: [2, faucetCoder],
  escrow_open: [16, escrowOpenCoder],
  escrow_top_up: [17, escrowTopUpCoder],
  escrow_close: [18, escrowCloseCoder],
  delegate_grant: [19, delegateGrantCoder],
  delegate_revoke: [20, delegateRevokeCoder],
  settle: [21, settleCoder],
  bond: [32, bondMessageCoder],
  unbond: [33, unbondCoder],
  slash: [34, slashCoder],
  receipt_claim: [35, receiptClaimCoder],
  booking_open: [40, bookingOpenCoder],
  booking_close: [41, bookingCloseCoder],
  authority_change: [48, authorityChangeCoder],
  announce: [64, announceCoder],
})
export type MessageKind = Message['TAG']

/**
 * What the sender signs. `version`: 1; `sender`: 32-byte public key; `nonce`: count of the sender's
 * earlier transactions; `fee`: base units; `validUntil`: last slot in which a block may hold it.
 */
export type TransactionBody = {
  version: number
  sender: Uint8Array
  nonce: bigint
  fee: bigint
  validUntil: bigint
  message: Message
}

/** Canonical bytes of a body. */
export const transactionBodyCoder: Coder<TransactionBody> = P.struct({
  version: u8,
  sender: bytes32,
  nonce: u64,
  fee: u64,
  validUntil: u64,
  message: messageCoder,
})

/** Body and Ed25519 signature: what travels and what blocks hold. */
export type Transaction = { body: TransactionBody; signature: Uint8Array }

/** Canonical bytes of a signed transaction. */
export const transactionCoder: Coder<Transaction> = P.struct({
  body: transactionBodyCoder,
  signature: bytes64,
})

/** The bytes that the sender signs. */
export const transactionSigningBytes = (
  genesisHash: Uint8Array,
  body: TransactionBody,
): Uint8Array => signingBytes('transaction', genesisHash, transactionBodyCoder.encode(body))

/** Hash of the signed bytes: names the transaction, and is the leaf under the transactions root. */
export const transactionHash = (signedBytes: Uint8Array): Uint8Array =>
  taggedHash('aitbc/transaction-id/1', signedBytes)

/** Names the escrow that a transaction of this hash opens: 32 bytes. */
export const escrowIdOf = (openTransactionHash: Uint8Array): Uint8Array =>
  taggedHash('aitbc/escrow-id/1', openTransactionHash)

/** Names the booking that a transaction of this hash opens: 32 bytes. */
export const bookingIdOf = (openTransactionHash: Uint8Array): Uint8Array =>
  taggedHash('aitbc/booking-id/1', openTransactionHash)

/** Signs a body and returns the canonical signed bytes. */
export function signTransaction(
  genesisHash: Uint8Array,
  body: TransactionBody,
  signer: Signer,
): Uint8Array {
  const signature = signer.sign(transactionSigningBytes(genesisHash, body))
  return transactionCoder.encode({ body, signature })
}

/** Reads canonical signed bytes. Says nothing about the signature: `checkTransaction` does. */
export const decodeTransaction = (bytes: Uint8Array): Result<Transaction, DecodeError> =>
  decodeCanonical(transactionCoder, bytes)
