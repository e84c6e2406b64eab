/**
 * What miner agents say, turned into events of jobs, and what they are told.
 */
import { toHex } from '../../core/base/bytes.ts'
import type { ClaimRef } from '../../core/jobs/claim.ts'
import { liveAttempt, mayFinish } from '../../core/jobs/job.ts'
import { type MinerFrame, minerProtocolLimits } from '../../core/jobs/miner-protocol.ts'
import { send } from './agent-messages.ts'
import type { Welcome } from './agent-sockets.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Held } from './held.ts'
import type { JobStore, LiveJob, ResultRow } from './job-store.ts'
import type { Miner, Miners } from './miners.ts'
import type { Partials } from './partials.ts'
import type { Results, Worker } from './results.ts'
import { bytesOf } from './schema.ts'
import type { Settings } from './settings.ts'
import type { Settled } from './settlement.ts'

export type AgentFrameParts = {
  readonly settings: Settings
  readonly store: JobStore
  readonly miners: Miners
  readonly dispatcher: Dispatcher
  readonly results: Results
  readonly partials: Partials
  readonly held: Held
  readonly now: () => number
  /** Counts a bad frame against the socket. */
  readonly misbehaved: (miner: Miner, code: string, message: string) => void
}

type Frame<Type extends MinerFrame['type']> = Extract<MinerFrame, { type: Type }>

