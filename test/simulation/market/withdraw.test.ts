/** An offer that was listed by hand is taken off the market: what ends with it, and what does not. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ownerOf, type Principal } from '../../../core/auth/principal.ts'
import { decodeAnnouncement } from '../../../core/market/announcement.ts'
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

const hourMs = 3_600_000

const refusal = (code: string) => ({ ok: false, error: { code } })

const withdraw = (world: MarketWorld, offerId: string, who: Principal = world.seller) =>
  world.parts().withdrawals.withdraw(ownerOf(who), offerId)

/** A bid for a place and hour, open for a minute. */
const bidFor = (world: MarketWorld) =>
  must(
    world.parts().bids.submit(world.key, {
      kind: 'hours',
      query: 'region=eu',
      hours: 1,
      places: 1,
      price_max: '20000000',
      closes_in_s: 60,
    }),
  ).bid_id

const stateOf = (world: MarketWorld, bookingId: string) =>
  must(world.parts().bookings.booking(world.key, bookingId)).state

test('MKT-18: bookings that are made go on to their end, and there are no new ones', async () => {
  const world = await createMarketWorld()
  const offer = world.list()
  const { booking_id: booking } = must(await world.book(offer))
  await world.pass(60_000)
  expect(stateOf(world, booking)).toBe('active')
  must(withdraw(world, offer))
  expect(world.parts().offers.offer(offer)).toMatchObject({ status: 'withdrawn', free_places: 0 })
  expect(await world.book(offer)).toMatchObject(refusal('OFFER_NOT_BOOKABLE'))
  await world.pass(hourMs / 2)
  expect(stateOf(world, booking)).toBe('active')
  await world.pass(hourMs)
  expect(stateOf(world, booking)).toBe('ended')
})

test('MKT-18: its quotes on open bids are gone, and it is quoted no more', async () => {
  const world = await createMarketWorld()
  const { bids } = world.parts()
  const offer = world.list()
  const early = bidFor(world)
  const quote = { offer_id: offer, price: '1', capacity: 1 }
  must(bids.quote(world.seller, early, quote))
  must(withdraw(world, offer))
  expect(must(bids.bid(early, undefined)).quotes).toEqual([])
  expect(bids.quote(world.seller, early, quote)).toMatchObject(refusal('QUOTE_REFUSED'))
  const late = bidFor(world)
  expect(must(bids.bid(late, undefined)).quotes).toEqual([])
  // Back on the market it answers by its list, and the low quote stays gone.
  expect(world.list()).toBe(offer)
  expect(must(bids.bid(early, undefined)).quotes.map(({ price }) => price)).toEqual(['18000000'])
  must(withdraw(world, offer))
  await world.pass(61_000)
  expect(must(bids.bid(early, undefined))).toMatchObject({ status: 'unmatched', agreements: [] })
})

test('MKT-18: nobody else withdraws it, and a miner’s offer goes with its miner', async () => {
  const world = await createMarketWorld()
  const offer = world.list()
  expect(withdraw(world, offer, world.key)).toMatchObject(refusal('OFFER_NOT_FOUND'))
  expect(withdraw(world, 'f'.repeat(32))).toMatchObject(refusal('OFFER_NOT_FOUND'))
  expect(world.parts().offers.offer(offer)?.status).toBe('online')
  world.database.sql.exec("UPDATE offers SET kind = 'agent' WHERE offer_id = ?", offer)
  expect(withdraw(world, offer)).toMatchObject(refusal('OFFER_NOT_LISTED'))
})

test('MKT-18: other sites are told once, and withdrawn again it stays as it is', async () => {
  const world = await createMarketWorld()
  const offer = world.list()
  await world.pass(30_000)
  must(withdraw(world, offer))
  const [before] = world.rows<{ version: number; body: string }>('SELECT * FROM offers')
  await world.pass(5_000)
  must(withdraw(world, offer))
  expect(world.rows('SELECT version, body FROM offers')).toEqual([
    { version: before?.version, body: before?.body },
  ])
  // The object is restarted before it has said so.
  world.kill()
  world.start()
  await world.pass(2 * hourMs)
  await world.look()
  await world.pass(hourMs)
  expect(topics(world)).toEqual(['offer', 'offer_withdrawn'])
})

/** What the site's account has announced on the chain, in order. */
function topics({ coordinator }: MarketWorld) {
  return coordinator
    .rows<{ tx_hash: Uint8Array }>('SELECT tx_hash FROM posts ORDER BY seq')
    .flatMap(({ tx_hash: hash }) => {
      const message = coordinator.engine.transaction(new Uint8Array(hash))?.message
      if (message?.TAG !== 'announce') return []
      return [decodeAnnouncement(message.data.topic, message.data.body)?.topic]
    })
}

