/** `/rpc/blocks…` over a real engine and the real read model: who is asked, and who no more. */
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import type { BlockJson, BlockSummaryJson } from '../../../core/api/rpc-views.ts'
import { summaryOf } from '../../../core/api/rpc-views.ts'
import type { Config } from '../../../workers/config.ts'
import type { AppEnv } from '../../../workers/context.ts'
import { finalBlockLimits, finalBlocksOf } from '../../../workers/final-blocks.ts'
import { failureResponse } from '../../../workers/gateway/errors.ts'
import { rpcBlockRoutes } from '../../../workers/routes/rpc-blocks.ts'
import { alice, bob, genesis, transfer } from '../../support/chain-world.ts'
import { createListWorld } from '../../support/list-world.ts'

const heights = 12

/** A site with some blocks, all but the newest `fresh` of them in the read model. */
async function createSite({ fresh = 3 } = {}) {
  const world = createListWorld()
  for (let block = 1; block <= heights; block++) {
    world.post(alice, transfer(bob.address, 10n))
    world.seal()
  }
  await world.index(heights + 1 - fresh)
  const { engine } = world
  const asked = { node: 0, database: 0 }
  // Blocks above this height are told as not final, whatever the engine says.
  const site = { world, asked, finalUpTo: heights, config: { genesis } as unknown as Config }
  const viewAt = (at: number | Uint8Array) => {
    const view = typeof at === 'number' ? engine.blockAt(at) : engine.block(at)
    return view && { ...view, final: Number(view.header.height) <= site.finalUpTo }
  }
  const node = {
    head: async () => engine.head(),
    block: async (at: number | Uint8Array) => {
      asked.node += 1
      return viewAt(at)
    },
    blocks: async ({ from, to }: { from: number; to: number }) => {
      asked.node += 1
      const views = []
      for (let height = from; height <= to; height++) views.push(viewAt(height))
      return views.filter((view) => view !== undefined).map(summaryOf)
    },
  }
  const database = new Proxy(world.env.DB, {
    get: (target, name) => {
      if (name === 'prepare') asked.database += 1
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const env = { DB: database, CHAIN_NODE: { idFromName: () => '', get: () => node } }
  const app = new Hono<AppEnv>()
    .use('*', async (c, next) => {
      c.set('config', site.config)
      await next()
    })
    .route('/', rpcBlockRoutes)
  app.onError(failureResponse)
  const ask = async (path: string) => {
    const response = await app.request(path, {}, env as never)
    const type = response.headers.get('content-type')
    return { status: response.status, type, text: await response.text() }
  }
  return Object.assign(site, { ask })
}

describe('what was final when it was read', () => {
  test('RPC-12: a whole block is asked for once by height and once by hash', async () => {
    const site = await createSite()
    const first = await site.ask('/blocks/5')
    expect(first).toMatchObject({ status: 200, type: 'application/json' })
    const { hash } = JSON.parse(first.text) as BlockJson
    expect(await site.ask('/blocks/5')).toEqual(first)
    expect(site.asked).toEqual({ node: 1, database: 0 })
    expect(await site.ask(`/blocks/${hash}`)).toEqual(first)
    expect(await site.ask(`/blocks/${hash.toUpperCase().replace('0X', '0x')}`)).toEqual(first)
    expect(site.asked).toEqual({ node: 2, database: 0 })
  })

  test('RPC-12: a range asks for what is missing at its end, and then for nothing', async () => {
    const site = await createSite()
    const { text } = await site.ask('/blocks-range?start=2&end=12')
    const { blocks } = JSON.parse(text) as { blocks: BlockSummaryJson[] }
    expect(blocks.map(({ height }) => height)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    expect(site.asked).toEqual({ node: 1, database: 1 })
    expect((await site.ask('/blocks-range?start=2&end=12')).text).toBe(text)
    const part = JSON.parse((await site.ask('/blocks-range?start=4&end=6')).text)
    expect(part.blocks).toEqual(blocks.slice(2, 5))
    expect(site.asked).toEqual({ node: 1, database: 1 })
    const longer = JSON.parse((await site.ask('/blocks-range?start=0&end=12')).text)
    expect(longer.blocks.slice(2)).toEqual(blocks)
    expect(site.asked).toEqual({ node: 2, database: 2 })
  })

  test('RPC-12: the answer is that of a site which has read nothing before', async () => {
    const [warm, cold] = [await createSite({ fresh: 3 }), await createSite({ fresh: 13 })]
    for (const path of ['/blocks/7', '/blocks-range?start=3&end=9', '/blocks?limit=5']) {
      await warm.ask(path)
      expect(await warm.ask(path)).toEqual(await cold.ask(path))
    }
  })

  test('RPC-12: another configuration remembers nothing of this one', async () => {
    const site = await createSite()
    await site.ask('/blocks/5')
    site.config = { ...site.config }
    await site.ask('/blocks/5')
    expect(site.asked.node).toBe(2)
  })
})

describe('what was not final when it was read', () => {
  test('RPC-12: a whole block is asked for again, until it is final', async () => {
    const site = await createSite()
    site.finalUpTo = 10
    expect(JSON.parse((await site.ask('/blocks/11')).text)).toMatchObject({ final: false })
    site.finalUpTo = 11
    expect(JSON.parse((await site.ask('/blocks/11')).text)).toMatchObject({ final: true })
    await site.ask('/blocks/11')
    expect(site.asked.node).toBe(2)
  })

  test('RPC-12: blocks of a range are asked for again, until they are final', async () => {
    const site = await createSite()
    site.finalUpTo = 10
    const finality = async () => {
      const { text } = await site.ask('/blocks-range?start=9&end=12')
      return (JSON.parse(text) as { blocks: BlockSummaryJson[] }).blocks.map(({ final }) => final)
    }
    expect(await finality()).toEqual([true, true, false, false])
    site.finalUpTo = 12
    expect(await finality()).toEqual([true, true, true, true])
  })
})

describe('bounds', () => {
  const summary = (height: number) => ({ height, final: true }) as BlockSummaryJson

  test('RPC-12: the oldest summaries go when there are too many', () => {
    const memory = finalBlocksOf({} as Config)
    const { summariesMax } = finalBlockLimits
    memory.keep(Array.from({ length: summariesMax + 2 }, (_, height) => summary(height)))
    expect(memory.run({ from: 1, to: 1 })).toEqual([])
    expect(memory.run({ from: 2, to: summariesMax + 9 })).toHaveLength(summariesMax)
  })

  test('RPC-12: the oldest whole blocks go when their text is too long, and one alone is never kept', () => {
    const memory = finalBlocksOf({} as Config)
    const block = (chars: number) => ({ final: true, header: 'x'.repeat(chars) }) as BlockJson
    const kept = (...at: number[]) => at.map((height) => memory.whole(height) !== undefined)
    const third = Math.floor(finalBlockLimits.wholeCharsMax / 3)
    for (const height of [1, 2, 3]) memory.keepWhole(height, block(third))
    expect(kept(1, 2, 3)).toEqual([false, true, true])
    memory.keepWhole(4, block(finalBlockLimits.wholeCharsMax))
    expect(kept(2, 3, 4)).toEqual([true, true, false])
  })
})
