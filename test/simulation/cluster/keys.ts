/**
 * Signatures that cost nothing, for simulations: a hash of key and message. Anybody could forge them, and
 * the simulation's own villains do not; what a simulation is about is what is signed, not how.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import { bytesEqual, utf8ToBytes } from '../../../core/base/bytes.ts'
import { addressOf } from '../../../core/crypto/address.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import { sha256 } from '../../../core/crypto/hash.ts'
import type { Signer, Verifier } from '../../../core/crypto/signature.ts'

export type Person = Signer & { readonly address: Uint8Array }

const people = new Map<string, Person>()

/** Somebody with a real public key and cheap signatures, the same in every run. */
export function cheapPerson(name: string): Person {
  const known = people.get(name)
  if (known) return known
  const publicKey = signerFromSeed(sha256(utf8ToBytes(name))).publicKey
  const made: Person = {
    publicKey,
    address: addressOf(publicKey),
    sign: (message) => cheapSignature(publicKey, message),
  }
  people.set(name, made)
  return made
}

export const cheapVerifier: Verifier = {
  verify: ({ signature, message, publicKey }) =>
    bytesEqual(signature, cheapSignature(publicKey, message)),
}

function cheapSignature(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const half = sha256(publicKey, message)
  return concatBytes(half, half)
}

/** Bytes by a run's own chance. */
export const randomBytesOf = (below: (n: number) => number, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => below(256))
