import { describe, expect, test } from 'vitest'
import { toHex } from '../../../core/base/bytes.ts'
import { err, ok } from '../../../core/base/result.ts'
import type { Booking } from '../../../core/chain/entries.ts'
import type { Genesis } from '../../../core/chain/genesis.ts'
import { addressOf } from '../../../core/crypto/address.ts'
import { createBookingCheck } from '../../../miner-agent/bookings.ts'
import type { LightClient } from '../../../miner-agent/light.ts'
import { openOffer } from '../../../miner-agent/offer.ts'
import { nodeVerifier } from '../../../miner-agent/verifier.ts'
import { coordinator, genesisHash, makeOffer, miner, payer, tinyCard } from './fixtures.ts'

const id = toHex(new Uint8Array(32).fill(7))
const good: Booking = {
  buyer: addressOf(payer.publicKey),
  provider: addressOf(miner.publicKey),
  coordinator: coordinator.publicKey,
  offer: new Uint8Array(32),
  start: 100n,
  end: 200n,
  price: 10_000n,
}

/** The check over a chain that shows this booking at slot 150. */
function checkOver(booking: Booking | undefined, leastPerHour: bigint | undefined = 18_000_000n) {
  let asked = 0
  const check: LightClient['check'] = async () => {
    asked += 1
    return ok({
      fact: { kind: 'booking', block: { slot: 150 }, booking },
    } as never)
  }
  const run = createBookingCheck({
    light: { check },
    genesis: async () => ({}) as Genesis,
    address: addressOf(miner.publicKey),
    leastPerHour,
    nowMs: () => 0,
  })
  const site = { genesisHash, coordinator: coordinator.publicKey }
  return {
    asked: () => asked,
    of: (inHand = 0) => run({ booking: id, site, inHand }),
  }
}

describe('work within a booking', () => {
  test('CLAIM-4: is taken where the chain shows it, once for each place that is paid', async () => {
    const check = checkOver(good)
    expect(await check.of()).toBeUndefined()
    expect(await check.of(1)).toMatch(/pays for 1 jobs/)
    expect(check.asked()).toBe(1)
    expect(await checkOver({ ...good, price: 20_000n }).of(1)).toBeUndefined()
  })

  test.each([
    ['no such booking', undefined],
    ['pays somebody else', { ...good, provider: good.buyer }],
    ['is with another site', { ...good, coordinator: payer.publicKey }],
    ['does not cover this time', { ...good, end: 150n }],
    ['does not cover this time', { ...good, start: 151n }],
    ['pays for 0 jobs', { ...good, price: 9_999n }],
  ])('CLAIM-4: is refused where it does not hold: %s', async (words, booking) => {
    expect(await checkOver(booking).of()).toContain(words)
  })

  test('CLAIM-4: is refused by a miner that names no price, and while nothing is shown', async () => {
    const site = { genesisHash, coordinator: coordinator.publicKey }
    const parts = {
      light: { check: async () => err({ code: 'UNREACHABLE', message: 'gone' }) as never },
      genesis: async () => ({}) as Genesis,
      address: addressOf(miner.publicKey),
      nowMs: () => 0,
    }
    const unlet = createBookingCheck({ ...parts, leastPerHour: undefined })
    expect(await unlet({ booking: id, site, inHand: 0 })).toMatch(/not to be booked/)
    const blind = createBookingCheck({ ...parts, leastPerHour: 1n })
    expect(await blind({ booking: id, site, inHand: 0 })).toMatch(/gone/)
  })
})

describe('prices of an offer', () => {
  const terms = { genesisHash, verifier: nodeVerifier(), models: [tinyCard] }
  const codeOf = (change: object, agreedMin?: bigint): string => {
    const opened = openOffer(makeOffer({ change }), { ...terms, agreedMin })
    return opened.ok ? 'ok' : opened.error.code
  }
  const free = { price_prompt: '0', price_completion: '0' }

  test('CLAIM-1: nothing is free without a booking, and within one nothing else is asked', () => {
    expect(codeOf(free)).toBe('PRICE_CHANGED')
    expect(codeOf({ ...free, booking: id })).toBe('ok')
    expect(codeOf({ booking: id })).toBe('BOOKING_REFUSED')
  })

  test('CLAIM-2: an agreement may bring less than the card, down to what is allowed', () => {
    const agreement = '00'.repeat(16)
    const price_completion = String(BigInt(tinyCard.price_completion) - 1n)
    expect(codeOf({ price_completion, agreement })).toBe('AGREED_PRICE_TOO_LOW')
    expect(codeOf({ price_completion, agreement }, BigInt(price_completion))).toBe('ok')
    expect(codeOf({ price_completion }, 0n)).toBe('PRICE_CHANGED')
    expect(codeOf({ ...free, agreement }, 0n)).toBe('PRICE_CHANGED')
  })
})
