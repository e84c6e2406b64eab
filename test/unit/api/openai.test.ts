import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import type { SubmitJob } from '../../../core/api/coordinator-service.ts'
import { err, ok } from '../../../core/base/result.ts'
import { allOf, app, jobStream, pledge, record, site } from './app.ts'

const job = record({ state: 'running' })
const messages = [{ role: 'user' as const, content: 'Say hé.' }]
const end = {
  type: 'end',
  state: 'completed',
  finish: 'stop',
  prompt_tokens: 5,
  completion_tokens: 2,
}
const answer = [
  { type: 'state', state: 'running', miner_id: 'miner-a', attempt: 1 },
  { type: 'text', text: 'hé ', tokens: 1 },
  { type: 'text', text: 'you', tokens: 1 },
  end,
]
const running = (events: readonly unknown[], options = {}) => ({
  runJob: async () => ok({ job, stream: jobStream(events, options) }),
})

/** The official client, wired to the app. */
function client(answers: Parameters<typeof app>[0], apiKey = 'client-key-1') {
  const { send, calls } = app(answers)
  const openai = new OpenAI({
    apiKey,
    baseURL: 'http://127.0.0.1:18000/v1',
    maxRetries: 0,
    fetch: (input, init) => send(String(input).replace('http://127.0.0.1:18000', ''), init ?? {}),
  })
  return { openai, calls }
}
const raw = (events: readonly unknown[], body: Record<string, unknown> = {}) =>
  app(running(events)).call('POST', '/v1/chat/completions', {
    model: 'aitbc-tiny',
    messages,
    stream: true,
    ...body,
  })
const dataOf = (text: string) =>
  text
    .trim()
    .split('\n\n')
    .map((block) => block.replace(/^data: /, ''))

test('CHATHTTP-1: the official client gets a completion with usage', async () => {
  const { openai, calls } = client(running(answer))
  const done = await openai.chat.completions.create({
    model: 'aitbc-tiny',
    messages,
    max_tokens: 9,
  })
  expect(done).toMatchObject({
    id: `chatcmpl-${job.jobId}`,
    object: 'chat.completion',
    model: 'aitbc-tiny',
    choices: [
      { index: 0, message: { role: 'assistant', content: 'hé you' }, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  })
  const submitted = calls.find(({ method }) => method === 'runJob')?.args[1] as SubmitJob
  expect(submitted).toMatchObject({ spec: { model: 'aitbc-tiny', maxTokens: 9 }, limit: undefined })
})

test('CHATHTTP-1: text of an attempt that was given up does not count', async () => {
  const events = [answer[1], { type: 'reset' }, answer[2], end]
  const { openai } = client(running(events))
  const done = await openai.chat.completions.create({ model: 'aitbc-tiny', messages })
  expect(done.choices[0]?.message.content).toBe('you')
})

describe('CHATHTTP-2: streams', () => {
  test('CHATHTTP-2: the official client reads them', async () => {
    const { openai } = client(running(answer))
    const stream = await openai.chat.completions.create({
      model: 'aitbc-tiny',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = await allOf(stream)
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '' },
      { content: 'hé ' },
      { content: 'you' },
      {},
      undefined,
    ])
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([
      null,
      null,
      null,
      'stop',
      undefined,
    ])
    expect(chunks.slice(0, 4).map(({ usage }) => usage)).toEqual([null, null, null, null])
    expect(chunks[4]?.usage).toEqual({
      prompt_tokens: 5,
      completion_tokens: 2,
      total_tokens: 7,
      cost: 0,
      cost_units: '0',
    })
  })

  test('CHATHTTP-2: they end with [DONE], and without usage unless it was asked for', async () => {
    const response = await raw(answer)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const data = dataOf(await response.text())
    expect(data).toHaveLength(5)
    expect(data.at(-1)).toBe('[DONE]')
    expect(JSON.parse(data[0] as string)).not.toHaveProperty('usage')
  })

  test('CHATHTTP-2: an answer cut by its length says so', async () => {
    const data = dataOf(await (await raw([answer[1], { ...end, finish: 'length' }])).text())
    expect(JSON.parse(data.at(-2) as string).choices[0].finish_reason).toBe('length')
  })
})

describe('CHATHTTP-3: errors', () => {
  const caught = (answers: Parameters<typeof app>[0], body = {}, apiKey?: string) =>
    client(answers, apiKey)
      .openai.chat.completions.create({ model: 'aitbc-tiny', messages, ...body })
      .then(
        () => undefined,
        (error: unknown) => error,
      )

  test('CHATHTTP-3: a wrong key', async () => {
    const error = await caught(running(answer), {}, 'wrong')
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError)
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key' })
  })

  test('CHATHTTP-3: an unknown model', async () => {
    const error = await caught({ runJob: async () => err({ code: 'MODEL_NOT_SERVED' }) })
    expect(error).toMatchObject({ status: 404, code: 'model_not_found', param: 'model' })
  })

  test.each([
    ['ESCROW_REQUIRED', 402, 'insufficient_quota'],
    ['QUEUE_FULL', 503, 'queue_full'],
    ['NOT_SERVABLE', 400, 'not_servable'],
    ['CONTEXT_EXCEEDED', 400, 'context_length_exceeded'],
    ['QUOTA_EXCEEDED', 429, 'rate_limit_exceeded'],
    ['CHAIN_UNAVAILABLE', 503, 'chain_unavailable'],
  ] as const)('CHATHTTP-3: %s is %d %s', async (code, status, theirs) => {
    expect(await caught({ runJob: async () => err({ code }) })).toMatchObject({
      status,
      code: theirs,
    })
  })

  test('CHATHTTP-3: what is not supported names its parameter', async () => {
    expect(await caught(running(answer), { logprobs: true })).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      param: 'logprobs',
      code: 'unsupported_parameter',
    })
  })

  test('CHATHTTP-3: a body that is no JSON', async () => {
    const response = await app().call('POST', '/v1/chat/completions', '{')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'json_invalid', param: null } })
  })

  test.each([
    ['failed', 502],
    ['expired', 504],
    ['canceled', 400],
  ])('CHATHTTP-3: a job that %s, whole', async (state, status) => {
    expect(await caught(running([{ type: 'end', state }]))).toMatchObject({ status })
  })

  test('CHATHTTP-3: in mid-stream, an event and no [DONE]', async () => {
    const fault = { code: 'JOB_FAILED', message: 'ENGINE: out of memory' }
    const events = [answer[1], { type: 'end', state: 'failed', error: fault }]
    const data = dataOf(await (await raw(events)).text())
    expect(JSON.parse(data.at(-1) as string)).toMatchObject({
      error: { message: 'ENGINE: out of memory', type: 'server_error', code: 'job_failed' },
    })
    const stream = await client(running(events)).openai.chat.completions.create({
      model: 'aitbc-tiny',
      messages,
      stream: true,
    })
    await expect(allOf(stream)).rejects.toThrow('out of memory')
  })

  test('CHATHTTP-3: a signed client is sent to the route for it', async () => {
    const body = { model: 'm', messages }
    const response = await app().signed('POST', '/v1/chat/completions', body)
    expect(response.status).toBe(403)
  })
})

