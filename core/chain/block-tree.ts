/**
 * The blocks above the final one, on all branches, and what votes make of them: which are justified, and
 * which is the best head. Values: every change gives a new tree.
 */
import { bytesEqual, compareBytes, toHex } from '../base/bytes.ts'
import type { BlockRef } from './consensus.ts'
import type { AuthorityVote, Vote } from './vote.ts'

/** A block that stands on `parent`. */
export type TreeBlock = BlockRef & { readonly parent: Uint8Array }

/**
 * `root`: the final block. `blocks`: those above it by hash in hex, parents before children. `justified`:
 * hashes in hex of blocks for which a quorum voted; the root counts as one.
 */
export type BlockTree = {
  readonly root: BlockRef
  readonly blocks: ReadonlyMap<string, TreeBlock>
  readonly justified: ReadonlySet<string>
}

/** A tree of its root alone. */
export const plantTree = (root: BlockRef): BlockTree => ({
  root,
  blocks: new Map(),
  justified: new Set([toHex(root.hash)]),
})

/** Whether a block is the root or stands on it. */
export const holdsBlock = (tree: BlockTree, hash: Uint8Array): boolean =>
  bytesEqual(tree.root.hash, hash) || tree.blocks.has(toHex(hash))

/** A block of the tree by hash. */
export const blockOf = (tree: BlockTree, hash: Uint8Array): BlockRef | undefined =>
  bytesEqual(tree.root.hash, hash) ? tree.root : tree.blocks.get(toHex(hash))

/** With one more block; the same tree when it is there already or stands on nothing that is. */
export function addBlock(tree: BlockTree, block: TreeBlock): BlockTree {
  if (holdsBlock(tree, block.hash) || !holdsBlock(tree, block.parent)) return tree
  return { ...tree, blocks: new Map(tree.blocks).set(toHex(block.hash), block) }
}

/** Marks a block as justified without votes: an authority that is its own quorum. */
export const justifyBlock = (tree: BlockTree, hash: Uint8Array): BlockTree => ({
  ...tree,
  justified: new Set(tree.justified).add(toHex(hash)),
})

/** Whether `hash` is `ancestor` or stands on it. False when either is not in the tree. */
export function standsOn(tree: BlockTree, hash: Uint8Array, ancestor: Uint8Array): boolean {
  const base = blockOf(tree, ancestor)
  let at = blockOf(tree, hash)
  while (base && at && at.height > base.height) at = parentOf(tree, at)
  return base !== undefined && at !== undefined && bytesEqual(at.hash, base.hash)
}

/** The latest justified block below a block of the tree: what a vote for it comes from. */
export function justifiedBelow(tree: BlockTree, hash: Uint8Array): BlockRef {
  const block = blockOf(tree, hash)
  let at = block && parentOf(tree, block)
  while (at && !tree.justified.has(toHex(at.hash))) at = parentOf(tree, at)
  return at ?? tree.root
}

/**
 * Counts votes: a block is justified when a quorum of authorities voted for it, each from a justified
 * block that it stands on. `votes` by slot of their targets.
 */
export function countVotes(
  tree: BlockTree,
  votes: ReadonlyMap<number, readonly AuthorityVote[]>,
  { quorum, fromSlot }: { readonly quorum: number; readonly fromSlot: number },
): BlockTree {
  let counted = tree
  for (const [name, block] of tree.blocks) {
    if (block.slot < fromSlot || counted.justified.has(name)) continue
    const cast = votes.get(block.slot)
    if (!cast || cast.length < quorum) continue
    const voters = new Set<number>()
    for (const { authority, vote } of cast) {
      if (bytesEqual(vote.target.block, block.hash) && sourceCounts(counted, block, vote)) {
        voters.add(authority)
      }
    }
    if (voters.size >= quorum) counted = justifyBlock(counted, block.hash)
  }
  return counted
}

/**
 * Fork choice: on the justified block of the latest slot the longest chain, then the lower hash. Between
 * justified blocks of one slot, which takes an offence, the lower hash.
 */
export function bestHead(tree: BlockTree): BlockRef {
  let base = tree.root
  for (const name of tree.justified) {
    const block = tree.blocks.get(name)
    if (!block) continue
    const better =
      block.slot > base.slot ||
      (block.slot === base.slot && compareBytes(block.hash, base.hash) < 0)
    if (better) base = block
  }
  let head = base
  const above = new Set([toHex(base.hash)])
  for (const [name, block] of tree.blocks) {
    if (!above.has(toHex(block.parent))) continue
    above.add(name)
    const better =
      block.height > head.height ||
      (block.height === head.height && compareBytes(block.hash, head.hash) < 0)
    if (better) head = block
  }
  return refOf(head)
}

/** The tree above a block of it that has become final: all other branches are gone. */
export function reroot(tree: BlockTree, root: BlockRef): BlockTree {
  const blocks = new Map<string, TreeBlock>()
  const justified = new Set([toHex(root.hash)])
  const kept = new Set([toHex(root.hash)])
  for (const [name, block] of tree.blocks) {
    if (!kept.has(toHex(block.parent))) continue
    kept.add(name)
    blocks.set(name, block)
    if (tree.justified.has(name)) justified.add(name)
  }
  return { root, blocks, justified }
}

/** A source below the root proves nothing against it: whatever stands on the root may be voted for. */
const sourceCounts = (tree: BlockTree, block: BlockRef, { source }: Vote): boolean =>
  Number(source.slot) < tree.root.slot ||
  (tree.justified.has(toHex(source.block)) && standsOn(tree, block.hash, source.block))

const refOf = ({ hash, height, slot }: BlockRef): BlockRef => ({ hash, height, slot })

function parentOf(tree: BlockTree, block: BlockRef): BlockRef | undefined {
  const parent = tree.blocks.get(toHex(block.hash))?.parent
  return parent && blockOf(tree, parent)
}
