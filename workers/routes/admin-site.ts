/**
 * Administration: how the site is, in the original's figures and ours, and its settings without secrets.
 * Rules: account-SPEC.md, ADMINHTTP.
 */
import { Hono } from 'hono'
import { analyticsDay } from '../../core/api/admin-views.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { dayMs } from '../../core/base/time.ts'
import { requireAdmin } from '../auth.ts'
import { requiredNames } from '../config.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { probesOf } from './health.ts'
import { type Asked, mount } from './mount.ts'

export const adminSiteRoutes = mount(new Hono<AppEnv>(), {
  getAdminStats: stats,
  getAdminStatus: status,
  getAdminHealth: health,
  getAdminConfig: settings,
  getAdminAnalytics: analytics,
})

/** The original's four figures. Its average was a fraction, which its own schema refused. */
async function stats(c: AppContext): Promise<Response> {
  await requireAdmin(c)
  const found = await c.get('coordinator').admin('stats')
  return c.json({
    total_jobs: found.totalJobs,
    active_jobs: found.queued + found.running,
    online_miners: found.onlineMiners,
    avg_miner_job_duration_ms: found.averageMs,
  })
}

async function status(c: AppContext): Promise<Response> {
  await requireAdmin(c)
  const coordinator = c.get('coordinator')
  const [found, site, head] = await Promise.all([
    coordinator.admin('stats'),
    coordinator.site(),
    c
      .get('chain')
      .head()
      .catch(() => undefined),
  ])
  const isWell = site.dispatching && site.fault === undefined && head !== undefined
  const counts = Object.entries(found.payments).map(([name, { count }]) => [name, count])
  const { totalJobs: total, queued, running, onlineMiners, suspended, draining } = found
  return c.json({
    status: isWell ? 'ok' : 'degraded',
    jobs: { total, queued, running },
    miners: { online: onlineMiners, suspended, draining },
    payments: Object.fromEntries(counts) as Record<string, number>,
    system: {
      timestamp: formatTime(c.get('now')),
      app_env: c.get('config').appEnv,
      final_slot: head?.finalSlot ?? null,
      dispatching: site.dispatching,
      fault: site.fault ?? null,
    },
  })
}

async function health(c: AppContext): Promise<Response> {
  await requireAdmin(c)
  const dependencies = await Promise.all(
    Object.entries(probesOf(c)).map(async ([name, ask]) => {
      const beganMs = Date.now()
      const { ok, detail } = await ask().then(
        (said) => ({ ok: true, detail: said }),
        (error: unknown) => ({
          ok: false,
          detail: error instanceof Error ? error.message : 'down',
        }),
      )
      return { name, ok, latency_ms: Date.now() - beganMs, detail }
    }),
  )
  const isWell = dependencies.every(({ ok }) => ok)
  const asOf = { as_of: formatTime(c.get('now')), source: 'site' as const }
  return c.json({ status: isWell ? 'ok' : 'degraded', dependencies, ...asOf })
}

async function analytics(c: AppContext, asked: Asked<'getAdminAnalytics'>): Promise<Response> {
  await requireAdmin(c)
  const { days } = asked.query(c)
  const from = new Date(c.get('now') - (days - 1) * dayMs).toISOString().slice(0, 10)
  const found = await c.get('coordinator').admin('analytics', from)
  return c.json({
    days,
    items: found.days.map(analyticsDay),
    models: found.models.map(({ name, jobs, charged }) => ({
      model: name,
      jobs,
      charged: String(charged),
    })),
    unit: 'base units',
    as_of: formatTime(c.get('now')),
    source: 'site',
  })
}

/** Settings whose values anybody may know; of all others only whether they are set is told. */
const openSettings = [
  'APP_ENV',
  'SITE_HOST',
  'CORS_ORIGINS',
  'CHAIN_UPSTREAM',
  'PEERS',
  'SNAPSHOT_EVERY',
  'SNAPSHOT_START',
  'V1_UPSTREAM',
  'RATE_LIMIT',
  'ADMIN_ADDRESSES',
] as const

async function settings(c: AppContext): Promise<Response> {
  await requireAdmin(c)
  const values = c.env as unknown as Readonly<Record<string, unknown>>
  const isSet = (name: string) => typeof values[name] === 'string' && values[name] !== ''
  const isSecret = (name: string) => name !== 'GENESIS_JSON'
  const secrets = [...requiredNames.filter(isSecret), 'WALLET_ENCRYPTION_KEY_OLD', 'MINER_PAYOUTS']
  const { chainId } = c.get('config').genesis
  const items = [
    ...openSettings.map((name) => ({
      name,
      set: isSet(name),
      secret: false,
      // An address of another site may carry a password.
      value: isSet(name) ? String(values[name]).replace(/\/\/[^/@,]*@/g, '//') : null,
    })),
    { name: 'GENESIS_JSON', set: true, secret: false, value: chainId },
    ...secrets.map((name) => ({ name, set: isSet(name), secret: true, value: null })),
  ]
  return c.json({ items, as_of: formatTime(c.get('now')), source: 'site' })
}
