import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MeasuredSpeed, Routing } from '../../../core/api/dispatch.ts'
import { sizeOf } from '../../../core/jobs/estimate.ts'
import { chooseMiner, type LiveMiner, obstacle } from '../../../core/jobs/matching.ts'
import {
  isBefore,
  noStanding,
  type Ranked,
  regionFit,
  type Standing,
} from '../../../core/jobs/routing.ts'
import { card, live, spec } from './fixtures.ts'

const size = sizeOf(spec)
const nobody: ReadonlySet<string> = new Set()
const wanted = (routing?: Routing, near?: readonly string[]) => ({
  size,
  constraints: {},
  limit: 1_000_000_000n,
  routing,
  near,
})

function miner(minerId: string, factor = 1n, more: { region?: string } & Partial<LiveMiner> = {}) {
  const { region, ...rest } = more
  const price = { promptPer1000: 1_000n * factor, completionPer1000: 2_000n * factor }
  const models = [{ name: size.model, contextTokens: 2_048, price }]
  return live({ card: card({ minerId, models, region, concurrency: 4 }), ...rest })
}

const speeds = (of: Record<string, Partial<MeasuredSpeed>>): Standing => ({
  ...noStanding,
  speedOf: (minerId) =>
    of[minerId] && { tokensPerSecond: 50, firstTokenMs: 100, samples: 1, ...of[minerId] },
})

const chosen = (
  miners: readonly LiveMiner[],
  routing?: Routing,
  given: { near?: readonly string[]; standing?: Standing } = {},
) => chooseMiner(miners, wanted(routing, given.near), nobody, given.standing)?.card.minerId

describe('ROUTE-1: preferences', () => {
  const three = [miner('a', 3n), miner('b', 2n, { region: 'eu-central' }), miner('c', 1n)]

  test.each<[Routing | undefined, string]>([
    [undefined, 'c'],
    [{ order: ['a', 'b'] }, 'a'],
    [{ order: ['gone', 'b'] }, 'b'],
    [{ region: 'eu' }, 'b'],
    [{ order: ['a'], region: 'eu' }, 'a'],
    [{ ignore: ['c'] }, 'b'],
    [{ ignore: ['c', 'b'] }, 'a'],
    [{ sort: 'price' }, 'c'],
  ])('ROUTE-1: %j chooses %s', (routing, minerId) => {
    expect(chosen(three, routing)).toBe(minerId)
    expect(chosen([...three].reverse(), routing)).toBe(minerId)
  })

  test('ROUTE-2: without fallbacks nobody else gets it', () => {
    expect(chosen(three, { order: ['gone'], allowFallbacks: false })).toBeUndefined()
    expect(chosen(three, { region: 'mars', allowFallbacks: false })).toBeUndefined()
    expect(chosen(three, { region: 'eu', allowFallbacks: false })).toBe('b')
    expect(
      chosen(three, { order: ['a', 'c'], region: 'eu', allowFallbacks: false }),
    ).toBeUndefined()
    // Nothing is stated that they could be a fallback for.
    expect(chosen(three, { allowFallbacks: false })).toBe('c')
  })

  test('ROUTE-3: prices are bounded each for itself', () => {
    expect(chosen(three, { maxPrice: { prompt: 999n } })).toBeUndefined()
    expect(chosen(three, { maxPrice: { completion: 2_000n } })).toBe('c')
    expect(chosen(three, { maxPrice: { completion: 4_000n }, ignore: ['c'] })).toBe('b')
  })

  test('ROUTE-6: a sort by a measure puts those without it last', () => {
    const two = [miner('new', 1n), miner('slow', 9n), miner('fast', 9n)]
    const standing = speeds({
      slow: { tokensPerSecond: 10, firstTokenMs: 50 },
      fast: { tokensPerSecond: 90, firstTokenMs: 300 },
    })
    expect(chosen(two, { sort: 'speed' }, { standing })).toBe('fast')
    expect(chosen(two, { sort: 'latency' }, { standing })).toBe('slow')
    const trusted: Standing = {
      ...noStanding,
      reputationOf: (id) => (id === 'slow' ? 0.2 : undefined),
    }
    expect(chosen(two, { sort: 'reputation' }, { standing: trusted })).toBe('slow')
  })
})

