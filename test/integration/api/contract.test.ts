/**
 * The original’s smaller families on a whole site: payments, services, miners' own affairs, metrics.
 * Long because all of them are tried on one site.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ApiAnswer,
  call,
  expectFailure,
  type Json,
  jobIn,
  until,
} from '../../support/api-client.ts'
import { legacyTalk, minerKeys, startLegacySite } from '../../support/api-legacy-site.ts'
import { coordinatorKey } from '../../support/api-payer.ts'
import { question } from '../../support/endpoint-world.ts'
import type { Harness } from '../../support/harness.ts'
import { startTestMiner, type TestMiner } from '../../support/test-miner.ts'

const { script: minerKey, other: otherKey } = minerKeys
const coordinator = { className: 'Coordinator', name: 'default' }

let site: Harness
let agent: TestMiner

beforeAll(async () => {
  site = await startLegacySite()
  agent = await startTestMiner(site.url)
  await registerScript(minerKey, { concurrency: 64 })
})
afterAll(async () => {
  await agent?.stop()
  await site?.dispose()
})

const { client, submit, script, registerScript } = legacyTalk(() => site)

const ask = (path: string, given: { method?: string; body?: unknown; key?: string } = {}) =>
  call(site, `/v1${path}`, { key: client(), ...given })

const ended = (jobId: string, state: string): Promise<Json> =>
  jobIn(site, { key: client(), jobId, states: [state] })

/** A job that the agent computed. */
async function computed(): Promise<string> {
  const id = await submit(question)
  await ended(id, 'COMPLETED')
  return id
}

/** A job in the hands of the original's miner. */
async function held(): Promise<string> {
  const id = await submit({ type: 'inference', model: 'm1', prompt: 'hi' })
  await until(
    () => script(minerKey, 'POST', '/miners/poll', { max_wait_seconds: 1 }),
    ({ json }) => (json as Json | null)?.['job_id'] === id,
  )
  return id
}

const ofPayment = (id: string) => ({ body: { job_id: id, payment_id: id, reason: 'a test' } })

describe('payments', () => {
  test('PAYMENTS-1: creating states what is reserved; more is refused with both amounts', async () => {
    const id = await computed()
    const job = (await ask(`/jobs/${id}`)).json
    const stated = await ask('/payments', { body: { job_id: id, amount: 0.000_01 } })
    expect([stated.status, stated.json['payment_id'], stated.json['limit']]).toEqual([
      201,
      id,
      job['limit'],
    ])
    const more = await ask('/payments', { body: { job_id: id, amount: 1_000 } })
    expect(expectFailure(more, 409, 'PAYMENT_FIXED')).toEqual({
      reserved: job['limit'],
      asked: '100000000000',
    })
    const view = await ask(`/payments/${id}`)
    expect(view.json).toMatchObject({ job_id: id, status: 'released' })
    const receipt = (await ask(`/payments/${id}/receipt`)).json
    expect(receipt).toMatchObject({ payment_id: id, status: 'released' })
    expect(receipt['verified_at']).toBe(view.json['released_at'])
  })

  test('PAYMENTS-2: only an accepted answer releases, and as often as one asks', async () => {
    const id = await held()
    const early = await ask(`/payments/${id}/release`, ofPayment(id))
    expectFailure(early, 400, 'PAYMENT_NOT_RELEASABLE')
    expect(early.text).toMatch(/Failed to release payment: the job has not been computed yet/)
    await script(minerKey, 'POST', `/miners/${id}/result`, { result: { output: 'x' } })
    for (let times = 0; times < 2; times += 1) {
      const released = await ask(`/payments/${id}/release`, ofPayment(id))
      expect(released.json).toMatchObject({ status: 'released', payment_id: id })
    }
    const refund = await ask(`/payments/${id}/refund`, ofPayment(id))
    expectFailure(refund, 400, 'PAYMENT_NOT_REFUNDABLE')
    const wrong = await ask(`/payments/${id}/release`, ofPayment('f'.repeat(32)))
    expectFailure(wrong, 400, 'PAYMENT_NOT_RELEASABLE')
  })

  test('PAYMENTS-3: a refund cancels the job, and the miner’s result comes too late', async () => {
    const id = await held()
    for (let times = 0; times < 2; times += 1) {
      const refunded = await ask(`/payments/${id}/refund`, ofPayment(id))
      expect(refunded.json).toMatchObject({ status: 'refunded', payment_id: id })
    }
    expect((await ended(id, 'CANCELED'))['payment_status']).toBe('refunded')
    const late = await script(minerKey, 'POST', `/miners/${id}/result`, { result: { output: 'x' } })
    expect(late.status).toBeGreaterThanOrEqual(400)
    expectFailure(
      await ask(`/payments/${id}/release`, ofPayment(id)),
      400,
      'PAYMENT_NOT_RELEASABLE',
    )
  })
})

