/**
 * Remembers signatures that were found valid, so that a transaction checked at admission is not checked
 * again when a block is built and taken over. Bounded; only positive answers are kept.
 */
import { toHex } from '../base/bytes.ts'
import { sha256 } from './hash.ts'
import type { Verifier } from './signature.ts'

/** A verifier with a memory of at most `capacity` valid signatures, the lately seen ones. */
export function rememberVerified(verifier: Verifier, capacity: number): Verifier {
  let young = new Set<string>()
  let old = new Set<string>()
  return {
    verify(input) {
      const { signature, message, publicKey } = input
      // Fixed lengths first, so that no two inputs share the concatenation.
      if (signature.length !== 64 || publicKey.length !== 32) return false
      const name = toHex(sha256(publicKey, signature, message))
      if (young.has(name)) return true
      if (!old.has(name) && !verifier.verify(input)) return false
      young.add(name)
      if (young.size * 2 >= capacity) {
        old = young
        young = new Set()
      }
      return true
    },
  }
}
