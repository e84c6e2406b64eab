/** Making a snapshot beside a running chain, and beginning another site's chain from it. */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../../core/base/bytes.ts'
import { openEngine } from '../../../core/chain/engine.ts'
import type { Engine } from '../../../core/chain/engine-api.ts'
import { advanceLight, startLight } from '../../../core/chain/light.ts'
import { snapshotChunkBytesMax } from '../../../core/chain/limits.ts'
import { checkSnapshot } from '../../../core/chain/snapshot.ts'
import {
  abandonInstall,
  beginInstall,
  resumeInstall,
} from '../../../core/chain/snapshot-install.ts'
import { answerPull, applyPull, canAnswer, pullRequest } from '../../../core/chain/sync.ts'
import { alice, authority, mustOpen, nodeVerifier, timeOf } from '../../support/chain-world.ts'
import { lightGenesis, lightGenesisHash, openLightWorld, sets } from '../../support/light-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'
import {
  crowdedGenesis,
  finishSnapshot,
  installAll,
  makeSnapshot,
  mustBegin,
  partOf,
  runBlocks,
} from '../../support/snapshot-world.ts'

const genesis = crowdedGenesis
const verifier = nodeVerifier
const now = timeOf(40, genesis)

const open = (store = createMemoryChainStore(), signer: typeof authority | undefined = authority) =>
  ({ store, engine: mustOpen({ store, genesis, signer }) }) as const

const chunksIn = (parts: ReadonlyMap<unknown, unknown>): number => parts.size - 2

/** What a site shows of head, final state and money. */
const shown = (engine: Engine) => {
  const { head, supply } = engine.status(now)
  const { hash, stateRoot, height, finalHeight } = head
  return { hash: toHex(hash), root: toHex(stateRoot), height, finalHeight, supply }
}

describe('making', () => {
  test('SNAP-1: the parts are the whole state, in bounded chunks, whatever happens meanwhile', () => {
    const { engine } = open()
    runBlocks(engine, { from: 1, to: 5 })
    const still = makeSnapshot(engine)
    expect(chunksIn(still)).toBeGreaterThan(2)
    for (const bytes of still.values()) expect(bytes.length).toBeLessThan(snapshotChunkBytesMax)
    const checked = checkSnapshot(partOf(still, 'description'), { genesis, verifier })
    expect(checked.ok && checked.value.entries).toBe(engine.audit().entries)

    // The same state again, while blocks change and prune it.
    const { engine: busy } = open()
    let slot = runBlocks(busy, { from: 1, to: 5 })
    const moving = makeSnapshot(busy, () => {
      slot = runBlocks(busy, { from: slot + 1, to: slot + 2 })
    })
    expect(slot).toBeGreaterThan(10)
    expect(new Map(moving)).toEqual(new Map(still))
  })

  test('SNAP-2: nodes that it needs are kept until it is done, and then deleted', () => {
    const { store, engine } = open()
    runBlocks(engine, { from: 1, to: 5 })
    expect(engine.snapshots.begin()).toBe(true)
    runBlocks(engine, { from: 6, to: 20 })
    expect(store.sizes()['postponed']).toBeGreaterThan(10)
    expect(engine.snapshots.prune(1_000)).toBe(false)
    finishSnapshot(engine)
    expect(engine.snapshots.making()).toBeUndefined()
    expect(engine.snapshots.begin()).toBe(false)
    while (engine.snapshots.prune(7));
    expect(store.sizes()['postponed']).toBe(0)
    const { store: other, engine: without } = open()
    runBlocks(without, { from: 1, to: 20 })
    expect(store.sizes()).toEqual(other.sizes())
    expect(shown(engine)).toEqual(shown(without))
    expect(engine.snapshots.begin()).toBe(true)
  })

  test('SNAP-2: one that is given up leaves nothing behind', () => {
    const { store, engine } = open()
    runBlocks(engine, { from: 1, to: 3 })
    engine.snapshots.begin()
    engine.snapshots.next()
    runBlocks(engine, { from: 4, to: 6 })
    engine.snapshots.abandon()
    while (engine.snapshots.prune(100));
    const { store: other, engine: without } = open()
    runBlocks(without, { from: 1, to: 6 })
    expect(store.sizes()).toEqual(other.sizes())
    expect(engine.snapshots.next()).toBeUndefined()
  })

  test('SNAP-3: a restart at any piece makes the same parts', () => {
    const { engine: calm } = open()
    runBlocks(calm, { from: 1, to: 4 })
    const expected = makeSnapshot(calm)
    const { store, engine } = open()
    runBlocks(engine, { from: 1, to: 4 })
    engine.snapshots.begin()
    const parts = new Map()
    let slot = 4
    let from = engine
    for (let restarts = 0; from.snapshots.making() !== undefined; restarts++) {
      expect(restarts).toBeLessThan(5_000)
      // Each life is one step longer than the one before, and some pieces are made and not kept.
      for (let steps = 0; steps < restarts; steps++) {
        const piece = from.snapshots.next()
        if (piece === undefined) break
        if (piece !== 'again') {
          parts.set(piece.part, piece.bytes)
          if (steps + 1 < restarts) from.snapshots.keep()
        }
      }
      from = open(store).engine
      slot = runBlocks(from, { from: slot + 1, to: slot + 1 })
    }
    expect(parts).toEqual(new Map(expected))
  })

  test('SNAP-4: nothing to begin with before a block after genesis is final', () => {
    const { engine } = open()
    expect(engine.snapshots.begin()).toBe(false)
    expect(engine.snapshots.next()).toBeUndefined()
    runBlocks(engine, { from: 1, to: 2 })
    expect(engine.snapshots.begin()).toBe(true)
    expect(engine.snapshots.begin()).toBe(false)
    expect(engine.snapshots.making()).toBe(2)
  })
})

