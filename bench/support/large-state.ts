/**
 * Chains that would take hours to grow, laid down in a store directly: a state of many accounts, built by
 * the tree's own batches, and a past of many blocks, whose rows are there and whose content is not. The
 * newest block is whole, so that an engine opens the store and goes on from it.
 */
import { type Block, blockCoder, type Header, headerHash } from '../../core/chain/block.ts'
import { type BlockRef, initialDurable } from '../../core/chain/consensus.ts'
import {
  decodeExecution,
  decodeHeadRecord,
  type ExecutionRecord,
  encodeExecution,
  encodeHeadRecord,
} from '../../core/chain/engine-record.ts'
import { accountKey, encodeAccount } from '../../core/chain/entries.ts'
import { authoritySetHash, type Genesis } from '../../core/chain/genesis.ts'
import { outcomesCoder } from '../../core/chain/outcome.ts'
import { rootHash, type TreeRoot, updateTree } from '../../core/chain/state-tree.ts'
import { createNodeCache, encodeNode } from '../../core/chain/state-tree-node.ts'
import type { ChainStore } from '../../core/chain/store.ts'
import { sha256 } from '../../core/crypto/hash.ts'
import { appendHistory, type History, historyRoot } from '../../core/crypto/history.ts'
import { listRoot } from '../../core/crypto/merkle.ts'
import { addressNumbered, benchAuthority, openBenchEngine, type Sender } from './bench-ledger.ts'

export type LargeState = {
  readonly store: ChainStore
  readonly genesis: Genesis
  readonly senders: readonly Sender[]
  /** Accounts in all, senders among them. */
  readonly accounts: number
  /** Of the newest block. */
  readonly height: number
}

/** Of each account; all together stay far below 2^64. */
const balance = 1_000_000_000n
const entriesAtATime = 20_000
const heightsAtATime = 5_000
const cachedNodes = 400_000
/** Transactions of one past block that the index of places knows. */
const placesPerBlock = 4

/** The n-th account that is no sender's. */
export const otherAccount = (number: number): Uint8Array => addressNumbered(number + 1)

/** Lays genesis, then the state, then the past. */
export function layLargeState(input: LargeState): void {
  const { store, genesis } = input
  const trusting = { verify: () => true }
  openBenchEngine({ store, genesis, verifier: trusting })
  const laid = store.readHeight(0)
  const block0 = laid && store.readBlock(laid)
  const record = store.readHead()
  if (!block0 || !record) throw new Error('genesis is not laid')
  const before = decodeExecution(block0.execution)
  const start = { root: before.root, nextId: decodeHeadRecord(record).nextNodeId }
  const { root, nextId } = layAccounts(input, start)
  const { history, parent } = layPast(input, before.history, block0.hash)
  const execution = {
    root,
    firstNode: start.nextId,
    endNode: nextId,
    staled: [],
    held: before.held + balance * BigInt(input.accounts),
    payouts: [],
  }
  layTip(input, { history, parent, execution })
}

function layAccounts(
  { store, senders, accounts }: LargeState,
  start: { readonly root: TreeRoot; readonly nextId: number },
): { readonly root: TreeRoot; readonly nextId: number } {
  const value = encodeAccount({ balance, nonce: 0n })
  const keys = Array.from({ length: accounts }, (_, number) =>
    accountKey(senders[number]?.address ?? otherAccount(number - senders.length)),
  ).sort(Buffer.compare)
  const nodes = createNodeCache(store.readNode, cachedNodes)
  let at = start
  for (let from = 0; from < keys.length; from += entriesAtATime) {
    const changes = keys.slice(from, from + entriesAtATime).map((key) => ({ key, value }))
    store.atomically(() => {
      const update = updateTree(nodes.read, at, changes)
      store.writeNodes(update.written.map(({ id, node }) => ({ id, bytes: encodeNode(node) })))
      store.deleteNodes(update.staled)
      for (const { id, node } of update.written) nodes.remember(id, node)
      at = { root: update.root, nextId: update.nextId }
    })
  }
  return at
}

/** Rows of blocks 1 to height − 1, under hashes that no header has. */
function layPast(
  { store, height: tip }: LargeState,
  from: History,
  genesisBlock: Uint8Array,
): { readonly history: History; readonly parent: Uint8Array } {
  let history = from
  let parent = genesisBlock
  const past = new Uint8Array(900)
  const row = { block: past, outcomes: past.subarray(0, 100), execution: past.subarray(0, 200) }
  for (let first = 1; first < tip; first += heightsAtATime) {
    store.atomically(() => {
      for (let height = first; height < Math.min(first + heightsAtATime, tip); height++) {
        const hash = sha256(parent)
        const appended = appendHistory(history, hash)
        store.writeBlock({ hash, parent, height, slot: height, ...row })
        store.writeHeight(height, hash)
        store.writeHistoryNodes(appended.completed)
        const places = Array.from({ length: placesPerBlock }, (_, index) => ({
          transaction: sha256(hash, Uint8Array.of(index)),
          height,
          index,
        }))
        store.writePlaces(places)
        history = appended.history
        parent = hash
      }
    })
  }
  return { history, parent }
}

/** The newest block: final, and the parent of the next one. */
function layTip(
  { store, genesis, height }: LargeState,
  above: {
    readonly history: History
    readonly parent: Uint8Array
    readonly execution: Omit<ExecutionRecord, 'history'>
  },
): void {
  const header: Header = {
    version: 1,
    height: BigInt(height),
    slot: BigInt(height),
    parent: above.parent,
    proposer: benchAuthority.publicKey,
    transactionsRoot: listRoot([]),
    outcomesRoot: listRoot([]),
    stateRoot: rootHash(above.execution.root),
    historyRoot: historyRoot(above.history),
    authorities: authoritySetHash(genesis.authorities),
    certificate: undefined,
  }
  const block: Block = {
    signedHeader: { header, signature: new Uint8Array(64) },
    transactions: [],
  }
  const tip: BlockRef = { hash: headerHash(header), height, slot: height }
  const { history, completed } = appendHistory(above.history, tip.hash)
  const record = store.readHead()
  if (!record) throw new Error('genesis is not laid')
  const { genesisHash } = decodeHeadRecord(record)
  store.atomically(() => {
    store.writeBlock({
      ...tip,
      parent: above.parent,
      block: blockCoder.encode(block),
      outcomes: outcomesCoder.encode([]),
      execution: encodeExecution({ ...above.execution, history }),
    })
    store.writeHeight(height, tip.hash)
    store.writeHistoryNodes(completed)
    const nextNodeId = above.execution.endNode
    const consensus = initialDurable(tip)
    store.writeHead(encodeHeadRecord({ genesisHash, nextNodeId, consensus }))
  })
}
