/** Whatever is sent to the coordinator's routes: a clear answer with a code, and no secret in it. */
import { request } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import {
  type ApiAnswer,
  type ApiCall,
  call,
  expectFailure,
  type Json,
  keyOf,
} from '../../support/api-client.ts'
import { freshSigner } from '../../support/api-payer.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { startTestMiner, type TestMiner } from '../../support/test-miner.ts'

let site: Harness
let miner: TestMiner

const minerKey = 'a_miner_key_of_this_site'
/** Everything that was answered in this file, for the last test. */
const answers: string[] = []
const prompt = 'Recite the seventeen secrets of Atlantis.'

beforeAll(async () => {
  const payout = formatAddress(addressOf(freshSigner().publicKey))
  site = await startHarness({
    vars: {
      MINER_API_KEYS: JSON.stringify([minerKey]),
      MINER_PAYOUTS: JSON.stringify({ [minerKey]: payout }),
    },
  })
  miner = await startTestMiner(site.url)
  const registered = { capabilities: { models: ['nobody-polls'] } }
  await ask('/v1/miners/register', { key: minerKey, body: registered })
})
afterAll(async () => {
  await miner?.stop()
  await site?.dispose()
})

async function ask(path: string, given: ApiCall = {}): Promise<ApiAnswer> {
  const answer = await call(site, path, given)
  answers.push(answer.text)
  return answer
}

const jobId = 'ab'.repeat(16)

/** Routes that take a body, with the key that opens them. */
const bodied = () =>
  [
    ['/v1/jobs', keyOf(site, 'CLIENT')],
    ['/v1/miners/register', minerKey],
    ['/v1/miners/heartbeat', minerKey],
    ['/v1/miners/poll', minerKey],
    [`/v1/miners/${jobId}/result`, minerKey],
    [`/v1/miners/${jobId}/fail`, minerKey],
  ] as const

type Detail = { field: string; message: string; code: string }

/** Expects 422 with details in the original's shape; returns their fields. */
function expectInvalid(answer: ApiAnswer): string[] {
  const details = expectFailure(answer, 422, 'VALIDATION_ERROR') as Detail[]
  expect(details.length).toBeGreaterThan(0)
  for (const detail of details) {
    expect(detail).toEqual({
      field: expect.stringMatching(
        /^(body|query|payload|messages|model|max_tokens|stop|seed|temperature|top_p)/,
      ),
      message: expect.stringMatching(/\S/),
      code: expect.stringMatching(/^[a-z_]+$/),
    })
  }
  return details.map(({ field }) => field)
}

