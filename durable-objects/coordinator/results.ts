/**
 * Results: from what a miner delivered to a job that is completed, with receipts, a signed release and a
 * payment that is due. All of it in one atomic write, or none.
 */
import type { ReceiptBundle } from '../../core/api/coordinator-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { releaseCoder, releaseSigningBytes } from '../../core/chain/release.ts'
import {
  type AcceptedResult,
  acceptLegacyResult,
  acceptResult,
  type LegacyFailure,
} from '../../core/jobs/accept-result.ts'
import { type Attempt, applyJobEvent, type JobError, mayFinish } from '../../core/jobs/job.ts'
import {
  legacySignature,
  sealLegacyReceipt,
  signLegacyReceipt,
} from '../../core/jobs/legacy-receipt.ts'
import type { MinerFrame } from '../../core/jobs/miner-protocol.ts'
import { type JobOffer, releaseOf } from '../../core/jobs/outcome.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Funds } from './funds.ts'
import type { Ask, JobStore, LiveJob, ResultRow } from './job-store.ts'
import { bytesOf } from './schema.ts'
import type { Settings } from './settings.ts'
import type { StreamEvent } from './streams.ts'

/** Who works on an attempt, as far as receipts and payment need it. */
export type Worker = {
  readonly minerId: string
  readonly publicKey: Uint8Array | undefined
  readonly payout: Uint8Array
}

export type ResultParts = {
  readonly settings: Settings
  readonly store: JobStore
  readonly funds: Funds
  readonly dispatcher: Dispatcher
  readonly now: () => number
  /** A payment has become due. */
  readonly onDue: () => void
}

export type Results = ReturnType<typeof openResults>

/** Takes results. */
export function openResults(parts: ResultParts) {
  const { settings, store, dispatcher, now } = parts

  const complete = (
    job: LiveJob,
    worker: Worker,
    attempt: Attempt,
    accepted: AcceptedResult,
  ): Result<ResultRow, JobError> => {
    const nowMs = now()
    const { attemptId, minerId } = attempt
    const event = { type: 'result', attemptId, minerId } as const
    const step = applyJobEvent(job.life, event, nowMs)
    if (!step.ok) return step
    const offer = offerOf(settings, job, worker, attempt)
    const row = resultRow(settings, offer, attemptId, accepted)
    const settleBy = Number(job.ask.authorisation.settleBy)
    const isLate = step.value.effects.some((effect) => effect.type === 'pay' && effect.late)
    const finale: StreamEvent[] = [
      // Readers saw another attempt, or nothing, of what turns out to be the answer.
      ...(isLate ? lateText(accepted) : []),
      completedEvent(row),
    ]
    const write = () => store.saveResult(row, { settleBy, nowMs })
    dispatcher.keep(job, step.value, { write, finale })
    const { amount } = accepted.built
    if (amount === 0n) {
      parts.funds.free(job.ask.jobId)
    } else {
      parts.funds.owe(job.ask.jobId, amount)
      parts.onDue()
    }
    return ok(row)
  }

  return {
    /** An agent's result. A result that is refused fails the attempt, not the job. */
    finish: (
      job: LiveJob,
      worker: Worker,
      frame: Extract<MinerFrame, { type: 'result' }>,
    ): Result<ResultRow, JobError | ApiError> => {
      const by = { attemptId: frame.attempt_id, minerId: worker.minerId }
      const may = mayFinish(job.life, by, now())
      if (!may.ok) return may
      const { attempt } = may.value
      const text = job.texts.get(attempt.attemptId)
      const accepted = acceptResult(
        offerOf(settings, job, worker, attempt),
        frame,
        {
          text: text?.pieces.join('') ?? '',
          tokens: text?.tokens ?? 0,
          offeredAtMs: attempt.offeredAtMs,
          nowMs: now(),
        },
        { genesisHash: settings.genesisHash, verifier: settings.verifier },
      )
      if (accepted.ok) return complete(job, worker, attempt, accepted.value)
      const message = accepted.error.message ?? 'the result was refused'
      dispatcher.apply(job, {
        type: 'fail',
        ...by,
        code: 'RESULT_INVALID',
        message,
        retryable: true,
      })
      return accepted
    },

    /** The result of a miner of the original. */
    finishLegacy: (
      job: LiveJob,
      worker: Worker,
      sent: {
        readonly result: Record<string, unknown>
        readonly metrics: Record<string, unknown>
      },
    ): Result<ResultRow, JobError | ApiError | LegacyFailure> => {
      const own = job.life.attempts.findLast((each) => each.minerId === worker.minerId)
      if (!own) return err({ code: 'LEASE_NOT_HELD' })
      const by = { attemptId: own.attemptId, minerId: worker.minerId }
      const may = mayFinish(job.life, by, now())
      if (!may.ok) return may
      const { attempt } = may.value
      const offer = offerOf(settings, job, worker, attempt)
      const times = { offeredAtMs: attempt.offeredAtMs, nowMs: now() }
      const accepted = acceptLegacyResult(offer, sent, times)
      if (accepted.ok) return complete(job, worker, attempt, accepted.value)
      const { code, message = 'the result was refused' } = accepted.error
      dispatcher.apply(job, { type: 'fail', ...by, code, message, retryable: true })
      return accepted
    },
  }
}

