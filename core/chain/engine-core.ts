/**
 * What the parts of the engine share: constants of the chain, the memory of the site, and reads of blocks.
 * Memory mirrors the store; when an atomic write fails it is thrown away and read again.
 */
import { bytesEqual, toHex } from '../base/bytes.ts'
import { assert } from '../base/result.ts'
import { rememberVerified } from '../crypto/verified-cache.ts'
import { authoritiesAt } from './authorities.ts'
import { type Block, blockCoder, headerHash } from './block.ts'
import type { TreeBlock } from './block-tree.ts'
import { type CheckedTransaction, checkTransaction } from './check-transaction.ts'
import {
  type BlockRef,
  type ConsensusRules,
  type ConsensusState,
  type DurableConsensus,
  restoreConsensus,
} from './consensus.ts'
import type { EngineOptions } from './engine-api.ts'
import { decodeExecution, decodeHeadRecord, type ExecutionRecord } from './engine-record.ts'
import type { ExecutionRules } from './execute.ts'
import { type AuthoritySet, authoritySetHash, genesisHash } from './genesis.ts'
import { createGenesisBlock } from './genesis-block.ts'
import { nodeCacheMax, recentBlocksMax, verifiedCacheMax } from './limits.ts'
import { createMempool, type Mempool, restorePooled } from './mempool.ts'
import { type Outcome, outcomesCoder } from './outcome.ts'
import { openState } from './state.ts'
import type { TreeRoot } from './state-tree.ts'
import { createNodeCache, type NodeCache } from './state-tree-node.ts'
import type { ChainStore, StoredBlock } from './store.ts'
import { type AuthorityCommit, type AuthorityVote, finalityMessageCoder } from './vote.ts'

/** What never changes while an engine is open. */
export type EngineContext = Omit<EngineOptions, 'verifier'> & {
  readonly rules: ExecutionRules
  readonly genesisBlock: Block
  readonly nodes: NodeCache
  /** Blocks lately looked at, decoded: one block is often asked for transaction by transaction. */
  readonly recent: Map<string, HeldBlock>
}

/** What follows the head. Replaced or changed only inside an atomic write. */
export type EngineMemory = {
  /** By the set that votes above the final block. */
  rules: ConsensusRules
  /** The set before it, for certificates up to the height at which it ended. */
  before: { readonly set: AuthoritySet; readonly height: number } | undefined
  /** Last height of the set in force, by the state of the head; undefined while no change is under way. */
  closesAt: number | undefined
  consensus: ConsensusState
  /** Slots of the blocks above the final one that this site has made, by hash in hex. */
  readonly proposed: Map<string, number>
  /** Slots of all messages that the store keeps. */
  signedSlots: readonly number[]
  nextNodeId: number
  /** Bookkeeping of the head block. */
  head: ExecutionRecord
  readonly pool: Mempool
}

/** A block read back whole. */
export type HeldBlock = {
  readonly stored: StoredBlock
  readonly block: Block
  readonly execution: ExecutionRecord
  /** In the order of the transactions. */
  readonly outcomes: readonly Outcome[]
}

/** Gathers the constants. The verifier gets a memory, so that admission is not paid for twice. */
export function createContext(options: EngineOptions): EngineContext {
  const { genesis, store } = options
  const hash = genesisHash(genesis)
  const { header } = createGenesisBlock(genesis)
  return {
    ...options,
    rules: {
      genesisHash: hash,
      verifier: rememberVerified(options.verifier, verifiedCacheMax),
      authorities: genesis.authorities,
      faucets: new Set(genesis.faucets.map(toHex)),
    },
    genesisBlock: { signedHeader: { header, signature: new Uint8Array(64) }, transactions: [] },
    nodes: createNodeCache(store.readNode, nodeCacheMax),
    recent: new Map(),
  }
}

/** Reads the memory that the store implies; throws when the store is damaged. */
export function loadMemory(context: EngineContext, record: Uint8Array): EngineMemory {
  const { consensus: durable, nextNodeId } = decodeHeadRecord(record)
  const final = readHeld(context.store, durable.final.hash)?.execution
  assert(final?.root, 'the final block and its state are stored')
  const { rules, before } = rulesAfter(context, { root: final.root, height: durable.final.height })
  const { consensus, proposed, signedSlots } = restore(context, rules, durable)
  const head = readHeld(context.store, consensus.head.hash)?.execution
  assert(head?.root, 'the head block and its state are stored')
  context.nodes.read(head.root.id)
  const pool = createMempool()
  const state = openState(context.nodes.read, head.root)
  for (const { bytes, arrival } of context.store.listPooled()) {
    // It was checked when it came; the signature is not paid for again.
    const checked = checkTransaction({ ...context.rules, verifier: trusting }, bytes)
    assert(checked.ok, 'a pooled transaction is well formed')
    const nonce = state.account(checked.value.sender)?.nonce ?? 0n
    restorePooled(pool, { ...checked.value, arrival, cost: costOf(checked.value) }, nonce)
  }
  const closesAt = closingHeight(context, { root: head.root, height: consensus.head.height })
  return { rules, before, closesAt, consensus, proposed, signedSlots, nextNodeId, head, pool }
}

