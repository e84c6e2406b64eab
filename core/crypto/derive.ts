/**
 * Keys derived from a key: HKDF-SHA256 (RFC 5869) with a label, so that one secret of an operator stands
 * behind several accounts and none of them reveals another.
 */
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '../base/bytes.ts'
import { keyBytes } from './signature.ts'

/** Every purpose for which a key is derived. One label, one meaning, never reused. */
export const derivedKeys = {
  /** The site's faucet account, from its authority's seed. */
  faucet: 'aitbc/derive/faucet/1',
} as const

/** Name of a purpose. */
export type DerivedKey = keyof typeof derivedKeys

/**
 * Derives a 32-byte Ed25519 seed from a 32-byte seed.
 *
 * @param seed 32 secret bytes.
 * @param purpose Which of `derivedKeys`.
 */
export const deriveSeed = (seed: Uint8Array, purpose: DerivedKey): Uint8Array =>
  hkdf(sha256, seed, undefined, utf8ToBytes(derivedKeys[purpose]), keyBytes)
