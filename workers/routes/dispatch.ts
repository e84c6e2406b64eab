/**
 * Placing jobs: estimates, batches, why a job or a miner waits, and webhooks. Mounted like the jobs. Rules:
 * coordinator-SPEC.md, DISPHTTP.
 */
import { Hono } from 'hono'
import {
  deliveryView,
  estimateView,
  jobWhyView,
  minerWhyView,
} from '../../core/api/dispatch-views.ts'
import { jobView } from '../../core/api/jobs-views.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { requirePrincipal } from '../auth.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { countOpen } from '../gateway/limiter.ts'
import { idempotencyOf } from './idempotency.ts'
import { submission } from './jobs.ts'
import { type Asked, mount } from './mount.ts'
import { jobIdOf, orThrow } from './request.ts'

export const dispatchRoutes = mount(new Hono<AppEnv>(), {
  estimateJob: estimate,
  submitBatch: batch,
  explainJob: jobWhy,
  explainMiner: minerWhy,
  makeWebhookSecret: makeSecret,
  listWebhookDeliveries: deliveries,
})

async function estimate(c: AppContext, asked: Asked<'estimateJob'>): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const body = await asked.body(c)
  const job = await submission(c, who, body, { isOnlyAsked: true })
  return c.json(estimateView(await c.get('coordinator').estimateJob(who, job)))
}

async function batch(c: AppContext, asked: Asked<'submitBatch'>): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const idempotency = await idempotencyOf(c, 'POST /jobs/batch')
  const body = await asked.body(c)
  const jobs = await Promise.all(body.jobs.map((each) => submission(c, who, each)))
  const taken = orThrow(await c.get('coordinator').submitBatch(who, { jobs, idempotency }))
  return c.json({ items: taken.map((job, index) => ({ index, job: jobView(job) })) }, 201)
}

async function jobWhy(c: AppContext): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  return c.json(jobWhyView(orThrow(await c.get('coordinator').jobWhy(who, jobIdOf(c)))))
}

async function minerWhy(c: AppContext): Promise<Response> {
  await countOpen(c)
  const id = c.req.param('id') ?? ''
  const why = id.length <= 64 ? await c.get('coordinator').minerWhy(id) : undefined
  if (!why) throw new ApiFailure({ code: 'MINER_NOT_FOUND' })
  return c.json(minerWhyView(why))
}

async function makeSecret(c: AppContext): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const made = orThrow(await c.get('coordinator').makeWebhookSecret(who))
  return c.json(made, 201, { 'cache-control': 'no-store' })
}

async function deliveries(c: AppContext, asked: Asked<'listWebhookDeliveries'>): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const { limit, cursor } = asked.query(c)
  const page = { limit: limit + 1, before: cursor }
  const found = await c.get('coordinator').webhookDeliveries(who, page)
  const items = found.slice(0, limit)
  return c.json({
    items: items.map(deliveryView),
    next_cursor: found.length > limit ? (items.at(-1)?.deliveryId ?? null) : null,
    as_of: formatTime(c.get('now')),
    source: 'site',
  })
}
