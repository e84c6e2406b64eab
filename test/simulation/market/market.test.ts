/** The market's object over a real coordinator and a real chain, in virtual time. Long because it has many rules. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Booking } from '../../../core/api/schemas/market.ts'
import { ownerOf } from '../../../core/auth/principal.ts'
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import { announcementTopics } from '../../../core/chain/messages/announce.ts'
import { bookingIdOf, type Message } from '../../../core/chain/transaction.ts'
import { placesTaken, slotsPerHour } from '../../../core/market/booking.ts'
import { marketLimits } from '../../../core/market/limits.ts'
import type { Offer } from '../../../core/market/offer.ts'
import { parseQuery } from '../../../core/market/query.ts'
import { person, sign } from '../../support/chain-world.ts'
import { worldCoordinator } from '../../support/coordinator-chain.ts'
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

const codeOf = (result: { ok: boolean; error?: { code: string } }): string | undefined =>
  result.ok ? undefined : result.error?.code

/** Lets time pass until something holds. */
async function until(world: MarketWorld, holds: () => boolean, stepMs = 1_000): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (holds()) return
    await world.pass(stepMs)
  }
  const rows = world.rows('SELECT state, fault, start_slot, end_slot FROM bookings')
  throw new Error(`it does not come: ${JSON.stringify(rows)}`)
}

const stateOf = (world: MarketWorld, id: string): Booking['state'] =>
  world.rows<{ state: Booking['state'] }>(
    `SELECT state FROM bookings WHERE booking_id = '${id}'`,
  )[0]?.state ?? 'failed'

/** Everything that is held on the chain, with what was minted and burned. */
const heldOn = ({ coordinator }: MarketWorld): bigint => {
  const { supply } = coordinator.engine.status(Date.now())
  return supply.held - supply.minted + supply.burned
}

/** At no time are more places taken than there are. */
function expectCapacity(world: MarketWorld): void {
  for (const { offer_id: id, body } of world.rows<{ offer_id: string; body: string }>(
    'SELECT * FROM offers',
  )) {
    const taken = world
      .rows<{ start_slot: number; end_slot: number; places: number }>(
        `SELECT * FROM bookings WHERE offer_id = '${id}'
         AND state IN ('pending', 'active', 'closing')`,
      )
      .map((row) => ({ startSlot: row.start_slot, endSlot: row.end_slot, places: row.places }))
    const most = placesTaken(taken, { startSlot: 0, endSlot: 10_000_000 })
    expect(most).toBeLessThanOrEqual((JSON.parse(body) as Offer).concurrency)
  }
}

