/** OpenAI's own client, unchanged, against a site with real miners. */
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call, jobIn, keyOf, until } from '../../support/api-client.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { type OllamaServer, startOllamaServer } from '../../support/ollama-server.ts'
import { startTestMiner, type TestMiner } from '../../support/test-miner.ts'
import vectors from '../../vectors/aitbc-tiny.json' with { type: 'json' }

let site: Harness
let ollama: OllamaServer
const miners: TestMiner[] = []

/** The model of the built-in engine, and the same behind Ollama's protocol, where it can be slowed down. */
const model = 'aitbc-tiny'
const slowModel = 'aitbc-tiny:latest'

beforeAll(async () => {
  site = await startHarness()
  ollama = await startOllamaServer()
  miners.push(await startTestMiner(site.url))
  const argv = ['--engine', 'ollama', '--ollama-url', ollama.url, '--concurrency', '4']
  miners.push(await startTestMiner(site.url, { id: 'miner-B', argv }))
})
afterAll(async () => {
  for (const miner of miners) await miner.stop()
  await ollama?.close()
  await site?.dispose()
})

const open = (apiKey = keyOf(site, 'CLIENT')) =>
  new OpenAI({ apiKey, baseURL: `${site.url}/v1`, maxRetries: 0 })

const capital = 'What is the capital of France?'

const ask = (prompt = capital) => ({
  model,
  messages: [{ role: 'user' as const, content: prompt }],
  temperature: 0,
})

/** What the model is known to answer, and the tokens of question and answer. */
function vectorOf(prompt: string): { text: string; usage: Record<string, number> } {
  const found = vectors.vectors.find((each) => each.prompt === prompt)
  if (!found) throw new Error(`no vector for ${prompt}`)
  const { input, ids, text } = found
  const usage = { prompt_tokens: input.length, completion_tokens: ids.length }
  return { text, usage: { ...usage, total_tokens: input.length + ids.length } }
}

/** What an answer says that it cost, which is what its job was charged. */
function costOf(answer: object) {
  const { amount } = (answer as { aitbc: { amount: string } }).aitbc
  return { cost: Number(amount) / 100_000_000, cost_units: amount }
}

const idOf = (completion: { id: string }): string => completion.id.replace('chatcmpl-', '')

