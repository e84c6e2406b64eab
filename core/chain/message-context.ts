/**
 * What a message may see and touch while it is applied. The envelope has been dealt with: signature,
 * nonce and fee. A message that returns anything but `applied` is rolled back by its caller.
 */
import type { AuthoritySet, Parameters } from './genesis.ts'
import type { State } from './state.ts'

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
  /** Whether genesis names an address as a faucet. */
  readonly isFaucet: (address: Uint8Array) => boolean
}