describe('beginning from one', () => {
  const source = open()
  runBlocks(source.engine, { from: 1, to: 9 })
  const parts = makeSnapshot(source.engine)
  const there = shown(source.engine)

  test('SNAP-5: head, state, money and history are those of the site that made it', () => {
    const store = createMemoryChainStore()
    installAll({ store, genesis, verifier }, parts, now)
    const engine = mustOpen({ store, genesis, signer: undefined })
    expect(shown(engine)).toEqual({ ...there, finalHeight: 9 })
    expect(engine.audit()).toEqual(source.engine.audit())
    expect(engine.head().certificate).toEqual(source.engine.head().certificate)
    expect(engine.account(alice.address)).toEqual(source.engine.account(alice.address))
    expect(engine.blockAt(9)).toEqual(source.engine.blockAt(9))
    // What is below is not held, and says so.
    expect(engine.blockAt(8)).toBeUndefined()
    expect(engine.hashesFrom(0, 5)).toEqual([])
    expect(engine.finalizedFrom(0, 5)).toEqual([])
    expect(engine.finalizedFrom(9, 5)).toHaveLength(1)
  })

  test('SNAP-6, SYNC-5: it follows the chain from there, and prunes as others do', () => {
    const other = open()
    runBlocks(other.engine, { from: 1, to: 9 })
    const store = createMemoryChainStore()
    installAll({ store, genesis, verifier }, parts, now)
    const engine = mustOpen({ store, genesis, signer: undefined })
    runBlocks(other.engine, { from: 10, to: 30 })
    const { refused } = applyPull(engine, answerPull(other.engine, pullRequest(engine)), now)
    expect(refused).toEqual([])
    expect(shown(engine)).toEqual(shown(other.engine))
    expect(store.sizes()['nodes']).toBe(other.store.sizes()['nodes'])
    // A site with less asks it, and is told that there is more, but not what is not held.
    const late = open(undefined, undefined).engine
    const answer = answerPull(engine, pullRequest(late))
    expect(answer.blocks).toEqual([])
    expect(answer.head.height).toBe(30)
    expect(applyPull(late, answer, now).refused).toEqual([])
    expect(canAnswer(engine, pullRequest(late))).toBe(false)
    expect(canAnswer(other.engine, pullRequest(late))).toBe(true)
    expect(engine.keptFrom()).toBe(9)
    // One that is past the snapshot is served.
    const third = createMemoryChainStore()
    installAll({ store: third, genesis, verifier }, parts, now)
    const follower = mustOpen({ store: third, genesis, signer: undefined })
    applyPull(follower, answerPull(engine, pullRequest(follower)), now)
    expect(shown(follower)).toEqual(shown(engine))
    expect(canAnswer(engine, pullRequest(follower))).toBe(true)
    expect(canAnswer(follower, pullRequest(engine))).toBe(true)
    // And a snapshot of its own is as good.
    const again = makeSnapshot(engine)
    const fourth = createMemoryChainStore()
    installAll({ store: fourth, genesis, verifier }, again, now)
    expect(shown(mustOpen({ store: fourth, genesis, signer: undefined }))).toEqual(shown(engine))
  })

  test('SNAP-7: a kill at any write goes on where it was, and the end is one write', () => {
    const expected = createMemoryChainStore()
    installAll({ store: expected, genesis, verifier }, parts, now)
    let fault = 0
    for (let finished = false; !finished; fault++) {
      expect(fault).toBeLessThan(200)
      const store = createMemoryChainStore()
      let writes = 0
      store.fault = (write) => {
        if (writes++ === fault) throw new Error(`killed at ${write}`)
      }
      try {
        installAll({ store, genesis, verifier }, parts, now)
        finished = true
      } catch (error) {
        expect(String(error)).toContain('killed')
        if (!store.readHead() && store.readNote('install')) {
          const opened = openEngine({ store, genesis, verifier, signer: undefined })
          expect(!opened.ok && opened.error.code).toBe('INSTALL_UNFINISHED')
        }
        installAll({ store, genesis, verifier }, parts, now)
      }
      expect(store.sizes()).toEqual(expected.sizes())
      expect(store.readHead()).toEqual(expected.readHead())
    }
    expect(fault).toBeGreaterThan(15)
  })

  test('SNAP-7: an unfinished one is taken back in bounded steps', () => {
    const store = createMemoryChainStore()
    const options = { store, genesis, verifier }
    const install = mustBegin(options, parts)
    for (const part of [0, 1, 2]) install.take(partOf(parts, part), now)
    expect(store.sizes()['nodes']).toBeGreaterThan(500)
    expect(abandonInstall(store, 100)).toBe(true)
    // A kill in between: nobody goes on with what has nodes missing, or begins over it.
    expect(resumeInstall(options)).toBeUndefined()
    const over = beginInstall(options, partOf(parts, 'description'))
    expect(!over.ok && over.error.code).toBe('STORE_NOT_EMPTY')
    const opened = openEngine({ ...options, signer: undefined })
    expect(!opened.ok && opened.error.code).toBe('INSTALL_UNFINISHED')
    while (abandonInstall(store, 100));
    expect(store.sizes()).toEqual(createMemoryChainStore().sizes())
    expect(resumeInstall(options)).toBeUndefined()
    expect(abandonInstall(store, 100)).toBe(false)
    installAll(options, parts, now)
    expect(shown(mustOpen({ store, genesis }))).toEqual(there)
  })

  test('SNAP-8: an authority signs nothing until others have, or an operator says so', () => {
    const store = createMemoryChainStore()
    installAll({ store, genesis, verifier }, parts, now)
    const engine = mustOpen({ store, genesis })
    expect(engine.status(now)).toMatchObject({ proposing: false })
    expect(engine.status(now).fault).toContain('does not remember')
    engine.resumeSigning(now)
    expect(engine.tick(engine.dueAtMs(now + 1)).added).toHaveLength(1)
    expect(engine.head().height).toBe(10)
  })

  test('SNAP-9: only an empty store begins with a snapshot', () => {
    const { store } = open()
    const description = partOf(parts, 'description')
    const refused = beginInstall({ store, genesis, verifier }, description)
    expect(!refused.ok && refused.error.code).toBe('STORE_NOT_EMPTY')
    const half = createMemoryChainStore()
    mustBegin({ store: half, genesis, verifier }, parts)
    const twice = beginInstall({ store: half, genesis, verifier }, description)
    expect(!twice.ok && twice.error.code).toBe('STORE_NOT_EMPTY')
  })
})