describe('chat completions', () => {
  test('OAI-1: the whole answer at once, with usage; first use opens account and escrow', async () => {
    const answer = await open().chat.completions.create(ask())
    const { text, usage } = vectorOf(capital)
    expect(answer).toEqual({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{32}$/),
      object: 'chat.completion',
      created: expect.any(Number),
      model,
      system_fingerprint: null,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: text, refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { ...usage, ...costOf(answer) },
      aitbc: {
        job_id: idOf(answer),
        receipt_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        miner_id: 'miner-A',
        amount: expect.stringMatching(/^[1-9][0-9]*$/),
      },
    })
    expect(Number.isInteger(answer.created)).toBe(true)
    const job = await jobIn(site, {
      key: keyOf(site, 'CLIENT'),
      jobId: idOf(answer),
      states: ['COMPLETED'],
    })
    const { amount } = (answer as unknown as { aitbc: { amount: string } }).aitbc
    expect(job).toMatchObject({ assigned_miner_id: 'miner-A', attempts: 1, model, amount })
  })

  test('OAI-1: the answer as a stream, and usage only where it is asked for', async () => {
    const { text, usage } = vectorOf(capital)
    const plain = await open().chat.completions.create({ ...ask(), stream: true })
    const chunks = []
    for await (const chunk of plain) chunks.push(chunk)
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(text)
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' })
    expect(chunks.length).toBeGreaterThan(3)
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([
      ...chunks.slice(1).map(() => null),
      'stop',
    ])
    expect(chunks.every((chunk) => chunk.object === 'chat.completion.chunk')).toBe(true)
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true)

    const counted = await open().chat.completions.create({
      ...ask(),
      stream: true,
      stream_options: { include_usage: true },
    })
    const usages = []
    let last: OpenAI.ChatCompletionChunk | undefined
    for await (const chunk of counted) {
      usages.push(chunk.usage)
      last = chunk
    }
    const cost = { cost: expect.any(Number), cost_units: expect.stringMatching(/^[1-9][0-9]*$/) }
    expect(usages).toEqual([...usages.slice(1).map(() => null), { ...usage, ...cost }])
    expect(last?.choices).toEqual([])
  })

  test('OAI-1: bytes of a stream end with [DONE], as its readers expect', async () => {
    const body = { ...ask(), stream: true }
    const answer = await call(site, '/v1/chat/completions', {
      body,
      headers: { authorization: `Bearer ${keyOf(site, 'CLIENT')}` },
    })
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(answer.headers.get('cache-control')).toContain('no-cache')
    expect(answer.text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true)
    for (const event of answer.text.trimEnd().split('\n\n')) expect(event).toMatch(/^data: \S/)
  })

  test('OAI-1: helpers of the client that build on streams', async () => {
    const runner = open().chat.completions.stream(ask('Thank you!'))
    expect(await runner.finalContent()).toBe(vectorOf('Thank you!').text)
  })

  test('OAI-2: a stop string ends the answer before it', async () => {
    const question = { ...ask('Count down from 10 to 0.'), stop: [' 7', ' 3'] }
    const { text } = vectorOf('Count down from 10 to 0.')
    const before = text.slice(0, text.indexOf(' 7'))
    const { choices } = await open().chat.completions.create(question)
    expect(choices[0]).toMatchObject({ message: { content: before }, finish_reason: 'stop' })
    const stream = await open().chat.completions.create({ ...question, stop: ' 7', stream: true })
    let streamed = ''
    for await (const chunk of stream) streamed += chunk.choices[0]?.delta.content ?? ''
    expect(streamed).toBe(before)
  })

  test.each(['max_tokens', 'max_completion_tokens'])('OAI-2: %s cuts the answer', async (name) => {
    const { text } = vectorOf(capital)
    const answer = await open().chat.completions.create({ ...ask(), [name]: 3 })
    const [choice] = answer.choices
    expect(choice?.finish_reason).toBe('length')
    expect(text.startsWith(choice?.message.content ?? '?')).toBe(true)
    expect(choice?.message.content?.length).toBeLessThan(text.length)
    expect(answer.usage?.completion_tokens).toBe(3)
  })

  test('OAI-1: messages with parts, a system turn, the developer role', async () => {
    const { choices } = await open().chat.completions.create({
      ...ask(),
      messages: [{ role: 'user', content: [{ type: 'text', text: capital }] }],
    })
    expect(choices[0]?.message.content).toBe(vectorOf(capital).text)
    for (const role of ['system', 'developer'] as const) {
      const answer = await open().chat.completions.create({
        ...ask(),
        messages: [
          { role, content: 'Answer in one sentence.' },
          { role: 'user', content: capital },
        ],
      })
      expect(answer.choices[0]?.finish_reason).toBe('stop')
    }
  })

  test('OAI-1: the same seed gives the same answer', async () => {
    const once = () =>
      open().chat.completions.create({ ...ask('Write a poem.'), temperature: 1.5, seed: -42 })
    const [first, second] = [await once(), await once()]
    expect(first.choices[0]?.message.content).toBe(second.choices[0]?.message.content)
  })
})

/** The job, when its payment has been released. */
async function jobPaid(jobId: string): Promise<Record<string, unknown>> {
  const { json } = await until(
    () => call(site, `/api/v1/jobs/${jobId}`, { key: keyOf(site, 'CLIENT') }),
    (answer) => answer.json['payment_status'] === 'released',
  )
  return json
}

