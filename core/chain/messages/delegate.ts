/** Delegate grant and revoke: a key with a budget on one escrow, what stands behind an API key. */
import * as P from 'micro-packed'
import { bytesEqual } from '../../base/bytes.ts'
import { bytes32, type Coder } from '../../base/coders.ts'
import type { Delegate } from '../entries.ts'
import { escrowDelegatesMax } from '../limits.ts'
import type { MessageContext } from '../message-context.ts'
import type { OutcomeCode } from '../outcome.ts'
import { type DelegateTerms, delegateTermsCoder, openEscrow } from './escrow.ts'

/**
 * Grants a delegate, or replaces the terms of one. While it can still be charged, its terms may only
 * grow: less would be a revocation without notice. Only the owner of the escrow may.
 */
export type DelegateGrant = { escrow: Uint8Array; terms: DelegateTerms }

/** Canonical bytes of a grant. */
export const delegateGrantCoder: Coder<DelegateGrant> = P.struct({
  escrow: bytes32,
  terms: delegateTermsCoder,
})

/**
 * Revokes: binds the coordinator at once, the chain after the notice. Once the delegate can no longer be
 * charged, a revoke removes its entry. Only the owner may.
 */
export const delegateRevokeCoder = P.struct({ escrow: bytes32, delegate: bytes32 })
export type DelegateRevoke = P.UnwrapCoder<typeof delegateRevokeCoder>

/**
 * Fails with `escrow_unknown`, `escrow_closing`, `escrow_expired`, `not_owner`, `expiry_invalid`,
 * `amount_invalid` (a smaller budget) or `limit_exceeded` (`escrowDelegatesMax`).
 */
export function applyDelegateGrant(context: MessageContext, message: DelegateGrant): OutcomeCode {
  const { state, slot, sender } = context
  const { escrow: id, terms } = message
  const escrow = openEscrow(context, id)
  if (typeof escrow === 'string') return escrow
  if (!bytesEqual(escrow.owner, sender)) return 'not_owner'
  if (terms.expiry <= slot) return 'expiry_invalid'
  const known = state.delegate(id, terms.delegate)
  if (known && isChargeable(known, slot)) {
    if (terms.budget < known.budget) return 'amount_invalid'
    if (terms.expiry < known.expiry) return 'expiry_invalid'
  }
  if (!known) {
    if (escrow.delegates >= escrowDelegatesMax) return 'limit_exceeded'
    state.putEscrow(id, { ...escrow, delegates: escrow.delegates + 1 })
  }
  state.putDelegate(
    { escrow: id, delegate: terms.delegate },
    { escrow: id, ...terms, revokedAt: 0n },
  )
  return 'applied'
}

/** Fails with `escrow_unknown`, `not_owner`, `delegate_unknown` or `notice_running`. */
export function applyDelegateRevoke(context: MessageContext, message: DelegateRevoke): OutcomeCode {
  const { state, slot, sender, parameters } = context
  const escrow = state.escrow(message.escrow)
  if (!escrow) return 'escrow_unknown'
  if (!bytesEqual(escrow.owner, sender)) return 'not_owner'
  const known = state.delegate(message.escrow, message.delegate)
  if (!known) return 'delegate_unknown'
  if (!isChargeable(known, slot)) {
    state.putDelegate(message, undefined)
    state.putEscrow(message.escrow, { ...escrow, delegates: escrow.delegates - 1 })
    return 'applied'
  }
  if (known.revokedAt !== 0n) return 'notice_running'
  state.putDelegate(message, { ...known, revokedAt: slot + parameters.closeNoticeSlots })
  return 'applied'
}

/** Whether an authorisation by the delegate can still be settled in this slot. */
export const isChargeable = (delegate: Delegate, slot: bigint): boolean =>
  slot < delegate.expiry && (delegate.revokedAt === 0n || slot < delegate.revokedAt)
