import { describe, expect, test } from 'vitest'
import type { SubmitJob } from '../../../core/api/coordinator-service.ts'
import { type ErrorCode, statusOf } from '../../../core/api/errors.ts'
import { toHex } from '../../../core/base/bytes.ts'
import { err, ok } from '../../../core/base/result.ts'
import { formatLegacyTime } from '../../../core/base/time.ts'
import { ttlSecondsMaxOf } from '../../../core/jobs/check-authorisation.ts'
import { payloadOfSpec } from '../../../core/jobs/job-request.ts'
import { jobHashOf, jobSpecCoder } from '../../../core/jobs/job-spec.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { specFromLegacy } from '../../../core/jobs/spec-from-legacy.ts'
import { spec } from '../jobs/fixtures.ts'
import { app, errorOf, jobId, record } from './app.ts'

const taken = { submitJob: async () => ok(record()) }
const submitted = (calls: { method: string; args: readonly unknown[] }[]) =>
  calls.find(({ method }) => method === 'submitJob')?.args[1] as SubmitJob

describe('JOBHTTP-1: submission in the original’s words', () => {
  test.each(['/api/v1/jobs', '/api/jobs', '/v1/jobs'])('JOBHTTP-1: at %s', async (path) => {
    const { call, calls } = app(taken)
    const payload = {
      type: 'inference',
      prompt: 'hé',
      model: 'aitbc-tiny',
      parameters: { seed: 4 },
    }
    const constraints = { region: 'eu', gpu: null, models: [], max_price: 0.5 }
    const response = await call('POST', path, { payload, constraints, payment_amount: 2.5, x: 1 })
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({
      job_id: jobId,
      state: 'QUEUED',
      assigned_miner_id: null,
      requested_at: '2026-02-02T02:40:00.123000',
      expires_at: '2026-02-02T02:55:00.123000',
      error: null,
      payment_id: jobId,
      payment_status: 'escrowed',
      limit: '250000000',
      amount: null,
    })
    const job = submitted(calls)
    expect(job).toMatchObject({ payload, limit: 250_000_000n, authorisation: undefined })
    expect(job.constraints).toEqual({ region: 'eu', max_price: 0.5 })
    expect(job.spec).toMatchObject({ model: 'aitbc-tiny', seed: 4n })
  })

  test('JOBHTTP-1: two jobs without a seed differ, as sampling would', async () => {
    const { call, calls } = app(taken)
    await call('POST', '/v1/jobs', { payload: { prompt: 'hi' } })
    await call('POST', '/v1/jobs', { payload: { prompt: 'hi' } })
    const [first, second] = calls
      .filter(({ method }) => method === 'submitJob')
      .map(({ args }) => (args[1] as SubmitJob).spec.seed)
    expect(first).not.toBe(second)
    expect((first as bigint) < 2n ** 53n).toBe(true)
  })

  test('JOBHTTP-1: a payment of nothing leaves the limit to the site', async () => {
    const { call, calls } = app(taken)
    await call('POST', '/v1/jobs', { payload: { prompt: 'hi' }, payment_amount: 0 })
    expect(submitted(calls).limit).toBeUndefined()
  })
})

