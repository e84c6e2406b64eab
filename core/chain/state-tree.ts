/**
 * The state tree: a compressed sparse binary Merkle tree over 32-byte keys (SPEC.md, TREE rules).
 *
 * A branch stands only where keys part: it names the bit at which they do, so that n entries have n − 1
 * branches whatever their keys. Nodes are copied on write and named by local ids; hashes commit to content
 * alone. Keys are ordered, so that a range of them can be walked.
 */
import { bytesEqual, compareBytes } from '../base/bytes.ts'
import { leadingZeros32 } from '../base/int.ts'
import { assert } from '../base/result.ts'
import { sha256 } from '../crypto/hash.ts'
import type { NodeId } from './store.ts'

/** A node by its local name, and the hash of everything below it. */
export type NodeRef = { readonly id: NodeId; readonly hash: Uint8Array }

/** An entry of the state: 32-byte key and its canonical value. */
export type Leaf = { readonly kind: 'leaf'; readonly key: Uint8Array; readonly value: Uint8Array }

/**
 * A fork: all keys below share `bit` leading bits, which are those of `prefix` (its other bits are zero
 * or missing); those with a 0 next are under `left`.
 */
export type Branch = {
  readonly kind: 'branch'
  readonly bit: number
  readonly prefix: Uint8Array
  readonly left: NodeRef
  readonly right: NodeRef
}
export type TreeNode = Leaf | Branch

/** Gives a node that the tree refers to; a missing one is a bug or a damaged store, and throws. */
export type NodeReader = (id: NodeId) => TreeNode

/** Undefined is the empty tree. */
export type TreeRoot = NodeRef | undefined

/** Puts (`value` given) or removes an entry. */
export type TreeChange = { readonly key: Uint8Array; readonly value: Uint8Array | undefined }

/** What a batch did: nodes to write, ids of nodes that the new tree no longer uses, next free id. */
export type TreeUpdate = {
  readonly root: TreeRoot
  readonly written: readonly { readonly id: NodeId; readonly node: TreeNode }[]
  readonly staled: readonly NodeId[]
  readonly nextId: NodeId
}

/** Bytes in a key. */
export const treeKeyBytes = 32

/** Root hash of the empty tree. */
export const emptyTreeHash: Uint8Array = new Uint8Array(32)

/** Hash of a root, as headers carry it. */
export const rootHash = (root: TreeRoot): Uint8Array => root?.hash ?? emptyTreeHash

/** Hash of an entry: SHA-256(0x00 ‖ key ‖ value). */
export function leafHash(key: Uint8Array, value: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + treeKeyBytes + value.length)
  input.set(key, 1)
  input.set(value, 1 + treeKeyBytes)
  return sha256(input)
}

/** Hash of a fork: SHA-256(0x01 ‖ bit ‖ left ‖ right). */
export function branchHash(bit: number, left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(66)
  input[0] = 1
  input[1] = bit
  input.set(left, 2)
  input.set(right, 34)
  return sha256(input)
}

/** Bit `index` of a key, most significant first: 0 or 1. */
export const bitOf = (key: Uint8Array, index: number): number =>
  ((key[index >> 3] as number) >> (7 - (index & 7))) & 1

/** How many leading bits two byte strings share, at most `bitsMax`. */
export function sharedBits(a: Uint8Array, b: Uint8Array, bitsMax: number): number {
  for (let byte = 0; byte * 8 < bitsMax; byte++) {
    const difference = (a[byte] as number) ^ (b[byte] as number)
    if (difference !== 0) {
      const shared = byte * 8 + leadingZeros32(difference) - 24
      return shared < bitsMax ? shared : bitsMax
    }
  }
  return bitsMax
}

/** The value at a key, or undefined. */
export function readTree(
  read: NodeReader,
  root: TreeRoot,
  key: Uint8Array,
): Uint8Array | undefined {
  if (!root) return undefined
  let node = read(root.id)
  while (node.kind === 'branch') {
    node = read(bitOf(key, node.bit) === 0 ? node.left.id : node.right.id)
  }
  return bytesEqual(node.key, key) ? node.value : undefined
}

/** Entries with `from ≤ key < to` in rising order of key, at most `limit`. */
export function scanTree(
  read: NodeReader,
  root: TreeRoot,
  range: { readonly from: Uint8Array; readonly to: Uint8Array; readonly limit: number },
): Leaf[] {
  const { from, to, limit } = range
  const found: Leaf[] = []
  const visit = (id: NodeId): void => {
    if (found.length >= limit) return
    const node = read(id)
    if (node.kind === 'leaf') {
      if (compareBytes(node.key, from) >= 0 && compareBytes(node.key, to) < 0) found.push(node)
      return
    }
    if (sideOf(node, from) < 0 || sideOf(node, to) > 0) return
    visit(node.left.id)
    visit(node.right.id)
  }
  if (root) visit(root.id)
  return found
}

/** Visits every entry in rising order of key. */
export function walkTree(read: NodeReader, root: TreeRoot, visit: (leaf: Leaf) => void): void {
  if (!root) return
  const node = read(root.id)
  if (node.kind === 'leaf') {
    visit(node)
    return
  }
  walkTree(read, node.left, visit)
  walkTree(read, node.right, visit)
}

