import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chargeOf, priceOf } from '../../../core/jobs/pricing.ts'

test.each([
  [1, 0, 1n],
  [1_000, 0, 1n],
  [1_001, 0, 2n],
  [500, 250, 1n],
  [500, 251, 2n],
])('PRICE-1: %d prompt and %d answer tokens at 1 and 2 cost %d', (prompt, completion, units) => {
  const tokens = { promptTokens: prompt, completionTokens: completion }
  expect(priceOf({ promptPer1000: 1n, completionPer1000: 2n }, tokens)).toBe(units)
})

test('PRICE-1: rounding happens once, whatever the split', () => {
  const amounts = fc.bigInt(0n, 10n ** 12n)
  const counts = fc.nat(100_000)
  fc.assert(
    fc.property(amounts, amounts, counts, counts, (pIn, pOut, prompt, completion) => {
      const exact = BigInt(prompt) * pIn + BigInt(completion) * pOut
      const tokens = { promptTokens: prompt, completionTokens: completion }
      const price = priceOf({ promptPer1000: pIn, completionPer1000: pOut }, tokens)
      expect(price * 1_000n >= exact && price * 1_000n < exact + 1_000n).toBe(true)
    }),
  )
})

test.each([
  [5n, 5n],
  [1n, 1n],
  [100n, 6n],
])('PRICE-2: a limit of %d charges %d', (limit, expected) => {
  const price = { promptPer1000: 1_000n, completionPer1000: 1_000n }
  expect(chargeOf(price, { promptTokens: 2, completionTokens: 4 }, limit)).toBe(expected)
})

test('PRICE-2: a free job is charged one base unit, so that its receipt is anchored', () => {
  const free = { promptPer1000: 0n, completionPer1000: 0n }
  expect(chargeOf(free, { promptTokens: 9, completionTokens: 9 }, 10n)).toBe(1n)
})
