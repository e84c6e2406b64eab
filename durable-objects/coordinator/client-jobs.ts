/**
 * Jobs as clients see them: submission with its money, reading, streaming, canceling. A job is its
 * client's alone: to anybody else it does not exist.
 */
import { randomBytes } from 'node:crypto'
import type { PublicJob } from '../../core/api/coordinator-public.ts'
import type {
  JobRecord,
  PaymentStatus,
  Principal,
  SubmitBatch,
  SubmitJob,
} from '../../core/api/coordinator-service.ts'
import type { Estimate, JobWhy } from '../../core/api/dispatch.ts'
import { type ApiError, messageOf } from '../../core/api/errors.ts'
import { formatCoins } from '../../core/base/amount.ts'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { maxBig } from '../../core/base/int.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import {
  type Authorisation,
  authorisationCoder,
  authorisationSigningBytes,
} from '../../core/chain/authorisation.ts'
import type { Signer, Verifier } from '../../core/crypto/signature.ts'
import { checkAuthorisation, readAuthorisation } from '../../core/jobs/check-authorisation.ts'
import { sizeOf } from '../../core/jobs/estimate.ts'
import { createJob, isTerminal } from '../../core/jobs/job.ts'
import { jobHashOf } from '../../core/jobs/job-spec.ts'
import type { ApiKeys } from './api-keys.ts'
import { endEventOf, stateEventOf } from './assignment.ts'
import type { ChainView, KnownEscrow } from './chain-view.ts'
import type { Custody } from './custody.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Funds } from './funds.ts'
import type { Group } from './grouping.ts'
import type { Held } from './held.ts'
import type { Idempotencies } from './idempotency.ts'
import { type JobStore, type LiveJob, makeAsk, type StoredJob } from './job-store.ts'
import { type KeyMoney, settleByOf } from './key-money.ts'
import type { Partials } from './partials.ts'
import { answerEvent, completedEvent } from './results.ts'
import { bytesOf } from './schema.ts'
import type { Settings } from './settings.ts'
import type { MinerStanding } from './standing.ts'
import type { StreamEvent, Streams } from './streams.ts'
import type { Webhooks } from './webhooks.ts'
import { type Admitted, estimateOf, jobWhy } from './why.ts'

export type ClientJobParts = {
  readonly settings: Settings
  readonly store: JobStore
  readonly apiKeys: ApiKeys
  readonly view: ChainView
  readonly custody: Custody
  readonly funds: Funds
  readonly dispatcher: Dispatcher
  readonly streams: Streams
  readonly partials: Partials
  readonly keyMoney: KeyMoney
  readonly held: Held
  readonly group: Group
  readonly idempotency: Idempotencies
  readonly webhooks: Webhooks
  readonly standing: MinerStanding
  readonly now: () => number
}

type Paid = {
  readonly authorisation: Authorisation
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
  readonly escrow: KnownEscrow
}

/** A job that may be taken: admitted, with its limit, and the permission to pay it. */
type Prepared = { readonly job: SubmitJob; readonly paid: Paid; readonly limit: bigint }

export type ClientJobs = ReturnType<typeof openClientJobs>