/** Applies changes with distinct keys as one batch; each touched branch is hashed once. */
export function updateTree(
  read: NodeReader,
  start: { readonly root: TreeRoot; readonly nextId: NodeId },
  changes: readonly TreeChange[],
): TreeUpdate {
  const sorted = changes.toSorted((a, b) => compareBytes(a.key, b.key))
  const batch: Batch = { read, written: [], staled: [], nextId: start.nextId }
  const root = update(batch, start.root, sorted)
  return { root, written: batch.written, staled: batch.staled, nextId: batch.nextId }
}

type Batch = {
  readonly read: NodeReader
  readonly written: { id: NodeId; node: TreeNode }[]
  readonly staled: NodeId[]
  nextId: NodeId
}

/** What `build` places: a new leaf, or (`ref` given) one that exists and stays. */
type Item = {
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
  readonly ref?: NodeRef
}

function update(batch: Batch, at: TreeRoot, changes: readonly Item[]): TreeRoot {
  if (changes.length === 0) return at
  if (!at) return build(batch, live(changes))
  const node = batch.read(at.id)
  return node.kind === 'leaf'
    ? updateLeaf(batch, at, node, changes)
    : updateBranch(batch, at, node, changes)
}

function updateLeaf(batch: Batch, at: NodeRef, leaf: Leaf, changes: readonly Item[]): TreeRoot {
  const same = changes.find((change) => bytesEqual(change.key, leaf.key))
  if (same) {
    const unchanged = same.value !== undefined && bytesEqual(same.value, leaf.value)
    if (!unchanged) batch.staled.push(at.id)
    const kept: Item = unchanged ? { key: leaf.key, value: leaf.value, ref: at } : same
    return build(batch, live(changes.map((change) => (change === same ? kept : change))))
  }
  const items = live(changes)
  if (items.length === 0) return at
  items.push({ key: leaf.key, value: leaf.value, ref: at })
  items.sort((a, b) => compareBytes(a.key, b.key))
  return build(batch, items)
}

function updateBranch(batch: Batch, at: NodeRef, node: Branch, changes: readonly Item[]): TreeRoot {
  const first = (changes[0] as Item).key
  const last = (changes[changes.length - 1] as Item).key
  const sharedFirst = sharedBits(first, node.prefix, node.bit)
  const sharedLast = sharedBits(last, node.prefix, node.bit)
  const parting = sharedFirst < sharedLast ? sharedFirst : sharedLast
  const bit = parting < node.bit ? parting : node.bit
  const middle = splitAt(changes, bit)
  const zeros = changes.slice(0, middle)
  const ones = changes.slice(middle)
  if (parting < node.bit) {
    // Some keys leave the path above this branch: it moves, as a whole, to its side of a new fork.
    const [left, right] =
      bitOf(node.prefix, bit) === 0
        ? [update(batch, at, zeros), build(batch, live(ones))]
        : [build(batch, live(zeros)), update(batch, at, ones)]
    return join(batch, bit, first, left, right)
  }
  const left = update(batch, node.left, zeros)
  const right = update(batch, node.right, ones)
  if (left?.id === node.left.id && right?.id === node.right.id) return at
  batch.staled.push(at.id)
  return join(batch, bit, node.prefix, left, right)
}

/** Builds a tree of sorted, distinct items. */
function build(batch: Batch, items: readonly Item[]): TreeRoot {
  const first = items[0]
  if (!first) return undefined
  if (items.length === 1) {
    if (first.ref) return first.ref
    assert(first.value, 'only live items are built')
    const node: Leaf = { kind: 'leaf', key: first.key, value: first.value }
    return write(batch, node, leafHash(node.key, node.value))
  }
  const last = items[items.length - 1] as Item
  const bit = sharedBits(first.key, last.key, 256)
  assert(bit < 256, 'keys of a batch are distinct')
  const middle = splitAt(items, bit)
  const left = build(batch, items.slice(0, middle))
  const right = build(batch, items.slice(middle))
  return join(batch, bit, first.key, left, right)
}

function join(
  batch: Batch,
  bit: number,
  key: Uint8Array,
  left: TreeRoot,
  right: TreeRoot,
): TreeRoot {
  if (!left) return right
  if (!right) return left
  const node: Branch = { kind: 'branch', bit, prefix: prefixOf(key, bit), left, right }
  return write(batch, node, branchHash(bit, left.hash, right.hash))
}

function write(batch: Batch, node: TreeNode, hash: Uint8Array): NodeRef {
  const id = batch.nextId++
  batch.written.push({ id, node })
  return { id, hash }
}

/** Index of the first item whose key has a 1 at `bit`; items agree on the bits before it. */
function splitAt(items: readonly Item[], bit: number): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (bitOf((items[middle] as Item).key, bit) === 0) low = middle + 1
    else high = middle
  }
  return low
}

const live = (items: readonly Item[]): Item[] => items.filter((item) => item.value !== undefined)

/** The first `bit` bits of a key, in as few bytes as hold them, the rest zero. */
export function prefixOf(key: Uint8Array, bit: number): Uint8Array {
  const prefix = key.slice(0, (bit + 7) >> 3)
  const spare = bit & 7
  if (spare !== 0) {
    const last = prefix.length - 1
    prefix[last] = (prefix[last] as number) & (0xff << (8 - spare))
  }
  return prefix
}

/** Order of all keys under a branch against one key: negative or positive when all are, else 0. */
function sideOf(node: Branch, key: Uint8Array): number {
  const shared = sharedBits(node.prefix, key, node.bit)
  return shared === node.bit ? 0 : bitOf(node.prefix, shared) - bitOf(key, shared)
}
