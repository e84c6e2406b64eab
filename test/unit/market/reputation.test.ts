import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type ReputationReceipt,
  reputationOf,
  reputationTerms,
} from '../../../core/market/reputation.ts'

const asOfMs = 1_800_000_000_000
const terms = { asOfMs, costBps: 500 }
const dayMs = 86_400_000

const receipt = (change: Partial<ReputationReceipt> = {}): ReputationReceipt => ({
  client: 'aitbc1client',
  model: 'aitbc-tiny',
  promptTokens: 10,
  completionTokens: 100,
  amount: 1_000_000n,
  startedAtMs: asOfMs - 2_000,
  completedAtMs: asOfMs,
  isSigned: true,
  ...change,
})

const scoreOf = (receipts: readonly ReputationReceipt[], costBps = 500) =>
  reputationOf(receipts, { asOfMs, costBps }).scoreMilli

const anyReceipt = fc.record({
  client: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  amount: fc.bigInt({ min: 1n, max: 10n ** 15n }),
  ageMs: fc.integer({ min: -300_000, max: 40 * dayMs }),
})
const made = ({ client, amount, ageMs }: { client: string; amount: bigint; ageMs: number }) =>
  receipt({ client, amount, completedAtMs: asOfMs - ageMs, startedAtMs: asOfMs - ageMs - 1_000 })

test('REP-1: whole, bounded, and the same in any order', () => {
  fc.assert(
    fc.property(fc.array(anyReceipt, { maxLength: 60 }), (drawn) => {
      const receipts = drawn.map(made)
      const { scoreMilli } = reputationOf(receipts, terms)
      expect(Number.isInteger(scoreMilli)).toBe(true)
      expect(scoreMilli).toBeGreaterThanOrEqual(0)
      expect(scoreMilli).toBeLessThanOrEqual(1_000)
      // A sum over clients, each cut off once a receipt: the order changes nothing.
      expect(reputationOf([...receipts].reverse(), terms)).toEqual(reputationOf(receipts, terms))
    }),
  )
})

test('REP-1: as the formula says', () => {
  // Each has cost 1 000 000 units, which is one half: 2 × 0.5 ÷ (2 × 0.5 + 4).
  const two = ['a', 'b'].map((client) => receipt({ client, amount: 20_000_000n }))
  expect(scoreOf(two)).toBe(200)
  expect(reputationOf(two, terms)).toMatchObject({
    receipts: 2,
    clients: 2,
    amount: 40_000_000n,
    cost: 2_000_000n,
    completionTokens: 200,
    models: [{ name: 'aitbc-tiny', receipts: 2, tokensPerSecond: 50 }],
  })
})

test('REP-2: one client is a fifth at most, and others add to it', () => {
  const rich = Array.from({ length: 1_000 }, () => receipt({ amount: 10n ** 14n }))
  expect(scoreOf(rich)).toBeLessThanOrEqual(200)
  expect(scoreOf(rich)).toBeGreaterThan(190)
  const many = Array.from({ length: 40 }, (_, index) =>
    receipt({ client: `c${index}`, amount: 10n ** 14n }),
  )
  expect(scoreOf(many)).toBeGreaterThan(900)
})

test('REP-3: payments that come back whole make no reputation', () => {
  const many = Array.from({ length: 40 }, (_, index) => receipt({ client: `c${index}` }))
  expect(scoreOf(many, 0)).toBe(0)
  expect(scoreOf(many, 1_000)).toBeGreaterThan(scoreOf(many, 500))
  // A thousand names that pay one unit each are worth less than one that pays what they would cost.
  const names = Array.from({ length: 1_000 }, (_, index) =>
    receipt({ client: `n${index}`, amount: 20n }),
  )
  expect(scoreOf(names)).toBe(0)
})

test('REP-4: age counts down to nothing, and only the newest count', () => {
  const aged = (days: number) => [
    receipt({ amount: 10n ** 9n, completedAtMs: asOfMs - days * dayMs }),
  ]
  const scores = [0, 10, 20, 29].map((days) => scoreOf(aged(days)))
  expect(scores).toEqual([...scores].sort((a, b) => b - a))
  expect(reputationOf(aged(30), terms)).toMatchObject({ scoreMilli: 0, receipts: 0, clients: 0 })
  const { receiptsMax } = reputationTerms
  const more = Array.from({ length: receiptsMax + 5 }, (_, index) =>
    receipt({ client: `c${index}` }),
  )
  expect(reputationOf(more, terms).clients).toBe(receiptsMax)
})

test('REP-5: one more receipt never lowers a score', () => {
  fc.assert(
    fc.property(fc.array(anyReceipt, { maxLength: 40 }), anyReceipt, (drawn, one) => {
      const receipts = drawn.map(made)
      expect(scoreOf([...receipts, made(one)])).toBeGreaterThanOrEqual(scoreOf(receipts))
    }),
  )
})

test('REP-6: what the miner did not sign makes nothing, whatever was paid, and is told apart', () => {
  fc.assert(
    fc.property(fc.array(anyReceipt, { maxLength: 20 }), fc.array(anyReceipt), (drawn, others) => {
      const signed = drawn.map(made)
      const unsigned = others.map((each) => ({ ...made(each), isSigned: false }))
      const { unsigned: left, ...counted } = reputationOf([...unsigned, ...signed], terms)
      const { unsigned: none, ...alone } = reputationOf(signed, terms)
      expect(counted).toEqual(alone)
      expect(none).toEqual({ receipts: 0, amount: 0n, cost: 0n })
      const recent = unsigned.filter(
        ({ completedAtMs }) => asOfMs - completedAtMs < reputationTerms.windowMs,
      )
      expect(left.receipts).toBe(recent.length)
      expect(left.amount).toBe(recent.reduce((sum, { amount }) => sum + amount, 0n))
    }),
  )
  expect(scoreOf([receipt({ amount: 10n ** 12n, isSigned: false })])).toBe(0)
})
