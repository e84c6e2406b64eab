/** When snapshots are made, how many are kept, and what happens when one cannot be. */
import { expect, test } from 'vitest'
import { checkSnapshot } from '../../../core/chain/snapshot.ts'
import { readChainConfiguration } from '../../../durable-objects/chain/configuration.ts'
import { snapshotLimits } from '../../../durable-objects/chain/limits.ts'
import { openSnapshots } from '../../../durable-objects/chain/snapshots.ts'
import { configOf } from '../../../workers/config.ts'
import type { Env } from '../../../workers/env.ts'
import { mustOpen, nodeVerifier } from '../../support/chain-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'
import { createMemorySnapshotStore } from '../../support/memory-snapshot-store.ts'
import { routeSecrets } from '../../support/route-env.ts'
import { crowdedGenesis, installAll, runBlocks } from '../../support/snapshot-world.ts'

const genesis = crowdedGenesis

function openWorld(every: number) {
  const chain = createMemoryChainStore()
  const store = createMemorySnapshotStore()
  const logged: string[] = []
  let now = 1_000
  let engine = mustOpen({ store: chain, genesis })
  const open = () =>
    openSnapshots({
      store,
      engine: () => engine,
      finalHeight: () => engine.head().finalHeight,
      every,
      now: () => now,
      onChange: () => undefined,
      log: (entry) => logged.push(String(entry['msg'])),
      limits: { ...snapshotLimits, piecesMax: 3, pruneNodesMax: 50, abandonHeightsMin: 4 },
    })
  let snapshots = open()
  return {
    chain,
    store,
    logged,
    engine: () => engine,
    snapshots: () => snapshots,
    run: (from: number, to: number) => runBlocks(engine, { from, to }),
    wait: (ms: number) => {
      now += ms
    },
    restart: () => {
      engine = mustOpen({ store: chain, genesis })
      snapshots = open()
    },
    /** Calls it as an alarm would, until nothing is due; the number of calls. */
    settle: async () => {
      for (let calls = 0; ; calls++) {
        const dueMs = snapshots.dueAtMs()
        if (dueMs === undefined) return calls
        now = Math.max(now, dueMs)
        await snapshots.work()
        if (calls > 1_000) throw new Error('it never ends')
      }
    },
    heights: async () => (await snapshots.view()).snapshots.map(({ height }) => height),
  }
}

test('HOST-11: one every so many heights, in bounded goes, and two are kept', async () => {
  const world = openWorld(4)
  await world.settle()
  world.run(1, 3)
  await world.snapshots().work()
  await world.settle()
  expect(await world.heights()).toEqual([])
  world.run(4, 4)
  await world.snapshots().work()
  expect(await world.settle()).toBeGreaterThan(2)
  expect(await world.heights()).toEqual([4])
  for (const [from, to] of [
    [5, 9],
    [10, 14],
  ] as const) {
    world.run(from, to)
    await world.snapshots().work()
    await world.settle()
  }
  expect(await world.heights()).toEqual([14, 9])
  expect(await world.snapshots().part(4, 0)).toBeUndefined()
  expect(world.chain.sizes()['postponed']).toBe(0)

  // What is served is what a site begins with.
  const parts = new Map()
  const description = await world.snapshots().part(9, 'description')
  const read = checkSnapshot(description ?? new Uint8Array(), { genesis, verifier: nodeVerifier })
  if (!read.ok) throw new Error(read.error.message)
  const [shown] = (await world.snapshots().view()).snapshots.slice(1)
  expect(shown).toMatchObject({
    height: 9,
    hash: read.value.hash,
    chunks: read.value.chunks.length,
    entries: read.value.entries,
  })
  const names = ['description', 'block', ...read.value.chunks.keys()] as const
  for (const name of names) parts.set(name, await world.snapshots().part(9, name))
  const fresh = createMemoryChainStore()
  installAll({ store: fresh, genesis, verifier: nodeVerifier }, parts, 0)
  expect(mustOpen({ store: fresh, genesis }).head().height).toBe(9)
})

