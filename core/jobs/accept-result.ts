/**
 * Acceptance of a result: the coordinator builds the receipts anew from what it offered and what came
 * back, and takes the result only when the bytes are the same, the signatures hold and the numbers are
 * possible. Rules: SPEC.md, RESULT.
 */
import type { ApiError } from '../api/errors.ts'
import { bytesEqual, fromHex, utf8ToBytes } from '../base/bytes.ts'
import { decodeUnchecked } from '../base/coders.ts'
import { floor, max, min } from '../base/int.ts'
import { err, ok, type Result } from '../base/result.ts'
import { receiptCoder, receiptSigningBytesOf } from '../chain/receipt.ts'
import type { Verifier } from '../crypto/signature.ts'
import { answerFault } from './answer.ts'
import { sizeOf } from './estimate.ts'
import { jobLimits } from './limits.ts'
import type { MinerFrame } from './miner-protocol.ts'
import { type BuiltReceipts, buildReceipts, type JobOffer, type JobOutcome } from './outcome.ts'
import { canonicalText, isWithinDepth, type PyJson } from './python-json.ts'

/** What the coordinator has seen of the attempt. */
export type Observed = {
  /** The text of all token frames, joined, and the tokens that they counted. */
  readonly text: string
  readonly tokens: number
  readonly offeredAtMs: number
  readonly nowMs: number
}

/** A result that may be paid: carry it to the reducer, then sign the release. */
export type AcceptedResult = {
  readonly built: BuiltReceipts
  readonly outcome: JobOutcome
  /** Over the canonical receipt and over the JSON receipt; undefined for a legacy miner. */
  readonly minerSignature: Uint8Array | undefined
  readonly legacySignature: Uint8Array | undefined
}

/** Checks an agent's result. A refusal is the miner's fault: fail the attempt, never the job. */
export function acceptResult(
  offer: JobOffer,
  frame: Extract<MinerFrame, { type: 'result' }>,
  observed: Observed,
  keys: { readonly genesisHash: Uint8Array; readonly verifier: Verifier },
): Result<AcceptedResult, ApiError> {
  // Nothing was canceled, or this object would have said so.
  if (frame.finish === 'canceled') return refuse('the job was not canceled')
  return acceptSigned(offer, frame, observed, keys)
}

function acceptSigned(
  offer: JobOffer,
  frame: Extract<MinerFrame, { type: 'result' }>,
  observed: Observed,
  keys: { readonly genesisHash: Uint8Array; readonly verifier: Verifier },
): Result<AcceptedResult, ApiError> {
  const receiptBytes = fromHex(frame.receipt)
  // Its bytes are compared below with those of the receipt that is built here.
  const receipt = receiptBytes.ok
    ? decodeUnchecked(receiptCoder, receiptBytes.value)
    : refuse('the receipt is not hex')
  if (!receiptBytes.ok || !receipt.ok) return refuse('the receipt is not canonical')
  const outcome: JobOutcome = {
    text: frame.text,
    finish: frame.finish,
    promptTokens: frame.prompt_tokens,
    completionTokens: frame.completion_tokens,
    startedAtMs: Number(receipt.value.startedAtMs),
    completedAtMs: Number(receipt.value.completedAtMs),
  }
  const fault = implausible(offer, outcome, observed)
  if (fault !== undefined) return refuse(fault)
  const built = buildReceipts(offer, outcome)
  if (!bytesEqual(built.receiptBytes, receiptBytes.value)) {
    return refuse('the receipt differs from what was offered and delivered')
  }
  if (built.legacyText !== frame.legacy_receipt) {
    return refuse('the JSON receipt differs from what was offered and delivered')
  }
  const minerSignature = fromHex(frame.receipt_signature, 64)
  const legacySignature = fromHex(frame.legacy_signature, 64)
  if (!minerSignature.ok || !legacySignature.ok || !offer.minerKey) {
    return refuse('a signature is missing')
  }
  const publicKey = offer.minerKey
  const message = receiptSigningBytesOf(keys.genesisHash, built.receiptBytes)
  const legacy = utf8ToBytes(built.legacyText)
  const isSigned =
    keys.verifier.verify({ signature: minerSignature.value, message, publicKey }) &&
    keys.verifier.verify({ signature: legacySignature.value, message: legacy, publicKey })
  if (!isSigned) return refuse('a signature does not fit')
  return ok({
    built,
    outcome,
    minerSignature: minerSignature.value,
    legacySignature: legacySignature.value,
  })
}

/** What a part was cut from: the token frames that were taken, joined, and the tokens that they counted. */
export type DeliveredPart = { readonly text: string; readonly tokens: number }

/**
 * Checks an agent's result for a part. It is over what was delivered, to the token: whatever else a miner
 * would like to be paid for, nobody has received.
 */
export function acceptPart(
  offer: JobOffer,
  frame: Extract<MinerFrame, { type: 'result' }>,
  observed: Observed & DeliveredPart,
  keys: { readonly genesisHash: Uint8Array; readonly verifier: Verifier },
): Result<AcceptedResult, ApiError> {
  if (frame.finish !== 'canceled') return refuse('the job has ended, and only a part of it is paid')
  if (frame.completion_tokens !== observed.tokens || frame.prompt_tokens !== 0) {
    return refuse('a part is the tokens that were delivered, and no prompt')
  }
  return acceptSigned(offer, frame, observed, keys)
}

