/** The summaries that benchmarks report. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quantile, summaryOf } from '../../../bench/support/statistics.ts'

test('a summary of a hundred samples names ranks, not neighbours', () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(summaryOf(samples)).toEqual({ count: 100, min: 1, p50: 50, p99: 99, max: 100, mean: 50.5 })
})

test('a summary of nothing has no numbers to mistake for a result', () => {
  expect(summaryOf([])).toEqual({ count: 0, min: 0, p50: 0, p99: 0, max: 0, mean: 0 })
})

test('a quantile is a sample, and no more than its share lies below', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (samples, share) => {
        const sorted = [...samples].sort((a, b) => a - b)
        const value = quantile(sorted, share)
        expect(sorted).toContain(value)
        const below = sorted.filter((sample) => sample < value).length
        const upTo = sorted.filter((sample) => sample <= value).length
        expect(below).toBeLessThan(share * sorted.length + 1e-9)
        expect(upTo).toBeGreaterThanOrEqual(share * sorted.length - 1e-9)
      },
    ),
  )
})
