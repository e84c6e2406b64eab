/**
 * The `ChainStore` port: where one site's chain lives. Synchronous, like the SQLite of a Durable Object.
 * Adapters: `durable-objects/` (SQLite) and `test/support/memory-chain-store.ts`; one contract suite
 * (`test/contract/chain-store.ts`) runs over both.
 *
 * Writes happen only inside `atomically`. When the action throws, or the process dies before it returns,
 * nothing of it is kept. Reads inside see the writes made so far. Byte strings handed in are not changed
 * afterwards by the caller, and byte strings handed out must not be changed by the caller.
 */

/** Local name of a state tree node: a positive safe integer, never reused. */
export type NodeId = number

/** A node of the state tree, encoded (core/chain/state-tree.ts); about 60 to 250 bytes. */
export type StoredNode = { readonly id: NodeId; readonly bytes: Uint8Array }

/** A block with what executing it did. Immutable once put, except through `putBlock` again. */
export type StoredBlock = {
  /** Hash of the header: primary key. */
  readonly hash: Uint8Array
  readonly parent: Uint8Array
  readonly height: number
  readonly slot: number
  /** Canonical bytes (`blockCoder`), at most about 1 MB. */
  readonly block: Uint8Array
  /** Canonical bytes (`outcomesCoder`): outcomes in the order of the transactions. */
  readonly outcomes: Uint8Array
  /** Local bookkeeping of the engine (`executionCoder`): state root node, nodes to prune. */
  readonly execution: Uint8Array
}

/** Where a transaction stands on the chain that ends in the head. */
export type StoredPlace = {
  readonly transaction: Uint8Array
  readonly height: number
  readonly index: number
}

/** A pooled transaction. `arrival` rises with every admission and orders equals. */
export type StoredPooled = {
  /** Transaction hash: primary key. */
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
  readonly arrival: number
}

/** A complete subtree of the history accumulator, at most two a block. Level 0 are the leaves. */
export type StoredHistoryNode = {
  readonly level: number
  readonly index: number
  readonly hash: Uint8Array
}

/** Something that this site has signed for a slot above the final block: it must not contradict it. */
export type StoredMessage = {
  /** Primary key. */
  readonly id: Uint8Array
  readonly slot: number
  readonly bytes: Uint8Array
}

/**
 * Rows of their own beside the head: `pin` and `work` of a snapshot in the making, `install` and `installed`
 * of one that is being taken over, `base` of one with which this site began.
 */
export type StoredNoteName = 'pin' | 'work' | 'install' | 'installed' | 'base'

/** The port. Heights, ids and indexes are safe integers; hashes have 32 bytes. */
export type ChainStore = {
  /** Runs `action` as one atomic write and returns what it returns. Never nested. */
  readonly atomically: <T>(action: () => T) => T

  /** The engine's own record: one row, undefined before the first write. */
  readonly readHead: () => Uint8Array | undefined
  readonly writeHead: (record: Uint8Array) => void

  readonly readNode: (id: NodeId) => Uint8Array | undefined
  /** Ids are new and rise by one; a full block writes some thousands. */
  readonly writeNodes: (nodes: readonly StoredNode[]) => void
  /** Unknown ids are ignored. */
  readonly deleteNodes: (ids: readonly NodeId[]) => void

  readonly readBlock: (hash: Uint8Array) => StoredBlock | undefined
  /** Puts a block, replacing one of the same hash. */
  readonly writeBlock: (block: StoredBlock) => void
  readonly deleteBlock: (hash: Uint8Array) => void
  /** Hashes of all stored blocks at a height, on whatever branch. */
  readonly listBlocksAt: (height: number) => readonly Uint8Array[]

  /** Hash of the block at a height of the chain that ends in the head. */
  readonly readHeight: (height: number) => Uint8Array | undefined
  readonly writeHeight: (height: number, hash: Uint8Array) => void
  /** Forgets all heights above, when the head moves to another branch. */
  readonly deleteHeightsAbove: (height: number) => void

  readonly readPlace: (transaction: Uint8Array) => StoredPlace | undefined
  readonly writePlaces: (places: readonly StoredPlace[]) => void
  readonly deletePlaces: (transactions: readonly Uint8Array[]) => void

  /** All pooled transactions in order of arrival. */
  readonly listPooled: () => readonly StoredPooled[]
  /** Puts pooled transactions; the hashes are new. */
  readonly writePooled: (pooled: readonly StoredPooled[]) => void
  /** Unknown hashes are ignored. */
  readonly deletePooled: (hashes: readonly Uint8Array[]) => void

  /** In order of slot. */
  readonly listMessages: () => readonly StoredMessage[]
  /** Puts messages; known ids are replaced. */
  readonly writeMessages: (messages: readonly StoredMessage[]) => void
  /** Forgets all messages up to and including a slot. */
  readonly deleteMessagesUpTo: (slot: number) => void

  readonly readHistoryNode: (level: number, index: number) => Uint8Array | undefined
  readonly writeHistoryNodes: (nodes: readonly StoredHistoryNode[]) => void

  readonly readNote: (name: StoredNoteName) => Uint8Array | undefined
  /** Puts a note of at most 2 MB, replacing the one before. */
  readonly writeNote: (name: StoredNoteName, bytes: Uint8Array) => void
  /** Unknown names are ignored. */
  readonly deleteNotes: (names: readonly StoredNoteName[]) => void

  /** Nodes that no state uses any more but a snapshot in the making, in rising order, at most `limit`. */
  readonly listPostponed: (limit: number) => readonly NodeId[]
  /** Known ids are no fault. */
  readonly writePostponed: (ids: readonly NodeId[]) => void
  /** Unknown ids are ignored. */
  readonly deletePostponed: (ids: readonly NodeId[]) => void
}

/** Names of the methods that write: what a fault injector must be able to fail, one by one. */
export const chainStoreWrites = [
  'writeHead',
  'writeNodes',
  'deleteNodes',
  'writeBlock',
  'deleteBlock',
  'writeHeight',
  'deleteHeightsAbove',
  'writePlaces',
  'deletePlaces',
  'writePooled',
  'deletePooled',
  'writeMessages',
  'deleteMessagesUpTo',
  'writeHistoryNodes',
  'writeNote',
  'deleteNotes',
  'writePostponed',
  'deletePostponed',
] as const satisfies readonly (keyof ChainStore)[]
