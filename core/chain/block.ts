/**
 * Blocks: header, certificate and body, with their canonical bytes. A header commits to everything that
 * the block did, so that whoever trusts a header can check any part of it.
 */
import * as P from 'micro-packed'
import { bytes32, bytes64, type Coder, listOf, optional, u8, u32, u64 } from '../base/coders.ts'
import { signingBytes } from '../crypto/domains.ts'
import { taggedHash } from '../crypto/hash.ts'

/** One authority's signature within a certificate: its index in the set, and the commit signature. */
export const certificateSignatureCoder = P.struct({ authority: u8, signature: bytes64 })

/**
 * Proof of finality: a quorum of commits to one block by the authority set with this hash. `slot` and
 * `height` are those of the block.
 */
export type Certificate = {
  authorities: Uint8Array
  slot: bigint
  height: bigint
  block: Uint8Array
  signatures: { authority: number; signature: Uint8Array }[]
}

/** Canonical bytes of a certificate. */
export const certificateCoder: Coder<Certificate> = P.struct({
  authorities: bytes32,
  slot: u64,
  height: u64,
  block: bytes32,
  signatures: P.array(u8, certificateSignatureCoder),
})

/** What an authority signs to commit: a certificate without its signatures. */
export const commitCoder = P.struct({
  authorities: bytes32,
  slot: u64,
  height: u64,
  block: bytes32,
})
export type Commit = P.UnwrapCoder<typeof commitCoder>

/**
 * `parent`: hash of the parent's header, the genesis hash under height 0; `proposer`: public key;
 * `transactionsRoot`, `outcomesRoot`: Merkle roots over the bodies' lists; `stateRoot`: state after the
 * block; `historyRoot`: accumulator over the hashes of all ancestors; `authorities`: hash of the set that
 * votes after this block; `certificate`: newest finality certificate known to the proposer.
 */
export type Header = {
  version: number
  height: bigint
  slot: bigint
  parent: Uint8Array
  proposer: Uint8Array
  transactionsRoot: Uint8Array
  outcomesRoot: Uint8Array
  stateRoot: Uint8Array
  historyRoot: Uint8Array
  authorities: Uint8Array
  certificate?: Certificate | undefined
}

/** Canonical bytes of a header. */
export const headerCoder: Coder<Header> = P.struct({
  version: u8,
  height: u64,
  slot: u64,
  parent: bytes32,
  proposer: bytes32,
  transactionsRoot: bytes32,
  outcomesRoot: bytes32,
  stateRoot: bytes32,
  historyRoot: bytes32,
  authorities: bytes32,
  certificate: optional(certificateCoder),
})

/** Header with the proposer's signature (all zero for the genesis block, which nobody proposes). */
export type SignedHeader = { header: Header; signature: Uint8Array }

/** Canonical bytes of a signed header. */
export const signedHeaderCoder: Coder<SignedHeader> = P.struct({
  header: headerCoder,
  signature: bytes64,
})

/** A whole block: signed header and the signed bytes of its transactions, in order. */
export type Block = { signedHeader: SignedHeader; transactions: Uint8Array[] }

/** Canonical bytes of a block. */
export const blockCoder: Coder<Block> = P.struct({
  signedHeader: signedHeaderCoder,
  transactions: listOf(P.bytes(u32)),
})

/** Names a block: hash of its header without the signature. */
export const headerHash = (header: Header): Uint8Array =>
  taggedHash('aitbc/block-id/1', headerCoder.encode(header))

/** The bytes that the proposer signs. */
export const headerSigningBytes = (genesisHash: Uint8Array, header: Header): Uint8Array =>
  signingBytes('block', genesisHash, headerCoder.encode(header))

/** The bytes that an authority signs to commit. */
export const commitSigningBytes = (genesisHash: Uint8Array, commit: Commit): Uint8Array =>
  signingBytes('commit', genesisHash, commitCoder.encode(commit))