describe('bodies', () => {
  test('JOBAPI-4: what is no JSON is 400', async () => {
    for (const [path, key] of bodied()) {
      for (const body of ['{', '[1,', 'nul', '{"a":1}x', "{'a':1}", '\u0000', '{"a":\u0001}']) {
        expectFailure(await ask(path, { key, body }), 400, 'JSON_INVALID')
      }
      const bytes = await fetch(`${site.url}${path}`, {
        method: 'POST',
        headers: { 'x-api-key': key },
        body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      })
      expect(await bytes.json()).toMatchObject({ error: { code: 'JSON_INVALID', status: 400 } })
    }
  })

  test('JOBAPI-4: what is no object is 422', async () => {
    for (const [path, key] of bodied()) {
      for (const body of ['[]', '1', '"x"', 'null', 'true']) {
        expectInvalid(await ask(path, { key, body }))
      }
    }
  })

  test('JOBAPI-4: an absent body is 400 but where the original’s programs send none', async () => {
    for (const [path, key] of bodied()) {
      const answer = await ask(path, { method: 'POST', key })
      if (/heartbeat|poll/.test(path)) expect(answer.status).toBeLessThan(300)
      else expectFailure(answer, 400, 'JSON_INVALID')
    }
  })

  test('JOBAPI-4: an absent field is named, with the word of the original', async () => {
    const details = expectFailure(
      await ask('/v1/jobs', { key: keyOf(site, 'CLIENT'), body: {} }),
      422,
      'VALIDATION_ERROR',
    )
    expect(details).toEqual([{ field: 'body.payload', message: 'Field required', code: 'missing' }])
    const absent = [
      ['/v1/miners/register', {}, ['body.capabilities']],
      [`/v1/miners/${jobId}/result`, { metrics: {} }, ['body.result']],
      [`/v1/miners/${jobId}/fail`, {}, ['body.error_code', 'body.error_message']],
    ] as const
    for (const [path, body, fields] of absent) {
      const answer = await ask(path, { key: minerKey, body })
      expect(expectInvalid(answer)).toEqual(fields)
      expect((answer.json['error'] as { details: Detail[] }).details[0]?.code).toBe('missing')
    }
  })

  test.each<[unknown, string]>([
    [{ payload: 'text' }, 'body.payload'],
    [{ payload: [] }, 'body.payload'],
    [{ payload: null }, 'body.payload'],
    [{ payload: {}, ttl_seconds: 'soon' }, 'body.ttl_seconds'],
    [{ payload: {}, ttl_seconds: 1.5 }, 'body.ttl_seconds'],
    [{ payload: {}, ttl_seconds: 1e300 }, 'body.ttl_seconds'],
    [{ payload: {}, payment_amount: -1 }, 'body.payment_amount'],
    [{ payload: {}, payment_amount: 1e300 }, 'body.payment_amount'],
    [{ payload: {}, payment_amount: '5' }, 'body.payment_amount'],
    [{ payload: {}, payment_currency: 'BTC' }, 'body.payment_currency'],
    [{ payload: {}, limit: '-5' }, 'body.limit'],
    [{ payload: {}, limit: 5 }, 'body.limit'],
    [{ payload: {}, limit: '1.5' }, 'body.limit'],
    [{ payload: {}, limit: '1e9' }, 'body.limit'],
    [{ payload: {}, limit: '9'.repeat(30) }, 'body.limit'],
    [{ payload: {}, constraints: 'gpu' }, 'body.constraints'],
    [{ payload: {}, constraints: { min_vram_gb: -1 } }, 'body.constraints.min_vram_gb'],
    [{ payload: {}, constraints: { models: 'x' } }, 'body.constraints.models'],
    [{ payload: {}, constraints: { max_price: -0.1 } }, 'body.constraints.max_price'],
    [{ payload: {}, constraints: { region: 7 } }, 'body.constraints.region'],
    [{ spec: 'zz' }, 'body.spec'],
    [{ spec: 'ab' }, 'body.spec'],
    [{ spec: '' }, 'body.spec'],
    [{ payload: {}, authorisation: 'ab' }, 'body.authorisation'],
    [{ payload: { prompt: 'x', max_tokens: -1 } }, 'payload.max_tokens'],
    [{ payload: { prompt: 'x', max_tokens: 0 } }, 'payload.max_tokens'],
    [{ payload: { prompt: 'x', temperature: 'hot' } }, 'payload.temperature'],
    [{ payload: { prompt: 'x', top_p: 2 } }, 'payload.top_p'],
    [{ payload: { prompt: 'x', seed: -1 } }, 'payload.seed'],
    [{ payload: { prompt: 'x', stop: 5 } }, 'payload.stop'],
    [{ payload: { messages: 'x' } }, 'payload.messages'],
    [{ payload: { messages: [1] } }, 'payload.messages.0'],
    [{ payload: { messages: [{ role: 'robot', content: 'x' }] } }, 'messages'],
    [{ payload: { prompt: 'x', model: 'm'.repeat(200) } }, 'model'],
    [{ payload: { prompt: 'half a \ud800 pair' } }, 'messages'],
  ])('JOBAPI-4: a job %j', async (body, field) => {
    const answer = await ask('/v1/jobs', { key: keyOf(site, 'CLIENT'), body })
    expect(expectInvalid(answer)).toContain(field)
  })

  test('JOBAPI-4: nesting, sizes and names beyond bounds', async () => {
    const key = keyOf(site, 'CLIENT')
    const deep = `{"payload":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`
    expectInvalid(await ask('/v1/jobs', { key, body: deep }))
    const lists = `{"payload":{"prompt":${'['.repeat(2_000)}${']'.repeat(2_000)}}}`
    expectInvalid(await ask('/v1/jobs', { key, body: lists }))
    const long = { payload: { prompt: 'x'.repeat(70_000) } }
    expectInvalid(await ask('/v1/jobs', { key, body: long }))
    const wide = { payload: { prompt: 'x' }, constraints: { models: Array(65).fill('m') } }
    expectInvalid(await ask('/v1/jobs', { key, body: wide }))
    const result = { result: { output: 'x'.repeat(600_000) } }
    expectInvalid(await ask(`/v1/miners/${jobId}/result`, { key: minerKey, body: result }))
    const proto = '{"payload":{"__proto__":{"x":1},"constructor":1,"model":"nobody-polls"}}'
    const taken = await ask('/v1/jobs', { key, body: proto })
    expect(taken.status, taken.text).toBe(201)
  })

  test('JOBAPI-4: a limit below the price, a model that nobody serves', async () => {
    const key = keyOf(site, 'CLIENT')
    const payload = { prompt: 'x', model: 'aitbc-tiny' }
    const low = await ask('/v1/jobs', { key, body: { payload, limit: '1' } })
    expect(expectFailure(low, 402, 'PRICE_TOO_LOW')).toMatchObject({
      alternative: expect.anything(),
    })
    const none = await ask('/v1/jobs', { key, body: { payload: { ...payload, model: 'llama9' } } })
    expect(expectFailure(none, 404, 'MODEL_NOT_SERVED')).toMatchObject({
      reason: 'model',
      models_served: ['aitbc-tiny', 'nobody-polls'],
    })
  })

  test('JOBAPI-4: pages of lists beyond their bounds', async () => {
    for (const query of ['limit=0', 'limit=201', 'limit=ten', 'offset=-1', 'offset=1e12']) {
      expectInvalid(await ask(`/v1/jobs?${query}`, { key: keyOf(site, 'CLIENT') }))
    }
  })

  test('GW-12: a body over the limit is 413, announced or not', async () => {
    for (const [path, key] of [...bodied(), ['/rpc/transactions', ''] as const]) {
      // Refused for its length alone: the rest need not travel.
      const announced = await answerToPart(path, key, { length: 4_194_305, bytes: 10 })
      expect([path, announced]).toEqual([path, [413, 'BODY_TOO_LARGE']])
    }
    const key = keyOf(site, 'CLIENT')
    const inChunks = await answerToPart('/v1/jobs', key, { bytes: 4_194_305 })
    expect(inChunks).toEqual([413, 'BODY_TOO_LARGE'])
  })
})

