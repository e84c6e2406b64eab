/**
 * Moving the chain within one atomic write: laying genesis, storing what was executed, changing the head,
 * making blocks final.
 */
import { bytesEqual, toHex } from '../base/bytes.ts'
import { assert } from '../base/result.ts'
import { appendHistory, emptyHistory } from '../crypto/history.ts'
import { blockCoder, headerHash } from './block.ts'
import { type BlockRef, initialDurable } from './consensus.ts'
import type { ExecutedBlock } from './engine-build.ts'
import {
  closingHeight,
  type EngineContext,
  type EngineMemory,
  type HeldBlock,
  readHeld,
  refOf,
} from './engine-core.ts'
import { dropNodes } from './engine-pin.ts'
import { type ExecutionRecord, encodeExecution, encodeHeadRecord } from './engine-record.ts'
import { openAdmission } from './engine-submit.ts'
import { createGenesisBlock, genesisSupply } from './genesis-block.ts'
import { advancePool, type Pooled, removePooled } from './mempool.ts'
import { outcomesCoder } from './outcome.ts'
import { openState } from './state.ts'
import type { TreeUpdate } from './state-tree.ts'
import { encodeNode } from './state-tree-node.ts'
import type { ChainStore, NodeId, StoredBlock } from './store.ts'
import { transactionHash } from './transaction.ts'

/** Blocks of one session: those not yet written are seen as if they were. */
export type BlockTable = Pick<
  ChainStore,
  'readBlock' | 'writeBlock' | 'deleteBlock' | 'listBlocksAt'
>

/** Writes the genesis block and its state into an empty store. */
export function layGenesis(context: EngineContext): void {
  const { store, genesis, genesisBlock } = context
  const { header, update } = createGenesisBlock(genesis)
  const genesisRef = { hash: headerHash(header), height: 0, slot: 0 }
  const { history, completed } = appendHistory(emptyHistory, genesisRef.hash)
  writeNodes(context, update)
  const execution: ExecutionRecord = {
    root: update.root,
    firstNode: 1,
    endNode: update.nextId,
    staled: [],
    history,
    held: genesisSupply(genesis),
    payouts: [],
  }
  store.writeBlock({
    ...genesisRef,
    parent: header.parent,
    block: blockCoder.encode(genesisBlock),
    outcomes: outcomesCoder.encode([]),
    execution: encodeExecution(execution),
  })
  store.writeHeight(0, genesisRef.hash)
  store.writeHistoryNodes(completed)
  const { genesisHash } = context.rules
  const consensus = initialDurable(genesisRef)
  store.writeHead(encodeHeadRecord({ genesisHash, nextNodeId: update.nextId, consensus }))
}

/** Writes the state of an executed block and returns the block as it is to be stored. */
export function storeExecution(
  context: EngineContext,
  memory: EngineMemory,
  executed: ExecutedBlock,
  table: BlockTable,
): StoredBlock {
  const { block, update } = executed
  const { header } = block.signedHeader
  const parent = readHeld(table, header.parent)
  assert(parent, 'the parent of an executed block is held')
  writeNodes(context, update)
  memory.nextNodeId = update.nextId
  const execution: ExecutionRecord = {
    root: update.root,
    firstNode: executed.firstNode,
    endNode: update.nextId,
    staled: update.staled,
    history: appendHistory(parent.execution.history, executed.hash).history,
    held: parent.execution.held + update.supplyChange,
    payouts: executed.payouts,
  }
  return {
    ...refOf(block),
    parent: header.parent,
    block: blockCoder.encode(block),
    outcomes: outcomesCoder.encode([...executed.outcomes]),
    execution: encodeExecution(execution),
  }
}

/**
 * Makes a held block the head: indexes its chain, drops from the pool what that settles, and puts back
 * what only a deserted branch held. Returns the blocks that are new to the head's chain, in order, and how
 * many have left it.
 */
export function moveHead(
  context: EngineContext,
  memory: EngineMemory,
  head: BlockRef,
  table: BlockTable,
): { readonly fresh: BlockRef[]; readonly deserted: number } {
  const { store } = context
  const { fresh, fork } = branchOf(store, table, head)
  const deserted = blocksAbove(store, table, fork)
  if (deserted.length > 0) {
    for (const { block } of deserted) store.deletePlaces(block.transactions.map(transactionHash))
    store.deleteHeightsAbove(fork)
  }
  for (const { stored, block } of fresh) {
    const { height, hash } = stored
    store.writeHeight(height, hash)
    const places = block.transactions.map((bytes, index) => ({
      transaction: transactionHash(bytes),
      height,
      index,
    }))
    if (places.length > 0) store.writePlaces(places)
  }
  const last = fresh[fresh.length - 1]
  assert(last, 'a head moves to a block that is new to its chain')
  memory.head = last.execution
  memory.closesAt = closingHeight(context, { root: memory.head.root, height: head.height })
  const slot = BigInt(head.slot + 1)
  const { account } = openState(context.nodes.read, memory.head.root)
  const gone = advancePool(memory.pool, { slot, account })
  if (gone.length > 0) store.deletePooled(gone.map(({ hash }) => hash))
  putBack(context, memory, deserted, slot)
  return { fresh: fresh.map(({ block }) => refOf(block)), deserted: deserted.length }
}

