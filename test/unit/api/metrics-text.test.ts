/** The text of metrics, against the library that everybody uses. */
import fc from 'fast-check'
import { Counter, Gauge, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { type Metric, metricsMediaType, metricsText } from '../../../core/api/metrics-text.ts'
import { type MetricSources, siteMetrics } from '../../../core/api/site-metrics.ts'

/** What the library writes of the same metrics. */
async function libraryText(metrics: readonly Metric[]): Promise<string> {
  const registry = new Registry()
  for (const { name, type, help, samples } of metrics) {
    const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels ?? {})))]
    const options = { name, help, labelNames, registers: [registry] }
    const metric = type === 'counter' ? new Counter(options) : new Gauge(options)
    for (const { labels = {}, value } of samples) metric.inc(labels, Number(value))
  }
  return await registry.metrics()
}

const label = fc.string({ unit: 'grapheme', maxLength: 12 })

test('METRICS-1: the text is what the usual library writes of the same values', async () => {
  const metric = fc.record({
    type: fc.constantFrom('counter' as const, 'gauge' as const),
    help: fc.string({ minLength: 1, maxLength: 20 }),
    samples: fc.uniqueArray(
      fc.record({ labels: fc.record({ a: label, b: label }), value: fc.nat() }),
      { minLength: 1, maxLength: 4, selector: ({ labels: { a, b } }) => JSON.stringify([a, b]) },
    ),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(metric, { minLength: 1, maxLength: 3 }), async (given) => {
      const metrics = given.map((each, index) => ({ ...each, name: `metric_${index}` }))
      expect(metricsText(metrics)).toBe(await libraryText(metrics))
    }),
    { numRuns: 50 },
  )
  expect(metricsMediaType).toBe(new Registry().contentType)
})

const sources: MetricSources = {
  figures: {
    totals: {
      jobs: 5,
      completed: 2,
      failed: 1,
      canceled: 1,
      expired: 0,
      promptTokens: 10,
      completionTokens: 20,
      charged: 2n ** 60n,
      settled: 2,
      settledUnits: 7n,
      unpayable: 0,
    },
    queued: 1,
    running: 0,
    agents: 1,
    legacyMiners: 2,
    inflight: 0,
    startedAtMs: 1_000,
    requests: [
      { endpoint: '/jobs', method: 'GET', outcome: 'ok', count: 3 },
      { endpoint: '/jobs', method: 'GET', outcome: 'internal', count: 1 },
      { endpoint: '/jobs', method: 'POST', outcome: 'invalid_request', count: 2 },
    ],
    vitals: [{ name: 'LCP', count: 2, sum: 10.5 }],
  },
  chain: undefined,
  index: { transactions: 4, settlements: 2, accounts: 3 },
}

test('METRICS-1: names are the original’s, and each name comes once', () => {
  const metrics = siteMetrics(sources)
  const names = metrics.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { name, type } of metrics)
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter'])
  const text = metricsText(metrics)
  expect(text).toContain('marketplace_requests_total{endpoint="/jobs",method="GET"} 4\n')
  expect(text).toContain(
    'marketplace_errors_total{endpoint="/jobs",method="POST",error_type="invalid_request"} 2\n',
  )
  expect(text).toContain('up{part="chain"} 0\n')
  // Money is exact, whatever a number can hold.
  expect(text).toContain('payments_charged_units_total 1152921504606846976\n')
})

test('METRICS-4: no label is open to callers', () => {
  const open = siteMetrics(sources).flatMap(({ samples }) =>
    samples.flatMap(({ labels }) => Object.keys(labels ?? {})),
  )
  expect([...new Set(open)].sort()).toEqual([
    'endpoint',
    'error_type',
    'kind',
    'method',
    'name',
    'part',
    'state',
  ])
})
