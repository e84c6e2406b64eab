/**
 * Bounds on a job before anybody computes it: how many tokens its prompt can be at most and at least, and
 * so what it can cost at a price. Clients, site and miners use the same bounds.
 */
import { utf8ToBytes } from '../base/bytes.ts'
import { floor, maxBig } from '../base/int.ts'
import { featuresNeeded, optionsTokensMax } from './job-options.ts'
import type { JobSpec } from './job-spec.ts'
import { jobLimits } from './limits.ts'
import type { ModelFeature } from './model-features.ts'
import { chargeMin, priceOf, type TokenPrice } from './pricing.ts'

/** The measure of a job, all that matching and pricing look at. */
export type JobSize = {
  /** Empty for a legacy job that names no model. */
  readonly model: string
  /** No tokenizer of this network makes more of the prompt than this. */
  readonly promptTokensMax: number
  /** A prompt of fewer tokens than this is hard to imagine: more than the context is refused at once. */
  readonly promptTokensMin: number
  readonly maxTokens: number
  /** A legacy payload without a prompt: only legacy miners know what to do with it. */
  readonly isOpaque: boolean
  /** What the model must be able to do; nothing when absent. */
  readonly features?: readonly ModelFeature[]
}

/** Measures a job. */
export function sizeOf(spec: JobSpec): JobSize {
  let bytes = 0
  for (const { content } of spec.messages) bytes += utf8ToBytes(content).length
  return {
    model: spec.model,
    promptTokensMax: promptTokensMaxOf(bytes, spec.messages.length) + optionsTokensMax(spec),
    promptTokensMin: floor(bytes / bytesPerTokenMax),
    maxTokens: spec.maxTokens,
    isOpaque: spec.messages.length === 0,
    features: featuresNeeded(spec),
  }
}

/** A token is at least one byte of text; the chat template adds a bounded number a message. */
export const promptTokensMaxOf = (bytes: number, messages: number): number =>
  bytes + messages * jobLimits.templateTokensPerMessage

/** Most that a job can cost at a price, base units: what a limit must cover. */
export const worstCaseOf = (
  size: { readonly promptTokensMax: number; readonly maxTokens: number },
  price: TokenPrice,
): bigint =>
  maxBig(
    priceOf(price, { promptTokens: size.promptTokensMax, completionTokens: size.maxTokens }),
    chargeMin,
  )

/** Average bytes a token that no ordinary text exceeds. */
const bytesPerTokenMax = 8
