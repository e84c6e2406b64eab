/**
 * What a transaction would do, in words, for the person who is about to sign it (SPEC.md, PREVIEW rules).
 * Decodes the very bytes that are signed: nothing that the asking page says of them is believed.
 */
import { bytesEqual, toHex } from '../base/bytes.ts'
import { unreachable } from '../base/result.ts'
import { entriesMaxOf } from '../chain/fees.ts'
import type { Message, MessageKind, TransactionBody } from '../chain/transaction.ts'
import { addressOf } from '../crypto/address.ts'
import {
  coins,
  messageLines,
  type PreviewContext,
  type PreviewLine,
  slotText,
  whoIs,
} from './preview-lines.ts'
import { type Risk, transactionRisks } from './preview-risks.ts'

/** A transaction in words. Amounts in base units. */
export type Preview = {
  readonly kind: MessageKind
  /** One sentence. */
  readonly title: string
  /** Every field of the transaction. */
  readonly lines: readonly PreviewLine[]
  /** What leaves the sender's balance at most, the fee included, and what of it is locked, not spent. */
  readonly leaves: bigint
  readonly locked: bigint
  /** Balance afterwards at least; undefined when the balance is not known, or does not suffice. */
  readonly balanceAfter: bigint | undefined
  /** Most entries of the state that are created, and paid for. */
  readonly entriesMax: number
  /** Worst first. */
  readonly risks: readonly Risk[]
}

/** Shows a transaction before it is signed. Never throws on what `decodeTransaction` or a coder gave. */
export function previewTransaction(body: TransactionBody, context: PreviewContext): Preview {
  const { message, fee } = body
  const locked = lockedBy(message)
  const leaves = fee + locked + givenBy(message, addressOf(body.sender))
  const after = context.balance === undefined ? undefined : context.balance - leaves
  return {
    kind: message.TAG,
    title: titleOf(message, context),
    lines: [...messageLines(message, context), ...envelopeLines(body, context)],
    leaves,
    locked,
    balanceAfter: after !== undefined && after >= 0n ? after : undefined,
    entriesMax: entriesMaxOf(message, context.parameters),
    risks: transactionRisks(body, { ...context, leaves }),
  }
}

function envelopeLines(body: TransactionBody, context: PreviewContext): PreviewLine[] {
  const sender = addressOf(body.sender)
  return [
    { label: 'Fee', value: coins(body.fee) },
    { label: 'From', value: whoIs(sender, context) },
    { label: 'Public key', value: toHex(body.sender) },
    { label: 'Nonce', value: String(body.nonce) },
    { label: 'Valid until', value: slotText(body.validUntil, context.slot) },
    { label: 'Version', value: String(body.version) },
  ]
}

/** Money that is gone for good, besides the fee. */
function givenBy(message: Message, sender: Uint8Array): bigint {
  if (message.TAG !== 'transfer' && message.TAG !== 'faucet') return 0n
  const { to, amount } = message.data
  return bytesEqual(to, sender) ? 0n : amount
}

function lockedBy(message: Message): bigint {
  switch (message.TAG) {
    case 'escrow_open':
    case 'escrow_top_up':
    case 'bond':
      return message.data.amount
    case 'booking_open':
      return message.data.price * message.data.slots
    default:
      return 0n
  }
}

function titleOf(message: Message, context: PreviewContext): string {
  switch (message.TAG) {
    case 'transfer':
      return `Send ${coins(message.data.amount)} to ${whoIs(message.data.to, context)}`
    case 'faucet':
      return `Give ${coins(message.data.amount)} from the faucet to ${whoIs(message.data.to, context)}`
    case 'escrow_open':
      return `Lock ${coins(message.data.amount)} to pay for jobs`
    case 'escrow_top_up':
      return `Lock ${coins(message.data.amount)} more to pay for jobs`
    case 'escrow_close':
      return 'Close an escrow and get back what is left'
    case 'delegate_grant':
      return `Let a key spend up to ${coins(message.data.terms.budget)} of an escrow`
    case 'delegate_revoke':
      return 'Stop a key from spending from an escrow'
    case 'settle':
      return `Settle ${message.data.items.length} ${message.data.items.length === 1 ? 'job' : 'jobs'}`
    case 'bond':
      return `Bond ${coins(message.data.amount)} for the receipts of this key`
    case 'unbond':
      return `Take back the bond of ${whoIs(message.data.owner, context)}`
    case 'slash':
      return 'Show that a miner has lied, and have its bond burned'
    case 'receipt_claim':
      return `Claim ${coins(message.data.claims.reduce((sum, { amount }) => sum + amount, 0n))} of rewards`
    case 'booking_open':
      return `Book a machine for ${coins(message.data.price * message.data.slots)}`
    case 'booking_close':
      return 'Close a booking and have its time paid'
    case 'announce':
      return 'Announce something to all sites of this chain'
    case 'authority_change':
      return 'Change who makes the blocks of this chain'
    default:
      return unreachable(message)
  }
}
