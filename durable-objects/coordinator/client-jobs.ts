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
  SubmitJob,
} from '../../core/api/coordinator-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
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
import { type JobStore, type LiveJob, makeAsk, type StoredJob } from './job-store.ts'
import { type KeyMoney, settleByOf } from './key-money.ts'
import type { Partials } from './partials.ts'
import { answerEvent, completedEvent } from './results.ts'
import { bytesOf } from './schema.ts'
import type { Settings } from './settings.ts'
import type { StreamEvent, Streams } from './streams.ts'

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
  readonly now: () => number
}

type Paid = {
  readonly authorisation: Authorisation
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
  readonly escrow: KnownEscrow
}

export type ClientJobs = ReturnType<typeof openClientJobs>

export function openClientJobs(parts: ClientJobParts) {
  const { keyMoney } = parts
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
  ): Promise<Result<Paid, ApiError>> => {
    const delegate = apiKeys.delegateOf(owner)
    if (!delegate) return err({ code: 'AUTHORIZATION_ERROR' })
    let escrow = await custody.escrowOf(owner)
    if (!escrow.ok) return escrow
    const lack = lackOf(escrow.value, delegate, limit)
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

  /** Admits, checks, reserves, keeps and dispatches. After the last `await` nothing can come between. */
  const submit = async (who: Principal, job: SubmitJob): Promise<Result<LiveJob, ApiError>> => {
    const room = dispatcher.hasRoom(who.publicId)
    if (!room.ok) return room
    const size = sizeOf(job.spec)
    const { constraints } = job
    const stated = job.authorisation && readAuthorisation(job.authorisation.bytes)
    if (stated?.ok === false) return stated
    const most = stated?.value.limit
    const limit =
      job.limit !== undefined && most !== undefined && most < job.limit ? most : job.limit
    const admission = dispatcher.admit({ size, constraints, limit: limit ?? most })
    if (!admission.ok) return admission
    const wanted = limit ?? most ?? maxBig(admission.value.suggestedLimit, settings.chargeMin)
    if (wanted < settings.chargeMin) return err(belowLeast(wanted, settings.chargeMin))
    const paid =
      who.kind === 'account'
        ? await paidByAccount(job, stated?.value)
        : await paidByKey(who.publicId, job, wanted)
    if (!paid.ok) return paid
    return group(() => {
      // While this waited a payment may have become final: its debt is gone, and so is the money.
      const { escrow: escrowId } = paid.value.authorisation
      const newest = { ...paid.value, escrow: view.peek(escrowId, now()) ?? paid.value.escrow }
      const checked = check(who, job, newest)
      return checked.ok ? keep(who, job, { ...newest, limit: wanted }) : checked
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

  const keep = (
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
      authorisation: paid.authorisation,
      authorisationBytes: paid.bytes,
      authorisationSignature: paid.signature,
    })
    const room = dispatcher.hasRoom(who.publicId, ask.bytes)
    if (!room.ok) return room
    const within = keyMoney.isWithinBudget(who, paid.limit)
    if (!within.ok) return within
    const held = funds.reserve(ask, escrow)
    if (!held.ok) return held
    const life = createJob({ jobId, requestedAtMs: now(), ttlSeconds: job.ttlSeconds })
    const live: LiveJob = { ask, life, terms: new Map(), texts: new Map() }
    try {
      dispatcher.submit(live)
    } catch (error) {
      funds.free(jobId)
      throw error
    }
    return ok(live)
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
      return [answerEvent(row), { ...endEventOf(life), ...completedEvent(row, life.state, reasons) }]
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
    submit: async (who: Principal, job: SubmitJob): Promise<Result<JobRecord, ApiError>> => {
      const submitted = await submit(who, job)
      return submitted.ok ? ok(recordOf(submitted.value)) : submitted
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
