/** Every field of every kind of message as lines for a person. */
import { formatCoins } from '../base/amount.ts'
import { toHex } from '../base/bytes.ts'
import { unreachable } from '../base/result.ts'
import { authorisationHash } from '../chain/authorisation.ts'
import { type Parameters, slotMs } from '../chain/genesis.ts'
import type { AuthorityChange } from '../chain/messages/authority-change.ts'
import type { BookingOpen } from '../chain/messages/booking.ts'
import type { DelegateTerms } from '../chain/messages/escrow.ts'
import type { ReceiptClaimItem } from '../chain/messages/receipt-claim.ts'
import type { SettlementItem } from '../chain/messages/settle.ts'
import type { SignedReceipt, Slash } from '../chain/messages/slash.ts'
import { receiptHash } from '../chain/receipt.ts'
import type { Message } from '../chain/transaction.ts'
import { formatAddress } from '../crypto/address.ts'
import { visibleText } from './visible-text.ts'

/** One line of a preview. `label` is ours; `value` is whole, with hidden characters written out. */
export type PreviewLine = { readonly label: string; readonly value: string }

/** What is known when a transaction is shown. What is not known is undefined and raises no flag. */
export type PreviewContext = {
  readonly parameters: Parameters
  /** Slot by the clock. */
  readonly slot: bigint
  /** The sender's balance in base units, and the nonce that the chain expects next. */
  readonly balance: bigint | undefined
  readonly nextNonce: bigint | undefined
  /** Own accounts and the address book: names by address text. */
  readonly names: ReadonlyMap<string, string>
  /** Public key of the coordinator of the site in use. */
  readonly coordinator: Uint8Array | undefined
  /** What the escrow that the message names holds, in base units. */
  readonly escrowBalance: bigint | undefined
}

/** All fields of a message. */
export function messageLines(message: Message, context: PreviewContext): PreviewLine[] {
  const { slot } = context
  switch (message.TAG) {
    case 'transfer':
    case 'faucet': {
      const { to, amount } = message.data
      return [line('Amount', coins(amount)), line('To', whoIs(to, context))]
    }
    case 'escrow_open': {
      const { coordinator, amount, expiry, delegate } = message.data
      return [
        line('Locked', coins(amount)),
        line('Coordinator', toHex(coordinator)),
        line('Open until', slotText(expiry, slot)),
        ...(delegate ? delegateLines(delegate, slot) : []),
      ]
    }
    case 'escrow_top_up': {
      const { escrow, amount, expiry } = message.data
      const until = expiry === 0n ? 'as before (0)' : slotText(expiry, slot)
      return [
        line('Locked', coins(amount)),
        line('Escrow', toHex(escrow)),
        line('Open until', until),
      ]
    }
    case 'escrow_close':
      return [line('Escrow', toHex(message.data.escrow))]
    case 'delegate_grant':
      return [
        line('Escrow', toHex(message.data.escrow)),
        ...delegateLines(message.data.terms, slot),
      ]
    case 'delegate_revoke':
      return [line('Escrow', toHex(message.data.escrow)), line('Key', toHex(message.data.delegate))]
    case 'settle':
      return message.data.items.flatMap((item, at) => itemLines(item, at + 1, context))
    case 'bond':
      return [line('Bonded', coins(message.data.amount))]
    case 'unbond':
      return [line('Bond of', whoIs(message.data.owner, context))]
    case 'slash':
      return slashLines(message.data, context)
    case 'receipt_claim':
      return message.data.claims.flatMap((claim, at) => claimLines(claim, at + 1, slot))
    case 'booking_open':
      return bookingLines(message.data, context)
    case 'booking_close':
      return [line('Booking', toHex(message.data.booking))]
    case 'announce':
      return [
        line('Topic', String(message.data.topic)),
        line('Announcement', toHex(message.data.body)),
        ...lettersOf(message.data.body),
      ]
    case 'authority_change':
      return changeLines(message.data)
    default:
      return unreachable(message)
  }
}

/** `slot 1234, in about 5 minutes`, whatever the two numbers are. */
export function slotText(slot: bigint, now: bigint): string {
  const seconds = ((slot - now) * BigInt(slotMs)) / 1_000n
  if (seconds < 0n) return `slot ${slot}, passed`
  const [unit, size] = timeUnits.find(([, atLeast]) => seconds >= atLeast * 2n) ?? ['seconds', 1n]
  return `slot ${slot}, in about ${seconds / size} ${unit}`
}

const timeUnits: readonly (readonly [string, bigint])[] = [
  ['years', 31_536_000n],
  ['days', 86_400n],
  ['hours', 3_600n],
  ['minutes', 60n],
]

const delegateLines = (
  { delegate, budget, expiry }: DelegateTerms,
  slot: bigint,
): PreviewLine[] => [
  line('Key that may spend', toHex(delegate)),
  line('At most', coins(budget)),
  line('Until', slotText(expiry, slot)),
]