export function openClientJobs(parts: ClientJobParts) {
  const { keyMoney, idempotency, webhooks } = parts
  const { settings, store, apiKeys, view, custody, funds, dispatcher, streams, held, group, now } =
    parts
  const { authorisationLifeSlots, faucetMax } = settings.genesis.parameters
  const lifeSlots = Number(authorisationLifeSlots)

  /** The signed permission that an account sent along, and the escrow that it names. */
  const paidByAccount = async (
    job: SubmitJob,
    authorisation: Authorisation | undefined,
  ): Promise<Result<Paid, ApiError>> => {
    if (!job.authorisation || !authorisation) return err({ code: 'AUTHORISATION_INVALID' })
    const { bytes, signature } = job.authorisation
    const escrowId = authorisation.escrow
    const peeked = view.peek(escrowId, now())
    // What is missing may have become final a moment ago.
    const known = peeked?.escrow ? ok(peeked) : await view.read(escrowId)
    if (!known.ok) return known
    return ok({ authorisation, bytes, signature, escrow: known.value })
  }

  /** A permission by the delegate of an API key. */
  const paidByKey = async (
    owner: string,
    job: SubmitJob,
    limit: bigint,
    besides: bigint,
  ): Promise<Result<Paid, ApiError>> => {
    const delegate = apiKeys.delegateOf(owner)
    if (!delegate) return err({ code: 'AUTHORIZATION_ERROR' })
    let escrow = await custody.escrowOf(owner)
    if (!escrow.ok) return escrow
    const lack = lackOf(escrow.value, delegate, limit + besides)
    if (lack > 0n && lack <= faucetMax) {
      const refilled = await custody.refill(owner)
      if (!refilled.ok) return refilled
      escrow = await custody.escrowOf(owner)
      if (!escrow.ok) return escrow
    }
    const found = escrow.value.escrow
    if (!found) return err({ code: 'ESCROW_REQUIRED' })
    // A limit may be stated that no amount can hold: it is not signed.
    if (limit > found.balance) return err({ code: 'ESCROW_EXHAUSTED' })
    const settleBy = settleByOf({
      escrow: found,
      delegate: delegate.publicKey,
      nowSlot: view.slotAt(now()),
      ttlSeconds: job.ttlSeconds,
      authorisationLifeSlots: lifeSlots,
    })
    if (!settleBy.ok) return settleBy
    const authorisation: Authorisation = {
      escrow: found.id,
      number: BigInt(`0x${toHex(new Uint8Array(randomBytes(8)))}`),
      limit,
      settleBy: BigInt(settleBy.value),
      jobHash: jobHashOf(job.spec),
      signer: delegate.publicKey,
    }
    const signature = delegate.sign(authorisationSigningBytes(settings.genesisHash, authorisation))
    const bytes = authorisationCoder.encode(authorisation)
    return ok({ authorisation, bytes, signature, escrow: escrow.value })
  }

  /** What a key's budget is short of for a limit; a gift of the faucet can bring `faucetMax` at most. */
  const lackOf = ({ escrow }: KnownEscrow, delegate: Signer, limit: bigint): bigint =>
    escrow === undefined ? 0n : limit - funds.available(escrow, delegate.publicKey).budget

  /** The job at the first of its models that can be served: by one with a free place, if there is one. */
  const admitted = (who: Principal, asked: SubmitJob): Result<Admitted, ApiError> => {
    const stated = asked.authorisation && readAuthorisation(asked.authorisation.bytes)
    if (stated?.ok === false) return stated
    const most = stated?.value.limit
    const limit =
      asked.limit !== undefined && most !== undefined && most < asked.limit ? most : asked.limit
    const others = asked.routing?.models ?? []
    if (who.kind === 'account' && others.length > 0) return err(modelSigned)
    let first: Result<Admitted, ApiError> | undefined
    for (const model of [asked.spec.model, ...others]) {
      const job = withModel(asked, model)
      const { constraints, routing, near } = job
      const wanted = { size: sizeOf(job.spec), constraints, routing, near, limit: limit ?? most }
      const admission = dispatcher.admit(wanted)
      if (!admission.ok) {
        first ??= admission
        continue
      }
      const suggested = maxBig(admission.value.suggestedLimit, settings.chargeMin)
      const found = { job, admission: admission.value, limit: limit ?? most ?? suggested, most }
      if (others.length === 0 || dispatcher.hasFree({ ...wanted, limit: found.limit })) {
        return ok(found)
      }
      if (!first?.ok) first = ok(found)
    }
    return first ?? err({ code: 'MODEL_NOT_SERVED' })
  }

  /** Admission and money, as far as these can be had before the job's turn. */
  const prepare = async (
    who: Principal,
    asked: SubmitJob,
    besides = 0n,
  ): Promise<Result<Prepared, ApiError>> => {
    const room = dispatcher.hasRoom(who.publicId, weightOf([asked]))
    if (!room.ok) return room
    const unsent = asked.webhook && webhookFault(who.publicId)
    if (unsent) return err(unsent)
    const found = admitted(who, asked)
    if (!found.ok) return found
    const { job, limit } = found.value
    if (limit < settings.chargeMin) return err(belowLeast(limit, settings.chargeMin))
    const stated = job.authorisation && readAuthorisation(job.authorisation.bytes)
    if (stated?.ok === false) return stated
    const paid =
      who.kind === 'account'
        ? await paidByAccount(job, stated?.value)
        : await paidByKey(who.publicId, job, limit, besides)
    return paid.ok ? ok({ job, paid: paid.value, limit }) : paid
  }

  const webhookFault = (client: string): ApiError | undefined => {
    if (!webhooks.hasSecret(client)) return { code: 'WEBHOOK_SECRET_MISSING' }
    if (webhooks.hasRoom(client)) return undefined
    return { code: 'QUOTA_EXCEEDED', message: 'Too many deliveries to this client wait already.' }
  }

  /** Checks, reserves, keeps and dispatches: all of them or none. Nothing can come between. */
  const take = (
    who: Principal,
    prepared: readonly Prepared[],
    write: (lives: readonly LiveJob[]) => void,
  ): Result<readonly LiveJob[], ApiError & { readonly index: number }> => {
    const lives: LiveJob[] = []
    const freeAll = () => {
      for (const { ask } of lives) funds.free(ask.jobId)
    }
    const numbers = new Set<string>()
    for (const [index, { job, paid, limit }] of prepared.entries()) {
      // While this waited a payment may have become final: its debt is gone, and so is the money.
      const { escrow, number } = paid.authorisation
      const newest = { ...paid, escrow: view.peek(escrow, now()) ?? paid.escrow }
      const name = `${toHex(escrow)} ${number}`
      const checked = numbers.has(name)
        ? err<ApiError>({ code: 'AUTHORISATION_USED' })
        : check(who, job, newest)
      const live = checked.ok ? hold(who, job, { ...newest, limit }) : checked
      if (!live.ok) {
        freeAll()
        return err({ ...live.error, index })
      }
      numbers.add(name)
      lives.push(live.value)
    }
    const room = dispatcher.hasRoom(who.publicId, weightOf(lives.map(({ ask }) => ask)))
    if (!room.ok) {
      freeAll()
      return err({ ...room.error, index: lives.length - 1 })
    }
    try {
      dispatcher.submit(lives, () => write(lives))
    } catch (error) {
      freeAll()
      throw error
    }
    return ok(lives)
  }

  const submit = async (
    who: Principal,
    asked: SubmitJob,
    write: (live: LiveJob) => void = () => undefined,
  ): Promise<Result<LiveJob, ApiError>> => {
    const prepared = await prepare(who, asked)
    if (!prepared.ok) return prepared
    return group(() => {
      const taken = take(who, [prepared.value], ([live]) => live && write(live))
      if (taken.ok) return ok(taken.value[0] as LiveJob)
      const { index: _, ...error } = taken.error
      return err(error)
    })
  }

  /** Each fault at its place in the batch; nothing is taken when there is one. */
  const submitBatch = async (
    who: Principal,
    { jobs, idempotency: given }: SubmitBatch,
  ): Promise<Result<readonly JobRecord[], ApiError>> => {
    const room = dispatcher.hasRoom(who.publicId, weightOf(jobs))
    if (!room.ok) return room
    const faults: (ApiError & { readonly index: number })[] = []
    const prepared: Prepared[] = []
    let besides = 0n
    for (const [index, job] of jobs.entries()) {
      const each = await prepare(who, job, besides)
      if (each.ok) {
        prepared.push(each.value)
        besides += each.value.limit
      } else {
        faults.push({ ...each.error, index })
      }
    }
    if (faults.length > 0) return err(refusedBatch(faults, jobs.length))
    return group(() => {
      const taken = take(who, prepared, (lives) =>
        idempotency.write(who.publicId, given, lives.map(recordOf)),
      )
      if (!taken.ok) return err(refusedBatch([taken.error], jobs.length))
      return ok(taken.value.map(recordOf))
    })
  }

  const check = (who: Principal, job: SubmitJob, paid: Paid): Result<unknown, ApiError> => {
    const nowMs = now()
    if (!view.isFresh(paid.escrow.finalSlot, nowMs)) {
      const message = 'The newest final block is too old to promise money against. Try again.'
      return err({ code: 'CHAIN_UNAVAILABLE', message })
    }
    const { escrow, number } = paid.authorisation
    const isAccount = who.kind === 'account'
    // Numbers of our own are random, and the table would refuse a second.
    const usedBy = isAccount ? store.isNumberUsed(toHex(escrow), number) : undefined
    const checked = checkAuthorisation(paid.authorisation, paid.signature, {
      genesisHash: settings.genesisHash,
      // What this object has signed a moment ago needs no check.
      verifier: isAccount ? settings.verifier : alwaysGood,
      coordinator: settings.coordinator.publicKey,
      jobHash: jobHashOf(job.spec),
      ttlSeconds: job.ttlSeconds,
      nowSlot: view.slotAt(nowMs),
      authorisationLifeSlots: lifeSlots,
      escrow: paid.escrow.escrow,
      isNumberUsed: usedBy !== undefined,
      caller: isAccount ? who.publicKey : undefined,
    })
    return checked.ok ? checked : err(withJob(checked.error, who, usedBy))
  }

  /** Who sends the same request twice is told which job it was. */
  const withJob = (error: ApiError, who: Principal, usedBy: string | undefined): ApiError => {
    const isOwn = usedBy !== undefined && stored(who, usedBy) !== undefined
    return error.code === 'AUTHORISATION_USED' && isOwn
      ? { ...error, details: { job_id: usedBy } }
      : error
  }

  /** The job with its funds held, not yet written. */
  const hold = (
    who: Principal,
    job: SubmitJob,
    paid: Paid & { readonly limit: bigint },
  ): Result<LiveJob, ApiError> => {
    const { escrow } = paid.escrow
    if (!escrow) return err({ code: 'ESCROW_REQUIRED' })
    const jobId = toHex(new Uint8Array(randomBytes(16)))
    const ask = makeAsk({
      jobId,
      client: who.publicId,
      receiptId: toHex(new Uint8Array(randomBytes(16))),
      payload: job.payload,
      constraints: job.constraints,
      spec: job.spec,
      limit: paid.limit,
      priority: job.priority ?? 'normal',
      routing: job.routing,
      near: job.near,
      webhook: job.webhook,
      authorisation: paid.authorisation,
      authorisationBytes: paid.bytes,
      authorisationSignature: paid.signature,
    })
    const within = keyMoney.isWithinBudget(who, paid.limit)
    if (!within.ok) return within
    const reserved = funds.reserve(ask, escrow)
    if (!reserved.ok) return reserved
    const life = createJob({ jobId, requestedAtMs: now(), ttlSeconds: job.ttlSeconds })
    return ok({ ask, life, terms: new Map(), texts: new Map() })
  }

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

  return {
    submit: (who: Principal, job: SubmitJob): Promise<Result<JobRecord, ApiError>> =>
      idempotency.once(who.publicId, job.idempotency, async () => {
        const submitted = await submit(who, job, (live) =>
          idempotency.write(who.publicId, job.idempotency, recordOf(live)),
        )
        return submitted.ok ? ok(recordOf(submitted.value)) : submitted
      }),

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
      const submitted = await submit(who, job)
      if (!submitted.ok) return submitted
      const live = submitted.value
      const onCancel = () => {
        if (isTerminal(live.life.state)) return
        dispatcher.apply(live, { type: 'cancel', message: 'canceled: its reader went away' })
      }
      const stream = streams.open(live.ask.jobId, pastOf(live), onCancel)
      return ok({ job: recordOf(live), stream })
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
      if (!streams.admits(jobId)) {
        const message = 'This job has as many readers as it takes.'
        return err({ code: 'QUOTA_EXCEEDED', message })
      }
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

const placeOf = ({ txHash, blockHeight }: NonNullable<JobRecord['settlement']>) => ({
  txHash,
  blockHeight,
})

const belowLeast = (limit: bigint, least: bigint): ApiError => ({
  code: 'PRICE_TOO_LOW',
  message:
    `The limit of ${formatCoins(limit)} AITBC is below the least charge of this site, ` +
    `${formatCoins(least)} AITBC: less would not pay for its own settlement.`,
  details: { reason: 'settlement', limit: String(limit), needed: String(least) },
})

/** What jobs ask of a client's bounds; their bytes are known once they are read. */
const weightOf = (
  jobs: readonly { readonly priority?: string | undefined; readonly bytes?: number }[],
) => ({
  jobs: jobs.length,
  high: jobs.filter(({ priority }) => priority === 'high').length,
  bytes: jobs.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
})

/** The same question to another model, in the words of both protocols. */
const withModel = (job: SubmitJob, model: string): SubmitJob =>
  model === job.spec.model
    ? job
    : { ...job, spec: { ...job.spec, model }, payload: { ...job.payload, model } }

function refusedBatch(
  faults: readonly (ApiError & { readonly index: number })[],
  jobs: number,
): ApiError {
  const message = `${faults.length} of ${jobs} jobs cannot be taken, so none was.`
  const items = faults.map(({ index, code, message: text, details }) => ({
    index,
    code,
    message: text ?? messageOf({ code }),
    details: details ?? null,
  }))
  return { code: 'BATCH_REFUSED', message, details: { items } }
}

const modelSigned: ApiError = {
  code: 'AUTHORISATION_INVALID',
  message: 'A signed authorisation is for one model: sign another one for another model.',
}

const alwaysGood: Verifier = { verify: () => true }

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
