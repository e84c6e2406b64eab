/**
 * Offer and outcome of an attempt, and the receipts that follow from them. Miner agent and coordinator
 * build receipts with the same function, so that both come to the same bytes or the result is refused.
 */

import { fromHex, utf8ToBytes } from '../base/bytes.ts'
import { decodeCanonical } from '../base/coders.ts'
import { max } from '../base/int.ts'
import { assert, err, ok, type Result } from '../base/result.ts'
import { authorisationCoder, authorisationHash } from '../chain/authorisation.ts'
import {
  type Receipt,
  receiptCoder,
  receiptHashOf,
  receiptSigningBytesOf,
  receiptVersions,
} from '../chain/receipt.ts'
import type { Release } from '../chain/release.ts'
import { addressOf } from '../crypto/address.ts'
import { sha256 } from '../crypto/hash.ts'
import type { Signer } from '../crypto/signature.ts'
import { type JobSpec, jobHashOf, jobSpecCoder } from './job-spec.ts'
import { type LegacyReceiptFields, legacyReceiptHash, legacyReceiptText } from './legacy-receipt.ts'
import type { Finish, ServerFrame } from './miner-protocol.ts'
import { chargeMin, chargeOf, type TokenPrice } from './pricing.ts'

/** What was agreed on before the work began: everything in the receipts that is not the work. */
export type JobOffer = {
  /** 32 hex digits each. */
  readonly receiptId: string
  readonly jobId: string
  /** 1-based (`Attempt.number`). */
  readonly attempt: number
  /** Public ids of payer and miner. */
  readonly client: string
  readonly minerId: string
  readonly coordinator: Uint8Array
  /** Undefined for a miner of the original, which has no key pair. */
  readonly minerKey: Uint8Array | undefined
  /** 20-byte address that is paid. */
  readonly miner: Uint8Array
  /** Hash of the authorisation. */
  readonly authorisation: Uint8Array
  readonly spec: JobSpec
  /** Hash of the specification, where it is known already. */
  readonly jobHash?: Uint8Array | undefined
  readonly payload: Record<string, unknown>
  readonly constraints: Record<string, unknown>
  readonly requestedAtMs: number
  /** Most that may be charged, base units. */
  readonly limit: bigint
  readonly price: TokenPrice
  /** Least that a finished job is charged, base units; 1 when absent. A part is charged its price alone. */
  readonly chargeMin?: bigint | undefined
}

/** What an attempt brought. Times in Unix milliseconds, by the clock of whoever worked. */
export type JobOutcome = {
  readonly text: string
  /** `canceled`: a part, paid because its job ended from outside while it was delivered. */
  readonly finish: Finish | 'canceled'
  readonly promptTokens: number
  readonly completionTokens: number
  readonly startedAtMs: number
  readonly completedAtMs: number
  /** What a miner of the original sent, kept as it came; undefined for an agent. */
  readonly legacy?: {
    readonly result: Record<string, unknown>
    readonly metrics: Record<string, unknown>
  }
}

/** Both receipts, unsigned, and what a client gets as the legacy result object. */
export type BuiltReceipts = {
  readonly receipt: Receipt
  readonly receiptBytes: Uint8Array
  readonly receiptHash: Uint8Array
  /** Canonical text of the JSON receipt, without signatures. */
  readonly legacyText: string
  readonly result: Record<string, unknown>
  readonly metrics: Record<string, unknown>
  /** Base units charged. */
  readonly amount: bigint
}

/** Why an offer frame is not worked on. */
export type OfferError = { readonly code: 'OFFER_INVALID'; readonly message: string }

/** Builds both receipts. The same offer and outcome give the same bytes everywhere. */
export function buildReceipts(offer: JobOffer, outcome: JobOutcome): BuiltReceipts {
  const least = outcome.finish === 'canceled' ? chargeMin : (offer.chargeMin ?? chargeMin)
  const amount = chargeOf(offer.price, outcome, offer.limit, least)
  // A slow clock must not make the work end before it was asked for.
  const startedAtMs = max(outcome.startedAtMs, offer.requestedAtMs)
  const completedAtMs = max(outcome.completedAtMs, startedAtMs)
  const { result, metrics } = legacyResult(offer, outcome, completedAtMs - startedAtMs)
  const fields: LegacyReceiptFields = {
    receiptId: offer.receiptId,
    jobId: offer.jobId,
    provider: offer.minerId,
    client: offer.client,
    amount,
    requestedAtMs: offer.requestedAtMs,
    startedAtMs,
    completedAtMs,
    payload: offer.payload,
    constraints: offer.constraints,
    result,
    metrics,
    hasMinerSignature: offer.minerKey !== undefined,
  }
  const legacyText = legacyReceiptText(fields)
  const receipt: Receipt = {
    version: outcome.finish === 'canceled' ? receiptVersions.part : receiptVersions.whole,
    receiptId: idBytes(offer.receiptId),
    jobId: idBytes(offer.jobId),
    attempt: offer.attempt,
    client: offer.client,
    coordinator: offer.coordinator,
    minerKey: offer.minerKey,
    miner: offer.miner,
    authorisation: offer.authorisation,
    jobHash: offer.jobHash ?? jobHashOf(offer.spec),
    resultHash: sha256(utf8ToBytes(outcome.text)),
    legacyHash: legacyReceiptHash(legacyText),
    model: offer.spec.model,
    promptTokens: outcome.promptTokens,
    completionTokens: outcome.completionTokens,
    amount,
    startedAtMs: BigInt(startedAtMs),
    completedAtMs: BigInt(completedAtMs),
  }
  const receiptBytes = receiptCoder.encode(receipt)
  return {
    receipt,
    receiptBytes,
    receiptHash: receiptHashOf(receiptBytes),
    legacyText,
    result,
    metrics,
    amount,
  }
}

