/**
 * An append-only accumulator (RFC 9162 trees): whoever remembers the root of a shorter list can demand
 * proof that a longer one extends it. To append, only the peaks are needed; to prove, the hashes of
 * complete subtrees, which the caller stores as they arise.
 */
import { bytesEqual } from '../base/bytes.ts'
import { floor } from '../base/int.ts'
import { emptyListHash, entryHash, pairHash, splitPoint } from './merkle.ts'

/**
 * The compact form: `size` entries and the hashes of the complete subtrees that cover them, largest
 * first, one for each bit that is set in `size`.
 */
export type History = { readonly size: number; readonly peaks: readonly Uint8Array[] }

/** Hash of the complete subtree over entries `index × 2^level` to `(index + 1) × 2^level − 1`. */
export type HistoryNode = {
  readonly level: number
  readonly index: number
  readonly hash: Uint8Array
}

/** Gives a stored subtree hash; a missing one is a bug or a damaged store, and the caller throws. */
export type HistoryReader = (level: number, index: number) => Uint8Array

/** The history of nothing. */
export const emptyHistory: History = { size: 0, peaks: [] }

/** Appends an entry; also returns the subtrees that this completed (about two an entry on average). */
export function appendHistory(
  history: History,
  entry: Uint8Array,
): { readonly history: History; readonly completed: readonly HistoryNode[] } {
  const peaks = [...history.peaks]
  let node: HistoryNode = { level: 0, index: history.size, hash: entryHash(entry) }
  const completed: HistoryNode[] = [node]
  while (node.index % 2 === 1) {
    const left = peaks.pop() as Uint8Array
    node = {
      level: node.level + 1,
      index: floor(node.index / 2),
      hash: pairHash(left, node.hash),
    }
    completed.push(node)
  }
  peaks.push(node.hash)
  return { history: { size: history.size + 1, peaks }, completed }
}

/** The root: equal to `merkleRoot` of all entries. */
export function historyRoot(history: History): Uint8Array {
  const { peaks } = history
  let root = peaks[peaks.length - 1]
  if (!root) return emptyListHash
  for (let index = peaks.length - 2; index >= 0; index--) {
    root = pairHash(peaks[index] as Uint8Array, root)
  }
  return root
}

/** Path of entry `index` in the tree of the first `size` entries, for `verifyInclusion`. */
export function historyInclusionPath(
  read: HistoryReader,
  { size, index }: { readonly size: number; readonly index: number },
): Uint8Array[] {
  const path: Uint8Array[] = []
  let [from, to] = [0, size]
  while (to - from > 1) {
    const middle = from + splitPoint(to - from)
    if (index < middle) {
      path.push(rangeHash(read, middle, to))
      to = middle
    } else {
      path.push(rangeHash(read, from, middle))
      from = middle
    }
  }
  return path.reverse()
}

/** Proof that the tree of `to` entries extends that of `from` entries (RFC 9162, 2.1.4.1). */
export function historyConsistencyPath(
  read: HistoryReader,
  { from, to }: { readonly from: number; readonly to: number },
): Uint8Array[] {
  if (from <= 0 || from >= to) return []
  const prove = (m: number, start: number, end: number, whole: boolean): Uint8Array[] => {
    const n = end - start
    if (m === n) return whole ? [] : [rangeHash(read, start, end)]
    const split = splitPoint(n)
    return m <= split
      ? [...prove(m, start, start + split, whole), rangeHash(read, start + split, end)]
      : [...prove(m - split, start + split, end, false), rangeHash(read, start, start + split)]
  }
  return prove(from, 0, to, true)
}

/** What a consistency path is said to show. */
export type ConsistencyClaim = {
  readonly fromSize: number
  readonly fromRoot: Uint8Array
  readonly toSize: number
  readonly toRoot: Uint8Array
  readonly path: readonly Uint8Array[]
}

/** Whether the path shows that the longer list extends the shorter (RFC 9162, 2.1.4.2). Never throws. */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { fromSize, toSize, fromRoot, toRoot } = claim
  if (!Number.isSafeInteger(fromSize) || !Number.isSafeInteger(toSize)) return false
  if (fromSize < 0 || fromSize > toSize) return false
  if (claim.path.some((hash) => hash.length !== 32)) return false
  if (fromSize === toSize) return claim.path.length === 0 && bytesEqual(fromRoot, toRoot)
  if (fromSize === 0) return claim.path.length === 0 && bytesEqual(fromRoot, emptyListHash)
  const path = isPowerOfTwo(fromSize) ? [fromRoot, ...claim.path] : [...claim.path]
  let [node, last] = [fromSize - 1, toSize - 1]
  while (node % 2 === 1) {
    node = floor(node / 2)
    last = floor(last / 2)
  }
  const seed = path.shift()
  if (!seed) return false
  let [early, late] = [seed, seed]
  for (const sibling of path) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      early = pairHash(sibling, early)
      late = pairHash(sibling, late)
      while (node % 2 === 0 && node !== 0) {
        node = floor(node / 2)
        last = floor(last / 2)
      }
    } else {
      late = pairHash(late, sibling)
    }
    node = floor(node / 2)
    last = floor(last / 2)
  }
  return last === 0 && bytesEqual(early, fromRoot) && bytesEqual(late, toRoot)
}

function isPowerOfTwo(value: number): boolean {
  let power = 1
  while (power < value) power *= 2
  return power === value
}

/** Hash over the entries `from` to `to − 1`, from complete subtrees; `from` is aligned as RFC splits are. */
function rangeHash(read: HistoryReader, from: number, to: number): Uint8Array {
  const length = to - from
  const [level, width] = levelOf(length)
  if (width === length) return read(level, from / width)
  const middle = from + splitPoint(length)
  return pairHash(rangeHash(read, from, middle), rangeHash(read, middle, to))
}

/** Level and width of the largest complete subtree no wider than `length`. */
function levelOf(length: number): [number, number] {
  let [level, width] = [0, 1]
  while (width * 2 <= length) {
    level += 1
    width *= 2
  }
  return [level, width]
}