test('CHATHTTP-4: a reader that goes away cancels the job, also while nothing comes', async () => {
  const left = pledge()
  const options = { staysOpen: true, onCancel: left.keep }
  const { openai } = client(running(answer.slice(0, 2), options))
  const stream = await openai.chat.completions.create({
    model: 'aitbc-tiny',
    messages,
    stream: true,
  })
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'hé ') break
  await left.kept
})

describe('CHATHTTP-5: a second attempt', () => {
  const texts = (data: readonly string[]) =>
    data
      .filter((each) => each.startsWith('{"id"'))
      .map((each) => JSON.parse(each).choices[0]?.delta.content ?? '')
      .join('')

  test('CHATHTTP-5: goes on where the first stopped', async () => {
    const events = [
      answer[1],
      { type: 'reset' },
      { type: 'text', text: 'h' },
      { type: 'text', text: 'é you' },
      end,
    ]
    const data = dataOf(await (await raw(events)).text())
    expect(texts(data)).toBe('hé you')
    expect(data.at(-1)).toBe('[DONE]')
  })

  test('CHATHTTP-5: ends the stream when it differs, and cancels the job', async () => {
    const left = pledge()
    const events = [answer[1], { type: 'reset' }, { type: 'text', text: 'other' }]
    const { call } = app(running(events, { staysOpen: true, onCancel: left.keep }))
    const body = { model: 'aitbc-tiny', messages, stream: true }
    const data = dataOf(await (await call('POST', '/v1/chat/completions', body)).text())
    expect(texts(data)).toBe('hé ')
    expect(JSON.parse(data.at(-1) as string)).toMatchObject({ error: { code: 'job_failed' } })
    await left.kept
  })

  test('CHATHTTP-5: ends the stream when it stops short', async () => {
    const data = dataOf(await (await raw([answer[1], { type: 'reset' }, end])).text())
    expect(JSON.parse(data.at(-1) as string)).toHaveProperty('error')
  })
})

describe('CHATHTTP-6: models', () => {
  test('CHATHTTP-6: the official client lists them', async () => {
    const { openai } = client({})
    const models = await allOf(openai.models.list())
    expect(models.map(({ id }) => id)).toEqual(['dear/model:7b', 'aitbc-tiny'])
    expect(models[1]).toMatchObject({ object: 'model', owned_by: 'aitbc', price_completion: '2' })
  })

  test('CHATHTTP-6: and finds one, whatever its name', async () => {
    const { openai } = client({})
    expect((await openai.models.retrieve('dear/model:7b')).id).toBe('dear/model:7b')
    await expect(openai.models.retrieve('nobody')).rejects.toMatchObject({ status: 404 })
  })

  test('CHATHTTP-6: a site with the demo model alone says so', async () => {
    const { send } = app({ site: async () => ({ ...site, notice: 'EMBEDDED_ONLY' }) })
    expect(await (await send('/v1/models')).json()).toMatchObject({ notice: 'EMBEDDED_ONLY' })
  })
})

test.each([true, false])(
  'CHATHTTP-7: a stream that is cut off is an error (stream: %s)',
  async (stream) => {
    const response = await raw(answer.slice(0, 2), { stream })
    const text = await response.text()
    expect(text).toContain('coordinator_unavailable')
    expect(text).not.toContain('[DONE]')
    expect(response.status).toBe(stream ? 200 : 503)
  },
)

test('SITE-1: the site says who it is', async () => {
  const response = await app().send('/api/v1/site')
  expect(await response.json()).toMatchObject({
    chain_id: 'aitbc-test',
    genesis_hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    coordinator: expect.stringMatching(/^[0-9a-f]{64}$/),
    parameters: { authorisation_life_slots: 400, coordinator_share_bps: 500 },
    miners_online: 3,
    notice: null,
    dispatching: true,
    fault: null,
    settle_margin_slots: 60,
    charge_min: '17000',
    limits: { ttl_seconds_max: expect.any(Number), max_tokens: 16_384 },
    models: [
      { name: 'dear/model:7b', price_prompt: '5' },
      { name: 'aitbc-tiny', miners: 2 },
    ],
  })
})
