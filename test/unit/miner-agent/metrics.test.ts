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
  unsettledAmount: 150_000_000n,
}

test('metrics are counts and sums, each with its help and type, under one path', async () => {
  const tally = { ...newTally(), settledAmount: 25_000_000n, offers: 7 }
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
  for (const line of text.trimEnd().split('\n')) {
    expect(line).toMatch(
      /^(?:# (?:HELP|TYPE) \S+ .+|aitbc_miner_[a-z_]+(?:\{code="[\w.-]+"\})? [\d.]+)$/,
    )
  }
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404)

  const taken = await serveMetrics({ host: '127.0.0.1', port }, () => ({ tally, standing }))
  expect(taken.ok ? '' : taken.error.message).toContain('--metrics-addr')
  served.value.close()
})
