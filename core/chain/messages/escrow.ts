/**
 * Escrow open, top up and close: funds locked for one coordinator to spend, with an expiry slot.
 */
import * as P from 'micro-packed'
import { bytesEqual } from '../../base/bytes.ts'
import { bytes32, type Coder, optional, u64 } from '../../base/coders.ts'
import type { Escrow } from '../entries.ts'
import { escrowLifeSlotsMax } from '../limits.ts'
import type { MessageContext } from '../message-context.ts'
import type { OutcomeCode } from '../outcome.ts'
import { credit, debit } from '../state.ts'

/** A key that may authorise jobs from the escrow: `budget` in base units, valid until slot `expiry`. */
export const delegateTermsCoder = P.struct({ delegate: bytes32, budget: u64, expiry: u64 })
export type DelegateTerms = P.UnwrapCoder<typeof delegateTermsCoder>

/**
 * `coordinator`: public key that signs releases; `amount`: base units locked; `expiry`: slot from which
 * anyone may close. `delegate`: granted in the same step, so that a key is usable one block earlier.
 * The escrow's id is derived from the transaction hash (`escrowIdOf`).
 */
export type EscrowOpen = {
  coordinator: Uint8Array
  amount: bigint
  expiry: bigint
  delegate?: DelegateTerms | undefined
}

/** Canonical bytes of an escrow open. */
export const escrowOpenCoder: Coder<EscrowOpen> = P.struct({
  coordinator: bytes32,
  amount: u64,
  expiry: u64,
  delegate: optional(delegateTermsCoder),
})

/** Adds `amount` base units; anyone may pay in. `expiry` 0 keeps the expiry, else it may only grow. */
export const escrowTopUpCoder = P.struct({ escrow: bytes32, amount: u64, expiry: u64 })
export type EscrowTopUp = P.UnwrapCoder<typeof escrowTopUpCoder>

/**
 * By the owner: starts the notice. By anyone after the notice or the expiry: pays what is left to the
 * owner and removes the escrow.
 */
export const escrowCloseCoder = P.struct({ escrow: bytes32 })
export type EscrowClose = P.UnwrapCoder<typeof escrowCloseCoder>

/**
 * Fails with `expiry_invalid` (sooner than an authorisation lives, or further than
 * `escrowLifeSlotsMax`; a delegate already expired) or `insufficient_balance`.
 */
export function applyEscrowOpen(context: MessageContext, message: EscrowOpen): OutcomeCode {
  const { state, slot, parameters, sender } = context
  const { coordinator, amount, expiry, delegate } = message
  if (expiry < slot + parameters.authorisationLifeSlots || tooFar(slot, expiry)) {
    return 'expiry_invalid'
  }
  if (delegate && delegate.expiry <= slot) return 'expiry_invalid'
  if (!debit(state, sender, amount)) return 'insufficient_balance'
  const escrow = context.newEscrow()
  state.putEscrow(escrow, {
    owner: sender,
    coordinator,
    balance: amount,
    expiry,
    closesAt: 0n,
    delegates: delegate ? 1 : 0,
  })
  if (delegate) {
    state.putDelegate(
      { escrow, delegate: delegate.delegate },
      { escrow, ...delegate, revokedAt: 0n },
    )
  }
  return 'applied'
}

/**
 * Fails with `escrow_unknown`, `escrow_closing`, `escrow_expired`, `expiry_invalid` or
 * `insufficient_balance`.
 */
export function applyEscrowTopUp(context: MessageContext, message: EscrowTopUp): OutcomeCode {
  const { state, slot, sender } = context
  const found = openEscrow(context, message.escrow)
  if (typeof found === 'string') return found
  const expiry = message.expiry === 0n ? found.expiry : message.expiry
  if (expiry < found.expiry || tooFar(slot, expiry)) return 'expiry_invalid'
  if (!debit(state, sender, message.amount)) return 'insufficient_balance'
  state.putEscrow(message.escrow, { ...found, balance: found.balance + message.amount, expiry })
  return 'applied'
}

/**
 * Fails with `escrow_unknown`, `not_owner` (a stranger, before notice or expiry have passed) or
 * `notice_running`.
 */
export function applyEscrowClose(context: MessageContext, message: EscrowClose): OutcomeCode {
  const { state, slot, sender, parameters } = context
  const escrow = state.escrow(message.escrow)
  if (!escrow) return 'escrow_unknown'
  if (slot >= escrow.expiry || isClosed(escrow, slot)) {
    for (const { delegate } of state.delegatesOf(message.escrow)) {
      state.putDelegate({ escrow: message.escrow, delegate }, undefined)
    }
    state.putEscrow(message.escrow, undefined)
    credit(state, escrow.owner, escrow.balance)
    context.paidOut({ to: escrow.owner, amount: escrow.balance })
    return 'applied'
  }
  if (!bytesEqual(escrow.owner, sender)) return 'not_owner'
  if (escrow.closesAt !== 0n) return 'notice_running'
  state.putEscrow(message.escrow, { ...escrow, closesAt: slot + parameters.closeNoticeSlots })
  return 'applied'
}

/** Whether a close has taken effect: from its slot on, nothing is paid out of the escrow any more. */
export const isClosed = (escrow: Escrow, slot: bigint): boolean =>
  escrow.closesAt !== 0n && slot >= escrow.closesAt

/** An escrow that still takes money and delegates, or why it does not. */
export function openEscrow(context: MessageContext, id: Uint8Array): Escrow | OutcomeCode {
  const escrow = context.state.escrow(id)
  if (!escrow) return 'escrow_unknown'
  if (escrow.closesAt !== 0n) return 'escrow_closing'
  return context.slot >= escrow.expiry ? 'escrow_expired' : escrow
}

const tooFar = (slot: bigint, expiry: bigint): boolean => expiry > slot + escrowLifeSlotsMax
