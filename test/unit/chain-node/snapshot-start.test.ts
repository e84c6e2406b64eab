/** Beginning from a peer's snapshot: when, from whom, through kills, and in bad company. */
import { describe, expect, test } from 'vitest'
import type { PeerView } from '../../../core/api/sync-service.ts'
import type { Engine } from '../../../core/chain/engine-api.ts'
import { answerPull, applyPull, pullRequest } from '../../../core/chain/sync.ts'
import { sourcesAmong, standingOf } from '../../../durable-objects/chain/snapshot-sources.ts'
import type { SqliteStorage } from '../../../durable-objects/chain/sqlite-chain-store.ts'
import { createGenesis } from '../../support/chain-world.ts'
import { createSqliteStorage } from '../../support/sqlite-storage.ts'
import {
  expectBegun,
  notFound,
  openServingSite,
  type ServingPeer,
  type StartWorld,
  startGenesis,
  worldWith,
} from '../../support/start-world.ts'

const nine = openServingSite(9)
const longer = openServingSite(12)

const a = 'https://a.example'
const b = 'https://b.example'

const head = ({ engine }: { engine: Engine }) => {
  const { height, hash, stateRoot, finalHeight } = engine.head()
  return { height, hash, stateRoot, finalHeight }
}

const lists = (world: StartWorld) => world.requests.filter((line) => line.endsWith(' ')).length

describe('when', () => {
  test('START-1: a site without blocks begins at the newest one that is served, and follows from there', async () => {
    const world = worldWith({ [a]: nine.serve, [b]: longer.serve })
    expect(world.site().start.isBusy()).toBe(true)
    await world.settle()
    expectBegun(world, longer, 12)
    expect(world.site().engine.audit()).toEqual(longer.engine.audit())
    longer.grow(15)
    const { engine } = world.site()
    const answer = answerPull(longer.engine, pullRequest(engine))
    expect(applyPull(engine, answer, world.nowMs).refused).toEqual([])
    expect(head({ engine })).toEqual(head(longer))
    expect(world.logged).toMatchObject([
      { level: 'info', msg: 'began from a snapshot', height: 12 },
    ])
  })

  test('START-1: one that saves too little is left, and so are all where the site is to replay', async () => {
    for (const heightsMin of [10, 0]) {
      const world = worldWith({ [a]: nine.serve }, { heightsMin })
      await world.settle()
      expect(world.site().engine.head().height).toBe(0)
      expect(world.site().start.isBusy()).toBe(false)
      expect(world.logged).toEqual([])
      expect(lists(world)).toBe(heightsMin === 0 ? 0 : 1)
    }
  })

  test('START-1: a site that falls far behind looks again, now and then', async () => {
    const world = worldWith({ [a]: notFound })
    await world.settle()
    expect(world.site().engine.head().height).toBe(0)
    expect(world.logged).toEqual([])
    world.peers.set(a, nine.serve)
    await world.settle()
    expect(lists(world)).toBe(1)
    // It has a chain, and no peer says that it is behind.
    world.nowMs += 60_000
    await world.settle()
    expect(lists(world)).toBe(1)
    world.standing = { finalHeight: 3, isTooLate: false }
    await world.settle()
    expect(lists(world)).toBe(1)
    world.standing = { finalHeight: 9, isTooLate: false }
    await world.settle()
    expect(world.site().engine.head().height).toBe(9)
  })

  test('START-1: behind what counts is what peers say of their final heights, and who agrees', () => {
    const peer = (change: Partial<PeerView>): PeerView => ({
      url: a,
      name: 'a',
      authority: undefined,
      position: undefined,
      lastSeenMs: undefined,
      agreement: 'unknown',
      failure: undefined,
      backedOffUntilMs: undefined,
      ...change,
    })
    const at = (finalHeight: number) => ({
      position: { height: 99, slot: 99, hash: a32, finalHeight, finalHash: a32 },
    })
    const a32 = new Uint8Array(32)
    const tooLate = {
      failure: { code: 'BLOCK_NOT_KEPT' as const, message: '', sinceMs: 1, atMs: 1, count: 1 },
    }
    expect(standingOf([], 3)).toEqual({ finalHeight: 0, isTooLate: false })
    expect(standingOf([peer({}), peer(at(7))], 3)).toEqual({ finalHeight: 7, isTooLate: false })
    expect(standingOf([peer(tooLate)], 3)).toEqual({ finalHeight: 0, isTooLate: true })
    // Somebody else has the blocks.
    expect(standingOf([peer(tooLate), peer(at(7))], 3).isTooLate).toBe(false)
    expect(standingOf([peer(tooLate), peer(at(3))], 3).isTooLate).toBe(true)
    expect(sourcesAmong([peer({}), peer({ url: b, agreement: 'no' })])).toEqual([a])
  })

  test('START-9: where no peer keeps the blocks that are wanted, any snapshot will do', async () => {
    const world = worldWith({ [a]: nine.serve }, { heightsMin: 100 })
    await world.settle()
    expect(world.site().engine.head().height).toBe(0)
    world.standing = { finalHeight: 0, isTooLate: true }
    await world.settle()
    expectBegun(world, nine, 9)
  })
})

