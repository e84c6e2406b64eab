/**
 * Miners of the original: they register, poll, and post what they computed, over HTTP with an API key.
 */
import { randomBytes } from 'node:crypto'
import type { CoordinatorService, LegacyMinerJob } from '../../core/api/coordinator-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { toHex } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { type JobError, liveAttempt } from '../../core/jobs/job.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import { workerOf } from './agent-frames.ts'
import type { ApiKeys } from './api-keys.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Held } from './held.ts'
import type { JobStore, LiveJob, ResultRow } from './job-store.ts'
import { coordinatorLimits } from './limits.ts'
import type { Miner, Miners } from './miners.ts'
import type { Results } from './results.ts'

export type LegacyMinerParts = {
  readonly store: JobStore
  readonly miners: Miners
  readonly apiKeys: ApiKeys
  readonly dispatcher: Dispatcher
  readonly results: Results
  readonly held: Held
  readonly now: () => number
  /** A miner has registered anew. */
  readonly onChanged: () => void
}

export type LegacyMiners = {
  readonly register: CoordinatorService['registerMiner']
  readonly heartbeat: CoordinatorService['heartbeatMiner']
  readonly poll: CoordinatorService['pollMiner']
  readonly finish: CoordinatorService['finishMinerJob']
  readonly fail: CoordinatorService['failMinerJob']
  /** A job has been claimed for a miner whose poll waits. */
  readonly claimed: (miner: Miner, job: LiveJob) => void
}

export function openLegacyMiners(parts: LegacyMinerParts): LegacyMiners {
  const { store, miners, apiKeys, dispatcher, results, now } = parts

  /** The miner behind a key, also after a restart; it has been seen now. */
  const minerOf = (minerId: string): Miner | undefined => {
    const payout = apiKeys.payoutOf(minerId)
    if (!payout) return undefined
    const miner = miners.get(minerId) ?? restored(minerId, payout)
    if (miner) miner.seenAtMs = now()
    return miner
  }

  const restored = (minerId: string, payout: Uint8Array): Miner | undefined => {
    const miner = miners.restoreLegacy(minerId, payout, now())
    if (!miner) return undefined
    for (const { attemptId } of attemptsOf(minerId)) miners.take(miner, attemptId, now())
    return miner
  }

  const hasPlace = (minerId: string): boolean => {
    if (miners.count() >= coordinatorLimits.minersMax) return false
    if (!isOfAccount(minerId)) return true
    let taken = 0
    for (const { card } of miners.all()) if (isOfAccount(card.minerId)) taken += 1
    return taken < coordinatorLimits.minersOfAccountsMax
  }

  const attemptsOf = (minerId: string): { job: LiveJob; attemptId: string }[] =>
    [...dispatcher.all()].flatMap((job) => {
      const attempt = liveAttempt(job.life)
      return attempt?.minerId === minerId ? [{ job, attemptId: attempt.attemptId }] : []
    })

  /** These miners report nothing while they work: any sign of life renews what they hold. */
  const renew = (minerId: string): void => {
    for (const { job, attemptId } of attemptsOf(minerId)) {
      dispatcher.renew(job, { attemptId, minerId }, 'progress')
    }
  }

  /** A miner that begins anew has forgotten what it held: that goes back to the queue at once. */
  const forget = (minerId: string): void => {
    for (const { job, attemptId } of attemptsOf(minerId)) {
      dispatcher.apply(job, { type: 'lost', attemptId, minerId })
    }
  }

  return {
    register: async (who, stated) => {
      const payout = apiKeys.payoutOf(who.publicId)
      if (!payout) return err(noPayout)
      const session = toHex(new Uint8Array(randomBytes(16)))
      const { capabilities, concurrency, region } = stated
      const known = miners.get(who.publicId)
      if (!known && !hasPlace(who.publicId)) return err(tooMany)
      const entering = { minerId: who.publicId, payout, capabilities, concurrency, region, session }
      forget(who.publicId)
      miners.enterLegacy(entering, now())
      parts.onChanged()
      return ok({ sessionToken: session })
    },

    heartbeat: async (who) => {
      if (!minerOf(who.publicId)) return err({ code: 'MINER_NOT_REGISTERED' })
      renew(who.publicId)
      return ok(null)
    },

    poll: async (who, { waitMs }) => {
      const minerId = who.publicId
      if (!apiKeys.payoutOf(minerId)) return err(noPayout)
      const miner = minerOf(minerId)
      if (!miner) return err({ code: 'MINER_NOT_REGISTERED' })
      renew(minerId)
      // A second poll of one miner ends the first: it would never see a job.
      miner.poll?.(undefined)
      let claimed: LiveJob | undefined
      let end: () => void = () => undefined
      const ended = new Promise<void>((resolve) => {
        end = resolve
      })
      // One job a poll: the first that is claimed ends it, and is this poll's alone.
      const poll: Miner['poll'] = (job) => {
        claimed = job
        end()
      }
      miner.poll = poll
      dispatcher.fill(minerId)
      if (miner.poll === poll && waitMs > 0) {
        const timer = setTimeout(end, Math.min(waitMs, jobLimits.pollWaitMsMax))
        await ended
        clearTimeout(timer)
      }
      // The registry may have a new entry for this miner by now; the poll is in that one.
      const present = miners.get(minerId)
      if (present?.poll === poll) present.poll = undefined
      return ok(claimed ? handed(claimed) : null)
    },

    claimed: (miner, job) => {
      const { poll } = miner
      miner.poll = undefined
      poll?.(job)
    },

    finish: async (who, { jobId, result, metrics }) => {
      const job = dispatcher.job(jobId)
      const worker = minerOf(who.publicId)
      if (!worker) return err({ code: 'MINER_NOT_REGISTERED' })
      if (!job) return finished(parts, jobId, who.publicId)
      const done = results.finishLegacy(job, workerOf(worker), { result, metrics })
      if (done.ok) return ok({ receipt: receiptOf(parts.held, done.value) })
      // A reported failure has been taken note of: that is no error of the call.
      if (done.error.code === 'MINER_REPORTED_FAILURE') return ok({ receipt: null })
      return err(publicError(done.error as JobError | ApiError))
    },

    fail: async (who, { jobId, code, message }) => {
      const job = dispatcher.job(jobId)
      if (!job)
        return err(store.load(jobId) ? { code: 'LEASE_NOT_HELD' } : { code: 'JOB_NOT_FOUND' })
      const attempt = liveAttempt(job.life)
      if (attempt?.minerId !== who.publicId) return err({ code: 'LEASE_NOT_HELD' })
      const by = { attemptId: attempt.attemptId, minerId: who.publicId }
      const failed = dispatcher.apply(job, { type: 'fail', ...by, code, message, retryable: true })
      if (!failed.ok) return err(publicError(failed.error))
      return ok(null)
    },
  }
}

