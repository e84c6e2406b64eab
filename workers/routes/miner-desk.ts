/**
 * Who is here, and what a miner of the original earned. Mounted like the jobs.
 * Rules: contract-SPEC.md, MINERDESK.
 */
import { Hono } from 'hono'
import * as z from 'zod'
import type { MinerJob } from '../../core/api/coordinator-figures.ts'
import type { Principal } from '../../core/api/coordinator-service.ts'
import { registerMinerSchema, validated } from '../../core/api/jobs-requests.ts'
import { coinsNumber } from '../../core/base/amount.ts'
import { toHex0x } from '../../core/base/bytes.ts'
import { formatLegacyTime } from '../../core/base/time.ts'
import { formatAddress } from '../../core/crypto/address.ts'
import { requirePrincipal } from '../auth.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { countOpen } from '../gateway/limiter.ts'
import { type Asked, mount } from './mount.ts'
import { orThrow } from './request.ts'

export const minerDeskRoutes = mount(new Hono<AppEnv>(), {
  listMiners: list,
  listGpus: gpus,
  getMinerEarnings: earnings,
  listMinerJobs: jobs,
  changeCapabilities: change,
  removeMiner: remove,
})

async function list(c: AppContext): Promise<Response> {
  await countOpen(c)
  const { miners, total } = await c.get('coordinator').onlineMiners()
  const items = miners.map((miner) => ({
    miner_id: miner.minerId,
    status: miner.draining ? 'DRAINING' : 'ONLINE',
    address: formatAddress(miner.payout),
    inflight: miner.busy,
    concurrency: miner.concurrency,
    region: miner.region ?? null,
    models: miner.models.map(({ name }) => name),
  }))
  return c.json({ items, total })
}

/** One line a GPU, as the registry of the original lists them. */
async function gpus(c: AppContext): Promise<Response> {
  await countOpen(c)
  const { miners } = await c.get('coordinator').onlineMiners()
  const found = miners.flatMap((miner) =>
    miner.gpus.map((gpu, index) => ({
      id: `${miner.minerId}-${index}`,
      miner_id: miner.minerId,
      model: gpu.name,
      memory_gb: Math.round((gpu.memoryMib / 1_024) * 100) / 100,
      region: miner.region ?? null,
      status: isFull(miner) ? 'booked' : 'available',
    })),
  )
  return c.json({ gpus: found })
}

async function earnings(c: AppContext): Promise<Response> {
  const who = await ownMiner(c)
  const work = await c.get('coordinator').minerWork(who, { limit: 1, offset: 0 })
  return c.json({
    miner_id: work.minerId,
    currency: 'AITBC',
    total_earnings: coinsNumber(work.earned),
    pending_earnings: coinsNumber(work.pending),
    completed_jobs: work.total,
    earned: String(work.earned),
    pending: String(work.pending),
    unit: 'base units',
  })
}

async function jobs(c: AppContext, asked: Asked<'listMinerJobs'>): Promise<Response> {
  const who = await ownMiner(c)
  const page = asked.query(c)
  const { minerId, current, items, total } = await c.get('coordinator').minerWork(who, page)
  return c.json({ miner_id: minerId, current, items: items.map(jobJson), total, ...page })
}

async function change(c: AppContext, asked: Asked<'changeCapabilities'>): Promise<Response> {
  const who = await ownMiner(c)
  const body = await asked.body(c)
  const isWrapped = typeof body['capabilities'] === 'object' && body['capabilities'] !== null
  const stated = isWrapped ? body : { capabilities: body }
  const checked = orThrow(validated(registerMinerSchema, stated, 'body'))
  const { capabilities, concurrency, region } = checked
  const changed = await c.get('coordinator').changeMiner(who, {
    capabilities,
    concurrency: concurrency ?? undefined,
    region: region ?? undefined,
  })
  orThrow(changed)
  return c.json({ status: 'ok' })
}

/** Names that are paths beside a miner's own: nobody who mistypes one means to leave for good. */
const notMiners: ReadonlySet<string> = new Set(['heartbeat', 'list', 'poll', 'register', 'ws'])

async function remove(c: AppContext): Promise<Response> {
  const who = await ownMiner(c)
  if (notMiners.has(c.req.param('id') ?? '')) throw new ApiFailure({ code: 'NOT_FOUND' })
  orThrow(await c.get('coordinator').removeMiner(who))
  return c.json({ status: 'ok' })
}

/** The miner behind the key. Its programs call themselves what they like, but not by another's id. */
async function ownMiner(c: AppContext): Promise<Principal> {
  const who = await requirePrincipal(c, 'miner')
  const id = c.req.param('id') ?? ''
  if (id === who.publicId) return who
  const isOther = anyPublicId.safeParse(id).success || (await isHere(c, id))
  if (!isOther) return who
  const message = 'This key is another miner’s: it may not ask for that one.'
  throw new ApiFailure({ code: 'AUTHORIZATION_ERROR', message })
}

const anyPublicId = z.string().regex(/^miner_[0-9a-f]{16}$/)

const isHere = async (c: AppContext, id: string): Promise<boolean> =>
  (await c.get('coordinator').onlineMiners()).miners.some(({ minerId }) => minerId === id)

const isFull = ({ busy, concurrency }: { busy: number; concurrency: number }): boolean =>
  concurrency > 0 && busy >= concurrency

const jobJson = (job: MinerJob) => ({
  job_id: job.jobId,
  state: 'COMPLETED',
  model: job.model,
  completed_at: formatLegacyTime(job.completedAtMs),
  amount: String(job.amount),
  earned: String(job.minerAmount),
  payment: job.payment,
  prompt_tokens: job.promptTokens,
  completion_tokens: job.completionTokens,
  receipt_id: job.receiptId,
  transaction_hash: job.txHash ? toHex0x(job.txHash) : null,
})
