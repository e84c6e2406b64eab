/**
 * The transition: a parent's state, a slot and transactions give outcomes and a new state, the same on
 * every site (SPEC.md, EXEC rules).
 */
import { bytesEqual, toHex } from '../base/bytes.ts'
import { maxBig, minBig } from '../base/int.ts'
import { assert, err, ok, type Result, unreachable } from '../base/result.ts'
import { addressOf } from '../crypto/address.ts'
import type { Verifier } from '../crypto/signature.ts'
import type { CheckedTransaction } from './check-transaction.ts'
import { feeFloor, settlementEntriesMax } from './fees.ts'
import type { AuthoritySet, Parameters } from './genesis.ts'
import { blockExpiredMax, blockSettlementItemsMax } from './limits.ts'
import type { MessageContext, Payout } from './message-context.ts'
import { applyAuthorityChange } from './messages/authority-change.ts'
import { applyBond, applyUnbond } from './messages/bond.ts'
import { applyBookingClose, applyBookingOpen } from './messages/booking.ts'
import { applyDelegateGrant, applyDelegateRevoke } from './messages/delegate.ts'
import { applyEscrowClose, applyEscrowOpen, applyEscrowTopUp } from './messages/escrow.ts'
import { applyFaucet } from './messages/faucet.ts'
import { applyReceiptClaim } from './messages/receipt-claim.ts'
import { applySettle, type Settle, settlementItemBytes } from './messages/settle.ts'
import { applySlash } from './messages/slash.ts'
import { applyTransfer } from './messages/transfer.ts'
import { type Outcome, type OutcomeCode, outcomeCodes } from './outcome.ts'
import { credit, debit, openState, type State } from './state.ts'
import { type NodeReader, type TreeRoot, type TreeUpdate, updateTree } from './state-tree.ts'
import { bookingIdOf, escrowIdOf } from './transaction.ts'
import type { SubmitRefusal } from './views.ts'

/** What never changes on one chain. */
export type ExecutionRules = {
  readonly genesisHash: Uint8Array
  readonly verifier: Verifier
  /** Authorities of genesis. */
  readonly authorities: AuthoritySet
  /** Addresses of faucets as hex. */
  readonly faucets: ReadonlySet<string>
}

/** Where an execution begins; `nextId` is the first free node id. */
export type ExecutionStart = {
  readonly read: NodeReader
  /** State of the parent block. */
  readonly root: TreeRoot
  readonly nextId: number
  readonly slot: bigint
  readonly height: bigint
}

/** `supplyChange`: base units held after the block less those before: what it minted less what it burned. */
export type Executed = TreeUpdate & { readonly supplyChange: bigint }

/** One block in the making. */
export type Execution = {
  readonly state: State
  readonly parameters: Parameters
  readonly slot: bigint
  readonly height: bigint
  /**
   * Applies a transaction. Refused ones leave no trace and may not stand in a block; one whose message
   * fails is charged, and its outcome says why.
   */
  readonly apply: (transaction: CheckedTransaction) => Result<Outcome, SubmitRefusal>
  /** Who got what that message and outcome do not say, for each transaction applied so far. */
  readonly payouts: () => readonly (readonly Payout[])[]
  /** Pays the fees to the proposer (public key) and updates the tree. Called once, last. */
  readonly finish: (proposer: Uint8Array) => Executed
}

/** Starts a block: first clears spent authorisations whose settle-by has passed, and lapsed claims. */
export function openExecution(rules: ExecutionRules, start: ExecutionStart): Execution {
  const state = openState(start.read, start.root)
  state.clearSpent(start.slot, blockExpiredMax)
  state.clearLapsed(start.slot, blockExpiredMax)
  const supply = state.supply()
  const payouts: (readonly Payout[])[] = []
  const parameters = state.parameters()
  let fees = 0n
  let settlementItems = 0
  return {
    state,
    parameters,
    slot: start.slot,
    height: start.height,
    apply(checked) {
      const items = itemsOf(checked)
      if (settlementItems + items > blockSettlementItemsMax) {
        return refuse('MEMPOOL_FULL', 'the block has no room for more settlement items')
      }
      const paid: Payout[] = []
      const context = contextOf(rules, {
        paid,
        state,
        parameters,
        slot: start.slot,
        height: start.height,
        checked,
      })
      const refusal = checkEnvelope(context, checked)
      if (refusal) return err(refusal)
      const done =
        checked.transaction.body.message.TAG === 'settle'
          ? applySettlement(rules, context, checked, checked.transaction.body.message.data)
          : applyMessage(rules, context, checked)
      if (done.ok) {
        payouts.push(done.value.code === outcomeCodes.applied ? paid : [])
        fees += done.value.fee
        settlementItems += items
      }
      return done
    },
    payouts: () => payouts,
    finish(proposer) {
      credit(state, addressOf(proposer), fees)
      const supplyChange = state.supplyChange()
      const { minted, burned } = state.supply()
      const counted = minted - supply.minted - (burned - supply.burned)
      assert(supplyChange === counted, 'a block neither makes nor loses money uncounted')
      const { read, root, nextId } = start
      return { ...updateTree(read, { root, nextId }, state.changes()), supplyChange }
    },
  }
}

