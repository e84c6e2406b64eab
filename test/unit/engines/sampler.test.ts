import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createRandom,
  createSampler,
  likeliest,
} from '../../../miner-agent/engines/embedded/runtime/sampler.ts'

const scores = fc
  .array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 1, maxLength: 50 })
  .map((list) => Float64Array.from(list))

function drawMany(list: readonly number[], options: { temperature: number; topP: number }) {
  const sample = createSampler({ ...options, seed: 42 })
  const counts = list.map(() => 0)
  const input = Float64Array.from(list)
  for (let i = 0; i < 20_000; i++) {
    const token = sample(input)
    counts[token] = (counts[token] ?? 0) + 1
  }
  return counts.map((count) => count / 20_000)
}

describe('sampler', () => {
  test('picks the highest score, and the lowest id of equals', () => {
    expect(likeliest(Float64Array.from([1, 5, 3, 5]))).toBe(1)
    expect(likeliest(Float64Array.from([-2]))).toBe(0)
    const greedy = createSampler({ temperature: 0, topP: 1, seed: 1 })
    fc.assert(
      fc.property(scores, (list) => {
        const best = greedy(list)
        expect(list[best]).toBe(Math.max(...list))
        expect(list.indexOf(list[best] as number)).toBe(best)
      }),
    )
  })

  test('the same seed draws the same, whatever the scores', () => {
    fc.assert(
      fc.property(scores, fc.nat(), (list, seed) => {
        const options = { temperature: 0.8, topP: 0.9, seed }
        const [first, second] = [createSampler(options), createSampler(options)]
        for (let i = 0; i < 5; i++) expect(second(list)).toBe(first(list))
      }),
    )
  })

  test('draws each token as often as its probability says', () => {
    const shares = [0.5, 0.3, 0.15, 0.05]
    const drawn = drawMany(shares.map(Math.log), { temperature: 1, topP: 1 })
    for (const [token, share] of shares.entries()) expect(drawn[token]).toBeCloseTo(share, 1)
  })

  test('top-p leaves out the unlikely, but never everything', () => {
    const logs = [0.15, 0.5, 0.05, 0.3].map(Math.log)
    const most = drawMany(logs, { temperature: 1, topP: 0.75 })
    expect(most[0]).toBe(0)
    expect(most[2]).toBe(0)
    expect(most[1]).toBeCloseTo(0.625, 1)
    expect(drawMany(logs, { temperature: 1, topP: 0.000_001 })).toEqual([0, 1, 0, 0])
  })

  test('a higher temperature evens out, a lower one sharpens', () => {
    const logs = [0.7, 0.3].map(Math.log)
    const [cold, warm, hot] = [0.2, 1, 5].map(
      (temperature) => drawMany(logs, { temperature, topP: 1 })[0] as number,
    ) as [number, number, number]
    expect(cold).toBeGreaterThan(warm)
    expect(warm).toBeGreaterThan(hot)
  })

  test('random numbers are spread over 0 to below 1', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = createRandom(seed)
        const buckets = new Array<number>(8).fill(0)
        for (let i = 0; i < 4_000; i++) {
          const number = random()
          expect(number >= 0 && number < 1).toBe(true)
          const bucket = Math.floor(number * 8)
          buckets[bucket] = (buckets[bucket] ?? 0) + 1
        }
        for (const count of buckets) expect(Math.abs(count - 500)).toBeLessThan(150)
      }),
      { numRuns: 20 },
    )
  })
})