function itemLines(
  { authorisation, authorisationSignature, release, releaseSignature }: SettlementItem,
  number: number,
  context: PreviewContext,
): PreviewLine[] {
  const of = (label: string, value: string) => line(`Job ${number}: ${label}`, value)
  return [
    of('paid', coins(release.amount)),
    of('to', whoIs(release.miner, context)),
    of('escrow', toHex(authorisation.escrow)),
    of('number', String(authorisation.number)),
    of('limit', coins(authorisation.limit)),
    of('settle by', slotText(authorisation.settleBy, context.slot)),
    of('job', toHex(authorisation.jobHash)),
    of('authorised by', toHex(authorisation.signer)),
    of('its signature', toHex(authorisationSignature)),
    of('authorisation', toHex(release.authorisation)),
    of('receipt', toHex(release.receiptHash)),
    of('coordinator’s signature', toHex(releaseSignature)),
  ]
}

function bookingLines(message: BookingOpen, context: PreviewContext): PreviewLine[] {
  const { provider, coordinator, offer, start, slots, price } = message
  const begins = start === 0n ? 'with its block (0)' : slotText(start, context.slot)
  const end = (start === 0n ? context.slot : start) + slots
  return [
    line('Locked', coins(price * slots)),
    line('Provider', whoIs(provider, context)),
    line('Begins', begins),
    line('Ends', slotText(end, context.slot)),
    line('Price of a slot', coins(price)),
    line('Slots', String(slots)),
    line('Coordinator', toHex(coordinator)),
    line('Offer', toHex(offer)),
  ]
}

function claimLines(
  { authorisation, expiry, amount }: ReceiptClaimItem,
  number: number,
  slot: bigint,
): PreviewLine[] {
  const of = (label: string, value: string) => line(`Reward ${number}: ${label}`, value)
  return [
    of('amount', coins(amount)),
    of('authorisation', toHex(authorisation)),
    of('until', slotText(expiry, slot)),
  ]
}

const slashLines = ({ authorisation, first, second }: Slash, context: PreviewContext) => [
  line('Authorisation', toHex(authorisationHash(authorisation))),
  line('Escrow', toHex(authorisation.escrow)),
  line('Number', String(authorisation.number)),
  line('Limit', coins(authorisation.limit)),
  line('Settle by', slotText(authorisation.settleBy, context.slot)),
  line('Job', toHex(authorisation.jobHash)),
  line('Authorised by', toHex(authorisation.signer)),
  ...receiptLines(first, 1, context),
  ...receiptLines(second, 2, context),
]

function receiptLines(
  { receipt, signature }: SignedReceipt,
  number: number,
  context: PreviewContext,
): PreviewLine[] {
  const of = (label: string, value: string) => line(`Receipt ${number}: ${label}`, value)
  const { minerKey } = receipt
  return [
    of('hash', toHex(receiptHash(receipt))),
    of('accused', minerKey ? toHex(minerKey) : 'nobody'),
    of('paid to', whoIs(receipt.miner, context)),
    of('version', String(receipt.version)),
    of('id', toHex(receipt.receiptId)),
    of('job', toHex(receipt.jobId)),
    of('attempt', String(receipt.attempt)),
    of('client', visibleText(receipt.client)),
    of('coordinator', toHex(receipt.coordinator)),
    of('authorisation', toHex(receipt.authorisation)),
    of('asked', toHex(receipt.jobHash)),
    of('answered', toHex(receipt.resultHash)),
    of('in the form of the original', toHex(receipt.legacyHash)),
    of('model', visibleText(receipt.model)),
    of('tokens', `${receipt.promptTokens} and ${receipt.completionTokens}`),
    of('amount', coins(receipt.amount)),
    of('times', `${receipt.startedAtMs} to ${receipt.completedAtMs}`),
    of('its signature', toHex(signature)),
  ]
}

/** The same as text where it is printable ASCII. */
function lettersOf(body: Uint8Array): PreviewLine[] {
  const isText = body.every((byte) => byte >= 0x20 && byte < 0x7f)
  return isText ? [line('In letters', String.fromCharCode(...body))] : []
}

const changeLines = ({ terms, signatures }: AuthorityChange): PreviewLine[] => [
  line('After height', String(terms.height)),
  line('Set in force', toHex(terms.old)),
  ...terms.set.map(({ publicKey, name }, at) =>
    line(`Authority ${at}`, `${visibleText(name)} ${toHex(publicKey)}`),
  ),
  ...signatures.map(({ authority, signature }) =>
    line(`Signature of authority ${authority}`, `${authority} ${toHex(signature)}`),
  ),
]

/** `Bob (aitbc1…)`, or the address alone. */
export function whoIs(address: Uint8Array, { names }: Pick<PreviewContext, 'names'>): string {
  const text = formatAddress(address)
  const name = names.get(text)
  return name === undefined ? text : `${visibleText(name)} (${text})`
}

/** `1.5 AITBC`. */
export const coins = (units: bigint): string => `${formatCoins(units)} AITBC`

const line = (label: string, value: string): PreviewLine => ({ label, value })
