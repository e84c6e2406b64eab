/**
 * Results: from what a miner delivered to a job that is completed, with receipts, a signed release and a
 * payment that is due. All of it in one atomic write, or none.
 */
import type { HoldReason, ReceiptBundle } from '../../core/api/coordinator-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { releaseCoder } from '../../core/chain/release.ts'
import {
  type AcceptedResult,
  acceptLegacyResult,
  acceptPart,
  acceptResult,
  type LegacyFailure,
} from '../../core/jobs/accept-result.ts'
import {
  type Attempt,
  applyJobEvent,
  type JobError,
  type JobState,
  mayFinish,
} from '../../core/jobs/job.ts'
import {
  legacySignature,
  sealLegacyReceipt,
  signLegacyReceipt,
} from '../../core/jobs/legacy-receipt.ts'
import type { MinerFrame } from '../../core/jobs/miner-protocol.ts'
import { type JobOffer, releaseOf } from '../../core/jobs/outcome.ts'
import { isMinersOwn, type Judge, type MeasuredRate } from '../../core/jobs/plausibility.ts'
import type { Claims } from './claims.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Funds } from './funds.ts'
import type { Held } from './held.ts'
import type { Ask, JobStore, LiveJob, ResultRow } from './job-store.ts'
import type { Part, Partials } from './partials.ts'
import { signRelease } from './release-signature.ts'
import { bytesOf, type SqlDatabase } from './schema.ts'
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
  readonly partials: Partials
  readonly held: Held
  readonly claims: Claims
  readonly database: SqlDatabase
  /** Says of each result whether it is paid at once. */
  readonly judge: Judge
  /** What the card says of a model: context, and the rate that it claims. */
  readonly cardOf: (
    minerId: string,
    model: string,
  ) => { readonly contextTokens: number; readonly claimedRate: number | undefined } | undefined
  readonly measuredRate: (minerId: string, model: string) => MeasuredRate | undefined
  readonly now: () => number
  /** A payment has become due. */
  readonly onDue: () => void
  /** A result of this miner was held, for a reason that lies with the miner. */
  readonly onHeld: (minerId: string) => void
}

export type Results = ReturnType<typeof openResults>

