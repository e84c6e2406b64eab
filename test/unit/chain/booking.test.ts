import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bookingSlotsMax } from '../../../core/chain/limits.ts'
import { bookingShares } from '../../../core/chain/messages/booking.ts'
import { bookingIdOf } from '../../../core/chain/transaction.ts'
import { booking, closeBooking } from '../../support/chain-market.ts'
import {
  alice,
  bob,
  carol,
  coordinator,
  genesis,
  miner,
  type Person,
  transfer,
} from '../../support/chain-world.ts'
import { createLedger, type Ledger } from '../../support/ledger.ts'

/** Alice books the miner for slots 10 to 110 at 1 000 a slot; the id of the booking. */
function open(ledger: Ledger, change: Parameters<typeof booking>[0] = {}): Uint8Array {
  const verdict = ledger.one(10, { by: alice, message: booking(change) })
  expect(verdict).toMatchObject({ code: 'applied' })
  return bookingIdOf(verdict.outcome?.transaction as Uint8Array)
}
const balance = (ledger: Ledger, { address }: Person): bigint =>
  ledger.state().account(address)?.balance ?? 0n

/** Closes and says what each got, without the fee of who closes. */
function closed(ledger: Ledger, slot: number, by: Person, id: Uint8Array) {
  const before = [miner, coordinator, alice].map((one) => balance(ledger, one))
  const verdict = ledger.one(slot, { by, message: closeBooking(id) })
  const fee = verdict.outcome?.fee ?? 0n
  const after = [miner, coordinator, alice].map((one) => balance(ledger, one))
  const got = after.map((now, at) => now - (before[at] as bigint))
  return { code: verdict.code, got: by === alice ? got.with(2, (got[2] as bigint) + fee) : got }
}

test('BOOK-1: opening takes price times slots from the buyer, under an id of its own', () => {
  const ledger = createLedger()
  const before = balance(ledger, alice)
  const id = open(ledger)
  expect(ledger.state().booking(id)).toMatchObject({
    buyer: alice.address,
    provider: miner.address,
    coordinator: coordinator.publicKey,
    start: 10n,
    end: 110n,
    price: 1_000n,
  })
  expect(ledger.audit()).toMatchObject({ bookings: 1, booked: 100_000n })
  expect(before - balance(ledger, alice)).toBeGreaterThan(100_000n)
  expect(open(ledger, { start: 500n })).not.toEqual(id)
})

test('BOOK-1: a start that has passed or is too far away is refused, and so is one without the money', () => {
  const ledger = createLedger()
  const one = (change: Parameters<typeof booking>[0]) =>
    ledger.one(10, { by: alice, message: booking(change) }).code
  expect(one({ start: 9n })).toBe('start_invalid')
  expect(one({ start: 10n })).toBe('applied')
  expect(one({ start: 10n + bookingSlotsMax })).toBe('applied')
  expect(one({ start: 11n + bookingSlotsMax })).toBe('start_invalid')
  expect(one({ start: 2n ** 64n - 1n })).toBe('start_invalid')
  expect(one({ price: 100_000_000n })).toBe('insufficient_balance')
})

test('BOOK-2: slots, price and their product are bounded before any state is read', () => {
  const ledger = createLedger()
  const one = (change: Parameters<typeof booking>[0]) =>
    ledger.one(10, { by: alice, message: booking(change) }).refused
  expect(one({ slots: 0n })).toBe('MESSAGE_INVALID')
  expect(one({ slots: bookingSlotsMax + 1n })).toBe('MESSAGE_INVALID')
  expect(one({ slots: 2n ** 64n - 1n, price: 2n ** 64n - 1n })).toBe('MESSAGE_INVALID')
  expect(one({ price: 0n })).toBe('AMOUNT_INVALID')
  expect(one({ price: 2n ** 64n - 1n })).toBe('AMOUNT_INVALID')
  expect(one({ price: 2n ** 40n, slots: 2n ** 20n })).toBe('AMOUNT_INVALID')
})

test('BOOK-3: from the end on anyone closes, and the provider gets all but the coordinator’s share', () => {
  const ledger = createLedger()
  const id = open(ledger)
  expect(closed(ledger, 109, carol, id).code).toBeUndefined()
  ledger.one(20, { by: bob, message: transfer(carol.address, 1_000_000n) })
  expect(closed(ledger, 109, carol, id).code).toBe('booking_running')
  expect(closed(ledger, 110, carol, id)).toEqual({ code: 'applied', got: [90_000n, 10_000n, 0n] })
  expect(ledger.audit().bookings).toBe(0)
})

