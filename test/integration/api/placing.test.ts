/**
 * Two miners of one model that differ in price and speed, as OpenAI's own client chooses between them; and
 * what it and Ollama's meet when the site takes no more.
 */
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { priceOf } from '../../../core/jobs/pricing.ts'
import { call, type Json, keyOf, until } from '../../support/api-client.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { type OllamaServer, startOllamaServer } from '../../support/ollama-server.ts'
import { startTestMiner, type TestMiner } from '../../support/test-miner.ts'

let site: Harness
const servers: OllamaServer[] = []
const miners: TestMiner[] = []

const model = 'aitbc-tiny:latest'
/** Of a third miner, whose engine has vectors. */
const vectorModel = 'aitbc-tiny'
const clientKeys = Array.from(
  { length: 6 },
  (_, at) => `client-key-of-a-test-${at}-0123456789abcdef`,
)
/** Base units for 1 000 tokens. */
const prices = {
  cheap: { promptPer1000: 1_000_000n, completionPer1000: 3_000_000n },
  /** Within four times the other: dearer ones get only what names them. */
  dear: { promptPer1000: 3_000_000n, completionPer1000: 10_000_000n },
} as const

beforeAll(async () => {
  site = await startHarness({ vars: { CLIENT_API_KEYS: JSON.stringify(clientKeys) } })
  for (const [id, price, more] of [
    ['cheap', ['--price-in', '0.01', '--price-out', '0.03'], ['--region', 'us-east']],
    ['dear', ['--price-in', '0.03', '--price-out', '0.1'], ['--region', 'eu-central']],
  ] as const) {
    const server = await startOllamaServer({ models: [model] })
    servers.push(server)
    const engine = ['--engine', 'ollama', '--ollama-url', server.url, '--concurrency', '1']
    miners.push(await startTestMiner(site.url, { id, argv: [...engine, ...price, ...more] }))
  }
  miners.push(await startTestMiner(site.url, { id: 'vectors' }))
})
afterAll(async () => {
  for (const miner of miners) await miner.stop()
  for (const server of servers) await server.close()
  await site?.dispose()
})

const open = (key = keyOf(site, 'CLIENT')) =>
  new OpenAI({ apiKey: key, baseURL: `${site.url}/v1`, maxRetries: 0 })
const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }]
const question = { model, messages, temperature: 0 }

/** Who did the work. What it cost must be his price for the tokens that were counted. */
async function workedBy(provider: Json, more: Json = {}): Promise<string> {
  const asked = { ...question, provider, ...more }
  const done = await open().chat.completions.create(asked as never as typeof question)
  const { aitbc } = done as never as { aitbc: { miner_id: keyof typeof prices; amount: string } }
  const { prompt_tokens: promptTokens = 0, completion_tokens: completionTokens = 0 } =
    done.usage ?? {}
  const price = prices[aitbc.miner_id]
  expect(aitbc.amount).toBe(String(priceOf(price, { promptTokens, completionTokens })))
  expect(done.usage).toMatchObject({ cost_units: aitbc.amount })
  return aitbc.miner_id
}

const refusalOf = (asked: Promise<unknown>) =>
  asked.then(
    () => expect.fail('it was answered'),
    (error: unknown) => error,
  )

describe('two miners of one model', () => {
  test('OAI-10: the cheaper one, unless something else is wished', async () => {
    expect(await workedBy({})).toBe('cheap')
    expect(await workedBy({ sort: 'price' })).toBe('cheap')
    expect(await workedBy({ order: ['dear', 'cheap'] })).toBe('dear')
    expect(await workedBy({ order: ['gone', 'dear'] })).toBe('dear')
    expect(await workedBy({ ignore: ['cheap'] })).toBe('dear')
    expect(await workedBy({ region: 'eu' })).toBe('dear')
    expect(await workedBy({ region: 'eu', allow_fallbacks: false })).toBe('dear')
    // Nobody is in Asia: a wish gives way.
    expect(await workedBy({ region: 'ap' })).toBe('cheap')
  })

  test('OAI-10: a price that only one of them asks', async () => {
    const most = { prompt: 0.02, completion: '0.05' }
    expect(await workedBy({ order: ['dear'], max_price: most })).toBe('cheap')
    expect(await workedBy({ ignore: ['cheap'], max_price: 0.1 })).toBe('dear')
  })

  test('OAI-10: other models that will do', async () => {
    expect(await workedBy({}, { model: 'none', models: ['nor-this', model] })).toBe('cheap')
  })

  test('OAI-10: the faster one, by what this site has measured', async () => {
    const [slow, fast] = servers as [OllamaServer, OllamaServer]
    slow.setFaults({ tokenDelayMs: 20 })
    await workedBy({ order: ['cheap'] })
    await workedBy({ order: ['dear'] })
    expect(await workedBy({ sort: 'throughput' })).toBe('dear')
    expect(await workedBy({ sort: 'latency' })).toBe('dear')
    // The other way round: what is measured decides, and nothing else about them.
    slow.setFaults()
    fast.setFaults({ tokenDelayMs: 120 })
    await until(
      () => workedBy({ order: ['dear'] }).then(() => workedBy({ sort: 'speed' })),
      (miner) => miner === 'cheap',
    )
    fast.setFaults()
  })

  test('OAI-10: the one of better reputation, when its receipts are final', async () => {
    const scoreOf = async (miner: string) =>
      Number((await call(site, `/api/v1/miners/${miner}/reputation`)).json['score'])
    for (let job = 0; job < 4; job += 1) await workedBy({ order: ['dear'] })
    await until(
      async () => (await scoreOf('dear')) > (await scoreOf('cheap')),
      (isHigher) => isHigher,
    )
    expect(await workedBy({})).toBe('cheap')
    // It is worked out in the background, from the first time that it is asked for.
    await until(
      () => workedBy({ sort: 'reputation' }),
      (miner) => miner === 'dear',
    )
  })

  test('OAI-10: what nobody fits is refused, with the cheapest that would do without it', async () => {
    for (const provider of [
      { max_price: '0.001' },
      { order: ['gone'], allow_fallbacks: false },
      { region: 'ap', allow_fallbacks: false },
    ]) {
      const error = await refusalOf(workedBy(provider))
      expect(error).toBeInstanceOf(OpenAI.BadRequestError)
      expect(error).toMatchObject({
        code: 'not_servable',
        error: {
          type: 'invalid_request_error',
          details: {
            reasons: [expect.any(String)],
            alternative: { model, price_prompt: '1000000' },
          },
        },
      })
    }
    // Miners that are passed over are no alternative either: another's model is.
    const error = await refusalOf(workedBy({ ignore: ['cheap', 'dear'] }))
    expect(error).toMatchObject({ error: { details: { alternative: { model: vectorModel } } } })
  })
})