describe('typed services', () => {
  test('SERVICES-1: a language request is computed by whoever serves the model', async () => {
    const body = { model: 'aitbc-tiny', prompt: question.prompt, max_tokens: 16 }
    const taken = await ask('/services/llm/inference', { body })
    expect(taken.status).toBe(201)
    expect(taken.json).toMatchObject({ service_type: 'llm_inference' })
    const job = await ended(String(taken.json['job_id']), 'COMPLETED')
    expect(job['assigned_miner_id']).not.toBe(null)
    const { json } = await ask(`/jobs/${String(taken.json['job_id'])}/result`)
    expect(JSON.stringify(json['result'])).toMatch(/\w/)
  })

  test('SERVICES-1: other services go to miners that name their model', async () => {
    const capabilities = { models: ['m1', 'ffmpeg'] }
    await script(minerKey, 'PUT', '/miners/me/capabilities', { capabilities })
    const services = (await ask('/services')).json['services'] as Json[]
    const ffmpeg = services.find(({ type }) => type === 'ffmpeg')
    expect(ffmpeg).toMatchObject({ available: true, models: ['ffmpeg'] })
    const body = { input_url: 'https://example.org/in.mp4' }
    const taken = await ask('/services/ffmpeg/transcode', { body })
    expect(taken.status, taken.text).toBe(201)
    const polled = await until(
      () => script(minerKey, 'POST', '/miners/poll', { max_wait_seconds: 1 }),
      ({ json }) => (json as Json | null)?.['job_id'] === taken.json['job_id'],
    )
    expect((polled.json as Json)['payload']).toMatchObject({
      service_type: 'ffmpeg',
      action: 'transcode',
      service_request: { ...body, codec: 'h264', crf: 23 },
    })
    await script(minerKey, 'POST', `/miners/${String(taken.json['job_id'])}/result`, {
      result: { output: 'https://example.org/out.mp4' },
    })
    await ended(String(taken.json['job_id']), 'COMPLETED')
  })

  test('SERVICES-2: what nobody serves is refused with the reason', async () => {
    const body = { audio_url: 'https://example.org/a.wav', model: 'large' }
    const refused = await ask('/services/whisper/transcribe', { body })
    const details = expectFailure(refused, 404, 'MODEL_NOT_SERVED')
    expect(details).toMatchObject({ model: 'whisper-large', reason: 'model' })
    const unknown = await ask('/services/magic', { body: {} })
    expect(expectFailure(unknown, 404, 'SERVICE_UNKNOWN')).toMatchObject({
      services: expect.arrayContaining(['whisper/transcribe']),
    })
  })

  test.each([
    ['/services/llm/inference', {}, 'body.prompt'],
    ['/services/ffmpeg/transcode', {}, 'body.input_url'],
    ['/services/blender', { blend_file_url: 'file:///etc' }, 'body.blend_file_url'],
    ['/services/llm/inference', { prompt: 'hi', max_tokens: 1e9 }, 'body.max_tokens'],
    ['/services/llm/inference', { prompt: 'hi', limit: 'much' }, 'body.limit'],
    [
      '/services/llm/inference',
      { prompt: 'hi', constraints: { models: 7 } },
      'body.constraints.models',
    ],
  ])('SERVICES-2: %s says what is wrong with %j', async (path, body, field) => {
    const details = expectFailure(await ask(path, { body }), 422, 'VALIDATION_ERROR')
    expect(details).toEqual([expect.objectContaining({ field })])
  })
})