/** What was agreed with a miner about an attempt. */
export function offerOf(
  settings: Settings,
  job: Pick<LiveJob, 'ask' | 'life' | 'terms'>,
  worker: Worker,
  attempt: Pick<Attempt, 'attemptId' | 'number'>,
): JobOffer {
  const { ask } = job
  return {
    receiptId: ask.receiptId,
    jobId: ask.jobId,
    attempt: attempt.number,
    client: ask.client,
    minerId: worker.minerId,
    coordinator: settings.coordinator.publicKey,
    minerKey: worker.publicKey,
    miner: worker.payout,
    authorisation: ask.authorisationHash,
    spec: ask.spec,
    payload: ask.payload,
    constraints: ask.constraints,
    requestedAtMs: job.life.requestedAtMs,
    limit: ask.limit,
    price: job.terms.get(attempt.attemptId) ?? { promptPer1000: 0n, completionPer1000: 0n },
  }
}

/** Both receipts and what pays for them, for the parties of the job. */
export function receiptBundle(ask: Ask, row: ResultRow): ReceiptBundle {
  return {
    legacy: JSON.parse(row.legacy_text) as Record<string, unknown>,
    legacyText: row.legacy_text,
    canonical: bytesOf(row.canonical),
    minerSignature: row.miner_signature === null ? undefined : bytesOf(row.miner_signature),
    release: bytesOf(row.release),
    releaseSignature: bytesOf(row.release_signature),
    authorisation: ask.authorisationBytes,
    authorisationSignature: ask.authorisationSignature,
  }
}

/** The end of a completed job, for readers. */
export const completedEvent = (row: ResultRow): StreamEvent => ({
  type: 'end',
  state: 'completed',
  finish: row.finish,
  prompt_tokens: row.prompt_tokens,
  completion_tokens: row.completion_tokens,
  amount: String(row.amount),
  receipt_id: row.receipt_id,
})

/** The whole answer of a completed job, for readers that come late. */
export const answerEvent = (row: ResultRow): StreamEvent => ({
  type: 'text',
  text: row.answer,
  tokens: row.completion_tokens,
})

const lateText = ({ outcome }: AcceptedResult): StreamEvent[] => [
  { type: 'reset' },
  { type: 'text', text: outcome.text, tokens: outcome.completionTokens },
]

/** Signs the release and the attestation, and puts all that is kept of a result into one row. */
function resultRow(
  settings: Settings,
  offer: JobOffer,
  attemptId: string,
  accepted: AcceptedResult,
): ResultRow {
  const { built, outcome } = accepted
  const { coordinator, genesisHash } = settings
  const release = releaseOf(offer, built)
  const attestation = signLegacyReceipt(built.legacyText, coordinator)
  // A miner of the original has no key: the coordinator's signature stands in its place.
  const legacyText =
    offer.minerKey && accepted.legacySignature
      ? sealLegacyReceipt(built.legacyText, {
          signature: legacySignature(offer.minerKey, accepted.legacySignature),
          attestations: [attestation],
        })
      : sealLegacyReceipt(built.legacyText, { signature: attestation, attestations: [] })
  return {
    job_id: offer.jobId,
    attempt_id: attemptId,
    miner_id: offer.minerId,
    result: JSON.stringify(built.result),
    answer: outcome.text,
    finish: outcome.finish,
    prompt_tokens: outcome.promptTokens,
    completion_tokens: outcome.completionTokens,
    amount: Number(built.amount),
    receipt_id: offer.receiptId,
    receipt_hash: built.receiptHash,
    legacy_text: legacyText,
    canonical: built.receiptBytes,
    miner_signature: accepted.minerSignature ?? null,
    release: releaseCoder.encode(release),
    release_signature: coordinator.sign(releaseSigningBytes(genesisHash, release)),
  }
}
