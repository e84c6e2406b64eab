/**
 * Cutting a state into the chunks of a snapshot, in steps that are bounded whatever the size of the state.
 * What comes out depends on the state alone, so that a step may be repeated.
 */
import * as P from 'micro-packed'
import { type Coder, count, u16, u32 } from '../base/coders.ts'
import { snapshotChunkBytesMax, snapshotChunkEntriesMax } from './limits.ts'
import { type TrunkPiece, trunkCoder } from './snapshot.ts'
import { encodeChunk, entryBytes } from './snapshot-chunk.ts'
import type { Leaf, NodeReader, NodeRef } from './state-tree.ts'
import type { NodeId } from './store.ts'

/** How far it is: subtrees still to be cut, the next one last; the trunk so far; the chunks in it. */
export type SnapshotWork = {
  readonly pending: readonly NodeRef[]
  readonly trunk: readonly TrunkPiece[]
  readonly chunks: number
}

/** Bounds of a chunk; those of `limits.ts` unless a test wants small ones. */
export type ChunkBounds = { readonly entriesMax: number; readonly bytesMax: number }

/** The bounds that readers accept. */
export const chunkBounds: ChunkBounds = {
  entriesMax: snapshotChunkEntriesMax,
  bytesMax: snapshotChunkBytesMax,
}

/** Canonical bytes of the progress. */
export const snapshotWorkCoder = P.struct({
  pending: P.array(u16, P.struct({ id: count, hash: P.bytes(32) })),
  trunk: trunkCoder as P.CoderType<TrunkPiece[]>,
  chunks: u32,
}) as unknown as Coder<{ pending: NodeRef[]; trunk: TrunkPiece[]; chunks: number }>

/** Before the first step. */
export const startWork = (root: NodeRef): SnapshotWork => ({
  pending: [root],
  trunk: [],
  chunks: 0,
})

/**
 * One step: the next subtree is a chunk where it is small enough, else a fork with its sides still to be
 * cut. Reads about two nodes for each entry of a chunk, at most. Undefined when nothing is left.
 */
export function stepWork(
  read: NodeReader,
  work: SnapshotWork,
  bounds: ChunkBounds = chunkBounds,
): { readonly work: SnapshotWork; readonly chunk: Uint8Array | undefined } | undefined {
  const next = work.pending.at(-1)
  if (!next) return undefined
  const rest = work.pending.slice(0, -1)
  const entries = gather(read, next.id, bounds)
  if (entries) {
    const piece: TrunkPiece = {
      TAG: 'chunk',
      data: { hash: next.hash, entries: entries.length },
    }
    const trunk = [...work.trunk, piece]
    return {
      work: { pending: rest, trunk, chunks: work.chunks + 1 },
      chunk: encodeChunk(entries),
    }
  }
  const node = read(next.id)
  if (node.kind === 'leaf') throw new Error('invariant broken: one entry is always a chunk')
  const trunk: TrunkPiece[] = [...work.trunk, { TAG: 'fork', data: node.bit }]
  return {
    work: { ...work, pending: [...rest, node.right, node.left], trunk },
    chunk: undefined,
  }
}

/** The entries below a node in order of key; undefined where they are too many or too long for a chunk. */
function gather(
  read: NodeReader,
  start: NodeId,
  { entriesMax, bytesMax }: ChunkBounds,
): Leaf[] | undefined {
  const entries: Leaf[] = []
  const pending = [start]
  let bytes = 0
  for (;;) {
    const id = pending.pop()
    if (id === undefined) return entries
    const node = read(id)
    if (node.kind === 'branch') {
      pending.push(node.right.id, node.left.id)
      continue
    }
    bytes += entryBytes(node)
    if (entries.length > 0 && (entries.length === entriesMax || bytes > bytesMax)) return undefined
    entries.push(node)
  }
}
