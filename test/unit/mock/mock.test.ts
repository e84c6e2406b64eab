/** The development mock: every row in its shape, what it remembers, the original's mock and registry. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient, type Send } from '../../../core/api/client.ts'
import { targetOf } from '../../../core/api/endpoint.ts'
import { endpoints } from '../../../core/api/endpoints/table.ts'
import { errorSchema } from '../../../core/api/schemas/errors.ts'
import { openAttestedJobs } from '../../../scripts/mock/attested-jobs.ts'
import { randomOf } from '../../../scripts/mock/random.ts'
import { sampleOf } from '../../../scripts/mock/sample.ts'
import { startMock } from '../../../scripts/mock/server.ts'

let nowMs = 1_790_000_000_000
let mock: Awaited<ReturnType<typeof startMock>>

beforeAll(async () => {
  mock = await startMock({ port: 0, seed: 7, now: () => nowMs })
})
afterAll(() => mock.close())

async function ask(
  method: string,
  target: string,
  given: { readonly body?: unknown; readonly raw?: string; readonly key?: string } = {},
) {
  const text = given.raw ?? (given.body === undefined ? undefined : JSON.stringify(given.body))
  const response = await fetch(mock.url + target, {
    method,
    headers: given.key === '' ? {} : { 'x-api-key': given.key ?? 'any-key' },
    ...(text === undefined ? {} : { body: text }),
  })
  const answered = await response.text()
  let json: unknown
  try {
    json = JSON.parse(answered)
  } catch {
    json = undefined
  }
  return {
    status: response.status,
    json: json as Record<string, unknown>,
    text: answered,
    response,
  }
}

const client = (key = 'any-key') => {
  const send: Send = async ({ method, target, body }) => await ask(method, target, { body, key })
  return createClient(endpoints, send)
}

test.each(endpoints.map((row) => [row.id, row] as const))(
  'MOCK-1: %s has a sample of every answer',
  (_id, row) => {
    for (const { schema } of row.answers) {
      if (schema) expect(schema.safeParse(sampleOf(schema)).error?.issues ?? []).toEqual([])
    }
  },
)

/** The mock answers these at its root as the original did, and streams and bytes are no JSON. */
const others = new Set(['ping', 'getMetrics'])
const plain = endpoints.filter(({ id, stream, bytes }) => {
  return stream?.kind !== 'websocket' && bytes === undefined && !others.has(id)
})

test.each(plain.map((row) => [row.id, row] as const))(
  'MOCK-1: %s answers its example in its shape, or refuses in the site’s',
  async (_id, row) => {
    for (const path of [row.path, ...(row.aliases ?? [])]) {
      const answer = await ask(row.method, targetOf(path, row.example), { body: row.example.body })
      if (answer.status >= 400) {
        // What the example names was never created here.
        const { error } = errorSchema.parse(answer.json)
        expect([error.code, row.errors.includes(error.code)]).toEqual([error.code, true])
        expect(error.status).toBeOneOf([404, 409, 400, 425, 501])
        continue
      }
      const declared = row.answers.filter(({ status }) => status === answer.status)
      const fits = declared.some(({ schema }) => !schema || schema.safeParse(answer.json).success)
      expect([answer.status, fits], answer.text).toEqual([answer.status, true])
    }
  },
)

