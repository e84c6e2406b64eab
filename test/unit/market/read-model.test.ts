/** The market's read model answers as memory does. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gpuArchitecture } from '../../../core/market/gpu-architecture.ts'
import type { Offer } from '../../../core/market/offer.ts'
import { type MarketQuery, matchesQuery, parseQuery } from '../../../core/market/query.ts'
import {
  compareRowPlaces,
  offerRows,
  offerSorts,
  type RowPlace,
  sortKeyOf,
} from '../../../core/market/row.ts'
import { marketIndex } from '../../../d1/market-index.ts'
import { marketQueries, offersFragment } from '../../../d1/market-query.ts'
import { offerOf } from '../../support/market-offers.ts'
import { createSqliteD1 } from '../../support/sqlite-d1.ts'

const offers = Array.from({ length: 300 }, (_, index) => offerOf(index))

async function filled() {
  const { d1, explain } = createSqliteD1()
  await marketIndex(d1).put(offers, [])
  return { queries: marketQueries(d1), index: marketIndex(d1), explain }
}

/** What memory finds, in order. */
const inMemory = (query: MarketQuery, among: readonly Offer[] = offers): string[] =>
  among
    .flatMap(offerRows)
    .filter((row) => matchesQuery(query, row))
    .map((row) => ({ key: sortKeyOf(row, query.sort), offerId: row.offerId }))
    .sort(compareRowPlaces)
    .map((place) => place.offerId)

const idsOf = (bodies: readonly string[]): string[] =>
  bodies.map((body) => (JSON.parse(body) as Offer).offer_id)

const texts = fc.constantFrom(
  'llama3',
  'llama3:8b',
  'phi_3%',
  'rtx',
  "l4's",
  'sxm"',
  'eu',
  'ada',
  'eu-west',
  'us',
  'vllm',
  'miner-1',
  '%',
  '_',
  "'; DROP TABLE market_rows; --",
)
const quoted = texts.map((text) => (text.includes('"') ? text.replaceAll('"', '') : `"${text}"`))
const term = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        'model',
        'gpu',
        'arch',
        'cuda',
        'region',
        'engine',
        'miner',
        'site',
        'status',
      ),
      fc.constantFrom('=', '!=', '~'),
      fc.array(quoted, { minLength: 1, maxLength: 3 }),
    )
    .map(([field, sign, values]) => `${field}${sign}${values.join(',')}`),
  fc
    .tuple(
      fc.constantFrom(
        'vram',
        'gpu_count',
        'performance',
        'speed',
        'uptime',
        'reputation',
        'rating',
        'reviews',
        'free',
      ),
      fc.constantFrom('=', '!=', '<', '<=', '>', '>='),
      fc.constantFrom('0', '1', '0.5', '3', '24', '80', '99.9'),
    )
    .map((parts) => parts.join('')),
  fc
    .tuple(
      fc.constantFrom('price', 'price_prompt', 'price_hour', 'gpu_second'),
      fc.constantFrom('=', '<', '>='),
      fc.constantFrom('0', '0.0001', '0.01', '0.02', '2.5'),
    )
    .map((parts) => parts.join('')),
  fc.constantFrom('online=true', 'online=false', 'verified=true'),
  quoted,
)
const queryText = fc
  .tuple(fc.array(term, { maxLength: 4 }), fc.constantFrom(...offerSorts))
  .map(([terms, sort]) => [...terms, `sort=${sort}`].join(' '))

test('QUERY-5: pages of the read model are the list that memory makes', async () => {
  const { queries } = await filled()
  await fc.assert(
    fc.asyncProperty(queryText, fc.integer({ min: 1, max: 60 }), async (text, limit) => {
      const query = parseQuery(text)
      if (!query.ok) throw new Error(`${text}: ${query.error.message}`)
      const found: string[] = []
      let place: RowPlace | undefined
      do {
        const page = await queries.offers(query.value, { place, limit })
        found.push(...idsOf(page.bodies))
        place = page.next
      } while (place)
      expect(found).toEqual(inMemory(query.value))
    }),
    { numRuns: 150 },
  )
})

