/**
 * Making snapshots beside the running chain. The newest final state is pinned: nodes that later blocks
 * stale are kept, and deleted afterwards. Pieces are handed to the host one by one; each may be made again
 * after a crash, and is then the same.
 */
import * as P from 'micro-packed'
import { bytesEqual } from '../base/bytes.ts'
import { assert } from '../base/result.ts'
import { headerHash } from './block.ts'
import { type EngineContext, type EngineMemory, readHeld } from './engine-core.ts'
import { buildUpdate } from './engine-light.ts'
import { type Pin, pinCoder } from './engine-pin.ts'
import type { LightStep } from './light.ts'
import { snapshotProgressEvery } from './limits.ts'
import { encodeSnapshot, snapshotBlockCoder } from './snapshot.ts'
import { type SnapshotWork, snapshotWorkCoder, startWork, stepWork } from './snapshot-walk.ts'
import { decodeNode } from './state-tree-node.ts'
import type { NodeId } from './store.ts'

/** A part of a snapshot by its name: a chunk by its index, the block, or the description. */
export type SnapshotPart = number | 'block' | 'description'

/** A part to be stored. The description comes last: what has one is whole. */
export type SnapshotPiece = {
  readonly height: number
  readonly part: SnapshotPart
  readonly bytes: Uint8Array
}

/** Makes one snapshot at a time. Every call is bounded. */
export type SnapshotMaker = {
  /** Begins at the newest final block; false where one is in the making, or there is nothing to begin with. */
  readonly begin: () => boolean
  /** Height of the one in the making. */
  readonly making: () => number | undefined
  /** The next part; `again` when more steps are needed for it; undefined while none is in the making. */
  readonly next: () => SnapshotPiece | 'again' | undefined
  /** What `next` gave is stored. After the description the snapshot is done. */
  readonly keep: () => void
  /** Gives up the one in the making. */
  readonly abandon: () => void
  /** Deletes nodes that were kept for a snapshot, at most `limit`; false when there are none. */
  readonly prune: (limit: number) => boolean
}

/** Opens the maker of an engine. `write` runs one atomic write. */
export function openSnapshotMaker(
  context: EngineContext,
  current: () => EngineMemory,
  write: <T>(action: (memory: EngineMemory) => T) => T,
): SnapshotMaker {
  const { store } = context
  // Beside the cache of the chain: the whole state would drive out what blocks need.
  const read = (id: NodeId) => {
    const bytes = store.readNode(id)
    assert(bytes, `state tree node ${id} is stored`)
    return decodeNode(bytes)
  }
  let progress: Progress | undefined
  let found: { readonly piece: SnapshotPiece; readonly after: Progress } | undefined

  const readPin = (): Pin | undefined => {
    const note = store.readNote('pin')
    return note && pinCoder.decode(note)
  }
  const end = () => {
    write(() => store.deleteNotes(['pin', 'work']))
    progress = undefined
    found = undefined
  }
  const resume = (): Progress => {
    if (progress) return progress
    const note = store.readNote('work')
    assert(note, 'a pinned state has its progress beside it')
    progress = progressCoder.decode(note)
    return progress
  }

  return {
    making: () => readPin()?.height,
    begin() {
      if (store.readNote('pin') || store.listPostponed(1).length > 0) return false
      const begun = beginning(context, current())
      if (!begun) return false
      write(() => {
        store.writeNote('pin', pinCoder.encode(begun.pin))
        store.writeNote('work', encodeProgress(begun.progress))
      })
      progress = begun.progress
      found = undefined
      return true
    },
    next() {
      const pin = readPin()
      if (!pin) return undefined
      found ??= findPiece(context, pin, resume())
      if (found) return found.piece
      const before = resume()
      const stepped = stepWork(read, before.work)
      assert(stepped, 'what is left without a piece is a fork')
      progress = { ...before, work: stepped.work }
      if (!stepped.chunk) return 'again'
      const piece = { height: pin.height, part: before.work.chunks, bytes: stepped.chunk }
      found = { piece, after: progress }
      progress = before
      return piece
    },
    keep() {
      if (!found) return
      const { piece, after } = found
      if (piece.part === 'description') {
        end()
        return
      }
      if (piece.part === 'block' || after.work.chunks % snapshotProgressEvery === 0) {
        write(() => store.writeNote('work', encodeProgress(after)))
      }
      progress = after
      found = undefined
    },
    abandon() {
      if (store.readNote('pin')) end()
    },
    prune(limit) {
      if (store.readNote('pin')) return false
      const ids = store.listPostponed(limit)
      if (ids.length === 0) return false
      write(() => {
        store.deleteNodes(ids)
        store.deletePostponed(ids)
      })
      return true
    },
  }
}

/** How far the one in the making is. */
type Progress = { readonly hasBlock: boolean; readonly work: SnapshotWork }

const progressCoder = P.struct({
  hasBlock: P.bool,
  work: snapshotWorkCoder as P.CoderType<P.UnwrapCoder<typeof snapshotWorkCoder>>,
})

const encodeProgress = ({ hasBlock, work }: Progress): Uint8Array =>
  progressCoder.encode({
    hasBlock,
    work: { ...work, pending: [...work.pending], trunk: [...work.trunk] },
  })

/** Pins the newest final block; undefined where no way from genesis to it can be shown. */
function beginning(
  context: EngineContext,
  memory: EngineMemory,
): { readonly pin: Pin; readonly progress: Progress } | undefined {
  const { final } = memory.consensus
  const held = readHeld(context.store, final.hash)
  const parent = held && readHeld(context.store, held.stored.parent)
  const root = held?.execution.root
  const way = wayToFinal(context, memory)
  if (!held || !parent || !root || !way) return undefined
  const { peaks } = parent.execution.history
  const pin = {
    height: final.height,
    hash: final.hash,
    endNode: held.execution.endNode,
    way,
    peaks,
  }
  return { pin, progress: { hasBlock: false, work: startWork(root) } }
}

const wayRoundsMax = 256

function wayToFinal(context: EngineContext, memory: EngineMemory): LightStep[] | undefined {
  const way: LightStep[] = []
  let [from, more] = [0, true]
  for (let round = 0; more && round < wayRoundsMax; round++) {
    const update = buildUpdate(context, memory, { from })
    way.push(...update.steps)
    more = update.more
    from = Number(way.at(-1)?.header.height ?? 0)
  }
  const last = way.at(-1)
  return last && bytesEqual(headerHash(last.header), memory.consensus.final.hash) ? way : undefined
}

/** The block, which comes first, and the description, which comes last. */
function findPiece(
  { store, rules }: EngineContext,
  { height, hash, way, peaks }: Pin,
  before: Progress,
): { readonly piece: SnapshotPiece; readonly after: Progress } | undefined {
  if (!before.hasBlock) {
    const held = store.readBlock(hash)
    assert(held, 'a final block is held')
    const { block, outcomes } = held
    const bytes = snapshotBlockCoder.encode({ block, outcomes })
    return { piece: { height, part: 'block', bytes }, after: { ...before, hasBlock: true } }
  }
  if (before.work.pending.length > 0) return undefined
  const { trunk } = before.work
  const bytes = encodeSnapshot({ genesisHash: rules.genesisHash, way, peaks, trunk })
  return { piece: { height, part: 'description', bytes }, after: before }
}