describe('bookings', () => {
  test('MKT-1: hold their price on the chain and end by themselves', async () => {
    const world = await createMarketWorld()
    const before = heldOn(world)
    const offer = world.list()
    const balance = () => world.coordinator.engine.account(world.provider.address).balance
    const earned = balance()
    const booking = must(await world.book(offer, { hours: 1, places: 2 }))
    expect(booking).toMatchObject({ state: 'pending', total: '36000000', price_per_slot: '20000' })
    await until(world, () => stateOf(world, booking.booking_id) === 'active')
    await world.pass(hourMs)
    await until(world, () => stateOf(world, booking.booking_id) === 'ended')
    const done = must(world.parts().bookings.booking(world.key, booking.booking_id))
    const { coordinatorShareBps } = world.coordinator.genesis.parameters
    const share = (36_000_000n * BigInt(coordinatorShareBps)) / 10_000n
    expect(done).toMatchObject({ returned: '0', paid: String(36_000_000n - share) })
    expect(balance() - earned).toBe(36_000_000n - share)
    expect(heldOn(world)).toBe(before)
  })

  test('MKT-2: a canceled one pays for the slots that have passed, and gives back the rest', async () => {
    const world = await createMarketWorld()
    const offer = world.list()
    const booking = must(await world.book(offer, { hours: 2 }))
    await until(world, () => stateOf(world, booking.booking_id) === 'active')
    await world.pass(hourMs / 2)
    must(await world.cancel(booking.booking_id))
    const again = await world.cancel(booking.booking_id)
    expect(codeOf(again)).toBe('BOOKING_OVER')
    await until(world, () => stateOf(world, booking.booking_id) === 'canceled')
    const done = must(world.parts().bookings.booking(world.key, booking.booking_id))
    const { coordinatorShareBps } = world.coordinator.genesis.parameters
    const used = BigInt(done.total) - BigInt(done.returned ?? '0')
    expect(used % 10_000n).toBe(0n)
    expect(Number(used / 10_000n)).toBeGreaterThanOrEqual(900)
    expect(Number(used / 10_000n)).toBeLessThan(920)
    expect(BigInt(done.paid ?? '0')).toBe(used - (used * BigInt(coordinatorShareBps)) / 10_000n)
    expect(must(await world.book(offer, { places: 3 })).state).toBe('pending')
  })

  test('MKT-3: whoever comes at once, no more is booked than there is', async () => {
    const world = await createMarketWorld()
    let name = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 8 }),
        fc.integer({ min: 1, max: 6 }),
        async (asked, places) => {
          const offer = world.list({
            minerId: `m${name++}`,
            gpu: `g${name}`,
            places,
            pricePerHour: 0n,
            owner: `o${name}`,
          })
          const answers = await Promise.all(
            asked.map((each) => world.book(offer, { places: each })),
          )
          expectCapacity(world)
          const taken = answers.flatMap((answer) => (answer.ok ? [answer.value] : []))
          const sum = taken.reduce((total, each) => total + each.places, 0)
          expect(sum).toBeLessThanOrEqual(places)
          for (const [index, answer] of answers.entries()) {
            if (answer.ok) continue
            expect(answer.error.code).toBe('OFFER_FULL')
            expect((asked[index] ?? 0) + sum).toBeGreaterThan(places)
          }
          for (const each of taken) {
            must(await world.cancel(each.booking_id))
          }
        },
      ),
      { numRuns: 25 },
    )
  })

  test('MKT-4: a wallet signs exactly what the terms say', async () => {
    const world = await createMarketWorld()
    const offer = world.list()
    const bob = world.coordinator.alice
    const ask = { offerId: offer, slots: slotsPerHour, places: 1 }
    const none = { agreementId: undefined, jobId: undefined, transaction: undefined }
    const terms = must(world.parts().bookings.terms({ ...ask, ...none }))
    const hash = fromHex(terms.offer_hash.slice(2), 32)
    if (!hash.ok) throw new Error('no hash')
    const data = {
      provider: world.provider.address,
      coordinator: worldCoordinator.publicKey,
      offer: hash.value,
      start: 0n,
      slots: BigInt(terms.slots),
      price: BigInt(terms.price_per_slot),
    }
    const signed = (message: Message, by = bob) => {
      const { nextNonce: nonce } = world.coordinator.engine.account(by.address)
      const validUntil = BigInt(world.coordinator.slot() + 100)
      return toHex(sign({ by, message, of: world.coordinator.genesis, nonce, validUntil }))
    }
    const open = (change: Partial<typeof data> = {}): Message => ({
      TAG: 'booking_open',
      data: { ...data, ...change },
    })
    const wrong: Message[] = [
      open({ price: data.price - 1n }),
      open({ slots: data.slots + 1n }),
      open({ start: 9_999n }),
      open({ provider: person('thief').address }),
      open({ coordinator: bob.publicKey }),
      open({ offer: bob.publicKey }),
      { TAG: 'booking_close', data: { booking: hash.value } },
    ]
    const who = world.seller
    for (const message of wrong) {
      const refused = await world.book(offer, { who, transaction: signed(message) })
      expect(codeOf(refused)).toBe('BOOKING_TERMS_DIFFER')
    }
    const others = signed(open(), person('stranger'))
    expect(codeOf(await world.book(offer, { who, transaction: others }))).toBe(
      'BOOKING_TERMS_DIFFER',
    )
    expect(codeOf(await world.book(offer, { who, transaction: 'abcd' }))).toBe('ENCODING_INVALID')
    expect(codeOf(await world.book(offer, { who }))).toBe('ESCROW_REQUIRED')
    expect(world.rows('SELECT * FROM bookings')).toEqual([])
    const transaction = signed(open())
    const booking = must(await world.book(offer, { who, transaction }))
    expect(codeOf(await world.book(offer, { who, transaction }))).toBe('BOOKING_TERMS_DIFFER')
    await until(world, () => stateOf(world, booking.booking_id) === 'active')
    const id = bookingIdOf(must(fromHex(booking.escrow?.opened_by.slice(2) ?? '')))
    const close = signed({ TAG: 'booking_close', data: { booking: id } })
    must(await world.cancel(booking.booking_id, who, close))
    await until(world, () => stateOf(world, booking.booking_id) === 'canceled')
    expect(world.coordinator.engine.finalBooking(id)).toBeUndefined()
  })

  test('MKT-5: the chain may be away; what was written is gone on with', async () => {
    const world = await createMarketWorld()
    const offer = world.list()
    const booking = must(await world.book(offer))
    world.coordinator.setChainDown(true)
    await world.pass(20_000)
    expect(stateOf(world, booking.booking_id)).toBe('pending')
    world.coordinator.setChainDown(false)
    await until(world, () => stateOf(world, booking.booking_id) === 'active')
  })
})

