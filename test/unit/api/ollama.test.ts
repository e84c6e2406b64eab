/** Ollama's own client, wired to the routes under `/ollama/`. */
import { Ollama } from 'ollama'
import { describe, expect, test } from 'vitest'
import type { CoordinatorService, SubmitJob } from '../../../core/api/coordinator-service.ts'
import { err, ok } from '../../../core/base/result.ts'
import { callsText, embeddingsText } from '../../../core/jobs/answer.ts'
import { optionsOf } from '../../../core/jobs/job-options.ts'
import { allOf, app, jobId, jobStream, pledge, record, site } from './app.ts'

const messages = [{ role: 'user', content: 'Say hé.' }]
const end = {
  type: 'end',
  state: 'completed',
  finish: 'stop',
  prompt_tokens: 5,
  completion_tokens: 2,
  amount: '42',
  receipt_id: 'r1',
}
const said = (text: string) => ({ type: 'text', text, tokens: 1 })
const answer = [
  { type: 'state', state: 'running', miner_id: 'miner-a' },
  said('hé '),
  said('you'),
  end,
]
const models = [
  ...site.models,
  {
    name: 'llama3.2:latest',
    contextTokens: 4_096,
    miners: 1,
    pricePrompt: 1n,
    priceCompletion: 2n,
    engines: ['ollama'],
    features: ['chat', 'tools', 'json', 'embeddings'] as const,
  },
]

const running = (events: readonly unknown[], options = {}): Partial<CoordinatorService> => ({
  runJob: async () => ok({ job: record({ state: 'running' }), stream: jobStream(events, options) }),
})

function open(answers: Partial<CoordinatorService> = {}, key = 'client-key-1') {
  const service = app({ site: async () => ({ ...site, models }), ...answers })
  const ollama = new Ollama({
    host: 'http://127.0.0.1:18000/ollama',
    headers: { authorization: `Bearer ${key}` },
    fetch: (input, init) =>
      service.send(String(input).replace('http://127.0.0.1:18000', ''), init ?? {}),
  })
  const submitted = () =>
    service.calls.find(({ method }) => method === 'runJob')?.args[1] as SubmitJob
  return { ollama, submitted, ...service }
}
const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
const ask = { model: 'aitbc-tiny', messages }

describe('OLLAMAHTTP-1: chat and generate', () => {
  test('OLLAMAHTTP-1: whole', async () => {
    const { ollama, submitted } = open(running(answer))
    const options = { num_predict: 9, temperature: 0, num_ctx: 99 }
    const done = await ollama.chat({ ...ask, options, keep_alive: '5m' })
    expect(done).toMatchObject({
      model: 'aitbc-tiny',
      message: { role: 'assistant', content: 'hé you' },
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 5,
      eval_count: 2,
      aitbc: { job_id: jobId, receipt_id: 'r1', miner_id: 'miner-a', amount: '42' },
    })
    expect(Date.parse(String(done.created_at))).not.toBeNaN()
    expect(submitted()).toMatchObject({ spec: { version: 1, maxTokens: 9, temperatureMilli: 0 } })
  })

  test('OLLAMAHTTP-1: in lines', async () => {
    const { ollama } = open(running(answer))
    const lines = await allOf(await ollama.chat({ ...ask, stream: true }))
    expect(lines.map(({ message }) => message.content)).toEqual(['hé ', 'you', ''])
    expect(lines.map(({ done }) => done)).toEqual([false, false, true])
    expect(lines.at(-1)).toMatchObject({ eval_count: 2, aitbc: { amount: '42' } })
  })

  test('OLLAMAHTTP-1: lines are what is sent unless stream is false', async () => {
    const response = await open(running(answer)).call('POST', '/ollama/api/chat', ask)
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    expect((await response.text()).trim().split('\n')).toHaveLength(3)
  })

  test('OLLAMAHTTP-1: one prompt, with its own field', async () => {
    const { ollama, submitted } = open(
      running([...answer.slice(0, 3), { ...end, finish: 'length' }]),
    )
    const done = await ollama.generate({ model: 'aitbc-tiny', prompt: 'Say hé.', system: 'short' })
    expect(done).toMatchObject({ response: 'hé you', done: true, done_reason: 'length' })
    expect(submitted().spec.messages).toEqual([
      { role: 'system', content: 'short' },
      { role: 'user', content: 'Say hé.' },
    ])
    const raw = open(running(answer))
    const lines = await raw.ollama.generate({
      model: 'aitbc-tiny',
      prompt: 'x',
      raw: true,
      stream: true,
    })
    expect((await allOf(lines)).map(({ response }) => response).join('')).toBe('hé you')
    expect(optionsOf(raw.submitted().spec).kind).toBe('completion')
  })
})

