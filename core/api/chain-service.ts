/**
 * What the chain offers to the rest of a site: the seam between the chain object, the coordinator, the
 * gateway and, for a site that follows another's chain, HTTP. Plain data, so that it travels by RPC.
 *
 * Hashes and keys are bytes; amounts base units as `bigint`; heights and slots safe integers.
 */

import type { ClaimName } from '../chain/entries.ts'
import type { Parameters } from '../chain/genesis.ts'
import type {
  AccountView,
  BondView,
  BookingView,
  ClaimableView,
  EscrowView,
  HeadView,
  ProofError,
  ProofSubject,
  ProofView,
  SubmitVerdict,
  TransactionView,
} from '../chain/views.ts'

export type {
  AccountView,
  BlockView,
  BondView,
  BookingView,
  ClaimableView,
  DelegateView,
  EscrowView,
  HeadView,
  ProofError,
  ProofSubject,
  ProofView,
  SubmitRefusal,
  SubmitVerdict,
  TransactionView,
} from '../chain/views.ts'

/** The chain as this site sees it, for anyone. */
export type StatusView = {
  readonly chainId: string
  readonly genesisHash: Uint8Array
  readonly genesisTimeMs: number
  readonly parameters: Parameters
  /** The set in force. */
  readonly authorities: readonly { readonly publicKey: Uint8Array; readonly name: string }[]
  /** Its last height, once a change is on the head's chain. */
  readonly authoritiesUntil: number | undefined
  readonly head: HeadView
  /** Slot by this site's clock. */
  readonly currentSlot: number
  readonly mempoolSize: number
  /** Height up to which the read model has been filled; -1 before the first. */
  readonly indexedHeight: number
  /** Lowest height whose block this site keeps: 0, or that of the snapshot with which it began. */
  readonly keptFrom: number
  /** Base units: at genesis, minted since, burned since, and all that is held (accounts, escrows, bookings, bonds). */
  readonly supply: {
    readonly genesis: bigint
    readonly minted: bigint
    readonly burned: bigint
    readonly held: bigint
  }
  /** Whether this site holds an authority key of the current set. */
  readonly proposing: boolean
  /** Last fault of the proposer or of the outbox, for people; undefined while all is well. */
  readonly fault: string | undefined
}

/**
 * The chain as a service. Every method may reject when the chain object or the followed site cannot be
 * reached; callers answer 503 `CHAIN_UNAVAILABLE` then.
 */
export type ChainService = {
  /** Checks and pools signed transactions: at most `limits.submitBatchMax` in one call. */
  submit(transactions: readonly Uint8Array[]): Promise<SubmitVerdict[]>
  status(): Promise<StatusView>
  head(): Promise<HeadView>
  account(address: Uint8Array): Promise<AccountView>
  /** From the newest final state. */
  finalEscrow(id: Uint8Array): Promise<EscrowView | undefined>
  /** A booking in the newest final state; undefined once it is closed. */
  finalBooking(id: Uint8Array): Promise<BookingView | undefined>
  /** The stake of a key, by its 20-byte address, in the newest final state. */
  finalBond(owner: Uint8Array): Promise<BondView | undefined>
  /** What may still be claimed for a settled authorisation, in the newest final state. */
  finalClaimable(name: ClaimName): Promise<ClaimableView | undefined>
  transaction(hash: Uint8Array): Promise<TransactionView | undefined>
  /** Asks the site's faucet account for a gift; only where genesis has a faucet. */
  faucet(to: Uint8Array, amount: bigint): Promise<SubmitVerdict>
  proof(subject: ProofSubject): Promise<ProofView | ProofError>
}
