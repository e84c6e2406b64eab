/** The original's client programs against a site: shapes field by field, in every spelling of a path. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ApiAnswer,
  call,
  expectFailure,
  type Json,
  jobIn,
  keyOf,
  until,
} from '../../support/api-client.ts'
import { checkReceipt } from '../../support/api-receipt.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { type OllamaServer, startOllamaServer } from '../../support/ollama-server.ts'
import { startTestMiner, type TestMiner } from '../../support/test-miner.ts'

let site: Harness
let ollama: OllamaServer
let miner: TestMiner

const model = 'aitbc-tiny:latest'
const otherKey = 'another_client_key_of_this_site'

beforeAll(async () => {
  site = await startHarness({
    vars: { CLIENT_API_KEYS: JSON.stringify(['the_first_client_key', otherKey]) },
  })
  ollama = await startOllamaServer()
  const argv = ['--engine', 'ollama', '--ollama-url', ollama.url, '--concurrency', '8']
  miner = await startTestMiner(site.url, { argv })
})
afterAll(async () => {
  await miner?.stop()
  await ollama?.close()
  await site?.dispose()
})

const key = () => keyOf(site, 'CLIENT')
const get = (path: string) => call(site, path, { key: key() })
const post = (path: string, body?: unknown) =>
  call(site, path, { method: 'POST', key: key(), body })

const capital = 'What is the capital of France?'
const capitalAnswer = 'The capital of France is Paris.'
const payload = { type: 'inference', model, prompt: capital, parameters: { temperature: 0 } }

const id = /^[0-9a-f]{32}$/
/** Naive UTC with microseconds and no zone. */
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/

/** The fields of `JobView` in the original, and the types that its clients rely on. */
function expectJobView(view: Json): void {
  expect(view).toMatchObject({
    job_id: expect.stringMatching(id),
    state: expect.stringMatching(/^(QUEUED|RUNNING|COMPLETED|FAILED|CANCELED|EXPIRED)$/),
    requested_at: expect.stringMatching(time),
    expires_at: expect.stringMatching(time),
    payment_id: expect.stringMatching(id),
    payment_status: expect.stringMatching(/^(pending|escrowed|released|refunded|failed)$/),
  })
  for (const field of ['assigned_miner_id', 'error']) {
    expect([field, view[field] === null || typeof view[field] === 'string']).toEqual([field, true])
  }
}

/** A job that has just been submitted and cannot be done soon. */
async function slowJob(): Promise<string> {
  ollama.setFaults({ tokenDelayMs: 400 })
  const { json } = await post('/api/v1/jobs', {
    payload: { ...payload, prompt: 'Recite the 7 times table.' },
  })
  return String(json['job_id'])
}

