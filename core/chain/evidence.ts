/**
 * What only a dishonest authority, or two copies of an honest one, can have signed (SPEC.md, EVID rules).
 * Pure comparisons; whoever holds the two signatures can show them to anyone.
 */
import { bytesEqual } from '../base/bytes.ts'
import type { AuthorityCommit, AuthorityVote } from './vote.ts'

/**
 * `double_block`: two blocks for one slot; `double_vote`, `double_commit`: two different ones for one slot;
 * `crossed`: a vote whose source lies before one's own commit and whose target lies after it, on another
 * branch.
 */
export type OffenceKind = 'double_block' | 'double_vote' | 'double_commit' | 'crossed'

/** An offence by an authority; `slot` is that of the later of the two messages. */
export type Offence = {
  readonly kind: OffenceKind
  readonly authority: number
  readonly slot: number
}

/** Whether two votes of one authority are for one slot and not the same. */
export const isDoubleVote = (a: AuthorityVote, b: AuthorityVote): boolean =>
  a.authority === b.authority &&
  a.vote.target.slot === b.vote.target.slot &&
  !(
    bytesEqual(a.vote.target.block, b.vote.target.block) &&
    bytesEqual(a.vote.source.block, b.vote.source.block)
  )

/** Whether two commits of one authority are for two blocks of one slot. */
export const isDoubleCommit = (a: AuthorityCommit, b: AuthorityCommit): boolean =>
  a.authority === b.authority &&
  a.commit.slot === b.commit.slot &&
  !bytesEqual(a.commit.block, b.commit.block)

/**
 * Whether a vote goes across a commit of the same authority. `standsOn`: whether the vote's target is a
 * descendant of the commit's block, by what the caller knows of the chain.
 */
export const crosses = (
  { authority, vote }: AuthorityVote,
  { authority: committer, commit }: AuthorityCommit,
  standsOn: boolean,
): boolean =>
  authority === committer &&
  vote.source.slot < commit.slot &&
  commit.slot < vote.target.slot &&
  !standsOn
