import type { PublicJob } from '../../core/api/coordinator-public.ts'
import type {
  JobRecord,
  PaymentStatus,
  Principal,
  SubmitBatch,
  SubmitJob,
} from '../../core/api/coordinator-service.ts'
import type { Estimate, JobWhy } from '../../core/api/dispatch.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { fromHex } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { isTerminal } from '../../core/jobs/job.ts'
import { endEventOf, stateEventOf } from './assignment.ts'
import type { Held } from './held.ts'
import type { LiveJob, StoredJob } from './job-store.ts'
import type { Partials } from './partials.ts'
import { answerEvent, completedEvent } from './results.ts'
import { bytesOf } from './schema.ts'
import type { MinerStanding } from './standing.ts'
import type { StreamEvent, Streams } from './streams.ts'
import { openSubmissions, type SubmissionParts } from './submissions.ts'
import { estimateOf, jobWhy } from './why.ts'

export type ClientJobParts = SubmissionParts & {
  readonly streams: Streams
  readonly partials: Partials
  readonly held: Held
  readonly standing: MinerStanding
}

export type ClientJobs = ReturnType<typeof openClientJobs>

export function openClientJobs(parts: ClientJobParts) {
  const { store, custody, dispatcher, streams, held, keyMoney, idempotency } = parts

  const stored = (who: Principal, jobId: string): StoredJob | undefined => {
    const job = dispatcher.job(jobId) ?? store.load(jobId)
    return job && keyMoney.maySee(who, job.ask.client) ? job : undefined
  }

  /** Everything so far, as events. */
  const pastOf = (job: StoredJob & Partial<LiveJob>): StreamEvent[] => {
    const { life, ask } = job
    if (isTerminal(life.state)) {
      const row = store.result(ask.jobId)
      if (!row) return [endEventOf(life)]
      const waits = held.of(ask.jobId)
      const reasons = waits && waits.decision === undefined ? waits.reasons : undefined
      return [
        answerEvent(row),
        { ...endEventOf(life), ...completedEvent(row, life.state, reasons) },
      ]
    }
    const attempt = life.attempts.at(-1)
    const text = attempt && attempt.state === 'running' && job.texts?.get(attempt.attemptId)
    const isEmpty = !text || text.pieces.length === 0
    const soFar: StreamEvent[] = isEmpty
      ? []
      : [{ type: 'text', text: text.pieces.join(''), tokens: text.tokens }]
    return [stateEventOf(life), ...soFar]
  }

  const recordOf = (job: StoredJob): JobRecord => toRecord(job, parts)
  const { admitted, submit, submitBatch } = openSubmissions(parts, { stored, recordOf })

  const submitOnce = (
    who: Principal,
    job: SubmitJob,
    holds?: (before: JobRecord) => boolean,
  ): Promise<Result<JobRecord, ApiError>> =>
    idempotency.once(
      who.publicId,
      job.idempotency,
      async () => {
        const submitted = await submit(who, job, (live) =>
          idempotency.write(who.publicId, job.idempotency, recordOf(live)),
        )
        return submitted.ok ? ok(recordOf(submitted.value)) : submitted
      },
      holds,
    )

  /** Whether a job has an answer, will have one, or was charged: else it may be done anew. */
  const isWorth = ({ jobId }: JobRecord): boolean => {
    const state = dispatcher.job(jobId)?.life.state ?? store.load(jobId)?.life.state
    if (state === undefined || !isTerminal(state) || state === 'completed') return true
    return parts.partials.isOpen(jobId) || store.result(jobId) !== undefined
  }

  return {
    submit: (who: Principal, job: SubmitJob) => submitOnce(who, job),

    submitBatch: (who: Principal, batch: SubmitBatch) =>
      idempotency.once(who.publicId, batch.idempotency, () => submitBatch(who, batch)),

    estimate: (who: Principal, asked: SubmitJob): Estimate =>
      estimateOf(parts, { client: who.publicId, asked, admitted: admitted(who, asked) }),

    why: (who: Principal, jobId: string): Result<JobWhy, ApiError> => {
      const job = stored(who, jobId)
      return job ? ok(jobWhy(parts, job)) : err({ code: 'JOB_NOT_FOUND' })
    },

    run: async (
      who: Principal,
      job: SubmitJob,
    ): Promise<
      Result<{ readonly job: JobRecord; readonly stream: ReadableStream<Uint8Array> }, ApiError>
    > => {
      const submitted = await submitOnce(who, job, isWorth)
      if (!submitted.ok) return submitted
      const { jobId } = submitted.value
      const found = stored(who, jobId)
      if (!found) return err({ code: 'JOB_NOT_FOUND' })
      const isNamed = job.idempotency !== undefined
      if (isNamed && !streams.admits(jobId)) return err(tooManyReaders)
      const onCancel = () => {
        const live = dispatcher.job(jobId)
        // Who named his request comes back for the answer.
        if (isNamed || !live || isTerminal(live.life.state)) return
        dispatcher.apply(live, { type: 'cancel', message: 'canceled: its reader went away' })
      }
      return ok({ job: recordOf(found), stream: streams.open(jobId, pastOf(found), onCancel) })
    },

    job: (who: Principal, jobId: string): Result<JobRecord, ApiError> => {
      const job = stored(who, jobId)
      return job ? ok(recordOf(job)) : err({ code: 'JOB_NOT_FOUND' })
    },

    /** Anybody's job, by its id or its receipt's: how it goes, and where it was paid. */
    publicJob: (id: string): PublicJob | undefined => {
      const find = (jobId: string) => dispatcher.job(jobId) ?? store.load(jobId)
      const other = store.resultBy('receipt_id', id)?.job_id
      const job = find(id) ?? (other === undefined ? undefined : find(other))
      if (!job) return undefined
      const { settlement, receiptHash, ...record } = recordOf(job)
      const { jobHash } = job.ask.authorisation
      return {
        jobId: record.jobId,
        state: record.state,
        requestedAtMs: record.requestedAtMs,
        expiresAtMs: record.expiresAtMs,
        completedAtMs: record.completedAtMs,
        settled:
          settlement && receiptHash ? { jobHash, receiptHash, ...placeOf(settlement) } : undefined,
      }
    },

    list: (who: Principal, page: { readonly limit: number; readonly offset: number }) => ({
      items: store
        .list(keyMoney.clientsOf(who), page)
        .map((job) => recordOf(dispatcher.job(job.ask.jobId) ?? job)),
      total: store.count(keyMoney.clientsOf(who)),
    }),

    cancel: (who: Principal, jobId: string): Result<JobRecord, ApiError> => {
      const job = stored(who, jobId)
      if (!job) return err({ code: 'JOB_NOT_FOUND' })
      const live = dispatcher.job(jobId)
      if (!live) return err({ code: 'JOB_NOT_CANCELABLE' })
      const canceled = dispatcher.apply(live, { type: 'cancel', message: 'canceled by client' })
      return canceled.ok ? ok(recordOf(live)) : err({ code: 'JOB_NOT_CANCELABLE' })
    },

    stream: (who: Principal, jobId: string): Result<ReadableStream<Uint8Array>, ApiError> => {
      const job = stored(who, jobId)
      if (!job) return err({ code: 'JOB_NOT_FOUND' })
      if (!streams.admits(jobId)) return err(tooManyReaders)
      return ok(streams.open(jobId, pastOf(job), () => undefined))
    },

    stored,
    recordOf,
    /** Makes an escrow that its owner opened the one that pays for an API key. */
    linkEscrow: async (who: Principal, escrowId: string): Promise<Result<null, ApiError>> => {
      const id = fromHex(escrowId, 32)
      if (!id.ok || who.kind !== 'api_key') return err({ code: 'ESCROW_REQUIRED' })
      return custody.link(who.publicId, id.value)
    },
  }
}