describe('a reader that leaves', () => {
  const table = 'Recite the 7 times table.'

  test('OAI-3: aborting a stream cancels the job at the miner and its engine', async () => {
    ollama.setFaults({ tokenDelayMs: 100 })
    const stream = await open().chat.completions.create({
      ...ask(table),
      model: slowModel,
      stream: true,
    })
    let text = ''
    let jobId = ''
    for await (const chunk of stream) {
      jobId = idOf(chunk)
      text += chunk.choices[0]?.delta.content ?? ''
      if (text.length > 14) break
    }
    expect(ollama.activeCount()).toBe(1)
    stream.controller.abort()
    const job = await jobIn(site, {
      key: keyOf(site, 'CLIENT'),
      jobId,
      states: ['CANCELED', 'COMPLETED'],
    })
    expect(job['state']).toBe('CANCELED')
    // What had been delivered is paid, once the miner has signed for it.
    const paid = await jobPaid(jobId)
    expect(paid).toMatchObject({ state: 'CANCELED', prompt_tokens: 0 })
    expect(Number(paid['completion_tokens'])).toBeGreaterThan(0)
    expect(BigInt(String(paid['amount']))).toBe(BigInt(Number(paid['completion_tokens'])) * 3_000n)
    await until(
      () => ollama.activeCount(),
      (active) => active === 0,
    )
    expect(vectorOf(table).text.startsWith(text)).toBe(true)
  })

  test('OAI-3: the miner takes the next question at once', async () => {
    ollama.setFaults()
    const { choices } = await open().chat.completions.create({ ...ask(), model: slowModel })
    expect(choices[0]?.message.content).toBe(vectorOf(capital).text)
  })
})

describe('models', () => {
  test('OAI-1: the list, and one by its name', async () => {
    const list = await open().models.list()
    expect(list.data.map(({ id }) => id).sort()).toEqual([model, slowModel])
    for (const each of list.data) {
      expect(each).toMatchObject({ object: 'model', created: expect.any(Number) })
      expect(await open().models.retrieve(each.id)).toMatchObject({
        id: each.id,
        owned_by: 'aitbc',
      })
    }
    await expect(open().models.retrieve('llama3.2:latest')).rejects.toThrow(OpenAI.NotFoundError)
  })
})

