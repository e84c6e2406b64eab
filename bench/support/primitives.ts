/** What a signature costs on this machine, natively, in one process: the measure for shares of a job. */
import { randomBytes } from 'node:crypto'
import { nativeSigner } from '../../durable-objects/coordinator/native-signer.ts'
import { nodeVerifier } from '../../miner-agent/verifier.ts'
import { monotonicMs } from './clock.ts'
import { rounded } from './statistics.ts'

/** Milliseconds of one operation. */
export type SignatureCost = { readonly signMs: number; readonly verifyMs: number }

const rounds = 500

/** Signs and verifies messages of the size of a receipt. */
export function signatureCost(): SignatureCost {
  const { publicKey, sign } = nativeSigner(new Uint8Array(randomBytes(32)))
  const verifier = nodeVerifier()
  const messages = Array.from({ length: rounds }, () => new Uint8Array(randomBytes(600)))
  const signedFrom = monotonicMs()
  const signed = messages.map((message) => ({ message, signature: sign(message), publicKey }))
  const verifiedFrom = monotonicMs()
  const good = signed.filter((each) => verifier.verify(each)).length
  const end = monotonicMs()
  if (good !== rounds) throw new Error('signatures of our own do not verify')
  return {
    signMs: rounded((verifiedFrom - signedFrom) / rounds),
    verifyMs: rounded((end - verifiedFrom) / rounds),
  }
}
