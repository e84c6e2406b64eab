/**
 * Miner challenge: what a miner signs to prove its key when a socket opens. Bound to the site, the chain,
 * the server's nonce and the capability card, so that neither answer nor card can be used elsewhere.
 */
import * as P from 'micro-packed'
import { utf8ToBytes } from '../base/bytes.ts'
import { bytes32, text, u8 } from '../base/coders.ts'
import { signingBytes } from '../crypto/domains.ts'
import { sha256 } from '../crypto/hash.ts'

const challengeCoder = P.struct({
  version: u8,
  site: text,
  nonce: bytes32,
  minerId: text,
  publicKey: bytes32,
  cardHash: bytes32,
})

/** The bytes that the miner signs. `card` is the capability card's JSON text exactly as sent. */
export function minerChallengeBytes(
  genesisHash: Uint8Array,
  answer: {
    readonly version: number
    readonly site: string
    readonly nonce: Uint8Array
    readonly minerId: string
    readonly publicKey: Uint8Array
    readonly card: string
  },
): Uint8Array {
  const { card, ...rest } = answer
  const body = challengeCoder.encode({ ...rest, cardHash: sha256(utf8ToBytes(card)) })
  return signingBytes('minerChallenge', genesisHash, body)
}