test('SNAP-10: through changes of the authorities, and light clients find their way past it', () => {
  const { engine, headSlot } = openLightWorld()
  const at = timeOf(headSlot + 1, lightGenesis)
  const parts = makeSnapshot(engine)
  const store = createMemoryChainStore()
  installAll({ store, genesis: lightGenesis, verifier }, parts, at)
  const site = mustOpen({ store, genesis: lightGenesis, signer: undefined })
  expect(site.status(at).authorities).toEqual(sets[2])
  const started = startLight(lightGenesis, lightGenesisHash)
  if (!started.ok) throw new Error(started.error.message)
  const followed = advanceLight(started.value, site.lightUpdate(0), verifier)
  expect(followed.ok && followed.value.head.hash).toEqual(engine.head().finalHash)
  expect(followed.ok && followed.value.authorities).toEqual(sets[2])
  // Between two blocks of the way there is nothing to show, and nothing breaks.
  expect(site.lightUpdate(3)).toEqual({ steps: [], more: false })
  expect(site.lightUpdate(0, 3)).toEqual({ steps: [], more: false })
  expect(site.lightState()?.authorities).toEqual(sets[2])
  const known = advanceLight(started.value, engine.lightUpdate(0), verifier)
  if (!known.ok) throw new Error(known.error.message)
  const again = advanceLight(known.value, site.lightUpdate(known.value.head.height), verifier)
  expect(again).toEqual(known)
})
