/**
 * What a person should stop and think about before signing a transaction, each with its level and reason.
 * A flag never forbids: the chain does that. Absence of a flag is no promise.
 */
import { supplyMax } from '../base/amount.ts'
import { bytesEqual } from '../base/bytes.ts'
import { feeFloor, sufficientFee } from '../chain/fees.ts'
import { poolValiditySlotsMax } from '../chain/limits.ts'
import type { BookingOpen } from '../chain/messages/booking.ts'
import type { DelegateTerms } from '../chain/messages/escrow.ts'
import { type Message, type TransactionBody, transactionCoder } from '../chain/transaction.ts'
import { addressOf, formatAddress } from '../crypto/address.ts'
import { coins, type PreviewContext, slotText } from './preview-lines.ts'

/** `danger`: money or keys may be lost; `caution`: unusual; `note`: good to know. */
export type RiskLevel = 'danger' | 'caution' | 'note'

/** Why a person should stop. `code` is for programs, `text` for the person. */
export type Risk = { readonly level: RiskLevel; readonly code: RiskCode; readonly text: string }

/** Every flag that a transaction may raise. */
export type RiskCode =
  | 'AUTHORITY_CHANGE'
  | 'BALANCE_TOO_LOW'
  | 'BOND_AT_RISK'
  | 'COORDINATOR_UNKNOWN'
  | 'DELEGATE_MAY_SPEND_ALL'
  | 'DELEGATE_UNLIMITED'
  | 'EXPIRY_LONG'
  | 'EXPIRY_PASSED'
  | 'FEE_HIGH'
  | 'FEE_LOW'
  | 'NONCE_GAP'
  | 'NONCE_USED'
  | 'PUBLIC_FOREVER'
  | 'RECIPIENT_SELF'
  | 'RECIPIENT_UNKNOWN'
  | 'VALIDITY_LONG'
  | 'VALIDITY_PASSED'
  | 'VERSION_UNKNOWN'
  | 'WHOLE_BALANCE'

/** From where on something is unusual. Slots are of 2 s. */
export const riskLimits = {
  /** A fee this many times the sufficient one is a caution, or a danger. */
  feeTimesCaution: 3n,
  feeTimesDanger: 20n,
  /** A delegate's life: 31 days; an escrow's: 93 days. */
  delegateSlots: 1_339_200n,
  escrowSlots: 4_017_600n,
  /** A booking: 7 days. */
  bookingSlots: 302_400n,
  /** Less than one part in so many of the balance stays. */
  wholeBalanceParts: 50n,
} as const

type RiskContext = PreviewContext & { readonly leaves: bigint }

/** Flags of a transaction, worst first. */
export function transactionRisks(body: TransactionBody, context: RiskContext): Risk[] {
  return worstFirst([
    ...envelopeRisks(body, context),
    ...feeRisks(body, context),
    ...balanceRisks(context),
    ...messageRisks(body.message, addressOf(body.sender), context),
  ])
}

/** Sorts flags by level, else as they came. */
export function worstFirst<T extends { readonly level: RiskLevel }>(risks: readonly T[]): T[] {
  const order: readonly RiskLevel[] = ['danger', 'caution', 'note']
  return order.flatMap((level) => risks.filter((risk) => risk.level === level))
}

function envelopeRisks(body: TransactionBody, { slot, nextNonce }: RiskContext): Risk[] {
  const risks: Risk[] = []
  if (body.version !== 1) {
    risks.push(danger('VERSION_UNKNOWN', `version ${body.version} is not known to this program`))
  }
  if (body.validUntil < slot) {
    risks.push(caution('VALIDITY_PASSED', 'it is no longer valid and will be refused'))
  } else if (body.validUntil > slot + BigInt(poolValiditySlotsMax)) {
    const until = slotText(body.validUntil, slot)
    risks.push(danger('VALIDITY_LONG', `whoever holds it can send it much later (until ${until})`))
  }
  if (nextNonce !== undefined && body.nonce > nextNonce) {
    const missing = `${body.nonce - nextNonce} earlier one(s)`
    risks.push(caution('NONCE_GAP', `it waits until ${missing} of this account are sent`))
  }
  if (nextNonce !== undefined && body.nonce < nextNonce) {
    risks.push(caution('NONCE_USED', 'it replaces an earlier one, or is refused'))
  }
  return risks
}

function feeRisks(body: TransactionBody, { parameters }: RiskContext): Risk[] {
  const enough = sufficientFee(parameters, body)
  const size = transactionCoder.encode({ body, signature: new Uint8Array(64) }).length
  if (body.fee < feeFloor(parameters, { size, entries: 0 })) {
    return [
      caution('FEE_LOW', `the fee is below the least that is taken; ${coins(enough)} would do`),
    ]
  }
  const high = `the fee is more than needed; ${coins(enough)} would do`
  if (body.fee > enough * riskLimits.feeTimesDanger) return [danger('FEE_HIGH', high)]
  return body.fee > enough * riskLimits.feeTimesCaution ? [caution('FEE_HIGH', high)] : []
}