test('START-2, START-6: parts come from all who serve it, and the site says how far it is', async () => {
  const world = worldWith({ [a]: nine.serve, [b]: nine.serve })
  const shown = await world.settle()
  expectBegun(world, nine, 9)
  const parts = world.requests.filter((line) => /\d\/(\d+|block)$/.test(line))
  expect(new Set(parts.map((line) => line.split(' ')[1])).size).toBe(parts.length)
  for (const url of [a, b])
    expect(parts.filter((line) => line.startsWith(url)).length).toBeGreaterThan(1)
  expect(shown[0]).toMatchObject({ height: 9, installed: 0, sources: [a, b] })
  const { chunks = 0 } = shown[0] ?? {}
  expect(chunks).toBe(nine.chunks)
  expect(parts).toHaveLength(chunks + 1)
  expect(shown.some(({ installed }) => installed > 0 && installed < chunks)).toBe(true)
})

test('START-3: a kill at any write goes on where it was, or begins anew', async () => {
  let kills = 0
  for (let at = 0; ; at++) {
    expect(at).toBeLessThan(200)
    const { storage, crash } = killable(at)
    const world = worldWith({ [a]: nine.serve }, { storage })
    crash.armed = true
    await world.settle()
    crash.armed = false
    if (!crash.happened) break
    kills += 1
    const { installed = 0 } = world.site().start.view() ?? {}
    // Whatever chain is in force is whole.
    world.restart()
    expect([0, 9]).toContain(world.site().engine.head().height)
    const asked = world.requests.length
    await world.settle()
    expectBegun(world, nine, 9)
    const chunks = world.requests
      .slice(asked)
      .flatMap((line) => /\/9\/(\d+)$/.exec(line)?.[1] ?? [])
    if (chunks.length > 0) expect(Math.min(...chunks.map(Number))).toBe(installed)
  }
  expect(kills).toBeGreaterThan(6)
})

test('START-3: while a chain that is whole cannot take its place, the other one stands still', async () => {
  const inner = createSqliteStorage()
  let isFull = true
  const exec = (query: string, ...bindings: unknown[]) => {
    if (isFull && query.startsWith('ALTER TABLE')) throw new Error('disk full')
    return inner.sql.exec(query, ...bindings)
  }
  const storage: SqliteStorage = { ...inner, sql: { ...inner.sql, exec } as SqliteStorage['sql'] }
  const world = worldWith({ [a]: nine.serve }, { storage })
  await world.settle()
  expect(world.logged).toMatchObject([{ msg: 'snapshot start failed', error: 'disk full' }])
  expect(world.site().engine.head().height).toBe(0)
  // The new chain has a moment up to which it signs nothing: what the other one signed after that, it would not know.
  expect(world.site().start.isBusy()).toBe(true)
  isFull = false
  await world.settle(60_000)
  expectBegun(world, nine, 9)
})

