/**
 * What the chain object answers to `/rpc` beyond `ChainService`: blocks, ranges, the mempool, and what the
 * read model does not have yet.
 */
import type { LightUpdate } from '../chain/light.ts'
import type { LightAnswer } from '../chain/light-fact.ts'
import type {
  BlockView,
  ChainService,
  ProofError,
  ProofSubject,
  TransactionView,
} from './chain-service.ts'
import type { BlockSummary } from './rpc-views.ts'
import type { SnapshotService } from './snapshot-service.ts'
import type { SyncService } from './sync-service.ts'

/** Bounds of one call, so that no reader holds up the chain. */
export const chainReadLimits = {
  /** Most blocks that one call reads. */
  blocksMax: 100,
  /** Most transactions in one answer. */
  transactionsMax: 1_000,
  /** Most bytes of transactions in one answer: RPC carries 32 MiB. */
  transactionBytesMax: 8_388_608,
} as const

/** Where to begin, and how far to go. */
export type TransactionsAsk = {
  /** Only blocks above this height. */
  readonly above: number
  /** Only what stands below this place of a block; undefined: from the head on. */
  readonly before: { readonly height: number; readonly index: number } | undefined
  /** Most transactions that are wanted. */
  readonly limit: number
}

/** Transactions of the head's chain, newest first. */
export type FreshTransactions = {
  readonly headHeight: number
  readonly transactions: readonly TransactionView[]
  /** Where to go on, as `before`; undefined when nothing above the height is left. */
  readonly next: TransactionsAsk['before']
}

/** Reads that only `/rpc` needs. A list is cut off where a bound is reached, never refused. */
export type ChainReads = {
  /** A block of the head's chain by height, or any block by hash. */
  block(at: number | Uint8Array): Promise<BlockView | undefined>
  /** Blocks by height, `from` to `to` ascending, at most `blocksMax`: later ones are left out. */
  blocks(range: { readonly from: number; readonly to: number }): Promise<BlockSummary[]>
  /** Pooled transactions, best fee first. */
  pool(limit: number): Promise<TransactionView[]>
  /** Pooled transactions of one account by nonce, also those that wait behind a missing one. */
  waiting(sender: Uint8Array): Promise<TransactionView[]>
  /**
   * Transactions of blocks above a height, newest first, out of the newest `blocksMax` blocks: what a
   * list shows before the read model has it.
   */
  recent(input: { readonly above: number }): Promise<TransactionView[]>
  /** A piece of the newest transactions: at most `blocksMax` blocks, and as much as one answer holds. */
  freshTransactions(ask: TransactionsAsk): Promise<FreshTransactions>
  /** For light clients: the way from a height to the newest final block, or to the final one at `to`. */
  lightUpdate(from: number, to?: number): Promise<LightUpdate>
  /** The same with a fact under that block. */
  lightProof(subject: ProofSubject, from: number): Promise<LightAnswer | ProofError>
}

/** Everything that the chain object offers inside its own site. */
export type ChainNodeService = ChainService &
  ChainReads &
  SyncService &
  SnapshotService & {
    /** Cron: does what is due and arms the alarm anew. */
    watchdog(): Promise<void>
  }