/** Sends so many bytes of a body, and no end, and reads the answer: its status and code. */
function answerToPart(
  path: string,
  key: string,
  body: { readonly length?: number; readonly bytes: number },
): Promise<[number | undefined, string]> {
  const { promise, resolve, reject } = Promise.withResolvers<[number | undefined, string]>()
  const headers = {
    'x-api-key': key,
    'content-type': 'application/json',
    ...(body.length !== undefined && { 'content-length': body.length }),
  }
  const sent = request(`${site.url}${path}`, { method: 'POST', headers })
  sent.on('error', reject)
  sent.on('response', async (answer) => {
    let text = ''
    for await (const part of answer) text += String(part)
    sent.off('error', reject).on('error', () => undefined)
    sent.destroy()
    resolve([answer.statusCode, (JSON.parse(text) as { error: { code: string } }).error.code])
  })
  sent.write('x'.repeat(body.bytes))
  return promise
}

describe('keys', () => {
  const routes = () =>
    [
      ['GET', '/v1/jobs', keyOf(site, 'CLIENT')],
      ['POST', '/v1/jobs', keyOf(site, 'CLIENT')],
      ['GET', `/v1/jobs/${jobId}`, keyOf(site, 'CLIENT')],
      ['POST', `/v1/jobs/${jobId}/cancel`, keyOf(site, 'CLIENT')],
      ['GET', `/v1/jobs/${jobId}/stream`, keyOf(site, 'CLIENT')],
      ['POST', '/v1/miners/register', minerKey],
      ['POST', '/v1/miners/heartbeat', minerKey],
      ['GET', '/v1/miners/poll', minerKey],
      ['POST', `/v1/miners/${jobId}/result`, minerKey],
      ['POST', `/v1/miners/${jobId}/fail`, minerKey],
    ] as const

  test('KEY-1: missing, unknown and foreign keys', async () => {
    for (const [method, path, good] of routes()) {
      const foreign = good === minerKey ? keyOf(site, 'CLIENT') : minerKey
      const keys = ['', 'wrong', `${good}x`, good.slice(0, -1), good.toUpperCase(), foreign]
      for (const key of [undefined, ...keys, keyOf(site, 'ADMIN'), 'x'.repeat(5_000)]) {
        const answer = await ask(path, { method, key, ...(method === 'POST' && { body: {} }) })
        expectFailure(answer, 401, 'AUTHENTICATION_ERROR')
        expect(answer.json['detail']).toBe('invalid api key')
      }
    }
  })

  test('KEY-1: as a bearer token too, with blanks around it; not in the address', async () => {
    const key = keyOf(site, 'CLIENT')
    for (const authorization of [`Bearer ${key}`, `bearer  ${key} `]) {
      const answer = await ask('/v1/jobs', { headers: { authorization } })
      expect(answer.status).toBe(200)
    }
    for (const authorization of [key, `Basic ${key}`, `Bearer ${key} ${key}`]) {
      const answer = await ask('/v1/jobs', { headers: { authorization } })
      expectFailure(answer, 401, 'AUTHENTICATION_ERROR')
    }
    expectFailure(await ask(`/v1/jobs?api_key=${key}`), 401, 'AUTHENTICATION_ERROR')
  })
})

