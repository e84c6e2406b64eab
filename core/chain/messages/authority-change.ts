/**
 * Authority change: another set of authorities from the block after `height` on, signed by a quorum of the
 * set in force. Anyone may send it; it is the signatures that count.
 */
import * as P from 'micro-packed'
import { bytesEqual, toHex } from '../../base/bytes.ts'
import { bytes32, type Coder, u8, u64 } from '../../base/coders.ts'
import { quorumOf } from '../../base/int.ts'
import { signingBytes } from '../../crypto/domains.ts'
import { isStrictPoint } from '../../crypto/ed25519.ts'
import type { Verifier } from '../../crypto/signature.ts'
import { authoritiesAt } from '../authorities.ts'
import { certificateSignatureCoder } from '../block.ts'
import { type AuthoritySet, authoritySetCoder, authoritySetHash } from '../genesis.ts'
import { authoritiesMax, changeNoticeMax } from '../limits.ts'
import type { MessageContext } from '../message-context.ts'
import type { OutcomeCode } from '../outcome.ts'

/** What is signed: hash of the set in force, the set that follows, and the last height of the old one. */
export type AuthorityChangeTerms = { old: Uint8Array; set: AuthoritySet; height: bigint }

/** Canonical bytes of the terms. */
export const authorityChangeTermsCoder: Coder<AuthorityChangeTerms> = P.struct({
  old: bytes32,
  set: authoritySetCoder,
  height: u64,
})

/** The terms and signatures by authorities of the old set, in strictly rising order of their index. */
export type AuthorityChange = {
  terms: AuthorityChangeTerms
  signatures: { authority: number; signature: Uint8Array }[]
}

/** Canonical bytes of a change. */
export const authorityChangeCoder: Coder<AuthorityChange> = P.struct({
  terms: authorityChangeTermsCoder,
  signatures: P.array(u8, certificateSignatureCoder),
})

/** The bytes that an authority of the old set signs. */
export const authorityChangeSigningBytes = (
  genesisHash: Uint8Array,
  terms: AuthorityChangeTerms,
): Uint8Array =>
  signingBytes('authorityChange', genesisHash, authorityChangeTermsCoder.encode(terms))

/** Whether a set can be one: between 1 and 64 authorities with usable keys, none twice, all named. */
export function isUsableSet(set: AuthoritySet): boolean {
  const keys = new Set(set.map(({ publicKey }) => toHex(publicKey)))
  return (
    set.length >= 1 &&
    set.length <= authoritiesMax &&
    keys.size === set.length &&
    set.every(
      ({ publicKey, name }) => isStrictPoint(publicKey) && name.length >= 1 && name.length <= 64,
    )
  )
}

/**
 * Fails with `authority_set_unknown` (the old set is another), `change_pending` (one is under way),
 * `height_invalid` (passed, or too far away), `set_invalid`, `quorum_missing`.
 */
export function applyAuthorityChange(
  context: MessageContext & { readonly genesisHash: Uint8Array; readonly verifier: Verifier },
  change: AuthorityChange,
): OutcomeCode {
  const { state, height, authorities } = context
  const { old, set, height: last } = change.terms
  const now = authoritiesAt(state.authorities(), authorities, height)
  if (!bytesEqual(old, authoritySetHash(now.set))) return 'authority_set_unknown'
  if (now.pending) return 'change_pending'
  if (last <= height || last > height + changeNoticeMax) return 'height_invalid'
  if (!isUsableSet(set)) return 'set_invalid'
  if (!isByQuorum(context, now.set, change)) return 'quorum_missing'
  state.putAuthorities({ ...now, pending: { set, height: last } })
  return 'applied'
}

function isByQuorum(
  { genesisHash, verifier }: { readonly genesisHash: Uint8Array; readonly verifier: Verifier },
  authorities: AuthoritySet,
  { terms, signatures }: AuthorityChange,
): boolean {
  if (signatures.length < quorumOf(authorities.length)) return false
  const message = authorityChangeSigningBytes(genesisHash, terms)
  return signatures.every(({ authority, signature }, index) => {
    const before = signatures[index - 1]
    const publicKey = authorities[authority]?.publicKey
    if (!publicKey || (before && before.authority >= authority)) return false
    return verifier.verify({ signature, message, publicKey })
  })
}