/** Whether an account made the key, and not the operator; no agent has such a name. */
const isOfAccount = (minerId: string): boolean => /^key_[0-9a-f]{16}$/.test(minerId)

const handed = ({ ask }: LiveJob): LegacyMinerJob => ({
  job_id: ask.jobId,
  payload: ask.payload,
  constraints: ask.constraints,
})

/** The receipt of a result; none while its payment waits for a decision, or when that was no. */
function receiptOf(held: Held, row: ResultRow): Record<string, unknown> | null {
  if (!held.isPayable(row.job_id)) return null
  return JSON.parse(row.legacy_text) as Record<string, unknown>
}

/** A result for a job that has ended: the same miner's own gets its receipt again. */
function finished(
  { store, held }: Pick<LegacyMinerParts, 'store' | 'held'>,
  jobId: string,
  minerId: string,
): Result<{ readonly receipt: Record<string, unknown> | null }, ApiError> {
  const row = store.result(jobId)
  if (row?.miner_id === minerId) return ok({ receipt: receiptOf(held, row) })
  if (row) return err({ code: 'ALREADY_COMPLETED' })
  return err(store.load(jobId) ? { code: 'LEASE_NOT_HELD' } : { code: 'JOB_NOT_FOUND' })
}

/** An error of the job rules as callers over HTTP meet it. */
export function publicError(error: JobError | ApiError): ApiError {
  switch (error.code) {
    case 'JOB_ENDED':
    case 'NOT_QUEUED':
    case 'SEQ_GAP':
    case 'ANSWER_TOO_LONG':
      return { code: 'LEASE_NOT_HELD', ...(error.message && { message: error.message }) }
    default:
      return { code: error.code, ...(error.message && { message: error.message }) }
  }
}

const noPayout: ApiError = {
  code: 'AUTHORIZATION_ERROR',
  message:
    'This site knows no address that is paid for this API key: its operator sets one in MINER_PAYOUTS.',
}

const tooMany: ApiError = {
  code: 'QUEUE_FULL',
  message: 'This site has as many miners as it takes.',
}
