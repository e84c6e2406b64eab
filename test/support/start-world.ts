/**
 * A fresh site that may begin from a snapshot, over the SQLite adapters of the chain object, and peers that
 * serve one: real engines and snapshots, over a `fetch` that a test can break, by a clock that a test sets.
 */

import { expect } from 'vitest'
import { snapshotsToJson } from '../../core/api/schemas/snapshots.ts'
import type { InstallingView } from '../../core/api/sync-service.ts'
import { compareBytes, utf8ToBytes } from '../../core/base/bytes.ts'
import type { Engine } from '../../core/chain/engine-api.ts'
import type { SnapshotPart } from '../../core/chain/engine-snapshot.ts'
import type { Genesis } from '../../core/chain/genesis.ts'
import { lightAnswerCoder } from '../../core/chain/light-coders.ts'
import { chunksOf, decodeSnapshot, encodeSnapshot } from '../../core/chain/snapshot.ts'
import { readChunk } from '../../core/chain/snapshot-chunk.ts'
import { startWork, stepWork } from '../../core/chain/snapshot-walk.ts'
import type { TreeNode } from '../../core/chain/state-tree.ts'
import { sha256 } from '../../core/crypto/hash.ts'
import { snapshotStartLimits } from '../../durable-objects/chain/limits.ts'
import {
  type FromBefore,
  type NextChain,
  openFromBefore,
  openNextChain,
} from '../../durable-objects/chain/next-chain.ts'
import { openSnapshotSources } from '../../durable-objects/chain/snapshot-sources.ts'
import {
  openSnapshotStart,
  type SnapshotStart,
} from '../../durable-objects/chain/snapshot-start.ts'
import {
  openSqliteChainStore,
  type SqliteStorage,
} from '../../durable-objects/chain/sqlite-chain-store.ts'
import { createGenesis, mustOpen, nodeVerifier } from './chain-world.ts'
import { createMemoryChainStore } from './memory-chain-store.ts'
import { makeSnapshot, type Parts, partOf, runBlocks } from './snapshot-world.ts'
import { createSqliteStorage } from './sqlite-storage.ts'

/** A peer: what it answers to a path of `/rpc/snapshots`, or to `/rpc/light`; undefined is no answer at all. */
export type ServingPeer = (path: string) => Promise<Response | undefined> | Response | undefined

const bytesResponse = (bytes: Uint8Array) =>
  new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: { 'content-type': 'application/octet-stream' },
  })

/** What a site says that does not have what is asked for. */
export const notFound = () => Response.json({ error: { code: 'NOT_FOUND' } }, { status: 404 })

/** A genesis with few accounts, so that a site is opened at once. */
export const startGenesis = createGenesis({
  accounts: [
    ...createGenesis().accounts,
    ...Array.from({ length: 60 }, (_, index) => ({
      address: sha256(utf8ToBytes(`account ${index}`)).slice(0, 20),
      balance: BigInt(index + 1),
    })),
  ].sort((a, b) => compareBytes(a.address, b.address)),
})

export type ServingSite = {
  readonly engine: Engine
  readonly serve: ServingPeer
  readonly chunks: number
  readonly grow: (to: number) => void
}

/** A site with a chain of so many blocks and a snapshot of the last, in small chunks, and how it answers. */
export function openServingSite(
  height: number,
  /** Signed transactions of its first block: with others it is another chain. */
  first: readonly Uint8Array[] = [],
): ServingSite {
  const genesis = startGenesis
  const engine = mustOpen({ store: createMemoryChainStore(), genesis })
  engine.submit([...first], Number(genesis.genesisTimeMs) + 2_000)
  runBlocks(engine, { from: 1, to: height }, genesis)
  const whole = makeSnapshot(engine)
  const parts = cutSmall(whole)
  const bytes = [...parts.values()].reduce((sum, part) => sum + part.length, 0)
  const { hash, slot, stateRoot } = engine.head()
  const chunks = parts.size - 2
  const listed = { height, hash, slot, stateRoot, chunks, entries: 1, bytes }
  let head = height
  return {
    engine,
    chunks,
    grow: (to) => {
      runBlocks(engine, { from: head + 1, to }, genesis)
      head = to
    },
    serve: (path) => {
      if (path === '') {
        return Response.json(snapshotsToJson({ every: 1, making: undefined, snapshots: [listed] }))
      }
      if (path.startsWith('/rpc/light')) {
        const asked = new URLSearchParams(path.split('?')[1])
        const [from, to] = [Number(asked.get('from')), Number(asked.get('to'))]
        const update = engine.lightUpdate(from, to)
        return bytesResponse(lightAnswerCoder.encode({ update, fact: undefined, path: [] }))
      }
      const [, at, name = 'description'] = path.split('/')
      const part = parts.get((/^[0-9]+$/.test(name) ? Number(name) : name) as SnapshotPart)
      return part && Number(at) === height ? bytesResponse(part) : notFound()
    },
  }
}

