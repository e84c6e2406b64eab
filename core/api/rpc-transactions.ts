/**
 * Transactions as JSON, in the shape of the original: `payload` of a mined transaction is the whole
 * submitted one. Shared by `/rpc`, its streams and the read model.
 */
import { toHex, toHex0x } from '../base/bytes.ts'
import { unreachable } from '../base/result.ts'
import { formatLegacyTime } from '../base/time.ts'
import { authorisationHash } from '../chain/authorisation.ts'
import { type Outcome, outcomeCoder, outcomeCodes, settlementCodes } from '../chain/outcome.ts'
import { receiptHash } from '../chain/receipt.ts'
import type { Message } from '../chain/transaction.ts'
import { decodeTransaction } from '../chain/transaction.ts'
import { addressOf, formatAddress } from '../crypto/address.ts'
import type { TransactionView } from './chain-service.ts'
import { legacyAmount, slotTimeMs } from './rpc-views.ts'

type JsonObject = { readonly [key: string]: unknown }

/** The whole submitted transaction, in the fields of `POST /rpc/sendTx`. */
export type SubmittedJson = {
  readonly type: string
  /** Address of the sender. */
  readonly sender: string
  readonly nonce: number
  readonly fee: number | string
  readonly payload: JsonObject
  readonly public_key: string
  readonly valid_until: number
  readonly sig: string
}

/** `GET /rpc/tx/{hash}`, and an item of `GET /rpc/transactions`. */
export type TransactionJson = {
  readonly tx_hash: string
  /** Null while it waits in the mempool. */
  readonly block_height: number | null
  readonly sender: string
  /** Empty for kinds that have none. */
  readonly recipient: string
  readonly payload: SubmittedJson
  readonly created_at: string | null
  readonly status: 'pending' | 'included' | 'final'
  readonly index: number | null
  readonly slot: number | null
  readonly timestamp_ms: number | null
  /** Base units charged; null while pending. */
  readonly fee_charged: string | null
  /** Name of the outcome: `applied`, or why it did nothing but cost its fee; null while pending. */
  readonly outcome: string | null
}

/** `GET /rpc/tx/{hash}` adds the canonical bytes and what a settlement did. */
export type TransactionDetailJson = TransactionJson & {
  readonly settlements: readonly SettlementJson[]
  /** Hex of the signed bytes, and of `outcomeCoder`. */
  readonly bytes: string
  readonly outcome_bytes: string | null
}

/** What became of one item of a settle transaction. */
export type SettlementJson = {
  readonly result: string
  readonly escrow: string
  readonly number: string
  readonly miner: string
  readonly amount: string
  readonly miner_amount: string
  readonly coordinator_amount: string
  readonly receipt_hash: string
}

/** Who is named as the receiver of a message: a 20-byte address, or undefined. */
export function recipientOf(message: Message): Uint8Array | undefined {
  switch (message.TAG) {
    case 'transfer':
    case 'faucet':
      return message.data.to
    case 'booking_open':
      return message.data.provider
    default:
      return undefined
  }
}

/** What a message moves or locks, base units; undefined for kinds that name no amount. */
export function amountOf(message: Message): bigint | undefined {
  switch (message.TAG) {
    case 'transfer':
    case 'faucet':
    case 'escrow_open':
    case 'escrow_top_up':
    case 'bond':
      return message.data.amount
    case 'booking_open':
      return message.data.price * message.data.slots
    case 'receipt_claim':
      return message.data.claims.reduce((sum, { amount }) => sum + amount, 0n)
    default:
      return undefined
  }
}

/** A message as the `payload` of `POST /rpc/sendTx`. The items of a settlement are only counted. */
export function messageToJson(message: Message): JsonObject {
  switch (message.TAG) {
    case 'transfer':
    case 'faucet': {
      const to = formatAddress(message.data.to)
      return { to, recipient: to, amount: legacyAmount(message.data.amount) }
    }
    case 'escrow_open': {
      const { coordinator, amount, expiry, delegate } = message.data
      return {
        coordinator: toHex(coordinator),
        amount: legacyAmount(amount),
        expiry: legacyAmount(expiry),
        delegate: delegate ? termsToJson(delegate) : null,
      }
    }
    case 'escrow_top_up': {
      const { escrow, amount, expiry } = message.data
      const id = toHex0x(escrow)
      return { escrow: id, amount: legacyAmount(amount), expiry: legacyAmount(expiry) }
    }
    case 'escrow_close':
      return { escrow: toHex0x(message.data.escrow) }
    case 'delegate_grant':
      return { escrow: toHex0x(message.data.escrow), ...termsToJson(message.data.terms) }
    case 'delegate_revoke':
      return {
        escrow: toHex0x(message.data.escrow),
        delegate: toHex(message.data.delegate),
      }
    case 'settle':
      return { items: message.data.items.length }
    case 'bond':
    case 'unbond':
    case 'slash':
    case 'receipt_claim':
    case 'booking_open':
    case 'booking_close':
    case 'announce':
      return marketToJson(message)
    case 'authority_change': {
      const { old, set, height } = message.data.terms
      return {
        old: toHex0x(old),
        height: legacyAmount(height),
        authorities: set.map(({ publicKey, name }) => ({ public_key: toHex(publicKey), name })),
        signatures: message.data.signatures.length,
      }
    }
    default:
      return unreachable(message)
  }
}

