/** Signature checks with Node's native Ed25519, under the network's one rule. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { toHex } from '../core/base/bytes.ts'
import { spkiOf, strictVerifier } from '../core/crypto/ed25519.ts'
import type { Verifier } from '../core/crypto/signature.ts'

/** Keys that are kept parsed: a miner meets few coordinators and not many payers at a time. */
const keysMax = 256

/** Builds the verifier. */
export function nodeVerifier(): Verifier {
  const keys = new Map<string, KeyObject>()
  const keyOf = (publicKey: Uint8Array): KeyObject => {
    const name = toHex(publicKey)
    const known = keys.get(name)
    if (known !== undefined) return known
    const spki = Buffer.from(spkiOf(publicKey))
    const fresh = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    if (keys.size >= keysMax) keys.clear()
    keys.set(name, fresh)
    return fresh
  }
  return strictVerifier(({ signature, message, publicKey }) =>
    verify(null, message, keyOf(publicKey), signature),
  )
}
