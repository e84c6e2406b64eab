/**
 * Beginning a chain from a snapshot: parts are checked and written one by one into an empty store, each in
 * one atomic write with the progress, so that it goes on after a crash where it was. The last part makes
 * the chain: until then there is none, from then on it is whole.
 */
import * as P from 'micro-packed'
import { bytesEqual } from '../base/bytes.ts'
import { bytes32, type Coder, count, optional, u8, u16, u64 } from '../base/coders.ts'
import { max } from '../base/int.ts'
import { assert, err, ok, type Result } from '../base/result.ts'
import { appendHistory } from '../crypto/history.ts'
import type { Verifier } from '../crypto/signature.ts'
import { type Block, blockCoder } from './block.ts'
import { slotAt } from './consensus.ts'
import { type ExecutionRecord, encodeExecution, encodeHeadRecord } from './engine-record.ts'
import type { Genesis } from './genesis.ts'
import { type Outcome, outcomesCoder } from './outcome.ts'
import {
  type CheckedSnapshot,
  checkSnapshot,
  checkSnapshotBlock,
  type SnapshotFault,
  wayCoder,
} from './snapshot.ts'
import { readChunk } from './snapshot-chunk.ts'
import {
  type Branch,
  branchHash,
  type Leaf,
  type NodeRef,
  prefixOf,
  type TreeNode,
} from './state-tree.ts'
import { encodeNode } from './state-tree-node.ts'
import type { ChainStore, NodeId } from './store.ts'
import { transactionHash } from './transaction.ts'

/** Where a snapshot goes, and what it is checked by. */
export type InstallOptions = {
  readonly store: ChainStore
  readonly genesis: Genesis
  readonly verifier: Verifier
  /** Called with the entries of each chunk, inside the atomic write that takes it. */
  readonly onEntries?: (entries: readonly Leaf[]) => void
}

/** A snapshot that is being taken over. */
export type SnapshotInstall = {
  readonly checked: CheckedSnapshot
  /** The next part to bring: chunks in their order, then the block; undefined when the chain is there. */
  readonly wanted: () => number | 'block' | undefined
  /**
   * Checks the wanted part and writes it in one atomic write; a refused one leaves no trace. `nowMs`: with
   * the block the chain is there, and this site signs nothing for a slot up to then.
   */
  readonly take: (bytes: Uint8Array, nowMs: number) => Result<void, SnapshotFault>
}

/** Checks a description and begins with it. A store that holds anything is refused. */
export function beginInstall(
  options: InstallOptions,
  description: Uint8Array,
): Result<SnapshotInstall, SnapshotFault> {
  const { store } = options
  if (store.readHead() || store.readNote('installed')) {
    return err({ code: 'STORE_NOT_EMPTY', message: 'a chain begins in an empty store' })
  }
  const checked = checkSnapshot(description, options)
  if (!checked.ok) return checked
  store.atomically(() => {
    store.writeNote('install', description)
    store.writeNote('installed', encodeProgress(nothingYet))
  })
  return ok(installOver(options, checked.value))
}

/** Goes on with the snapshot that the store holds a part of; undefined where there is none. */
export function resumeInstall(options: InstallOptions): SnapshotInstall | undefined {
  const description = options.store.readNote('install')
  if (!description) return undefined
  const checked = checkSnapshot(description, options)
  assert(checked.ok, 'what is being installed was checked when it came')
  return installOver(options, checked.value)
}

/**
 * Takes back what an unfinished install has written, at most `limit` nodes a call; true while there is more.
 * Once begun it cannot be resumed.
 */
export function abandonInstall(store: ChainStore, limit: number): boolean {
  const note = store.readNote('installed')
  if (!note) return false
  const progress = progressCoder.decode(note)
  const from = max(1, progress.nextNodeId - limit)
  const ids = Array.from({ length: progress.nextNodeId - from }, (_, index) => from + index)
  const isDone = from === 1
  store.atomically(() => {
    store.deleteNodes(ids)
    // Without its description nobody goes on with what has nodes missing.
    store.deleteNotes(isDone ? ['install', 'installed'] : ['install'])
    if (!isDone) store.writeNote('installed', encodeProgress({ ...progress, nextNodeId: from }))
  })
  return !isDone
}

/** A fork whose left side may be there already: on the way from the root to the next chunk. */
type OpenFork = { readonly bit: number; readonly left: NodeRef | undefined }

/** `at`: pieces of the trunk that are done with; `chunks`: those among them that were chunks. */
type Progress = {
  readonly at: number
  readonly chunks: number
  readonly nextNodeId: NodeId
  readonly forks: readonly OpenFork[]
  readonly root: NodeRef | undefined
  readonly funds: bigint
}

const nodeRefCoder = P.struct({ id: count, hash: bytes32 })

const progressCoder = P.struct({
  at: count,
  chunks: count,
  nextNodeId: count,
  forks: P.array(u16, P.struct({ bit: u8, left: optional(nodeRefCoder) })),
  root: optional(nodeRefCoder),
  funds: u64,
}) as unknown as Coder<Progress>

const encodeProgress = (progress: Progress): Uint8Array => progressCoder.encode(progress)

const nothingYet: Progress = {
  at: 0,
  chunks: 0,
  nextNodeId: 1,
  forks: [],
  root: undefined,
  funds: 0n,
}

