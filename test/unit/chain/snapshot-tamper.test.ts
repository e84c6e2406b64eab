/** What comes from strangers: a snapshot of which anything is not as it should be is refused. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Genesis } from '../../../core/chain/genesis.ts'
import type { Snapshot } from '../../../core/chain/snapshot.ts'
import { checkSnapshot, decodeSnapshot, encodeSnapshot } from '../../../core/chain/snapshot.ts'
import { encodeChunk, readChunk } from '../../../core/chain/snapshot-chunk.ts'
import {
  alice,
  bob,
  createGenesis,
  mustOpen,
  nodeVerifier,
  sign,
  timeOf,
  transfer,
} from '../../support/chain-world.ts'
import { lightGenesis, openLightWorld } from '../../support/light-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'
import {
  crowdedGenesis,
  makeSnapshot,
  mustBegin,
  type Parts,
  partOf,
  runBlocks,
} from '../../support/snapshot-world.ts'

const genesis = crowdedGenesis
const verifier = nodeVerifier
const now = timeOf(40, genesis)

const engine = mustOpen({ store: createMemoryChainStore(), genesis })
runBlocks(engine, { from: 1, to: 6 })
const parts: Parts = makeSnapshot(engine)
const description = partOf(parts, 'description')
const block = partOf(parts, 'block')

const sound = ((): Snapshot => {
  const read = decodeSnapshot(description)
  if (!read.ok) throw new Error(read.error.message)
  return read.value
})()
const checked = ((): Extract<ReturnType<typeof checkSnapshot>, { ok: true }>['value'] => {
  const read = checkSnapshot(description, { genesis, verifier })
  if (!read.ok) throw new Error(read.error.message)
  return read.value
})()
const chunks = checked.chunks.map((name, index) => ({ name, bytes: partOf(parts, index) }))
const [first, second] = chunks as [(typeof chunks)[0], (typeof chunks)[0]]

const codeOf = (bytes: Uint8Array): string | undefined => {
  const read = checkSnapshot(bytes, { genesis, verifier })
  return read.ok ? undefined : read.error.code
}
const codeOfSnapshot = (change: Partial<Snapshot>) =>
  codeOf(encodeSnapshot({ ...sound, ...change }))

type World = { readonly genesis: Genesis; readonly parts: Parts }

const flipped = (bytes: Uint8Array, at: number, by: number): Uint8Array => {
  const copy = bytes.slice()
  copy[at] = (copy[at] as number) ^ by
  return copy
}

describe('the description', () => {
  /** Whether it is refused, or names other chunks than there are. */
  const isWorthless = (bytes: Uint8Array, at: World): boolean => {
    const read = checkSnapshot(bytes, { genesis: at.genesis, verifier })
    if (!read.ok) return true
    // The number of entries is bound by the chunk that must have as many.
    return read.value.chunks.some(
      (name, index) => !readChunk(name, at.parts.get(index) ?? new Uint8Array(), 1).ok,
    )
  }

  test('SNAP-11: with any byte changed it is refused, or does not fit its chunks', () => {
    const small = createGenesis()
    const quiet = mustOpen({ store: createMemoryChainStore(), genesis: small })
    const gift = sign({ by: alice, message: transfer(bob.address, 5n) })
    quiet.submit([gift], timeOf(1))
    quiet.tick(timeOf(1) + 1)
    const world = { genesis: small, parts: makeSnapshot(quiet) }
    const whole = partOf(world.parts, 'description')
    expect(isWorthless(whole, world)).toBe(false)
    for (let at = 0; at < whole.length; at++) {
      expect([at, isWorthless(flipped(whole, at, 1 + (at % 255)), world)]).toEqual([at, true])
    }
  })

  test('SNAP-11: with any byte of the trunk changed', () => {
    const world = { genesis, parts }
    expect(isWorthless(description, world)).toBe(false)
    const place = fc.integer({ min: description.length - 200, max: description.length - 1 })
    fc.assert(
      fc.property(place, fc.integer({ min: 1, max: 255 }), (at, by) => {
        expect(isWorthless(flipped(description, at, by), world)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  test('SNAP-11: truncated, with more behind it, or rubbish', () => {
    for (let length = 0; length < description.length; length += 7) {
      expect(codeOf(description.slice(0, length))).toBe('SNAPSHOT_MALFORMED')
    }
    expect(codeOf(Uint8Array.from([...description, 0]))).toBe('SNAPSHOT_MALFORMED')
    expect(codeOf(new Uint8Array(1_900_001))).toBe('SNAPSHOT_MALFORMED')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(codeOf(bytes)).toBeDefined()
      }),
    )
  })

  test('SNAP-12: each claim has its refusal', () => {
    const { way, peaks, trunk } = sound
    const other = createGenesis({ chainId: 'other' })
    const foreign = checkSnapshot(description, { genesis: other, verifier })
    expect(!foreign.ok && foreign.error.code).toBe('SNAPSHOT_OF_OTHER_CHAIN')
    expect(codeOfSnapshot({ way: [] })).toBe('SNAPSHOT_NOT_CERTIFIED')
    const bare = way.map((step) => ({
      ...step,
      certificate: { ...step.certificate, signatures: [] },
    }))
    expect(codeOfSnapshot({ way: bare })).toBe('SNAPSHOT_NOT_CERTIFIED')
    expect(codeOfSnapshot({ peaks: peaks.slice(1) })).toBe('SNAPSHOT_HISTORY_INVALID')
    expect(codeOfSnapshot({ peaks: [...peaks].reverse() })).toBe('SNAPSHOT_HISTORY_INVALID')
    expect(codeOfSnapshot({ trunk: [] })).toBe('SNAPSHOT_TRUNK_INVALID')
    expect(codeOfSnapshot({ trunk: [...trunk].reverse() })).toBe('SNAPSHOT_TRUNK_INVALID')
    expect(codeOfSnapshot({ trunk: trunk.slice(1) })).toBe('SNAPSHOT_TRUNK_INVALID')
    expect(codeOfSnapshot({ trunk: [...trunk, ...trunk] })).toBe('SNAPSHOT_TRUNK_INVALID')
    const deep = Array.from({ length: 5_000 }, () => ({ TAG: 'fork' as const, data: 3 }))
    expect(codeOfSnapshot({ trunk: deep })).toBe('SNAPSHOT_TRUNK_INVALID')
    const large = trunk.map((piece) =>
      piece.TAG === 'chunk' ? { ...piece, data: { ...piece.data, entries: 1_025 } } : piece,
    )
    expect(codeOfSnapshot({ trunk: large })).toBe('SNAPSHOT_TRUNK_INVALID')
  })

  test('SNAP-12: no change of authorities can be left out of the way', () => {
    const light = openLightWorld().engine
    const read = decodeSnapshot(partOf(makeSnapshot(light), 'description'))
    if (!read.ok) throw new Error(read.error.message)
    expect(read.value.way).toHaveLength(3)
    for (const index of [0, 1, 2]) {
      const way = read.value.way.filter((_, at) => at !== index)
      const bytes = encodeSnapshot({ ...read.value, way })
      const refused = checkSnapshot(bytes, { genesis: lightGenesis, verifier })
      // Without the last step it is the description of another block, whose state is not this one.
      const codes = ['SNAPSHOT_NOT_CERTIFIED', 'SNAPSHOT_HISTORY_INVALID']
      expect(codes).toContain(!refused.ok && refused.error.code)
    }
  })
})

describe('a chunk', () => {
  const isRefused = (bytes: Uint8Array, { name } = first): void => {
    const read = readChunk(name, bytes, 1)
    expect(!read.ok && read.error.code).toBe('CHUNK_INVALID')
  }

  test('SNAP-13: with any byte changed it is refused', () => {
    fc.assert(
      fc.property(fc.nat(first.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) =>
        isRefused(flipped(first.bytes, at, by)),
      ),
      { numRuns: 60 },
    )
    for (let at = 0; at < 51; at++) isRefused(flipped(first.bytes, at, 128))
  })

  test('SNAP-13: truncated, longer, another, or rubbish', () => {
    isRefused(new Uint8Array())
    for (const length of [1, 33, 34, 50, first.bytes.length - 50, first.bytes.length - 1]) {
      isRefused(first.bytes.slice(0, length))
    }
    isRefused(Uint8Array.from([...first.bytes, ...first.bytes.slice(0, 50)]))
    isRefused(second.bytes)
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => isRefused(bytes)))
  })

  test('SNAP-13: entries out of order, twice, or one less', () => {
    const read = readChunk(first.name, first.bytes, 1)
    if (!read.ok) throw new Error(read.error.message)
    const { entries } = read.value
    expect(encodeChunk(entries)).toEqual(first.bytes)
    const [one, two, ...rest] = entries as [(typeof entries)[0], (typeof entries)[0]]
    isRefused(encodeChunk([two, one, ...rest]))
    isRefused(encodeChunk([one, one, ...rest]))
    isRefused(encodeChunk([two, ...rest]))
    const fewer = { ...first, name: { ...first.name, entries: entries.length - 1 } }
    isRefused(encodeChunk([two, ...rest]), fewer)
  })

  test('SNAP-14: what is refused leaves no trace, and the right one is taken afterwards', () => {
    const store = createMemoryChainStore()
    const install = mustBegin({ store, genesis, verifier }, parts)
    const before = store.save()
    for (const wrong of [second.bytes, flipped(first.bytes, 40, 1), new Uint8Array(), block]) {
      expect(install.take(wrong, now).ok).toBe(false)
    }
    expect(store.save()).toEqual(before)
    expect(install.take(first.bytes, now).ok).toBe(true)
    expect(install.take(first.bytes, now).ok).toBe(false)
    expect(install.wanted()).toBe(1)
  })
})

test('SNAP-15: the block with any byte changed is refused', () => {
  const install = mustBegin({ store: createMemoryChainStore(), genesis, verifier }, parts)
  for (const { bytes } of chunks) install.take(bytes, now)
  expect(install.wanted()).toBe('block')
  for (let at = 0; at < block.length; at++) {
    const refused = install.take(flipped(block, at, 1 + (at % 255)), now)
    expect([at, !refused.ok && refused.error.code]).toEqual([at, 'SNAPSHOT_BLOCK_INVALID'])
  }
  for (let length = 0; length < block.length; length += 5) {
    expect(install.take(block.slice(0, length), now).ok).toBe(false)
  }
  expect(install.take(block, now).ok).toBe(true)
  expect(install.wanted()).toBeUndefined()
})
