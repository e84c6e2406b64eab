/** A market whose clock is a day wrong for a while, on a chain that keeps the time. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Booking } from '../../../core/api/schemas/market.ts'
import { bookingIdOf } from '../../../core/chain/transaction.ts'
import { placesTaken } from '../../../core/market/booking.ts'
import { join } from '../../support/coordinator-miners.ts'
import { createMarketWorld, type MarketWorld, must } from '../../support/market-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 23) })
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const jumps = [
  ['a day ahead', day],
  ['a day behind', -day],
  ['an hour behind', -hour],
] as const

const stateOf = (world: MarketWorld, { booking_id: id }: Booking): string =>
  world.rows<{ state: string }>(`SELECT state FROM bookings WHERE booking_id = '${id}'`)[0]
    ?.state ?? 'gone'

const heldOn = ({ coordinator }: MarketWorld): bigint => {
  const { supply } = coordinator.engine.status(Date.now())
  return supply.held - supply.minted + supply.burned
}

/** Id of the only booking on the chain. */
function onChain(world: MarketWorld): Uint8Array {
  const [row] = world.rows<{ open_hash: Uint8Array }>('SELECT * FROM bookings')
  return bookingIdOf(new Uint8Array(row?.open_hash ?? []))
}

/** A clock that is wrong for three minutes. */
async function wrongFor(world: MarketWorld, ms: number, meanwhile = async () => {}): Promise<void> {
  world.jump(ms)
  await world.pass(90_000)
  await meanwhile()
  await world.pass(90_000)
  world.jump(-ms)
  await world.pass(2 * minute)
}

describe.each(['pending', 'active', 'closing'] as const)('MKT-15: a booking is %s', (point) => {
  test.each(jumps)('while the clock is %s: it goes on and ends by itself', async (_, ms) => {
    const world = await createMarketWorld()
    const before = heldOn(world)
    const offer = world.list()
    const booking = must(await world.book(offer, { places: 2 }))
    if (point !== 'pending') await world.pass(10_000)
    if (point === 'closing') must(await world.cancel(booking.booking_id))
    expect(stateOf(world, booking)).toBe(point)
    await wrongFor(world, ms)
    expect(stateOf(world, booking)).toBe(point === 'closing' ? 'canceled' : 'active')
    await world.pass(hour)
    expect(stateOf(world, booking)).toBe(point === 'closing' ? 'canceled' : 'ended')
    expect(heldOn(world)).toBe(before)
    const [{ open_hash: hash } = {}] = world.rows<{ open_hash: Uint8Array }>(
      'SELECT * FROM bookings',
    )
    const id = bookingIdOf(new Uint8Array(hash ?? []))
    expect(world.coordinator.engine.finalBooking(id)).toBeUndefined()
  })
})

test.each(jumps)('MKT-15: no place is booked twice while the clock is %s', async (_, ms) => {
  const world = await createMarketWorld()
  const offer = world.list()
  must(await world.book(offer, { places: 2 }))
  await world.pass(10_000)
  const more: string[] = []
  await wrongFor(world, ms, async () => {
    for (const places of [2, 3]) {
      const answer = await world.book(offer, { places })
      more.push(answer.ok ? 'booked' : answer.error.code)
    }
  })
  expect(more).toEqual(['OFFER_FULL', 'OFFER_FULL'])
  const taken = world
    .rows<{ start_slot: number; end_slot: number; places: number }>(
      "SELECT * FROM bookings WHERE state IN ('pending', 'active', 'closing')",
    )
    .map((row) => ({ startSlot: row.start_slot, endSlot: row.end_slot, places: row.places }))
  expect(placesTaken(taken, { startSlot: 0, endSlot: 1e9 })).toBe(2)
  expect(must(await world.book(offer, { places: 1 })).state).toBe('pending')
})

