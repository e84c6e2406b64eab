/**
 * State tree nodes as bytes, and a bounded cache of decoded ones. Written by hand, not with a coder: a
 * full block reads and writes some thousands, and nothing but this site's store ever sees them.
 */
import { assert } from '../base/result.ts'
import type { Branch, NodeReader, NodeRef, TreeNode } from './state-tree.ts'
import { treeKeyBytes } from './state-tree.ts'
import type { NodeId } from './store.ts'

const leafTag = 0
const branchTag = 1
const refBytes = 38

/** Encodes a node: about 49 bytes for an account, 80 for a branch. */
export function encodeNode(node: TreeNode): Uint8Array {
  if (node.kind === 'leaf') {
    const bytes = new Uint8Array(1 + treeKeyBytes + node.value.length)
    bytes[0] = leafTag
    bytes.set(node.key, 1)
    bytes.set(node.value, 1 + treeKeyBytes)
    return bytes
  }
  const bytes = new Uint8Array(2 + 2 * refBytes + node.prefix.length)
  bytes[0] = branchTag
  bytes[1] = node.bit
  writeRef(bytes, 2, node.left)
  writeRef(bytes, 2 + refBytes, node.right)
  bytes.set(node.prefix, 2 + 2 * refBytes)
  return bytes
}

/** Decodes what `encodeNode` wrote. Other bytes mean a damaged store, and throw. */
export function decodeNode(bytes: Uint8Array): TreeNode {
  if (bytes[0] === leafTag && bytes.length >= 1 + treeKeyBytes) {
    return {
      kind: 'leaf',
      key: bytes.slice(1, 1 + treeKeyBytes),
      value: bytes.slice(1 + treeKeyBytes),
    }
  }
  const bit = bytes[1] ?? 0
  const prefixAt = 2 + 2 * refBytes
  assert(
    bytes[0] === branchTag && bytes.length === prefixAt + ((bit + 7) >> 3),
    'stored tree node is well formed',
  )
  const branch: Branch = {
    kind: 'branch',
    bit,
    prefix: bytes.slice(prefixAt),
    left: readRef(bytes, 2),
    right: readRef(bytes, 2 + refBytes),
  }
  return branch
}

/** Decoded nodes, bounded: between `capacity` and half of it survive, the lately used ones. */
export type NodeCache = {
  readonly read: NodeReader
  /** Remembers a node that was just written, so that the next block need not read it. */
  readonly remember: (id: NodeId, node: TreeNode) => void
  /** Forgets everything: after an atomic write was rolled back, its ids will name other nodes. */
  readonly clear: () => void
}

/** A cache in front of a store. Two generations: cheap, and never more than `capacity` nodes. */
export function createNodeCache(
  load: (id: NodeId) => Uint8Array | undefined,
  capacity: number,
): NodeCache {
  let young = new Map<NodeId, TreeNode>()
  let old = new Map<NodeId, TreeNode>()
  const remember = (id: NodeId, node: TreeNode): void => {
    young.set(id, node)
    if (young.size * 2 >= capacity) {
      old = young
      young = new Map()
    }
  }
  return {
    read(id) {
      const fresh = young.get(id)
      if (fresh) return fresh
      const node = old.get(id) ?? loadNode(load, id)
      remember(id, node)
      return node
    },
    remember,
    clear() {
      young = new Map()
      old = new Map()
    },
  }
}

function loadNode(load: (id: NodeId) => Uint8Array | undefined, id: NodeId): TreeNode {
  const bytes = load(id)
  assert(bytes, `state tree node ${id} is stored`)
  return decodeNode(bytes)
}

/** A reference is a 48-bit id and a hash. */
function writeRef(bytes: Uint8Array, at: number, ref: NodeRef): void {
  const low = ref.id >>> 0
  const high = (ref.id - low) / 2 ** 32
  bytes[at] = high >>> 8
  bytes[at + 1] = high
  bytes[at + 2] = low >>> 24
  bytes[at + 3] = low >>> 16
  bytes[at + 4] = low >>> 8
  bytes[at + 5] = low
  bytes.set(ref.hash, at + 6)
}

function readRef(bytes: Uint8Array, at: number): NodeRef {
  let id = 0
  for (let index = 0; index < 6; index++) id = id * 256 + (bytes[at + index] as number)
  return { id, hash: bytes.slice(at + 6, at + refBytes) }
}
