/**
 * What OpenAI's and Ollama's own clients can ask beyond a plain chat, against a site with real miners: the
 * built-in engine, and one whose Ollama calls functions, keeps schemas and makes vectors. Long because one
 * site and its miners serve all of it.
 */
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call, type Json, jobIn, keyOf, until } from '../../support/api-client.ts'
import { type Breakable, startBreakable } from '../../support/breakable.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import {
  type ScriptedOllama,
  scriptedModels,
  scriptedVector,
  startScriptedOllama,
} from '../../support/ollama-scripted.ts'
import { startTestMiner, type TestMiner } from '../../support/test-miner.ts'

let site: Harness
let upstream: ScriptedOllama
const miners: TestMiner[] = []

beforeAll(async () => {
  site = await startHarness()
  upstream = await startScriptedOllama()
  miners.push(await startTestMiner(site.url))
  const argv = ['--engine', 'ollama', '--ollama-url', upstream.url, '--concurrency', '4']
  miners.push(await startTestMiner(site.url, { id: 'miner-B', argv }))
})
afterAll(async () => {
  for (const miner of miners) await miner.stop()
  await upstream?.close()
  await site?.dispose()
})

const key = () => keyOf(site, 'CLIENT')
const openai = () => new OpenAI({ apiKey: key(), baseURL: `${site.url}/v1`, maxRetries: 0 })
const ollama = () =>
  new Ollama({ host: `${site.url}/ollama`, headers: { authorization: `Bearer ${key()}` } })

const tiny = 'aitbc-tiny'
const { chat: model, vectors: vectorModel } = scriptedModels
const described = {
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const tools = [{ type: 'function' as const, function: described }]
const messages = [{ role: 'user' as const, content: 'Weather in Oslo?' }]

type Traced = {
  readonly aitbc: { job_id: string; receipt_id: string; miner_id: string; amount: string }
}
const traceOf = (answer: unknown) => (answer as Traced).aitbc

/** The job as its client sees it, when it is paid: what the answer said of it must be true. */
async function expectPaid(trace: Traced['aitbc']): Promise<Json> {
  const job = await jobIn(site, { key: key(), jobId: trace.job_id, states: ['COMPLETED'] })
  expect(job).toMatchObject({
    assigned_miner_id: trace.miner_id,
    amount: trace.amount,
    receipt_id: trace.receipt_id,
  })
  return job
}

describe('tools', () => {
  test('OAI-5: calls come back, and their results go on', async () => {
    const asked = await openai().chat.completions.create({ model, messages, tools })
    const [choice] = asked.choices
    expect(choice).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: 'Let me look. ' },
    })
    const [made] = choice?.message.tool_calls ?? []
    expect(made).toMatchObject({ type: 'function' })
    if (made?.type !== 'function') throw new Error('no call')
    expect(JSON.parse(made.function.arguments)).toEqual({ city: 'Oslo', days: 2 })
    await expectPaid(traceOf(asked))
    const done = await openai().chat.completions.create({
      model,
      messages: [
        ...messages,
        choice?.message as OpenAI.ChatCompletionMessageParam,
        { role: 'tool', tool_call_id: made.id, content: 'snow' },
      ],
      tools,
    })
    expect(done.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: 'It is snow' },
    })
    const sent = upstream.calls.findLast(({ path }) => path === '/api/chat')?.body
    expect(sent).toMatchObject({
      tools,
      messages: [
        {},
        { tool_calls: [{ function: { arguments: { city: 'Oslo' } } }] },
        { role: 'tool', tool_name: 'get_weather' },
      ],
    })
  })

  test('OAI-5: the client’s own runner calls our function and gets the answer', async () => {
    const asked: unknown[] = []
    const runner = openai().chat.completions.runTools({
      model,
      messages: [...messages],
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            ...described,
            parse: JSON.parse,
            function: (given: unknown) => {
              asked.push(given)
              return 'sun'
            },
          },
        },
      ],
    })
    expect(await runner.finalContent()).toBe('It is sun')
    expect(asked).toEqual([{ city: 'Oslo', days: 2 }])
  })

  test('OAI-5: one call where more are not wanted', async () => {
    const two = [{ role: 'user' as const, content: 'two cities' }]
    const both = await openai().chat.completions.create({ model, messages: two, tools })
    expect(both.choices[0]?.message.tool_calls).toHaveLength(2)
    const one = await openai().chat.completions.create({
      model,
      messages: two,
      tools,
      parallel_tool_calls: false,
    })
    expect(one.choices[0]?.message.tool_calls).toHaveLength(1)
  })
})

