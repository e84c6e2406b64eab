/**
 * Receipt claim: the protocol reward for settled jobs, where genesis turns it on. It mints what the settlement
 * of the same job has left to be claimed, once, and only for a while.
 */
import * as P from 'micro-packed'
import { bytes32, type Coder, listOf, u64 } from '../../base/coders.ts'
import type { MessageContext } from '../message-context.ts'
import type { OutcomeCode } from '../outcome.ts'
import { countMinted, credit } from '../state.ts'

/**
 * `authorisation`: hash of the settled one, which its receipt names; `expiry`: last slot in which it can be
 * claimed (that of the settlement and `claimWindowSlots`); `amount`: base units, all that is claimable:
 * whoever may send it could spoil it otherwise.
 */
export type ReceiptClaimItem = { authorisation: Uint8Array; expiry: bigint; amount: bigint }

/**
 * Between one and `receiptClaimsMax` items, all of them or none. Anyone may send it and pays the fee: each
 * amount goes to the miner that the settlement paid.
 */
export type ReceiptClaim = { claims: ReceiptClaimItem[] }

/** Canonical bytes of a claim. */
export const receiptClaimCoder: Coder<ReceiptClaim> = P.struct({
  claims: listOf(P.struct({ authorisation: bytes32, expiry: u64, amount: u64 })),
})

/**
 * Fails with `claim_unknown` (never burned, claimed already, or too late) or `amount_invalid` (more or less
 * than is claimable).
 */
export function applyReceiptClaim(context: MessageContext, { claims }: ReceiptClaim): OutcomeCode {
  const { state, slot } = context
  for (const claim of claims) {
    const claimable = state.claimable(claim)
    if (!claimable || slot > claimable.expiry) return 'claim_unknown'
    if (claim.amount !== claimable.amount) return 'amount_invalid'
    state.putClaimable(claim, undefined)
    countMinted(state, claim.amount)
    credit(state, claimable.miner, claim.amount)
    context.paidOut({ to: claimable.miner, amount: claim.amount })
  }
  return 'applied'
}
