/** The live check that no money is made or lost, over a real chain and a real read model, and both broken. */
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { decodeExecution, encodeExecution } from '../../../core/chain/engine-record.ts'
import type { AppEnv } from '../../../workers/context.ts'
import { healthRoutes } from '../../../workers/routes/health.ts'
import { alice, bob, genesis, mustOpen, timeOf, transfer } from '../../support/chain-world.ts'
import { createListWorld, type ListWorld } from '../../support/list-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'
import { site } from './app.ts'

const coordinator = { site: async () => ({ ...site, fault: undefined, dispatching: true }) }

/** A chain of one transfer, final and in the read model. */
async function createWorld() {
  const store = createMemoryChainStore()
  const world = createListWorld({ store })
  world.post(alice, transfer(bob.address, 1_000n))
  world.seal()
  await world.index(2)
  return { world, store }
}

async function ready(world: ListWorld, engine = world.engine) {
  const app = new Hono<AppEnv>()
  app.use('*', async (c, next) => {
    c.set('config', { appEnv: 'test', genesis } as never)
    const status = async () => ({ ...engine.status(timeOf(2)), indexedHeight: 1 })
    c.set('chain', { status } as never)
    c.set('coordinator', coordinator as never)
    await next()
  })
  const counts = async () => ({ owners: 0, behind: 0 })
  const env = {
    ...world.env,
    WALLET_OWNERS: { idFromName: () => '', get: () => ({ counts }) },
    WALLET_ENCRYPTION_KEY: 'A'.repeat(43),
  }
  const response = await app.route('/', healthRoutes).request('/ready', {}, env as never)
  const { checks } = (await response.json()) as {
    checks: Record<string, { ok: boolean; detail: string }>
  }
  return { status: response.status, conservation: checks['conservation'], checks }
}

test('GW-22: a chain that holds what it should is ready, and says how much that is', async () => {
  const { world } = await createWorld()
  const { status, conservation, checks } = await ready(world)
  expect(conservation).toEqual({
    ok: true,
    detail: '11500000000 base units held, 0 minted, 0 burned',
  })
  const others = Object.entries(checks).filter(([, { ok }]) => !ok)
  expect([others, status]).toEqual([[], 200])
})

test('GW-22: a unit that came from nowhere makes it 503', async () => {
  const { world, store } = await createWorld()
  const hash = store.readHeight(1) as Uint8Array
  const block = store.readBlock(hash)
  if (!block) throw new Error('a block is held')
  const record = decodeExecution(block.execution)
  const execution = encodeExecution({ ...record, held: record.held + 1n })
  store.atomically(() => store.writeBlock({ ...block, execution }))
  const { status, conservation } = await ready(world, mustOpen({ store }))
  expect([status, conservation]).toEqual([
    503,
    { ok: false, detail: '11500000001 base units are held, and 11500000000 should be' },
  ])
})

test.each([
  ["UPDATE chain_books SET amount = amount + 7 WHERE kind = 'account'", 'not sum to zero but to 7'],
  [
    "UPDATE chain_books SET amount = amount + CASE kind WHEN 'genesis' THEN -5 ELSE 5 END",
    'the books begin with 11500000005 base units',
  ],
])('GW-22: books that are out make it 503: %s', async (spoil, reason) => {
  const { world } = await createWorld()
  await world.env.DB.prepare(spoil).run()
  const { status, conservation } = await ready(world)
  expect([status, conservation?.ok]).toEqual([503, false])
  expect(conservation?.detail).toContain(reason)
})