/** What a miner puts into its result frame. */
export function signReceipts(
  genesisHash: Uint8Array,
  built: BuiltReceipts,
  signer: Signer,
): { readonly receiptSignature: Uint8Array; readonly legacySignature: Uint8Array } {
  return {
    receiptSignature: signer.sign(receiptSigningBytesOf(genesisHash, built.receiptBytes)),
    legacySignature: signer.sign(utf8ToBytes(built.legacyText)),
  }
}

/** The release that accepts the work: what the coordinator signs and a settlement carries. */
export const releaseOf = (offer: JobOffer, built: BuiltReceipts): Release => ({
  authorisation: offer.authorisation,
  miner: offer.miner,
  amount: built.amount,
  receiptHash: built.receiptHash,
})

/**
 * Reads an offer frame as a miner: what it says must fit together, or the work could not be paid. Whether
 * signature, escrow and price suit the miner is checked by the agent.
 */
export function offerFromFrame(
  frame: Extract<ServerFrame, { type: 'offer' }>,
  self: {
    readonly minerId: string
    readonly minerKey: Uint8Array
    /** Key that the challenge named. */
    readonly coordinator: Uint8Array
  },
): Result<JobOffer, OfferError> {
  const specBytes = fromHex(frame.spec)
  const authorisationBytes = fromHex(frame.authorisation)
  if (!specBytes.ok || !authorisationBytes.ok) return invalid('spec or authorisation is not hex')
  const spec = decodeCanonical(jobSpecCoder, specBytes.value)
  if (!spec.ok) return invalid(`spec: ${spec.error.message}`)
  const authorisation = decodeCanonical(authorisationCoder, authorisationBytes.value)
  if (!authorisation.ok) return invalid(`authorisation: ${authorisation.error.message}`)
  const jobHash = jobHashOf(spec.value)
  if (!authorisation.value.jobHash.every((byte, index) => byte === jobHash[index])) {
    return invalid('the authorisation is for another job')
  }
  const limit = BigInt(frame.limit)
  if (limit > authorisation.value.limit) return invalid('the limit is above the authorised one')
  return ok({
    receiptId: frame.receipt_id,
    jobId: frame.job_id,
    attempt: frame.attempt,
    client: frame.client,
    minerId: self.minerId,
    coordinator: self.coordinator,
    minerKey: self.minerKey,
    miner: addressOf(self.minerKey),
    authorisation: authorisationHash(authorisation.value),
    spec: spec.value,
    payload: frame.payload,
    constraints: frame.constraints,
    requestedAtMs: frame.requested_at_ms,
    limit,
    price: {
      promptPer1000: BigInt(frame.price_prompt),
      completionPer1000: BigInt(frame.price_completion),
    },
    ...(frame.charge_min === undefined ? {} : { chargeMin: BigInt(frame.charge_min) }),
  })
}

/** The original's result object and metrics: from an agent's outcome, or what a legacy miner sent. */
function legacyResult(
  offer: JobOffer,
  outcome: JobOutcome,
  durationMs: number,
): { readonly result: Record<string, unknown>; readonly metrics: Record<string, unknown> } {
  if (outcome.legacy) {
    const { result, metrics } = outcome.legacy
    return { result, metrics: { ...metrics, duration_ms: metrics['duration_ms'] ?? durationMs } }
  }
  return {
    result: {
      status: outcome.finish === 'canceled' ? 'canceled' : 'completed',
      output: outcome.text,
      model: offer.spec.model,
      finish_reason: outcome.finish,
      tokens_processed: outcome.completionTokens,
    },
    metrics: {
      duration_ms: durationMs,
      prompt_tokens: outcome.promptTokens,
      completion_tokens: outcome.completionTokens,
    },
  }
}

function idBytes(id: string): Uint8Array {
  const bytes = fromHex(id, 16)
  assert(bytes.ok, 'an id is 32 hex digits')
  return bytes.value
}

const invalid = (message: string): Result<never, OfferError> =>
  err({ code: 'OFFER_INVALID', message })
