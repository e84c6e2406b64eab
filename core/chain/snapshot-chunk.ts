/**
 * Chunks of a snapshot: the entries of one subtree of the state, in order of key. Each is checked alone, by
 * building the subtree again. Written by hand, not with a coder: a snapshot has as many entries as the state.
 */
import { bytesEqual, compareBytes } from '../base/bytes.ts'
import { err, ok, type Result } from '../base/result.ts'
import { fundsOfEntry } from './entries.ts'
import { snapshotChunkBytesMax, snapshotChunkEntriesMax } from './limits.ts'
import { type Leaf, type TreeUpdate, treeKeyBytes, updateTree } from './state-tree.ts'
import type { NodeId } from './store.ts'

/** A subtree as the trunk names it: its hash, and how many entries it has. */
export type ChunkName = { readonly hash: Uint8Array; readonly entries: number }

/** What a checked chunk holds: its subtree, with nodes named from `nextId` on, and base units in it. */
export type ChunkContent = {
  readonly entries: readonly Leaf[]
  readonly update: TreeUpdate
  readonly funds: bigint
}

/** Why a chunk is not the one that was asked for. */
export type ChunkFault = { readonly code: 'CHUNK_INVALID'; readonly message: string }

const headBytes = treeKeyBytes + 2

/** Bytes that an entry takes in a chunk. */
export const entryBytes = (entry: Leaf): number => headBytes + entry.value.length

/** Writes entries one after another: key, two bytes with the length of the value, value. */
export function encodeChunk(entries: readonly Leaf[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + entryBytes(entry), 0))
  let at = 0
  for (const { key, value } of entries) {
    bytes.set(key, at)
    bytes[at + treeKeyBytes] = value.length >>> 8
    bytes[at + treeKeyBytes + 1] = value.length
    bytes.set(value, at + headBytes)
    at += headBytes + value.length
  }
  return bytes
}

/** Reads a chunk and builds its subtree; what is not exactly the named subtree is refused. Never throws. */
export function readChunk(
  name: ChunkName,
  bytes: Uint8Array,
  nextId: NodeId,
): Result<ChunkContent, ChunkFault> {
  const entries = decodeChunk(name.entries, bytes)
  if (!entries) return refuse('a chunk has whole entries in rising order, as many as are named')
  const update = updateTree(nothingBelow, { root: undefined, nextId }, entries)
  if (!update.root || !bytesEqual(update.root.hash, name.hash)) {
    return refuse('the entries are not those under the named hash')
  }
  const funds = fundsOf(entries)
  return funds === undefined
    ? refuse('an entry under the named hash has no meaning')
    : ok({ entries, update, funds })
}

function decodeChunk(count: number, bytes: Uint8Array): Leaf[] | undefined {
  if (count > snapshotChunkEntriesMax) return undefined
  if (count > 1 && bytes.length > snapshotChunkBytesMax) return undefined
  const entries: Leaf[] = []
  let at = 0
  while (at < bytes.length) {
    if (entries.length === count || at + headBytes > bytes.length) return undefined
    const [high, low] = [bytes[at + treeKeyBytes] as number, bytes[at + treeKeyBytes + 1] as number]
    const end = at + headBytes + high * 256 + low
    if (end > bytes.length) return undefined
    const key = bytes.slice(at, at + treeKeyBytes)
    const before = entries.at(-1)
    if (before && compareBytes(before.key, key) >= 0) return undefined
    entries.push({ kind: 'leaf', key, value: bytes.slice(at + headBytes, end) })
    at = end
  }
  return entries.length === count && count > 0 ? entries : undefined
}

/** Base units in all entries; undefined where one that holds money cannot be read. */
function fundsOf(entries: readonly Leaf[]): bigint | undefined {
  let funds = 0n
  try {
    for (const entry of entries) funds += fundsOfEntry(entry)
  } catch {
    return undefined
  }
  return funds
}

function nothingBelow(): never {
  throw new Error('invariant broken: a tree is built from nothing')
}

const refuse = (message: string): Result<never, ChunkFault> =>
  err({ code: 'CHUNK_INVALID', message })
