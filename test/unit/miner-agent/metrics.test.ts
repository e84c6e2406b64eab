import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { serveMetrics } from '../../../miner-agent/metrics.ts'
import { count, newTally } from '../../../miner-agent/tally.ts'

const standing = {
  connected: true,
  models: 1,
  draining: false,
  running: 2,
  waiting: 0,
  unreleased: 3,
  held: 1,
  unsettledAmount: 150_000_000n,
}

test('metrics are counts and sums, each with its help and type, under one path', async () => {
  const tally = { ...newTally(), settledAmount: 25_000_000n, offers: 7, computeMs: 2_500 }
  count(tally.rejected, 'QUEUE_FULL')
  count(tally.refused, 'odd"} 1\naitbc_miner_offers_total 99')
  const served = await serveMetrics({ host: '127.0.0.1', port: 0 }, () => ({ tally, standing }))
  if (!served.ok) throw new Error(served.error.message)
  const { port } = served.value.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
  const text = await answer.text()
  expect(answer.headers.get('content-type')).toContain('version=0.0.4')
  expect(text).toContain('\naitbc_miner_offers_total 7\n')
  expect(text).toContain('\naitbc_miner_unsettled_aitbc 1.5\n')
  expect(text).toContain('\naitbc_miner_settled_aitbc_total 0.25\n')
  expect(text).toContain('aitbc_miner_rejected_total{code="QUEUE_FULL"} 1\n')
  expect(text.match(/^aitbc_miner_offers_total /gm)).toHaveLength(1)
  expect(text).toContain('\naitbc_miner_compute_seconds_total 2.5\n')
  expect(text).toContain('\nprocess_cpu_seconds_total ')
  for (const line of text.trimEnd().split('\n')) {
    if (!/^(?:# \w+ )?aitbc/.test(line)) continue
    expect(line).toMatch(
      /^(?:# (?:HELP|TYPE) \S+ .+|aitbc_miner_[a-z_]+(?:\{code="[\w.-]+"\})? [\d.]+)$/,
    )
  }
  // Read again, nothing has been added to itself.
  expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain(
    '\naitbc_miner_offers_total 7\n',
  )
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404)

  const posted = await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])

  const taken = await serveMetrics({ host: '127.0.0.1', port }, () => ({ tally, standing }))
  expect(taken.ok ? '' : taken.error.message).toContain('--metrics-addr')
  served.value.close()
})

test.each([
  [{}, 200, undefined],
  [{ connected: false }, 503, 'no connection to the site'],
  [{ models: 0 }, 503, 'the engine has no model to offer'],
  [{ draining: true }, 503, 'draining'],
])('health with %j is %i', async (change, status, reason) => {
  const now = { ...standing, ...change }
  const served = await serveMetrics({ host: '127.0.0.1', port: 0 }, () => ({
    tally: newTally(),
    standing: now,
  }))
  if (!served.ok) throw new Error(served.error.message)
  const { port } = served.value.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`)
  expect(answer.status).toBe(status)
  expect(await answer.json()).toMatchObject({
    status: status === 200 ? 'ok' : 'unavailable',
    ...(reason === undefined ? {} : { reason }),
    jobs: { running: 2, unreleased: 3 },
  })
  served.value.close()
})