describe('a job from submission to receipt', () => {
  test.each(['/api/v1', '/api', '/v1'])('JOBAPI-1: as the script asks, under %s', async (base) => {
    ollama.setFaults()
    const asked = Date.now()
    const sent = await post(`${base}/jobs`, { payload, ttl_seconds: 600, payment_amount: 1.5 })
    expect(sent.status).toBe(201)
    expectJobView(sent.json)
    expect(sent.json).toMatchObject({ error: null, payment_status: 'escrowed', limit: '150000000' })
    const times = ['requested_at', 'expires_at'].map((name) => Date.parse(`${sent.json[name]}Z`))
    const [requested, expires] = times as [number, number]
    expect(expires - requested).toBe(600_000)
    expect(requested).toBeGreaterThanOrEqual(asked - 1)
    const jobId = String(sent.json['job_id'])
    const done = await jobIn(site, { key: key(), jobId, states: ['COMPLETED', 'FAILED'] })
    expectJobView(done)
    expect(done).toMatchObject({
      job_id: jobId,
      state: 'COMPLETED',
      assigned_miner_id: miner.id,
      payment_status: 'released',
      error: null,
    })
    for (const alias of [`${base}/jobs/${jobId}`, `${base}/jobs/${jobId}/status`]) {
      expect((await get(alias)).json).toMatchObject({ job_id: jobId, state: 'COMPLETED' })
    }

    const result = await get(`${base}/jobs/${jobId}/result`)
    expect(result.json).toMatchObject({ result: { output: capitalAnswer, model } })
    const receipt = await get(`${base}/jobs/${jobId}/receipt`)
    // Wherever it is served, numbers keep the spelling that was signed.
    const within = result.text.slice(result.text.indexOf('"receipt":') + 10, -1)
    expect(checkReceipt(within)).toEqual(checkReceipt(receipt.text))
    const listed = await get(`${base}/jobs/${jobId}/receipts?cursor=x&limit=5`)
    expect(listed.text).toBe(`{"items":[${receipt.text}]}`)
    expect(receipt.json).toEqual({
      version: '1.0',
      receipt_id: expect.stringMatching(id),
      job_id: jobId,
      provider: miner.id,
      client: expect.stringMatching(/^client_[0-9a-f]{16}$/),
      status: 'COMPLETED',
      units: expect.any(Number),
      unit_type: 'gpu_seconds',
      unit_price: expect.any(Number),
      price: Number(done['amount']) / 1e8,
      started_at: Math.floor(requested / 1_000),
      completed_at: expect.any(Number),
      metadata: {
        job_payload: payload,
        job_constraints: {},
        result: expect.objectContaining({ output: capitalAnswer }),
        metrics: expect.objectContaining({ duration_ms: expect.any(Number) }),
      },
      signature: { alg: 'Ed25519', key_id: expect.any(String), sig: expect.any(String) },
      attestations: [{ alg: 'Ed25519', key_id: expect.any(String), sig: expect.any(String) }],
    })
    // Always floats in the original, and so in the text.
    expect(receipt.text).toMatch(/"price":\d+\.\d+[,e]/)
    expect(receipt.text).toMatch(/"units":\d+\.\d+[,e]/)
  })

  test('JOBAPI-1: the payloads of the original’s several clients', async () => {
    ollama.setFaults()
    const messages = [{ role: 'user', content: capital }]
    for (const each of [
      { type: 'inference', task: 'text-generation', model, parameters: { prompt: capital } },
      { type: 'inference', model, prompt: capital, parameters: { prompt: capital } },
      { type: 'inference', model, messages },
      { model, prompt: capital, temperature: 0, stream: false },
      { type: 'inference', prompt: capital },
    ]) {
      const body = { payload: each, constraints: { gpu: null, max_price: 1 }, unknown_key: true }
      const sent = await post('/v1/jobs', body)
      expect(sent.status, sent.text).toBe(201)
      const jobId = sent.json['job_id']
      await jobIn(site, { key: key(), jobId, states: ['COMPLETED', 'FAILED'] })
      const { json } = await get(`/v1/jobs/${jobId}/result`)
      expect(String((json['result'] as Json | undefined)?.['output'])).toMatch(/\S/)
      expect(json['receipt']).toMatchObject({ metadata: { job_payload: each } })
    }
  })

  test('JOBAPI-1: the list of one’s own jobs', async () => {
    const { json } = await get('/v1/jobs?limit=2&offset=1')
    expect(json).toMatchObject({ limit: 2, offset: 1, total: expect.any(Number) })
    const items = json['items'] as Json[]
    expect(items.length).toBe(2)
    for (const item of items) expectJobView(item)
    const times = items.map((item) => String(item['requested_at']))
    expect(times).toEqual([...times].sort().reverse())
    expect((await get('/v1/jobs/history?limit=1')).json).toMatchObject({ limit: 1 })
    const other = await call(site, '/v1/jobs', { key: otherKey })
    expect(other.json).toMatchObject({ items: [], total: 0 })
  })

  test('JOBAPI-1: a time to live below one second is one, above what can be covered is capped', async () => {
    for (const [ttl, life] of [
      [0, 1_000],
      [-50, 1_000],
      [900, 900_000],
      [1_000_000, 1_060_000],
    ] as const) {
      const { json } = await post('/v1/jobs', { payload, ttl_seconds: ttl })
      const from = Date.parse(`${json['requested_at']}Z`)
      expect([ttl, Date.parse(`${json['expires_at']}Z`) - from]).toEqual([ttl, life])
    }
  })
})

