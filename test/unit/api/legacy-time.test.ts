/** The original's spelling of times, against the host's calendar. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatLegacyTime } from '../../../core/base/time.ts'

const spelled = (ms: number) => new Date(ms).toISOString().replace('Z', '000')

test('a time is spelled like the original: naive UTC with six decimals', () => {
  expect(formatLegacyTime(Date.UTC(2026, 1, 14, 12, 0, 0, 123))).toBe('2026-02-14T12:00:00.123000')
  expect(formatLegacyTime(0)).toBe('1970-01-01T00:00:00.000000')
  expect(formatLegacyTime(Date.UTC(2000, 1, 29, 23, 59, 59, 999))).toBe(
    '2000-02-29T23:59:59.999000',
  )
})

test('every time agrees with the calendar of the host', () => {
  const latest = Date.UTC(9999, 11, 31)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: latest }), (ms) => {
      expect(formatLegacyTime(ms)).toBe(spelled(ms))
    }),
    { numRuns: 2_000 },
  )
})