describe('a call that must come', () => {
  const other = { type: 'function' as const, function: { name: 'get_time' } }
  const named = (name: string) => ({ type: 'function' as const, function: { name } })
  const chatsSent = () => upstream.calls.filter(({ path }) => path === '/api/chat')
  type Choice = OpenAI.ChatCompletionToolChoiceOption

  test.each<[string, Choice, readonly string[]]>([
    ['of any function', 'required', ['get_weather', 'get_time']],
    ['of one by its name', named('get_time'), ['get_time']],
    [
      'of those that are allowed',
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [named('get_weather')] },
      },
      ['get_weather'],
    ],
  ])('OAI-5: %s is held to by the engine', async (_what, choice, allowed) => {
    const asked = { model, messages, tools: [...tools, other], tool_choice: choice }
    const done = await openai().chat.completions.create(asked)
    expect(done.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: null, tool_calls: [{ function: { name: allowed[0] } }] },
    })
    await expectPaid(traceOf(done))
    const sent = chatsSent().at(-1)?.body as { tools: typeof tools; format: Json }
    expect(sent.tools.map((each) => each.function.name)).toEqual(allowed)
    expect(JSON.stringify(sent.format)).toContain(`"enum":["${allowed.at(-1)}"]`)
    const calls = []
    for await (const chunk of await openai().chat.completions.create({ ...asked, stream: true })) {
      expect(chunk.choices[0]?.delta.content ?? '').toBe('')
      calls.push(...(chunk.choices[0]?.delta.tool_calls ?? []))
    }
    expect(calls).toMatchObject([{ index: 0, function: { name: allowed[0] } }])
  })

  test('OAI-5: where no miner’s engine can, it is refused with what to do', async () => {
    const error = await openai()
      .chat.completions.create({ model: tiny, messages, tools, tool_choice: 'required' })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect(error).toMatchObject({
      code: 'unsupported_feature',
      error: { details: { reasons: ['features'], alternative: { model } } },
    })
  })
})

test('OAI-6: the form of an answer goes to the engine as it was sent', async () => {
  const schema = { type: 'object', properties: { city: {}, days: {} }, required: ['city', 'days'] }
  const done = await openai().chat.completions.create({
    model,
    messages,
    response_format: { type: 'json_schema', json_schema: { name: 'plan', schema } },
  })
  expect(JSON.parse(done.choices[0]?.message.content ?? '')).toEqual({ city: 'Oslo', days: 2 })
  const sent = upstream.calls.findLast(({ path }) => path === '/api/chat')?.body['format']
  expect(JSON.stringify(sent)).toBe(JSON.stringify(schema))
})

describe('several answers', () => {
  const question = [{ role: 'user' as const, content: 'What is the capital of France?' }]

  test('OAI-7: each is a job with a receipt and a price of its own', async () => {
    const done = await openai().chat.completions.create({
      model: tiny,
      messages: question,
      n: 3,
      seed: 5,
    })
    expect(done.choices.map(({ index }) => index)).toEqual([0, 1, 2])
    const { amount, jobs } = (
      done as unknown as { aitbc: { amount: string; jobs: Traced['aitbc'][] } }
    ).aitbc
    for (const each of jobs) await expectPaid(each)
    expect(new Set(jobs.map((each) => each.receipt_id)).size).toBe(3)
    const sum = jobs.reduce((total, each) => total + BigInt(each.amount), 0n)
    expect([amount, done.usage]).toMatchObject([String(sum), { cost_units: String(sum) }])
  })

  test('OAI-7: in one stream', async () => {
    const stream = await openai().chat.completions.create({
      model: tiny,
      messages: question,
      temperature: 0,
      n: 2,
      stream: true,
    })
    const texts = ['', '']
    for await (const { choices } of stream) {
      for (const { index, delta } of choices) texts[index] += delta.content ?? ''
    }
    expect(texts).toEqual(Array(2).fill('The capital of France is Paris.'))
  })

  test('OAI-7: a reader that leaves cancels all of them, down to the engine', async () => {
    const stream = await openai().chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'never end' }],
      n: 2,
      stream: true,
    })
    const seen = new Set<number>()
    for await (const { choices } of stream) {
      for (const { index, delta } of choices) if (delta.content) seen.add(index)
      if (seen.size === 2) break
    }
    expect(upstream.activeCount()).toBe(2)
    stream.controller.abort()
    await until(
      () => upstream.activeCount(),
      (active) => active === 0,
    )
  })
})

