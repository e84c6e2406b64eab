/**
 * Jobs: submit, read, stream, cancel; the routes of the original and the ones its clients expected.
 * Mounted under `/api/v1`, `/api` and `/v1`. Rules: coordinator-SPEC.md, JOBHTTP.
 */
import { Hono } from 'hono'
import type { JobRecord, Principal, SubmitJob } from '../../core/api/coordinator-service.ts'
import { routingOf } from '../../core/api/dispatch-requests.ts'
import { constraintsOf, limitOf, type SubmitJobBody } from '../../core/api/jobs-requests.ts'
import {
  endError,
  jobPageView,
  jobResultText,
  jobView,
  paymentView,
  receiptBundleText,
} from '../../core/api/jobs-views.ts'
import { bytesEqual, fromHex, toHex } from '../../core/base/bytes.ts'
import { decodeCanonical } from '../../core/base/coders.ts'
import { isLoopback } from '../../core/base/loopback.ts'
import { ttlSecondsMaxOf } from '../../core/jobs/check-authorisation.ts'
import { payloadOfSpec, specFaults, validationError } from '../../core/jobs/job-request.ts'
import { type JobSpec, jobHashOf, jobSpecCoder } from '../../core/jobs/job-spec.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import { specFromLegacy } from '../../core/jobs/spec-from-legacy.ts'
import { webhookUrlFault } from '../../core/jobs/webhook.ts'
import { chainQueries } from '../../d1/chain-queries.ts'
import { requirePrincipal } from '../auth.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { idempotencyOf } from './idempotency.ts'
import { openJobEvents, sseEvent, sseResponse } from './job-events.ts'
import { type Asked, mount } from './mount.ts'
import { jobIdOf, jsonText, orThrow } from './request.ts'
import { fromDatabase } from './rpc-input.ts'

export const jobRoutes = mount(new Hono<AppEnv>(), {
  submitJob: submit,
  listJobs: list,
  listJobHistory: list,
  getJob: view,
  getJobStatus: view,
  deleteJob: cancel,
  cancelJob: cancel,
  getJobResult: result,
  getJobReceipt: receipt,
  listJobReceipts: receipts,
  getJobPayment: payment,
  streamJob: stream,
})

async function submit(c: AppContext, asked: Asked<'submitJob'>): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const idempotency = await idempotencyOf(c, 'POST /jobs')
  const body = await asked.body(c)
  const job = { ...(await submission(c, who, body)), idempotency }
  return c.json(jobView(orThrow(await c.get('coordinator').submitJob(who, job))), 201)
}

async function list(c: AppContext, asked: Asked<'listJobs' | 'listJobHistory'>): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const page = asked.query(c)
  return c.json(jobPageView(await c.get('coordinator').jobs(who, page), page))
}

async function view(c: AppContext): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const job = orThrow(await c.get('coordinator').job(who, jobIdOf(c)))
  return c.json(jobView(await settled(c, job)))
}

async function cancel(c: AppContext): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  return c.json(jobView(orThrow(await c.get('coordinator').cancelJob(who, jobIdOf(c)))))
}

/** The job with the settlement that its miner sent, from the read model: it holds final blocks only. */
export async function settled(c: AppContext, job: JobRecord): Promise<JobRecord> {
  if (!job.isPaidElsewhere || !job.receiptHash) return job
  const query = chainQueries(c.env.DB).settlementOf(toHex(job.receiptHash))
  const row = await fromDatabase(query)
  const txHash = fromHex(row?.transactionHash ?? '', 32)
  if (!row || !txHash.ok) return job
  return { ...job, settlement: { txHash: txHash.value, blockHeight: row.height, final: true } }
}

/** Terminal jobs without a result say so: the original answered 425 for ever. */
async function result(c: AppContext): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const found = orThrow(await c.get('coordinator').result(who, jobIdOf(c)))
  const text = jobResultText(found)
  if (text === undefined) throw new ApiFailure(endError(found.job))
  return jsonText(text)
}

/** The receipt of the original; `?format=bundle` adds what proves the payment. */
async function receipt(c: AppContext, asked: Asked<'getJobReceipt'>): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const { format } = asked.query(c)
  const bundle = orThrow(await c.get('coordinator').receipt(who, jobIdOf(c)))
  return jsonText(format === 'bundle' ? receiptBundleText(bundle) : bundle.legacyText)
}

/** A job has at most one receipt here, since it is completed at most once. */
async function receipts(c: AppContext): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const found = await c.get('coordinator').receipt(who, jobIdOf(c))
  if (!found.ok && found.error.code === 'RECEIPT_NOT_FOUND') return c.json({ items: [] })
  return jsonText(`{"items":[${orThrow(found).legacyText}]}`)
}

async function payment(c: AppContext): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const job = orThrow(await c.get('coordinator').job(who, jobIdOf(c)))
  const found = paymentView(await settled(c, job))
  if (!found) throw new ApiFailure({ code: 'PAYMENT_NOT_FOUND' })
  return c.json(found)
}

/** Server-sent events, named by their type; the data is the coordinator's event as it is. */
async function stream(c: AppContext): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const { events, cancel } = openJobEvents(
    orThrow(await c.get('coordinator').streamJob(who, jobIdOf(c))),
  )
  async function* lines(): AsyncGenerator<string, void, void> {
    for await (const event of events) yield sseEvent(event, event.type)
  }
  return sseResponse(lines(), cancel)
}

