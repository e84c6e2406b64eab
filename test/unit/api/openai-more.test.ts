/**
 * Several answers, tools, cost, texts, vectors, preferences: with the official client, wired to the routes.
 * Long because each of them is tried whole and streamed, on one coordinator of the tests.
 */
import OpenAI from 'openai'
import { describe, expect, test, vi } from 'vitest'
import type { SubmitJob } from '../../../core/api/coordinator-service.ts'
import type { ErrorCode } from '../../../core/api/errors.ts'
import { err, ok } from '../../../core/base/result.ts'
import { callsText, embeddingsText } from '../../../core/jobs/answer.ts'
import { optionsOf } from '../../../core/jobs/job-options.ts'
import type { ModelFeature } from '../../../core/jobs/model-features.ts'
import { allOf, app, jobStream, pledge, record, site } from './app.ts'

const messages = [{ role: 'user' as const, content: 'Weather in Oslo?' }]
const idOf = (at: number) => `${at}`.padStart(32, '0')
const end = (at: number, more: Record<string, unknown> = {}) => ({
  type: 'end',
  state: 'completed',
  finish: 'stop',
  prompt_tokens: 5,
  completion_tokens: 2,
  amount: String(100 + at),
  receipt_id: `r${at}`,
  ...more,
})
const started = (at: number) => ({ type: 'state', state: 'running', miner_id: `miner-${at}` })
const said = (text: string) => ({ type: 'text', text, tokens: 1 })

type Told = { readonly events?: readonly unknown[]; readonly refused?: ErrorCode }

/** A coordinator that takes jobs one after the other, each with its own events; says which were left. */
function coordinatorOf(
  told: readonly Told[],
  details?: unknown,
  features?: readonly ModelFeature[],
) {
  const left = told.map(() => pledge())
  let next = 0
  const service = app({
    site: async () =>
      features ? { ...site, models: site.models.map((each) => ({ ...each, features })) } : site,
    runJob: async () => {
      const at = next
      next += 1
      const { events, refused } = told[at] ?? {}
      if (refused) return err({ code: refused, ...(details === undefined ? {} : { details }) })
      const isOpen = (events?.at(-1) as { type?: string })?.type !== 'end'
      const options = { staysOpen: isOpen, onCancel: left[at]?.keep ?? (() => undefined) }
      return ok({ job: record({ jobId: idOf(at) }), stream: jobStream(events ?? [], options) })
    },
  })
  const openai = new OpenAI({
    apiKey: 'client-key-1',
    baseURL: 'http://127.0.0.1:18000/v1',
    maxRetries: 0,
    fetch: (input, init) =>
      service.send(String(input).replace('http://127.0.0.1:18000', ''), init ?? {}),
  })
  const submitted = () =>
    service.calls
      .filter(({ method }) => method === 'runJob')
      .map(({ args }) => args[1] as SubmitJob)
  return { openai, submitted, left: left.map(({ kept }) => kept), ...service }
}

const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
const whole = (at: number, text = `answer ${at}`) => ({
  events: [started(at), said(text), end(at)],
})