describe('JOBHTTP-2: submission by a signed client', () => {
  const permission = { authorisation: '0a0b', authorisation_signature: '0c'.repeat(64) }

  test('JOBHTTP-2: spec and authorisation pass as they are', async () => {
    const { signed, calls } = app(taken)
    const body = {
      spec: toHex(jobSpecCoder.encode(spec)),
      limit: '5000',
      ttl_seconds: 60,
      ...permission,
    }
    expect((await signed('POST', '/api/v1/jobs', body)).status).toBe(201)
    const job = submitted(calls)
    expect(job.spec).toEqual(spec)
    expect(job).toMatchObject({ limit: undefined, ttlSeconds: 60 })
    expect(job.authorisation).toEqual({
      bytes: Uint8Array.of(10, 11),
      signature: new Uint8Array(64).fill(12),
    })
    // The payload of the receipt is made of the specification, and means the same.
    const again = specFromLegacy(job.payload, { model: '', seed: 0n })
    expect(again.ok && jobHashOf(again.value)).toEqual(jobHashOf(spec))
  })

  test('JOBHTTP-2: nothing is filled in that the client did not know', async () => {
    const { signed, calls } = app(taken)
    const payload = { prompt: 'hi' }
    await signed('POST', '/api/v1/jobs', { payload, ...permission })
    const own = specFromLegacy(payload, { model: '', seed: 0n })
    expect(own.ok && submitted(calls).spec).toEqual(own.ok && own.value)
  })

  test.each([
    ['without an authorisation', {}, 'AUTHORISATION_INVALID', 400],
    ['half of one', { authorisation: '0a' }, 'VALIDATION_ERROR', 422],
    [
      'a short signature',
      { ...permission, authorisation_signature: '0c' },
      'AUTHORISATION_INVALID',
      400,
    ],
    ['a spec that is none', { ...permission, spec: '00' }, 'VALIDATION_ERROR', 422],
  ])('JOBHTTP-2: %s', async (_, changes, code, status) => {
    const body = { payload: { prompt: 'hi' }, ...changes }
    const response = await app(taken).signed('POST', '/api/v1/jobs', body)
    expect(await errorOf(response)).toMatchObject({ code, status })
  })

  test('JOBHTTP-11: a payload beside a spec must ask for the same', async () => {
    const { signed, calls } = app({ submitJob: async () => ok(record()) })
    const send = (payload: unknown) =>
      signed('POST', '/api/v1/jobs', {
        spec: toHex(jobSpecCoder.encode(spec)),
        payload,
        ...permission,
      })
    expect((await send(payloadOfSpec(spec))).status).toBe(201)
    const before = calls.length
    for (const payload of [
      { ...payloadOfSpec(spec), model: 'another' },
      { prompt: 'much more work', parameters: { max_tokens: 16_000 } },
      { ...payloadOfSpec(spec), video: 'render this' },
    ]) {
      expect(await errorOf(await send(payload))).toMatchObject({
        status: 422,
        code: 'VALIDATION_ERROR',
      })
    }
    expect(calls).toHaveLength(before)
  })

  test('JOBHTTP-2: a spec beyond the bounds is refused by field', async () => {
    const bad = { ...spec, maxTokens: 0, messages: [{ role: 'king', content: '' }] }
    const body = { spec: toHex(jobSpecCoder.encode(bad)), ...permission }
    const { error } = await errorOf(await app(taken).signed('POST', '/api/v1/jobs', body))
    expect((error.details as { field: string }[]).map(({ field }) => field)).toEqual([
      'body.spec.messages',
      'body.spec.max_tokens',
    ])
  })
})

describe('JOBHTTP-3: bad bodies', () => {
  test('JOBHTTP-3: a missing payload, in the original’s shape', async () => {
    const response = await app(taken).call('POST', '/v1/jobs', {})
    expect(await errorOf(response)).toMatchObject({
      status: 422,
      code: 'VALIDATION_ERROR',
      error: {
        message: 'Request validation failed',
        details: [{ field: 'body.payload', message: 'Field required', code: 'missing' }],
      },
    })
  })

  const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)
  test.each([
    [[], 'body'],
    [null, 'body'],
    [{ payload: 'text' }, 'body.payload'],
    [{ payload: [] }, 'body.payload'],
    [{ payload: { deep } }, 'body.payload'],
    [{ payload: { prompt: 'x'.repeat(jobLimits.payloadBytesMax) } }, 'body.payload'],
    [{ payload: { prompt: 'x' }, ttl_seconds: 'long' }, 'body.ttl_seconds'],
    [{ payload: { prompt: 'x' }, payment_amount: -1 }, 'body.payment_amount'],
    [{ payload: { prompt: 'x' }, payment_amount: 1e300 }, 'body.payment_amount'],
    [{ payload: { prompt: 'x' }, payment_currency: 'BTC' }, 'body.payment_currency'],
    [{ payload: { prompt: 'x' }, limit: '-5' }, 'body.limit'],
    [{ payload: { prompt: 'x' }, limit: 5 }, 'body.limit'],
    [
      { payload: { prompt: 'x' }, constraints: { min_vram_gb: 'a lot' } },
      'body.constraints.min_vram_gb',
    ],
    [{ payload: { prompt: 'x' }, constraints: { models: 'm' } }, 'body.constraints.models'],
    [{ payload: { prompt: 'x', max_tokens: -1 } }, 'payload.max_tokens'],
  ])('JOBHTTP-3: case %# names its field', async (body, field) => {
    const { status, error } = await errorOf(
      await app(taken).call('POST', '/v1/jobs', JSON.stringify(body)),
    )
    expect(status).toBe(422)
    expect((error.details as { field: string }[]).map((each) => each.field)).toContain(field)
  })

  test.each(['', '{', 'nonsense', '{"payload":{}} x'])('JOBHTTP-3: %j is no JSON', async (body) => {
    const response = await app(taken).call('POST', '/v1/jobs', body)
    expect(await errorOf(response)).toMatchObject({ status: 400, code: 'JSON_INVALID' })
  })

  test('JOBHTTP-3: bytes that are no UTF-8 are no JSON', async () => {
    const response = await app(taken).send('/v1/jobs', {
      method: 'POST',
      headers: { 'x-api-key': 'client-key-1' },
      body: Uint8Array.of(0x22, 0xff, 0x22),
    })
    expect(await errorOf(response)).toMatchObject({ status: 400, code: 'JSON_INVALID' })
  })
})

