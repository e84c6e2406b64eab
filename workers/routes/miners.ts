/**
 * Miners: the HTTP protocol of the original, and the door to the socket protocol of our agent. Mounted
 * like the jobs. Rules: coordinator-SPEC.md, MINERHTTP.
 */
import { Hono } from 'hono'
import type { LegacyMinerJob } from '../../core/api/coordinator-service.ts'
import { resultObject } from '../../core/api/jobs-requests.ts'
import { legacyReceiptJson } from '../../core/jobs/legacy-receipt.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import { requirePrincipal } from '../auth.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { countOpen } from '../gateway/limiter.ts'
import { type Asked, mount } from './mount.ts'
import { jobIdOf, jsonText, orThrow } from './request.ts'

export const minerRoutes = mount(new Hono<AppEnv>(), {
  connectMiner: socket,
  registerMiner: register,
  sendHeartbeat: heartbeat,
  pollJob: pollByPost,
  pollJobByGet: pollByGet,
  sendResult: result,
  reportFailure: fail,
})

/** The agent proves its key inside the protocol, so the upgrade itself needs no credentials. */
async function socket(c: AppContext): Promise<Response> {
  await countOpen(c)
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
    throw new ApiFailure({ code: 'UPGRADE_REQUIRED' }, { upgrade: 'websocket' })
  }
  return c.get('coordinatorFetch')(c.req.raw)
}

async function register(c: AppContext, asked: Asked<'registerMiner'>): Promise<Response> {
  const who = await requirePrincipal(c, 'miner')
  const body = await asked.body(c)
  const registered = await c.get('coordinator').registerMiner(who, {
    minerId: statedMinerId(c),
    capabilities: body.capabilities,
    concurrency: body.concurrency ?? 1,
    region: body.region ?? undefined,
  })
  return c.json({ status: 'ok', session_token: orThrow(registered).sessionToken })
}

async function heartbeat(c: AppContext, asked: Asked<'sendHeartbeat'>): Promise<Response> {
  const who = await requirePrincipal(c, 'miner')
  const body = await asked.body(c)
  orThrow(
    await c.get('coordinator').heartbeatMiner(who, {
      inflight: body.inflight ?? body.current_jobs ?? 0,
      status: body.status ?? 'ONLINE',
    }),
  )
  return c.json({ status: 'ok' })
}

async function pollByPost(c: AppContext, asked: Asked<'pollJob'>): Promise<Response> {
  const who = await requirePrincipal(c, 'miner')
  const body = await asked.body(c)
  const job = orThrow(
    await c.get('coordinator').pollMiner(who, { waitMs: waitMsOf(body.max_wait_seconds) }),
  )
  return job ? c.json(legacyJobView(job)) : new Response(null, { status: 204 })
}

/** The original's command line polls so, and takes only 200: with the job or `null`. */
async function pollByGet(c: AppContext, asked: Asked<'pollJobByGet'>): Promise<Response> {
  const who = await requirePrincipal(c, 'miner')
  const query = asked.query(c)
  const wait = query.max_wait_seconds ?? Number(query.wait ?? Number.NaN)
  const job = orThrow(await c.get('coordinator').pollMiner(who, { waitMs: waitMsOf(wait) }))
  return c.json(job ? legacyJobView(job) : null)
}

async function result(c: AppContext, asked: Asked<'sendResult'>): Promise<Response> {
  const who = await requirePrincipal(c, 'miner')
  const jobId = jobIdOf(c)
  const body = await asked.body(c)
  const done = await c.get('coordinator').finishMinerJob(who, {
    jobId,
    result: resultObject(body),
    metrics: body.metrics ?? {},
  })
  const { receipt } = orThrow(done)
  return jsonText(`{"status":"ok","receipt":${receipt ? legacyReceiptJson(receipt) : 'null'}}`)
}

async function fail(c: AppContext, asked: Asked<'reportFailure'>): Promise<Response> {
  const who = await requirePrincipal(c, 'miner')
  const jobId = jobIdOf(c)
  const body = await asked.body(c)
  const failed = await c.get('coordinator').failMinerJob(who, {
    jobId,
    code: body.error_code,
    message: body.error_message,
  })
  orThrow(failed)
  return c.json({ status: 'ok' })
}

/** A name for people: the key is the identity, as in the original. */
function statedMinerId(c: AppContext): string | undefined {
  const stated = c.req.header('x-miner-id') ?? c.req.query('miner_id')
  return stated !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(stated) ? stated : undefined
}

/** Waits are capped below the time-outs of the original's programs; without one, the cap. */
function waitMsOf(seconds: number | null | undefined): number {
  const { pollWaitMsMax } = jobLimits
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return pollWaitMsMax
  return Math.min(Math.max(0, Math.round(seconds * 1_000)), pollWaitMsMax)
}

/** All six constraints are there, null when unset. */
const legacyJobView = (job: LegacyMinerJob): Record<string, unknown> => ({
  job_id: job.job_id,
  payload: job.payload,
  constraints: {
    gpu: null,
    cuda: null,
    min_vram_gb: null,
    models: null,
    region: null,
    max_price: null,
    ...job.constraints,
  },
})