describe('CHATHTTP-8: several answers', () => {
  test('CHATHTTP-8: each is a job of its own, with its seed', async () => {
    const { openai, submitted } = coordinatorOf([whole(0), whole(1), whole(2)])
    const done = await openai.chat.completions.create({
      model: 'aitbc-tiny',
      messages,
      n: 3,
      seed: 7,
    })
    expect(done.choices.map(({ index, message }) => [index, message.content])).toEqual([
      [0, 'answer 0'],
      [1, 'answer 1'],
      [2, 'answer 2'],
    ])
    expect(submitted().map(({ spec }) => spec.seed)).toEqual([7n, 8n, 9n])
    expect(done.usage).toMatchObject({ prompt_tokens: 15, completion_tokens: 6, cost_units: '303' })
    expect(done).toMatchObject({
      aitbc: {
        amount: '303',
        jobs: [
          { job_id: idOf(0), receipt_id: 'r0', miner_id: 'miner-0', amount: '100' },
          { miner_id: 'miner-1' },
          { amount: '102' },
        ],
      },
    })
  })

  test('CHATHTTP-8: side by side in a stream', async () => {
    const { openai } = coordinatorOf([whole(0), whole(1)])
    const stream = await openai.chat.completions.create({
      model: 'aitbc-tiny',
      messages,
      n: 2,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = await allOf(stream)
    for (const index of [0, 1]) {
      const own = chunks.flatMap(({ choices }) => choices.filter((each) => each.index === index))
      expect(own.map(({ delta }) => delta.content ?? '').join('')).toBe(`answer ${index}`)
      expect(own.at(-1)?.finish_reason).toBe('stop')
      expect(own[0]?.delta.role).toBe('assistant')
    }
    expect(chunks.at(-1)?.usage).toMatchObject({ total_tokens: 14, cost_units: '201' })
  })

  test('CHATHTTP-8: a refusal of one cancels those before it', async () => {
    const first = { events: [started(0)] }
    const { openai, left, submitted } = coordinatorOf([first, { refused: 'ESCROW_EXHAUSTED' }])
    const request = openai.chat.completions.create({ model: 'aitbc-tiny', messages, n: 3 })
    expect(await caught(request)).toMatchObject({ status: 402, code: 'insufficient_quota' })
    await left[0]
    expect(submitted()).toHaveLength(2)
  })

  test.each([true, false])(
    'CHATHTTP-8: a failure of one cancels the rest (stream: %s)',
    async (stream) => {
      const failed = { events: [{ type: 'end', state: 'failed', error: { code: 'JOB_FAILED' } }] }
      const { openai, left } = coordinatorOf([whole(0), { events: [started(1)] }, failed])
      const request = openai.chat.completions.create({
        model: 'aitbc-tiny',
        messages,
        n: 3,
        stream,
      })
      const error = await caught(
        request.then(async (done) => (stream ? allOf(done as AsyncIterable<unknown>) : [done])),
      )
      expect(error).toMatchObject({ code: 'job_failed' })
      await left[1]
    },
  )

  test('CHATHTTP-8: what was done before a failure is paid, and the error says so', async () => {
    const events = [started(1), said('no'), { type: 'end', state: 'expired' }]
    const { call } = coordinatorOf([whole(0), { events }])
    const body = { model: 'aitbc-tiny', messages, n: 2 }
    const response = await call('POST', '/v1/chat/completions', body)
    expect(response.status).toBe(504)
    expect(await response.json()).toMatchObject({
      error: {
        code: 'job_expired',
        details: { charged: [{ job_id: idOf(0), receipt_id: 'r0', amount: '100' }] },
      },
    })
  })

  test('CHATHTTP-8: a reader that leaves cancels all of them', async () => {
    const open = (at: number) => ({ events: [started(at), said('x')] })
    const { openai, left } = coordinatorOf([open(0), open(1)])
    const body = { model: 'aitbc-tiny', messages, n: 2, stream: true } as const
    const stream = await openai.chat.completions.create(body)
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'x') break
    await Promise.all(left)
  })
})

test('CHATHTTP-4: a caller whose request is aborted while he waits for the whole cancels the job', async () => {
  const { send, calls, left } = coordinatorOf([{ events: [started(0), said('x')] }])
  const leave = new AbortController()
  const waiting = send('/v1/chat/completions', {
    method: 'POST',
    headers: { 'x-api-key': 'client-key-1' },
    body: JSON.stringify({ model: 'aitbc-tiny', messages }),
    signal: leave.signal,
  })
  await vi.waitFor(() => expect(calls.map(({ method }) => method)).toContain('runJob'), {
    timeout: 30_000,
  })
  leave.abort()
  await left[0]
  expect(calls.find(({ method }) => method === 'cancelJob')?.args[1]).toBe(idOf(0))
  await waiting
})

test('CHATHTTP-9: cost in AITBC and in base units, and the job behind the answer', async () => {
  const events = [said('hé'), end(0, { amount: '12345678901', held: [{ code: 'RATE_CLAIM' }] })]
  const { openai } = coordinatorOf([{ events: [started(0), ...events] }])
  const done = await openai.chat.completions.create({ model: 'aitbc-tiny', messages })
  expect(done).toMatchObject({
    usage: { cost: 123.45678901, cost_units: '12345678901' },
    aitbc: {
      job_id: idOf(0),
      receipt_id: 'r0',
      miner_id: 'miner-0',
      amount: '12345678901',
      held: true,
    },
  })
})

const weather = {
  type: 'function' as const,
  function: { name: 'get_weather', parameters: { type: 'object', properties: {} } },
}
const called = [
  { name: 'get_weather', arguments: { city: 'Oslo' } },
  { name: 'get_weather', arguments: { city: 'Rome' } },
]

describe('CHATHTTP-10: tools', () => {
  const events = (words: string) => [
    started(0),
    ...(words === '' ? [] : [said(words)]),
    said(callsText(called).slice(0, 9)),
    said(callsText(called).slice(9)),
    end(0, { finish: 'tool_calls' }),
  ]
  const ask = { model: 'aitbc-tiny', messages, tools: [weather] }

  test.each([
    ['Let me look. ', 'Let me look. '],
    ['', null],
  ])('CHATHTTP-10: calls behind %j, whole', async (words, content) => {
    const { openai, submitted } = coordinatorOf([{ events: events(words) }])
    const done = await openai.chat.completions.create(ask)
    const [choice] = done.choices
    expect(choice).toMatchObject({ finish_reason: 'tool_calls', message: { content } })
    expect(choice?.message.tool_calls).toEqual(
      called.map((each, at) => ({
        id: `call_${idOf(0)}_${at}`,
        type: 'function',
        function: { name: each.name, arguments: JSON.stringify(each.arguments) },
      })),
    )
    expect(optionsOf(submitted()[0]?.spec as SubmitJob['spec']).tools).toHaveLength(1)
  })

  test('CHATHTTP-10: calls in a stream, and never their text', async () => {
    const { openai } = coordinatorOf([{ events: events('Let me look. ') }])
    const chunks = await allOf(await openai.chat.completions.create({ ...ask, stream: true }))
    const deltas = chunks.map(({ choices }) => choices[0]?.delta)
    expect(deltas.map((each) => each?.content ?? '').join('')).toBe('Let me look. ')
    expect(deltas.flatMap((each) => each?.tool_calls ?? [])).toMatchObject([
      { index: 0, function: { arguments: '{"city":"Oslo"}' } },
      { index: 1, id: `call_${idOf(0)}_1` },
    ])
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls')
  })

  test('CHATHTTP-10: the mark is text where an answer ends without calls', async () => {
    const odd = [started(0), said('a\u001eb'), said('c'), end(0)]
    const { openai } = coordinatorOf([{ events: odd }])
    const chunks = await allOf(await openai.chat.completions.create({ ...ask, stream: true }))
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
    expect(text).toBe('a\u001ebc')
  })

  test.each([true, false])(
    'CHATHTTP-10: calls that cannot be read are a failure (stream: %s)',
    async (stream) => {
      const broken = [started(0), said('\u001e[{'), end(0, { finish: 'tool_calls' })]
      const { call } = coordinatorOf([{ events: broken }])
      const response = await call('POST', '/v1/chat/completions', { ...ask, stream })
      expect(await response.text()).toContain('"code":"job_failed"')
    },
  )
})

describe('CHATHTTP-11: refusals that programs can act on', () => {
  const features = { reasons: ['features'], alternative: null }

  test.each([
    ['tools', { tools: [weather] }],
    ['response_format', { response_format: { type: 'json_object' } }],
  ])('CHATHTTP-11: a site without %s names the field', async (param, more) => {
    const { openai } = coordinatorOf([{ refused: 'NOT_SERVABLE' }], features)
    const body = { model: 'aitbc-tiny', messages, ...more }
    const request = openai.chat.completions.create(body as never)
    expect(await caught(request)).toMatchObject({
      status: 400,
      param,
      code: 'unsupported_feature',
      type: 'invalid_request_error',
    })
  })

  test('CHATHTTP-11: miners that call and cannot be made to: the choice is at fault, with what to do', async () => {
    const alternative = { model: 'other', price_prompt: '1' }
    const { call } = coordinatorOf([{ refused: 'NOT_SERVABLE' }], { ...features, alternative }, [
      'chat',
      'tools',
    ])
    const body = { model: 'aitbc-tiny', messages, tools: [weather], tool_choice: 'required' }
    const response = await call('POST', '/v1/chat/completions', body)
    expect([response.status, await response.json()]).toMatchObject([
      400,
      {
        error: {
          param: 'tool_choice',
          code: 'unsupported_feature',
          message: expect.stringContaining('Use tool_choice auto'),
          details: { alternative },
        },
      },
    ])
  })

  test('CHATHTTP-11: a model without vectors names the model', async () => {
    const { openai } = coordinatorOf([{ refused: 'NOT_SERVABLE' }], features)
    const request = openai.embeddings.create({ model: 'aitbc-tiny', input: 'x' })
    expect(await caught(request)).toMatchObject({
      status: 400,
      param: 'model',
      code: 'unsupported_feature',
    })
  })

  test.each([
    ['QUEUE_FULL', 503, '5'],
    ['CHAIN_UNAVAILABLE', 503, '2'],
    ['QUOTA_EXCEEDED', 429, '60'],
    ['ESCROW_REQUIRED', 402, null],
    ['KEY_BUDGET_EXCEEDED', 402, null],
    ['PRICE_TOO_LOW', 402, null],
  ] as const)('CHATHTTP-11: %s is %d, and says when to ask again', async (code, status, after) => {
    const details = { reason: 'x' }
    const { call } = coordinatorOf([{ refused: code }], details)
    const response = await call('POST', '/v1/chat/completions', { model: 'm', messages })
    expect([response.status, response.headers.get('retry-after')]).toEqual([status, after])
    expect(await response.json()).toMatchObject({ error: { details } })
  })
})

describe('CHATHTTP-12: texts and vectors', () => {
  test('CHATHTTP-12: texts go on, several at once', async () => {
    const { openai, submitted } = coordinatorOf([whole(0, ' one'), whole(1, ' two')])
    const done = await openai.completions.create({
      model: 'aitbc-tiny',
      prompt: ['a', 'b'],
      echo: true,
    })
    expect(done).toMatchObject({ object: 'text_completion', id: `cmpl-${idOf(0)}` })
    expect(done.choices.map(({ text, index }) => [index, text])).toEqual([
      [0, 'a one'],
      [1, 'b two'],
    ])
    expect(submitted().map(({ spec }) => optionsOf(spec).kind)).toEqual([
      'completion',
      'completion',
    ])
  })

  test('CHATHTTP-12: and in a stream', async () => {
    const { openai } = coordinatorOf([whole(0, ' one')])
    const stream = await openai.completions.create({
      model: 'aitbc-tiny',
      prompt: 'a',
      echo: true,
      stream: true,
    })
    const chunks = await allOf(stream)
    expect(chunks.map(({ choices }) => choices[0]?.text).join('')).toBe('a one')
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop')
    expect(chunks.every(({ object }) => object === 'text_completion')).toBe(true)
  })

  const vectors = [Float32Array.from([0.5, -0.25]), Float32Array.from([1, 0])]
  const embedded = (count: number) => ({
    events: [
      started(0),
      said(embeddingsText(vectors.slice(0, count))),
      end(0, { completion_tokens: 0 }),
    ],
  })

  test('CHATHTTP-12: vectors as numbers, and as the client asks by itself, in base64', async () => {
    for (const encoding_format of ['float', 'base64', undefined] as const) {
      const { openai } = coordinatorOf([embedded(2)])
      const done = await openai.embeddings.create({
        model: 'aitbc-tiny',
        input: ['a', 'b'],
        ...(encoding_format && { encoding_format }),
      })
      expect(done.data.map(({ index, object }) => [index, object])).toEqual([
        [0, 'embedding'],
        [1, 'embedding'],
      ])
      const [first] = done.data
      if (encoding_format === 'base64') {
        expect(first?.embedding).toBe(
          Buffer.from((vectors[0] as Float32Array).buffer).toString('base64'),
        )
      } else {
        expect(Array.from(first?.embedding ?? [])).toEqual([0.5, -0.25])
      }
      expect(done.usage).toMatchObject({ prompt_tokens: 5, total_tokens: 5, cost_units: '100' })
    }
  })

  test('CHATHTTP-12: an answer without vectors is a failure', async () => {
    const { call } = coordinatorOf([{ events: [said('words'), end(0)] }])
    const response = await call('POST', '/v1/embeddings', { model: 'm', input: 'x' })
    expect(response.status).toBe(502)
  })

  test.each([
    ['/v1/completions', { model: 'm', prompt: 'x', suffix: 'y' }, 'suffix'],
    ['/v1/embeddings', { model: 'm', input: [] }, 'input'],
  ])('CHATHTTP-12: %s refuses by name', async (path, body, param) => {
    const response = await coordinatorOf([]).call('POST', path, body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param } })
  })
})