describe('a miner about itself', () => {
  const own = (path: string, key = minerKey, given: { method?: string; body?: unknown } = {}) =>
    ask(`/miners/${path}`, { key, ...given })

  test('MINERDESK-1: earnings are the sums of its payments, after the share', async () => {
    const id = await held()
    await script(minerKey, 'POST', `/miners/${id}/result`, { result: { output: 'two words' } })
    const { json: jobs } = await own('me/jobs?limit=200')
    const items = jobs['items'] as Json[]
    expect(items.some(({ job_id }) => job_id === id)).toBe(true)
    const sum = (payment: string) =>
      items
        .filter((item) => item['payment'] === payment)
        .reduce((total, { earned }) => total + BigInt(String(earned)), 0n)
    const { json } = await own('me/earnings')
    expect(BigInt(String(json['earned'])) + BigInt(String(json['pending']))).toBe(
      sum('paid') + sum('pending'),
    )
    expect(json['completed_jobs']).toBe(items.length)
    for (const item of items) {
      expect(BigInt(String(item['earned']))).toBeLessThanOrEqual(BigInt(String(item['amount'])))
    }
  })

  test('MINERDESK-2: other capabilities keep what is held; who leaves gives it back', async () => {
    const register = { capabilities: { models: ['m2'] }, concurrency: 2 }
    await script(otherKey, 'POST', '/miners/register', register)
    const id = await submit({ type: 'inference', model: 'm2', prompt: 'hi' })
    await until(
      () => script(otherKey, 'POST', '/miners/poll', { max_wait_seconds: 1 }),
      ({ json }) => (json as Json | null)?.['job_id'] === id,
    )
    const change = { method: 'PUT', body: { models: ['m2', 'm3'] } }
    expect((await own('me/capabilities', otherKey, change)).json).toEqual({ status: 'ok' })
    expect((await own('me/jobs', otherKey)).json['current']).toEqual([id])
    const { models } = ((await ask('/miners')).json['items'] as Json[]).find((each) =>
      (each['models'] as string[]).includes('m3'),
    ) as Json
    expect(models).toEqual(['m2', 'm3'])
    expect((await own('me', otherKey, { method: 'DELETE' })).json).toEqual({ status: 'ok' })
    expect((await ask(`/jobs/${id}`)).json).toMatchObject({ state: 'QUEUED' })
    const beat = await script(otherKey, 'POST', '/miners/heartbeat', {})
    expect(beat.status).toBe(404)
    await ask(`/jobs/${id}`, { method: 'DELETE' })
  })

  test('MINERDESK-3: another miner’s id is refused', async () => {
    const { items } = (await ask('/miners')).json as { items: Json[] }
    const stranger = items.find(({ address }) => address !== undefined && items.length > 1)
    const ids = items.map(({ miner_id }) => String(miner_id))
    const answers = await Promise.all(ids.map((id) => own(`${id}/earnings`)))
    expect(stranger).toBeDefined()
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403])
  })
})

