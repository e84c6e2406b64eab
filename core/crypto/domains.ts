/**
 * Domain separation: whatever is signed begins with a domain tag and the genesis hash, so that a
 * signature made for one purpose or one chain is worthless for any other.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import { utf8ToBytes } from '../base/bytes.ts'

/** Every purpose for which this network signs or hashes. One tag, one meaning, never reused. */
export const domains = {
  transaction: 'aitbc/transaction/1',
  block: 'aitbc/block/1',
  vote: 'aitbc/vote/1',
  commit: 'aitbc/commit/1',
  authorityChange: 'aitbc/authority-change/1',
  authorisation: 'aitbc/authorisation/1',
  release: 'aitbc/release/1',
  receipt: 'aitbc/receipt/1',
  minerChallenge: 'aitbc/miner-challenge/1',
  request: 'aitbc/request/1',
  message: 'aitbc/message/1',
} as const

/** A purpose for which something is signed. */
export type SigningDomain = keyof typeof domains

/**
 * The bytes that are signed: length-prefixed domain tag, 32-byte genesis hash, then the canonical body.
 * `body` must come from a canonical coder, never from JSON.
 */
export function signingBytes(
  domain: SigningDomain,
  genesisHash: Uint8Array,
  body: Uint8Array,
): Uint8Array {
  const tag = utf8ToBytes(domains[domain])
  return concatBytes(Uint8Array.of(tag.length), tag, genesisHash, body)
}
