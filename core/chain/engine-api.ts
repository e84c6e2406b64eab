/**
 * What the engine offers to its host (a Durable Object, a simulator): one function a need, synchronous,
 * each write path one atomic write of the store. The host brings store, clock and keys; it calls `tick`
 * when `dueAtMs` says so, sends what it is handed, and never decides anything.
 */

import type { Result } from '../base/result.ts'
import type { Signer, Verifier } from '../crypto/signature.ts'
import type { Audit } from './audit.ts'
import type { Block, Certificate } from './block.ts'
import type { OffenceProof } from './consensus.ts'
import type { SnapshotMaker } from './engine-snapshot.ts'
import type { ClaimName } from './entries.ts'
import type { Offence } from './evidence.ts'
import type { AuthoritySet, Genesis } from './genesis.ts'
import type { LightState, LightUpdate } from './light.ts'
import type { LightAnswer } from './light-fact.ts'
import type { Payout } from './message-context.ts'
import type { Outcome } from './outcome.ts'
import type { ChainStore } from './store.ts'
import type {
  AccountView,
  BlockView,
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
} from './views.ts'

/** What the host brings. */
export type EngineOptions = {
  readonly store: ChainStore
  readonly genesis: Genesis
  /** The host's native verifier, already wrapped by `strictVerifier` (core/crypto/ed25519.ts). */
  readonly verifier: Verifier
  /** Authority key of this site; undefined for a site that only follows. */
  readonly signer: Signer | undefined
}

/**
 * Why a store cannot be opened. None of these heals by itself; an unfinished snapshot is resumed or
 * abandoned (`snapshot-install.ts`).
 */
export type OpenError = {
  readonly code: 'GENESIS_MISMATCH' | 'STORE_CORRUPT' | 'INSTALL_UNFINISHED'
  readonly message: string
}

/** What to send to others, only after the atomic write that made it has been kept. */
export type Outbound =
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  /** A signed vote or commit (`finalityMessageCoder`), with the slot of its block. */
  | { readonly kind: 'message'; readonly bytes: Uint8Array; readonly slot: number }

/** What one step did. */
export type Step = {
  /** Blocks that became part of the head's chain, in order of height. */
  readonly added: readonly HeadView[]
  /** Heights that became final in this step: `from` to `to`, both included. */
  readonly finalized: { readonly from: number; readonly to: number } | undefined
  /** Blocks that left the head's chain for those: above 0, the chain was reorganised. */
  readonly deserted: number
  readonly send: readonly Outbound[]
  /** What only a dishonest authority can have signed, with the two signatures. */
  readonly offences: readonly FoundOffence[]
  /** When to call `tick` next, Unix milliseconds; never in the past of `nowMs`. */
  readonly dueAtMs: number
}

/** An offence and what shows it. */
export type FoundOffence = Offence & {
  readonly first: OffenceProof
  readonly second: OffenceProof
}

/** Why a vote or commit was refused. */
export type MessageError = {
  readonly code:
    | 'ENCODING_INVALID'
    | 'AUTHORITY_UNKNOWN'
    | 'MESSAGE_EARLY'
    | 'BEHIND_FINAL'
    | 'SIGNATURE_INVALID'
  readonly message: string
}

/** Why a block was refused. `BLOCK_EARLY`, `PARENT_UNKNOWN` and `PARENT_NOT_FINAL` may be tried
 * again later. */
export type ImportError = {
  readonly code:
    | 'ENCODING_INVALID'
    | 'BLOCK_TOO_LARGE'
    | 'TOO_MANY_TRANSACTIONS'
    | 'BLOCK_EARLY'
    | 'PARENT_UNKNOWN'
    | 'PARENT_NOT_FINAL'
    | 'BEHIND_FINAL'
    | 'HEIGHT_INVALID'
    | 'SLOT_INVALID'
    | 'HEADER_INVALID'
    | 'PROPOSER_INVALID'
    | 'SIGNATURE_INVALID'
    | 'CERTIFICATE_INVALID'
    | 'TRANSACTION_INVALID'
    | 'ROOT_MISMATCH'
  readonly message: string
}

/** One final block with all that a read model wants from it. */
export type FinalizedBlock = {
  readonly view: BlockView
  readonly block: Block
  /** Signed bytes, hash and outcome of each transaction, in order. */
  readonly transactions: readonly TransactionView[]
  readonly outcomes: readonly Outcome[]
  /** Who got what that messages and outcomes do not say; undefined where this site has not noted it. */
  readonly payouts: readonly (readonly Payout[])[] | undefined
  readonly certificate: Certificate | undefined
}