function balanceRisks({ balance, leaves }: RiskContext): Risk[] {
  if (balance === undefined) return []
  if (leaves > balance) {
    return [danger('BALANCE_TOO_LOW', `this account holds ${coins(balance)}: it will be refused`)]
  }
  const left = balance - leaves
  return leaves > 0n && left * riskLimits.wholeBalanceParts < balance
    ? [caution('WHOLE_BALANCE', `it leaves ${coins(left)} of ${coins(balance)}`)]
    : []
}

function messageRisks(message: Message, sender: Uint8Array, context: RiskContext): Risk[] {
  const { slot, escrowBalance } = context
  switch (message.TAG) {
    case 'transfer':
    case 'faucet':
      return recipientRisks(message.data.to, sender, context)
    case 'escrow_open': {
      const { coordinator, amount, expiry, delegate } = message.data
      return [
        ...coordinatorRisks(coordinator, context),
        ...expiryRisks('the escrow', { expiry, slot, longest: riskLimits.escrowSlots }),
        ...(delegate ? delegateRisks(delegate, { slot, within: amount }) : []),
      ]
    }
    case 'escrow_top_up': {
      const { expiry } = message.data
      const terms = { expiry, slot, longest: riskLimits.escrowSlots }
      return expiry === 0n ? [] : expiryRisks('the escrow', terms)
    }
    case 'delegate_grant':
      return delegateRisks(message.data.terms, { slot, within: escrowBalance })
    case 'authority_change':
      return [danger('AUTHORITY_CHANGE', 'it changes who makes the blocks of this chain')]
    case 'booking_open':
      return [
        ...coordinatorRisks(message.data.coordinator, context),
        ...bookingRisks(message.data, sender, slot),
      ]
    case 'bond':
      return [note('BOND_AT_RISK', 'it is burned if this key signs two receipts for one job')]
    case 'announce':
      return [note('PUBLIC_FOREVER', 'everybody can read it, and nobody can take it back')]
    case 'escrow_close':
    case 'delegate_revoke':
    case 'settle':
    case 'unbond':
    case 'slash':
    case 'receipt_claim':
    case 'booking_close':
      return []
  }
}

function bookingRisks(
  { provider, start, slots }: BookingOpen,
  sender: Uint8Array,
  slot: bigint,
): Risk[] {
  if (bytesEqual(provider, sender)) {
    return [note('RECIPIENT_SELF', 'the account that sends it would be paid for it')]
  }
  if (start !== 0n && start < slot) {
    return [caution('EXPIRY_PASSED', 'the booking would have begun already: it will be refused')]
  }
  return slots > riskLimits.bookingSlots
    ? [caution('EXPIRY_LONG', `the booking goes on for long (${slotText(slot + slots, slot)})`)]
    : []
}

function recipientRisks(to: Uint8Array, sender: Uint8Array, { names }: RiskContext): Risk[] {
  if (bytesEqual(to, sender)) {
    return [note('RECIPIENT_SELF', 'it goes to the account that sends it; only the fee is lost')]
  }
  return names.has(formatAddress(to))
    ? []
    : [caution('RECIPIENT_UNKNOWN', 'this address is not in your address book')]
}

function coordinatorRisks(coordinator: Uint8Array, context: RiskContext): Risk[] {
  const known = context.coordinator
  if (known === undefined || bytesEqual(known, coordinator)) return []
  const text = 'the money is locked for a coordinator that is not this site’s'
  return [danger('COORDINATOR_UNKNOWN', text)]
}

function delegateRisks(
  { budget, expiry }: DelegateTerms,
  { slot, within }: { readonly slot: bigint; readonly within: bigint | undefined },
): Risk[] {
  const risks = expiryRisks('the key', { expiry, slot, longest: riskLimits.delegateSlots })
  if (budget >= supplyMax) {
    return [danger('DELEGATE_UNLIMITED', 'the key may spend without limit'), ...risks]
  }
  return within !== undefined && budget >= within
    ? [caution('DELEGATE_MAY_SPEND_ALL', 'the key may spend all that is locked'), ...risks]
    : risks
}

function expiryRisks(
  what: string,
  { expiry, slot, longest }: Record<'expiry' | 'slot' | 'longest', bigint>,
): Risk[] {
  if (expiry <= slot) return [caution('EXPIRY_PASSED', `${what} would have expired already`)]
  return expiry - slot > longest
    ? [caution('EXPIRY_LONG', `${what} stays for long (${slotText(expiry, slot)})`)]
    : []
}

const danger = (code: RiskCode, text: string): Risk => ({ level: 'danger', code, text })
const caution = (code: RiskCode, text: string): Risk => ({ level: 'caution', code, text })
const note = (code: RiskCode, text: string): Risk => ({ level: 'note', code, text })