describe('OLLAMAHTTP-2: tools, forms, vectors', () => {
  const called = [{ name: 'get_weather', arguments: { city: 'Oslo' } }]
  const tools = [{ type: 'function', function: { name: 'get_weather', description: 'w' } }]
  const events = [said('Let me look.'), said(callsText(called)), { ...end, finish: 'tool_calls' }]

  test('OLLAMAHTTP-2: calls, whole and in lines', async () => {
    const request = { model: 'llama3.2', messages, tools }
    const { ollama, submitted } = open(running(events))
    const done = await ollama.chat(request)
    expect(done.message).toEqual({
      role: 'assistant',
      content: 'Let me look.',
      tool_calls: [{ function: called[0] }],
    })
    expect(optionsOf(submitted().spec).tools).toEqual([tools[0]?.function])
    const again = open(running(events))
    const lines = await allOf(await again.ollama.chat({ ...request, stream: true }))
    expect(lines.map(({ message }) => message.content).join('')).toBe('Let me look.')
    expect(lines.flatMap(({ message }) => message.tool_calls ?? [])).toEqual([
      { function: called[0] },
    ])
  })

  test('OLLAMAHTTP-2: a schema goes along', async () => {
    const { ollama, submitted } = open(running(answer))
    const format = { type: 'object', properties: { z: {}, a: {} } }
    await ollama.chat({ model: 'llama3.2', messages, format })
    expect(optionsOf(submitted().spec).format).toEqual(format)
  })

  test('OLLAMAHTTP-2: vectors, in both spellings', async () => {
    const vectors = [Float32Array.from([0.5, -0.25]), Float32Array.from([1, 0])]
    const done = { ...end, completion_tokens: 0 }
    const { ollama } = open(running([said(embeddingsText(vectors)), done]))
    expect(await ollama.embed({ model: 'llama3.2', input: ['a', 'b'] })).toMatchObject({
      model: 'llama3.2:latest',
      embeddings: [
        [0.5, -0.25],
        [1, 0],
      ],
      prompt_eval_count: 5,
      aitbc: { amount: '42' },
    })
    const older = open(running([said(embeddingsText(vectors.slice(1))), done]))
    const one = await older.ollama.embeddings({ model: 'llama3.2', prompt: 'a' })
    expect(one).toMatchObject({ embedding: [1, 0] })
  })
})

test('OLLAMAHTTP-3: a name without a tag means latest, and the other way round', async () => {
  const { ollama, submitted } = open(running(answer))
  await ollama.chat({ model: 'llama3.2', messages })
  expect(submitted().spec.model).toBe('llama3.2:latest')
  const other = open(running(answer))
  const done = await other.ollama.chat({ model: 'aitbc-tiny:latest', messages })
  expect([done.model, other.submitted().spec.model]).toEqual(['aitbc-tiny', 'aitbc-tiny'])
})

describe('OLLAMAHTTP-4: errors', () => {
  test.each([
    ['a wrong key', {}, 'wrong', 401, 'invalid api key'],
    ['an unknown model', { model: 'none' }, undefined, 404, "model 'none' not found"],
    ['thinking', { think: true }, undefined, 400, 'think is not supported'],
    ['a sampler', { options: { top_k: 4 } }, undefined, 400, 'options.top_k is not supported'],
  ])('OLLAMAHTTP-4: %s', async (_what, more, key, status, text) => {
    const { ollama } = open(running(answer), key)
    const error = await caught(ollama.chat({ ...ask, ...more }))
    expect(error).toMatchObject({ status_code: status })
    expect(String((error as Error).message)).toContain(text)
  })

  test.each([
    ['ESCROW_REQUIRED', 402, null],
    ['QUEUE_FULL', 503, '5'],
    ['QUOTA_EXCEEDED', 429, '60'],
    ['CONTEXT_EXCEEDED', 400, null],
  ] as const)('OLLAMAHTTP-4: %s is %d with a code', async (code, status, after) => {
    const { call } = open({ runJob: async () => err({ code, details: { reason: 'x' } }) })
    const response = await call('POST', '/ollama/api/chat', ask)
    expect([response.status, response.headers.get('retry-after')]).toEqual([status, after])
    expect(await response.json()).toEqual({
      error: expect.any(String),
      code: code.toLowerCase(),
      details: { reason: 'x' },
    })
  })

  test('OLLAMAHTTP-4: a feature that nobody serves names the field', async () => {
    const refused = { code: 'NOT_SERVABLE', details: { reasons: ['features'] } } as const
    const { call } = open({ runJob: async () => err(refused) })
    const response = await call('POST', '/ollama/api/chat', { ...ask, format: 'json' })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: expect.stringContaining('JSON'),
      code: 'unsupported_feature',
    })
  })

  test('OLLAMAHTTP-4: a failure in mid-stream is a line, and nothing follows', async () => {
    const fault = { code: 'JOB_FAILED', message: 'ENGINE: out of memory' }
    const events = [said('hé '), { type: 'end', state: 'failed', error: fault }]
    const { call, ollama } = open(running(events))
    const text = await (await call('POST', '/ollama/api/chat', ask)).text()
    expect(JSON.parse(text.trim().split('\n').at(-1) ?? '')).toEqual({
      error: 'ENGINE: out of memory',
      code: 'job_failed',
    })
    const stream = await ollama.chat({ ...ask, stream: true })
    await expect(allOf(stream)).rejects.toThrow('out of memory')
  })

  test('OLLAMAHTTP-4: a stream that is cut off, and one that begins anew with other words', async () => {
    const cut = await open(running(answer.slice(0, 2))).call('POST', '/ollama/api/chat', ask)
    expect(await cut.text()).toContain('coordinator_unavailable')
    const left = pledge()
    const events = [said('hé '), { type: 'reset' }, said('other')]
    const options = { staysOpen: true, onCancel: left.keep }
    const other = await open(running(events, options)).call('POST', '/ollama/api/chat', ask)
    expect(await other.text()).toContain('job_failed')
    await left.kept
  })

  test('OLLAMAHTTP-4: a body that is no JSON, and a signed client', async () => {
    const { call, signed } = open()
    const response = await call('POST', '/ollama/api/chat', '{')
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: 'The body is not valid JSON.', code: 'json_invalid' },
    ])
    expect((await signed('POST', '/ollama/api/chat', ask)).status).toBe(403)
  })
})