/** How the site stands. */
export type EngineStatus = {
  readonly head: HeadView
  /** Slot by `nowMs`; may be negative before genesis. */
  readonly currentSlot: number
  /** Who makes the next blocks, and the change that is under way on the head's chain. */
  readonly authorities: AuthoritySet
  readonly closesAt: number | undefined
  readonly mempoolSize: number
  readonly mempoolBytes: number
  readonly supply: {
    readonly genesis: bigint
    readonly minted: bigint
    readonly burned: bigint
    readonly held: bigint
  }
  readonly proposing: boolean
  /** Why this site signs nothing although it has a key; undefined while it does. */
  readonly fault: string | undefined
}

/** An open chain. Reads cost what they show; each write is one atomic write of the store. */
export type Engine = {
  readonly genesisHash: Uint8Array

  /**
   * Checks and pools signed transactions, at most `submitBatchMax`, in one atomic write. The host calls
   * `dueAtMs` afterwards: a first transaction makes a block due in the current slot.
   */
  readonly submit: (transactions: readonly Uint8Array[], nowMs: number) => SubmitVerdict[]

  /**
   * Does what is due: proposes at most one block, once a slot whatever alarm comes between, and
   * finalizes. Calling it early, late or twice is harmless.
   */
  readonly tick: (nowMs: number) => Step

  /** When to call `tick` next, Unix milliseconds. A function of durable state and `nowMs` alone. */
  readonly dueAtMs: (nowMs: number) => number

  /** Checks and takes over a block made elsewhere. A block already held is no error and no step. */
  readonly importBlock: (
    input: { readonly bytes: Uint8Array; readonly certificate: Certificate | undefined },
    nowMs: number,
  ) => Result<Step, ImportError>

  /** Takes over a certificate alone. `PARENT_UNKNOWN` when its block is not held; an older one is no step. */
  readonly importCertificate: (certificate: Certificate, nowMs: number) => Result<Step, ImportError>

  /**
   * Takes over votes and commits of authorities, its own included. A verdict for each, in order: the
   * refused ones leave no trace. What is known already is no error.
   */
  readonly receive: (
    messages: readonly Uint8Array[],
    nowMs: number,
  ) => { readonly step: Step; readonly refused: readonly (MessageError | undefined)[] }

  /** Votes and commits for blocks above the final one, this site's and others', encoded. */
  readonly openMessages: () => Uint8Array[]

  /** Bytes of a block that is held, on whatever branch. */
  readonly blockBytes: (hash: Uint8Array) => Uint8Array | undefined

  /** Lowest height of the head's chain that is held: 0, or that of the snapshot with which this site began. */
  readonly keptFrom: () => number

  /** Hashes of the head's chain from `height` on, at most `limit`. */
  readonly hashesFrom: (height: number, limit: number) => Uint8Array[]

  /** Operator: sign nothing for now, since this store was restored and may have forgotten signatures. */
  readonly suspendSigning: (nowMs: number) => void

  /** Operator: sign again after `fault` said that this site stopped (restored backup, second copy). */
  readonly resumeSigning: (nowMs: number) => void

  readonly status: (nowMs: number) => EngineStatus
  readonly head: () => HeadView
  readonly account: (address: Uint8Array) => AccountView
  readonly finalEscrow: (id: Uint8Array) => EscrowView | undefined
  readonly finalBooking: (id: Uint8Array) => BookingView | undefined
  /** By the 20-byte address of the bonded key. */
  readonly finalBond: (owner: Uint8Array) => BondView | undefined
  /** What may still be claimed for a settled authorisation. */
  readonly finalClaimable: (name: ClaimName) => ClaimableView | undefined
  readonly transaction: (hash: Uint8Array) => TransactionView | undefined
  readonly blockAt: (height: number) => BlockView | undefined
  readonly block: (hash: Uint8Array) => BlockView | undefined
  /** Pooled transactions, best fee first, at most `limit`. */
  readonly pool: (limit: number) => TransactionView[]
  /** Pooled transactions of one account by nonce, also those that wait behind a missing one. */
  readonly waiting: (sender: Uint8Array) => TransactionView[]
  /** Final blocks from `height` on, at most `limit`: what the outbox feeds on. Height 0 is genesis. */
  readonly finalizedFrom: (height: number, limit: number) => FinalizedBlock[]
  /** Adds up the whole state at the head, entry by entry: for tests and operators, not for every request. */
  readonly audit: () => Audit
  readonly proof: (subject: ProofSubject) => ProofView | ProofError
  /** Makes snapshots beside the running chain. */
  readonly snapshots: SnapshotMaker
  /** For light clients: the way from a height to the newest final block, or to the final one at `to`. */
  readonly lightUpdate: (from: number, to?: number) => LightUpdate
  /** What a light client remembers that stands at the newest final block; undefined at genesis. */
  readonly lightState: () => LightState | undefined
  /** The same with a fact under that block. */
  readonly lightProof: (subject: ProofSubject, from: number) => LightAnswer | ProofError
}