describe('receipts, matching, facts', () => {
  test('TOOLS-1: a receipt holds as it was served, and not when it was changed', async () => {
    const { json, text } = await ask(`/jobs/${await computed()}/receipt`)
    const verify = (body: unknown): Promise<ApiAnswer> => ask('/receipts/verify', { body })
    for (const body of [text, `{"receipt":${text}}`]) {
      const { json: verdict } = await verify(body)
      expect(verdict).toMatchObject({ valid: true, reason: null, attested_here: true })
      expect(verdict['receipt_id']).toBe(json['receipt_id'])
    }
    const changed = text.replace(String(json['provider']), 'somebody-else')
    const { json: verdict } = await verify(changed)
    expect(verdict).toMatchObject({ valid: false, attested_here: false })
    expect(verdict['reason']).toMatch(/^miner_signature_invalid:/)
    const many = JSON.stringify({ attestations: Array.from({ length: 17 }, () => ({})) })
    expectFailure(await verify(many), 422, 'VALIDATION_ERROR')
    expect(coordinatorKey(site)).toBeDefined()
  })

  test('TOOLS-2: candidates are those who serve, or the refusal of a job', async () => {
    const wanted = { job_id: 'plan', requirements: { model: 'aitbc-tiny', max_tokens: 16 } }
    const { json } = await ask('/match', { body: wanted })
    expect(json).toMatchObject({ job_id: 'plan', reason: null })
    const [first] = json['candidates'] as Json[]
    const job = await ended(await computed(), 'COMPLETED')
    expect(first).toMatchObject({ miner_id: job['assigned_miner_id'], score: 1 })
    const none = { job_id: 'plan', requirements: { model: 'aitbc-tiny', region: 'moon' } }
    expect((await ask('/match', { body: none })).json).toMatchObject({
      candidates: [],
      reason: { code: 'NOT_SERVABLE' },
    })
  })

  test('CHAINFACTS-1: supply, height and validators are the chain’s', async () => {
    const [{ json: supply }, { json: status }, { json: info }, { json: set }] = await Promise.all([
      ask('/blockchain/supply'),
      call(site, '/rpc/status'),
      ask('/blockchain/info'),
      ask('/blockchain/validators'),
    ])
    const total = BigInt(String(supply['genesis'])) + BigInt(String(supply['minted']))
    expect(BigInt(String(supply['held']))).toBe(total - BigInt(String(supply['burned'])))
    expect(info['genesis_hash']).toBe(status['genesis_hash'])
    const keys = (status['authorities'] as Json[]).map(({ public_key }) => public_key)
    expect((set['validators'] as Json[]).map(({ public_key }) => public_key)).toEqual(keys)
  })

  test('CHAINFACTS-2: one of a list is what the list shows of it', async () => {
    const explorer = (path: string) => call(site, `/api/explorer${path}`)
    const first = async (list: string) =>
      ((await explorer(`/${list}?limit=1`)).json['items'] as Json[])[0] as Json
    const block = await first('blocks')
    expect((await explorer(`/blocks/${String(block['height'])}`)).json).toMatchObject({
      hash: block['hash'],
      txCount: block['txCount'],
    })
    const transaction = await first('transactions')
    expect((await explorer(`/transactions/${String(transaction['hash'])}`)).json).toMatchObject({
      from: transaction['from'],
      value: transaction['value'],
    })
    const address = await first('addresses')
    const one = (await explorer(`/addresses/${String(address['address'])}`)).json
    expect(one['address']).toBe(address['address'])
    expect(one['txCount']).toBeGreaterThanOrEqual(address['txCount'] as number)
  })
})