describe('killed at any write', () => {
  /** A bid, its auction, a booking at the price that was agreed, and its end. */
  async function story(world: MarketWorld): Promise<void> {
    const offer = world.list({ places: 2 })
    const bid = must(
      world.parts().bids.submit(world.key, {
        kind: 'hours',
        query: 'region=eu',
        hours: 1,
        places: 2,
        price_max: '20000000',
        closes_in_s: 5,
      }),
    )
    await world.pass(8_000)
    const [agreement] = world.rows<{ agreement_id: string }>(
      `SELECT * FROM agreements WHERE bid_id = '${bid.bid_id}'`,
    )
    if (!agreement) throw new Error('no agreement yet')
    const { agreement_id } = agreement
    const booking = must(await world.book(offer, { hours: 1 / 60, places: 2, agreement_id }))
    await until(world, () => stateOf(world, booking.booking_id) !== 'pending')
    await world.pass(60_000)
    await until(world, () => stateOf(world, booking.booking_id) === 'ended')
  }

  test('MKT-6: it goes on with what was written, and no money is lost', async () => {
    const counting = await createMarketWorld()
    counting.killBefore(Number.POSITIVE_INFINITY)
    await story(counting)
    const total = counting.writes()
    expect(total).toBeGreaterThan(15)
    vi.clearAllTimers()
    for (let number = 1; number <= total; number += 1) {
      const world = await createMarketWorld()
      const before = heldOn(world)
      world.killBefore(number)
      await story(world).catch(() => undefined)
      if (!world.isUp()) world.start()
      await world.look()
      // Whatever was begun comes to an end by itself.
      await world.pass(300_000)
      const live = world.rows(
        "SELECT * FROM bookings WHERE state IN ('pending', 'active', 'closing')",
      )
      expect(live, `write ${number}`).toEqual([])
      expectCapacity(world)
      expect(heldOn(world), `write ${number}`).toBe(before)
      for (const row of world.rows<{ open_hash: Uint8Array | null; state: string }>(
        'SELECT * FROM bookings',
      )) {
        if (!row.open_hash) continue
        const id = bookingIdOf(new Uint8Array(row.open_hash))
        expect(world.coordinator.engine.finalBooking(id), `write ${number}`).toBeUndefined()
      }
      const torn = world.rows(
        `SELECT * FROM agreements WHERE state = 'booked' AND booking_id NOT IN
         (SELECT booking_id FROM bookings WHERE state IN ('pending', 'active', 'closing'))`,
      )
      expect(torn, `write ${number}`).toEqual([])
      expect(world.rows("SELECT * FROM bids WHERE status = 'open'")).toEqual([])
      vi.clearAllTimers()
    }
  })
})