test('CHATHTTP-13: preferences go along with every job', async () => {
  const { call, submitted } = coordinatorOf([whole(0), whole(1)])
  await call('POST', '/v1/chat/completions', {
    model: 'aitbc-tiny',
    messages,
    n: 2,
    models: ['other'],
    provider: { order: ['miner-a'], sort: 'latency', allow_fallbacks: false },
  })
  const routing = {
    order: ['miner-a'],
    sort: 'latency',
    allowFallbacks: false,
    models: ['other'],
  }
  expect(submitted()).toMatchObject([{ routing }, { routing }])
})

test('CHATHTTP-13: where the caller seems to be goes along, where the edge knows it', async () => {
  const { sendTo, submitted } = coordinatorOf([whole(0), whole(1)])
  const post = (cf: object | undefined) => {
    const body = JSON.stringify({ model: 'aitbc-tiny', messages })
    const request = new Request('https://site.example/v1/chat/completions', {
      method: 'POST',
      headers: { 'x-api-key': 'client-key-1', 'content-length': String(body.length) },
      body,
    })
    return sendTo(Object.assign(request, { cf }))
  }
  await post({ country: 'DE', continent: 'EU' })
  await post(undefined)
  expect(submitted().map(({ near }) => near)).toEqual([['de', 'eu'], undefined])
})

