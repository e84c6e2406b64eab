import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Claim, hasOpenPlace, placesPaid, termsOf } from '../../../core/jobs/claim.ts'
import { admit, chooseMiner, type LiveMiner, obstacle } from '../../../core/jobs/matching.ts'
import { type ClaimBook, noStanding } from '../../../core/jobs/routing.ts'
import { nextAgreementState } from '../../../core/market/agreement.ts'

const listed = { promptPer1000: 100n, completionPer1000: 300n }
const base = { claimId: 'c1', minerId: 'm1', owner: 'account:a', untilMs: 10 }
const booking = (onChain?: string): Claim => ({ ...base, kind: 'booking', places: 1, onChain })
const agreement = (completionPer1000: bigint): Claim => ({
  ...base,
  kind: 'agreement',
  models: ['tiny'],
  completionPer1000,
  tokens: 100,
})

describe('terms', () => {
  test('CLAIM-1: a booking on the chain asks nothing for tokens, a free one what is listed', () => {
    expect(termsOf(booking('ab'), listed)).toMatchObject({
      promptPer1000: 0n,
      completionPer1000: 0n,
      claim: { kind: 'booking', onChain: 'ab' },
    })
    expect(termsOf(booking(), listed)).toMatchObject({ ...listed, claim: { kind: 'booking' } })
  })

  test('CLAIM-2: an agreement has its own price for answers, never above the list', () => {
    expect(termsOf(agreement(200n), listed)).toMatchObject({
      promptPer1000: 100n,
      completionPer1000: 200n,
    })
    expect(termsOf(agreement(900n), listed).completionPer1000).toBe(300n)
  })

  test('CLAIM-4: a booking pays for as many places as its price has room for, and no more', () => {
    expect(placesPaid(20_000n, 18_000_000n, 1_800)).toBe(2n)
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        fc.integer({ min: 1, max: 64 }),
        (perHour, places) => {
          const perSlot = (perHour * BigInt(places) + 1_799n) / 1_800n
          const paid = placesPaid(perSlot, perHour, 1_800)
          expect(paid).toBeGreaterThanOrEqual(BigInt(places))
          expect(paid * perHour).toBeLessThanOrEqual(perSlot * 1_800n)
        },
      ),
    )
  })
})

test('AGREE-2: used tokens fulfil an agreement, and one that nobody used lapses', () => {
  expect(nextAgreementState('open', 'used_up')).toBe('fulfilled')
  expect(nextAgreementState('open', 'expire_used')).toBe('fulfilled')
  expect(nextAgreementState('open', 'expire')).toBe('lapsed')
  expect(nextAgreementState('booked', 'used_up')).toBeUndefined()
})

test('CLAIM-3: what is not booked is all that others are given', () => {
  const most = { min: 0, max: 64 }
  fc.assert(
    fc.property(
      fc.integer(most),
      fc.integer(most),
      fc.integer(most),
      (concurrency, booked, unbooked) => {
        const isOpen = hasOpenPlace(concurrency, { booked, unbooked })
        expect(isOpen).toBe(concurrency === 0 || unbooked + booked + 1 <= concurrency)
      },
    ),
  )
})

describe('matching', () => {
  const miner = (minerId: string, price: bigint): LiveMiner => ({
    card: {
      minerId,
      kind: 'agent',
      engine: 'x',
      concurrency: 1,
      region: undefined,
      gpus: [],
      cuda: '',
      models: [
        {
          name: 'tiny',
          contextTokens: 0,
          price: { promptPer1000: price, completionPer1000: price },
        },
      ],
    } as unknown as LiveMiner['card'],
    inflight: 0,
    idleSinceMs: 0,
    draining: false,
  })
  const size = {
    model: 'tiny',
    promptTokensMax: 100,
    promptTokensMin: 1,
    maxTokens: 100,
    isOpaque: false,
  }
  const wanted = (client: string, limit?: bigint) => ({ size, constraints: {}, client, limit })
  const bookOf = (bookedBy: Record<string, string>): ClaimBook => ({
    termsFor: ({ minerId }, { client }) =>
      bookedBy[minerId] === client ? termsOf(booking('ab'), listed) : undefined,
    hasOpenPlace: ({ minerId }) => bookedBy[minerId] === undefined,
    isBookedOut: ({ minerId }) => bookedBy[minerId] !== undefined,
  })

  test('MATCH-10: booked places are no places for others, and the reason says so', () => {
    const standing = { ...noStanding, claims: bookOf({ m1: 'anna' }) }
    const miners = [miner('m1', 3_000n)]
    const refused = admit(miners, wanted('bert'), standing)
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'NOT_SERVABLE', details: { reasons: ['booked'] } },
    })
    const limited = { ...wanted('bert'), limit: 10_000n }
    expect(obstacle(miners[0] as LiveMiner, limited, new Set(), standing)).toBe('booked')
    expect(admit(miners, wanted('anna'), standing)).toMatchObject({
      ok: true,
      value: { cheapest: 1n, suggestedLimit: 600n },
    })
  })

  test('MATCH-11: a kept place goes before every other miner, however cheap or preferred', () => {
    const standing = { ...noStanding, claims: bookOf({ dear: 'anna' }) }
    const miners = [miner('cheap', 0n), miner('dear', 9_000n)]
    const ask = { ...wanted('anna'), limit: 10_000n, routing: { order: ['cheap'] } }
    expect(chooseMiner(miners, ask, new Set(), standing)?.card.minerId).toBe('dear')
    const other = { ...ask, client: 'bert' }
    expect(chooseMiner(miners, other, new Set(), standing)?.card.minerId).toBe('cheap')
  })
})
