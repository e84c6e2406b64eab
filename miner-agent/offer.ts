/**
 * Offers: what a miner checks before it works. An offer that passes is backed by a payer's signature over
 * exactly this question, a limit, and prices that are ours.
 */
import { bytesEqual, fromHex } from '../core/base/bytes.ts'
import { decodeCanonical } from '../core/base/coders.ts'
import { minBig } from '../core/base/int.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import {
  type Authorisation,
  authorisationCoder,
  authorisationHash,
  authorisationSigningBytes,
} from '../core/chain/authorisation.ts'
import type { Verifier } from '../core/crypto/signature.ts'
import { sizeOf, worstCaseOf } from '../core/jobs/estimate.ts'
import { featuresNeeded, optionsFault } from '../core/jobs/job-options.ts'
import { type JobSpec, jobHashOf, jobSpecCoder } from '../core/jobs/job-spec.ts'
import type { ModelCard, ServerFrame } from '../core/jobs/miner-protocol.ts'
import { featuresUnstated } from '../core/jobs/model-features.ts'
import type { TokenPrice } from '../core/jobs/pricing.ts'

export type Offer = Extract<ServerFrame, { readonly type: 'offer' }>

/** An offer whose statements and signatures fit together. */
export type OpenedOffer = {
  readonly offer: Offer
  readonly spec: JobSpec
  readonly jobHash: Uint8Array
  readonly authorisation: Authorisation
  readonly authorisationBytes: Uint8Array
  readonly authorisationSignature: Uint8Array
  readonly authorisationHash: Uint8Array
  /** Base units. */
  readonly limit: bigint
  readonly price: TokenPrice
  /** Most that this job can earn by its own bounds, base units. */
  readonly worth: bigint
}

/** Why an offer is not taken. The code travels in `reject`. */
export type Rejection = {
  readonly code:
    | 'DRAINING'
    | 'QUEUE_FULL'
    | 'MODEL_NOT_SERVED'
    | 'PRICE_CHANGED'
    | 'AGREED_PRICE_TOO_LOW'
    | 'BOOKING_REFUSED'
    | 'OFFER_INVALID'
    | 'AUTHORISATION_INVALID'
    | 'UNRELEASED_LIMIT'
    | 'UNSETTLED_LIMIT'
  readonly message: string
}

/** What an offer is held against. */
export type OfferTerms = {
  readonly genesisHash: Uint8Array
  readonly verifier: Verifier
  readonly models: readonly ModelCard[]
  /** Least that an agreement may bring for 1 000 answer tokens, base units; undefined: what the card says. */
  readonly agreedMin?: bigint | undefined
}

/** Checks an offer against our card, itself, and the payer's signature. */
export function openOffer(offer: Offer, terms: OfferTerms): Result<OpenedOffer, Rejection> {
  const specBytes = fromHex(offer.spec)
  const spec = specBytes.ok ? decodeCanonical(jobSpecCoder, specBytes.value) : specBytes
  if (!spec.ok) return reject('OFFER_INVALID', `spec: ${spec.error.message}`)
  const model = terms.models.find(({ name }) => name === spec.value.model)
  if (model === undefined) return reject('MODEL_NOT_SERVED', 'this miner does not serve the model')
  const fault = featureFault(spec.value, model)
  if (fault !== undefined) return reject('OFFER_INVALID', fault)
  const priced = checkPrice(offer, model, terms.agreedMin)
  if (!priced.ok) return priced

  const bytes = fromHex(offer.authorisation)
  const signature = fromHex(offer.authorisation_signature, 64)
  if (!bytes.ok || !signature.ok) return reject('AUTHORISATION_INVALID', 'not hex')
  const authorisation = decodeCanonical(authorisationCoder, bytes.value)
  if (!authorisation.ok) return reject('AUTHORISATION_INVALID', authorisation.error.message)
  const jobHash = jobHashOf(spec.value)
  const lack = authorisationFault(offer, jobHash, authorisation.value)
  if (lack !== undefined) return reject('AUTHORISATION_INVALID', lack)
  const signed = terms.verifier.verify({
    signature: signature.value,
    message: authorisationSigningBytes(terms.genesisHash, authorisation.value),
    publicKey: authorisation.value.signer,
  })
  if (!signed) return reject('AUTHORISATION_INVALID', 'the payer’s signature does not fit')

  const price = {
    promptPer1000: BigInt(offer.price_prompt),
    completionPer1000: BigInt(offer.price_completion),
  }
  const limit = BigInt(offer.limit)
  return ok({
    offer,
    spec: spec.value,
    jobHash,
    authorisation: authorisation.value,
    authorisationBytes: bytes.value,
    authorisationSignature: signature.value,
    authorisationHash: authorisationHash(authorisation.value),
    limit,
    price,
    worth: minBig(worstCaseOf(sizeOf(spec.value), price), limit),
  })
}

/**
 * Prices are those of the card. Within a booking both are 0, and the booking itself is checked against the chain;
 * under an agreement an answer may cost less, down to what the operator allows.
 */
function checkPrice(
  offer: Offer,
  model: ModelCard,
  agreedMin: bigint | undefined,
): Result<null, Rejection> {
  const { price_prompt: prompt, price_completion: completion } = offer
  if (offer.booking !== undefined) {
    if (prompt === '0' && completion === '0') return ok(null)
    return reject('BOOKING_REFUSED', 'tokens within a booking cost nothing')
  }
  if (prompt !== model.price_prompt) return priceChanged(model)
  if (completion === model.price_completion) return ok(null)
  const listed = BigInt(model.price_completion)
  if (offer.agreement === undefined || BigInt(completion) > listed) return priceChanged(model)
  const least = agreedMin ?? listed
  if (BigInt(completion) >= least) return ok(null)
  const message = `an agreement brings at least ${least} base units for 1000 answer tokens here`
  return reject('AGREED_PRICE_TOO_LOW', message)
}

/** A job that asks for what the card does not state was not sent here by a sound site. */
function featureFault(spec: JobSpec, model: ModelCard): string | undefined {
  const options = optionsFault(spec)
  if (options !== undefined) return `options: ${options}`
  const stated: readonly string[] = model.features ?? featuresUnstated
  const missing = featuresNeeded(spec).filter((each) => !stated.includes(each))
  return missing.length === 0 ? undefined : `the model lacks ${missing.join(', ')}`
}

function authorisationFault(
  offer: Offer,
  jobHash: Uint8Array,
  authorisation: Authorisation,
): string | undefined {
  if (!bytesEqual(authorisation.jobHash, jobHash)) {
    return 'it permits another job than the one offered'
  }
  // A client may let a job cost less than it permits.
  if (authorisation.limit < BigInt(offer.limit)) return 'its limit is below the one offered'
  return undefined
}

function priceChanged(model: ModelCard): Result<never, Rejection> {
  const now = `${model.price_prompt} and ${model.price_completion}`
  return reject('PRICE_CHANGED', `the prices are ${now} base units for 1000 tokens`)
}

function reject(code: Rejection['code'], message: string): Result<never, Rejection> {
  return err({ code, message })
}
