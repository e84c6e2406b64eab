/**
 * Which authorities there are at a height, as the state says it. A change names the height at which the old
 * set ends: it makes and finalizes all blocks up to there, the new set all above.
 */
import * as P from 'micro-packed'
import { type Coder, optional, u64 } from '../base/coders.ts'
import { type AuthoritySet, authoritySetCoder } from './genesis.ts'

/** A set that follows, and the last height of the one before it. */
export type PendingAuthorities = { set: AuthoritySet; height: bigint }

/**
 * State entry, absent until the first change. `set`: in force above height `since`; `before`: the set up to
 * there; `pending`: a change that is still to come, or that came and was not yet written out.
 */
export type AuthorityState = {
  set: AuthoritySet
  since: bigint
  before?: AuthoritySet | undefined
  pending?: PendingAuthorities | undefined
}

/** Canonical value of the state entry. */
export const authorityStateCoder: Coder<AuthorityState> = P.struct({
  set: authoritySetCoder,
  since: u64,
  before: optional(authoritySetCoder),
  pending: optional(P.struct({ set: authoritySetCoder, height: u64 })),
})

/** Who makes and finalizes the block at `height`, by a state at or below that height. */
export function authoritiesAt(
  entry: AuthorityState | undefined,
  genesis: AuthoritySet,
  height: bigint,
): AuthorityState {
  const state = entry ?? { set: genesis, since: 0n, before: undefined, pending: undefined }
  const { pending } = state
  if (!pending || height <= pending.height) return state
  return { set: pending.set, since: pending.height, before: state.set, pending: undefined }
}