/** Storage that fails one atomic write at its end, and all after it until it is disarmed. */
function killable(at: number) {
  const inner = createSqliteStorage()
  const crash = { armed: false, happened: false }
  let writes = 0
  const storage: SqliteStorage = {
    sql: inner.sql,
    transactionSync: (action) =>
      inner.transactionSync(() => {
        const value = action()
        if (crash.armed && writes++ >= at) {
          crash.happened = true
          throw new Error('killed')
        }
        return value
      }),
  }
  return { storage, crash }
}

describe('START-4: bad company has its own code, is logged once, and the next is tried:', () => {
  const isChunk = (path: string) => /\/\d+\/\d+$/.test(path)
  const instead =
    (
      is: (path: string) => boolean,
      answer: (path: string) => ReturnType<ServingPeer>,
    ): ServingPeer =>
    (path) =>
      is(path) ? answer(path) : nine.serve(path)
  const flip = async (path: string) => {
    const served = await nine.serve(path)
    const bytes = new Uint8Array((await served?.arrayBuffer()) ?? [])
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    return new Response(bytes, { headers: { 'content-type': 'application/octet-stream' } })
  }
  const endless = () =>
    new Response(
      new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(1_000_000)) }),
      { headers: { 'content-type': 'application/octet-stream' } },
    )
  const page = () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } })
  const cases: Record<string, { code: string; serve: ServingPeer }> = {
    'a changed chunk': { code: 'CHUNK_INVALID', serve: instead(isChunk, flip) },
    'another chunk': {
      code: 'CHUNK_INVALID',
      serve: instead(isChunk, () => nine.serve('/9/0')),
    },
    'an endless chunk': { code: 'ANSWER_TOO_LARGE', serve: instead(isChunk, endless) },
    'a chunk that never comes': {
      code: 'TIMEOUT',
      serve: instead(isChunk, () => new Promise(() => undefined)),
    },
    'a page': { code: 'CONTENT_TYPE_INVALID', serve: instead(isChunk, page) },
    'a page for a list': {
      code: 'CONTENT_TYPE_INVALID',
      serve: instead((path) => path === '', page),
    },
    'a list of something else': {
      code: 'ANSWER_INVALID',
      serve: instead(
        (path) => path === '',
        () => Response.json({ snapshots: 'many' }),
      ),
    },
    'a snapshot that it has given up': { code: 'NOT_SERVED', serve: instead(isChunk, notFound) },
    'too many requests': {
      code: 'RATE_LIMITED',
      serve: instead(isChunk, () =>
        Response.json({ error: { code: 'RATE_LIMIT_EXCEEDED' } }, { status: 429 }),
      ),
    },
    'a changed description': {
      code: 'SNAPSHOT_TRUNK_INVALID',
      serve: instead((path) => path === '/9', flip),
    },
    'a changed block': {
      code: 'SNAPSHOT_BLOCK_INVALID',
      serve: instead((path) => path === '/9/block', flip),
    },
    'another block than it lists': {
      code: 'SNAPSHOT_NOT_AS_LISTED',
      serve: instead(
        (path) => path === '/12',
        () => nine.serve('/9'),
      ),
    },
  }
  for (const [name, { code, serve }] of Object.entries(cases)) {
    test(name, async () => {
      // One that lists more is asked first, and so is the first of equals.
      const boasting: ServingPeer = (path) => (path === '' ? longer.serve(path) : serve(path))
      const world: StartWorld = worldWith({
        [a]: name.startsWith('another block') ? boasting : serve,
        // Whose turn it is at the block depends on the number of chunks.
        [b]: (path) =>
          name === 'a changed block' && world.codes().length === 0 ? notFound() : nine.serve(path),
      })
      await world.settle(3_000)
      expectBegun(world, nine, 9)
      expect(world.codes()).toEqual([code])
      expect(world.logged[0]).toMatchObject({ msg: 'snapshot source failing', peer: a })
    })
  }

  test('the snapshot of another chain', async () => {
    const other = createGenesis({ chainId: 'other', accounts: startGenesis.accounts })
    const world = worldWith({ [a]: nine.serve }, { genesis: other })
    await world.settle()
    expect(world.site().engine.head().height).toBe(0)
    expect(world.codes()).toEqual(['SNAPSHOT_OF_OTHER_CHAIN'])
    expect(world.site().start.isBusy()).toBe(false)
    // It is left alone for a while, and logged once.
    world.standing = { finalHeight: 9, isTooLate: false }
    for (let minutes = 0; minutes < 5; minutes++) {
      world.nowMs += 60_000
      await world.settle()
    }
    expect(world.codes()).toEqual(['SNAPSHOT_OF_OTHER_CHAIN'])
    expect(lists(world)).toBeLessThan(5)
  })

  test('one who lists more than is tried, and serves none', async () => {
    const many = Array.from({ length: 9 }, (_, n) => ({
      height: 1_000 + n,
      hash: `0x${'a'.repeat(63)}${n}`,
      slot: 1,
      state_root: `0x${'b'.repeat(64)}`,
      chunks: 1,
      entries: 1,
      bytes: 1,
    }))
    const world = worldWith({
      [a]: (path) =>
        path === '' ? Response.json({ every: 1, making: null, snapshots: many }) : page(),
      [b]: nine.serve,
    })
    await world.settle()
    expectBegun(world, nine, 9)
    expect(world.codes()).toEqual(['CONTENT_TYPE_INVALID'])
  })

  test('two who each have what is wrong', async () => {
    const world = worldWith({
      [a]: instead((path) => path.endsWith('/0'), flip),
      [b]: instead((path) => path.endsWith('/1'), flip),
    })
    await world.settle(600_000)
    // What one broke the other had; who once served what is refused is asked again much later.
    expect(world.codes()).toContain('CHUNK_INVALID')
    expect(world.site().engine.head().height).toBe(9)
  })
})

