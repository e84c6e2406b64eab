/**
 * Counts votes and commits once more, as one who has seen all that was ever sent: what a site holds for
 * justified or final must be so by this count too.
 */
import { bytesEqual, toHex } from '../../../core/base/bytes.ts'
import { type Certificate, commitSigningBytes } from '../../../core/chain/block.ts'
import { type Genesis, genesisHash } from '../../../core/chain/genesis.ts'
import type { AuthorityVote } from '../../../core/chain/vote.ts'
import { cheapVerifier } from './keys.ts'

type RecountOptions = {
  readonly genesis: Genesis
  /** Whether one block stands on another, by all blocks that were ever sent. */
  readonly standsOn: (hash: string, ancestor: string) => boolean
}

/** A count that begins with nothing sent. */
export function createRecount({ genesis, standsOn }: RecountOptions) {
  const { authorities } = genesis
  // More than two thirds or two thirds, said in another way than the code under test says it.
  const isQuorum = (count: number): boolean => 3 * count >= 2 * authorities.length
  const chain = genesisHash(genesis)
  /** Votes by their target. */
  const votes = new Map<string, AuthorityVote[]>()
  const justified = new Set<string>()

  const isJustified = (block: string, finalSlot: number, below: number): boolean => {
    if (justified.has(block)) return true
    const voters = new Set<number>()
    for (const { authority, vote } of votes.get(block) ?? []) {
      const slot = Number(vote.source.slot)
      if (slot >= Math.min(below, Number(vote.target.slot))) continue
      const isOld = slot === 0 || slot < finalSlot
      const source = toHex(vote.source.block)
      const counts = isOld || (standsOn(block, source) && isJustified(source, finalSlot, slot))
      if (counts) voters.add(authority)
    }
    const holds = authorities.length === 1 || isQuorum(voters.size)
    if (holds) justified.add(block)
    return holds
  }
  return {
    voted(vote: AuthorityVote): void {
      const name = toHex(vote.vote.target.block)
      votes.set(name, [...(votes.get(name) ?? []), vote])
    },
    /**
     * Whether a quorum of authorities voted for a block, each from a block of which the same is true, or
     * from before what is final.
     */
    isJustified: (block: string, finalSlot: number): boolean =>
      isJustified(block, finalSlot, Number.POSITIVE_INFINITY),
    isCertificate(
      certificate: Certificate,
      final: { readonly finalHeight: number; readonly finalHash: Uint8Array },
    ): boolean {
      if (!bytesEqual(certificate.block, final.finalHash)) return false
      if (Number(certificate.height) !== final.finalHeight) return false
      const message = commitSigningBytes(chain, certificate)
      const signers = new Set<number>()
      for (const { authority, signature } of certificate.signatures) {
        const publicKey = authorities[authority]?.publicKey
        if (!publicKey || !cheapVerifier.verify({ signature, message, publicKey })) return false
        signers.add(authority)
      }
      return isQuorum(signers.size)
    },
  }
}