test('MKT-18: killed before any write of it, an offer is on the market or off it, and no half', async () => {
  for (let number = 1; ; number += 1) {
    const world = await createMarketWorld()
    const offer = world.list()
    const bid = bidFor(world)
    must(world.parts().bids.quote(world.seller, bid, { offer_id: offer, price: '1', capacity: 1 }))
    await world.pass(1_000)
    world.killBefore(number)
    let isKilled = false
    try {
      withdraw(world, offer)
    } catch {
      isKilled = true
      world.start()
    }
    const quotes = world.rows('SELECT * FROM quotes').length
    const status = world.parts().offers.offer(offer)?.status
    expect([status, quotes]).toEqual(isKilled ? ['online', 1] : ['withdrawn', 0])
    if (isKilled) continue
    expect(number).toBeGreaterThan(3)
    break
  }
})

test('MKT-14: what is withdrawn makes room, until too many wait to be forgotten', async () => {
  const world = await createMarketWorld()
  const { listedPerOwnerMax: most, listedKeptPerOwnerMax: kept } = marketLimits
  const first = world.list({ minerId: 'shelf-0' })
  for (let number = 1; number < most; number += 1) world.list({ minerId: `shelf-${number}` })
  must(withdraw(world, first))
  const other = world.list({ minerId: 'one more' })
  // It would come back on top of all that are there.
  expect(() => world.list({ minerId: 'shelf-0' })).toThrow('OFFERS_TOO_MANY')
  must(withdraw(world, other))
  expect(world.list({ minerId: 'shelf-0' })).toBe(first)
  must(withdraw(world, first))
  for (let number = most + 1; number < kept; number += 1) {
    must(withdraw(world, world.list({ minerId: `shelf-${number}` })))
  }
  expect(() => world.list({ minerId: 'the last straw' })).toThrow('OFFERS_TOO_MANY')
  expect(world.list({ minerId: 'shelf-0' })).toBe(first)
})

const administrator = { actor: 'key:admin:admin_1', reason: 'it is not there' }
const order = (world: MarketWorld, offer: string) =>
  world.coordinator.parts().adminDesk.withdrawOffer(administrator, offer, {})
const statusOf = (world: MarketWorld, offer: string) => world.parts().offers.offer(offer)?.status

test('MKT-19: what an administrator withdraws is off the market, once for each entry', async () => {
  const world = await createMarketWorld()
  const [offer, other] = [world.list({ minerId: 'a' }), world.list({ minerId: 'b' })]
  await order(world, offer)
  await order(world, 'f'.repeat(32))
  // Whoever asks meanwhile asks for the same.
  await Promise.all([1, 2].map(() => world.parts().withdrawals.follow()))
  expect([statusOf(world, offer), statusOf(world, other)]).toEqual(['withdrawn', 'online'])
  expect(world.list({ minerId: 'a' })).toBe(offer)
  await world.look()
  expect(statusOf(world, offer)).toBe('online')
  await order(world, offer)
  await world.look()
  expect(statusOf(world, offer)).toBe('withdrawn')
  const { items } = must(
    await world.coordinator.parts().adminDesk.audit({
      limit: 10,
      cursor: undefined,
      action: 'offer.withdraw',
      actor: undefined,
    }),
  )
  expect(items.map(({ target, reason }) => [target, reason])).toEqual([
    [offer, administrator.reason],
    ['f'.repeat(32), administrator.reason],
    [offer, administrator.reason],
  ])
})

test('MKT-19: killed before any write, or cut off from the coordinator, the market does it later', async () => {
  for (let number = 1; ; number += 1) {
    const world = await createMarketWorld()
    const offer = world.list()
    await world.pass(1_000)
    const desk = world.coordinator.parts().marketDesk
    const away = vi.spyOn(desk, 'withdrawals').mockRejectedValue(new Error('away'))
    await order(world, offer)
    await world.look()
    expect(statusOf(world, offer)).toBe('online')
    away.mockRestore()
    world.killBefore(number)
    const isKilled = await world
      .parts()
      .withdrawals.follow()
      .then(
        () => false,
        () => true,
      )
    if (!isKilled) {
      expect(number).toBeGreaterThan(3)
      return
    }
    world.start()
    expect(statusOf(world, offer)).toBe('online')
    await world.look()
    expect(statusOf(world, offer)).toBe('withdrawn')
  }
})
