/**
 * Merkle trees over lists (RFC 9162, 2.1): root, inclusion path and check. `listRoot` also binds the
 * length, which a bare root does not, so that a position within a list cannot be misstated.
 */
import { bytesEqual } from '../base/bytes.ts'
import { floor } from '../base/int.ts'
import { sha256, taggedHash } from './hash.ts'

/** Hash of the empty list: SHA-256 of nothing. */
export const emptyListHash: Uint8Array = sha256(new Uint8Array())

/** Hash of one entry: SHA-256(0x00 ‖ entry). */
export const entryHash = (entry: Uint8Array): Uint8Array => sha256(Uint8Array.of(0), entry)

/** Hash of a pair of subtrees: SHA-256(0x01 ‖ left ‖ right). */
export const pairHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(Uint8Array.of(1), left, right)

/** MTH: 32-byte root of a list of entries. */
export const merkleRoot = (entries: readonly Uint8Array[]): Uint8Array =>
  rootOfHashes(entries.map(entryHash))

/** Root that also commits to the number of entries: what headers carry. */
export const listRoot = (entries: readonly Uint8Array[]): Uint8Array =>
  bindCount(merkleRoot(entries), entries.length)

/** Inclusion path of entry `index`, from the leaf up; undefined outside the list. */
export function inclusionPath(
  entries: readonly Uint8Array[],
  index: number,
): Uint8Array[] | undefined {
  if (!Number.isSafeInteger(index) || index < 0 || index >= entries.length) return undefined
  return pathOf(entries.map(entryHash), index)
}

/** What an inclusion path is said to show. */
export type InclusionClaim = {
  readonly root: Uint8Array
  readonly count: number
  readonly index: number
  readonly entry: Uint8Array
  readonly path: readonly Uint8Array[]
}

/** Whether `entry` stands at `index` of the `count` entries under a bare `merkleRoot`. Never throws. */
export function verifyInclusion(claim: InclusionClaim): boolean {
  const root = climb(claim)
  return root !== undefined && bytesEqual(root, claim.root)
}

/** The same under a `listRoot`. */
export function verifyListInclusion(claim: InclusionClaim): boolean {
  const root = climb(claim)
  return root !== undefined && bytesEqual(bindCount(root, claim.count), claim.root)
}

const countMax = 2 ** 32 - 1

function bindCount(root: Uint8Array, count: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, count)
  return taggedHash('aitbc/list/1', bytes, root)
}

/** RFC 9162, 2.1.3.2; undefined when the path does not fit index and count. */
function climb({ count, index, entry, path }: InclusionClaim): Uint8Array | undefined {
  if (!Number.isSafeInteger(count) || count < 1 || count > countMax) return undefined
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) return undefined
  let node = index
  let last = count - 1
  let hash = entryHash(entry)
  for (const sibling of path) {
    if (last === 0 || sibling.length !== 32) return undefined
    if (node % 2 === 1 || node === last) {
      hash = pairHash(sibling, hash)
      while (node % 2 === 0 && node !== 0) {
        node = floor(node / 2)
        last = floor(last / 2)
      }
    } else {
      hash = pairHash(hash, sibling)
    }
    node = floor(node / 2)
    last = floor(last / 2)
  }
  return last === 0 ? hash : undefined
}

function rootOfHashes(hashes: readonly Uint8Array[]): Uint8Array {
  const first = hashes[0]
  if (!first) return emptyListHash
  if (hashes.length === 1) return first
  const split = splitPoint(hashes.length)
  return pairHash(rootOfHashes(hashes.slice(0, split)), rootOfHashes(hashes.slice(split)))
}

function pathOf(hashes: readonly Uint8Array[], index: number): Uint8Array[] {
  if (hashes.length === 1) return []
  const split = splitPoint(hashes.length)
  const [left, right] = [hashes.slice(0, split), hashes.slice(split)]
  return index < split
    ? [...pathOf(left, index), rootOfHashes(right)]
    : [...pathOf(right, index - split), rootOfHashes(left)]
}

/** Largest power of two below `length`, for a length of at least 2. */
export function splitPoint(length: number): number {
  let split = 1
  while (split * 2 < length) split *= 2
  return split
}