describe('a request that is sent again', () => {
  let way: Breakable
  beforeAll(async () => {
    way = await startBreakable(site.url)
  })
  afterAll(() => way.close())

  const total = async () => (await call(site, '/v1/jobs', { key: key() })).json['total'] as number
  const again = () =>
    new OpenAI({ apiKey: key(), baseURL: `${way.url}/v1`, maxRetries: 2, timeout: 600_000 })
  const asked = (content: string) => ({ model, messages: [{ role: 'user' as const, content }] })
  const sentTo = (content: string) =>
    upstream.calls.filter(({ body }) => JSON.stringify(body).includes(content)).length

  test('OAI-11: the answer was lost on the way: it is given again, and paid once', async () => {
    const before = await total()
    way.breakNext()
    const done = await again().chat.completions.create(asked('lost answer'), {
      headers: { 'Idempotency-Key': 'lost-1' },
    })
    expect(way.broken()).toBe(1)
    expect(done.choices[0]?.message.content).toBe('Plain words.')
    await expectPaid(traceOf(done))
    expect([await total(), sentTo('lost answer')]).toEqual([before + 1, 1])
    // And whoever asks once more, streamed or not: the key and the body say that it is the same.
    const third = await again().chat.completions.create(asked('lost answer'), {
      headers: { 'Idempotency-Key': 'lost-1' },
    })
    expect(third).toEqual(done)
    expect(await total()).toBe(before + 1)
  })

  test.each([false, true])(
    'OAI-11: the connection broke in mid-answer: the job goes on (stream: %s)',
    async (stream) => {
      const before = await total()
      const content = `hold on ${stream}`
      const waiting = again().chat.completions.create(
        { ...asked(content), stream, n: 2 },
        { headers: { 'Idempotency-Key': `broken-${stream}` } },
      )
      const failed = waiting.then(() => undefined).catch((error: unknown) => error)
      await until(
        () => sentTo(content),
        (count) => count === 2,
      )
      const connections = way.connections()
      way.breakAll()
      // A stream has begun: its reader has to ask again himself.
      if (!stream) {
        await until(
          () => way.connections(),
          (count) => count > connections,
        )
      }
      upstream.release()
      if (!stream) expect(await failed).toBeUndefined()
      const done = stream
        ? await again().chat.completions.create(
            { ...asked(content), stream, n: 2 },
            { headers: { 'Idempotency-Key': `broken-${stream}` } },
          )
        : await waiting
      const texts = ['', '']
      if (Symbol.asyncIterator in done) {
        for await (const { choices } of done) {
          for (const { index, delta } of choices) texts[index] += delta.content ?? ''
        }
      } else {
        for (const { index, message } of done.choices) texts[index] += message.content ?? ''
      }
      expect(texts).toEqual(['Plain words.', 'Plain words.'])
      expect([await total(), sentTo(content)]).toEqual([before + 2, 2])
    },
  )

  test('OAI-11: the site is replaced in mid-stream: the reader is told, and gets all of it after', async () => {
    const before = await total()
    const body = { ...asked('hold on, a deploy'), stream: true } as const
    const options = { headers: { 'Idempotency-Key': 'deploy-1' } }
    const read = async () => {
      let text = ''
      const stream = await again().chat.completions.create(body, options)
      for await (const { choices } of stream) {
        text += choices[0]?.delta.content ?? ''
        if (text === 'Plain ' && sentTo('a deploy') === 1 && !isReplaced) {
          isReplaced = true
          replaced = site.restart()
        }
      }
      return text
    }
    let isReplaced = false
    let replaced = Promise.resolve()
    await expect(read()).rejects.toThrow()
    await replaced
    upstream.release()
    // The miner comes back, and what it has made meanwhile counts.
    expect(await read()).toBe('Plain words.')
    expect([await total(), sentTo('a deploy')]).toEqual([before + 1, 1])
  })

  test('OAI-11: vectors, and another request under the same key', async () => {
    const before = await total()
    const headers = { 'Idempotency-Key': 'vectors-1' }
    way.breakNext()
    const asked = { model: vectorModel, input: ['a', 'b', 'c', 'd', 'e', 'f'] }
    const done = await again().embeddings.create(asked, { headers })
    expect([done.data.length, await total()]).toEqual([6, before + 2])
    const other = again().embeddings.create({ ...asked, input: 'a' }, { headers })
    await expect(other).rejects.toMatchObject({ status: 422, code: 'idempotency_key_reused' })
  })

  test('OLL-6: Ollama’s client gets the same answer under the same key', async () => {
    const before = await total()
    const named = new Ollama({
      host: `${site.url}/ollama`,
      headers: { authorization: `Bearer ${key()}`, 'idempotency-key': 'ollama-1' },
    })
    const question = { model: 'scripted', messages }
    const [first, second] = [await named.chat(question), await named.chat(question)]
    expect([traceOf(second), await total()]).toEqual([traceOf(first), before + 1])
  })
})

