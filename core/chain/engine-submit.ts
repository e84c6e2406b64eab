/**
 * Admission: what a site does with transactions that somebody hands to it.
 */
import { toHex } from '../base/bytes.ts'
import { max } from '../base/int.ts'
import { assert, err, ok, type Result } from '../base/result.ts'
import { addressOf } from '../crypto/address.ts'
import { type CheckedTransaction, checkTransaction } from './check-transaction.ts'
import { slotAt } from './consensus.ts'
import { costOf, type EngineContext, type EngineMemory } from './engine-core.ts'
import { type Execution, rehearseSettle } from './execute.ts'
import type { Parameters } from './genesis.ts'
import { submitBatchMax } from './limits.ts'
import { admit, type PoolView } from './mempool.ts'
import { type OutcomeCode, outcomeCodes, settlementCodes } from './outcome.ts'
import { openState, type State } from './state.ts'
import type { StoredPooled } from './store.ts'
import { transactionHash } from './transaction.ts'
import type { SubmitRefusal, SubmitVerdict } from './views.ts'

/** Judges and pools transactions, writing the pool's changes. Called inside an atomic write. */
export function submitTransactions(
  context: EngineContext,
  memory: EngineMemory,
  transactions: readonly Uint8Array[],
  nowMs: number,
): SubmitVerdict[] {
  assert(transactions.length <= submitBatchMax, 'a batch of transactions is bounded')
  const slot = max(slotAt(memory.rules, nowMs), memory.consensus.head.slot + 1)
  const admission = openAdmission(context, memory, BigInt(slot))
  const verdicts = transactions.map((bytes) => admission.submit(bytes))
  const { added, removed } = admission.changes()
  if (removed.length > 0) context.store.deletePooled(removed)
  if (added.length > 0) context.store.writePooled(added)
  return verdicts
}

/** One batch against one head. `changes` says what to write: only what outlived the batch. */
export function openAdmission(context: EngineContext, memory: EngineMemory, slot: bigint) {
  const { pool, head } = memory
  const state = openState(context.nodes.read, head.root)
  const parameters = state.parameters()
  const height = BigInt(memory.consensus.head.height + 1)
  const firstArrival = pool.nextArrival
  const added: StoredPooled[] = []
  const removed: Uint8Array[] = []

  const admitChecked = (checked: CheckedTransaction): Result<boolean, SubmitRefusal> => {
    const kind = judgeKind(context, checked, parameters)
    if (kind) return err(kind)
    const settled = judgeSettle(context, { state, parameters, slot, height }, checked)
    if (!settled.ok) return settled
    const view: PoolView = {
      parameters,
      slot,
      account: state.account,
      entriesOf: (one) => entriesOf(state, one),
      costOf: (one) => settled.value ?? costOf(one),
    }
    const admitted = admit(pool, checked, view)
    if (!admitted.ok) return admitted
    const entry = admitted.value.added
    if (entry) added.push({ hash: entry.hash, bytes: entry.bytes, arrival: entry.arrival })
    for (const gone of admitted.value.removed) {
      if (gone.arrival < firstArrival) removed.push(gone.hash)
    }
    return ok(entry === undefined)
  }

  return {
    submit(bytes: Uint8Array): SubmitVerdict {
      const hash = transactionHash(bytes)
      if (pool.byHash.has(toHex(hash)) || context.store.readPlace(hash)) {
        return { ok: true, hash, known: true }
      }
      const checked = checkTransaction(context.rules, bytes)
      if (!checked.ok) return { ok: false, hash, error: checked.error }
      const verdict = admitChecked(checked.value)
      return verdict.ok
        ? { ok: true, hash, known: verdict.value }
        : { ok: false, hash, error: verdict.error }
    },
    changes: () => ({
      added: added.filter(({ hash }) => pool.byHash.has(toHex(hash))),
      removed,
    }),
  }
}

function judgeKind(
  { rules }: EngineContext,
  { transaction, sender }: CheckedTransaction,
  { faucetMax, market }: Parameters,
): SubmitRefusal | undefined {
  const hasRewards = market !== undefined
  const { message } = transaction.body
  if (message.TAG === 'receipt_claim' && !hasRewards) {
    return { code: 'KIND_NOT_ALLOWED', message: 'the genesis of this chain has no rewards' }
  }
  if (message.TAG !== 'faucet') return undefined
  if (faucetMax === 0n || !rules.faucets.has(toHex(sender))) {
    return { code: 'KIND_NOT_ALLOWED', message: 'only a faucet account of genesis may give' }
  }
  if (message.data.amount <= faucetMax) return undefined
  return { code: 'AMOUNT_INVALID', message: `a gift is at most ${faucetMax} base units` }
}

/** What a settlement would cost its sender; refuses one that would pay nothing. Undefined for other kinds. */
function judgeSettle(
  context: EngineContext,
  on: Pick<Execution, 'state' | 'parameters' | 'slot' | 'height'>,
  checked: CheckedTransaction,
): Result<bigint | undefined, SubmitRefusal> {
  if (checked.transaction.body.message.TAG !== 'settle') return ok(undefined)
  const done = rehearseSettle(context.rules, on, checked)
  if (!done.ok) return done
  const { outcome, cost } = done.value
  if (outcome.code === outcomeCodes.applied) return ok(cost)
  const code = nameOf(outcomeCodes, outcome.code) as OutcomeCode
  if (code === 'entries_unpaid') {
    return err({ code: 'FEE_TOO_LOW', message: 'the fee does not pay for the entries created' })
  }
  const first = outcome.settlements[0]
  const why = first ? nameOf(settlementCodes, first.code) : code
  return err({ code: 'MESSAGE_INVALID', message: `no item can be settled: ${why}` })
}

/** State entries that a message would create at the head; settle is judged by its rehearsal. */
function entriesOf(state: State, { transaction, sender }: CheckedTransaction): number {
  const { message } = transaction.body
  switch (message.TAG) {
    case 'transfer':
    case 'faucet':
      return state.account(message.data.to) ? 0 : 1
    case 'escrow_open':
      return message.data.delegate ? 2 : 1
    case 'delegate_grant':
      return state.delegate(message.data.escrow, message.data.terms.delegate) ? 0 : 1
    case 'authority_change':
      return state.authorities() ? 0 : 1
    case 'bond':
      return state.bond(sender) ? 0 : 1
    case 'booking_open':
      return 1
    case 'booking_close': {
      const booking = state.booking(message.data.booking)
      return booking ? unknownOf(state, [booking.provider, addressOf(booking.coordinator)]) : 0
    }
    case 'receipt_claim':
      return unknownOf(
        state,
        message.data.claims.flatMap((one) => state.claimable(one)?.miner ?? []),
      )
    default:
      return 0
  }
}

/** How many of these addresses have no account. */
const unknownOf = (state: State, addresses: readonly Uint8Array[]): number =>
  new Set(addresses.filter((address) => !state.account(address)).map(toHex)).size

function nameOf(codes: Readonly<Record<string, number>>, code: number): string {
  return Object.keys(codes).find((name) => codes[name] === code) ?? String(code)
}
