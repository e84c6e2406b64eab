/**
 * Reservations: what of an escrow is spoken for. A hold is made for the whole limit before a job is
 * dispatched; it is freed when the job ends without a result, or becomes a debt of what was charged, which
 * leaves when its settlement is final. So never more is promised than is locked and final, in the escrow
 * and in the budget of the delegate. Rules: SPEC.md, HOLD.
 *
 * The host keeps one row a hold and one ledger an escrow, and writes both in one atomic write.
 */
import type { EscrowView } from '../api/chain-service.ts'
import type { ApiError } from '../api/errors.ts'
import { formatCoins } from '../base/amount.ts'
import { bytesEqual, toHex } from '../base/bytes.ts'
import { assert, err, ok, type Result } from '../base/result.ts'
import { jobLimits } from './limits.ts'

/** Sums over the holds of one signer, base units. */
export type SignerSums = { readonly held: bigint; readonly owed: bigint; readonly count: number }

/** Sums over the holds of one escrow, by signer: public key in hex. Signers with no hold are absent. */
export type EscrowLedger = { readonly signers: Readonly<Record<string, SignerSums>> }

/**
 * A promise of money to one job. `held`: `limit` is kept free; `owed`: `amount` was released and waits for
 * its settlement to be final. What is neither has left the ledger.
 */
export type Hold = {
  readonly jobId: string
  /** 32-byte id of the escrow and public key of the signer, in hex. */
  readonly escrow: string
  readonly signer: string
  /** The authorisation's number: used up for ever, also when the hold is freed. */
  readonly number: bigint
  readonly settleBy: number
  readonly limit: bigint
  readonly state: 'held' | 'owed'
  /** Base units charged; 0 while held. */
  readonly amount: bigint
}

/** A ledger with no holds. */
export const emptyLedger: EscrowLedger = { signers: {} }

/** The ledger of these holds, all of one escrow: what a host that lost its sums computes again. */
export const ledgerOf = (holds: readonly Hold[]): EscrowLedger => holds.reduce(added, emptyLedger)

/** What an escrow, and this signer within it, may still promise: base units, never negative. */
export function available(
  ledger: EscrowLedger,
  escrow: EscrowView,
  signer: Uint8Array,
): { readonly escrow: bigint; readonly budget: bigint } {
  const total = sumsOf(ledger)
  const own = ledger.signers[toHex(signer)] ?? noSums
  const left = positive(escrow.balance - total.held - total.owed)
  const delegate = escrow.delegates.find((each) => bytesEqual(each.delegate, signer))
  // The owner has no budget but the escrow itself.
  const budget = delegate ? positive(delegate.budget - own.held - own.owed) : left
  return { escrow: left, budget: budget < left ? budget : left }
}

/**
 * Makes a hold of the whole limit. The authorisation must have passed `checkAuthorisation` with this
 * escrow view, which must be final.
 */
export function reserve(
  ledger: EscrowLedger,
  escrow: EscrowView,
  wanted: Omit<Hold, 'state' | 'amount'>,
  signer: Uint8Array,
): Result<{ readonly ledger: EscrowLedger; readonly hold: Hold }, ApiError> {
  assert(wanted.signer === toHex(signer), 'the hold names its signer')
  if (sumsOf(ledger).count >= jobLimits.holdsPerEscrowMax) {
    const message = `This escrow has ${jobLimits.holdsPerEscrowMax} jobs that are not settled yet.`
    return err({ code: 'QUOTA_EXCEEDED', message })
  }
  const left = available(ledger, escrow, signer)
  if (wanted.limit > left.escrow) return err(short('ESCROW_EXHAUSTED', left.escrow, wanted.limit))
  if (wanted.limit > left.budget) return err(short('BUDGET_EXCEEDED', left.budget, wanted.limit))
  const hold: Hold = { ...wanted, state: 'held', amount: 0n }
  return ok({ ledger: added(ledger, hold), hold })
}

/** Frees a hold whose job ended without a result. */
export function freeHold(ledger: EscrowLedger, hold: Hold): EscrowLedger {
  assert(hold.state === 'held', 'only a hold that is not owed can be freed')
  return removed(ledger, hold)
}

/** Turns a hold into a debt of what was charged; what is above it is free again at once. */
export function owe(
  ledger: EscrowLedger,
  hold: Hold,
  amount: bigint,
): { readonly ledger: EscrowLedger; readonly hold: Hold } {
  assert(hold.state === 'held', 'a hold is charged once')
  assert(amount >= 0n && amount <= hold.limit, 'a charge stays within the limit')
  const owed: Hold = { ...hold, state: 'owed', amount }
  return { ledger: added(removed(ledger, hold), owed), hold: owed }
}

/**
 * Ends a debt: its settlement is final (the escrow's final balance must have been read after that), or the
 * settle-by slot is final and unpaid, after which the chain pays it no more.
 */
export function discharge(ledger: EscrowLedger, hold: Hold): EscrowLedger {
  assert(hold.state === 'owed', 'only a debt is discharged')
  return removed(ledger, hold)
}

/** Sums over all signers. */
export function sumsOf(ledger: EscrowLedger): SignerSums {
  let sums = noSums
  for (const each of Object.values(ledger.signers)) sums = plus(sums, each, 1n)
  return sums
}

const noSums: SignerSums = { held: 0n, owed: 0n, count: 0 }

const weightOf = (hold: Hold): SignerSums =>
  hold.state === 'held'
    ? { held: hold.limit, owed: 0n, count: 1 }
    : { held: 0n, owed: hold.amount, count: 1 }

const plus = (a: SignerSums, b: SignerSums, sign: 1n | -1n): SignerSums => ({
  held: a.held + sign * b.held,
  owed: a.owed + sign * b.owed,
  count: a.count + Number(sign) * b.count,
})

const added = (ledger: EscrowLedger, hold: Hold): EscrowLedger => change(ledger, hold, 1n)
const removed = (ledger: EscrowLedger, hold: Hold): EscrowLedger => change(ledger, hold, -1n)

function change(ledger: EscrowLedger, hold: Hold, sign: 1n | -1n): EscrowLedger {
  const sums = plus(ledger.signers[hold.signer] ?? noSums, weightOf(hold), sign)
  assert(sums.held >= 0n && sums.owed >= 0n && sums.count >= 0, 'a ledger never goes below zero')
  const { [hold.signer]: _, ...others } = ledger.signers
  return { signers: sums.count === 0 ? others : { ...others, [hold.signer]: sums } }
}

const positive = (value: bigint): bigint => (value > 0n ? value : 0n)

const short = (
  code: 'ESCROW_EXHAUSTED' | 'BUDGET_EXCEEDED',
  left: bigint,
  limit: bigint,
): ApiError => ({
  code,
  message: `${formatCoins(left)} AITBC can still be promised, this job may cost ${formatCoins(limit)}.`,
  details: { available: String(left), limit: String(limit) },
})