/** How many settlement items a transaction carries: the block bounds their sum. */
export const itemsOf = ({ transaction }: CheckedTransaction): number =>
  transaction.body.message.TAG === 'settle' ? transaction.body.message.data.items.length : 0

type ContextParts = {
  readonly state: State
  readonly parameters: Parameters
  readonly slot: bigint
  readonly height: bigint
  readonly checked: CheckedTransaction
  /** Gathers what is paid out. */
  readonly paid: Payout[]
}

const contextOf = (rules: ExecutionRules, parts: ContextParts): MessageContext => ({
  state: parts.state,
  parameters: parts.parameters,
  slot: parts.slot,
  height: parts.height,
  authorities: rules.authorities,
  sender: parts.checked.sender,
  newEscrow: () => escrowIdOf(parts.checked.hash),
  newBooking: () => bookingIdOf(parts.checked.hash),
  paidOut: (payout) => notePayout(parts.paid, payout),
  isFaucet: (address) => rules.faucets.has(toHex(address)),
})

/**
 * What a settle transaction would do now, whatever its nonce, and what it would cost its sender in all:
 * admission judges it by its shares. Leaves no trace in the state.
 */
export function rehearseSettle(
  rules: ExecutionRules,
  on: Omit<ContextParts, 'checked' | 'paid'>,
  checked: CheckedTransaction,
): Result<{ readonly outcome: Outcome; readonly cost: bigint }, SubmitRefusal> {
  const { message } = checked.transaction.body
  assert(message.TAG === 'settle', 'only settle is rehearsed')
  const { state } = on
  const balance = (): bigint => state.account(checked.sender)?.balance ?? 0n
  const [mark, before] = [state.mark(), balance()]
  const done = applySettlement(
    rules,
    contextOf(rules, { ...on, checked, paid: [] }),
    checked,
    message.data,
  )
  const cost = maxBig(before - balance(), 0n)
  state.revert(mark)
  return done.ok ? ok({ outcome: done.value, cost }) : done
}

/** Validity, nonce and floor: what keeps a transaction out of a block whatever its message. */
function checkEnvelope(
  { state, parameters, slot }: MessageContext,
  { transaction: { body }, bytes, sender }: CheckedTransaction,
): SubmitRefusal | undefined {
  if (slot > body.validUntil) {
    return { code: 'VALIDITY_EXPIRED', message: `valid until slot ${body.validUntil}, now ${slot}` }
  }
  const nonce = state.account(sender)?.nonce ?? 0n
  if (body.nonce < nonce) return { code: 'NONCE_STALE', message: `the next nonce is ${nonce}` }
  if (body.nonce > nonce) return { code: 'NONCE_TOO_FAR', message: `the next nonce is ${nonce}` }
  const floor = feeFloor(parameters, { size: bytes.length, entries: 0 })
  if (body.fee < floor) {
    return { code: 'FEE_TOO_LOW', message: `a transaction of this size pays at least ${floor}` }
  }
  return undefined
}

/** Any message but settle: the sender pays the fee first, then the message stands or falls. */
function applyMessage(
  rules: ExecutionRules,
  context: MessageContext,
  checked: CheckedTransaction,
): Result<Outcome, SubmitRefusal> {
  const { state, parameters, sender } = context
  const { body } = checked.transaction
  if (!debit(state, sender, body.fee)) return refuse('BALANCE_TOO_LOW', cannotPay(body.fee))
  bumpNonce(state, sender)
  const mark = state.mark()
  let code = dispatch(rules, context, checked)
  const floor = feeFloor(parameters, {
    size: checked.bytes.length,
    entries: state.createdSince(mark),
  })
  if (code === 'applied' && body.fee < floor) code = 'entries_unpaid'
  if (code !== 'applied') state.revert(mark)
  return ok(outcomeOf(checked, code))
}