describe('texts and vectors', () => {
  test('OAI-8: a text goes on, at the built-in engine and at Ollama', async () => {
    const there = await openai().completions.create({ model, prompt: ['One', 'Two'], echo: true })
    expect(there.choices.map(({ text }) => text)).toEqual(['One and so on', 'Two and so on'])
    const here = await openai().completions.create({
      model: tiny,
      prompt: 'The capital of France is',
      max_tokens: 5,
      temperature: 0,
    })
    expect(here.usage?.completion_tokens).toBeGreaterThan(0)
    await expectPaid(traceOf(here))
    const stream = await openai().completions.create({ model, prompt: 'One', stream: true })
    let streamed = ''
    for await (const { choices } of stream) streamed += choices[0]?.text ?? ''
    expect(streamed).toBe(' and so on')
  })

  test('OAI-8: vectors of Ollama, many at once, in order, each job paid', async () => {
    const input = Array.from({ length: 7 }, (_, at) => `text ${at}`)
    const done = await openai().embeddings.create({ model: vectorModel, input })
    expect(done.data.map(({ embedding }) => Array.from(embedding))).toEqual(
      input.map((text) => Array.from(Float32Array.from(scriptedVector(text)))),
    )
    const { jobs } = (done as unknown as { aitbc: { jobs: Traced['aitbc'][] } }).aitbc
    expect(jobs).toHaveLength(2)
    for (const each of jobs) await expectPaid(each)
    const short = await openai().embeddings.create({
      model: vectorModel,
      input: 'x',
      dimensions: 4,
      encoding_format: 'float',
    })
    expect(short.data[0]?.embedding).toHaveLength(4)
  })

  test('OAI-8: real vectors of the built-in engine, of length 1', async () => {
    const done = await openai().embeddings.create({
      model: tiny,
      input: ['What is the capital of France?', 'What is the capital of Spain?', 'Count to 20'],
    })
    const [france = [], spain = [], count = []] = done.data.map(({ embedding }) => embedding)
    const dot = (a: number[], b: number[]) =>
      a.reduce((sum, value, at) => sum + value * (b[at] as number), 0)
    expect(Math.abs(dot(france, france) - 1)).toBeLessThan(1e-5)
    expect(dot(france, spain)).toBeGreaterThan(dot(france, count))
    expect(done.usage.prompt_tokens).toBeGreaterThan(10)
    await expectPaid(traceOf(done))
  })

  test('OAI-8: what a model does not do is refused by name', async () => {
    const vectors = openai().embeddings.create({ model, input: 'x' })
    await expect(vectors).rejects.toMatchObject({ param: 'model', code: 'unsupported_feature' })
    const words = openai().chat.completions.create({ model: vectorModel, messages })
    await expect(words).rejects.toMatchObject({ param: 'model', code: 'unsupported_feature' })
    const fit = openai().embeddings.create({ model: tiny, input: 'x', dimensions: 7 })
    await expect(fit).rejects.toMatchObject({ status: 502, code: 'job_failed' })
  })
})

test('OAI-9: models with prices, context and features', async () => {
  const { data } = await openai().models.list()
  const found = (id: string) => data.find((each) => each.id === id)
  expect(found(tiny)).toMatchObject({
    features: ['chat', 'completion', 'embeddings'],
    context_tokens: 256,
    price_prompt: expect.stringMatching(/^\d+$/),
    engines: ['embedded'],
  })
  expect(found(model)).toMatchObject({
    features: ['chat', 'completion', 'tools', 'forced_calls', 'json'],
  })
  expect(found(vectorModel)).toMatchObject({ features: ['embeddings'] })
})

test('OAI-10: preferences place the job: other models, miners that are passed over, a price', async () => {
  const place = (more: Record<string, unknown>) =>
    openai().chat.completions.create({ model, messages, ...more } as never)
  const fallback = await place({ model: 'not-here', models: [model] })
  expect([fallback.model, traceOf(fallback).miner_id]).toEqual([model, 'miner-B'])
  await expect(place({ provider: { ignore: ['miner-B'] } })).rejects.toMatchObject({ status: 400 })
  await expect(place({ provider: { max_price: '0' } })).rejects.toMatchObject({ status: 400 })
  await expect(place({ limit: '9' })).rejects.toMatchObject({ status: 402 })
  const ordered = await place({ provider: { order: ['miner-B'], allow_fallbacks: false } })
  expect(traceOf(ordered).miner_id).toBe('miner-B')
})

