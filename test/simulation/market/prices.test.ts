/** Prices of offers: from a miner's card to the list, what is held, and how they went. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Offer } from '../../../core/market/offer.ts'
import { parseQuery } from '../../../core/market/query.ts'
import { join } from '../../support/coordinator-miners.ts'
import { createMarketWorld, type MarketWorld } from '../../support/market-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 23, 23, 55) })
})
afterEach(() => {
  vi.useRealTimers()
})

async function found(world: MarketWorld, text: string): Promise<Offer[]> {
  const query = parseQuery(text)
  if (!query.ok) throw new Error(query.error.message)
  const page = await world.queries.offers(query.value, { place: undefined, limit: 10 })
  return page.bodies.map((body) => JSON.parse(body) as Offer)
}

test('TIME-1, TIME-3: a signed price of a GPU-second is listed, found, and held by a booking', async () => {
  const world = await createMarketWorld()
  await join(world.coordinator, { name: 'miner-S', concurrency: 4, priceGpuSecond: 20_000n })
  await join(world.coordinator, { name: 'miner-H', concurrency: 1, priceHour: 36_000_000n })
  await join(world.coordinator, { name: 'miner-N', concurrency: 1 })
  await world.look()
  const offers = await found(world, 'sort=gpu_second')
  expect(
    offers.map((each) => [each.miner_id, each.price_per_gpu_second, each.price_per_hour]),
  ).toEqual([
    ['miner-H', '10000', '36000000'],
    ['miner-S', '20000', '18000000'],
    ['miner-N', null, null],
  ])
  const cheap = await found(world, 'gpu_second<=0.0001 gpu_count=1')
  expect(cheap.map((each) => each.miner_id)).toEqual(['miner-H'])
  const [, second] = offers
  const booked = await world.book(second?.offer_id ?? '', { hours: 1, places: 4 })
  // One GPU for 3 600 seconds at 20 000 base units.
  expect(booked).toMatchObject({ ok: true, value: { total: '72000000', state: 'pending' } })
})

test('MKT-17: a card with other prices leaves a point with its time, for each price that changed', async () => {
  const world = await createMarketWorld()
  const first = await join(world.coordinator, {
    name: 'miner-A',
    priceCompletion: 300_000n,
    priceHour: 18_000_000n,
  })
  await world.look()
  const firstMs = Date.now()
  await world.pass(600_000)
  first.disconnect()
  await world.pass(1_000)
  await join(world.coordinator, {
    name: 'miner-A',
    priceCompletion: 250_000n,
    priceHour: 18_000_000n,
  })
  await world.look()
  const secondMs = Date.now()
  await world.pass(60_000)
  await world.look()
  const points = world.rows<{ at_ms: number; model: string | null; completion: string | null }>(
    'SELECT * FROM price_changes ORDER BY seq',
  )
  expect(points.filter(({ model }) => model !== null)).toMatchObject([
    { at_ms: expect.any(Number), model: 'test-model', completion: '300000' },
    { at_ms: expect.any(Number), model: 'test-model', completion: '250000' },
  ])
  const [before = 0, after = 0] = points.filter(({ model }) => model).map((each) => each.at_ms)
  expect(before).toBeLessThanOrEqual(firstMs)
  expect(before).toBeGreaterThan(firstMs - 10_000)
  expect(after).toBeLessThanOrEqual(secondMs)
  expect(after).toBeGreaterThan(secondMs - 10_000)
  // The hour stayed as it was: one point.
  expect(points.filter(({ model }) => model === null)).toHaveLength(1)

  const { days } = await world.queries.prices({ name: 'test-model', fromDay: '2026-11-01' })
  expect(days.map(({ day, median, offers }) => [day, median, offers])).toEqual([
    ['2026-11-23', 300_000, 1],
    ['2026-11-24', 250_000, 1],
  ])
})