describe('a job that does not complete', () => {
  test('JOBAPI-2: 425 while it runs; canceled is said, and stays said', async () => {
    const jobId = await slowJob()
    expectFailure(await get(`/v1/jobs/${jobId}/result`), 425, 'JOB_NOT_READY')
    const early = await get(`/v1/jobs/${jobId}/result`)
    expect(early.json['detail']).toBe('job not ready')
    const missing = await get(`/v1/jobs/${jobId}/receipt`)
    expectFailure(missing, 404, 'RECEIPT_NOT_FOUND')
    expect(missing.json['detail']).toBe('receipt not available')
    expect((await get(`/v1/jobs/${jobId}/receipts`)).json).toEqual({ items: [] })

    const canceled = await post(`/v1/jobs/${jobId}/cancel`)
    expect(canceled.status).toBe(200)
    expectJobView(canceled.json)
    expect(canceled.json).toMatchObject({
      state: 'CANCELED',
      error: 'canceled by client',
      assigned_miner_id: null,
      payment_status: 'refunded',
    })
    const again = await post(`/v1/jobs/${jobId}/cancel`)
    expectFailure(again, 409, 'JOB_NOT_CANCELABLE')
    expect(again.json['detail']).toBe('job not cancelable')
    const gone = expectFailure(await get(`/v1/jobs/${jobId}/result`), 409, 'JOB_CANCELED')
    expect(gone).toEqual({ job_id: jobId, state: 'CANCELED' })
    expect((await get(`/v1/jobs/${jobId}/payment`)).json).toMatchObject({
      status: 'refunded',
      transaction_hash: null,
      refunded_at: expect.stringMatching(time),
      released_at: null,
      charged: null,
    })
    await until(
      () => ollama.activeCount(),
      (count) => count === 0,
    )
  })

  test('JOBAPI-3: DELETE cancels as well; a completed job cannot be canceled', async () => {
    const jobId = await slowJob()
    const deleted = await call(site, `/v1/jobs/${jobId}`, { method: 'DELETE', key: key() })
    expect(deleted.json).toMatchObject({ state: 'CANCELED' })
    ollama.setFaults()
    const { json } = await post('/v1/jobs', { payload })
    await jobIn(site, { key: key(), jobId: json['job_id'], states: ['COMPLETED'] })
    const late = await post(`/v1/jobs/${json['job_id']}/cancel`)
    expectFailure(late, 409, 'JOB_NOT_CANCELABLE')
  })

  test('JOBAPI-2: an expired job says so, and costs nothing', async () => {
    ollama.setFaults({ tokenDelayMs: 400 })
    const { json } = await post('/v1/jobs', {
      payload: { ...payload, prompt: 'Recite the 7 times table.' },
      ttl_seconds: 1,
    })
    const jobId = json['job_id']
    const job = await jobIn(site, { key: key(), jobId, states: ['EXPIRED', 'COMPLETED'] })
    expect(job).toMatchObject({ state: 'EXPIRED', payment_status: 'refunded', amount: null })
    expectFailure(await get(`/v1/jobs/${jobId}/result`), 504, 'JOB_EXPIRED')
    ollama.setFaults()
  })
})

describe('jobs of others', () => {
  test('KEY-3: another client’s job does not exist, whatever is asked of it', async () => {
    const jobId = await slowJob()
    const asked: [string, string][] = [
      ['GET', ''],
      ['GET', '/status'],
      ['GET', '/result'],
      ['GET', '/receipt'],
      ['GET', '/receipt?format=bundle'],
      ['GET', '/receipts'],
      ['GET', '/payment'],
      ['GET', '/stream'],
      ['POST', '/cancel'],
      ['DELETE', ''],
    ]
    for (const [method, path] of asked) {
      const of = (job: string): Promise<ApiAnswer> =>
        call(site, `/v1/jobs/${job}${path}`, { method, key: otherKey })
      const foreign = await of(jobId)
      expectFailure(foreign, 404, 'JOB_NOT_FOUND')
      const unknown = await of('0'.repeat(32))
      expect([path, unknown.json['detail']]).toEqual([path, foreign.json['detail']])
      expectFailure(await of('no-job'), 404, 'JOB_NOT_FOUND')
      expectFailure(await of('..%2f..%2fhealth'), 404, 'JOB_NOT_FOUND')
    }
    expect((await get(`/v1/jobs/${jobId}`)).json).toMatchObject({ state: 'RUNNING' })
    await post(`/v1/jobs/${jobId}/cancel`)
  })
})

describe('the stream of a job', () => {
  test('JOBAPI-1: state, text and end; from the beginning for whoever comes late', async () => {
    ollama.setFaults({ tokenDelayMs: 30 })
    const sent = await post('/v1/jobs', { payload })
    const path = `/v1/jobs/${sent.json['job_id']}/stream`
    const [first, second] = await Promise.all([get(path), get(path)])
    const events = (answer: ApiAnswer) =>
      answer.text
        .split('\n\n')
        .filter((each) => each.startsWith('event: '))
        .map((each) => JSON.parse(each.slice(each.indexOf('data: ') + 6)) as Json)
    const late = await get(path)
    for (const answer of [first, second, late]) {
      expect(answer.headers.get('content-type')).toContain('text/event-stream')
      const all = events(answer)
      expect(all.map(({ text }) => text ?? '').join('')).toBe(capitalAnswer)
      expect(all.at(-1)).toMatchObject({ type: 'end', state: 'completed', finish: 'stop' })
    }
    expect(events(first)[0]).toMatchObject({ type: 'state' })
  })
})
