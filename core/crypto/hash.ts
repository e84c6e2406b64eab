/**
 * SHA-256 (FIPS 180-4), plain and with a domain tag. Tags keep a hash of one kind of thing from being
 * taken for another.
 */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { bytesEqual, utf8ToBytes } from '../base/bytes.ts'
import { assert } from '../base/result.ts'

/** Bytes in every hash of this network. */
export const hashBytes = 32

/** SHA-256 of one byte string: 32 bytes that nobody else holds. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

let digest: Sha256 = nobleSha256

/**
 * From now on a runtime's own SHA-256 does the work here, which is several times as fast; whoever composes a
 * program for such a runtime says so once. What it computes is the same: on samples, that is made sure of.
 */
export function hashBy(own: Sha256): void {
  for (const length of [0, 1, 63, 64, 1_000]) {
    const sample = new Uint8Array(length).fill(length & 255)
    assert(bytesEqual(own(sample), nobleSha256(sample)), 'the runtime hashes as FIPS 180-4 says')
  }
  digest = own
}

/** SHA-256 of the concatenation of `parts`: 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return digest(parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(...parts))
}

/** SHA-256 of a length-prefixed tag followed by `parts`: 32 bytes. */
export function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return digest(concatBytes(prefixOf(tag), ...parts))
}

/** Tags are constants of the code, so this stays small. */
const prefixes = new Map<string, Uint8Array>()

function prefixOf(tag: string): Uint8Array {
  const known = prefixes.get(tag)
  if (known) return known
  const bytes = utf8ToBytes(tag)
  const prefix = Uint8Array.of(bytes.length, ...bytes)
  prefixes.set(tag, prefix)
  return prefix
}
