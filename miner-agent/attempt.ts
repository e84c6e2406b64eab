/**
 * An attempt as the agent holds it: from an accepted offer to its release. Frames that went out are kept,
 * since after a reconnect they may have to go out again.
 */
import type { MinerFrame } from '../core/jobs/miner-protocol.ts'
import type { OpenedOffer } from './offer.ts'
import type { ExpectedRelease } from './release.ts'

export type ResultFrame = Extract<MinerFrame, { readonly type: 'result' }>
export type FailFrame = Extract<MinerFrame, { readonly type: 'fail' }>
type TokensFrame = Extract<MinerFrame, { readonly type: 'tokens' }>

/** A finished attempt: its result, and the release that it must bring. */
export type Delivery = { readonly frame: ResultFrame; readonly expected: ExpectedRelease }

export type Attempt = {
  readonly id: string
  readonly opened: OpenedOffer
  readonly acceptedAtMs: number
  readonly stopper: AbortController
  /** Waits its turn, runs, was delivered and waits for its release, or failed. */
  phase: 'waiting' | 'running' | 'delivered' | 'failed'
  startedAtMs: number
  /** When the last frame of the attempt was ready. */
  endedAtMs: number
  readonly tokens: TokensFrame[]
  delivery: Delivery | undefined
  /** Its job ended first: only the part that was delivered is signed for, if it is not yet. */
  isCut: boolean
  failure: FailFrame | undefined
  /** The site holds its payment and decides by then, Unix milliseconds. */
  heldUntilMs: number | undefined
}

/** A fresh attempt. */
export function newAttempt(opened: OpenedOffer, nowMs: number): Attempt {
  return {
    id: opened.offer.attempt_id,
    opened,
    acceptedAtMs: nowMs,
    stopper: new AbortController(),
    phase: 'waiting',
    startedAtMs: 0,
    endedAtMs: 0,
    tokens: [],
    delivery: undefined,
    isCut: false,
    failure: undefined,
    heldUntilMs: undefined,
  }
}

/** What of an attempt was delivered, by the frames below `paidSeq`; undefined when they are not all here. */
export function deliveredPart(
  attempt: Attempt,
  paidSeq: number,
): { readonly text: string; readonly tokens: number } | undefined {
  const frames = attempt.tokens.slice(0, paidSeq)
  if (frames.length !== paidSeq || paidSeq === 0) return undefined
  return {
    text: frames.map(({ text }) => text).join(''),
    tokens: frames.reduce((sum, { count }) => sum + count, 0),
  }
}

/** Whether the attempt still needs the engine. */
export const isOpen = (attempt: Attempt): boolean =>
  attempt.phase === 'waiting' || attempt.phase === 'running'

/** What to send after a reconnect, when the coordinator has token frames below `nextSeq`. */
export function framesToResend(attempt: Attempt, nextSeq: number): MinerFrame[] {
  const frames: MinerFrame[] = [{ type: 'accept', attempt_id: attempt.id }]
  frames.push(...attempt.tokens.filter(({ seq }) => seq >= nextSeq))
  if (attempt.delivery !== undefined) frames.push(attempt.delivery.frame)
  if (attempt.failure !== undefined) frames.push(attempt.failure)
  return frames
}
