/**
 * One job: its specification, the signed permission to pay for it, and its submission. What is persisted
 * goes before what is sent.
 */
import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { messageOf } from '../core/api/errors.ts'
import { formatCoins } from '../core/base/amount.ts'
import { fromHex, toHex } from '../core/base/bytes.ts'
import { maxBig } from '../core/base/int.ts'
import {
  type Authorisation,
  authorisationCoder,
  authorisationHash,
  authorisationSigningBytes,
} from '../core/chain/authorisation.ts'
import { settleByWindow } from '../core/jobs/check-authorisation.ts'
import { sizeOf, worstCaseOf } from '../core/jobs/estimate.ts'
import { makeSpec } from '../core/jobs/job-request.ts'
import { type JobSpec, jobHashOf, jobSpecCoder } from '../core/jobs/job-spec.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { addFunds, type Funds } from './funds.ts'
import { patiently } from './patience.ts'
import type { Session } from './session.ts'
import { createSiteClient } from './site-client.ts'
import type { SiteModel } from './site-info.ts'
import { slotNow } from './transactions.ts'

/** A submitted job and what was signed for it. */
export type SubmittedJob = {
  readonly jobId: string
  readonly spec: JobSpec
  readonly jobHash: Uint8Array
  readonly authorisation: Authorisation
  readonly authorisationHash: Uint8Array
  readonly submittedAtMs: number
}

const units = z.string().regex(/^\d{1,20}$/)

const jobSchema = z.object({
  job_id: z.string().regex(/^[0-9a-f]{32}$/),
  state: z.string(),
  assigned_miner_id: z.string().nullable(),
  error: z.string().nullable(),
  attempts: z.int().min(0),
  limit: units,
  amount: units.nullable(),
  receipt_id: z.string().nullable(),
  settlement: z
    .object({ tx_hash: z.string(), block_height: z.int().min(0), final: z.boolean() })
    .nullable(),
})
/** A job as the site shows it. */
export type JobJson = z.infer<typeof jobSchema>

/** How long an interrupted submission is waited for: only a job that is known can be canceled. */
const submitGraceMs = 5_000

/** Slots by which the settle-by lies above the least: for clocks that differ. */
const spareSlots = 5

/** What is to be computed. A seed that nobody chose is random, so that two calls differ. */
export function specOf(session: Session, model: SiteModel, prompt: string): JobSpec {
  const { options } = session
  const messages = [
    ...(options.system === undefined ? [] : [{ role: 'system', content: options.system }]),
    { role: 'user', content: prompt },
  ]
  const spec = makeSpec({
    model: model.name,
    messages,
    sampling: {
      maxTokens: options.maxTokens,
      temperature: options.temperature,
      topP: options.topP,
      seed: options.seed,
      stop: options.stop,
    },
    extra: '',
    defaultSeed: BigInt(randomBytes(4).readUInt32LE()),
  })
  if (spec.ok) return spec.value
  const details = spec.error.details as readonly { readonly field: string; message: string }[]
  const faults = details.map(({ field, message }) => `${field} ${message}`).join('; ')
  throw new ClientFault(exitCodes.usage, spec.error.code, faults || messageOf(spec.error))
}

/** Most that a job may cost, base units: what was said, or what the cheapest miner may charge at most. */
export function limitOf(session: Session, model: SiteModel, spec: JobSpec): bigint {
  const worst = worstCaseOf(sizeOf(spec), {
    promptPer1000: model.price_prompt,
    completionPer1000: model.price_completion,
  })
  const { maxPrice } = session.options
  const least = session.info.charge_min ?? 1n
  // Above the worst case of the cheapest, so that a retry finds a dearer miner too.
  return maxPrice ?? maxBig(worst * 2n, least)
}

/** Signs and submits; when other jobs hold the escrow's funds, adds to them once. */
export async function submitJob(
  session: Session,
  work: { readonly spec: JobSpec; readonly limit: bigint; readonly funds: Funds },
): Promise<SubmittedJob> {
  try {
    return await submitOnce(session, work)
  } catch (error) {
    if (!(error instanceof ClientFault) || error.code !== 'ESCROW_EXHAUSTED') throw error
    session.say('the escrow is reserved by other jobs')
    await addFunds(session, work.funds, work.limit)
    return await submitOnce(session, work)
  }
}