type MarketKind =
  | 'bond'
  | 'unbond'
  | 'slash'
  | 'receipt_claim'
  | 'booking_open'
  | 'booking_close'
  | 'announce'

function marketToJson(message: Extract<Message, { readonly TAG: MarketKind }>): JsonObject {
  switch (message.TAG) {
    case 'bond':
      return { amount: legacyAmount(message.data.amount) }
    case 'unbond':
      return { owner: formatAddress(message.data.owner) }
    case 'slash': {
      const { authorisation, first, second } = message.data
      return {
        authorisation: toHex0x(authorisationHash(authorisation)),
        miner_key: toHex(first.receipt.minerKey ?? new Uint8Array()),
        receipts: [first, second].map(({ receipt }) => toHex0x(receiptHash(receipt))),
      }
    }
    case 'receipt_claim':
      return {
        claims: message.data.claims.map(({ authorisation, expiry, amount }) => ({
          authorisation: toHex0x(authorisation),
          expiry: legacyAmount(expiry),
          amount: legacyAmount(amount),
        })),
      }
    case 'booking_open': {
      const { provider, coordinator, offer, start, slots, price } = message.data
      return {
        provider: formatAddress(provider),
        coordinator: toHex(coordinator),
        offer: toHex0x(offer),
        start: legacyAmount(start),
        slots: legacyAmount(slots),
        price: legacyAmount(price),
      }
    }
    case 'booking_close':
      return { booking: toHex0x(message.data.booking) }
    case 'announce':
      return { topic: message.data.topic, body: toHex(message.data.body) }
    default:
      return unreachable(message)
  }
}

/** The whole submitted transaction. `signature` is absent from none: blocks hold signed bytes only. */
export function submittedToJson(view: TransactionView): SubmittedJson {
  const decoded = decodeTransaction(view.bytes)
  return {
    type: view.message.TAG.toUpperCase(),
    sender: formatAddress(addressOf(view.sender)),
    nonce: Number(view.nonce),
    fee: legacyAmount(view.fee),
    payload: messageToJson(view.message),
    public_key: toHex(view.sender),
    valid_until: Number(view.validUntil),
    sig: decoded.ok ? toHex(decoded.value.signature) : '',
  }
}

/** Writes a transaction for a list. */
export function transactionToJson(view: TransactionView, genesisTimeMs: number): TransactionJson {
  const { block, outcome } = view
  const recipient = recipientOf(view.message)
  const timeMs = block ? slotTimeMs(genesisTimeMs, block.slot) : null
  return {
    tx_hash: toHex0x(view.hash),
    block_height: block?.height ?? null,
    sender: formatAddress(addressOf(view.sender)),
    recipient: recipient ? formatAddress(recipient) : '',
    payload: submittedToJson(view),
    created_at: timeMs === null ? null : formatLegacyTime(timeMs),
    status: block === undefined ? 'pending' : view.final ? 'final' : 'included',
    index: block?.index ?? null,
    slot: block?.slot ?? null,
    timestamp_ms: timeMs,
    fee_charged: outcome ? outcome.fee.toString() : null,
    outcome: outcome ? outcomeName(outcome.code) : null,
  }
}

/** Writes a transaction with its bytes and settlements. */
export const transactionDetailToJson = (
  view: TransactionView,
  genesisTimeMs: number,
): TransactionDetailJson => ({
  ...transactionToJson(view, genesisTimeMs),
  settlements: view.outcome ? settlementsToJson(view.outcome) : [],
  bytes: toHex(view.bytes),
  outcome_bytes: view.outcome ? toHex(outcomeCoder.encode(view.outcome)) : null,
})

/** An item of `GET /rpc/mempool`: `hash` besides the fields of the original's stream. */
export type PooledJson = SubmittedJson & {
  readonly hash: string
  readonly tx_hash: string
  readonly recipient: string
}

/** Writes a pooled transaction, and a frame of `/rpc/ws/transactions`. */
export function pooledToJson(view: TransactionView): PooledJson {
  const recipient = recipientOf(view.message)
  const hash = toHex0x(view.hash)
  return {
    hash,
    tx_hash: hash,
    recipient: recipient ? formatAddress(recipient) : '',
    ...submittedToJson(view),
  }
}

/** Name of an outcome code, or its number when this build does not know it. */
export const outcomeName = (code: number): string => nameIn(outcomeCodes, code)

/** Name of a settlement code, or its number when this build does not know it. */
export const settlementName = (code: number): string => nameIn(settlementCodes, code)

const nameIn = (codes: Readonly<Record<string, number>>, code: number): string =>
  Object.keys(codes).find((name) => codes[name] === code) ?? String(code)

const settlementsToJson = (outcome: Outcome): SettlementJson[] =>
  outcome.settlements.map((item) => ({
    result: settlementName(item.code),
    escrow: toHex0x(item.escrow),
    number: item.number.toString(),
    miner: formatAddress(item.miner),
    amount: item.amount.toString(),
    miner_amount: item.minerAmount.toString(),
    coordinator_amount: item.coordinatorAmount.toString(),
    receipt_hash: toHex0x(item.receiptHash),
  }))

const termsToJson = (terms: {
  delegate: Uint8Array
  budget: bigint
  expiry: bigint
}): JsonObject => ({
  delegate: toHex(terms.delegate),
  budget: legacyAmount(terms.budget),
  expiry: legacyAmount(terms.expiry),
})