/** A legacy result that says that the job failed: to be reported to the reducer as a failure. */
export type LegacyFailure = {
  readonly code: 'MINER_REPORTED_FAILURE'
  readonly message: string
}

/**
 * Reads what a miner of the original sent as a result. Programs of the original also send their errors
 * here, with `status: "failed"`: these were paid there, and are failures here.
 */
export function acceptLegacyResult(
  offer: JobOffer,
  sent: {
    readonly result: Record<string, unknown>
    readonly metrics: Record<string, unknown>
  },
  observed: { readonly offeredAtMs: number; readonly nowMs: number },
): Result<AcceptedResult, ApiError | LegacyFailure> {
  if (!isWithinDepth(sent.result) || !isWithinDepth(sent.metrics)) {
    return refuse('the result is nested too deeply')
  }
  const output = outputOf(sent.result)
  if (output === undefined && isFailure(sent.result)) {
    const reason = sent.result['error'] ?? sent.result['message'] ?? 'no reason given'
    const message = typeof reason === 'string' ? reason.slice(0, 1_024) : 'no reason given'
    return err({ code: 'MINER_REPORTED_FAILURE', message })
  }
  // A result in a shape of its own still has a text: its canonical JSON.
  const text = output ?? canonicalText(sent.result as PyJson)
  const bytes = utf8ToBytes(text).length
  if (bytes > jobLimits.answerBytesMax) return refuse('the answer is longer than this site carries')
  const outcome: JobOutcome = {
    text,
    finish: 'stop',
    ...legacyTokens(offer, sent, bytes),
    startedAtMs: observed.offeredAtMs,
    completedAtMs: observed.nowMs,
    legacy: sent,
  }
  return ok({
    built: buildReceipts(offer, outcome),
    outcome,
    minerSignature: undefined,
    legacySignature: undefined,
  })
}

/** The first thing about an outcome that cannot be; undefined when all of it can. */
function implausible(offer: JobOffer, outcome: JobOutcome, observed: Observed): string | undefined {
  const size = sizeOf(offer.spec)
  const bytes = utf8ToBytes(outcome.text).length
  const { completionTokens, promptTokens, startedAtMs, completedAtMs } = outcome
  if (outcome.text !== observed.text)
    return 'the final text differs from the text that was streamed'
  if (bytes > jobLimits.answerBytesMax) return 'the answer is longer than this site carries'
  if (completionTokens > bytes) return 'more tokens are claimed than the answer has bytes'
  if (completionTokens > offer.spec.maxTokens) return 'more tokens are claimed than were asked for'
  if (completionTokens > observed.tokens) return 'more tokens are claimed than were delivered'
  if (promptTokens > size.promptTokensMax) {
    return 'more prompt tokens are claimed than the prompt can have'
  }
  if (startedAtMs < offer.requestedAtMs || completedAtMs < startedAtMs) {
    return 'the times of the receipt are out of order'
  }
  if (completedAtMs > observed.nowMs + jobLimits.receiptSkewMsMax) {
    return 'the receipt is from the future: the clock of the miner is wrong'
  }
  const tookMs = completedAtMs - startedAtMs
  const heldMs = observed.nowMs - observed.offeredAtMs
  if (tookMs > heldMs + jobLimits.durationSlackMs) {
    return 'the receipt says that the work took longer than the attempt was held'
  }
  const { finish } = outcome
  // A part has no shape of its own: it ends where its client left.
  return finish === 'canceled' ? undefined : answerFault(offer.spec, { ...outcome, finish })
}

/** What legacy programs report, within what the text allows; what they leave out is estimated low. */
function legacyTokens(
  offer: JobOffer,
  sent: {
    readonly result: Record<string, unknown>
    readonly metrics: Record<string, unknown>
  },
  bytes: number,
): { readonly promptTokens: number; readonly completionTokens: number } {
  const said = (names: readonly string[]): number | undefined => {
    for (const from of [sent.result, sent.metrics]) {
      for (const name of names) {
        const value = from[name]
        if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return floor(value)
      }
    }
    return undefined
  }
  const completion =
    said(['completion_tokens', 'tokens_processed', 'eval_count', 'tokens']) ??
    floor((bytes + bytesPerTokenGuess - 1) / bytesPerTokenGuess)
  const prompt = said(['prompt_tokens', 'prompt_eval_count']) ?? 0
  return {
    completionTokens: min(completion, min(bytes, offer.spec.maxTokens)),
    promptTokens: min(prompt, max(0, sizeOf(offer.spec).promptTokensMax)),
  }
}

/** English text has about four bytes a token: used only where a legacy miner counts nothing. */
const bytesPerTokenGuess = 4

const outputOf = (result: Record<string, unknown>): string | undefined => {
  for (const name of ['output', 'response', 'text', 'content']) {
    const value = result[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

const isFailure = (result: Record<string, unknown>): boolean =>
  result['status'] === 'failed' || result['status'] === 'error' || result['success'] === false

const refuse = (message: string): Result<never, ApiError> =>
  err({ code: 'RESULT_INVALID', message: `The result is refused: ${message}.` })
