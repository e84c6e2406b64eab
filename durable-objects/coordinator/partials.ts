/**
 * Parts: jobs that were canceled or expired while an answer was being delivered. The hold on the money
 * stays until the miner has signed for what was delivered, for a short time at most; then it is freed.
 * What was delivered is what this object took in token frames, on the disk with the end of the job itself.
 */

import { isDue } from '../../core/base/time.ts'
import type { JobEffect } from '../../core/jobs/job.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import { priceOf } from '../../core/jobs/pricing.ts'
import type { Funds } from './funds.ts'
import type { JobStore, LiveJob, PartRow } from './job-store.ts'
import type { Miners } from './miners.ts'
import type { SqlDatabase } from './schema.ts'

/** A part that waits for its miner's signature. */
export type Part = PartRow

export type PartialsParts = {
  readonly database: SqlDatabase
  readonly store: JobStore
  readonly funds: Funds
  readonly miners: Miners
  /** Least that a settlement is worth, base units: a part below it is not paid. */
  readonly chargeMin: bigint
  readonly now: () => number
  readonly wakeAt: (dueAtMs: number) => void
}

export type Partials = ReturnType<typeof openPartials>

/** Takes up the parts on disk. */
export function openPartials(parts: PartialsParts) {
  const { database, store, funds, miners, now } = parts
  const open = new Map<string, { readonly job: LiveJob; readonly part: Part }>()
  const byJob = new Map<string, string>()

  const enter = (job: LiveJob, part: Part): void => {
    open.set(part.attempt_id, { job, part })
    byJob.set(part.job_id, part.attempt_id)
    parts.wakeAt(part.until_ms)
  }

  const leave = (part: Part): void => {
    open.delete(part.attempt_id)
    byJob.delete(part.job_id)
  }

  /** Ends a part without payment. */
  const drop = (attemptId: string): void => {
    const found = open.get(attemptId)
    if (!found) return
    const { job, part } = found
    database.transactionSync(() => {
      store.endPart(part.job_id)
      store.saveLife(job)
    })
    leave(part)
    funds.free(part.job_id)
  }

  for (const { job, part } of store.loadParts()) enter(job, part)
  return {
    /** The part that a step leaves behind; undefined when it leaves none that is worth paying. */
    wanted: (job: LiveJob, effects: readonly JobEffect[], nowMs: number): Part | undefined => {
      const effect = effects.find((each) => each.type === 'pay_part')
      const price = effect && job.terms.get(effect.attemptId)
      if (!effect || !price || !miners.payoutOf(effect.minerId)) return undefined
      const worth = priceOf(price, { promptTokens: 0, completionTokens: effect.tokens })
      // A free answer, and one that is worth less than its settlement, is not paid at all.
      if (worth < parts.chargeMin) return undefined
      return {
        job_id: job.ask.jobId,
        attempt_id: effect.attemptId,
        miner_id: effect.minerId,
        next_seq: effect.nextSeq,
        tokens: effect.tokens,
        until_ms: nowMs + jobLimits.partMs,
      }
    },

    /** Writes the end of a job together with its part. Inside the caller's atomic write. */
    write: (ended: LiveJob, part: Part): void => {
      const text = ended.texts.get(part.attempt_id)
      if (text) store.saveText(part.job_id, part.attempt_id, text)
      store.savePart(ended, part)
    },

    enter,
    of: (attemptId: string) => open.get(attemptId),
    isOpen: (jobId: string): boolean => byJob.has(jobId),

    /** After the part's result has been written. */
    paid: (attemptId: string): void => {
      const found = open.get(attemptId)
      if (found) leave(found.part)
    },

    drop,

    /** Frees the money of parts for which nobody signed in time. */
    tick: (): void => {
      for (const { part } of [...open.values()]) {
        if (isDue(part.until_ms, jobLimits.partMs, now())) drop(part.attempt_id)
        else parts.wakeAt(part.until_ms)
      }
    },
  }
}
