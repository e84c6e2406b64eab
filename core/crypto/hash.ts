/**
 * SHA-256 (FIPS 180-4), plain and with a domain tag. Tags keep a hash of one kind of thing from being
 * taken for another.
 */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { utf8ToBytes } from '../base/bytes.ts'

/** Bytes in every hash of this network. */
export const hashBytes = 32

/** SHA-256 of the concatenation of `parts`: 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return nobleSha256(parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(...parts))
}

/** SHA-256 of a length-prefixed tag followed by `parts`: 32 bytes. */
export function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return nobleSha256(concatBytes(prefixOf(tag), ...parts))
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