describe('errors', () => {
  /** What the client throws for a request, as its programs see it. */
  const thrown = async (body: Record<string, unknown>, key?: string) => {
    try {
      await open(key).chat.completions.create({ ...ask(), ...body } as never)
    } catch (error) {
      if (error instanceof OpenAI.APIError) return error
      throw error
    }
    throw new Error('it was answered')
  }

  test('OAI-4: a wrong key, a key of another scope', async () => {
    for (const key of ['wrong', keyOf(site, 'MINER'), keyOf(site, 'ADMIN')]) {
      const error = await thrown({}, key)
      expect(error).toBeInstanceOf(OpenAI.AuthenticationError)
      expect(error.error).toEqual({
        message: 'invalid api key',
        type: 'authentication_error',
        param: null,
        code: 'invalid_api_key',
        reason: 'authentication_error',
        details: null,
      })
    }
  })

  test('OAI-4: a model that nobody serves, with what is served', async () => {
    const error = await thrown({ model: 'gpt-4o' })
    expect(error).toBeInstanceOf(OpenAI.NotFoundError)
    expect(error).toMatchObject({ code: 'model_not_found', param: 'model', status: 404 })
    expect(error.error).toMatchObject({ details: { models_served: [model, slowModel] } })
  })

  test.each([
    [{ tools: [{ type: 'web_search' }] }, 'tools.0'],
    [{ tool_choice: { type: 'custom', custom: { name: 'f' } } }, 'tool_choice'],
    [{ reasoning_effort: 'high' }, 'reasoning_effort'],
    [{ top_k: 40 }, 'top_k'],
    [{ functions: [{ name: 'f' }] }, 'functions'],
    [{ response_format: { type: 'grammar' } }, 'response_format'],
    [{ logprobs: true }, 'logprobs'],
    [{ top_logprobs: 2 }, 'top_logprobs'],
    [{ presence_penalty: 0.5 }, 'presence_penalty'],
    [{ frequency_penalty: -1 }, 'frequency_penalty'],
    [{ logit_bias: { 50256: -100 } }, 'logit_bias'],
    [{ modalities: ['text', 'audio'] }, 'modalities'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      'messages.0.content.0',
    ],
    [{ messages: [{ role: 'function', content: 'x', name: 'f' }] }, 'messages.0'],
  ])('OAI-4: unsupported: %j', async (body, param) => {
    const error = await thrown(body)
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect(error).toMatchObject({ param, code: 'unsupported_parameter' })
    expect(error.type).toBe('invalid_request_error')
  })

  test.each([
    [{ tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools'],
    [{ response_format: { type: 'json_object' } }, 'response_format'],
    [{ messages: [{ role: 'tool', content: 'x', tool_call_id: '1' }] }, 'tools'],
  ])('OAI-4: what no miner of the model has: %j', async (body, param) => {
    const error = await thrown(body)
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect(error).toMatchObject({ param, code: 'unsupported_feature' })
  })

  test.each([
    [{ model: undefined }, 'model', 'missing_required_parameter'],
    [{ messages: undefined }, 'messages', 'missing_required_parameter'],
    [{ messages: [] }, 'messages', 'invalid_value'],
    [{ messages: 'hello' }, 'messages', 'invalid_value'],
    [{ messages: [{ role: 'user' }] }, 'messages.0.content', 'invalid_value'],
    [{ temperature: 3 }, 'temperature', 'invalid_value'],
    [{ top_p: 0 }, 'top_p', 'invalid_value'],
    [{ max_tokens: 0 }, 'max_tokens', 'invalid_value'],
    [{ max_tokens: -5 }, 'max_tokens', 'invalid_value'],
    [{ max_tokens: 1e9 }, 'max_tokens', 'invalid_value'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop', 'invalid_value'],
    [{ stop: [''] }, 'stop', 'invalid_value'],
    [{ stream: 'yes' }, 'stream', 'invalid_value'],
    [{ tool_choice: 'required' }, 'tool_choice', 'invalid_value'],
  ])('OAI-4: malformed: %j', async (body, param, code) => {
    const error = await thrown(body)
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect(error).toMatchObject({ param, code, type: 'invalid_request_error' })
  })

  test('OAI-4: a prompt beyond the context, a body that is no JSON, a wrong method', async () => {
    const long = await thrown({ messages: [{ role: 'user', content: 'x '.repeat(20_000) }] })
    expect(long).toMatchObject({ status: 400, code: 'context_length_exceeded' })
    const key = keyOf(site, 'CLIENT')
    const malformed = await call(site, '/v1/chat/completions', { key, body: '{"model":' })
    expect([malformed.status, malformed.json]).toEqual([
      400,
      {
        error: {
          message: 'The body is not valid JSON.',
          type: 'invalid_request_error',
          param: null,
          code: 'json_invalid',
          reason: 'json_invalid',
          details: null,
        },
      },
    ])
    const get = await call(site, '/v1/chat/completions', { key })
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('OAI-4: a job that ends in mid-stream ends the stream with an error', async () => {
    ollama.setFaults({ tokenDelayMs: 100 })
    const stream = await open().chat.completions.create({
      ...ask('Recite the 7 times table.'),
      model: slowModel,
      stream: true,
    })
    const read = async () => {
      let isCanceled = false
      for await (const chunk of stream) {
        expect(chunk.choices[0]?.finish_reason).toBe(null)
        if (isCanceled || !chunk.choices[0]?.delta.content) continue
        isCanceled = true
        const path = `/v1/jobs/${idOf(chunk)}/cancel`
        const canceled = await call(site, path, { method: 'POST', key: keyOf(site, 'CLIENT') })
        expect(canceled.json).toMatchObject({ state: 'CANCELED', error: 'canceled by client' })
      }
    }
    const error: unknown = await read().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OpenAI.APIError)
    expect((error as InstanceType<typeof OpenAI.APIError>).error).toMatchObject({
      code: 'job_canceled',
      type: 'invalid_request_error',
    })
    ollama.setFaults()
  })
})
