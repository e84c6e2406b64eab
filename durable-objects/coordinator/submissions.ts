/**
 * Submission: a job is admitted, its money found and held, and then it is kept and dispatched, alone or with
 * others, all of them or none.
 */
import type {
  JobRecord,
  Principal,
  SubmitBatch,
  SubmitJob,
} from '../../core/api/coordinator-service.ts'
import { type ApiError, messageOf } from '../../core/api/errors.ts'
import { formatCoins } from '../../core/base/amount.ts'
import { toHex } from '../../core/base/bytes.ts'
import { maxBig } from '../../core/base/int.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import type { Verifier } from '../../core/crypto/signature.ts'
import { checkAuthorisation, readAuthorisation } from '../../core/jobs/check-authorisation.ts'
import { sizeOf } from '../../core/jobs/estimate.ts'
import { createJob } from '../../core/jobs/job.ts'
import { jobHashOf } from '../../core/jobs/job-spec.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Group } from './grouping.ts'
import type { Idempotencies } from './idempotency.ts'
import { newId } from './ids.ts'
import { type JobPaymentParts, openJobPayment, type Paid } from './job-payment.ts'
import { type JobStore, type LiveJob, makeAsk, type StoredJob } from './job-store.ts'
import type { KeyMoney } from './key-money.ts'
import type { Webhooks } from './webhooks.ts'
import type { Admitted } from './why.ts'

export type SubmissionParts = JobPaymentParts & {
  readonly store: JobStore
  readonly dispatcher: Dispatcher
  readonly keyMoney: KeyMoney
  readonly group: Group
  readonly idempotency: Idempotencies
  readonly webhooks: Webhooks
}

/** Jobs as their clients see them. */
export type Records = {
  readonly stored: (who: Principal, jobId: string) => StoredJob | undefined
  readonly recordOf: (job: StoredJob) => JobRecord
}

/** A job that may be taken: admitted, with its limit, and the permission to pay it. */
type Prepared = { readonly job: SubmitJob; readonly paid: Paid; readonly limit: bigint }

export function openSubmissions(parts: SubmissionParts, records: Records) {
  const { settings, store, view, funds, dispatcher, keyMoney, group, now } = parts
  const { idempotency, webhooks } = parts
  const payment = openJobPayment(parts)
  const lifeSlots = Number(settings.genesis.parameters.authorisationLifeSlots)

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
      const size = sizeOf(job.spec)
      const client = who.publicId
      const wanted = { client, size, constraints, routing, near, limit: limit ?? most }
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
        ? await payment.byAccount(job, stated?.value)
        : await payment.byKey(who.publicId, job, limit, besides)
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
        idempotency.write(who.publicId, given, lives.map(records.recordOf)),
      )
      if (!taken.ok) return err(refusedBatch([taken.error], jobs.length))
      return ok(taken.value.map(records.recordOf))
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
      verifier: isAccount ? settings.shared : alwaysGood,
      coordinator: settings.coordinator.publicKey,
      jobHash: jobHashOf(job.spec),
      ttlSeconds: job.ttlSeconds,
      nowSlot: view.slotNow(),
      authorisationLifeSlots: lifeSlots,
      escrow: paid.escrow.escrow,
      isNumberUsed: usedBy !== undefined,
      caller: isAccount ? who.publicKey : undefined,
    })
    return checked.ok ? checked : err(withJob(checked.error, who, usedBy))
  }

  /** Who sends the same request twice is told which job it was. */
  const withJob = (error: ApiError, who: Principal, usedBy: string | undefined): ApiError => {
    const isOwn = usedBy !== undefined && records.stored(who, usedBy) !== undefined
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
    const jobId = newId(now())
    const ask = makeAsk({
      jobId,
      client: who.publicId,
      receiptId: newId(now()),
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

  return { admitted, submit, submitBatch }
}

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

const belowLeast = (limit: bigint, least: bigint): ApiError => ({
  code: 'PRICE_TOO_LOW',
  message:
    `The limit of ${formatCoins(limit)} AITBC is below the least charge of this site, ` +
    `${formatCoins(least)} AITBC: less would not pay for its own settlement.`,
  details: { reason: 'settlement', limit: String(limit), needed: String(least) },
})
