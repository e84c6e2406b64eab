/**
 * What can be said of a transaction without the state: encoding, size, amounts, signature. A block that
 * holds one which fails here is invalid.
 */
import { supplyMax } from '../base/amount.ts'
import { err, ok, type Result } from '../base/result.ts'
import { addressOf } from '../crypto/address.ts'
import type { Verifier } from '../crypto/signature.ts'
import {
  announcementBytesMax,
  bookingSlotsMax,
  receiptClaimsMax,
  settlementItemsMax,
  transactionBytesMax,
} from './limits.ts'
import type { BookingOpen } from './messages/booking.ts'
import type { ReceiptClaim } from './messages/receipt-claim.ts'
import {
  decodeTransaction,
  type Message,
  type Transaction,
  transactionHash,
  transactionSigningBytes,
} from './transaction.ts'
import type { SubmitRefusal } from './views.ts'

/** A transaction that passed: its bytes, and what is derived from them. */
export type CheckedTransaction = {
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
  readonly transaction: Transaction
  /** 20-byte address of the sender. */
  readonly sender: Uint8Array
}

/** For which chain, and by whose arithmetic, signatures are checked. */
export type TransactionRules = {
  readonly genesisHash: Uint8Array
  readonly verifier: Verifier
}

/** Checks signed bytes. A signature made for another chain is simply not valid here. */
export function checkTransaction(
  { genesisHash, verifier }: TransactionRules,
  bytes: Uint8Array,
): Result<CheckedTransaction, SubmitRefusal> {
  if (bytes.length > transactionBytesMax) {
    return refuse('TRANSACTION_TOO_LARGE', `more than ${transactionBytesMax} bytes`)
  }
  const decoded = decodeTransaction(bytes)
  if (!decoded.ok) return refuse('ENCODING_INVALID', decoded.error.message)
  const transaction = decoded.value
  const { body, signature } = transaction
  if (body.version !== 1) return refuse('ENCODING_INVALID', 'version must be 1')
  const fault = checkMessage(body.message)
  if (fault) return err(fault)
  if (body.fee > supplyMax) return refuse('AMOUNT_INVALID', 'the fee is more than can exist')
  const message = transactionSigningBytes(genesisHash, body)
  if (!verifier.verify({ signature, message, publicKey: body.sender })) {
    return refuse(
      'SIGNATURE_INVALID',
      'the signature is not by the sender for this chain (genesis hash) and these bytes',
    )
  }
  return ok({ hash: transactionHash(bytes), bytes, transaction, sender: addressOf(body.sender) })
}

/** Faults of a message that need no state. */
function checkMessage(message: Message): SubmitRefusal | undefined {
  switch (message.TAG) {
    case 'transfer':
    case 'faucet':
    case 'escrow_top_up':
    case 'bond':
      return checkAmount(message.data.amount)
    case 'escrow_open':
      return (
        checkAmount(message.data.amount) ??
        (message.data.delegate && checkAmount(message.data.delegate.budget))
      )
    case 'delegate_grant':
      return checkAmount(message.data.terms.budget)
    case 'settle':
      return checkCount(message.data.items.length, settlementItemsMax, 'items')
    case 'booking_open':
      return checkBooking(message.data)
    case 'receipt_claim':
      return checkClaims(message.data)
    case 'announce':
      return checkCount(message.data.body.length, announcementBytesMax, 'bytes')
    case 'authority_change':
    case 'escrow_close':
    case 'delegate_revoke':
    case 'booking_close':
    case 'unbond':
    case 'slash':
      return undefined
  }
}

function checkBooking({ slots, price }: BookingOpen): SubmitRefusal | undefined {
  if (slots < 1n || slots > bookingSlotsMax) {
    return { code: 'MESSAGE_INVALID', message: `between 1 and ${bookingSlotsMax} slots` }
  }
  return checkAmount(price) ?? checkAmount(price * slots)
}

function checkClaims({ claims }: ReceiptClaim): SubmitRefusal | undefined {
  const fault = checkCount(claims.length, receiptClaimsMax, 'claims')
  if (fault) return fault
  for (const { amount } of claims) {
    const wrong = checkAmount(amount)
    if (wrong) return wrong
  }
  return undefined
}

function checkCount(count: number, most: number, what: string): SubmitRefusal | undefined {
  if (count >= 1 && count <= most) return undefined
  return { code: 'MESSAGE_INVALID', message: `between 1 and ${most} ${what}` }
}

function checkAmount(amount: bigint): SubmitRefusal | undefined {
  if (amount > 0n && amount <= supplyMax) return undefined
  const message = 'an amount must be above 0 and not more than can exist'
  return { code: 'AMOUNT_INVALID', message }
}

const refuse = (code: SubmitRefusal['code'], message: string): Result<never, SubmitRefusal> =>
  err({ code, message })