/** What the coordinator is to do, from either kind of body. Who only asks needs no authorisation. */
export async function submission(
  c: AppContext,
  who: Principal,
  body: SubmitJobBody,
  { isOnlyAsked = false }: { readonly isOnlyAsked?: boolean } = {},
): Promise<SubmitJob> {
  const isAccount = who.kind === 'account'
  const spec = body.spec === undefined ? undefined : readSpec(body.spec)
  if (spec && body.payload) requireSame(spec, body.payload)
  const payload = body.payload ?? payloadOfSpec(spec as JobSpec)
  const authorisation = readAuthorisation(body)
  if (isAccount && !authorisation && !isOnlyAsked) {
    throw new ApiFailure({
      code: 'AUTHORISATION_INVALID',
      message: 'A signed request carries authorisation and authorisation_signature.',
    })
  }
  return {
    payload,
    constraints: constraintsOf(body.constraints),
    spec: spec ?? (await specOfPayload(c, who, payload)),
    ttlSeconds: ttlOf(c, who, body.ttl_seconds),
    // What an account allows is what it signed: a second number could only contradict it.
    limit: isAccount && authorisation ? undefined : limitOf(body),
    authorisation,
    priority: body.priority ?? undefined,
    routing: routingOf(body.routing),
    near: nearOf(c),
    webhook: webhookOf(c, body.webhook),
  }
}

/** A site on this very machine may call this machine; no other site calls what is not public. */
function webhookOf(c: AppContext, webhook: SubmitJobBody['webhook']): SubmitJob['webhook'] {
  if (!webhook) return undefined
  const message = webhookUrlFault(webhook.url, isLoopback(new URL(c.req.url).hostname))
  if (message === undefined) return { url: webhook.url }
  throw new ApiFailure(validationError([{ field: 'body.webhook.url', message, code: 'invalid' }]))
}

/** Country and continent of the caller, as the edge knows them. On this very machine it knows nothing. */
export function nearOf(c: AppContext): SubmitJob['near'] {
  if (isLoopback(new URL(c.req.url).hostname)) return undefined
  const { country, continent } = (c.req.raw.cf ?? {}) as { country?: unknown; continent?: unknown }
  const words = [country, continent].filter((word) => typeof word === 'string')
  return words.length === 0 ? undefined : words.map((word) => word.toLowerCase().slice(0, 8))
}

/**
 * Keys of the original ask for 900 s by default and get what an authorisation can cover; an account signed
 * for what it asked, so the coordinator decides.
 */
function ttlOf(c: AppContext, who: Principal, asked: number | null | undefined): number {
  const seconds = Math.max(jobLimits.ttlSecondsMin, asked ?? jobLimits.ttlSecondsDefault)
  if (who.kind === 'account') return Math.min(seconds, jobLimits.ttlSecondsMax)
  const { authorisationLifeSlots } = c.get('config').genesis.parameters
  return Math.min(seconds, ttlSecondsMaxOf(Number(authorisationLifeSlots)))
}

/** An account must be able to compute the job's hash itself, so nothing is filled in for it. */
async function specOfPayload(
  c: AppContext,
  who: Principal,
  payload: Record<string, unknown>,
): Promise<JobSpec> {
  if (who.kind === 'account') return orThrow(specFromLegacy(payload, { model: '', seed: 0n }))
  const isModelNamed = typeof payload['model'] === 'string' && payload['model'] !== ''
  const model = isModelNamed ? '' : await cheapestModel(c)
  return orThrow(specFromLegacy(payload, { model, seed: randomSeed() }))
}

/** A payload without a model meant whatever the miner had: here the cheapest that is served now. */
async function cheapestModel(c: AppContext): Promise<string> {
  const { models } = await c.get('coordinator').site()
  const sorted = [...models].sort((a, b) => {
    const order = a.priceCompletion - b.priceCompletion || a.pricePrompt - b.pricePrompt
    return order < 0n ? -1 : order > 0n ? 1 : a.name < b.name ? -1 : 1
  })
  return sorted[0]?.name ?? ''
}

/** Below 2^53, so that it survives JSON. */
export function randomSeed(): bigint {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number]
  return (BigInt(high >>> 11) << 32n) | BigInt(low)
}

/**
 * Price and permission look at the specification, miners of the original at the payload: whoever sends
 * both must not ask one thing and pay for another.
 */
function requireSame(spec: JobSpec, payload: Record<string, unknown>): void {
  const meant = specFromLegacy(payload, { model: spec.model, seed: spec.seed })
  if (meant.ok && bytesEqual(jobHashOf(meant.value), jobHashOf(spec))) return
  const message = 'asks for something else than spec'
  throw new ApiFailure(validationError([{ field: 'body.payload', message, code: 'invalid' }]))
}

function readSpec(hex: string): JobSpec {
  const bytes = fromHex(hex)
  const decoded = bytes.ok ? decodeCanonical(jobSpecCoder, bytes.value) : bytes
  if (!decoded.ok) {
    const { message } = decoded.error
    throw new ApiFailure(validationError([{ field: 'body.spec', message, code: 'invalid' }]))
  }
  const faults = specFaults(decoded.value)
  if (faults.length === 0) return decoded.value
  const details = faults.map((fault) => ({ ...fault, field: `body.spec.${fault.field}` }))
  throw new ApiFailure(validationError(details))
}

function readAuthorisation(body: SubmitJobBody): SubmitJob['authorisation'] {
  if (body.authorisation === undefined) return undefined
  const bytes = fromHex(body.authorisation)
  const signature = fromHex(body.authorisation_signature ?? '', 64)
  if (!bytes.ok || !signature.ok) {
    const message = 'authorisation_signature must be 64 bytes of hex.'
    throw new ApiFailure({ code: 'AUTHORISATION_INVALID', message })
  }
  return { bytes: bytes.value, signature: signature.value }
}
