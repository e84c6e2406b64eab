/**
 * What authorities say to each other to make blocks final (SPEC.md, CONS rules): votes and commits, with
 * their canonical bytes. Both are numbered by slot: a number that passes unused is never needed again.
 */
import * as P from 'micro-packed'
import { bytes32, bytes64, type Coder, u8, u64 } from '../base/coders.ts'
import { signingBytes } from '../crypto/domains.ts'
import { taggedHash } from '../crypto/hash.ts'
import { type Commit, commitCoder, commitSigningBytes } from './block.ts'

/**
 * "I have executed `target`, and the latest justified block that it stands on is `source`." Slots and
 * height are those of the blocks; `authorities` is the hash of the set that votes.
 */
export type Vote = {
  authorities: Uint8Array
  source: { slot: bigint; block: Uint8Array }
  target: { slot: bigint; height: bigint; block: Uint8Array }
}

/** Canonical bytes of a vote. */
export const voteCoder: Coder<Vote> = P.struct({
  authorities: bytes32,
  source: P.struct({ slot: u64, block: bytes32 }),
  target: P.struct({ slot: u64, height: u64, block: bytes32 }),
})

/** An authority's index in its set, what it votes for, and its signature. */
export type AuthorityVote = {
  readonly authority: number
  readonly vote: Vote
  readonly signature: Uint8Array
}

/** An authority's index in its set, what it commits to, and its signature. */
export type AuthorityCommit = {
  readonly authority: number
  readonly commit: Commit
  readonly signature: Uint8Array
}

/** What travels between sites beside blocks. */
export type FinalityMessage =
  | { TAG: 'vote'; data: { authority: number; vote: Vote; signature: Uint8Array } }
  | { TAG: 'commit'; data: { authority: number; commit: Commit; signature: Uint8Array } }

/** Canonical bytes of a signed vote or commit: below 300. */
export const finalityMessageCoder: Coder<FinalityMessage> = P.mappedTag(u8, {
  vote: [1, P.struct({ authority: u8, vote: voteCoder, signature: bytes64 })],
  commit: [2, P.struct({ authority: u8, commit: commitCoder, signature: bytes64 })],
}) as Coder<FinalityMessage>

/** The bytes that an authority signs to vote. */
export const voteSigningBytes = (genesisHash: Uint8Array, vote: Vote): Uint8Array =>
  signingBytes('vote', genesisHash, voteCoder.encode(vote))

/** The bytes that the authority of a message has signed. */
export const messageSigningBytes = (
  genesisHash: Uint8Array,
  message: FinalityMessage,
): Uint8Array =>
  message.TAG === 'vote'
    ? voteSigningBytes(genesisHash, message.data.vote)
    : commitSigningBytes(genesisHash, message.data.commit)

/** Names a message: 32 bytes. */
export const messageHash = (message: FinalityMessage): Uint8Array =>
  taggedHash('aitbc/finality-message/1', finalityMessageCoder.encode(message))

/** Slot of the block that a message is for. */
export const messageSlot = (message: FinalityMessage): number =>
  Number(message.TAG === 'vote' ? message.data.vote.target.slot : message.data.commit.slot)
