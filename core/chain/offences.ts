/**
 * Looks for offences (evidence.ts) in what has just arrived, against everything that is kept.
 */
import { type BlockTree, holdsBlock, standsOn, type TreeBlock } from './block-tree.ts'
import type { ConsensusEffect, ConsensusState } from './consensus.ts'
import { crosses, isDoubleCommit, isDoubleVote, type Offence } from './evidence.ts'
import type { AuthorityCommit, AuthorityVote } from './vote.ts'

/** Another block for the slot of `block`, by the same proposer: slots have one. */
export function blockOffences(
  tree: BlockTree,
  block: TreeBlock,
  authority: number,
): ConsensusEffect[] {
  for (const other of tree.blocks.values()) {
    if (other.slot !== block.slot) continue
    const offence: Offence = { kind: 'double_block', authority, slot: block.slot }
    const first = { block: other.hash }
    return [{ kind: 'offence', offence, first, second: { block: block.hash } }]
  }
  return []
}

/** What a vote that has just come shows, beside the votes and commits that are kept. */
export function voteOffences(state: ConsensusState, vote: AuthorityVote): ConsensusEffect[] {
  const { authority } = vote
  const slot = Number(vote.vote.target.slot)
  const twin = state.votes.get(slot)?.find((other) => isDoubleVote(other, vote))
  const effects: ConsensusEffect[] = []
  if (twin) {
    const offence: Offence = { kind: 'double_vote', authority, slot }
    effects.push({ kind: 'offence', offence, first: { vote: twin }, second: { vote } })
  }
  for (const commits of state.commits.values()) {
    for (const commit of commits) effects.push(...crossing(state, vote, commit))
  }
  return effects
}

/** What a commit that has just come shows. */
export function commitOffences(state: ConsensusState, commit: AuthorityCommit): ConsensusEffect[] {
  const { authority } = commit
  const slot = Number(commit.commit.slot)
  const twin = state.commits.get(slot)?.find((other) => isDoubleCommit(other, commit))
  const effects: ConsensusEffect[] = []
  if (twin) {
    const offence: Offence = { kind: 'double_commit', authority, slot }
    effects.push({ kind: 'offence', offence, first: { commit: twin }, second: { commit } })
  }
  for (const votes of state.votes.values()) {
    for (const vote of votes) effects.push(...crossing(state, vote, commit))
  }
  return effects
}

/** Only between blocks that are held: of others nobody can tell what stands on what. */
function crossing(
  { tree }: ConsensusState,
  vote: AuthorityVote,
  commit: AuthorityCommit,
): ConsensusEffect[] {
  const target = vote.vote.target.block
  const { block } = commit.commit
  if (!holdsBlock(tree, target) || !holdsBlock(tree, block)) return []
  if (!crosses(vote, commit, standsOn(tree, target, block))) return []
  const slot = Number(vote.vote.target.slot)
  const offence: Offence = { kind: 'crossed', authority: vote.authority, slot }
  return [{ kind: 'offence', offence, first: { commit }, second: { vote } }]
}