describe('CHATHTTP-15: a request that names itself', () => {
  const ask = { method: 'POST', headers: { 'x-api-key': 'client-key-1', 'idempotency-key': 'k-1' } }
  const body = JSON.stringify({ model: 'aitbc-tiny', messages, n: 2 })

  test('CHATHTTP-15: each of its jobs has a name, the same in every spelling of the route', async () => {
    const { send, submitted } = coordinatorOf([whole(0), whole(1), whole(2), whole(3), whole(4)])
    await send('/v1/chat/completions', { ...ask, body })
    await send('/api/v1/chat/completions', { ...ask, body })
    await send('/v1/completions', { ...ask, body: '{"model":"m","prompt":"x"}' })
    const names = submitted().map(({ idempotency }) => idempotency)
    expect(names.map((each) => each?.key)).toEqual(['k-1', 'k-1 1', 'k-1', 'k-1 1', 'k-1'])
    expect(names[2]).toEqual(names[0])
    expect(new Set(names.map((each) => each?.fingerprint)).size).toBe(2)
  })

  test.each([true, false])(
    'CHATHTTP-15: who leaves cancels nothing (stream: %s)',
    async (stream) => {
      const { send, calls, left } = coordinatorOf([{ events: [started(0), said('x')] }])
      const leave = new AbortController()
      const asked = JSON.stringify({ model: 'aitbc-tiny', messages, stream })
      const waiting = send('/v1/chat/completions', { ...ask, body: asked, signal: leave.signal })
      await vi.waitFor(() => expect(calls.map(({ method }) => method)).toContain('runJob'), {
        timeout: 30_000,
      })
      if (stream) await (await waiting).body?.cancel()
      else leave.abort()
      await left[0]
      await waiting
      expect(calls.map(({ method }) => method)).not.toContain('cancelJob')
    },
  )

  test('CHATHTTP-15: a refusal at the start cancels', async () => {
    const { send, calls } = coordinatorOf([{ events: [started(0)] }, { refused: 'QUEUE_FULL' }])
    const response = await send('/v1/chat/completions', { ...ask, body })
    expect(response.status).toBe(503)
    expect(calls.map(({ method }) => method)).toContain('cancelJob')
  })

  test('CHATHTTP-15: a key that is none is refused', async () => {
    const { send } = coordinatorOf([])
    const headers = { ...ask.headers, 'idempotency-key': 'a b' }
    const response = await send('/v1/chat/completions', { ...ask, headers, body })
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { code: 'validation_error', details: [{ field: 'header.idempotency-key' }] } },
    ])
  })
})

describe('CHATHTTP-14: the order of checks', () => {
  const paths = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings']
  const asked = (path: string, headers: Record<string, string>, body: string) => {
    const world = coordinatorOf([{ refused: 'ESCROW_REQUIRED' }])
    return world.send(path, { method: 'POST', headers, body }).then(({ status }) => {
      const methods = world.calls.map(({ method }) => method)
      return [status, methods.includes('runJob')]
    })
  }
  test.each(paths)(
    'CHATHTTP-14: %s: key, scope, JSON, fields, then the coordinator',
    async (path) => {
      const key = { 'x-api-key': 'client-key-1' }
      const good = JSON.stringify({ model: 'm', messages, prompt: 'x', input: 'x' })
      expect(await asked(path, {}, '{')).toEqual([401, false])
      expect(await asked(path, { 'x-api-key': 'miner-key-1' }, '{')).toEqual([401, false])
      expect(await asked(path, key, '{')).toEqual([400, false])
      expect(await asked(path, key, '{}')).toEqual([400, false])
      expect(await asked(path, key, good)).toEqual([402, true])
    },
  )
})