/**
 * Makes the blocks of the head's chain above `previous` up to `block` final: deletes nodes that only
 * older states use, and the branches beside them.
 */
export function finalizeTo(
  context: EngineContext,
  { previous, block }: { readonly previous: BlockRef; readonly block: BlockRef },
  table: BlockTable,
): void {
  const { store } = context
  for (let height = previous.height + 1; height <= block.height; height++) {
    const hash = store.readHeight(height)
    const held = hash && readHeld(table, hash)
    assert(held, 'a block that becomes final is held')
    const { stored, execution } = held
    if (execution.staled.length > 0) {
      dropNodes(store, execution.staled)
      table.writeBlock({ ...stored, execution: encodeExecution({ ...execution, staled: [] }) })
    }
    for (const other of table.listBlocksAt(height)) {
      if (!bytesEqual(other, hash)) deleteBranchBlock(context, table, other)
    }
    const before = readHeld(table, stored.parent)
    assert(before, 'the parent of a final block is held')
    store.writeHistoryNodes(appendHistory(before.execution.history, hash).completed)
  }
  deleteDesertedAbove(context, block.height, table)
}

/** Takes transactions that no block can hold out of the pool. */
export function dropPooled(
  { store }: EngineContext,
  { pool }: EngineMemory,
  dropped: readonly Pooled[],
): void {
  for (const { hash } of dropped) removePooled(pool, hash)
  store.deletePooled(dropped.map(({ hash }) => hash))
}

/** A table that holds writes back until `flush`: a block that is final at once is written once. */
export function deferBlocks(store: BlockTable): BlockTable & { readonly flush: () => void } {
  const pending = new Map<string, StoredBlock>()
  return {
    readBlock: (hash) => pending.get(toHex(hash)) ?? store.readBlock(hash),
    writeBlock: (block) => {
      pending.set(toHex(block.hash), block)
    },
    deleteBlock(hash) {
      pending.delete(toHex(hash))
      store.deleteBlock(hash)
    },
    listBlocksAt(height) {
      const stored = store.listBlocksAt(height)
      const names = new Set(stored.map(toHex))
      const fresh = [...pending].filter(
        ([name, block]) => block.height === height && !names.has(name),
      )
      return [...stored, ...fresh.map(([, { hash }]) => hash)]
    },
    flush() {
      for (const block of pending.values()) store.writeBlock(block)
      pending.clear()
    },
  }
}

function writeNodes({ store, nodes }: EngineContext, { written }: TreeUpdate): void {
  if (written.length === 0) return
  store.writeNodes(written.map(({ id, node }) => ({ id, bytes: encodeNode(node) })))
  for (const { id, node } of written) nodes.remember(id, node)
}

/** Blocks from above the head's chain up to `head`, and the height at which they leave it. */
function branchOf(
  store: ChainStore,
  table: BlockTable,
  head: BlockRef,
): { readonly fresh: HeldBlock[]; readonly fork: number } {
  const fresh: HeldBlock[] = []
  let [hash, height] = [head.hash, head.height]
  for (;;) {
    const indexed = store.readHeight(height)
    if (indexed && bytesEqual(indexed, hash)) return { fresh, fork: height }
    const held = readHeld(table, hash)
    assert(held, 'the ancestors of a held block are held')
    fresh.unshift(held)
    hash = held.stored.parent
    height -= 1
  }
}

function blocksAbove(store: ChainStore, table: BlockTable, fork: number): HeldBlock[] {
  const blocks: HeldBlock[] = []
  for (let height = fork + 1; ; height++) {
    const hash = store.readHeight(height)
    const held = hash && readHeld(table, hash)
    if (!held) return blocks
    blocks.push(held)
  }
}

function putBack(
  context: EngineContext,
  memory: EngineMemory,
  deserted: readonly HeldBlock[],
  slot: bigint,
): void {
  if (deserted.length === 0) return
  const admission = openAdmission(context, memory, slot)
  for (const { block } of deserted) for (const bytes of block.transactions) admission.submit(bytes)
  const { added, removed } = admission.changes()
  if (removed.length > 0) context.store.deletePooled(removed)
  if (added.length > 0) context.store.writePooled(added)
}

/** Blocks that stand on nothing any more, their branch having lost: nodes of theirs may be gone already. */
function deleteDesertedAbove(context: EngineContext, final: number, table: BlockTable): void {
  for (let height = final + 1; ; height++) {
    const hashes = table.listBlocksAt(height)
    if (hashes.length === 0) return
    for (const hash of hashes) {
      const held = readHeld(table, hash)
      if (held && !table.readBlock(held.stored.parent)) deleteBranchBlock(context, table, hash)
    }
  }
}

function deleteBranchBlock(
  { store, recent }: EngineContext,
  table: BlockTable,
  hash: Uint8Array,
): void {
  const execution = readHeld(table, hash)?.execution
  recent.delete(toHex(hash))
  if (!execution) return
  const ids: NodeId[] = []
  for (let id = execution.firstNode; id < execution.endNode; id++) ids.push(id)
  if (ids.length > 0) store.deleteNodes(ids)
  table.deleteBlock(hash)
}