describe('anything at all', () => {
  test('GW-13: random JSON on every route: never a 500, always the one shape', async () => {
    const fields = [
      'payload',
      'spec',
      'constraints',
      'ttl_seconds',
      'payment_amount',
      'limit',
      'capabilities',
      'concurrency',
      'region',
      'result',
      'metrics',
      'error_code',
      'error_message',
      'prompt',
      'model',
      'messages',
      'max_wait_seconds',
      'authorisation',
      'type',
      'parameters',
      'gpu',
      'models',
    ]
    const { tree } = fc.letrec<{ tree: unknown; object: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, '', 'x', -1, 0, 1.5, 2 ** 53, 1e300, -1e-300, 'aitbc-tiny'),
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.array(tie('tree'), { maxLength: 4 }),
        tie('object'),
      ),
      object: fc.dictionary(fc.constantFrom(...fields), tie('tree'), { maxKeys: 6 }),
    }))
    // Polls would wait, each for seconds.
    const routes = [
      ...bodied().filter(([path]) => !path.endsWith('poll')),
      ['/v1/chat/completions', keyOf(site, 'CLIENT')] as const,
    ]
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes), tree, async ([path, key], body) => {
        const answer = await ask(path, { key, body: JSON.stringify(body) })
        if (answer.status < 300) return
        expect(answer.status, answer.text).toBeLessThan(500)
        const { error } = answer.json as { error: Json }
        if (path.endsWith('completions')) expect(error['type']).toEqual(expect.any(String))
        else expectFailure(answer, answer.status, String(error['code']))
      }),
      { numRuns: 400 },
    )
  })

  test('GW-8: a well-formed request id is kept, any other replaced', async () => {
    const id = 'my-request.42'
    const kept = await ask('/v1/jobs', { headers: { 'x-request-id': id } })
    expect(kept.headers.get('x-request-id')).toBe(id)
    expect(kept.json).toMatchObject({ error: { request_id: id } })
    for (const bad of ['', 'a b', '<script>', 'x'.repeat(65)]) {
      const answer = await ask('/v1/jobs', { headers: { 'x-request-id': bad } })
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  test('KEY-4: no secret and no key in any answer or line of the log, and no prompt', async () => {
    const key = keyOf(site, 'CLIENT')
    const question = { model: 'aitbc-tiny', messages: [{ role: 'user', content: prompt }] }
    const answer = await call(site, '/v1/chat/completions', { key, body: question })
    expect(answer.status, answer.text).toBe(200)
    for (const path of ['/v1/models', '/api/v1/site', '/rpc/status', '/health/ready'])
      await ask(path)
    const keys = ['CLIENT', 'MINER', 'ADMIN'].flatMap(
      (scope) => JSON.parse(site.vars[`${scope}_API_KEYS`] ?? '') as string[],
    )
    const names = [
      'JWT_SECRET',
      'SESSION_SECRET',
      'WALLET_ENCRYPTION_KEY',
      'AUTHORITY_KEY',
      'COORDINATOR_KEY',
    ]
    const secrets = [...keys, ...names.map((name) => site.vars[name] ?? '')]
    expect(secrets.every((secret) => secret.length > 15)).toBe(true)
    expect(answers.length).toBeGreaterThan(500)
    const log = [...site.log, ...miner.log].join('\n')
    for (const secret of secrets) {
      expect(answers.filter((text) => text.includes(secret))).toEqual([])
      expect(log).not.toContain(secret)
    }
    expect(log).not.toContain(prompt)
    expect(log).not.toContain('seventeen secrets')
    expect(site.log.filter((line) => /unhandled failure|not kept|not done/.test(line))).toEqual([])
  })
})
