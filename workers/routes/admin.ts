/**
 * Administration: what administrators read, and what they do with jobs, miners and keys. Mounted under the
 * coordinator's spellings and at `/admin/`. Rules: account-SPEC.md, ADMINHTTP.
 */
import { Hono } from 'hono'
import { type Actor, adminActions, type Standing } from '../../core/api/admin-desk.ts'
import {
  adminJobRow,
  adminJobView,
  adminKeyRow,
  adminMinerView,
  adminPaymentRow,
  adminUserRow,
  auditRow,
} from '../../core/api/admin-views.ts'
import { adminHeldListView, adminHeldView } from '../../core/api/reputation-views.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { requireAdmin } from '../auth.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { adminSiteRoutes } from './admin-site.ts'
import { type Asked, mount } from './mount.ts'
import { jobIdOf, orThrow } from './request.ts'

export const adminRoutes = mount(new Hono<AppEnv>().route('/', adminSiteRoutes), {
  listAdminJobs: jobs,
  getAdminJob: job,
  cancelAdminJob: cancelJob,
  prioritizeAdminJob: prioritizeJob,
  listAdminHeld: held,
  releaseHeld: (c, asked) => decideHeld(c, asked, 'released'),
  refuseHeld: (c, asked) => decideHeld(c, asked, 'refused'),
  listAdminMiners: miners,
  getAdminMiner: miner,
  activateAdminMiner: activate,
  deactivateAdminMiner: deactivate,
  withdrawAdminOffer: withdrawOffer,
  listAdminUsers: users,
  listAdminKeys: keys,
  revokeAdminKey: revokeKey,
  listAdminPayments: payments,
  readAuditLog: audit,
  readAdminLogs: audit,
  executeAdminAction: execute,
  cleanUp: cleanUp,
  reindex: (c) =>
    notHere(c, 'The read model follows the chain by itself: there is nothing to index anew.'),
  backUp: (c) =>
    notHere(
      c,
      'The platform keeps thirty days of the site’s objects to go back to: see the runbook.',
    ),
})

async function jobs(c: AppContext, asked: Asked<'listAdminJobs'>): Promise<Response> {
  await requireAdmin(c)
  const { limit, cursor, status, client, miner: minerId } = asked.query(c)
  const state = status?.toLowerCase()
  const page = { limit, cursor, state, client, miner: minerId }
  const { items, next } = orThrow(await c.get('coordinator').admin('jobs', page))
  return c.json({ items: items.map(adminJobRow), ...envelope(c, next) })
}

async function job(c: AppContext): Promise<Response> {
  await requireAdmin(c)
  return c.json(adminJobView(orThrow(await c.get('coordinator').admin('job', jobIdOf(c)))))
}

async function cancelJob(c: AppContext, asked: Asked<'cancelAdminJob'>): Promise<Response> {
  const { by } = await actorOf(c, asked)
  const canceled = await c.get('coordinator').admin('cancelJob', by, jobIdOf(c))
  return c.json(adminJobView(orThrow(canceled)))
}

async function prioritizeJob(c: AppContext, asked: Asked<'prioritizeAdminJob'>): Promise<Response> {
  const { by, body } = await actorOf(c, asked)
  const jobId = jobIdOf(c)
  const changed = await c.get('coordinator').admin('prioritizeJob', by, jobId, body.priority)
  return c.json(adminJobView(orThrow(changed)))
}

async function held(c: AppContext, asked: Asked<'listAdminHeld'>): Promise<Response> {
  await requireAdmin(c)
  const { open, limit } = asked.query(c)
  const found = await c.get('coordinator').admin('held', { onlyOpen: open === 'true', limit })
  return c.json(adminHeldListView(found, c.get('now')))
}

async function decideHeld(
  c: AppContext,
  asked: Asked<'releaseHeld' | 'refuseHeld'>,
  decision: 'released' | 'refused',
): Promise<Response> {
  const { by } = await actorOf(c, asked)
  const decided = await c.get('coordinator').admin('decideHeld', by, jobIdOf(c), decision)
  return c.json(adminHeldView(orThrow(decided)))
}

async function miners(c: AppContext, asked: Asked<'listAdminMiners'>): Promise<Response> {
  await requireAdmin(c)
  const { limit, cursor, status } = asked.query(c)
  const found = await c.get('coordinator').admin('miners', { limit, cursor, status })
  const { items, next } = orThrow(found)
  return c.json({ items: items.map(adminMinerView), ...envelope(c, next) })
}

async function miner(c: AppContext): Promise<Response> {
  await requireAdmin(c)
  return c.json(adminMinerView(orThrow(await c.get('coordinator').admin('miner', minerIdOf(c)))))
}

async function activate(c: AppContext, asked: Asked<'activateAdminMiner'>): Promise<Response> {
  const { by } = await actorOf(c, asked)
  return setStanding(c, by, 'active')
}

async function deactivate(c: AppContext, asked: Asked<'deactivateAdminMiner'>): Promise<Response> {
  const { by, body } = await actorOf(c, asked)
  return setStanding(c, by, body.mode === 'suspend' ? 'suspended' : 'draining')
}

async function setStanding(c: AppContext, by: Actor, standing: Standing): Promise<Response> {
  const set = await c.get('coordinator').admin('setStanding', by, minerIdOf(c), standing)
  return c.json(adminMinerView(orThrow(set)))
}