test.each(jumps)('MKT-15: an auction ends once while the clock is %s', async (_, ms) => {
  const world = await createMarketWorld()
  world.list()
  const { bids } = world.parts()
  const wanted = { kind: 'hours', query: 'region=eu', hours: 1, places: 1 } as const
  const terms = { price_max: '20000000', closes_in_s: 600 }
  const bid = must(bids.submit(world.key, { ...wanted, ...terms }))
  await wrongFor(world, ms)
  await world.pass(11 * minute)
  expect(must(bids.bid(bid.bid_id, world.key))).toMatchObject({ status: 'matched', filled: 1 })
  const { items } = bids.agreements(world.key, { before: 1e9, limit: 10 })
  expect(items).toHaveLength(1)
  const [agreement] = items
  expect(agreement?.state).toBe('open')
  expect(Date.parse(agreement?.expires_at ?? '')).toBeLessThanOrEqual(Date.now() + day)
  world.jump(25 * hour)
  await world.pass(2 * minute)
  expect(bids.agreement(world.key, agreement?.agreement_id ?? '')).toMatchObject({
    value: { state: 'lapsed' },
  })
})

test.each(jumps)('MKT-15: uptime is counted on while the clock was %s', async (_, ms) => {
  const world = await createMarketWorld()
  await join(world.coordinator, { name: 'miner-A', priceHour: 1_000n })
  await world.look()
  await world.pass(10 * minute)
  await wrongFor(world, ms)
  const { offers } = world.parts()
  const uptime = () => {
    const [row] = world.rows<{ offer_id: string; created_at_ms: number }>('SELECT * FROM offers')
    if (!row) throw new Error('it is listed')
    return offers.uptimeOf(row.offer_id, row.created_at_ms)
  }
  await world.pass(10 * minute)
  expect(uptime()).toBeGreaterThan(0.9)
  const watchedUntil = world.rows<{ at: number }>('SELECT max(to_ms) AS at FROM watches')[0]?.at
  expect(watchedUntil).toBeLessThanOrEqual(Date.now())
  expect(watchedUntil).toBeGreaterThan(Date.now() - minute)
  const ahead = world.rows(`SELECT * FROM presence WHERE from_ms > ${Date.now()}`)
  expect(ahead).toEqual([])
})

test.each(jumps)(
  'MKT-15: the site is heard and read again after its clock was %s',
  async (_, ms) => {
    const world = await createMarketWorld()
    world.list()
    await world.look()
    await wrongFor(world, ms)
    await world.pass(3 * minute)
    const said = () => world.coordinator.rows('SELECT id FROM posts').length
    const before = said()
    const offer = world.list({ minerId: 'another', gpu: 'H100' })
    await world.pass(3 * minute)
    expect(said()).toBe(before + 1)
    expect(world.rows('SELECT * FROM sayings')).toEqual([])
    expect(world.rows('SELECT * FROM offers WHERE version > projected')).toEqual([])
    expect(world.parts().offers.offer(offer)?.status).toBe('online')
  },
)

test('MKT-16: closed too early by a clock that is ahead, it is closed again in its time', async () => {
  const world = await createMarketWorld()
  const before = heldOn(world)
  const booking = must(await world.book(world.list()))
  await world.pass(10_000)
  world.jump(5 * minute)
  await world.pass(hour - 3 * minute)
  expect(stateOf(world, booking)).toBe('closing')
  expect(world.coordinator.engine.finalBooking(onChain(world))).toBeDefined()
  await world.pass(5 * minute)
  expect(stateOf(world, booking)).toBe('ended')
  expect(world.coordinator.engine.finalBooking(onChain(world))).toBeUndefined()
  expect(heldOn(world)).toBe(before)
  // Each close costs a fee: it is not tried until it fits.
  const closes = world.coordinator.rows("SELECT id FROM posts WHERE id LIKE 'close %'")
  expect(closes).toHaveLength(1)
  const sent = world.coordinator.rows('SELECT batch FROM batches')
  expect(sent.length).toBeLessThanOrEqual(3)
})

test('MKT-16: closed on the chain by a party, it keeps no place any longer', async () => {
  const world = await createMarketWorld()
  const offer = world.list()
  const booking = must(await world.book(offer, { hours: 24, places: 3 }))
  await world.pass(10_000)
  expect((await world.book(offer)).ok).toBe(false)
  const data = { booking: onChain(world) }
  await world.coordinator.transact(world.provider, { TAG: 'booking_close', data })
  await world.pass(minute)
  expect(must(world.parts().bookings.booking(world.key, booking.booking_id))).toMatchObject({
    state: 'canceled',
    paid: null,
    fault: 'closed on the chain by one of its parties',
  })
  expect(must(await world.book(offer, { places: 3 })).state).toBe('pending')
})
