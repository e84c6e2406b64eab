/** Prices of a place and hour, and of a GPU-second. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bookingCost, slotsPerHour } from '../../../core/market/booking.ts'
import { timePrices } from '../../../core/market/time-price.ts'

const none = { pricePerHour: undefined, pricePerGpuSecond: undefined }
const gpus = fc.integer({ min: 1, max: 16 })
const places = fc.integer({ min: 1, max: 64 })
const price = fc.bigInt({ min: 0n, max: 10n ** 9n })

test.each([
  [{ pricePerHour: 72_000_000n, gpus: 1, places: 1 }, { pricePerGpuSecond: 20_000n }],
  // Four places of one GPU: a second of it is a second of all four.
  [{ pricePerHour: 18_000_000n, gpus: 1, places: 4 }, { pricePerGpuSecond: 20_000n }],
  [{ pricePerGpuSecond: 20_000n, gpus: 1, places: 4 }, { pricePerHour: 18_000_000n }],
  [{ pricePerGpuSecond: 20_000n, gpus: 2, places: 1 }, { pricePerHour: 144_000_000n }],
  [{ pricePerHour: 7n, pricePerGpuSecond: 9n, gpus: 1, places: 1 }, { pricePerGpuSecond: 0n }],
  [{ pricePerHour: 7n, gpus: 0, places: 1 }, { pricePerGpuSecond: undefined }],
  [{ pricePerHour: 7n, gpus: 1, places: 0 }, { pricePerGpuSecond: undefined }],
  [{ pricePerGpuSecond: 7n, gpus: 0, places: 1 }, { pricePerHour: undefined }],
  [{ pricePerGpuSecond: 2n ** 63n, gpus: 1, places: 1 }, { pricePerHour: undefined }],
  [{ gpus: 1, places: 1 }, none],
])('TIME-1: %o', (stated, expected) => {
  const { gpus: _gpus, places: _places, ...prices } = stated as Record<string, bigint | number>
  expect(timePrices({ ...none, ...stated })).toEqual({ ...none, ...prices, ...expected })
})

test('TIME-2: a stated second comes back from the hour that follows', () => {
  fc.assert(
    fc.property(gpus, places, price, (of, by, second) => {
      const there = timePrices({ ...none, pricePerGpuSecond: second, gpus: of, places: by })
      const back = timePrices({ ...there, pricePerGpuSecond: undefined, gpus: of, places: by })
      expect(back).toEqual(there)
      if (of === by) expect(there.pricePerHour).toBe(second * 3_600n)
    }),
  )
})

test('TIME-3: what booking all places holds is the price of all GPU-seconds, but for rounding', () => {
  const hours = fc.integer({ min: 1, max: 720 })
  fc.assert(
    fc.property(gpus, places, price, hours, (of, by, second, asked) => {
      const { pricePerHour = 0n } = timePrices({
        ...none,
        pricePerGpuSecond: second,
        gpus: of,
        places: by,
      })
      const slots = asked * slotsPerHour
      const cost = bookingCost({ slots, places: by, pricePerHour })
      if (!cost.ok) throw new Error(cost.error.code)
      const exact = second * BigInt(of) * 3_600n * BigInt(asked)
      const difference = cost.value.total - exact
      // The hour is rounded to half a unit a place, the slot up by less than one.
      expect(2n * difference).toBeGreaterThanOrEqual(BigInt(-by * asked))
      expect(difference).toBeLessThan(BigInt(slots + by * asked))
      if (of === by) expect(difference).toBe(0n)
    }),
  )
})
