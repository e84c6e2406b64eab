/**
 * Assignment: which miners can be handed a job at this moment, and the step that does it.
 */

import type { Terms } from '../../core/jobs/claim.ts'
import { applyJobEvent, type Job, type JobStep, liveAttempt } from '../../core/jobs/job.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import { offerOf } from '../../core/jobs/matching.ts'
import { newId } from './ids.ts'
import type { LiveJob } from './job-store.ts'
import { coordinatorLimits } from './limits.ts'
import type { Miner } from './miners.ts'
import type { StreamEvent } from './streams.ts'

/** Whether a miner may be handed a job right now. */
export function isReachable(miner: Miner, nowMs: number): boolean {
  if (miner.card.kind === 'legacy') return miner.poll !== undefined
  return miner.socket !== undefined && isLive(miner, nowMs)
}

/** Whether a miner counts as here. */
export function isLive(miner: Miner, nowMs: number): boolean {
  const silentMsMax =
    miner.card.kind === 'legacy' ? jobLimits.legacyLeaseMs : coordinatorLimits.minerSilentMsMax
  return nowMs - miner.seenAtMs < silentMsMax
}

/**
 * A job given to a miner, as a step; undefined when the job does not wait any more. `agreed`: what its client has
 * booked or agreed on there, instead of what the miner lists.
 */
export function assigned(
  job: LiveJob,
  miner: Miner,
  nowMs: number,
  agreed?: Terms | undefined,
): { readonly step: JobStep; readonly attemptId: string } | undefined {
  const attemptId = newId(nowMs)
  const { minerId, kind } = miner.card
  const isLegacy = kind === 'legacy'
  const leaseMs = isLegacy ? jobLimits.legacyLeaseMs : jobLimits.leaseMs
  const step = applyJobEvent(job.life, { type: 'assign', attemptId, minerId, leaseMs }, nowMs)
  const price = agreed ?? offerOf(miner.card, job.ask.spec.model)?.price
  if (!step.ok || !price) return undefined
  job.terms.set(attemptId, price)
  if (!isLegacy) return { step: step.value, attemptId }
  // A poll is an offer and its acceptance in one.
  const accepted = applyJobEvent(step.value.job, { type: 'accept', attemptId, minerId }, nowMs)
  if (!accepted.ok) return undefined
  const effects = [...step.value.effects, ...accepted.value.effects]
  return { step: { job: accepted.value.job, effects }, attemptId }
}

/** After a restart a miner needs a moment to come back, whatever its lease said. */
export const withResumeTime = (life: Job, nowMs: number): Job => {
  const attempt = liveAttempt(life)
  const until = nowMs + coordinatorLimits.resumeMs
  return attempt && attempt.leaseUntilMs < until ? withLease(life, until) : life
}

/** The same life with another end of its lease. */
export const withLease = (life: Job, leaseUntilMs: number): Job => {
  const attempt = liveAttempt(life)
  const attempts = life.attempts.map((each) =>
    each.attemptId === attempt?.attemptId ? { ...each, leaseUntilMs } : each,
  )
  return { ...life, attempts }
}

/** The state of a job, for readers. */
export function stateEventOf(life: Job): StreamEvent {
  const attempt = liveAttempt(life)
  const who = attempt && { miner_id: attempt.minerId, attempt: attempt.number }
  return { type: 'state', state: life.state, ...who }
}

/** The end of a job without a result, for readers. */
export function endEventOf(life: Job): StreamEvent {
  return { type: 'end', state: life.state, ...(life.error && { error: life.error }) }
}
