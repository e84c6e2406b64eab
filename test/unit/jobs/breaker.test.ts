import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Breaker,
  breakerLimits,
  closedBreaker,
  failed,
  mayTry,
  released,
  succeeded,
  tried,
  withClock,
} from '../../../core/jobs/breaker.ts'

const fail = (
  breaker: Breaker,
  nowMs: number,
  attemptId = 'x',
  weight: number = breakerLimits.failureWeight,
) => failed(breaker, { attemptId, weight, reason: 'lapsed' }, nowMs)

function opened(nowMs: number): Breaker {
  let breaker = closedBreaker
  for (let count = 0; count < breakerLimits.failuresMax; count += 1) breaker = fail(breaker, nowMs)
  return breaker
}

test('BREAK-1: five failures in a row open it, four and a success do not', () => {
  let breaker = closedBreaker
  for (let count = 0; count < 4; count += 1) breaker = fail(breaker, 0)
  expect(breaker.state).toBe('closed')
  expect(mayTry(breaker, 0)).toBe(true)
  expect(succeeded().failures).toBe(0)
  breaker = fail(breaker, 0)
  expect(breaker).toMatchObject({ state: 'open', reason: 'lapsed' })
  expect(mayTry(breaker, breakerLimits.openMs - 1)).toBe(false)
})

test('BREAK-1: two results that cannot be true open it', () => {
  const once = fail(closedBreaker, 0, 'x', breakerLimits.implausibleWeight)
  expect(once.state).toBe('closed')
  expect(fail(once, 0, 'y', breakerLimits.implausibleWeight).state).toBe('open')
})

test('BREAK-2: one job tries it; failing doubles the pause, delivering forgives', () => {
  let breaker = opened(0)
  let nowMs = breaker.untilMs
  for (const pauseMs of [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
    expect(mayTry(breaker, nowMs)).toBe(true)
    breaker = tried(breaker, 'probe')
    expect(mayTry(breaker, nowMs)).toBe(false)
    // Attempts from before say nothing of the trial.
    expect(fail(breaker, nowMs, 'older')).toEqual(breaker)
    breaker = fail(breaker, nowMs, 'probe')
    expect(breaker.untilMs - nowMs).toBe(pauseMs)
    nowMs = breaker.untilMs
  }
  expect(succeeded()).toEqual(closedBreaker)
})

test('BREAK-3: a trial that is canceled lets the next job try', () => {
  const half = tried(opened(0), 'probe')
  expect(released(half, 'other')).toEqual(half)
  expect(mayTry(released(half, 'probe'), 0)).toBe(true)
})

test('BREAK-4: however the clock jumps, it may be tried five minutes later', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 41 }),
      fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      (openedMs, jumpMs) => {
        const nowMs = openedMs + jumpMs
        const seen = withClock(opened(openedMs), nowMs)
        expect(mayTry(seen, nowMs + breakerLimits.openMsMax)).toBe(true)
      },
    ),
  )
})