/** The reducer's state from what is durable: its record, stored blocks and what this site has signed. */
function restore(
  { store }: EngineContext,
  rules: ConsensusRules,
  durable: DurableConsensus,
): Pick<EngineMemory, 'consensus' | 'proposed' | 'signedSlots'> {
  const blocks: TreeBlock[] = []
  for (let height = durable.final.height + 1; ; height++) {
    const hashes = store.listBlocksAt(height)
    if (hashes.length === 0) break
    for (const hash of hashes) {
      const stored = store.readBlock(hash)
      if (stored) blocks.push({ hash, height, slot: stored.slot, parent: stored.parent })
    }
  }
  const votes: AuthorityVote[] = []
  const commits: AuthorityCommit[] = []
  const proposed = new Map<string, number>()
  const messages = store.listMessages()
  for (const { id, slot, bytes } of messages) {
    if (bytes.length === 0) {
      proposed.set(toHex(id), slot)
      continue
    }
    const message = finalityMessageCoder.decode(bytes)
    if (message.TAG === 'vote') votes.push(message.data)
    else commits.push(message.data)
  }
  const consensus = restoreConsensus(rules, durable, { blocks, votes, commits })
  return { consensus, proposed, signedSlots: messages.map(({ slot }) => slot) }
}

/** Most base units that a transaction can take from its sender; settle is judged by a rehearsal. */
export function costOf({ transaction }: CheckedTransaction): bigint {
  const { fee, message } = transaction.body
  switch (message.TAG) {
    case 'transfer':
    case 'faucet':
    case 'escrow_open':
    case 'escrow_top_up':
    case 'bond':
      return fee + message.data.amount
    case 'booking_open':
      return fee + message.data.price * message.data.slots
    case 'settle':
      return 0n
    default:
      return fee
  }
}

/** A block by hash, decoded; undefined when it is not held. */
export function readHeld(
  store: Pick<ChainStore, 'readBlock'>,
  hash: Uint8Array,
): HeldBlock | undefined {
  const stored = store.readBlock(hash)
  if (!stored) return undefined
  return {
    stored,
    block: blockCoder.decode(stored.block),
    execution: decodeExecution(stored.execution),
    outcomes: outcomesCoder.decode(stored.outcomes),
  }
}

/**
 * The same for showing: remembers the last few. Its list of nodes to prune may be out of date, so writers
 * use `readHeld`.
 */
export function recallHeld(
  { store, recent }: EngineContext,
  hash: Uint8Array,
): HeldBlock | undefined {
  const name = toHex(hash)
  const held = recent.get(name) ?? readHeld(store, hash)
  if (!held) return undefined
  recent.delete(name)
  recent.set(name, held)
  if (recent.size > recentBlocksMax) recent.delete(recent.keys().next().value ?? name)
  return held
}

/** Name of a block with the numbers that consensus counts by. */
export const refOf = ({ signedHeader: { header } }: Block): BlockRef => ({
  hash: headerHash(header),
  height: Number(header.height),
  slot: Number(header.slot),
})

const trusting = { verify: () => true }

/** Consensus by the authorities that follow a block, as its state says. */
export function rulesAfter(
  { genesis, signer, nodes }: EngineContext,
  { root, height }: { readonly root: TreeRoot; readonly height: number },
): Pick<EngineMemory, 'rules' | 'before'> {
  const entry = openState(nodes.read, root).authorities()
  const { set, since, before } = authoritiesAt(entry, genesis.authorities, BigInt(height + 1))
  const self = set.findIndex(
    ({ publicKey }) => signer !== undefined && bytesEqual(publicKey, signer.publicKey),
  )
  return {
    rules: {
      genesisTimeMs: Number(genesis.genesisTimeMs),
      authorities: set,
      authoritiesHash: authoritySetHash(set),
      heartbeatSlots: Number(genesis.parameters.heartbeatSlots),
      self: self < 0 ? undefined : self,
    },
    before: before && { set: before, height: Number(since) },
  }
}

/** Last height of the set in force, by a state at `height`; undefined while no change is under way. */
export function closingHeight(
  { genesis, nodes }: EngineContext,
  { root, height }: { readonly root: TreeRoot; readonly height: number },
): number | undefined {
  const entry = openState(nodes.read, root).authorities()
  const { pending } = authoritiesAt(entry, genesis.authorities, BigInt(height))
  return pending && Number(pending.height)
}
