/**
 * The answer to a challenge: proves the miner's key for this site, this chain and this card.
 */
import { fromHex, toHex } from '../core/base/bytes.ts'
import type { Signer } from '../core/crypto/signature.ts'
import { minerChallengeBytes } from '../core/jobs/miner-challenge.ts'
import {
  type CapabilityCard,
  type MinerFrame,
  minerProtocolLimits,
  minerProtocolVersion,
} from '../core/jobs/miner-protocol.ts'
import type { Challenge } from './link.ts'

/** Builds the signed `hello`. The challenge has passed its schema, so its hex is sound. */
export function makeHello(input: {
  readonly challenge: Challenge
  readonly minerId: string
  readonly signer: Signer
  readonly card: CapabilityCard
  readonly resume: readonly string[]
  readonly apiKey: string | undefined
}): MinerFrame {
  const { challenge, signer, minerId } = input
  const card = JSON.stringify(input.card)
  const message = minerChallengeBytes(hexBytes(challenge.genesis_hash), {
    version: minerProtocolVersion,
    site: challenge.site,
    nonce: hexBytes(challenge.nonce),
    minerId,
    publicKey: signer.publicKey,
    card,
  })
  return {
    type: 'hello',
    version: minerProtocolVersion,
    miner_id: minerId,
    public_key: toHex(signer.publicKey),
    signature: toHex(signer.sign(message)),
    card,
    resume: [...input.resume],
    ...(input.apiKey === undefined ? {} : { api_key: input.apiKey }),
    frames_max: minerProtocolLimits.framesMax,
  }
}

function hexBytes(digits: string): Uint8Array {
  const bytes = fromHex(digits)
  return bytes.ok ? bytes.value : new Uint8Array()
}
