/** Auctions, bookings, agreements, reviews, uptime and announcements of the market. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { announcementTopics } from '../../../core/chain/messages/announce.ts'
import { nextAgreementState } from '../../../core/market/agreement.ts'
import {
  type Announcement,
  announceBytesMax,
  decodeAnnouncement,
  encodeAnnouncement,
} from '../../../core/market/announcement.ts'
import { type AuctionQuote, compareQuotes, endAuction } from '../../../core/market/auction.ts'
import {
  type BookingEvent,
  type BookingState,
  bookingCost,
  fitsBeside,
  isLiveBooking,
  nextBookingState,
  nextFit,
  placesTaken,
  type Span,
} from '../../../core/market/booking.ts'
import { averageRating, mayReview } from '../../../core/market/review.ts'
import { uptimeStrip, uptimeWithin } from '../../../core/market/uptime.ts'

describe('auctions', () => {
  const quotes = fc.uniqueArray(
    fc.record({
      quoteId: fc.nat(200).map((id) => `q${id}`),
      offerId: fc.nat(12).map((id) => `o${id}`),
      price: fc.nat(6).map(BigInt),
      capacity: fc.integer({ min: 0, max: 9 }),
      atMs: fc.nat(3),
    }),
    { selector: (quote) => quote.quoteId, maxLength: 30 },
  )
  const auction = fc.record({
    wanted: fc.integer({ min: 1, max: 40 }),
    priceMax: fc.nat(6).map(BigInt),
    quotes,
  })
  const sum = (values: readonly { readonly capacity: number }[]) =>
    values.reduce((total, each) => total + each.capacity, 0)

  test('AUCTION-1: never more than wanted, quoted or allowed', () => {
    fc.assert(
      fc.property(auction, (given) => {
        const { awards, filled, status } = endAuction(given)
        expect(filled).toBe(sum(awards))
        expect(filled).toBeLessThanOrEqual(given.wanted)
        expect(new Set(awards.map((award) => award.offerId)).size).toBe(awards.length)
        for (const award of awards) {
          const quote = given.quotes.find((each) => each.quoteId === award.quoteId)
          expect(award.capacity).toBeLessThanOrEqual(quote?.capacity ?? 0)
          expect(award.capacity).toBeGreaterThan(0)
          expect(award.price).toBe(quote?.price)
          expect(award.price <= given.priceMax).toBe(true)
        }
        const expected = filled === 0 ? 'unmatched' : filled < given.wanted ? 'partial' : 'matched'
        expect(status).toBe(expected)
      }),
    )
  })

  test('AUCTION-2: whoever was passed over is dearer, or as dear and later', () => {
    fc.assert(
      fc.property(auction, (given) => {
        const { awards } = endAuction(given)
        const quoteOf = (id: string) =>
          given.quotes.find((quote) => quote.quoteId === id) as AuctionQuote
        const taken = awards.map((award) => quoteOf(award.quoteId))
        const offers = new Set(taken.map((quote) => quote.offerId))
        const passed = given.quotes.filter(
          (quote) => quote.capacity > 0 && !offers.has(quote.offerId),
        )
        for (const quote of passed) {
          for (const each of taken) expect(compareQuotes(each, quote)).toBeLessThan(0)
        }
      }),
    )
  })

  test('AUCTION-3: the order in which quotes are given changes nothing', () => {
    fc.assert(
      fc.property(
        auction.chain((given) =>
          fc.tuple(
            fc.constant(given),
            fc.shuffledSubarray(given.quotes, { minLength: given.quotes.length }),
          ),
        ),
        ([given, shuffled]) => {
          expect(endAuction({ ...given, quotes: shuffled })).toEqual(endAuction(given))
        },
      ),
    )
  })

  test('AUCTION-4: what is not filled could not be filled', () => {
    fc.assert(
      fc.property(auction, (given) => {
        const { filled } = endAuction(given)
        const best = new Map<string, number>()
        for (const quote of [...given.quotes].sort(compareQuotes)) {
          if (quote.price > given.priceMax || quote.capacity === 0) continue
          if (!best.has(quote.offerId)) best.set(quote.offerId, quote.capacity)
        }
        const able = [...best.values()].reduce((total, capacity) => total + capacity, 0)
        expect(filled).toBe(Math.min(able, given.wanted))
      }),
    )
  })
})

describe('bookings', () => {
  const span = fc
    .record({
      startSlot: fc.nat(40),
      length: fc.integer({ min: 1, max: 20 }),
      places: fc.integer({ min: 1, max: 4 }),
    })
    .map(
      ({ startSlot, length, places }): Span => ({
        startSlot,
        endSlot: startSlot + length,
        places,
      }),
    )

  test('BOOK-1: each slot is rounded up, and what overflows is refused', () => {
    const cost = bookingCost({ slots: 3_600, places: 2, pricePerHour: 50_000_000n })
    expect(cost).toEqual({
      ok: true,
      value: { slots: 3_600, perSlot: 55_556n, total: 200_001_600n },
    })
    const free = bookingCost({ slots: 1_800, places: 1, pricePerHour: 0n })
    expect(free).toMatchObject({ value: { total: 0n } })
    const most = bookingCost({ slots: 1_800, places: 1, pricePerHour: 2n ** 64n })
    expect(most).toEqual({ ok: false, error: { code: 'AMOUNT_INVALID' } })
  })

  test('BOOK-2: whatever is asked for in whatever order, no more is booked than there is', () => {
    fc.assert(
      fc.property(fc.array(span), fc.integer({ min: 0, max: 6 }), (asked, capacity) => {
        const taken: Span[] = []
        for (const each of asked) if (fitsBeside(taken, each, capacity)) taken.push(each)
        for (let slot = 0; slot < 64; slot++) {
          const now = taken.filter((each) => each.startSlot <= slot && slot < each.endSlot)
          expect(now.reduce((sum, each) => sum + each.places, 0)).toBeLessThanOrEqual(capacity)
        }
        // And nothing was refused that would have fitted.
        for (const each of asked.filter((one) => !taken.includes(one))) {
          expect(placesTaken(taken, each) + each.places).toBeGreaterThan(capacity)
        }
      }),
    )
  })

  test('BOOK-3: the next slot is the first that fits', () => {
    fc.assert(
      fc.property(
        fc.array(span),
        span,
        fc.integer({ min: 1, max: 6 }),
        (taken, wanted, capacity) => {
          const next = nextFit(taken, wanted, capacity)
          if (wanted.places > capacity) {
            expect(next).toBeUndefined()
            return
          }
          const length = wanted.endSlot - wanted.startSlot
          const fits = (startSlot: number) =>
            fitsBeside(taken, { ...wanted, startSlot, endSlot: startSlot + length }, capacity)
          let first = wanted.startSlot
          while (!fits(first)) first += 1
          expect(next).toBe(first)
        },
      ),
    )
  })

  test('BOOK-4: no event leads back, and what is over stays so', () => {
    const order: BookingState[] = ['pending', 'active', 'closing', 'ended', 'canceled', 'failed']
    const events: BookingEvent[] = ['opened', 'refused', 'close', 'closed', 'canceled']
    for (const state of order) {
      for (const event of events) {
        const next = nextBookingState(state, event)
        if (!isLiveBooking(state)) expect(next).toBeUndefined()
        if (next) expect(order.indexOf(next)).toBeGreaterThan(order.indexOf(state))
      }
    }
    expect(nextBookingState('pending', 'opened')).toBe('active')
    expect(nextBookingState('pending', 'canceled')).toBeUndefined()
  })

  test('AGREE-1: is taken up once, and again when that came to nothing', () => {
    expect(nextAgreementState('open', 'book')).toBe('booked')
    expect(nextAgreementState('booked', 'book')).toBeUndefined()
    expect(nextAgreementState('booked', 'booking_failed')).toBe('open')
    expect(nextAgreementState('booked', 'booking_ended')).toBe('fulfilled')
    expect(nextAgreementState('booked', 'booking_canceled')).toBe('canceled')
    expect(nextAgreementState('booked', 'expire')).toBeUndefined()
    expect(nextAgreementState('open', 'expire')).toBe('lapsed')
    for (const state of ['fulfilled', 'lapsed', 'canceled'] as const) {
      expect(nextAgreementState(state, 'book')).toBeUndefined()
    }
  })
})

describe('reviews and uptime', () => {
  test('REVIEW-1: by the owner of the job, of its miner, once', () => {
    const receipt = { owners: ['key:client:c', 'account:a'], minerId: 'm' }
    const ask = { owner: 'account:a', minerId: 'm', receipt, isUsed: false }
    expect(mayReview(ask).ok).toBe(true)
    const codeOf = (change: Partial<typeof ask> | { receipt: undefined }) => {
      const may = mayReview({ ...ask, ...change })
      return may.ok ? undefined : may.error.code
    }
    expect(codeOf({ isUsed: true })).toBe('REVIEW_EXISTS')
    expect(codeOf({ owner: 'account:b' })).toBe('REVIEW_NOT_EARNED')
    expect(codeOf({ minerId: 'other' })).toBe('REVIEW_NOT_EARNED')
    expect(codeOf({ receipt: undefined, isUsed: true })).toBe('REVIEW_NOT_EARNED')
    expect([averageRating(0, 0), averageRating(14, 3), averageRating(5, 1)]).toEqual([
      null,
      4.67,
      5,
    ])
  })

  test('UPTIME-1: time seen over time watched', () => {
    const watched = [
      { fromMs: 0, toMs: 100 },
      { fromMs: 200, toMs: 300 },
    ]
    const known = { watched, seen: [{ fromMs: 50, toMs: 250 }] }
    expect(uptimeWithin(known, { fromMs: 0, toMs: 300 })).toBe(0.5)
    expect(uptimeWithin(known, { fromMs: 100, toMs: 200 })).toBeNull()
    expect(uptimeWithin({ watched, seen: [] }, { fromMs: 0, toMs: 300 })).toBe(0)
    const strip = uptimeStrip(known, { untilMs: 300, stepMs: 100, steps: 3 })
    expect(strip.map(({ share }) => share)).toEqual([0.5, null, 0.5])
    expect(strip[0]?.fromMs).toBe(0)
  })
})

describe('announcements', () => {
  const offer: Announcement = {
    topic: 'offer',
    body: {
      v: 1,
      site: 'edge.example:8787',
      id: 'a'.repeat(32),
      miner: 'miner-ä',
      provider: null,
      engine: 'ollama',
      region: 'eu',
      models: [['llama3:8b', 8_192, '1', '2']],
      gpus: [['RTX 4090', 24_564]],
      hour: '50000000',
      places: 2,
    },
  }

  test('ANNOUNCE-1: what was written is read again', () => {
    const encoded = encodeAnnouncement(offer)
    expect(encoded && decodeAnnouncement(encoded.topic, encoded.body)).toEqual(offer)
    expect(encoded && decodeAnnouncement(announcementTopics.bid, encoded.body)).toBeUndefined()
    expect(encoded && decodeAnnouncement(200, encoded.body)).toBeUndefined()
  })

  test('ANNOUNCE-1: what is too long is not written', () => {
    const models = Array.from({ length: 16 }, () => ['ü'.repeat(128), 1, '1', '1'])
    const long = { ...offer, body: { ...offer.body, models } } as Announcement
    expect(encodeAnnouncement(long)).toBeUndefined()
  })

  test('ANNOUNCE-1: anything else is ignored', () => {
    const change = fc.record(
      {
        site: fc.string(),
        miner: fc.string({ unit: 'binary' }),
        hour: fc.string(),
        models: fc.anything(),
        extra: fc.anything(),
      },
      { requiredKeys: [] },
    )
    const topic = fc.integer({ min: 0, max: 8 })
    fc.assert(
      fc.property(topic, fc.uint8Array({ maxLength: 64 }), change, (number, bytes, changed) => {
        expect(decodeAnnouncement(number, bytes)).toBeUndefined()
        const body = new TextEncoder().encode(JSON.stringify({ ...offer.body, ...changed }))
        const read = decodeAnnouncement(announcementTopics.offer, body)
        if (read?.topic !== 'offer') return
        expect(read.body.miner).not.toMatch(/\p{Cc}|\p{Cf}/u)
        expect(read.body).not.toHaveProperty('extra')
        expect(body.length).toBeLessThanOrEqual(announceBytesMax)
      }),
    )
  })
})