/** Takes results. */
export function openResults(parts: ResultParts) {
  const { settings, store, dispatcher, partials, held, claims, now } = parts

  /** What is to become of a result that passed all checks. */
  const verdictOf = (
    job: LiveJob,
    attempt: Pick<Attempt, 'attemptId' | 'minerId' | 'offeredAtMs'>,
    { outcome }: AcceptedResult,
  ): ReturnType<Judge> => {
    const { spec } = job.ask
    const { minerId } = attempt
    const card = parts.cardOf(minerId, spec.model)
    return parts.judge({
      spec,
      outcome,
      minerId,
      tookMs: now() - attempt.offeredAtMs,
      contextTokens: card?.contextTokens ?? 0,
      claimedRate: card?.claimedRate,
      measuredRate: parts.measuredRate(minerId, spec.model),
      promptCosts: (job.terms.get(attempt.attemptId)?.promptPer1000 ?? 0n) > 0n,
    })
  }

  /** Signs and stores a result with what pays for it, or with the reasons why nothing does yet. */
  const rowOf = (
    job: LiveJob,
    worker: Worker,
    attempt: Attempt,
    accepted: AcceptedResult,
    reasons: readonly HoldReason[] | undefined,
  ) => {
    const row = resultRow(settings, {
      offer: offerOf(settings, job, worker, attempt),
      attemptId: attempt.attemptId,
      accepted,
      isHeld: reasons !== undefined,
    })
    const settleBy = Number(job.ask.authorisation.settleBy)
    const claim = job.terms.get(attempt.attemptId)?.claim
    const { completionTokens } = accepted.outcome
    const untilMs = held.untilMs(settleBy)
    const write = (): void => {
      store.saveResult(row, { settleBy, nowMs: now(), isHeld: reasons !== undefined })
      claims.writeUse(job.ask.jobId, claim, completionTokens)
      if (reasons) held.write(row, reasons, untilMs)
    }
    /** Memory after the write. */
    const kept = (): void => {
      const { amount } = accepted.built
      claims.used(claim, completionTokens)
      if (amount === 0n && !reasons) {
        parts.funds.free(job.ask.jobId)
        return
      }
      parts.funds.owe(job.ask.jobId, amount)
      if (!reasons) {
        parts.onDue()
        return
      }
      held.entered(untilMs)
      // Nobody is to be blamed for what a client can ask for.
      if (reasons.some(({ code }) => isMinersOwn(code))) parts.onHeld(worker.minerId)
    }
    return { row, write, kept }
  }

  const complete = (
    job: LiveJob,
    worker: Worker,
    attempt: Attempt,
    accepted: AcceptedResult,
  ): Result<ResultRow, JobError | ApiError> => {
    const nowMs = now()
    const { attemptId, minerId } = attempt
    const verdict = verdictOf(job, attempt, accepted)
    if (verdict.kind === 'refuse') return refusedBy(verdict.reasons)
    const event = { type: 'result', attemptId, minerId } as const
    const step = applyJobEvent(job.life, event, nowMs)
    if (!step.ok) return step
    const reasons = verdict.kind === 'hold' ? verdict.reasons : undefined
    const { row, write, kept } = rowOf(job, worker, attempt, accepted, reasons)
    const isLate = step.value.effects.some((effect) => effect.type === 'pay' && effect.late)
    const finale: StreamEvent[] = [
      // Readers saw another attempt, or nothing, of what turns out to be the answer.
      ...(isLate ? lateText(accepted) : []),
      completedEvent(row, 'completed', reasons),
    ]
    // What is in doubt measures nothing and forgives nothing.
    dispatcher.keep(job, step.value, { write, finale, isBlameless: reasons !== undefined })
    kept()
    return ok(row)
  }

  /** The signed end of a part: paid, or held like any result; refused, its money is free. */
  const finishPart = (
    { job, part }: { readonly job: LiveJob; readonly part: Part },
    worker: Worker,
    frame: Extract<MinerFrame, { type: 'result' }>,
  ): Result<ResultRow, ApiError> => {
    const attempt = job.life.attempts.find((each) => each.attemptId === part.attempt_id)
    const text = job.texts.get(part.attempt_id)
    if (!attempt || !text || part.miner_id !== worker.minerId) {
      return err({ code: 'LEASE_NOT_HELD' })
    }
    const { offeredAtMs } = attempt
    const accepted = acceptPart(
      offerOf(settings, job, worker, attempt),
      frame,
      { text: text.pieces.join(''), tokens: part.tokens, offeredAtMs, nowMs: now() },
      { genesisHash: settings.genesisHash, verifier: settings.verifier },
    )
    if (!accepted.ok) {
      partials.drop(part.attempt_id)
      return accepted
    }
    const verdict = verdictOf(job, attempt, accepted.value)
    if (verdict.kind === 'refuse') {
      partials.drop(part.attempt_id)
      return refusedBy(verdict.reasons)
    }
    const reasons = verdict.kind === 'hold' ? verdict.reasons : undefined
    const { row, write, kept } = rowOf(job, worker, attempt, accepted.value, reasons)
    parts.database.transactionSync(() => {
      store.endPart(part.job_id)
      store.saveLife(job, true)
      write()
    })
    partials.paid(part.attempt_id)
    kept()
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
      const done = accepted.ok ? complete(job, worker, attempt, accepted.value) : accepted
      if (done.ok || done.error.code !== 'RESULT_INVALID') return done
      const message = done.error.message ?? 'the result was refused'
      dispatcher.apply(job, {
        type: 'fail',
        ...by,
        code: 'RESULT_INVALID',
        message,
        retryable: true,
      })
      return done
    },

    finishPart,

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
      const done = accepted.ok ? complete(job, worker, attempt, accepted.value) : accepted
      if (done.ok) return done
      const { code, message = 'the result was refused' } = done.error
      if (code !== 'RESULT_INVALID' && code !== 'MINER_REPORTED_FAILURE') return done
      dispatcher.apply(job, { type: 'fail', ...by, code, message, retryable: true })
      return done
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
    // Admission has compared it with the specification's own.
    jobHash: ask.authorisation.jobHash,
    payload: ask.payload,
    constraints: ask.constraints,
    requestedAtMs: job.life.requestedAtMs,
    limit: ask.limit,
    price: job.terms.get(attempt.attemptId) ?? { promptPer1000: 0n, completionPer1000: 0n },
    chargeMin: settings.chargeMin,
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

/** The end of a job with a result, for readers; `held`: why its payment waits. */
export const completedEvent = (
  row: ResultRow,
  state: JobState,
  held?: readonly HoldReason[],
): StreamEvent => ({
  type: 'end',
  state,
  finish: row.finish,
  prompt_tokens: row.prompt_tokens,
  completion_tokens: row.completion_tokens,
  amount: String(row.amount),
  receipt_id: row.receipt_id,
  ...(held && { held }),
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

const refusedBy = (reasons: readonly HoldReason[]): Result<never, ApiError> =>
  err({
    code: 'RESULT_INVALID',
    message: `The result is refused: ${reasons.map(({ message }) => message).join(' ')}`,
  })

/** Signs the release and the attestation, and puts all that is kept of a result into one row. */
function resultRow(
  settings: Settings,
  of: {
    readonly offer: JobOffer
    readonly attemptId: string
    readonly accepted: AcceptedResult
    readonly isHeld: boolean
  },
): ResultRow {
  const { offer, attemptId, accepted } = of
  const { built, outcome } = accepted
  const { coordinator } = settings
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
    // What is held cannot be paid by anybody: nobody has signed for it.
    release_signature: of.isHeld ? new Uint8Array() : signRelease(settings, release),
  }
}