test('QUERY-5: an offer that changes or goes leaves nothing behind', async () => {
  const { queries, index } = await filled()
  const changed = offerOf(5, { models: [], region: 'mars', status: 'online' })
  await index.put(
    [changed],
    offers.slice(10).map((offer) => offer.offer_id),
  )
  const left = [...offers.slice(0, 10).filter((_, at) => at !== 5), changed]
  for (const text of ['', 'region=mars', 'model=llama3', 'sort=newest']) {
    const query = parseQuery(text)
    if (!query.ok) throw new Error(text)
    const page = await queries.offers(query.value, { place: undefined, limit: 200 })
    expect(idsOf(page.bodies)).toEqual(inMemory(query.value, left))
  }
})

test('QUERY-5: every order is read off an index, and nothing is sorted', async () => {
  const { explain } = await filled()
  for (const sort of offerSorts) {
    const query = parseQuery(`model=llama3 vram>=24 region=eu sort=${sort}`)
    if (!query.ok) throw new Error(sort)
    const { text, values } = offersFragment(query.value, {
      place: { key: 1, offerId: 'a' },
      limit: 25,
    })
    const plan = explain(text, values).join('\n')
    expect(plan).toContain(`market_rows_${sort} (name=? AND (order_${sort},offer_id)>(?,?)`)
  }
})

test('QUERY-5: facets count what the query finds', async () => {
  const { queries } = await filled()
  for (const text of ['', 'online=true', 'model=llama3 vram>=24', 'nothing-like-this']) {
    const query = parseQuery(text)
    if (!query.ok) throw new Error(text)
    const ids = new Set(inMemory(query.value))
    const found = offers.filter((offer) => ids.has(offer.offer_id))
    const facets = await queries.facets(query.value)
    expect(facets.counted).toBe(found.length)
    const counts = (facet: string) =>
      Object.fromEntries(
        facets.counts.filter((row) => row.facet === facet).map((row) => [row.value, row.count]),
      )
    const expected = (value: (offer: Offer) => string | null | undefined) => {
      const all: Record<string, number> = {}
      for (const offer of found) {
        const name = value(offer)?.toLowerCase()
        if (name) all[name] = (all[name] ?? 0) + 1
      }
      return all
    }
    expect(counts('region')).toEqual(expected((offer) => offer.region))
    expect(counts('engine')).toEqual(expected((offer) => offer.engine))
    expect(counts('status')).toEqual(expected((offer) => offer.status))
    expect(counts('gpu_count')).toEqual(
      expected((offer) => (offer.gpus.length > 0 ? String(offer.gpus.length) : null)),
    )
    expect(counts('cuda')).toEqual(expected((offer) => offer.gpus[0]?.cuda))
    expect(counts('arch')).toEqual(expected((offer) => gpuArchitecture(offer.gpus[0]?.name ?? '')))
    expect(counts('gpu')).toEqual(expected((offer) => offer.gpus[0]?.name))
    expect(counts('model')['llama3'] ?? 0).toBe(
      found.filter((offer) => offer.models.some(({ name }) => name.startsWith('llama3'))).length,
    )
  }
})

test('QUERY-5: the histogram holds every price that is asked now', async () => {
  const { queries } = await filled()
  const online = offers.filter((offer) => offer.status === 'online' && offer.models.length > 0)
  const { histogram } = await queries.prices({ name: '', fromDay: '2026-01-01' })
  expect(histogram.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(online.length)
  const prices = online.map((offer) =>
    Math.min(...offer.models.map((model) => Number(model.price_completion))),
  )
  for (const { from, to, count } of histogram) {
    expect(prices.filter((price) => price >= from && price <= to)).toHaveLength(count)
  }
})

test('QUERY-5: prices by day are those of the name and the days that are asked for, oldest first', async () => {
  const { queries, index } = await filled()
  const day = { name: 'llama3', least: 1, median: 2, most: 9, offers: 3 }
  await index.prices([
    { ...day, day: '2026-11-23' },
    { ...day, day: '2026-11-22', least: 5 },
    { ...day, day: '2026-10-01' },
    { ...day, day: '2026-11-23', name: '' },
  ])
  // The same day again is the same row with later figures.
  await index.prices([{ ...day, day: '2026-11-23', least: 0 }])
  const { days } = await queries.prices({ name: 'llama3', fromDay: '2026-11-01' })
  expect(days).toEqual([
    { day: '2026-11-22', least: 5, median: 2, most: 9, offers: 3 },
    { day: '2026-11-23', least: 0, median: 2, most: 9, offers: 3 },
  ])
})