describe('Ollama’s client', () => {
  test('OLL-1: chat, whole and in lines', async () => {
    const question = [{ role: 'user', content: 'What is the capital of France?' }]
    const options = { temperature: 0 }
    const whole = await ollama().chat({ model: tiny, messages: question, options })
    expect(whole).toMatchObject({
      message: { content: 'The capital of France is Paris.' },
      done_reason: 'stop',
      eval_count: 8,
      prompt_eval_count: 9,
    })
    await expectPaid(traceOf(whole))
    let text = ''
    let last: unknown
    const stream = await ollama().chat({ model: tiny, messages: question, options, stream: true })
    for await (const line of stream) {
      text += line.message.content
      last = line
    }
    expect([text, last]).toMatchObject([
      'The capital of France is Paris.',
      { done: true, eval_count: 8 },
    ])
  })

  test('OLL-1: generate, with a template and without', async () => {
    const asked = await ollama().generate({
      model: tiny,
      prompt: 'What is the capital of France?',
      options: { temperature: 0, num_predict: 3 },
    })
    expect(asked).toMatchObject({ done_reason: 'length', eval_count: 3 })
    const raw = await ollama().generate({ model: 'scripted', prompt: 'One', raw: true })
    expect(raw.response).toBe(' and so on')
  })

  test('OLL-2: tools, forms, vectors', async () => {
    const done = await ollama().chat({ model: 'scripted', messages, tools })
    expect(done.message.tool_calls).toEqual([
      { function: { name: 'get_weather', arguments: { city: 'Oslo', days: 2 } } },
    ])
    const json = await ollama().chat({ model: 'scripted', messages, format: 'json' })
    expect(JSON.parse(json.message.content)).toEqual({ city: 'Oslo', days: 2 })
    const { embeddings } = await ollama().embed({ model: 'vectors', input: ['a', 'b'] })
    const expected = ['a', 'b'].map((text) => [...Float32Array.from(scriptedVector(text))])
    expect(embeddings).toEqual(expected)
    const older = await ollama().embeddings({ model: 'vectors', prompt: 'a' })
    expect(older.embedding).toEqual(expected[0])
  })

  test('OLL-3: what is served, and what each can do', async () => {
    const { models } = await ollama().list()
    expect(models.map(({ name }) => name).sort()).toEqual([tiny, model, vectorModel].sort())
    expect((await ollama().show({ model: 'scripted' })).capabilities).toEqual([
      'completion',
      'tools',
    ])
    expect((await ollama().ps()).models).toHaveLength(3)
    expect((await ollama().version()).version).toMatch(/^\d/)
  })

  test('OLL-4: a reader that leaves cancels the job, down to the engine', async () => {
    const stream = await ollama().chat({
      model: 'scripted',
      messages: [{ role: 'user', content: 'never end' }],
      stream: true,
    })
    for await (const line of stream) {
      if (line.message.content !== '') break
    }
    expect(upstream.activeCount()).toBe(1)
    stream.abort()
    await until(
      () => upstream.activeCount(),
      (active) => active === 0,
    )
  })

  test('OLL-5: errors are one text with a status', async () => {
    const wrong = new Ollama({
      host: `${site.url}/ollama`,
      headers: { authorization: 'Bearer wrong' },
    })
    await expect(wrong.chat({ model: tiny, messages })).rejects.toMatchObject({
      status_code: 401,
      message: 'invalid api key',
    })
    await expect(ollama().chat({ model: 'none', messages })).rejects.toMatchObject({
      status_code: 404,
    })
    await expect(ollama().chat({ model: tiny, messages, tools })).rejects.toMatchObject({
      status_code: 400,
      message: expect.stringContaining('tools'),
    })
    const long = [{ role: 'user', content: 'word '.repeat(3_000) }]
    await expect(ollama().chat({ model: tiny, messages: long })).rejects.toMatchObject({
      status_code: 400,
    })
  })

  test('OLL-5: methods and addresses that are none', async () => {
    const get = await call(site, '/ollama/api/chat')
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
    expect(get.json).toMatchObject({
      error: expect.stringMatching(/\S/),
      code: 'method_not_allowed',
    })
    await expect(ollama().pull({ model: tiny })).rejects.toMatchObject({
      status_code: 404,
      error: expect.stringMatching(/\S/),
    })
  })
})