describe('what it remembers', () => {
  test('MOCK-2: a job waits, runs and ends by the clock, and can be canceled before', async () => {
    const call = client()
    const submitted = await call('submitJob', {
      body: { payload: { model: 'm', prompt: 'hello' }, ttl_seconds: 60 },
    })
    if (!submitted.ok) throw new Error(submitted.error.message)
    const id = submitted.value.job_id
    const state = async () => {
      const job = await call('getJob', { params: { id } })
      return job.ok ? job.value.state : job.error.code
    }
    expect(await state()).toBe('QUEUED')
    expect(await call('getJobResult', { params: { id } })).toMatchObject({
      error: { code: 'JOB_NOT_READY' },
    })
    nowMs += 1_200
    expect(await state()).toBe('RUNNING')
    nowMs += 1_000
    expect(await state()).toBe('COMPLETED')
    const result = await call('getJobResult', { params: { id } })
    expect(result.ok && JSON.stringify(result.value)).toContain('hello')
    const listed = await call('listJobs')
    expect(listed.ok && listed.value.items[0]?.job_id).toBe(id)
    const again = await call('submitJob', { body: { payload: { prompt: 'stop' } } })
    if (!again.ok) throw new Error(again.error.message)
    const params = { id: again.value.job_id }
    const canceled = await call('cancelJob', { params })
    expect(canceled.ok && canceled.value.state).toBe('CANCELED')
    const twice = await call('cancelJob', { params })
    expect(twice).toMatchObject({ error: { code: 'JOB_NOT_CANCELABLE' } })
  })

  test('MOCK-2: a miner that registered polls the oldest job and finishes it', async () => {
    const miner = client('miner-key')
    const poll = { body: { max_wait_seconds: 0 } }
    expect(await miner('pollJob', poll)).toMatchObject({ error: { code: 'MINER_NOT_REGISTERED' } })
    await miner('registerMiner', { body: { capabilities: {} } })
    const submitted = await client()('submitJob', { body: { payload: { prompt: 'x' } } })
    const id = submitted.ok ? submitted.value.job_id : ''
    const polled = await miner('pollJob', poll)
    expect(polled).toMatchObject({ ok: true, value: { job_id: id } })
    expect(await miner('pollJob', poll)).toEqual({ ok: true, value: null })
    const body = { result: { output: 'mine' } }
    const stranger = await client('other-key')('sendResult', { params: { id }, body })
    expect(stranger).toMatchObject({ error: { code: 'LEASE_NOT_HELD' } })
    expect((await miner('sendResult', { params: { id }, body })).ok).toBe(true)
    const result = await client()('getJobResult', { params: { id } })
    expect(result.ok && JSON.stringify(result.value)).toContain('mine')
  })

  test('MOCK-2: bids and offers that were created are listed, read and ended', async () => {
    const call = client()
    const query = { kind: 'tokens', query: 'model=m', tokens: 1_000, closes_in_s: 60 } as const
    const bid = await call('submitBid', { body: { ...query, price_max: '777' } })
    if (!bid.ok) throw new Error(bid.error.message)
    const params = { id: bid.value.bid_id }
    const listed = await call('listBids')
    expect(listed.ok && listed.value.items.map(({ bid_id }) => bid_id)).toContain(params.id)
    expect(await call('getBid', { params })).toMatchObject({ value: { price_max: '777' } })
    expect(await call('cancelBid', { params })).toMatchObject({ value: { status: 'canceled' } })
    expect(await call('getBid', { params })).toMatchObject({ value: { status: 'canceled' } })
    const offers = await call('listOffers')
    const [offer] = offers.ok ? offers.value.items : []
    const found = await call('getOffer', { params: { id: String(offer?.offer_id) } })
    expect(found).toMatchObject({ ok: true, value: { miner_id: offer?.miner_id } })
    const old = { provider: 'somebody', capacity: 3, price: 0.5 }
    const { id } = (await ask('POST', '/v1/marketplace/bids', { body: old })).json
    const { text } = await ask('GET', '/v1/marketplace/bids')
    const [newest] = JSON.parse(text) as unknown[]
    expect(newest).toMatchObject({ id, provider: 'somebody', capacity: 3 })
  })

  test('MOCK-3: bodies and keys are checked as a site does', async () => {
    const cases = [
      [await ask('POST', '/v1/jobs', { raw: '{' }), 400, 'JSON_INVALID'],
      [await ask('POST', '/v1/jobs', { body: {} }), 422, 'VALIDATION_ERROR'],
      [await ask('GET', '/v1/jobs', { key: '' }), 401, 'AUTHENTICATION_ERROR'],
      [await ask('PATCH', '/v1/jobs'), 405, 'METHOD_NOT_ALLOWED'],
      [await ask('GET', '/v1/nothing'), 404, 'NOT_FOUND'],
    ] as const
    for (const [answer, status, code] of cases) {
      expect([answer.status, errorSchema.parse(answer.json).error.code]).toEqual([status, code])
    }
    expect(cases[3][0].response.headers.get('allow')).toBe('GET, POST')
    expect(cases[3][0].response.headers.get('x-upstream')).toBe('mock')
  })

  test('MOCK-2: a chat is streamed when that is asked for', async () => {
    const messages = [{ role: 'user', content: 'hi' }]
    const body = { model: 'm', messages, stream: true }
    const { text, response } = await ask('POST', '/v1/chat/completions', { body })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(text).toMatch(/"content":"mock "/)
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })
})

describe('the original’s mock and registry', () => {
  test('MOCK-4: known jobs are attested, whatever their status; others are not', async () => {
    for (const job_id of ['job_1', 'job_2']) {
      const { json } = await ask('POST', '/attest/receipt', { body: { job_id }, key: '' })
      expect(json).toMatchObject({ exists: true, paid: true, not_double_spent: true })
      const { status, price, compute_units } = json['quote'] as Record<string, unknown>
      expect(status).toBeOneOf(['complete', 'pending', 'failed'])
      expect(Number(price)).toBeGreaterThanOrEqual(15_000)
      expect(Number(price)).toBeLessThanOrEqual(75_000)
      expect(compute_units).toBeTypeOf('number')
    }
    const { json } = await ask('POST', '/attest/receipt', { body: { job_id: 'none' } })
    expect(json).toEqual({ exists: false, paid: false, not_double_spent: false, quote: {} })
    expect((await ask('POST', '/attest/receipt', { body: {} })).status).toBe(422)
    expect((await ask('GET', '/health', { key: '' })).json).toEqual({ status: 'ok' })
    expect((await ask('GET', '/metrics')).text).toContain('marketplace_requests_total{')
  })

  test('MOCK-4: jobs come by the seed, every 1.5 to 3.5 s, and the newest 120 are kept', () => {
    const jobs = openAttestedJobs(randomOf(3))
    const same = openAttestedJobs(randomOf(3))
    for (let made = 0; made < 300; made += 1) {
      const pauseMs = jobs.add()
      expect(pauseMs).toBe(same.add())
      expect(pauseMs).toBeGreaterThanOrEqual(1_500)
      expect(pauseMs).toBeLessThanOrEqual(3_500)
    }
    expect(jobs.all()).toEqual(same.all())
    expect([jobs.all().length, jobs.all().at(-1)?.id]).toEqual([120, 'job_302'])
    expect(openAttestedJobs(randomOf(4)).all()).not.toEqual(openAttestedJobs(randomOf(3)).all())
  })

  test('MOCK-4: the registry takes miners by name and lists them', async () => {
    expect((await ask('POST', '/miners/heartbeat?miner_id=a')).status).toBe(404)
    expect((await ask('POST', '/miners/register')).status).toBe(422)
    await ask('POST', '/miners/register?miner_id=a', { body: { capabilities: { gpu: 'x' } } })
    expect((await ask('POST', '/miners/heartbeat?miner_id=a')).json).toEqual({ status: 'ok' })
    const { json } = await ask('GET', '/miners/list')
    expect(json['gpus']).toMatchObject([{ miner_id: 'a', capabilities: { gpu: 'x' } }])
    expect((await ask('GET', '/miners/a')).json).toMatchObject({ miner_id: 'a' })
    expect((await ask('GET', '/miners/b')).status).toBe(404)
  })
})
