/** Placing jobs over HTTP: keys of repeated requests, batches, estimates, reasons, and signed news. */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call, expectFailure, type Json, keyOf, until } from '../../support/api-client.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { startTestMiner, type TestMiner } from '../../support/test-miner.ts'
import { startProgram, typescript } from '../program.ts'

let site: Harness
let miner: TestMiner
let key: string
const payload = { type: 'inference', model: 'aitbc-tiny', prompt: 'What is the capital of France?' }

type News = { readonly headers: IncomingHttpHeaders; readonly body: string }
const news: News[] = []
let listener: Server
let port: number

beforeAll(async () => {
  listener = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      news.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
      // The first time it fails, so that it has to be tried again.
      response.writeHead(news.length === 1 ? 500 : 204).end()
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  port = (listener.address() as AddressInfo).port
  site = await startHarness()
  miner = await startTestMiner(site.url)
  key = keyOf(site, 'CLIENT')
})
afterAll(async () => {
  await miner?.stop()
  await site?.dispose()
  listener?.close()
})

const once = (name: string, body: unknown, path = '/api/v1/jobs') =>
  call(site, path, { key, body, headers: { 'idempotency-key': name } })

describe('Idempotency-Key', () => {
  test('DISPHTTP-1, ONCE-1: the same request is done once, whatever spelling of route and key', async () => {
    const first = await once('"8e03978e-40d5-43dd-bc93-6894a57f9324"', { payload })
    expect(first.status).toBe(201)
    for (const [name, path] of [
      ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '/api/v1/jobs'],
      ['8e03978e-40d5-43dd-bc93-6894a57f9324', '/api/jobs'],
      ['8e03978e-40d5-43dd-bc93-6894a57f9324', '/v1/jobs'],
    ] as const) {
      const again = await once(name, { payload }, path)
      expect([again.status, again.json]).toEqual([first.status, first.json])
    }
    const other = await once('8e03978e-40d5-43dd-bc93-6894a57f9324', { payload, ttl_seconds: 77 })
    expectFailure(other, 422, 'IDEMPOTENCY_KEY_REUSED')
  })

  test.each(['', '""', ' ', 'x'.repeat(256), 'a b', '"half'])(
    'DISPHTTP-1: %j is no key',
    async (name) => {
      const answer = await once(name, { payload })
      // An empty header never arrives on some ways: then it is as if there were none.
      if (name.trim() === '' && answer.status === 201) return
      if (name === '"half') expect(answer.status).toBe(201)
      else expectFailure(answer, 422, 'VALIDATION_ERROR')
    },
  )
})

describe('what a submission says of its placing', () => {
  test.each([
    [{ priority: 'urgent' }, 'body.priority'],
    [{ routing: { order: Array(33).fill('m') } }, 'body.routing.order'],
    [{ routing: { order: ['a b'] } }, 'body.routing.order.0'],
    [{ routing: { sort: 'luck' } }, 'body.routing.sort'],
    [{ routing: { max_price: { prompt: '-1' } } }, 'body.routing.max_price.prompt'],
    [{ routing: { models: Array(9).fill('m') } }, 'body.routing.models'],
    [{ webhook: { url: 'https://10.0.0.1/' } }, 'body.webhook.url'],
    [{ webhook: { url: 'http://example.org/' } }, 'body.webhook.url'],
    [{ webhook: 'https://example.org/' }, 'body.webhook'],
  ])('DISPHTTP-2: %j is refused', async (wrong, field) => {
    const answer = await call(site, '/api/v1/jobs', { key, body: { payload, ...wrong } })
    expect(expectFailure(answer, 422, 'VALIDATION_ERROR')).toMatchObject([{ field }])
  })

  test('DISPHTTP-2: a webhook without a secret is refused with what to do', async () => {
    const body = { payload, webhook: { url: `http://127.0.0.1:${port}/` } }
    expectFailure(await call(site, '/api/v1/jobs', { key, body }), 409, 'WEBHOOK_SECRET_MISSING')
  })

  test('FALL-1: a model that nobody serves gives way to the next', async () => {
    const body = {
      payload: { ...payload, model: 'no-such' },
      routing: { models: ['nor-this', 'aitbc-tiny'] },
    }
    const { status, json } = await call(site, '/api/v1/jobs', { key, body })
    expect([status, json['model']]).toEqual([201, 'aitbc-tiny'])
  })
})

