/**
 * Finality certificates: a quorum of an authority set signed a commit to one block.
 */
import { bytesEqual } from '../base/bytes.ts'
import { quorumOf } from '../base/int.ts'
import type { Verifier } from '../crypto/signature.ts'
import { type Certificate, commitSigningBytes } from './block.ts'
import { type AuthoritySet, authoritySetHash } from './genesis.ts'

/**
 * Whether the certificate is by a quorum of this set: authorities in strictly rising order, each
 * signature valid. One bad signature spoils it, so that a certificate has no loose parts.
 */
export function verifyCertificate(
  context: {
    readonly genesisHash: Uint8Array
    readonly authorities: AuthoritySet
    readonly verifier: Verifier
  },
  certificate: Certificate,
): boolean {
  const { genesisHash, authorities, verifier } = context
  const { signatures } = certificate
  if (!bytesEqual(certificate.authorities, authoritySetHash(authorities))) return false
  if (signatures.length < quorumOf(authorities.length)) return false
  const message = commitSigningBytes(genesisHash, certificate)
  return signatures.every(({ authority, signature }, index) => {
    const before = signatures[index - 1]
    const publicKey = authorities[authority]?.publicKey
    if (!publicKey || (before && before.authority >= authority)) return false
    return verifier.verify({ signature, message, publicKey })
  })
}