function installOver(options: InstallOptions, checked: CheckedSnapshot): SnapshotInstall {
  const { store } = options
  const read = (): Progress => {
    const note = store.readNote('installed')
    assert(note, 'an install has its progress beside it')
    return progressCoder.decode(note)
  }
  const wanted = () => {
    if (!store.readNote('installed')) return undefined
    const { chunks } = read()
    return chunks < checked.chunks.length ? chunks : 'block'
  }
  return {
    checked,
    wanted,
    take(bytes, nowMs) {
      const part = wanted()
      assert(part !== undefined, 'nothing more is wanted')
      if (part !== 'block') return takeChunk(options, checked, { before: read(), bytes })
      const block = checkSnapshotBlock(checked, bytes, options.verifier)
      if (!block.ok) return block
      layChain(options, checked, { ...block.value, progress: read(), nowMs })
      return ok(undefined)
    },
  }
}

function takeChunk(
  { store, onEntries }: InstallOptions,
  { snapshot, chunks }: CheckedSnapshot,
  { before, bytes }: { readonly before: Progress; readonly bytes: Uint8Array },
): Result<void, SnapshotFault> {
  const name = chunks[before.chunks]
  assert(name, 'a wanted chunk is named')
  const content = readChunk(name, bytes, before.nextNodeId)
  if (!content.ok) return content
  const { update, entries, funds } = content.value
  const { root: subtree } = update
  const key = entries[0]?.key
  assert(subtree && key, 'a chunk that was checked has entries')
  const written: { id: NodeId; node: TreeNode }[] = [...update.written]
  const forks = [...before.forks]
  let { at } = before
  for (;;) {
    const piece = snapshot.trunk[at++]
    assert(piece, 'a trunk that was checked has the chunk that was read')
    if (piece.TAG === 'chunk') break
    forks.push({ bit: piece.data, left: undefined })
  }
  let nextNodeId = update.nextId
  let done: NodeRef | undefined = subtree
  for (let fork = forks.at(-1); fork?.left; fork = forks.at(-1)) {
    forks.pop()
    const { bit, left } = fork
    const node: Branch = { kind: 'branch', bit, prefix: prefixOf(key, bit), left, right: done }
    const id = nextNodeId++
    written.push({ id, node })
    done = { id, hash: branchHash(bit, left.hash, done.hash) }
  }
  const open = forks.pop()
  if (open) forks.push({ bit: open.bit, left: done })
  store.atomically(() => {
    store.writeNodes(written.map(({ id, node }) => ({ id, bytes: encodeNode(node) })))
    onEntries?.(entries)
    store.writeNote(
      'installed',
      encodeProgress({
        at,
        chunks: before.chunks + 1,
        nextNodeId,
        forks,
        root: open ? undefined : done,
        funds: before.funds + funds,
      }),
    )
  })
  return ok(undefined)
}

/** Writes block, history and head: the chain as another site has it that has pruned all before this block. */
function layChain(
  { store, genesis }: InstallOptions,
  { snapshot, header, certificate, hash, history }: CheckedSnapshot,
  given: {
    readonly block: Block
    readonly outcomes: readonly Outcome[]
    readonly progress: Progress
    readonly nowMs: number
  },
): void {
  const { block, outcomes, progress, nowMs } = given
  const { root, nextNodeId, funds } = progress
  assert(root && bytesEqual(root.hash, header.stateRoot), 'checked chunks make the certified state')
  const [height, slot] = [Number(header.height), Number(header.slot)]
  const ref = { hash, height, slot }
  const appended = appendHistory(history, hash)
  const execution: ExecutionRecord = {
    root,
    firstNode: 1,
    endNode: nextNodeId,
    staled: [],
    history: appended.history,
    held: funds,
    payouts: undefined,
  }
  // What this key has signed before is not known here, up to this moment.
  const now = slotAt({ genesisTimeMs: Number(genesis.genesisTimeMs) }, nowMs)
  const consensus = {
    head: ref,
    final: ref,
    certificate,
    proposedSlot: slot,
    votedSlot: slot,
    lock: { slot, hash },
    stopped: { slot: max(now, slot), passed: false },
  }
  store.atomically(() => {
    store.writeBlock({
      ...ref,
      parent: header.parent,
      block: blockCoder.encode(block),
      outcomes: outcomesCoder.encode([...outcomes]),
      execution: encodeExecution(execution),
    })
    store.writeHeight(height, hash)
    const places = block.transactions.map((bytes, index) => ({
      transaction: transactionHash(bytes),
      height,
      index,
    }))
    if (places.length > 0) store.writePlaces(places)
    store.writeHistoryNodes([...peaksOf(history), ...appended.completed])
    store.writeNote('base', wayCoder.encode([...snapshot.way]))
    store.deleteNotes(['install', 'installed'])
    const { genesisHash } = snapshot
    store.writeHead(encodeHeadRecord({ genesisHash, nextNodeId, consensus }))
  })
}

/** Peaks by their places: all that the history before a snapshot is needed for. */
function peaksOf({ size, peaks }: CheckedSnapshot['history']) {
  const nodes: { level: number; index: number; hash: Uint8Array }[] = []
  let [level, width] = [0, 1]
  // Smallest last: from the right, each bit of the size is one peak.
  for (let rest = size, next = peaks.length - 1; rest > 0; level++, width *= 2) {
    if (rest % (2 * width) === 0) continue
    rest -= width
    const hash = peaks[next--]
    assert(hash, 'a history has a peak for each bit of its size')
    nodes.push({ level, index: rest / width, hash })
  }
  return nodes
}
