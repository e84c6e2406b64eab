/** The health report in words, with a coordinator that answers as told and nothing else there. */
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import type { AppEnv } from '../../../workers/context.ts'
import { healthRoutes } from '../../../workers/routes/health.ts'
import { site } from './app.ts'

/** What the report says of the coordinator while so many miners are online. */
async function coordinatorOf(minersOnline: number) {
  const app = new Hono<AppEnv>()
  app.use('*', async (c, next) => {
    c.set('config', { appEnv: 'test', genesis: { chainId: 'aitbc-test' } } as never)
    c.set('coordinator', { site: async () => ({ ...site, minersOnline }) } as never)
    await next()
  })
  const response = await app.route('/', healthRoutes).request('/')
  // Chain and database are not there, and the report says so too.
  expect(response.status).toBe(503)
  const { checks } = (await response.json()) as {
    checks: Record<string, { ok: boolean; detail: string }>
  }
  expect([checks['chain']?.ok, checks['database']?.ok]).toEqual([false, false])
  return checks['coordinator']
}

test.each([
  [0, 'no miner, 1 queued, 2 running'],
  [1, '1 miner, 1 queued, 2 running'],
  [2, '2 miners, 1 queued, 2 running'],
])('GW-17: health counts %i miners as people do', async (count, detail) => {
  expect(await coordinatorOf(count)).toEqual({ ok: true, detail })
})
