/**
 * Proofs against the state root: that a key has a value, or that it has none (SPEC.md, TREE rules).
 *
 * The path names, from the leaf up, the bit of each fork and the hash beside it. Absence shows the leaf
 * to which every fork sends the key, and that it is another.
 */
import * as P from 'micro-packed'
import { bytesEqual } from '../base/bytes.ts'
import { bytes32, decodeCanonical, u8 } from '../base/coders.ts'
import { assert } from '../base/result.ts'
import {
  bitOf,
  branchHash,
  emptyTreeHash,
  leafHash,
  type NodeReader,
  type TreeRoot,
} from './state-tree.ts'

const stepCoder = P.struct({ bit: u8, sibling: bytes32 })

/** Canonical bytes of a proof; at a million entries about 700, at most about 2 000. */
export const stateProofCoder = P.mappedTag(u8, {
  present: [1, P.struct({ path: P.array(u8, stepCoder) })],
  absent: [2, P.struct({ path: P.array(u8, stepCoder), key: bytes32, value: P.bytes(P.U16BE) })],
  empty: [3, P.struct({})],
})
export type StateProof = P.UnwrapCoder<typeof stateProofCoder>

/** What a state proof is said to show. */
export type StateClaim = {
  /** State root of a header. */
  readonly root: Uint8Array
  readonly key: Uint8Array
  /** Canonical value at the key; undefined claims that there is none. */
  readonly value: Uint8Array | undefined
  readonly proof: Uint8Array
}

/** Value (or its absence) at a key, with the encoded proof. */
export function proveState(
  read: NodeReader,
  root: TreeRoot,
  key: Uint8Array,
): { readonly value: Uint8Array | undefined; readonly proof: Uint8Array } {
  if (!root) return { value: undefined, proof: encode({ TAG: 'empty', data: {} }) }
  const path: { bit: number; sibling: Uint8Array }[] = []
  let node = read(root.id)
  while (node.kind === 'branch') {
    const goesLeft = bitOf(key, node.bit) === 0
    path.push({ bit: node.bit, sibling: goesLeft ? node.right.hash : node.left.hash })
    node = read(goesLeft ? node.left.id : node.right.id)
  }
  assert(path.length < 256, 'a path has fewer forks than a key has bits')
  path.reverse()
  if (bytesEqual(node.key, key)) {
    return { value: node.value, proof: encode({ TAG: 'present', data: { path } }) }
  }
  const data = { path, key: node.key, value: node.value }
  return { value: undefined, proof: encode({ TAG: 'absent', data }) }
}

/** Whether the proof shows the claim. Never throws; any changed byte makes it false. */
export function verifyStateProof(claim: StateClaim): boolean {
  const decoded = decodeCanonical(stateProofCoder, claim.proof)
  if (!decoded.ok || claim.key.length !== 32) return false
  const proof = decoded.value
  switch (proof.TAG) {
    case 'empty':
      return claim.value === undefined && bytesEqual(claim.root, emptyTreeHash)
    case 'present':
      return (
        claim.value !== undefined &&
        leadsTo(claim.root, proof.data.path, { key: claim.key, value: claim.value })
      )
    case 'absent': {
      const other = proof.data
      return (
        claim.value === undefined &&
        !bytesEqual(other.key, claim.key) &&
        other.path.every(({ bit }) => bitOf(other.key, bit) === bitOf(claim.key, bit)) &&
        leadsTo(claim.root, other.path, other)
      )
    }
  }
}

function leadsTo(
  root: Uint8Array,
  path: readonly { readonly bit: number; readonly sibling: Uint8Array }[],
  leaf: { readonly key: Uint8Array; readonly value: Uint8Array },
): boolean {
  let hash = leafHash(leaf.key, leaf.value)
  let below = 256
  for (const { bit, sibling } of path) {
    if (bit >= below) return false
    below = bit
    hash =
      bitOf(leaf.key, bit) === 0 ? branchHash(bit, hash, sibling) : branchHash(bit, sibling, hash)
  }
  return bytesEqual(hash, root)
}

const encode = (proof: StateProof): Uint8Array => stateProofCoder.encode(proof)