describe('JOBHTTP-4: what is filled in for a key', () => {
  test('JOBHTTP-4: the cheapest model', async () => {
    const { call, calls } = app(taken)
    await call('POST', '/v1/jobs', { payload: { prompt: 'hi' } })
    expect(submitted(calls).spec.model).toBe('aitbc-tiny')
  })

  test.each([
    [undefined, Math.min(900, ttlSecondsMaxOf(400))],
    [0, 1],
    [30, 30],
    [10 ** 6, ttlSecondsMaxOf(400)],
  ])('JOBHTTP-4: a life of %s s becomes %d', async (ttl_seconds, expected) => {
    const { call, calls } = app(taken)
    await call('POST', '/v1/jobs', { payload: { prompt: 'hi' }, ttl_seconds })
    expect(submitted(calls).ttlSeconds).toBe(expected)
  })
})

describe('JOBHTTP-5: reading and canceling', () => {
  const canceled = record({ state: 'canceled', minerId: 'm', error: 'canceled by client' })

  test('JOBHTTP-5: status', async () => {
    const done = record({
      state: 'completed',
      minerId: 'miner-a',
      attempts: 2,
      amount: 17n,
      receiptHash: new Uint8Array(32).fill(1),
      settlement: { txHash: new Uint8Array(32).fill(2), blockHeight: 9, final: true },
    })
    const { call } = app({ job: async () => ok(done) })
    for (const path of [`/v1/jobs/${jobId}`, `/v1/jobs/${jobId}/status`]) {
      expect(await (await call('GET', path)).json()).toMatchObject({
        state: 'COMPLETED',
        assigned_miner_id: 'miner-a',
        attempts: 2,
        amount: '17',
        receipt_hash: `0x${'01'.repeat(32)}`,
        settlement: { tx_hash: `0x${'02'.repeat(32)}`, block_height: 9, final: true },
      })
    }
  })

  test.each([
    ['POST', `/v1/jobs/${jobId}/cancel`],
    ['DELETE', `/v1/jobs/${jobId}`],
  ])('JOBHTTP-5: %s %s', async (method, path) => {
    const { call } = app({ cancelJob: async () => ok(canceled) })
    expect(await (await call(method, path)).json()).toMatchObject({
      state: 'CANCELED',
      error: 'canceled by client',
      assigned_miner_id: null,
    })
  })

  test.each(['/v1/jobs', '/v1/jobs/history'])('JOBHTTP-5: list at %s', async (path) => {
    const { call, calls } = app({ jobs: async () => ({ items: [record()], total: 7 }) })
    const body = await (await call('GET', `${path}?limit=5&offset=2`)).json()
    expect(body).toMatchObject({ items: [{ job_id: jobId }], total: 7, limit: 5, offset: 2 })
    expect(calls.at(-1)?.args[1]).toEqual({ limit: 5, offset: 2 })
  })

  test.each(['limit=0', 'limit=999', 'offset=-1', 'limit=x'])(
    'JOBHTTP-5: ?%s is 422',
    async (query) => {
      const response = await app().call('GET', `/v1/jobs?${query}`)
      expect(await errorOf(response)).toMatchObject({ status: 422, code: 'VALIDATION_ERROR' })
    },
  )

  test.each(['x', '0'.repeat(31), `${jobId}00`, '%00'])('JOBHTTP-5: %s is no job', async (id) => {
    const response = await app().call('GET', `/v1/jobs/${id}`)
    expect(await errorOf(response)).toMatchObject({
      code: 'JOB_NOT_FOUND',
      detail: 'job not found',
    })
  })
})