test('HOST-11: a restart in the middle goes on, and nothing unfinished is served', async () => {
  const world = openWorld(4)
  world.run(1, 4)
  await world.snapshots().work()
  world.wait(1_000)
  await world.snapshots().work()
  expect((await world.snapshots().view()).making).toBe(4)
  expect(await world.store.get(4, 'block')).toBeDefined()
  expect(await world.snapshots().part(4, 'block')).toBeUndefined()
  world.run(5, 6)
  world.restart()
  await world.settle()
  expect(await world.heights()).toEqual([4])
})

test('HOST-11: a part that cannot be stored is tried again later, and the chain goes on', async () => {
  const world = openWorld(4)
  world.run(1, 4)
  world.store.fault = () => {
    throw new Error('no room')
  }
  for (let go = 0; go < 5; go++) {
    await world.snapshots().work()
    world.wait(snapshotLimits.restMs)
  }
  expect(world.logged).toEqual(['snapshot failed'])
  world.run(5, 6)
  expect(world.engine().head().height).toBe(6)
  world.store.fault = undefined
  await world.settle()
  expect(await world.heights()).toEqual([4])
  expect(world.logged.at(-1)).toBe('snapshot made')
})

test('HOST-11: one that takes too long is given up, so that the chain can let go', async () => {
  const world = openWorld(4)
  world.run(1, 4)
  await world.snapshots().work()
  world.wait(1_000)
  await world.snapshots().work()
  expect((await world.snapshots().view()).making).toBe(4)
  world.run(5, 20)
  await world.settle()
  expect(await world.heights()).toEqual([20])
  expect(await world.store.get(4, 'block')).toBeUndefined()
  expect(world.chain.sizes()['postponed']).toBe(0)
})

test('HOST-11: none when turned off', async () => {
  const world = openWorld(0)
  world.run(1, 9)
  await world.snapshots().work()
  await world.settle()
  expect(await world.snapshots().view()).toEqual({ every: 0, making: undefined, snapshots: [] })
})

test.each(['often', '-1', '1.5', '5000000000', '0x10'])(
  'HOST-11: SNAPSHOT_EVERY is a number of heights, and %s is refused by object and gateway',
  (SNAPSHOT_EVERY) => {
    const object = readChainConfiguration({ ...routeSecrets, SNAPSHOT_EVERY })
    expect(object).toMatchObject({ ok: false, error: { code: 'CONFIG_INVALID' } })
    const gateway = configOf({ ...routeSecrets, SNAPSHOT_EVERY } as unknown as Env)
    expect(gateway).toMatchObject({ ok: false, error: { names: ['SNAPSHOT_EVERY'] } })
  },
)

test('HOST-11: every 5 000 heights unless SNAPSHOT_EVERY says otherwise', () => {
  const every = (value: string | undefined) => {
    const env = value === undefined ? routeSecrets : { ...routeSecrets, SNAPSHOT_EVERY: value }
    const read = readChainConfiguration(env)
    return read.ok ? read.value.snapshotEvery : read.error
  }
  expect([every(undefined), every(' '), every('0'), every('250')]).toEqual([5_000, 5_000, 0, 250])
})

test('START-1: SNAPSHOT_START is a number of heights, 5 000 unless it is set', () => {
  const start = (SNAPSHOT_START: string) => {
    const env = { ...routeSecrets, SNAPSHOT_START }
    const read = readChainConfiguration(env)
    const gateway = configOf(env as unknown as Env)
    return [read.ok ? read.value.snapshotStart : read.error.code, gateway.ok]
  }
  expect(start('')).toEqual([5_000, true])
  expect(start('0')).toEqual([0, true])
  expect(start('700')).toEqual([700, true])
  for (const text of ['soon', '-1', '5000000000']) {
    expect(start(text)).toEqual(['CONFIG_INVALID', false])
  }
})