describe('ROUTE-4: among equals', () => {
  test('ROUTE-4: locality, trust and speed decide at one price, and never above a lower one', () => {
    const near = ['de', 'eu']
    const miners = [miner('far'), miner('eu', 1n, { region: 'eu-west' })]
    expect(chosen([...miners, miner('de', 1n, { region: 'de' })], undefined, { near })).toBe('de')
    expect(chosen(miners, undefined, { near })).toBe('eu')
    expect(chosen([miner('cheap'), miner('near', 2n, { region: 'de' })], undefined, { near })).toBe(
      'cheap',
    )
    const reputationOf = (id: string) => (id === 'bad' ? 0.2 : 0.9)
    const standing = { ...noStanding, reputationOf }
    expect(chosen([miner('bad'), miner('good')], undefined, { standing })).toBe('good')
    const fast = speeds({ quick: { tokensPerSecond: 80 }, slow: { tokensPerSecond: 9 } })
    expect(chosen([miner('slow'), miner('quick')], undefined, { standing: fast })).toBe('quick')
  })

  test('ROUTE-4: small differences in speed starve nobody', () => {
    const standing = speeds({ a: { tokensPerSecond: 50 }, b: { tokensPerSecond: 60 } })
    const served = new Map<string, number>()
    let now = 0
    const two = [
      { ...miner('a'), idleSinceMs: 0 },
      { ...miner('b'), idleSinceMs: 0 },
    ]
    for (let turn = 0; turn < 100; turn += 1) {
      const id = chosen(two, undefined, { standing })
      const at = two.findIndex((each) => each.card.minerId === id)
      now += 1
      two[at] = { ...(two[at] as LiveMiner), idleSinceMs: now }
      served.set(String(id), (served.get(String(id)) ?? 0) + 1)
    }
    expect([...served.values()]).toEqual([50, 50])
  })

  test('ROUTE-4: regions fit by their words', () => {
    expect(regionFit('eu-central', 'eu')).toBe(1)
    expect(regionFit('EU', 'eu')).toBe(2)
    expect(regionFit('de-eu', 'eu')).toBe(1)
    expect(regionFit('europe', 'eu')).toBe(0)
    expect(regionFit(undefined, 'eu')).toBe(0)
  })
})

test('ROUTE-5: the order is total, and the list may come in any order', () => {
  const ranked = fc.record({
    region: fc.constantFrom(undefined, 'eu', 'eu-central', 'us', 'de'),
    price: fc.bigInt({ min: 1n, max: 3n }),
    load: fc.constantFrom(0, 0.5, 1),
    idleSinceMs: fc.integer({ min: 0, max: 3 }),
  })
  const routing = fc.option(
    fc.record({
      order: fc.constantFrom<readonly string[]>([], ['m1'], ['m3', 'm0']),
      region: fc.constantFrom(undefined, 'eu'),
      sort: fc.constantFrom(undefined, 'price', 'speed', 'latency', 'reputation'),
    }),
    { nil: undefined },
  )
  fc.assert(
    fc.property(fc.array(ranked, { minLength: 2, maxLength: 6 }), routing, (rows, preferences) => {
      const miners: Ranked[] = rows.map((row, index) => ({ ...row, minerId: `m${index}` }))
      const standing: Standing = {
        ...speeds({ m0: { tokensPerSecond: 3 }, m1: { tokensPerSecond: 100, firstTokenMs: 5 } }),
        reputationOf: (id) => (id === 'm2' ? 0.1 : id === 'm3' ? 0.7 : undefined),
      }
      const by = { routing: preferences as Routing, near: ['de'], model: 'm', standing }
      for (const a of miners) {
        for (const b of miners) {
          if (a !== b) expect(isBefore(a, b, by)).toBe(!isBefore(b, a, by))
          for (const c of miners) {
            if (isBefore(a, b, by) && isBefore(b, c, by)) expect(isBefore(a, c, by)).toBe(true)
          }
        }
      }
    }),
  )
})

test('MATCH-9: the first reason is named', () => {
  const limit = 1_000_000_000n
  const of = (each: LiveMiner, excluded = nobody, standing = noStanding, most = limit) =>
    obstacle(each, { ...wanted({ ignore: ['ignored'] }), limit: most }, excluded, standing)
  expect(of(miner('ignored'))).toBe('ignored')
  expect(of(miner('a'), nobody, noStanding, 1n)).toBe('limit')
  expect(of(miner('a', 1n, { draining: true }))).toBe('draining')
  expect(of(miner('a'), new Set(['a']))).toBe('excluded')
  expect(of(miner('a'), nobody, { ...noStanding, mayTry: () => false })).toBe('breaker')
  expect(of(miner('a', 1n, { inflight: 4 }))).toBe('busy')
  expect(of(miner('a'))).toBeUndefined()
})