/** The same snapshot in chunks of a few entries. */
function cutSmall(parts: Parts): Parts {
  const read = decodeSnapshot(partOf(parts, 'description'))
  const name = read.ok ? chunksOf(read.value.trunk)[0] : undefined
  const content = name && readChunk(name, partOf(parts, 0), 1)
  const root = content?.ok ? content.value.update.root : undefined
  if (!read.ok || !content?.ok || !root) throw new Error('a small state is one chunk')
  const nodes = new Map(content.value.update.written.map(({ id, node }) => [id, node]))
  const small = new Map<SnapshotPart, Uint8Array>([['block', partOf(parts, 'block')]])
  let work = startWork(root)
  for (;;) {
    const next = stepWork((id) => nodes.get(id) as TreeNode, work, {
      entriesMax: 6,
      bytesMax: 9_999,
    })
    if (!next) break
    if (next.chunk) small.set(work.chunks, next.chunk)
    work = next.work
  }
  return small.set('description', encodeSnapshot({ ...read.value, trunk: work.trunk }))
}

export type StartWorld = {
  readonly storage: SqliteStorage
  readonly peers: Map<string, ServingPeer>
  readonly requests: string[]
  readonly logged: Record<string, unknown>[]
  /** How the site thinks that its peers stand. */
  standing: { finalHeight: number; isTooLate: boolean }
  nowMs: number
  readonly site: () => {
    readonly engine: Engine
    readonly start: SnapshotStart
    readonly next: NextChain
    readonly before: FromBefore
  }
  /** Opens everything anew over what is stored. */
  readonly restart: () => void
  /** Works as an alarm would, until nothing is due within the time; what was shown between two parts. */
  readonly settle: (forMs?: number) => Promise<InstallingView[]>
  readonly codes: () => unknown[]
}

/** A site that has nothing but genesis. */
export function openStartWorld({
  heightsMin = 4,
  genesis = startGenesis,
  nowMs = Number(genesis.genesisTimeMs) + 1_000_000,
  limits = {},
  storage = createSqliteStorage(),
}: {
  heightsMin?: number
  genesis?: Genesis
  nowMs?: number
  limits?: Partial<Record<keyof typeof snapshotStartLimits, number>>
  storage?: SqliteStorage
} = {}): StartWorld {
  const shown: InstallingView[] = []
  const openSite = () => {
    const before = openFromBefore(storage.sql)
    const next = openNextChain(storage)
    next.takePlace()
    const openChain = () =>
      mustOpen({ store: openSqliteChainStore(storage), genesis, signer: undefined })
    const site = { engine: openChain(), next, before, start: undefined as unknown as SnapshotStart }
    const log = (entry: Readonly<Record<string, unknown>>) => void world.logged.push({ ...entry })
    const sources = openSnapshotSources({
      urls: () => [...world.peers.keys()],
      fetch: async (url, init) => {
        const { origin } = new URL(url)
        const path = url.slice(origin.length).replace(/^\/rpc\/snapshots/, '')
        world.requests.push(`${origin} ${path}`)
        const installing = site.start.view()
        if (installing) shown.push(installing)
        const answer = await Promise.race([world.peers.get(origin)?.(path), aborted(init.signal)])
        if (!answer) throw new Error('no connection')
        return answer
      },
      now: () => world.nowMs,
      log,
      limits: { ...snapshotStartLimits, partTimeoutMs: 60, listTimeoutMs: 60, ...limits },
    })
    site.start = openSnapshotStart({
      next,
      sources,
      genesis,
      verifier: nodeVerifier,
      finalHeight: () => site.engine.head().finalHeight,
      lightState: () => site.engine.lightState(),
      peers: () => world.standing,
      heightsMin,
      onTaken: () => {
        site.engine = openChain()
      },
      now: () => world.nowMs,
      onChange: () => undefined,
      log,
      limits: { ...snapshotStartLimits, ...limits },
    })
    return site
  }
  const world: StartWorld = {
    storage,
    peers: new Map(),
    requests: [],
    logged: [],
    standing: { finalHeight: 0, isTooLate: false },
    nowMs,
    site: () => site,
    restart: () => {
      site = openSite()
    },
    settle: async (forMs = 0) => {
      const untilMs = world.nowMs + forMs
      for (let calls = 0; calls < 100; calls++) {
        await site.start.work()
        const dueMs = site.start.dueAtMs()
        if (dueMs === undefined || dueMs > untilMs) break
        world.nowMs = Math.max(world.nowMs, dueMs)
      }
      return shown.splice(0)
    },
    codes: () => world.logged.flatMap(({ code }) => (code === undefined ? [] : [code])),
  }
  let site = openSite()
  return world
}

/** The same with peers that serve. */
export function worldWith(
  peers: Readonly<Record<string, ServingPeer>>,
  options: Parameters<typeof openStartWorld>[0] = {},
): StartWorld {
  const world = openStartWorld(options)
  for (const [url, serve] of Object.entries(peers)) world.peers.set(url, serve)
  return world
}

/** Everything is as at the site that made the snapshot. */
export function expectBegun(world: StartWorld, { engine }: ServingSite, height: number): void {
  const site = world.site()
  expect(site.engine.head().height).toBe(height)
  expect(site.engine.head().hash).toEqual(engine.blockAt(height)?.hash)
  expect(site.engine.head().stateRoot).toEqual(engine.blockAt(height)?.header.stateRoot)
  expect(site.engine.keptFrom()).toBe(height)
  expect(site.start.view()).toBeUndefined()
  expect(site.start.isBusy()).toBe(false)
}

/** Rejects when the caller gives up, as a real `fetch` does. */
const aborted = (signal: AbortSignal | null | undefined): Promise<never> =>
  new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('given up')), { once: true })
  })
