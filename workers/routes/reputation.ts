/**
 * Reputation of miners, the receipts behind it, and payments that are held: open to everybody.
 */
import { Hono } from 'hono'
import {
  heldListView,
  minerReceiptsView,
  publicMinerParams,
  readReceiptCursor,
  reputationView,
} from '../../core/api/reputation-views.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { countOpen } from '../gateway/limiter.ts'
import { type Asked, mount } from './mount.ts'
import { orThrow } from './request.ts'

export const reputationRoutes = mount(new Hono<AppEnv>(), {
  getMinerReputation: reputation,
  listMinerReceipts: receipts,
  listHeldResults: held,
})

async function reputation(c: AppContext): Promise<Response> {
  const minerId = await minerIdOf(c)
  const found = await c.get('coordinator').minerReputation(minerId)
  if (!found) throw new ApiFailure({ code: 'MINER_NOT_FOUND' })
  return c.json(reputationView(minerId, found, found.costBps))
}

async function receipts(c: AppContext, asked: Asked<'listMinerReceipts'>): Promise<Response> {
  const minerId = await minerIdOf(c)
  const { cursor, limit } = asked.query(c)
  const before = cursor === undefined ? undefined : orThrow(readReceiptCursor(cursor))
  const found = await c.get('coordinator').minerReceipts(minerId, { before, limit })
  if (!found) throw new ApiFailure({ code: 'MINER_NOT_FOUND' })
  return c.json(minerReceiptsView(found, { limit, nowMs: c.get('now') }))
}

async function held(c: AppContext, asked: Asked<'listHeldResults'>): Promise<Response> {
  const minerId = await minerIdOf(c)
  const { open, limit } = asked.query(c)
  const page = { minerId, onlyOpen: open === 'true', limit }
  const coordinator = c.get('coordinator')
  const found = await coordinator.heldResults(page)
  if (!found) throw new ApiFailure({ code: 'MINER_NOT_FOUND' })
  return c.json(heldListView(found, c.get('now')))
}

/** Anything that cannot be the name of a miner is an unknown miner. */
async function minerIdOf(c: AppContext): Promise<string> {
  await countOpen(c)
  const parsed = publicMinerParams.safeParse({ id: c.req.param('id') })
  if (!parsed.success) throw new ApiFailure({ code: 'MINER_NOT_FOUND' })
  return parsed.data.id
}
