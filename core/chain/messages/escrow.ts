/**
 * Escrow open, top up and close: funds locked for one coordinator to spend, with an expiry slot.
 */
import * as P from 'micro-packed'
import { bytes32, optional, u64 } from '../../base/coders.ts'

/** A key that may authorise jobs from the escrow: `budget` in base units, valid until slot `expiry`. */
export const delegateTermsCoder = P.struct({ delegate: bytes32, budget: u64, expiry: u64 })
export type DelegateTerms = P.UnwrapCoder<typeof delegateTermsCoder>

/**
 * `coordinator`: public key that signs releases; `amount`: base units locked; `expiry`: slot from which
 * anyone may close. `delegate`: granted in the same step, so that a key is usable one block earlier.
 * The escrow's id is derived from the transaction hash (`escrowIdOf`).
 */
export const escrowOpenCoder = P.struct({
  coordinator: bytes32,
  amount: u64,
  expiry: u64,
  delegate: optional(delegateTermsCoder),
})
export type EscrowOpen = P.UnwrapCoder<typeof escrowOpenCoder>

/** Adds `amount` base units; anyone may pay in. `expiry` 0 keeps the expiry, else it may only grow. */
export const escrowTopUpCoder = P.struct({ escrow: bytes32, amount: u64, expiry: u64 })
export type EscrowTopUp = P.UnwrapCoder<typeof escrowTopUpCoder>

/**
 * By the owner: starts the notice. By anyone after the notice or the expiry: pays what is left to the
 * owner and removes the escrow.
 */
export const escrowCloseCoder = P.struct({ escrow: bytes32 })
export type EscrowClose = P.UnwrapCoder<typeof escrowCloseCoder>