/** Handlers of the frames of agents that have proved themselves. */
export function openAgentFrames(parts: AgentFrameParts) {
  const { store, miners, dispatcher, results, partials, held, now } = parts

  /** The job of an attempt of this miner; tells it to drop an attempt that it does not hold. */
  const jobOf = (miner: Miner, attemptId: string): LiveJob | undefined => {
    const job = dispatcher.byAttempt(attemptId)
    const isOwn = job?.life.attempts.some(
      (each) => each.attemptId === attemptId && each.minerId === miner.card.minerId,
    )
    if (job && isOwn) return job
    cancel(miner, attemptId, 'lease_not_held')
    return undefined
  }

  const tokens = (miner: Miner, frame: Frame<'tokens'>): void => {
    if (frame.text.length > minerProtocolLimits.tokensTextBytesMax) {
      parts.misbehaved(miner, 'FRAME_TOO_LARGE', 'too much text in one frame')
      return
    }
    const job = jobOf(miner, frame.attempt_id)
    if (!job) return
    const by = { attemptId: frame.attempt_id, minerId: miner.card.minerId }
    const { seq, text, count } = frame
    const taken = dispatcher.tokens(job, { ...by, seq, text, count })
    if (taken.ok) return
    const { code, message } = taken.error
    if (code === 'SEQ_GAP') {
      parts.misbehaved(miner, code, message)
      return
    }
    if (code === 'ANSWER_TOO_LONG') {
      dispatcher.apply(job, { type: 'fail', ...by, code, message, retryable: false })
    }
    cancel(miner, frame.attempt_id, code.toLowerCase())
  }

  const renew = (miner: Miner, frame: Frame<'accept' | 'progress'>): void => {
    const job = jobOf(miner, frame.attempt_id)
    if (!job) return
    const by = { attemptId: frame.attempt_id, minerId: miner.card.minerId }
    const renewed = dispatcher.renew(job, by, frame.type)
    if (!renewed.ok) cancel(miner, frame.attempt_id, renewed.error.code.toLowerCase())
  }

  const result = (miner: Miner, frame: Frame<'result'>): void => {
    const part = partials.of(frame.attempt_id)
    // The whole answer was under way when its job ended: the miner signs for what was delivered instead.
    if (part && frame.finish !== 'canceled') {
      cancel(miner, frame.attempt_id, part.job.life.state)
      return
    }
    const job = dispatcher.byAttempt(frame.attempt_id)
    const done = part
      ? results.finishPart(part, workerOf(miner), frame)
      : job && results.finish(job, workerOf(miner), frame)
    if (!done) finished(miner, frame.attempt_id)
    // Just written: what is signed is due, and cannot be final yet.
    else if (done.ok && done.value.release_signature.byteLength > 0) releaseOnly(miner, done.value)
    else if (done.ok) told(miner, done.value)
    else refuse(miner, frame.attempt_id, done.error)
  }

  const refuse = (
    miner: Miner,
    attemptId: string,
    error: { readonly code: string; readonly message?: string },
  ): void => {
    const { code, message = 'the result was refused' } = error
    send(miner.socket, { type: 'refused', attempt_id: attemptId, code, message })
  }

  /** A result for a job that has ended: sent again, or too late, or never this miner's. */
  const finished = (miner: Miner, attemptId: string): void => {
    const row = store.resultBy('attempt_id', attemptId)
    const message = 'this attempt is not leased to this miner, or its job has ended'
    if (row?.miner_id === miner.card.minerId) told(miner, row)
    else refuse(miner, attemptId, { code: 'LEASE_NOT_HELD', message })
  }

  const releaseOnly = (miner: Miner, row: ResultRow): void =>
    send(miner.socket, {
      type: 'release',
      attempt_id: row.attempt_id,
      job_id: row.job_id,
      release: toHex(bytesOf(row.release)),
      release_signature: toHex(bytesOf(row.release_signature)),
    })

  /** What became of a result: its release and its payment, if that is final by now; or why there is none. */
  const told = (miner: Miner, row: ResultRow): void => {
    const payment = store.payment(row.job_id)
    if (payment?.state === 'held' || payment?.state === 'refused') {
      notPaid(miner, row)
      return
    }
    releaseOnly(miner, row)
    if (payment?.state !== 'settled' || !payment.tx_hash || payment.height === null) return
    const { tx_hash: txHash, height, amount } = payment
    settled(miner, row.attempt_id, { txHash: bytesOf(txHash), height, amount })
  }

  const notPaid = (miner: Miner, row: ResultRow): void => {
    const found = held.of(row.job_id)
    if (!found) return
    if (found.decision === undefined) {
      const { reasons, untilMs } = found
      const { attempt_id, job_id } = row
      send(miner.socket, {
        type: 'held',
        attempt_id,
        job_id,
        reasons: [...reasons],
        until_ms: untilMs,
      })
      return
    }
    const why = found.why ?? 'nobody released it in time'
    refuse(miner, row.attempt_id, { code: 'RESULT_REFUSED', message: `not paid: ${why}` })
  }

  const settled = (
    miner: Miner,
    attemptId: string,
    payment: Pick<Settled, 'txHash' | 'height' | 'amount'>,
  ): void =>
    send(miner.socket, {
      type: 'settled',
      attempt_id: attemptId,
      tx_hash: toHex(payment.txHash),
      block_height: payment.height,
      amount: String(payment.amount),
    })

  /** Whatever the reason, a miner is told what is paid of an attempt, every time. */
  const cancel = (miner: Miner | undefined, attemptId: string, reason: string): void => {
    const part = partials.of(attemptId)?.part
    const paid = part && part.miner_id === miner?.card.minerId ? { paid_seq: part.next_seq } : {}
    send(miner?.socket, { type: 'cancel', attempt_id: attemptId, reason, ...paid })
  }

  return {
    handle: (miner: Miner, frame: Exclude<MinerFrame, { type: 'hello' }>): void => {
      switch (frame.type) {
        case 'heartbeat':
          return
        case 'accept':
        case 'progress':
          renew(miner, frame)
          return
        case 'tokens':
          tokens(miner, frame)
          return
        case 'result':
          result(miner, frame)
          return
        case 'reject':
        case 'fail': {
          const { minerId } = miner.card
          if (partials.of(frame.attempt_id)?.part.miner_id === minerId) {
            partials.drop(frame.attempt_id)
            return
          }
          const job = jobOf(miner, frame.attempt_id)
          if (!job) return
          const { attempt_id: attemptId, ...event } = frame
          dispatcher.apply(job, { ...event, attemptId, minerId })
          return
        }
        case 'drain':
          miner.draining = true
          return
        default:
          frame satisfies never
      }
    },

    /**
     * A miner is back: what both sides still hold goes on, what it lost goes elsewhere, what it missed is
     * told again.
     */
    welcome: (miner: Miner, resumed: readonly string[]): Welcome => {
      const { minerId } = miner.card
      const held = new Set(resumed)
      const resume = resumed.flatMap((attemptId) => {
        const part = partials.of(attemptId)?.part
        if (part?.miner_id === minerId) return [{ attempt_id: attemptId, next_seq: part.next_seq }]
        const job = dispatcher.byAttempt(attemptId)
        if (!job || !mayFinish(job.life, { attemptId, minerId }, now()).ok) return []
        return [{ attempt_id: attemptId, next_seq: job.texts.get(attemptId)?.nextSeq ?? 0 }]
      })
      const own = [...dispatcher.all()].filter((job) => liveAttempt(job.life)?.minerId === minerId)
      return {
        resume,
        afterWelcome: () => {
          for (const job of own) {
            const attempt = liveAttempt(job.life)
            if (attempt?.minerId !== minerId) continue
            const by = { attemptId: attempt.attemptId, minerId }
            miners.take(miner, attempt.attemptId, now())
            if (held.has(attempt.attemptId)) dispatcher.renew(job, by, 'progress')
            else if (attempt.state === 'running') dispatcher.apply(job, { type: 'lost', ...by })
            else offer(miner, job, parts.settings.chargeMin)
          }
          for (const attemptId of resumed) {
            const part = partials.of(attemptId)
            if (part) cancel(miner, attemptId, part.job.life.state)
            else if (!dispatcher.byAttempt(attemptId)) finished(miner, attemptId)
          }
          dispatcher.fill(minerId)
        },
      }
    },

    cancel,
    settled: (
      payment: Settled,
      by: { readonly minerId: string; readonly attemptId: string },
    ): void => {
      const miner = miners.get(by.minerId)
      if (miner) settled(miner, by.attemptId, payment)
    },
    /** A held result was decided. */
    decided: (row: ResultRow): void => {
      const miner = miners.get(row.miner_id)
      if (miner) told(miner, row)
    },
  }
}