describe('status and metrics', () => {
  const metrics = async (): Promise<Map<string, number>> => {
    const { text } = await call(site, '/metrics')
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(' ')
        return [line.slice(0, at), Number(line.slice(at + 1))] as const
      }),
    )
  }
  const rows = (query: string) => site.objectSql(coordinator, query)
  const one = async (query: string): Promise<number> =>
    Number(Object.values((await rows(query))[0] ?? {})[0] ?? 0)

  test('STATUS-1: the state is flat, alike in both places', async () => {
    const [flat, node] = await Promise.all([ask('/status'), call(site, '/status')])
    expect(flat.json).toMatchObject({ status: 'ok', v1_upstream: 'coordinator' })
    expect(Object.keys(node.json)).toEqual(Object.keys(flat.json))
    for (const value of Object.values(flat.json)) expect(typeof value).not.toBe('object')
  })

  test('METRICS-2: counters equal the database, after jobs of every end', async () => {
    const canceled = await held()
    await ask(`/jobs/${canceled}`, { method: 'DELETE' })
    await computed()
    // Nothing is under way any more: no payment, no transaction, nothing that the lists lack.
    const open = "SELECT count(*) FROM payments WHERE state IN ('due', 'sent')"
    await until(
      () => one(open),
      (count) => count === 0,
    )
    const truth = async () => {
      const [chain] = await site.sql(
        `SELECT (SELECT count(*) FROM chain_transactions) AS transactions,
         (SELECT count(*) FROM chain_settlements) AS settlements`,
      )
      const sums = await rows(
        `SELECT (SELECT count(*) FROM jobs) AS jobs_submitted_total,
         (SELECT sum(prompt_tokens) FROM results) AS prompt,
         (SELECT sum(completion_tokens) FROM results) AS completion,
         (SELECT sum(amount) FROM payments WHERE state NOT IN ('held', 'refused'))
           AS payments_charged_units_total,
         (SELECT count(*) FROM payments WHERE state = 'settled') AS payments_settled_total,
         (SELECT sum(amount) FROM payments WHERE state = 'settled')
           AS payments_settled_units_total,
         (SELECT count(*) FROM payments WHERE state = 'unpayable') AS payments_unpayable_total`,
      )
      const ends = await rows(
        `SELECT 'jobs_ended_total{state="' || json_extract(life, '$.state') || '"}' AS name,
         count(*) AS n FROM lives WHERE open <> 1 GROUP BY 1`,
      )
      const { prompt, completion, ...named } = sums[0] ?? {}
      return new Map<string, unknown>([
        ...Object.entries(named),
        ...ends.map(({ name, n }) => [String(name), n] as const),
        ['job_tokens_total{kind="prompt"}', prompt],
        ['job_tokens_total{kind="completion"}', completion],
        ['chain_transactions_total', chain?.['transactions']],
        ['chain_settlements_total', chain?.['settlements']],
      ])
    }
    const read = async () => [await truth(), await metrics(), await truth()] as const
    const [before, found] = await until(read, ([first, told, last]) => {
      const isQuiet = JSON.stringify([...first]) === JSON.stringify([...last])
      const inLists = Number(first.get('chain_settlements_total'))
      const isListed = inLists >= Number(first.get('payments_settled_total'))
      return isQuiet && isListed && told.get('mempool_size') === 0
    })
    expect([...before.keys()].filter((name) => name.startsWith('jobs_ended')).length).toBe(2)
    expect(before.get('payments_settled_total')).toBeGreaterThan(0)
    for (const [name, value] of before) expect([name, found.get(name)]).toEqual([name, value])
    // What the original's metrics have besides: every counter of money and jobs is among these.
    const counters = [...found.keys()].filter((name) =>
      /^(jobs|job|payments|chain)_.*_total/.test(name),
    )
    const none = counters.filter((name) => !before.has(name) && found.get(name) !== 0)
    expect(none).toEqual([])
  })

  test('METRICS-3: requests are counted by route; a scrape finds all that came before', async () => {
    const name = 'marketplace_requests_total{endpoint="/jobs/{id}",method="GET"}'
    const errors =
      'marketplace_errors_total{endpoint="/jobs/{id}",method="GET",error_type="invalid_request"}'
    const before = await metrics()
    for (const id of ['0', '1', '2']) await ask(`/jobs/${id.repeat(32)}`)
    const after = await metrics()
    expect((after.get(name) ?? 0) - (before.get(name) ?? 0)).toBe(3)
    expect((after.get(errors) ?? 0) - (before.get(errors) ?? 0)).toBe(3)
    expect(after.get('marketplace_requests_total{endpoint="/metrics",method="GET"}')).toBe(
      (before.get('marketplace_requests_total{endpoint="/metrics",method="GET"}') ?? 0) + 1,
    )
  })

  test('TOOLS-3: page timings are counted, and no page is kept', async () => {
    const vital = { name: 'LCP', value: 1_000, id: 'v1', url: '/wallet/secret-place' }
    expect((await ask('/web-vitals', { body: vital })).json).toEqual({
      status: 'received',
      metric: 'LCP',
      value: 1_000,
    })
    const found = await metrics()
    expect(found.get('web_vitals_total{name="LCP"}')).toBe(1)
    expect(found.get('web_vitals_sum_total{name="LCP"}')).toBe(1_000)
    const { text } = await call(site, '/metrics')
    expect(text).not.toContain('secret-place')
  })

  test('METRICS-4: nothing of keys, addresses and jobs is in the text', async () => {
    const { text } = await call(site, '/metrics')
    expect(text).not.toMatch(/aitbc1|client_|miner_[0-9a-f]{16}|[0-9a-f]{32}/)
    expect(text).not.toContain(client())
  })
})
