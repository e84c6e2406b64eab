/**
 * Authorisation: a payer's signed permission for one job. Nobody can be charged without one, above its
 * limit, twice for one, or after its settle-by slot; the chain checks all of it itself.
 */
import { fixedStruct } from '../base/coders.ts'
import { signingBytes } from '../crypto/domains.ts'
import { taggedHash } from '../crypto/hash.ts'

/**
 * `escrow`: id; `number`: unique within the escrow, chosen by the signer; `limit`: most that may be
 * charged, base units; `settleBy`: last slot at which it can be settled; `jobHash`: what is to be
 * computed (`jobHashOf`); `signer`: public key of the escrow's owner or of a delegate.
 */
export const authorisationCoder = fixedStruct({
  escrow: 32,
  number: 'u64',
  limit: 'u64',
  settleBy: 'u64',
  jobHash: 32,
  signer: 32,
})
export type Authorisation = ReturnType<typeof authorisationCoder.decode>

/** The bytes that the payer signs. */
export const authorisationSigningBytes = (
  genesisHash: Uint8Array,
  authorisation: Authorisation,
): Uint8Array =>
  signingBytes('authorisation', genesisHash, authorisationCoder.encode(authorisation))

/** Names one authorisation, in releases and receipts: 32 bytes. */
export const authorisationHash = (authorisation: Authorisation): Uint8Array =>
  taggedHash('aitbc/authorisation-id/1', authorisationCoder.encode(authorisation))