function dispatch(
  rules: ExecutionRules,
  context: MessageContext,
  { transaction }: CheckedTransaction,
): OutcomeCode {
  const { message } = transaction.body
  switch (message.TAG) {
    case 'transfer':
      return applyTransfer(context, message.data)
    case 'faucet':
      return applyFaucet(context, message.data)
    case 'escrow_open':
      return applyEscrowOpen(context, message.data)
    case 'escrow_top_up':
      return applyEscrowTopUp(context, message.data)
    case 'escrow_close':
      return applyEscrowClose(context, message.data)
    case 'delegate_grant':
      return applyDelegateGrant(context, message.data)
    case 'delegate_revoke':
      return applyDelegateRevoke(context, message.data)
    case 'bond':
      return applyBond(context, message.data)
    case 'unbond':
      return applyUnbond(context, message.data)
    case 'slash':
      return applySlash({ ...context, ...rules }, message.data)
    case 'receipt_claim':
      return applyReceiptClaim(context, message.data)
    case 'booking_open':
      return applyBookingOpen(context, message.data)
    case 'booking_close':
      return applyBookingClose(context, message.data)
    case 'announce':
      return 'applied'
    case 'authority_change':
      return applyAuthorityChange({ ...context, ...rules }, message.data)
    case 'settle':
      throw new Error('invariant broken: settle has its own path')
    default:
      return unreachable(message)
  }
}

/**
 * Settle: pays the items first, then the fee out of the coordinators' shares, so that a sender needs no
 * balance. Shares pay no more than is sufficient for what they settled; the sender pays the rest, and when it
 * cannot, the transaction has no place in a block.
 */
function applySettlement(
  rules: ExecutionRules,
  context: MessageContext,
  checked: CheckedTransaction,
  settle: Settle,
): Result<Outcome, SubmitRefusal> {
  const { state, parameters, sender } = context
  const { body } = checked.transaction
  const start = state.mark()
  bumpNonce(state, sender)
  const before = state.mark()
  const { outcomes, shares } = applySettle({ ...context, ...rules }, settle)
  const entries = state.createdSince(start) + newAccounts(state, shares)
  const floor = feeFloor(parameters, { size: checked.bytes.length, entries })
  const settled = shares.length > 0
  if (!settled || body.fee < floor) {
    state.revert(before)
    const code = settled ? 'entries_unpaid' : 'nothing_settled'
    if (!debit(state, sender, body.fee)) {
      state.revert(start)
      return refuse('BALANCE_TOO_LOW', `${code}: ${cannotPay(body.fee)}`)
    }
    return ok({ ...outcomeOf(checked, code), settlements: settled ? [] : [...outcomes] })
  }
  const unpaidBytes = (outcomes.length - shares.length) * settlementItemBytes
  const payable = feeFloor(parameters, {
    size: checked.bytes.length - unpaidBytes,
    entries: settlementEntriesMax(shares.length, parameters),
  })
  const feeFromShares = creditShares(context, shares, minBig(body.fee, payable))
  if (body.fee > feeFromShares && !debit(state, sender, body.fee - feeFromShares)) {
    state.revert(start)
    return refuse('BALANCE_TOO_LOW', `the shares do not cover the fee; ${cannotPay(body.fee)}`)
  }
  return ok({ ...outcomeOf(checked, 'applied'), feeFromShares, settlements: [...outcomes] })
}

/** Coordinators that get their first account by this settlement. */
function newAccounts(
  state: State,
  shares: readonly { readonly address: Uint8Array; readonly amount: bigint }[],
): number {
  const fresh = new Set<string>()
  for (const { address, amount } of shares) {
    if (amount > 0n && !state.account(address)) fresh.add(toHex(address))
  }
  return fresh.size
}

/** Credits the shares less the fee, taken from them in order; returns how much of it they bore. */
function creditShares(
  { state, paidOut }: MessageContext,
  shares: readonly { readonly address: Uint8Array; readonly amount: bigint }[],
  fee: bigint,
): bigint {
  let taken = 0n
  for (const { address, amount } of shares) {
    const part = minBig(fee - taken, amount)
    taken += part
    credit(state, address, amount - part)
    paidOut({ to: address, amount: amount - part })
  }
  return taken
}

/** One payout for each payee; a batch of settlements often has a single one. */
function notePayout(paid: Payout[], { to, amount }: Payout): void {
  if (amount === 0n) return
  const isSame = (other: Payout): boolean =>
    to === undefined ? other.to === undefined : other.to !== undefined && bytesEqual(other.to, to)
  const at = paid.findIndex(isSame)
  if (at < 0) paid.push({ to, amount })
  else paid[at] = { to, amount: (paid[at] as Payout).amount + amount }
}

function bumpNonce(state: State, sender: Uint8Array): void {
  const account = state.account(sender) ?? { balance: 0n, nonce: 0n }
  state.putAccount(sender, { ...account, nonce: account.nonce + 1n })
}

const outcomeOf = ({ hash, transaction }: CheckedTransaction, code: OutcomeCode): Outcome => ({
  transaction: hash,
  code: outcomeCodes[code],
  fee: transaction.body.fee,
  feeFromShares: 0n,
  settlements: [],
})

const cannotPay = (fee: bigint): string => `the sender cannot pay the fee of ${fee} base units`

const refuse = (code: SubmitRefusal['code'], message: string): Result<never, SubmitRefusal> =>
  err({ code, message })