describe('auctions', () => {
  test('MKT-7: are closed by the clock; quotes lower than lists win, the last in part', async () => {
    const world = await createMarketWorld()
    const dear = world.list({ minerId: 'dear', gpu: 'A', places: 4, pricePerHour: 19_000_000n })
    const cheap = world.list({ minerId: 'cheap', gpu: 'B', places: 2 })
    const { bids } = world.parts()
    const wanted = { kind: 'hours', query: 'region=eu', hours: 1, places: 5 } as const
    const terms = { price_max: '20000000', closes_in_s: 60 }
    const bid = must(bids.submit(world.key, { ...wanted, ...terms }))
    expect(bid.quotes.map((quote) => [quote.offer_id, quote.price])).toEqual([
      [cheap, '18000000'],
      [dear, '19000000'],
    ])
    const quote = { offer_id: dear, price: '10000000', capacity: 1 }
    expect(codeOf(bids.quote(world.key, bid.bid_id, quote))).toBe('OFFER_NOT_FOUND')
    must(bids.quote(world.seller, bid.bid_id, quote))
    const many = { ...quote, capacity: 5 }
    expect(codeOf(bids.quote(world.seller, bid.bid_id, many))).toBe('QUOTE_REFUSED')
    const tooDear = { ...quote, price: '20000001' }
    expect(codeOf(bids.quote(world.seller, bid.bid_id, tooDear))).toBe('QUOTE_REFUSED')
    await world.pass(61_000)
    expect(codeOf(bids.quote(world.seller, bid.bid_id, quote))).toBe('BID_CLOSED')
    const done = must(bids.bid(bid.bid_id, world.key))
    expect(done).toMatchObject({ status: 'partial', filled: 3, own: true })
    const { items } = bids.agreements(world.key, { before: 1e9, limit: 10 })
    expect(items.map((each) => [each.offer_id, each.price, each.capacity])).toEqual([
      [cheap, '18000000', 2],
      [dear, '10000000', 1],
    ])
    // At the price that was agreed, and for no more than that; and no agreement is taken up twice.
    const agreement_id = items[1]?.agreement_id ?? ''
    expect(codeOf(await world.book(dear, { places: 2, agreement_id }))).toBe('AGREEMENT_CLOSED')
    const booking = must(await world.book(dear, { agreement_id }))
    expect(booking.price_per_hour).toBe('10000000')
    expect(codeOf(await world.book(dear, { agreement_id }))).toBe('AGREEMENT_CLOSED')
    await world.pass(25 * hourMs)
    const states = bids.agreements(world.key, { before: 1e9, limit: 10 }).items
    expect(states.map((each) => each.state)).toEqual(['lapsed', 'fulfilled'])
  })

  test('MKT-8: a canceled bid is over, and only its owner ends it', async () => {
    const world = await createMarketWorld()
    const { bids } = world.parts()
    const wanted = {
      kind: 'tokens',
      query: '',
      tokens: 10,
      price_max: '1',
      closes_in_s: 60,
    } as const
    const bid = must(bids.submit(world.key, wanted))
    expect(codeOf(bids.cancel(world.seller, bid.bid_id))).toBe('BID_NOT_FOUND')
    expect(must(bids.cancel(world.key, bid.bid_id)).status).toBe('canceled')
    expect(codeOf(bids.award(world.key, bid.bid_id))).toBe('BID_CLOSED')
    await world.pass(61_000)
    expect(must(bids.bid(bid.bid_id, undefined))).toMatchObject({ status: 'canceled', own: false })
  })
})

