import { describe, expect, test } from 'vitest'
import { err, ok } from '../../../core/base/result.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import {
  legacyReceiptText,
  sealLegacyReceipt,
  signLegacyReceipt,
  verifyLegacyReceipt,
} from '../../../core/jobs/legacy-receipt.ts'
import { coordinator, miner } from '../jobs/fixtures.ts'
import { app, errorOf, jobId, jobStream, pledge, record } from './app.ts'

describe('JOBHTTP-7: receipts', () => {
  const text = legacyReceiptText({
    receiptId: 'cd'.repeat(16),
    jobId,
    provider: 'miner-a',
    client: 'client-1',
    amount: 200_000_000n,
    requestedAtMs: 1_770_000_000_000,
    startedAtMs: 1_770_000_000_000,
    completedAtMs: 1_770_000_001_000,
    payload: { prompt: 'hé' },
    constraints: {},
    result: { output: 'x' },
    metrics: { duration_ms: 1_000 },
    hasMinerSignature: true,
  })
  const sealed = sealLegacyReceipt(text, {
    signature: signLegacyReceipt(text, miner),
    attestations: [signLegacyReceipt(text, coordinator)],
  })
  const bundle = {
    legacy: JSON.parse(sealed) as Record<string, unknown>,
    legacyText: sealed,
    canonical: Uint8Array.of(1),
    minerSignature: Uint8Array.of(2),
    release: Uint8Array.of(3),
    releaseSignature: Uint8Array.of(4),
    authorisation: Uint8Array.of(5),
    authorisationSignature: Uint8Array.of(6),
  }
  const verifies = (receipt: string) => verifyLegacyReceipt(receipt, nobleVerifier).ok

  test('JOBHTTP-7: as text that still verifies', async () => {
    const { call } = app({ receipt: async () => ok(bundle) })
    const response = await call('GET', `/v1/jobs/${jobId}/receipt`)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(verifies(await response.text())).toBe(true)
  })

  test('JOBHTTP-7: within the result', async () => {
    const job = record({ state: 'completed' })
    const { call } = app({
      result: async () => ok({ job, result: { output: 'x' }, receipt: bundle.legacy }),
    })
    const body = await (await call('GET', `/v1/jobs/${jobId}/result`)).text()
    expect(JSON.parse(body)).toMatchObject({ state: 'COMPLETED', result: { output: 'x' } })
    expect(verifies(body.slice(body.indexOf('"receipt":') + 10, -1))).toBe(true)
  })

  test('JOBHTTP-7: as a list, empty while there is none', async () => {
    const some = app({ receipt: async () => ok(bundle) })
    const body = await (await some.call('GET', `/v1/jobs/${jobId}/receipts`)).text()
    expect(verifies(body.slice('{"items":['.length, -2))).toBe(true)
    const none = app({ receipt: async () => err({ code: 'RECEIPT_NOT_FOUND' }) })
    expect(await (await none.call('GET', `/v1/jobs/${jobId}/receipts`)).json()).toEqual({
      items: [],
    })
    const response = await none.call('GET', `/v1/jobs/${jobId}/receipt`)
    expect(await errorOf(response)).toMatchObject({ status: 404, detail: 'receipt not available' })
  })

  test('JOBHTTP-7: as a bundle', async () => {
    const { call } = app({ receipt: async () => ok(bundle) })
    const body = await (await call('GET', `/v1/jobs/${jobId}/receipt?format=bundle`)).json()
    expect(body).toEqual({
      legacy: bundle.legacy,
      canonical: '01',
      miner_signature: '02',
      release: '03',
      release_signature: '04',
      authorisation: '05',
      authorisation_signature: '06',
      legacy_text: sealed,
    })
  })
})

describe('JOBHTTP-8: the stream', () => {
  const events = [
    { type: 'state', state: 'running', miner_id: 'miner-a', attempt: 1 },
    { type: 'text', text: 'hé\n', tokens: 1 },
    { type: 'end', state: 'completed', finish: 'stop' },
  ]

  test('JOBHTTP-8: events by name, data as it came', async () => {
    const { call } = app({ streamJob: async () => ok(jobStream(events)) })
    const response = await call('GET', `/v1/jobs/${jobId}/stream`)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const blocks = (await response.text()).trim().split('\n\n')
    expect(blocks).toEqual(
      events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}`),
    )
  })

  test('JOBHTTP-8: a reader that leaves while nothing comes stops reading at once', async () => {
    const left = pledge()
    const stream = jobStream(events.slice(0, 1), { staysOpen: true, onCancel: left.keep })
    const { call, calls } = app({ streamJob: async () => ok(stream) })
    const response = await call('GET', `/v1/jobs/${jobId}/stream`)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await reader.cancel()
    await left.kept
    expect(calls.map(({ method }) => method)).not.toContain('cancelJob')
  })
})
