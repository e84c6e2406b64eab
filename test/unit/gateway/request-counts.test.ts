/** Requests are counted in memory and told in heaps. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CountReport } from '../../../core/api/coordinator-figures.ts'
import {
  countRequest,
  countVital,
  isDue,
  labelOf,
  tellCounts,
  tellEveryMs,
} from '../../../workers/gateway/request-counts.ts'

const told = () => {
  const reports: CountReport[] = []
  return { reports, countRequests: async (report: CountReport) => void reports.push(report) }
}

test('METRICS-3: many requests are one report, with every count in it', async () => {
  const env = {}
  const to = told()
  for (let n = 0; n < 1_000; n += 1) {
    countRequest(env, { route: '/jobs', method: 'GET', status: n % 10 === 0 ? 404 : 200 }, 5)
  }
  countRequest(env, { route: '/jobs', method: 'BREW', status: 503 }, 6)
  countRequest(env, { route: '/jobs', method: 'SPILL', status: 500 }, 6)
  countVital(env, 'LCP', 2)
  countVital(env, 'LCP', 3)
  expect([isDue(env, 5 + tellEveryMs - 1), isDue(env, 5 + tellEveryMs)]).toEqual([false, true])
  await tellCounts(env, to, 10)
  expect(to.reports).toEqual([
    {
      requests: expect.arrayContaining([
        { endpoint: '/jobs', method: 'GET', outcome: 'ok', count: 900 },
        { endpoint: '/jobs', method: 'GET', outcome: 'invalid_request', count: 100 },
        { endpoint: '/jobs', method: 'OTHER', outcome: 'internal', count: 2 },
      ]),
      vitals: [{ name: 'LCP', count: 2, sum: 5 }],
    },
  ])
  expect(to.reports[0]?.requests).toHaveLength(3)
  expect(isDue(env, 1e12)).toBe(false)
  await tellCounts(env, to, 11)
  expect(to.reports).toHaveLength(1)
})

test('METRICS-3: what could not be told is told later, and nothing is told twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ status: fc.constantFrom(200, 404, 500), fails: fc.boolean() }), {
        maxLength: 40,
      }),
      async (steps) => {
        const env = {}
        const to = told()
        for (const { status, fails } of steps) {
          countRequest(env, { route: '/match', method: 'POST', status }, 1)
          countVital(env, 'CLS', 1)
          const lost = { countRequests: () => Promise.reject(new Error('away')) }
          await tellCounts(env, fails ? lost : to, 2)
        }
        await tellCounts(env, to, 3)
        const counts = to.reports.flatMap(({ requests }) => requests.map(({ count }) => count))
        const vitals = to.reports.flatMap((report) => report.vitals.map(({ count }) => count))
        const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0)
        expect([sum(counts), sum(vitals)]).toEqual([steps.length, steps.length])
      },
    ),
    { numRuns: 100 },
  )
})

test('METRICS-4: a route is told without its spelling and without what varies', () => {
  expect(labelOf('/api/v1/jobs/:id')).toBe('/jobs/{id}')
  expect(labelOf('/v1/models/:name{.+}')).toBe('/models/{name}')
  expect(labelOf('/api/jobs/:id')).toBe('/jobs/{id}')
  expect(labelOf('/rpc/blocks/:at')).toBe('/rpc/blocks/{at}')
  expect(labelOf('/metrics')).toBe('/metrics')
})