test('OLLAMAHTTP-5: a reader that goes away cancels the job', async () => {
  const left = pledge()
  const { call } = open(running(answer.slice(0, 2), { staysOpen: true, onCancel: left.keep }))
  const response = await call('POST', '/ollama/api/chat', ask)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const { value } = await reader.read()
  expect(new TextDecoder().decode(value)).toContain('hé ')
  await reader.cancel()
  await left.kept
})

describe('OLLAMAHTTP-6: what is served', () => {
  test('OLLAMAHTTP-6: tags, ps and version, without a key', async () => {
    const { ollama } = open({}, '')
    const { models: listed } = await ollama.list()
    expect(listed.map(({ name }) => name)).toEqual([
      'dear/model:7b',
      'aitbc-tiny',
      'llama3.2:latest',
    ])
    expect(listed[2]).toMatchObject({
      capabilities: ['completion', 'tools', 'embedding'],
      aitbc: { price_completion: '2', context_tokens: 4_096 },
    })
    expect((await ollama.ps()).models).toHaveLength(3)
    expect(await ollama.version()).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) })
  })

  test('OLLAMAHTTP-6: what a model can do', async () => {
    const { ollama, call } = open()
    const shown = await ollama.show({ model: 'llama3.2' })
    expect(shown).toMatchObject({
      capabilities: ['completion', 'tools', 'embedding'],
      model_info: { 'aitbc.context_length': 4_096 },
    })
    expect(await caught(ollama.show({ model: 'none' }))).toMatchObject({ status_code: 404 })
    const nameless = await call('POST', '/ollama/api/show', {})
    expect([nameless.status, await nameless.json()]).toMatchObject([400, { param: 'model' }])
  })
})

test('OLLAMAHTTP-7: a request for nothing asks for no job', async () => {
  const { ollama, calls } = open()
  expect(await ollama.generate({ model: 'aitbc-tiny', prompt: '' })).toMatchObject({
    done: true,
    done_reason: 'load',
  })
  const lines = await allOf(await ollama.chat({ model: 'aitbc-tiny', messages: [], stream: true }))
  expect(lines).toMatchObject([{ done: true, done_reason: 'load' }])
  expect(await ollama.embed({ model: 'aitbc-tiny', input: [] })).toMatchObject({ embeddings: [] })
  expect(calls.map(({ method }) => method)).not.toContain('runJob')
})

test('OLLAMAHTTP-8: the key goes along, and what is asked for first is checked first', async () => {
  const { send, calls, submitted } = open(running(answer))
  const post = (headers: Record<string, string>, body: string) =>
    send('/ollama/api/chat', { method: 'POST', headers, body })
  const key = { 'x-api-key': 'client-key-1' }
  expect((await post({}, '{')).status).toBe(401)
  expect((await post(key, '{')).status).toBe(400)
  expect((await post(key, JSON.stringify({ ...ask, model: 'none' }))).status).toBe(404)
  expect(calls.map(({ method }) => method)).not.toContain('runJob')
  await post({ ...key, 'idempotency-key': 'k' }, JSON.stringify({ ...ask, stream: false }))
  expect(submitted().idempotency).toMatchObject({ key: 'k' })
})
