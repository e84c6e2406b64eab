/**
 * What a message may see and touch while it is applied. The envelope has been dealt with: signature,
 * nonce and fee. A message that returns anything but `applied` is rolled back by its caller.
 */
import type { AuthoritySet, Parameters } from './genesis.ts'
import type { State } from './state.ts'

/** Base units that left an entry: to a 20-byte address, or burned when there is none. */
export type Payout = { readonly to: Uint8Array | undefined; readonly amount: bigint }

/** Handed to the apply function of each kind. */
export type MessageContext = {
  readonly state: State
  readonly parameters: Parameters
  /** Slot of the block. */
  readonly slot: bigint
  /** Height of the block. */
  readonly height: bigint
  /** Authorities of genesis. */
  readonly authorities: AuthoritySet
  /** 20-byte address of the sender. */
  readonly sender: Uint8Array
  /** Id of the escrow that this transaction would open. */
  readonly newEscrow: () => Uint8Array
  /** Id of the booking that this transaction would open. */
  readonly newBooking: () => Uint8Array
  /** Notes who got what, where neither message nor outcome say so: the books need it. */
  readonly paidOut: (payout: Payout) => void
  /** Whether genesis names an address as a faucet. */
  readonly isFaucet: (address: Uint8Array) => boolean
}