describe('what others say', () => {
  const row = (height: number, sender: string, topic: number, body: unknown) => ({
    height,
    position: 0,
    txHash: `0x${String(height).padStart(64, '0')}`,
    sender,
    topic,
    body: new TextEncoder().encode(JSON.stringify(body)),
  })
  const offer = {
    v: 1,
    site: 'there.test',
    id: 'b'.repeat(32),
    miner: 'far',
    provider: null,
    engine: 'vllm',
    region: 'us',
    models: [['llama3:8b', 8_192, '5', '6']],
    gpus: [],
    hour: null,
    places: 1,
  }

  test('MKT-9: is listed under its site, once, and never in the name of another', async () => {
    const world = await createMarketWorld()
    const { offer: topic, bid: bidTopic, offer_withdrawn: gone } = announcementTopics
    const bid = {
      v: 1,
      site: 'there.test',
      id: 'c'.repeat(32),
      bidder: 'somebody',
      query: 'model=llama3',
      kind: 'tokens',
      wanted: 100,
      hours: null,
      price: '7',
      closes: Date.now() + hourMs,
    }
    world.said.push(
      row(1, 'aitbc1there', topic, offer),
      row(2, 'aitbc1thief', topic, { ...offer, hour: '1' }),
      row(3, 'aitbc1there', bidTopic, bid),
      row(4, 'aitbc1thief', topic, { ...offer, site: 'here.test' }),
      row(5, 'aitbc1there', topic, { nonsense: true }),
    )
    await world.look()
    await world.look()
    const query = parseQuery('site=there.test')
    if (!query.ok) throw new Error('no query')
    const page = await world.queries.offers(query.value, { place: undefined, limit: 10 })
    const [listed, ...more] = page.bodies.map((body) => JSON.parse(body) as Offer)
    expect(more).toEqual([])
    expect(listed).toMatchObject({ kind: 'remote', price_per_hour: null, verified: false })
    expect(listed?.announced?.height).toBe(1)
    const [heard, ...others] = world.parts().bids.list(undefined, {
      before: 1e9,
      limit: 10,
      status: undefined,
      mine: false,
    }).items
    expect(others).toEqual([])
    expect(heard).toMatchObject({ site: 'there.test', status: 'open', quotes: [] })
    const quote = { offer_id: world.list(), price: '1', capacity: 1 }
    const refused = world.parts().bids.quote(world.seller, heard?.bid_id ?? '', quote)
    expect(codeOf(refused)).toBe('QUOTE_REFUSED')
    expect(codeOf(await world.book(listed?.offer_id ?? ''))).toBe('OFFER_NOT_BOOKABLE')
    world.said.push(row(6, 'aitbc1there', gone, { v: 1, site: 'there.test', id: offer.id }))
    await world.look()
    expect(world.parts().offers.offer(listed?.offer_id ?? '')?.status).toBe('withdrawn')
  })

  test('MKT-9: bids of another site keep nobody here from bidding, nor stand open for ever', async () => {
    const world = await createMarketWorld()
    const flood = marketLimits.remotePerSiteMax + 50
    for (let number = 0; number < flood; number += 1) {
      const bid = {
        v: 1,
        site: 'there.test',
        id: number.toString(16).padStart(32, '0'),
        bidder: 'somebody',
        query: '',
        kind: 'tokens',
        wanted: 1,
        hours: null,
        price: '1',
        closes: 2 ** 43,
      }
      world.said.push(row(number + 1, 'aitbc1there', announcementTopics.bid, bid))
    }
    await world.look()
    const [open] = world.rows<{ n: number; last: number }>(
      "SELECT count(*) AS n, max(closes_at_ms) AS last FROM bids WHERE status = 'open'",
    )
    expect(open?.n).toBe(marketLimits.remotePerSiteMax)
    expect(open?.last).toBeLessThanOrEqual(Date.now() + marketLimits.auctionSecondsMax * 1_000)
    // As many as could be heard of all sites together.
    world.database.sql.exec(
      `INSERT INTO bids (bid_id, site, owner, bidder, wanted, status, opened_at_ms, closes_at_ms, filled)
       SELECT 'far' || value, 'far.test', 'site:far.test', 'x', wanted, 'open', opened_at_ms,
       closes_at_ms, 0 FROM (SELECT * FROM bids LIMIT 1),
       json_each('[${Array.from({ length: marketLimits.openBidsMax }, (_, at) => at).join(',')}]')`,
    )
    const wanted = {
      kind: 'tokens',
      query: '',
      tokens: 10,
      price_max: '1',
      closes_in_s: 60,
    } as const
    expect(must(world.parts().bids.submit(world.key, wanted)).status).toBe('open')
  })

  test('MKT-10: what this site says is on the chain, from its own account, at a bounded rate', async () => {
    const world = await createMarketWorld()
    for (const name of ['a', 'b', 'c']) world.list({ minerId: name, gpu: name })
    await world.look()
    await world.pass(30_000)
    const posts = world.coordinator.rows<{ tx_hash: Uint8Array }>('SELECT * FROM posts')
    expect(posts).toHaveLength(3)
    for (const { tx_hash: hash } of posts) {
      const found = world.coordinator.engine.transaction(new Uint8Array(hash))
      expect(found?.final).toBe(true)
      expect(found?.message.TAG).toBe('announce')
      expect(found?.sender).toEqual(worldCoordinator.publicKey)
    }
    // The same words are not said again.
    await world.look()
    await world.pass(hourMs)
    expect(world.coordinator.rows('SELECT * FROM posts')).toHaveLength(3)
  })
})

test('MKT-11: two reviews of one receipt at once: one is taken', async () => {
  const world = await createMarketWorld()
  const offer = world.list()
  const owner = ownerOf(world.key)
  const desk = world.coordinator.parts().marketDesk
  vi.spyOn(desk, 'receiptParties').mockResolvedValue({ owners: [owner], minerId: 'shelf' })
  const { reviews } = world.parts()
  const body = { receipt_id: 'd'.repeat(32), rating: 4, comment: '' }
  const answers = await Promise.all([1, 2, 3].map(() => reviews.add(world.key, offer, body)))
  expect(answers.map(codeOf).sort()).toEqual(['REVIEW_EXISTS', 'REVIEW_EXISTS', undefined])
  expect(world.parts().offers.offer(offer)?.reviews).toEqual({ count: 1, average: 4 })
  const other = { ...body, receipt_id: 'e'.repeat(32) }
  expect(codeOf(await reviews.add(world.seller, offer, other))).toBe('REVIEW_NOT_EARNED')
})