async function withdrawOffer(c: AppContext, asked: Asked<'withdrawAdminOffer'>): Promise<Response> {
  const { by } = await actorOf(c, asked)
  const market = c.get('market')
  const offerId = asked.texts(c).id.slice(0, 64)
  const { kind, provider, status } = orThrow(await market.offer(offerId))
  if (kind !== 'listed') throw new ApiFailure({ code: 'OFFER_NOT_LISTED' })
  await c.get('coordinator').admin('withdrawOffer', by, offerId, { before: status, provider })
  await market.followWithdrawals()
  return c.json(orThrow(await market.offer(offerId)))
}

async function users(c: AppContext, asked: Asked<'listAdminUsers'>): Promise<Response> {
  await requireAdmin(c)
  const { limit, cursor, q } = asked.query(c)
  const { items, next } = orThrow(await c.get('coordinator').admin('users', { limit, cursor, q }))
  const { adminAddresses, genesisHash } = c.get('config')
  const rows = items.map((user) =>
    adminUserRow(user, { genesisHash, isAdmin: adminAddresses.has(user.address) }),
  )
  return c.json({ items: rows, ...envelope(c, next) })
}

async function keys(c: AppContext, asked: Asked<'listAdminKeys'>): Promise<Response> {
  await requireAdmin(c)
  const { limit, cursor, q } = asked.query(c)
  const { items, next } = orThrow(await c.get('coordinator').admin('keys', { limit, cursor, q }))
  return c.json({ items: items.map(adminKeyRow), ...envelope(c, next) })
}

async function revokeKey(c: AppContext, asked: Asked<'revokeAdminKey'>): Promise<Response> {
  const { by } = await actorOf(c, asked)
  const keyId = c.req.param('id') ?? ''
  const key = orThrow(await c.get('coordinator').admin('revokeKey', by, keyId))
  const revokedAt = formatTime(key.revokedAtMs ?? c.get('now'))
  return c.json({ key_id: key.keyId, state: 'revoked', revoked_at: revokedAt })
}

async function payments(c: AppContext, asked: Asked<'listAdminPayments'>): Promise<Response> {
  await requireAdmin(c)
  const { limit, cursor, status: state } = asked.query(c)
  const coordinator = c.get('coordinator')
  const [page, { payments: sums }] = await Promise.all([
    coordinator.admin('payments', { limit, cursor, state }),
    coordinator.admin('stats'),
  ])
  const { items, next } = orThrow(page)
  const totals = Object.fromEntries(
    Object.entries(sums).map(([name, { count, amount }]) => [
      name,
      { count, amount: String(amount) },
    ]),
  )
  const rows = items.map(adminPaymentRow)
  return c.json({ items: rows, totals, unit: 'base units', ...envelope(c, next) })
}

async function audit(
  c: AppContext,
  asked: Asked<'readAuditLog' | 'readAdminLogs'>,
): Promise<Response> {
  await requireAdmin(c)
  const { limit, cursor, action, actor } = asked.query(c)
  const page = { limit, cursor, action, actor }
  const { items, next } = orThrow(await c.get('coordinator').admin('audit', page))
  return c.json({ items: items.map(auditRow), ...envelope(c, next) })
}

async function execute(c: AppContext, asked: Asked<'executeAdminAction'>): Promise<Response> {
  const { by, body } = await actorOf(c, asked)
  const action = adminActions.find((each) => each === c.req.param('action'))
  if (!action) {
    const message = `There is no such action: this site has ${adminActions.join(', ')}.`
    throw new ApiFailure({ code: 'NOT_FOUND', message })
  }
  const target = body.target ?? undefined
  const details = orThrow(await c.get('coordinator').admin('execute', by, action, target))
  return c.json({ action, done: true, details })
}

async function cleanUp(c: AppContext, asked: Asked<'cleanUp'>): Promise<Response> {
  const { by } = await actorOf(c, asked)
  const details = orThrow(await c.get('coordinator').admin('execute', by, 'sweep', undefined))
  return c.json({ action: 'cleanup', done: true, details })
}

async function notHere(c: AppContext, message: string): Promise<Response> {
  await requireAdmin(c)
  throw new ApiFailure({ code: 'NOT_BUILT', message })
}

/** Who acts and why. A person says why; a program of the original may have nothing to say. */
async function actorOf<Body extends { readonly reason?: string | null | undefined }>(
  c: AppContext,
  asked: { readonly body: (c: AppContext) => Promise<Body> },
): Promise<{ readonly by: Actor; readonly body: Body }> {
  const { actor, isPerson } = await requireAdmin(c)
  const body = await asked.body(c)
  const reason = body.reason ?? ''
  if (isPerson && reason === '') throw new ApiFailure({ code: 'REASON_REQUIRED' })
  return { by: { actor, reason }, body }
}

const minerIdOf = (c: AppContext): string => {
  const id = c.req.param('id') ?? ''
  if (id.length > 128) throw new ApiFailure({ code: 'MINER_NOT_FOUND' })
  return id
}

const envelope = (c: AppContext, next: string | undefined) => ({
  next_cursor: next ?? null,
  as_of: formatTime(c.get('now')),
  source: 'site' as const,
})
