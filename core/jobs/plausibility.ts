/**
 * Plausibility: whether a result that is signed and well-formed can have come about as it says. What is odd
 * is held, not refused: its payment waits until somebody has looked. Rules: SPEC.md, PLAUS.
 *
 * A judge is a port. Stronger ones (a second miner, a proof of the computation) are joined to this one by
 * `joined`, and the strictest verdict stands.
 */
import type { HoldReason } from '../api/coordinator-service.ts'
import { utf8ToBytes } from '../base/bytes.ts'
import { floor, max, min } from '../base/int.ts'
import type { JobSpec } from './job-spec.ts'
import { jobLimits } from './limits.ts'
import type { JobOutcome } from './outcome.ts'

/** Tokens a second by somebody's measure; `samples`: how many answers it was made of. */
export type MeasuredRate = { readonly tokensPerSecond: number; readonly samples: number }

/** All that a judge may look at. Times by the coordinator's clock, milliseconds. */
export type Evidence = {
  readonly spec: JobSpec
  readonly outcome: JobOutcome
  readonly minerId: string
  /** From the offer to the result: waiting and reading the prompt are in it, so rates come out low. */
  readonly tookMs: number
  /** Context of the model by the miner's card; 0 where it states none. */
  readonly contextTokens: number
  /** What the card claims for the model, tokens a second of one answer. */
  readonly claimedRate: number | undefined
  /** What the coordinator measured of this miner with this model before. */
  readonly measuredRate: MeasuredRate | undefined
  /** Whether prompt tokens cost anything on the terms of this attempt. */
  readonly promptCosts: boolean
}

/** What is to become of a result. */
export type Verdict =
  | { readonly kind: 'accept' }
  | { readonly kind: 'hold'; readonly reasons: readonly HoldReason[] }
  | { readonly kind: 'refuse'; readonly reasons: readonly HoldReason[] }

/** Looks at a result and says what is to become of it. */
export type Judge = (evidence: Evidence) => Verdict

/** Bounds of plausibility. Rates in tokens a second of one answer. */
export const plausibleLimits = {
  /** No machine of today writes one answer faster, whatever the model. */
  rateMax: 50_000,
  /** How many times what was claimed, and what was measured, is still taken. */
  claimFactor: 4,
  historyFactor: 8,
  /** Measurements that make a history. */
  samplesMin: 20,
  /** Below it a rate says nothing. */
  ratedTokensMin: 64,
  /** Text of less than this many bytes a token, in hundredths, is a signal. */
  bytesPerTokenMin: 105,
  /** A text that consists of one piece of at most so many characters, so many times, repeats itself. */
  repeatedCharsMax: 64,
  repeatsMin: 16,
} as const

/**
 * Whether a reason lies with the miner. What an answer says, or that it is empty, its client can bring about by
 * the question and by where it is to stop: that waits for a look, and blames nobody.
 */
export const isMinersOwn = (code: string): boolean =>
  code.startsWith('RATE_') || code === 'FINISH_LENGTH'

/** The judge that is always there: counts, rates and the text itself. */
export const plausibility: Judge = (evidence) => {
  const holds = [...ratesOf(evidence), ...finishOf(evidence), ...emptyOf(evidence)]
  const signals = signalsOf(evidence)
  if (holds.length === 0 && signals.length < 2) return { kind: 'accept' }
  return { kind: 'hold', reasons: [...holds, ...signals] }
}

/** One judge out of several: the strictest verdict, with the reasons of all that have any. */
export const joined =
  (judges: readonly Judge[]): Judge =>
  (evidence) => {
    const verdicts = judges.map((judge) => judge(evidence))
    const reasons = verdicts
      .flatMap((verdict) => (verdict.kind === 'accept' ? [] : verdict.reasons))
      .slice(0, jobLimits.holdReasonsMax)
    if (verdicts.some(({ kind }) => kind === 'refuse')) return { kind: 'refuse', reasons }
    if (verdicts.some(({ kind }) => kind === 'hold')) return { kind: 'hold', reasons }
    return { kind: 'accept' }
  }

function ratesOf({ outcome, tookMs, claimedRate, measuredRate }: Evidence): HoldReason[] {
  const { completionTokens } = outcome
  if (completionTokens < plausibleLimits.ratedTokensMin) return []
  // A clock that stood still has measured less than a millisecond.
  const rate = floor((completionTokens * 1_000) / max(tookMs, 1))
  const reasons: HoldReason[] = []
  const { rateMax, claimFactor, historyFactor, samplesMin } = plausibleLimits
  if (rate > rateMax) {
    const message = `${rate} tokens a second are more than any machine writes (${rateMax}).`
    reasons.push({ code: 'RATE_CEILING', message })
  }
  if (claimedRate !== undefined && rate > claimedRate * claimFactor) {
    const message = `${rate} tokens a second; this miner claims ${floor(claimedRate)} for this model.`
    reasons.push({ code: 'RATE_CLAIM', message })
  }
  const known = measuredRate && measuredRate.samples >= samplesMin ? measuredRate : undefined
  if (known && rate > known.tokensPerSecond * historyFactor) {
    const usual = floor(known.tokensPerSecond)
    const message = `${rate} tokens a second; this miner was measured at ${usual} with this model.`
    reasons.push({ code: 'RATE_HISTORY', message })
  }
  return reasons
}

/** An answer that ended at a limit which it had not nearly reached. */
function finishOf({ spec, outcome, contextTokens }: Evidence): HoldReason[] {
  const { finish, completionTokens, promptTokens } = outcome
  if (finish !== 'length' || completionTokens * 2 >= spec.maxTokens) return []
  if (contextTokens === 0 || (promptTokens + completionTokens) * 2 >= contextTokens) return []
  const message = `The answer ended at a limit after ${completionTokens} of ${spec.maxTokens} tokens.`
  return [{ code: 'FINISH_LENGTH', message }]
}

function emptyOf({ outcome, promptCosts }: Evidence): HoldReason[] {
  if (outcome.text !== '' || outcome.promptTokens === 0 || !promptCosts) return []
  const message = `The answer is empty, and ${outcome.promptTokens} prompt tokens are charged.`
  return [{ code: 'EMPTY_CHARGED', message }]
}

function signalsOf({ outcome }: Evidence): HoldReason[] {
  const { text, completionTokens } = outcome
  const signals: HoldReason[] = []
  if (text.trim() === '') signals.push({ code: 'EMPTY', message: 'The answer has no words.' })
  if (isRepeated(text)) {
    signals.push({ code: 'REPEATING', message: 'The answer repeats one short piece throughout.' })
  }
  const { ratedTokensMin, bytesPerTokenMin } = plausibleLimits
  const bytes = utf8ToBytes(text).length
  if (completionTokens >= ratedTokensMin && bytes * 100 < completionTokens * bytesPerTokenMin) {
    const message = `${completionTokens} tokens for ${bytes} bytes of text.`
    signals.push({ code: 'TOKENS_DENSE', message })
  }
  return signals
}

/** Whether a text is one short piece over and over, the last of which may be cut off. */
function isRepeated(text: string): boolean {
  const { repeatedCharsMax, repeatsMin } = plausibleLimits
  const longest = min(repeatedCharsMax, floor(text.length / repeatsMin))
  for (let period = 1; period <= longest; period += 1) {
    let at = period
    while (at < text.length && text[at] === text[at - period]) at += 1
    if (at === text.length) return true
  }
  return false
}