describe('a site that takes no more', () => {
  const [, full = '', ...others] = clientKeys
  const stranger = others.at(-1) as string
  const jobsOf = async (key: string) => (await call(site, '/v1/jobs', { key })).json['total']

  /** Asks for jobs that nobody comes to, each as large as is still taken; the last refusal. */
  async function fill(key: string): Promise<Json> {
    let refusal: Json = {}
    for (let bytes = 60_000; bytes >= 1; bytes = Math.floor(bytes / 2)) {
      for (;;) {
        const junk = 'x'.repeat(bytes)
        const payload = { type: 'inference', model, prompt: 'stay', max_tokens: 1, junk }
        const answer = await call(site, '/v1/jobs', { key, body: { payload } })
        if (answer.status === 201) continue
        refusal = answer.json['error'] as Json
        break
      }
    }
    return refusal
  }

  const asked = {
    chat: (client: OpenAI) => client.chat.completions.create(question),
    stream: (client: OpenAI) => client.chat.completions.create({ ...question, stream: true }),
    completion: (client: OpenAI) => client.completions.create({ model, prompt: 'One' }),
    embedding: (client: OpenAI) =>
      client.embeddings.create({ model: vectorModel, input: 'One '.repeat(50) }),
  }
  const ollama = (key: string, seen: Headers[]) =>
    new Ollama({
      host: `${site.url}/ollama`,
      headers: { authorization: `Bearer ${key}` },
      fetch: async (input, init) => {
        const response = await fetch(input, init)
        seen.push(response.headers)
        return response
      },
    })

  test('OAI-4: 429 of a key that has too much open, and nothing is taken', async () => {
    for (const server of servers) server.setFaults({ stallAfterTokens: 0 })
    expect(await fill(full)).toMatchObject({ code: 'QUOTA_EXCEEDED' })
    const before = await jobsOf(full)
    for (const ask of Object.values(asked)) {
      const error = await refusalOf(ask(open(full)))
      expect(error).toBeInstanceOf(OpenAI.RateLimitError)
      expect(error).toMatchObject({
        code: 'rate_limit_exceeded',
        type: 'rate_limit_error',
        error: { reason: 'quota_exceeded' },
      })
      expect((error as { headers: Headers }).headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    }
    expect(await jobsOf(full)).toBe(before)
  })

  test('OLL-5: the same for Ollama’s client', async () => {
    const seen: Headers[] = []
    const error = await refusalOf(ollama(full, seen).chat({ model, messages }))
    expect(error).toMatchObject({ status_code: 429, error: expect.stringMatching(/\S/) })
    expect(seen.at(-1)?.get('retry-after')).toMatch(/^[1-9]\d*$/)
  })

  test('OAI-4: 503 of a full queue for whoever asks, and nothing is taken', async () => {
    await Promise.all(others.slice(0, -1).map(fill))
    expect(await fill(clientKeys[0] as string)).toMatchObject({ code: 'QUEUE_FULL' })
    for (const ask of Object.values(asked)) {
      const error = await refusalOf(ask(open(stranger)))
      expect(error).toBeInstanceOf(OpenAI.InternalServerError)
      expect(error).toMatchObject({ status: 503, code: 'queue_full', type: 'server_error' })
      expect((error as { headers: Headers }).headers.get('retry-after')).toBe('5')
    }
    const seen: Headers[] = []
    const error = await refusalOf(ollama(stranger, seen).generate({ model, prompt: 'One' }))
    expect(error).toMatchObject({ status_code: 503 })
    expect(seen.at(-1)?.get('retry-after')).toBe('5')
    expect(await jobsOf(stranger)).toBe(0)
  })
})
