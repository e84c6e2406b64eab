/**
 * Release: the coordinator's signed acceptance of work. With the authorisation it names, either the
 * coordinator or the miner can have it settled.
 */
import * as P from 'micro-packed'
import { bytes20, bytes32, u64 } from '../base/coders.ts'
import { signingBytes } from '../crypto/domains.ts'

/**
 * `authorisation`: its hash; `miner`: 20-byte address that is paid; `amount`: base units charged to the
 * escrow, of which the coordinator's share is kept back by the chain; `receiptHash`: hash of the
 * canonical receipt, which the settlement anchors.
 */
export const releaseCoder = P.struct({
  authorisation: bytes32,
  miner: bytes20,
  amount: u64,
  receiptHash: bytes32,
})
export type Release = P.UnwrapCoder<typeof releaseCoder>

/** The bytes that the coordinator signs. */
export const releaseSigningBytes = (genesisHash: Uint8Array, release: Release): Uint8Array =>
  signingBytes('release', genesisHash, releaseCoder.encode(release))
