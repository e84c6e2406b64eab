import { describe, expect, test } from 'vitest'
import { err, ok } from '../../../core/base/result.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import {
  legacyReceiptText,
  sealLegacyReceipt,
  signLegacyReceipt,
  verifyLegacyReceipt,
} from '../../../core/jobs/legacy-receipt.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { coordinator } from '../jobs/fixtures.ts'
import { app, errorOf, jobId } from './app.ts'

const key = 'miner-key-1'
const base = '/v1/miners'

describe('MINERHTTP-1: what the original’s programs send', () => {
  test('MINERHTTP-1: register, with a name for people', async () => {
    const { call, calls } = app({
      registerMiner: async () => ok({ sessionToken: 'ab'.repeat(16) }),
    })
    const capabilities = { gpu: { model: 'RTX' } }
    const response = await call('POST', `${base}/register?miner_id=host-1`, { capabilities }, key)
    expect(await response.json()).toEqual({ status: 'ok', session_token: 'ab'.repeat(16) })
    expect(calls.at(-1)?.args[1]).toEqual({
      minerId: 'host-1',
      capabilities,
      concurrency: 1,
      region: undefined,
    })
  })

  test.each([[{}], [{ capabilities: 'x' }], [{ capabilities: {}, concurrency: -1 }]])(
    'MINERHTTP-1: register with %j is 422',
    async (body) => {
      const response = await app().call('POST', `${base}/register`, body, key)
      expect(await errorOf(response)).toMatchObject({ status: 422, code: 'VALIDATION_ERROR' })
    },
  )

  test.each([
    [undefined, { inflight: 0, status: 'ONLINE' }],
    [{}, { inflight: 0, status: 'ONLINE' }],
    [
      { status: 'active', current_jobs: 1, gpu_utilization: 5 },
      { inflight: 1, status: 'active' },
    ],
  ])('MINERHTTP-1: heartbeat %j', async (body, beat) => {
    const { call, calls } = app({ heartbeatMiner: async () => ok(null) })
    const response = await call('POST', `${base}/heartbeat`, body, key)
    expect(await response.json()).toEqual({ status: 'ok' })
    expect(calls.at(-1)?.args[1]).toEqual(beat)
  })

  test.each([
    [{ result: { output: 'x' }, metrics: { m: 1 } }, { output: 'x' }, { m: 1 }],
    [{ result: 'x', success: true }, { status: 'completed', output: 'x' }, {}],
    [{ result: 'no', success: false }, { status: 'failed', error: 'no' }, {}],
  ])('MINERHTTP-1: result %j', async (body, result, metrics) => {
    const { call, calls } = app({ finishMinerJob: async () => ok({ receipt: null }) })
    const response = await call('POST', `${base}/${jobId}/result`, body, key)
    expect(await response.json()).toEqual({ status: 'ok', receipt: null })
    expect(calls.at(-1)?.args[1]).toEqual({ jobId, result, metrics })
  })

  test.each([[{}], [{ result: 5 }], [{ result: null }]])(
    'MINERHTTP-1: result %j is 422',
    async (body) => {
      const response = await app().call('POST', `${base}/${jobId}/result`, body, key)
      expect((await errorOf(response)).status).toBe(422)
    },
  )

  test('MINERHTTP-1: fail', async () => {
    const { call, calls } = app({ failMinerJob: async () => ok(null) })
    const body = { error_code: 'OOM', error_message: 'out of memory', metrics: {} }
    expect((await call('POST', `${base}/${jobId}/fail`, body, key)).status).toBe(200)
    expect(calls.at(-1)?.args[1]).toEqual({ jobId, code: 'OOM', message: 'out of memory' })
  })

  test.each([
    ['heartbeat', 'heartbeatMiner', 'MINER_NOT_REGISTERED', 404, {}],
    ['poll', 'pollMiner', 'MINER_NOT_REGISTERED', 404, {}],
    [`${jobId}/result`, 'finishMinerJob', 'JOB_NOT_FOUND', 404, { result: {} }],
    [`${jobId}/result`, 'finishMinerJob', 'LEASE_NOT_HELD', 409, { result: {} }],
    [`${jobId}/result`, 'finishMinerJob', 'ALREADY_COMPLETED', 409, { result: {} }],
    [`${jobId}/result`, 'finishMinerJob', 'RESULT_INVALID', 422, { result: {} }],
    [
      `${jobId}/fail`,
      'failMinerJob',
      'LEASE_NOT_HELD',
      409,
      { error_code: 'a', error_message: 'b' },
    ],
  ] as const)('MINERHTTP-1: %s: %s refuses with %s', async (path, name, code, status, body) => {
    const { call } = app({ [name]: async () => err({ code }) })
    const response = await call('POST', `${base}/${path}`, body, key)
    expect(await errorOf(response)).toMatchObject({ code, status })
  })

  test('MINERHTTP-1: a client’s key is none here', async () => {
    expect((await app().call('POST', `${base}/heartbeat`, {})).status).toBe(401)
  })
})