/** Offers the job's live attempt to the miner that it was assigned to. */
export function offer(miner: Miner, job: LiveJob, chargeMin: bigint): void {
  const attempt = liveAttempt(job.life)
  const price = attempt && job.terms.get(attempt.attemptId)
  if (!attempt || !price) return
  const { ask } = job
  send(miner.socket, {
    type: 'offer',
    attempt_id: attempt.attemptId,
    job_id: ask.jobId,
    attempt: attempt.number,
    lease_ms: attempt.leaseMs,
    spec: toHex(ask.specBytes),
    payload: ask.payload,
    constraints: ask.constraints,
    client: ask.client,
    requested_at_ms: job.life.requestedAtMs,
    receipt_id: ask.receiptId,
    limit: String(ask.limit),
    authorisation: toHex(ask.authorisationBytes),
    authorisation_signature: toHex(ask.authorisationSignature),
    price_prompt: String(price.promptPer1000),
    price_completion: String(price.completionPer1000),
    charge_min: String(chargeMin),
    ...claimOf(price.claim),
  })
}

/** On which claim the price stands, so that the miner can check it. */
const claimOf = (claim: ClaimRef | undefined) => {
  if (claim?.kind === 'agreement') return { agreement: claim.claimId }
  return claim?.onChain === undefined ? {} : { booking: claim.onChain }
}

/** A miner as receipts and payments name it. */
export const workerOf = (miner: Miner): Worker => ({
  minerId: miner.card.minerId,
  publicKey: miner.publicKey,
  payout: miner.payout,
})
