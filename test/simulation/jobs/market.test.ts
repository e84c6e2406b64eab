import { expect, test } from 'vitest'
import { runMarket } from './market.ts'

const seeds = Array.from({ length: 60 }, (_, index) => index + 1)

test('JOB-5, JOB-14, JOB-18, HOLD-3, HOLD-5: no seed completes twice, pays twice, or leaves a job stuck', () => {
  const totals: Record<string, number> = {}
  let late = 0
  let settled = 0
  let parts = 0
  for (const seed of seeds) {
    let report: ReturnType<typeof runMarket>
    try {
      report = runMarket(seed, 600)
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`)
    }
    for (const [state, count] of Object.entries(report.states)) {
      totals[state] = (totals[state] ?? 0) + count
    }
    late += report.latePaid
    settled += report.settled
    parts += report.partsPaid
  }
  // Every end was met, or the seeds say nothing.
  for (const state of ['completed', 'failed', 'canceled', 'expired']) {
    expect(totals[state], state).toBeGreaterThan(10)
  }
  expect(late).toBeGreaterThan(5)
  expect(parts).toBeGreaterThan(10)
  expect(settled).toBe((totals['completed'] ?? 0) + parts)
})

test('JOB-5: the same seed gives the same run', () => {
  expect(runMarket(7, 400)).toEqual(runMarket(7, 400))
})