const tooManyReaders: ApiError = {
  code: 'QUOTA_EXCEEDED',
  message: 'This job has as many readers as it takes.',
}

const placeOf = ({ txHash, blockHeight }: NonNullable<JobRecord['settlement']>) => ({
  txHash,
  blockHeight,
})

function toRecord(
  { ask, life }: StoredJob,
  { store, held, partials }: Pick<ClientJobParts, 'store' | 'held' | 'partials'>,
): JobRecord {
  // One that was canceled or has expired may have a result too: the part that was delivered.
  const result = isTerminal(life.state) ? store.result(ask.jobId) : undefined
  const waits = result && held.of(ask.jobId)
  const row = waits && waits.decision !== 'released' ? undefined : result
  const payment = result && store.payment(ask.jobId)
  const last = life.attempts.findLast((each) => each.state !== 'rejected')
  return {
    jobId: ask.jobId,
    state: life.state,
    client: ask.client,
    model: ask.spec.model,
    minerId: result?.miner_id ?? (life.state === 'queued' ? undefined : last?.minerId),
    attempts: life.attempts.filter((each) => each.state !== 'rejected').length,
    requestedAtMs: life.requestedAtMs,
    expiresAtMs: life.expiresAtMs,
    completedAtMs: life.endedAtMs,
    error: life.error?.message,
    paymentStatus: partials.isOpen(ask.jobId)
      ? 'escrowed'
      : paymentStatusOf(life.state, payment?.state),
    limit: ask.limit,
    amount: row ? BigInt(row.amount) : undefined,
    promptTokens: result?.prompt_tokens,
    completionTokens: result?.completion_tokens,
    receiptId: row?.receipt_id,
    receiptHash: row ? bytesOf(row.receipt_hash) : undefined,
    settlement:
      payment?.tx_hash && payment.height !== null
        ? { txHash: bytesOf(payment.tx_hash), blockHeight: payment.height, final: true }
        : undefined,
    isPaidElsewhere: payment?.reason === 'already_settled',
    ...(waits && { held: waits }),
  }
}

/** The original's words: money is released when the coordinator has accepted the work. */
function paymentStatusOf(state: JobRecord['state'], payment: string | undefined): PaymentStatus {
  if (payment === 'unpayable') return 'failed'
  if (payment === 'held') return 'escrowed'
  if (payment === 'refused') return 'refunded'
  if (payment !== undefined) return 'released'
  return isTerminal(state) ? 'refunded' : 'escrowed'
}
