import fc from 'fast-check'
import { expect, test } from 'vitest'
import { etaOf, placesOf } from '../../../core/jobs/eta.ts'

const server = (over = {}) => ({
  concurrency: 2,
  inflight: 0,
  tokensPerSecond: 50,
  firstTokenMs: 200,
  ...over,
})

test('ETA-1: nothing measured gives no time', () => {
  const unmeasured = server({ tokensPerSecond: undefined, firstTokenMs: undefined })
  const asked = { before: 0, maxTokens: 100, meanMs: undefined }
  expect(etaOf({ ...asked, servers: [] })).toBeUndefined()
  expect(etaOf({ ...asked, servers: [unmeasured] })).toBeUndefined()
})

test('ETA-2: with a free place the slowest measure counts', () => {
  const servers = [server(), server({ tokensPerSecond: 10, firstTokenMs: 500 })]
  expect(etaOf({ servers, before: 0, maxTokens: 100, meanMs: 9_000 })).toEqual({
    startMs: 500,
    endMs: 10_500,
  })
})

test('ETA-2: without one, those before it take their turns', () => {
  const servers = [server({ inflight: 2 })]
  const of = (before: number) => etaOf({ servers, before, maxTokens: 100, meanMs: 1_000 })?.startMs
  // Two places, a second each: half a round, then one round more for every two before it.
  expect([of(0), of(1), of(2), of(5)]).toEqual([700, 700, 1_700, 2_700])
})

test('ETA-2: more jobs before it never mean sooner', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000 }),
      fc.integer({ min: 0, max: 16_384 }),
      fc.double({ min: 0.01, max: 10_000, noNaN: true }),
      fc.option(fc.integer({ min: 1, max: 3_600_000 }), { nil: undefined }),
      (before, maxTokens, tokensPerSecond, meanMs) => {
        const servers = [server({ inflight: 2, tokensPerSecond })]
        const now = etaOf({ servers, before, maxTokens, meanMs })
        const later = etaOf({ servers, before: before + 1, maxTokens, meanMs })
        if (!now || !later) throw new Error('it was measured')
        expect(later.startMs).toBeGreaterThanOrEqual(now.startMs)
        expect(now.endMs).toBeGreaterThanOrEqual(now.startMs)
        expect(Number.isSafeInteger(later.endMs)).toBe(true)
      },
    ),
  )
})

test('ETA-2: places are counted, and one without bound makes them so', () => {
  expect(placesOf([server({ inflight: 1 }), server({ inflight: 5 })])).toEqual({
    places: 4,
    free: 1,
  })
  expect(placesOf([server(), server({ concurrency: 0, inflight: 9 })])).toEqual({
    places: undefined,
    free: 3,
  })
})
