/**
 * Release: the coordinator's signed acceptance of work. With the authorisation it names, either the
 * coordinator or the miner can have it settled.
 */
import { fixedStruct } from '../base/coders.ts'
import { signingBytes } from '../crypto/domains.ts'

/**
 * `authorisation`: its hash; `miner`: 20-byte address that is paid; `amount`: base units charged to the
 * escrow, of which the coordinator's share is kept back by the chain; `receiptHash`: hash of the
 * canonical receipt, which the settlement anchors.
 */
export const releaseCoder = fixedStruct({
  authorisation: 32,
  miner: 20,
  amount: 'u64',
  receiptHash: 32,
})
export type Release = ReturnType<typeof releaseCoder.decode>

/** The bytes that the coordinator signs. */
export const releaseSigningBytes = (genesisHash: Uint8Array, release: Release): Uint8Array =>
  signingBytes('release', genesisHash, releaseCoder.encode(release))
