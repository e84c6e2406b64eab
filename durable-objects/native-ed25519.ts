/**
 * The network's rule for signatures around the runtime's own Ed25519, seven times as fast as JavaScript.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { toHex } from '../core/base/bytes.ts'
import { spkiOf, strictVerifier } from '../core/crypto/ed25519.ts'
import type { Verifier } from '../core/crypto/signature.ts'
import { type RememberingVerifier, rememberVerified } from '../core/crypto/verified-cache.ts'

/** Most parsed keys kept: senders come back, and parsing costs a good part of a check. */
const keysMax = 4_096

/** A strict verifier on native code, with its own cache of parsed keys. */
export function createNativeVerifier(): Verifier {
  const keys = new Map<string, KeyObject>()
  const keyOf = (publicKey: Uint8Array): KeyObject => {
    const name = toHex(publicKey)
    const known = keys.get(name)
    if (known) return known
    const der = Buffer.from(spkiOf(publicKey))
    const fresh = createPublicKey({ key: der, format: 'der', type: 'spki' })
    if (keys.size >= keysMax) keys.delete(keys.keys().next().value as string)
    keys.set(name, fresh)
    return fresh
  }
  return strictVerifier(({ signature, message, publicKey }) =>
    verify(null, message, keyOf(publicKey), signature),
  )
}

/** Signatures remembered for all objects of an isolate: of some ten thousand jobs. */
const sharedMax = 40_000

/**
 * What objects of one isolate have found valid, or signed themselves, for one another: a payer's permission
 * is checked when a job is taken and the release is signed when it ends, and a few seconds later the chain
 * is to check both again. Objects elsewhere check for themselves.
 */
export const sharedVerifier: RememberingVerifier = rememberVerified(
  createNativeVerifier(),
  sharedMax,
)