test('START-5: nobody serves it any more: it is taken back, nothing is left of it, and the site replays', async () => {
  let served = 0
  const world = worldWith({ [a]: (path) => (served++ < 5 ? nine.serve(path) : undefined) })
  await world.settle()
  const rows = () =>
    Number(world.storage.sql.exec('SELECT count(*) AS n FROM next_nodes').toArray()[0]?.['n'])
  expect(rows()).toBeGreaterThan(5)
  // Between two tries the site goes on as if there were none.
  expect(world.site().start.view()).toMatchObject({ height: 9 })
  expect(world.site().start.isBusy()).toBe(false)
  await world.settle(600_000)
  expect(rows()).toBe(0)
  expect(world.site().start.view()).toBeUndefined()
  expect(world.logged.map(({ msg }) => msg)).toEqual([
    'snapshot source failing',
    'snapshot given up',
  ])
  const { engine } = world.site()
  const answer = answerPull(nine.engine, pullRequest(engine))
  expect(applyPull(engine, answer, world.nowMs).refused).toEqual([])
  expect(head({ engine })).toEqual(head(nine))
  expect(engine.keptFrom()).toBe(0)
})

test('START-5: a chain that has come as far meanwhile is not given up for it', async () => {
  let served = 0
  const world = worldWith({ [a]: (path) => (served++ < 5 ? nine.serve(path) : undefined) })
  await world.settle()
  const { engine } = world.site()
  applyPull(engine, answerPull(nine.engine, pullRequest(engine)), world.nowMs)
  world.peers.set(a, nine.serve)
  await world.settle(60_000)
  expect(world.site().engine.keptFrom()).toBe(0)
  expect(world.logged.at(-1)).toMatchObject({ msg: 'snapshot given up', height: 9 })
})
