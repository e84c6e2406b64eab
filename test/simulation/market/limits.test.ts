/** How much one owner, and everybody together, may have in the market at once. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { marketLimits } from '../../../core/market/limits.ts'
import { createMarketWorld, type MarketWorld, must } from '../../support/market-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 23) })
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const bidOf = (world: MarketWorld) =>
  world.parts().bids.submit(world.key, {
    kind: 'hours',
    query: 'region=eu',
    hours: 1,
    places: 1,
    price_max: '20000000',
    closes_in_s: 60,
  })

/** Copies the one row of a table until there are `count`; `change` gives columns of a copy in SQL. */
function fill(
  world: MarketWorld,
  table: string,
  { count, change }: { count: number; change: Readonly<Record<string, string>> },
): void {
  const columns = world.rows<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`)
  const names = columns.map(({ name }) => name).filter((name) => name !== 'seq')
  const values = names.map((name) => change[name] ?? `own.${name}`)
  world.database.sql.exec(
    `INSERT INTO ${table} (${names.join(', ')})
     WITH RECURSIVE copies(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM copies WHERE n < ${count})
     SELECT ${values.join(', ')} FROM copies, (SELECT * FROM ${table} LIMIT 1) AS own`,
  )
  const [all] = world.rows<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)
  expect(all?.n).toBe(count)
}

test('MKT-14: one owner lists so many offers by hand, and may still change them', async () => {
  const world = await createMarketWorld()
  const one = world.list({ minerId: 'shelf-1' })
  for (let number = 2; number <= marketLimits.listedPerOwnerMax; number += 1) {
    world.list({ minerId: `shelf-${number}` })
  }
  expect(() => world.list({ minerId: 'one more' })).toThrow('OFFERS_TOO_MANY')
  expect(world.list({ minerId: 'shelf-1', places: 2 })).toBe(one)
  expect(world.parts().offers.offer(one)?.concurrency).toBe(2)
  world.list({ minerId: 'one more', owner: 'somebody else' })
})

test('MKT-14: a site lists so many offers in all', async () => {
  const world = await createMarketWorld()
  world.list()
  const count = marketLimits.offersMax - 1
  fill(world, 'offers', { count, change: { offer_id: "'copy-' || n", owner: "'copy-' || n" } })
  world.list({ minerId: 'the last' })
  expect(() => world.list({ minerId: 'one more' })).toThrow('OFFERS_TOO_MANY')
})

test('MKT-14: of miners that have left so many offers stay, those with receipts first', async () => {
  const world = await createMarketWorld()
  world.list()
  const most = marketLimits.minersAwayMax
  fill(world, 'offers', {
    count: most + 51,
    change: {
      offer_id: "'copy-' || n",
      kind: "'agent'",
      status: "'offline'",
      seen_at_ms: `${Date.now()} + n`,
      body: "json_set(own.body, '$.verified', json(iif(n = 2, 'true', 'false')))",
    },
  })
  await world.pass(61_000)
  const kept = world.rows<{ offer_id: string }>("SELECT offer_id FROM offers WHERE kind = 'agent'")
  const ids = new Set(kept.map(({ offer_id }) => offer_id))
  expect(ids.size).toBe(most)
  const isKept = ['copy-2', 'copy-3', 'copy-52', 'copy-53'].map((id) => ids.has(id))
  expect(isKept).toEqual([true, false, false, true])
})

test('MKT-14: one owner has so many open bids, and room for another when one is over', async () => {
  const world = await createMarketWorld()
  const first = must(bidOf(world))
  for (let number = 2; number <= marketLimits.openBidsPerOwnerMax; number += 1) must(bidOf(world))
  expect(bidOf(world)).toMatchObject({ ok: false, error: { code: 'BIDS_TOO_MANY' } })
  must(world.parts().bids.cancel(world.key, first.bid_id))
  must(bidOf(world))
  expect(bidOf(world)).toMatchObject({ ok: false, error: { code: 'BIDS_TOO_MANY' } })
})

test('MKT-14: a site takes so many open bids in all', async () => {
  const world = await createMarketWorld()
  must(bidOf(world))
  const count = marketLimits.openBidsMax - 1
  fill(world, 'bids', { count, change: { bid_id: "'copy-' || n", owner: "'copy-' || n" } })
  must(bidOf(world))
  expect(bidOf(world)).toMatchObject({ ok: false, error: { code: 'BIDS_TOO_MANY' } })
})

// Copies stand on offers of their own, so that the places of the one booked stay free.
const others = { booking_id: "'copy-' || n", offer_id: "'copy-' || n" }
const strangers = { ...others, owner: "'copy-' || n" }

test.each([
  { whose: 'one owner has', count: marketLimits.liveBookingsPerOwnerMax, change: others },
  { whose: 'a site takes', count: marketLimits.liveBookingsMax, change: strangers },
])('MKT-14: $whose so many live bookings', async ({ count, change }) => {
  const world = await createMarketWorld()
  const offer = world.list()
  must(await world.book(offer))
  fill(world, 'bookings', { count: count - 1, change })
  must(await world.book(offer))
  expect(await world.book(offer)).toMatchObject({
    ok: false,
    error: { code: 'BOOKINGS_TOO_MANY' },
  })
})