/** Asks how the job stands. */
export async function readJob(session: Session, jobId: string): Promise<JobJson> {
  const target = `/api/v1/jobs/${jobId}`
  const { site, identity, signal } = session
  return parseJob(await patiently(signal, () => site.json({ target, identity })))
}

/** Asks the site to stop the job; that it has ended meanwhile is no failure. */
export async function cancelJob(session: Session, jobId: string): Promise<void> {
  const target = `/api/v1/jobs/${jobId}/cancel`
  // A client of its own: the signal that stopped everything else would stop this request too.
  const site = createSiteClient(session.options.api, AbortSignal.timeout(5_000))
  await site.json({ method: 'POST', target, identity: session.identity }).catch(() => undefined)
}

async function submitOnce(
  session: Session,
  { spec, limit, funds }: { readonly spec: JobSpec; readonly limit: bigint; readonly funds: Funds },
): Promise<SubmittedJob> {
  const { options, signer, genesisHash, site, identity, say } = session
  const jobHash = jobHashOf(spec)
  const authorisation: Authorisation = {
    escrow: funds.escrow,
    number: await session.store.takeNumber(session.place),
    limit,
    settleBy: BigInt(settleByOf(session, funds)),
    jobHash,
    signer: signer.publicKey,
  }
  const signature = signer.sign(authorisationSigningBytes(genesisHash, authorisation))
  const body = {
    spec: toHex(jobSpecCoder.encode(spec)),
    ttl_seconds: options.ttlSeconds,
    ...(options.region === undefined ? {} : { constraints: { region: options.region } }),
    limit: String(limit),
    authorisation: toHex(authorisationCoder.encode(authorisation)),
    authorisation_signature: toHex(signature),
  }
  const target = '/api/v1/jobs'
  const request = { method: 'POST', target, identity, body, graceMs: submitGraceMs } as const
  const jobId = await patiently(session.signal, () => site.json(request))
    .then((answer) => parseJob(answer).job_id)
    .catch(takenBefore)
  say(`job ${jobId}: at most ${formatCoins(limit)} AITBC reserved`)
  return {
    jobId,
    spec,
    jobHash,
    authorisation,
    authorisationHash: authorisationHash(authorisation),
    submittedAtMs: Date.now(),
  }
}

/**
 * The job of an earlier try whose answer was lost: the site names it to whoever signed it. The number is
 * ours alone and used once, so nobody else's job can be meant.
 */
function takenBefore(error: unknown): string {
  if (error instanceof ClientFault && error.code === 'AUTHORISATION_USED') {
    const { job_id: jobId } = (error.details ?? {}) as { readonly job_id?: unknown }
    if (typeof jobId === 'string' && /^[0-9a-f]{32}$/.test(jobId)) return jobId
  }
  throw error
}

function settleByOf(session: Session, funds: Funds): number {
  const { options, info } = session
  const window = settleByWindow({
    nowSlot: slotNow(session),
    ttlSeconds: options.ttlSeconds,
    authorisationLifeSlots: info.authorisation_life_slots,
    escrowExpirySlot: funds.expirySlot,
  })
  const settleBy = Math.min(window.from + spareSlots, window.to - 1)
  if (settleBy >= window.from) return settleBy
  const most = `${info.limits.ttl_seconds_max}s`
  const message = `--ttl is too long for this chain: at most ${most}`
  throw new ClientFault(exitCodes.usage, 'TTL_TOO_LONG', message)
}

function parseJob(answer: unknown): JobJson {
  const parsed = jobSchema.safeParse(answer)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const message = `the job's answer: ${issue?.path.join('.')}: ${issue?.message}`
  throw new ClientFault(exitCodes.server, 'ANSWER_INVALID', message)
}

/** Bytes of a transaction hash as the site writes it. */
export function hashBytes(text: string): Uint8Array {
  const bytes = fromHex(text, 32)
  if (bytes.ok) return bytes.value
  throw new ClientFault(exitCodes.server, 'ANSWER_INVALID', 'a hash is malformed')
}
