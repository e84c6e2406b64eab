/**
 * Remembers signatures that were found valid, so that a transaction checked at admission is not checked
 * again when a block is built and taken over. Bounded; only positive answers are kept.
 */
import { toHex } from '../base/bytes.ts'
import { sha256 } from './hash.ts'
import type { Verifier } from './signature.ts'

/** A verifier that also takes word of signatures that are valid, from whoever made them. */
export type RememberingVerifier = Verifier & {
  readonly remember: (input: Parameters<Verifier['verify']>[0]) => void
}

/** A verifier with a memory of at most `capacity` valid signatures, the lately seen ones. */
export function rememberVerified(verifier: Verifier, capacity: number): RememberingVerifier {
  let young = new Set<string>()
  let old = new Set<string>()
  const keep = (name: string): void => {
    young.add(name)
    if (young.size * 2 < capacity) return
    old = young
    young = new Set()
  }
  return {
    verify(input) {
      if (!isSized(input)) return false
      const name = nameOf(input)
      if (young.has(name)) return true
      if (!old.has(name) && !verifier.verify(input)) return false
      keep(name)
      return true
    },
    remember(input) {
      if (isSized(input)) keep(nameOf(input))
    },
  }
}

type Signed = Parameters<Verifier['verify']>[0]

const isSized = ({ signature, publicKey }: Signed): boolean =>
  signature.length === 64 && publicKey.length === 32

/** Fixed lengths first, so that no two inputs share the concatenation. */
const nameOf = ({ signature, message, publicKey }: Signed): string =>
  toHex(sha256(publicKey, signature, message))
