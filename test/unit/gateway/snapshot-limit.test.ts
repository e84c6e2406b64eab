/** Parts of snapshots have a limit of their own: a site that begins asks for more than anybody else. */
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import type { AppContext, AppEnv } from '../../../workers/context.ts'
import { isLimited } from '../../../workers/gateway/limiter.ts'

test('START-2: parts of snapshots are counted apart, and like the rest where that limit is missing', async () => {
  const counted: string[] = []
  const limiter = (name: string, success: boolean) => ({
    limit: async ({ key }: { key: string }) => {
      counted.push(`${name} ${key}`)
      return { success }
    },
  })
  const app = new Hono<AppEnv>().get('*', async (c) => c.json(await isLimited(c as AppContext)))
  const headers = { 'cf-connecting-ip': '192.0.2.7' }
  const ask = async (path: string, env: object) =>
    (await app.request(`https://a.example${path}`, { headers }, env as never)).json()
  const both = { ANONYMOUS_LIMIT: limiter('all', false), SNAPSHOT_LIMIT: limiter('parts', true) }
  expect(await ask('/rpc/snapshots/5000/17', both)).toBe(false)
  expect(await ask('/rpc/snapshots/5000', both)).toBe(false)
  expect(await ask('/rpc/snapshots', both)).toBe(true)
  expect(await ask('/rpc/head', both)).toBe(true)
  expect(await ask('/rpc/snapshots/5000/17', { ANONYMOUS_LIMIT: both.ANONYMOUS_LIMIT })).toBe(true)
  const names = counted.map((line) => line.split(' ')[0])
  expect(names).toEqual(['parts', 'parts', 'all', 'all', 'all'])
  expect(counted[0]).toBe('parts 192.0.2.7')
})
