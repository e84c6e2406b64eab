/** Jobs as signed clients submit them, ready to be sent: everything that the client computes is done. */
import type { StatusView } from '../../core/api/chain-service.ts'
import { signRequest } from '../../core/api/signed-request.ts'
import { toHex, utf8ToBytes } from '../../core/base/bytes.ts'
import { authorisationCoder, authorisationSigningBytes } from '../../core/chain/authorisation.ts'
import { slotMs } from '../../core/chain/genesis.ts'
import { sizeOf, worstCaseOf } from '../../core/jobs/estimate.ts'
import { type JobSpec, jobHashOf, jobSpecCoder } from '../../core/jobs/job-spec.ts'
import type { TokenPrice } from '../../core/jobs/pricing.ts'
import type { Payer } from './payers.ts'

export const jobsPath = '/api/v1/jobs'

export type PreparedJob = {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

export type JobTerms = {
  /** Host and port of the site: part of what is signed. */
  readonly host: string
  readonly chain: StatusView
  readonly model: string
  readonly price: TokenPrice
  readonly maxTokens: number
}

const ttlSeconds = 120
/** Slots to settle in, from now: the time to live, the margin that the rules want, and some more. */
const settleSlots = 300n

/** One job of this payer. To be sent within a minute: a signed request is good for so long. */
export function prepareJob(payer: Payer, terms: JobTerms): PreparedJob {
  const { genesisHash, genesisTimeMs } = terms.chain
  const spec: JobSpec = {
    version: 1,
    model: terms.model,
    messages: [{ role: 'user', content: 'How many slots are there in an hour?' }],
    maxTokens: terms.maxTokens,
    temperatureMilli: 0,
    topPMilli: 1_000,
    seed: payer.nextNumber,
    stop: [],
    extra: '',
  }
  const authorisation = {
    escrow: payer.escrow,
    number: payer.nextNumber,
    limit: worstCaseOf(sizeOf(spec), terms.price),
    settleBy: BigInt(Math.floor((Date.now() - genesisTimeMs) / slotMs)) + settleSlots,
    jobHash: jobHashOf(spec),
    signer: payer.signer.publicKey,
  }
  payer.nextNumber += 1n
  const signature = payer.signer.sign(authorisationSigningBytes(genesisHash, authorisation))
  const body = JSON.stringify({
    spec: toHex(jobSpecCoder.encode(spec)),
    ttl_seconds: ttlSeconds,
    authorisation: toHex(authorisationCoder.encode(authorisation)),
    authorisation_signature: toHex(signature),
  })
  const headers = signRequest(genesisHash, payer.signer, {
    host: terms.host,
    method: 'POST',
    target: jobsPath,
    body: utf8ToBytes(body),
    timestampMs: Date.now(),
  })
  return { body, headers }
}

/** Headers that let this payer read its own job. */
export const signedGet = (
  payer: Payer,
  { chain, host }: Pick<JobTerms, 'chain' | 'host'>,
  path: string,
): Readonly<Record<string, string>> =>
  signRequest(chain.genesisHash, payer.signer, {
    host,
    method: 'GET',
    target: path,
    body: new Uint8Array(),
    timestampMs: Date.now(),
  })
