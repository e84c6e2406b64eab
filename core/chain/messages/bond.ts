/**
 * Bond and unbond: a miner's stake, which is burned when its key is shown to have lied (`slash`) and is
 * paid out only when no evidence of what it did before can count any more.
 */
import * as P from 'micro-packed'
import { bytesEqual } from '../../base/bytes.ts'
import { bytes20, u64 } from '../../base/coders.ts'
import { unbondNoticeOf } from '../genesis.ts'
import type { MessageContext } from '../message-context.ts'
import type { OutcomeCode } from '../outcome.ts'
import { credit, debit } from '../state.ts'

/** `amount`: base units that the sender adds to the bond of its own key. */
export const bondMessageCoder = P.struct({ amount: u64 })
export type BondMessage = P.UnwrapCoder<typeof bondMessageCoder>

/**
 * `owner`: 20-byte address of the bond. By the owner: starts the notice. By anyone after the notice: pays
 * the owner and removes the bond.
 */
export const unbondCoder = P.struct({ owner: bytes20 })
export type Unbond = P.UnwrapCoder<typeof unbondCoder>

/** Fails with `bond_leaving`, `bond_slashed` or `insufficient_balance`. */
export function applyBond(
  { state, slot, sender }: MessageContext,
  message: BondMessage,
): OutcomeCode {
  const found = state.bond(sender)
  const bond = found ?? { owner: sender, amount: 0n, since: slot, leavesAt: 0n, slashedAt: 0n }
  if (bond.slashedAt !== 0n) return 'bond_slashed'
  if (bond.leavesAt !== 0n) return 'bond_leaving'
  if (!debit(state, sender, message.amount)) return 'insufficient_balance'
  state.putBond(sender, { ...bond, amount: bond.amount + message.amount })
  return 'applied'
}

/**
 * Fails with `bond_unknown`, `bond_slashed`, `not_owner` (a stranger, before the notice has passed) or
 * `notice_running`.
 */
export function applyUnbond(context: MessageContext, { owner }: Unbond): OutcomeCode {
  const { state, slot, sender, parameters } = context
  const bond = state.bond(owner)
  if (!bond) return 'bond_unknown'
  if (bond.slashedAt !== 0n) return 'bond_slashed'
  if (bond.leavesAt !== 0n && slot >= bond.leavesAt) {
    state.putBond(owner, undefined)
    credit(state, owner, bond.amount)
    context.paidOut({ to: owner, amount: bond.amount })
    return 'applied'
  }
  if (!bytesEqual(owner, sender)) return 'not_owner'
  if (bond.leavesAt !== 0n) return 'notice_running'
  state.putBond(owner, { ...bond, leavesAt: slot + unbondNoticeOf(parameters) })
  return 'applied'
}