describe('MINERHTTP-2: polling', () => {
  const job = { job_id: jobId, payload: { type: 'inference' }, constraints: { region: 'eu' } }
  const shown = {
    ...job,
    constraints: {
      gpu: null,
      cuda: null,
      min_vram_gb: null,
      models: null,
      region: 'eu',
      max_price: null,
    },
  }

  test.each([
    ['POST', '', { max_wait_seconds: 5 }, jobLimits.pollWaitMsMax],
    ['POST', '', { max_wait_seconds: 1.5 }, 1_500],
    ['POST', '', undefined, jobLimits.pollWaitMsMax],
    ['GET', '?max_wait_seconds=2', undefined, 2_000],
    ['GET', '?wait=0', undefined, 0],
    ['GET', '?wait=soon', undefined, jobLimits.pollWaitMsMax],
  ])('MINERHTTP-2: %s%s %j waits', async (method, query, body, waitMs) => {
    const { call, calls } = app({ pollMiner: async () => ok(job) })
    const response = await call(method, `${base}/poll${query}`, body, key)
    expect(await response.json()).toEqual(shown)
    expect(calls.at(-1)?.args[1]).toEqual({ waitMs })
  })

  test('MINERHTTP-2: without a job', async () => {
    const { call } = app({ pollMiner: async () => ok(null) })
    const posted = await call('POST', `${base}/poll`, {}, key)
    expect([posted.status, await posted.text()]).toEqual([204, ''])
    const got = await call('GET', `${base}/poll`, undefined, key)
    expect([got.status, await got.text()]).toEqual([200, 'null'])
  })
})

test('MINERHTTP-3: the receipt keeps its spelling', async () => {
  const text = legacyReceiptText({
    receiptId: 'cd'.repeat(16),
    jobId,
    provider: 'old',
    client: 'client-1',
    amount: 100_000_000n,
    requestedAtMs: 0,
    startedAtMs: 0,
    completedAtMs: 1_000,
    payload: {},
    constraints: {},
    result: {},
    metrics: {},
    hasMinerSignature: false,
  })
  const signature = signLegacyReceipt(text, coordinator)
  const sealed = sealLegacyReceipt(text, { signature, attestations: [] })
  const receipt = JSON.parse(sealed) as Record<string, unknown>
  const { call } = app({ finishMinerJob: async () => ok({ receipt }) })
  const body = await (await call('POST', `${base}/${jobId}/result`, { result: {} }, key)).text()
  const served = body.slice('{"status":"ok","receipt":'.length, -1)
  expect(verifyLegacyReceipt(served, nobleVerifier).ok).toBe(true)
})

describe('MINERHTTP-4: the socket', () => {
  test('MINERHTTP-4: an upgrade is handed on as it came', async () => {
    const { send, upgrades } = app()
    const headers = { upgrade: 'websocket', connection: 'Upgrade' }
    const response = await send('/api/v1/miners/ws', { headers })
    expect(await response.text()).toBe('handed over')
    expect(upgrades[0]?.headers.get('upgrade')).toBe('websocket')
  })

  test('MINERHTTP-4: anything else is 426', async () => {
    const response = await app().send('/api/v1/miners/ws')
    expect(response.headers.get('upgrade')).toBe('websocket')
    expect(await errorOf(response)).toMatchObject({ status: 426, code: 'UPGRADE_REQUIRED' })
  })
})