describe('JOBHTTP-6: results', () => {
  test.each([
    ['queued', 425, 'JOB_NOT_READY'],
    ['running', 425, 'JOB_NOT_READY'],
    ['failed', 502, 'JOB_FAILED'],
    ['expired', 504, 'JOB_EXPIRED'],
    ['canceled', 409, 'JOB_CANCELED'],
  ] as const)('JOBHTTP-6: of a job that is %s answers %d', async (state, status, code) => {
    const job = record({ state, error: state === 'failed' ? 'ENGINE: out of memory' : undefined })
    const { call } = app({ result: async () => ok({ job, result: undefined, receipt: undefined }) })
    const error = await errorOf(await call('GET', `/v1/jobs/${jobId}/result`))
    expect(error).toMatchObject({ status, code })
    if (state === 'failed') expect(error.detail).toBe('ENGINE: out of memory')
  })
})

describe('JOBHTTP-9: payment', () => {
  test('JOBHTTP-9: reserved, then settled', async () => {
    const path = `/v1/jobs/${jobId}/payment`
    const open = app({ job: async () => ok(record()) })
    expect(await (await open.call('GET', path)).json()).toMatchObject({
      payment_id: jobId,
      amount: 2.5,
      currency: 'AITBC',
      status: 'escrowed',
      payment_method: 'aitbc_token',
      released_at: null,
      transaction_hash: null,
      limit: '250000000',
      charged: null,
    })
    const done = record({
      state: 'completed',
      paymentStatus: 'released',
      amount: 100_000_000n,
      completedAtMs: 1_770_000_060_000,
      settlement: { txHash: new Uint8Array(32).fill(2), blockHeight: 9, final: false },
    })
    const { call } = app({ job: async () => ok(done) })
    expect(await (await call('GET', path)).json()).toMatchObject({
      amount: 1,
      status: 'released',
      released_at: '2026-02-02T02:41:00.000000',
      transaction_hash: `0x${'02'.repeat(32)}`,
      charged: '100000000',
      block_height: 9,
      final: false,
    })
  })

  test('JOBHTTP-9: a job without one', async () => {
    const { call } = app({ job: async () => ok(record({ limit: 0n })) })
    expect(await errorOf(await call('GET', `/v1/jobs/${jobId}/payment`))).toMatchObject({
      status: 404,
      detail: 'Payment not found for this job',
    })
  })
})

const refusals: readonly ErrorCode[] = [
  'MODEL_NOT_SERVED',
  'NOT_SERVABLE',
  'PRICE_TOO_LOW',
  'CONTEXT_EXCEEDED',
  'QUEUE_FULL',
  'QUOTA_EXCEEDED',
  'ESCROW_REQUIRED',
  'ESCROW_NOT_FINAL',
  'ESCROW_EXHAUSTED',
  'BUDGET_EXCEEDED',
  'AUTHORISATION_INVALID',
  'AUTHORISATION_USED',
  'AUTHORISATION_EXPIRED',
  'CHAIN_UNAVAILABLE',
]

test.each(refusals)('JOBHTTP-10: %s passes with status, text and details', async (code) => {
  const details = { reason: 'why' }
  const { call } = app({ submitJob: async () => err({ code, message: 'in words', details }) })
  const response = await call('POST', '/v1/jobs', { payload: { prompt: 'hi' } })
  expect(await errorOf(response)).toMatchObject({
    status: statusOf(code),
    code,
    detail: 'in words',
    error: { details },
  })
})

test.each([
  ['GET', `/v1/jobs/${jobId}`, 'job', 'JOB_NOT_FOUND', 404],
  ['POST', `/v1/jobs/${jobId}/cancel`, 'cancelJob', 'JOB_NOT_CANCELABLE', 409],
  ['GET', `/v1/jobs/${jobId}/result`, 'result', 'JOB_NOT_FOUND', 404],
  ['GET', `/v1/jobs/${jobId}/stream`, 'streamJob', 'JOB_NOT_FOUND', 404],
] as const)('JOBHTTP-10: %s %s: %s gives %s', async (method, path, name, code, status) => {
  const { call } = app({ [name]: async () => err({ code }) })
  expect(await errorOf(await call(method, path))).toMatchObject({ code, status })
})

test.each([
  [0, '1970-01-01T00:00:00.000000'],
  [951_782_399_999, '2000-02-28T23:59:59.999000'],
  [951_782_400_000, '2000-02-29T00:00:00.000000'],
  [4_102_444_800_000, '2100-01-01T00:00:00.000000'],
])('SITE-2: %d ms is %s', (unixMs, text) => {
  expect(formatLegacyTime(unixMs)).toBe(text)
  expect(`${new Date(unixMs).toISOString().slice(0, -1)}000`).toBe(text)
})