test('BATCH-1: a batch over HTTP is whole or nothing', async () => {
  const before = (await call(site, '/api/v1/jobs', { key })).json['total']
  const low = { payload, limit: '1' }
  const answer = await call(site, '/api/v1/jobs/batch', { key, body: { jobs: [{ payload }, low] } })
  expect(expectFailure(answer, 422, 'BATCH_REFUSED')).toMatchObject({
    items: [{ index: 1, code: 'PRICE_TOO_LOW' }],
  })
  expect((await call(site, '/api/v1/jobs', { key })).json['total']).toBe(before)
  const jobs = Array.from({ length: 6 }, () => ({ payload }))
  const taken = await once('six', { jobs }, '/api/v1/jobs/batch')
  expect(taken.status).toBe(201)
  expect(taken.json['items']).toHaveLength(6)
  expect((await once('six', { jobs }, '/v1/jobs/batch')).json).toEqual(taken.json)
})

test('TOLD-1, TOLD-2, TOLD-3: news arrive, signed, and again after a failure', async () => {
  const made = await call(site, '/api/v1/webhooks/secret', { key, method: 'POST' })
  expect(made.status).toBe(201)
  const secret = Buffer.from(String(made.json['secret']).slice('whsec_'.length), 'base64')
  const body = { payload, webhook: { url: `http://127.0.0.1:${port}/jobs` } }
  const { json: job } = await call(site, '/api/v1/jobs', { key, body })
  await until(
    async () => news.length,
    (count) => count >= 2,
  )
  const ids = new Set(news.map(({ headers }) => headers['webhook-id']))
  expect(ids.size).toBe(1)
  for (const { headers, body: text } of news) {
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`
    const expected = createHmac('sha256', secret).update(signed).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${expected}`)
    expect(JSON.parse(text)).toMatchObject({
      type: 'job.completed',
      data: { job_id: job['job_id'], state: 'completed' },
    })
  }
  const { json } = await until(
    () => call(site, '/api/v1/webhooks/deliveries', { key }),
    ({ json: list }) => (list['items'] as Json[])[0]?.['state'] === 'delivered',
  )
  expect(json['items']).toMatchObject([{ job_id: job['job_id'], attempts: 2, last_status: 204 }])
})

describe('the command line', () => {
  const client = async (args: readonly string[], input = '') => {
    const program = startProgram([...typescript('cli/client.ts'), ...args, '--api', site.url], {
      env: { AITBC_API_KEY: key },
      input,
    })
    const code = await program.ended
    return { code, out: program.stdout(), err: program.stderr() }
  }

  test('ASKED-1, WHY-1: estimate, submit --wait, why and batch-submit say what the site says', async () => {
    const asked = ['--prompt', payload.prompt, '--model', payload.model]
    const estimate = await client(['estimate', ...asked, '--output', 'json'])
    expect([estimate.code, JSON.parse(estimate.out)]).toMatchObject([0, { servable: true }])
    const done = await client(['submit', ...asked, '--wait', '--output', 'json'])
    const { job_id: jobId, state } = JSON.parse(done.out) as Json
    expect([done.code, state]).toEqual([0, 'COMPLETED'])
    const why = await client(['why', String(jobId)])
    expect([why.code, why.out]).toEqual([0, expect.stringContaining('state COMPLETED')])
    const unknown = await client(['why', 'f'.repeat(32)])
    expect(unknown.code).toBe(4)
    const rows = 'prompt,model,priority\n"one, two",aitbc-tiny,low\nthree,aitbc-tiny,\n'
    const batch = await client(['batch-submit', '-', '--format', 'csv', '--output', 'json'], rows)
    const lines = batch.out.trim().split('\n')
    expect([batch.code, lines.map((line) => (JSON.parse(line) as Json)['index'])]).toEqual([
      0,
      [0, 1],
    ])
    const bad = await client(['batch-submit', '-'], '[{"prompt": "hi", "model": "no-such"}]')
    expect([bad.code, bad.err]).toEqual([2, expect.stringContaining('BATCH_REFUSED')])
  })
})
