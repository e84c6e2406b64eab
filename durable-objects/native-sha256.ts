/**
 * SHA-256 by the runtime: what is hashed for one job takes a tenth of the time that it takes in JavaScript.
 */
import { hash } from 'node:crypto'
import type { Sha256 } from '../core/crypto/hash.ts'

/** The runtime's SHA-256. */
export const nativeSha256: Sha256 = (bytes) => {
  const { buffer, byteOffset, length } = hash('sha256', bytes, 'buffer')
  // Of its own: a shared one would cost more than the hash where it is sent on or kept.
  return length === buffer.byteLength
    ? new Uint8Array(buffer, byteOffset, length)
    : Uint8Array.from(new Uint8Array(buffer, byteOffset, length))
}