test('BOOK-4: buyer and provider close earlier, and pay for the slots that have passed', () => {
  const byBuyer = createLedger()
  expect(closed(byBuyer, 35, alice, open(byBuyer))).toEqual({
    code: 'applied',
    got: [22_500n, 2_500n, 75_000n],
  })
  const byProvider = createLedger()
  byProvider.one(2, { by: bob, message: transfer(miner.address, 1_000_000n) })
  const id = open(byProvider)
  const { code, got } = closed(byProvider, 11, miner, id)
  expect([code, got[1], got[2]]).toEqual(['applied', 100n, 99_000n])
  const ahead = createLedger()
  expect(closed(ahead, 499, alice, open(ahead, { start: 500n }))).toEqual({
    code: 'applied',
    got: [0n, 0n, 100_000n],
  })
})

test('BOOK-4: the coordinator and strangers cannot close before the end', () => {
  const ledger = createLedger()
  ledger.one(2, { by: bob, message: transfer(coordinator.address, 1_000_000n) })
  const id = open(ledger)
  for (const by of [bob, coordinator]) {
    expect(ledger.one(50, { by, message: closeBooking(id) }).code).toBe('booking_running')
  }
})

test('BOOK-5: once closed a booking is unknown, in the same block too', () => {
  const ledger = createLedger()
  const id = open(ledger)
  const close = { by: alice, message: closeBooking(id) }
  const codes = ledger.block(60, [close, close]).map(({ code }) => code)
  expect(codes).toEqual(['applied', 'booking_unknown'])
})

test('BOOK-5: whatever the terms and the slot, the parts add up to what is held', () => {
  const terms = fc.record({
    start: fc.bigInt({ min: 0n, max: 2n ** 44n }),
    slots: fc.bigInt({ min: 1n, max: bookingSlotsMax }),
    price: fc.bigInt({ min: 1n, max: 2n ** 31n }),
    late: fc.bigInt({ min: -1_000n, max: bookingSlotsMax * 2n }),
    shareBps: fc.integer({ min: 0, max: 10_000 }),
  })
  fc.assert(
    fc.property(terms, ({ start, slots, price, late, shareBps }) => {
      const held = { ...entry, start, end: start + slots, price }
      const shares = bookingShares(held, { slot: start + late, shareBps })
      const parts = Object.values(shares)
      expect(parts.every((part) => part >= 0n)).toBe(true)
      expect(parts.reduce((a, b) => a + b)).toBe(price * slots)
      const later = bookingShares(held, { slot: start + late + 1n, shareBps })
      expect(later.provider).toBeGreaterThanOrEqual(shares.provider)
      expect(later.buyer).toBeLessThanOrEqual(shares.buyer)
    }),
  )
})

const entry = {
  buyer: alice.address,
  provider: miner.address,
  coordinator: coordinator.publicKey,
  offer: new Uint8Array(32),
}

test('BOOK-5: closing pays for the accounts that it creates', () => {
  const ledger = createLedger()
  const id = open(ledger)
  const { baseFee, feePerByte } = genesis.parameters
  const size = BigInt(
    ledger.one(11, { by: alice, message: closeBooking(new Uint8Array(32)) }).transaction?.bytes
      .length ?? 0,
  )
  const bare = { by: alice, message: closeBooking(id), fee: baseFee + feePerByte * size }
  expect(ledger.one(60, bare).code).toBe('entries_unpaid')
  expect(ledger.audit().booked).toBe(100_000n)
  expect(ledger.one(60, { by: alice, message: closeBooking(id) }).code).toBe('applied')
})

test('EXEC-10: an announcement costs its bytes, makes no entry and is bounded', () => {
  const ledger = createLedger()
  const entries = ledger.entries()
  const announce = (length: number) =>
    ledger.one(1, {
      by: alice,
      message: { TAG: 'announce', data: { topic: 1, body: new Uint8Array(length) } },
    })
  const [small, large] = [announce(1), announce(4_096)]
  expect([small.code, large.code]).toEqual(['applied', 'applied'])
  const { feePerByte } = genesis.parameters
  expect((large.outcome?.fee ?? 0n) - (small.outcome?.fee ?? 0n)).toBe(4_095n * feePerByte)
  // The proposer’s account is the only new one.
  expect(ledger.entries()).toBe(entries + 1)
  expect(announce(0).refused).toBe('MESSAGE_INVALID')
  expect(announce(4_097).refused).toBe('MESSAGE_INVALID')
})
