import { createServer } from 'node:net'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createOllamaEngine } from '../../../miner-agent/engines/ollama/engine.ts'
import type { OllamaFaults } from '../../support/ollama-faults.ts'
import { startOllamaServer } from '../../support/ollama-server.ts'
import { collect, question } from './collect.ts'
import { tinyVectors } from './tiny-model.ts'

const server = await startOllamaServer()
const engine = createOllamaEngine({ url: server.url })

/** The client likes to tell the console what it could not read: people's answers. */
let printed: unknown[][] = []
beforeEach(() => {
  printed = []
  for (const name of ['log', 'warn', 'error'] as const) {
    vi.spyOn(console, name).mockImplementation((...args) => void printed.push(args))
  }
})
afterEach(() => {
  vi.restoreAllMocks()
  server.setFaults()
  expect(printed).toEqual([])
})
afterAll(() => server.close())

async function failureOf(faults: OllamaFaults, prompt = 'Count from 1 to 20'): Promise<unknown> {
  server.setFaults(faults)
  return await collect(engine, question(prompt)).then(
    () => 'it answered',
    (error: unknown) => error,
  )
}

describe('ollama engine', () => {
  test('lists models with the context that it will ask for', async () => {
    const [model] = await engine.listModels()
    expect(model).toMatchObject({ name: 'aitbc-tiny:latest', contextTokens: 256 })
    expect(model?.digest).toMatch(/^[0-9a-f]{64}$/)
    const modest = createOllamaEngine({ url: server.url, contextTokensMax: 64 })
    expect(await modest.listModels()).toMatchObject([{ contextTokens: 64 }])
    await expect(collect(modest, question('word '.repeat(80)))).rejects.toMatchObject({
      code: 'CONTEXT_EXCEEDED',
    })
  })

  test('streams the same answers as the model gives by itself', async () => {
    for (const vector of tinyVectors().vectors.slice(0, 12)) {
      const { text, last, deltas } = await collect(engine, question(vector.prompt))
      expect(text).toBe(vector.text)
      expect(last.usage).toEqual({
        promptTokens: vector.input.length,
        completionTokens: vector.ids.length,
      })
      expect(deltas.reduce((sum, delta) => sum + delta.tokens, 0)).toBe(vector.ids.length)
    }
  })

  test('sets the context and everything else explicitly', async () => {
    await collect(engine, {
      ...question('Who are you?'),
      maxTokens: 7,
      temperature: 0.5,
      topP: 0.9,
      seed: 3,
      stop: ['\n', ''],
    })
    expect(server.calls.at(-1)).toMatchObject({
      path: '/api/chat',
      body: {
        stream: true,
        truncate: false,
        shift: false,
        options: {
          num_ctx: 256,
          num_predict: 7,
          temperature: 0.5,
          top_p: 0.9,
          seed: 3,
          stop: ['\n'],
        },
      },
    })
  })

  test('without options it asks for the likeliest answer within the context', async () => {
    await collect(engine, question('Hello'))
    const { body } = server.calls.at(-1) as { body: { options: unknown } }
    expect(body.options).toEqual({ num_ctx: 256, num_predict: 256, temperature: 0, top_p: 1 })
  })

  test('limits and stop strings come through', async () => {
    const cut = await collect(engine, { ...question('Count from 1 to 10'), maxTokens: 4 })
    expect(cut.last).toMatchObject({ finish: 'length', usage: { completionTokens: 4 } })
    const stopped = await collect(engine, { ...question('Who are you?'), stop: ['demo model'] })
    expect(stopped.text).toBe('I am a tiny ')
    expect(stopped.last.finish).toBe('stop')
  })

  test('tokens that had no text are counted at the end', async () => {
    server.setFaults({ evalCount: 9 })
    const { deltas, last } = await collect(engine, question('What is the capital of France?'))
    expect(last.usage.completionTokens).toBe(9)
    expect(last.tokens).toBe(1)
    expect(deltas.reduce((sum, delta) => sum + delta.tokens, 0)).toBe(9)
  })

  test('a count below what was sent, or no number, is not believed', async () => {
    for (const evalCount of [1, -5, Number.NaN, 1.5]) {
      server.setFaults({ evalCount })
      const { last } = await collect(engine, question('What is the capital of France?'))
      expect(last.usage.completionTokens).toBe(8)
    }
  })

  test('a missing model has its code, and one that was removed too', async () => {
    const missing = { ...question('Hello'), model: 'llama3.2' }
    await expect(collect(engine, missing)).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: 'Ollama has no model llama3.2',
    })
    await collect(engine, question('Hello'))
    const body = '{"error":"model \'aitbc-tiny\' not found"}'
    const gone = await failureOf({ reply: { status: 404, type: 'application/json', body } })
    expect(gone).toMatchObject({ code: 'MODEL_NOT_FOUND' })
  })

  test('busy, by a full queue or by too many answers at once', async () => {
    expect(await failureOf({ busy: true })).toMatchObject({ code: 'ENGINE_BUSY', retryable: true })
    server.setFaults({ parallelMax: 1, stallAfterTokens: 1 })
    const controller = new AbortController()
    const first = collect(engine, question('Count from 1 to 20'), controller.signal)
    first.catch(() => {})
    await vi.waitFor(() => expect(server.activeCount()).toBe(1), { timeout: 30_000 })
    const second = collect(engine, question('Hello'))
    await expect(second).rejects.toMatchObject({ code: 'ENGINE_BUSY' })
    controller.abort()
    await expect(first).rejects.toMatchObject({ code: 'ABORTED' })
  })

  test('too long a prompt is refused, not cut', async () => {
    expect(await failureOf({}, 'word '.repeat(400))).toMatchObject({
      code: 'CONTEXT_EXCEEDED',
      retryable: false,
    })
    const newer = JSON.stringify({
      error: '{"error":{"code":400,"type":"exceed_context_size_error","n_ctx":256}}',
    })
    const reply = { status: 400, type: 'application/json', body: newer }
    expect(await failureOf({ reply })).toMatchObject({ code: 'CONTEXT_EXCEEDED' })
  })

  test.each([
    ['an error line', { errorAfterTokens: 3 }, 'ENGINE_FAILED', 'unexpected EOF'],
    ['an end without the last line', { endAfterTokens: 3 }, 'ENGINE_FAILED', ''],
    ['garbage', { garbageAfterTokens: 3 }, 'ENGINE_FAILED', 'not JSON'],
    ['a broken connection', { dropAfterTokens: 3 }, 'ENGINE_UNAVAILABLE', ''],
  ] as const)('%s in mid-stream fails the answer', async (_, faults, code, said) => {
    const error = await failureOf(faults)
    expect(error).toMatchObject({ name: 'EngineError', code, retryable: true })
    expect((error as Error).message).toContain(said)
  })

  test.each([
    [400, 'application/json', '{"error":"invalid options"}', 'ENGINE_FAILED', false],
    [500, 'application/json', '{"error":"model requires more memory"}', 'ENGINE_FAILED', true],
    [500, 'text/html', '<h1>oops</h1>', 'ENGINE_FAILED', true],
    [502, 'text/html', 'bad gateway', 'ENGINE_UNAVAILABLE', true],
    [404, 'text/plain', '404 page not found', 'ENGINE_FAILED', false],
    [200, 'text/html', '<h1>a login page</h1>', 'ENGINE_FAILED', true],
    [200, 'application/json', '{"broken":', 'ENGINE_FAILED', true],
    [200, 'application/x-ndjson', '', 'ENGINE_FAILED', true],
    [200, 'application/x-ndjson', '[1,2]\n', 'ENGINE_FAILED', true],
    [200, 'application/x-ndjson', '{"done":true,"done_reason":"load"}\n', 'ENGINE_FAILED', true],
  ] as const)('HTTP %i with %s %s is %s', async (status, type, body, code, retryable) => {
    await engine.listModels()
    const error = await failureOf({ reply: { status, type, body } })
    expect(error).toMatchObject({ name: 'EngineError', code, retryable })
  })

  test('a server that is down, and one that hangs up, are unavailable', async () => {
    const down = createOllamaEngine({ url: 'http://127.0.0.1:1' })
    await expect(down.listModels()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    await expect(collect(down, question('Hello'))).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      retryable: true,
    })
  })

  test('a server that never answers is given up on', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const patient = createOllamaEngine({ url: `http://127.0.0.1:${port}`, timeoutMs: 50 })
    await expect(patient.listModels()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    await expect(collect(patient, question('Hello'))).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
    })
    silent.close()
  })

  test('an abort works before the first token, in the middle, and stops the server', async () => {
    server.setFaults({ stallAfterTokens: 0 })
    const early = new AbortController()
    const waiting = collect(engine, question('Count from 1 to 20'), early.signal)
    waiting.catch(() => {})
    await vi.waitFor(() => expect(server.activeCount()).toBe(1), { timeout: 30_000 })
    early.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED', retryable: false })

    server.setFaults({ stallAfterTokens: 4 })
    const late = new AbortController()
    const run = async (): Promise<void> => {
      let seen = 0
      const request = question('Count from 1 to 20')
      for await (const delta of engine.generate(request, { signal: late.signal })) {
        seen += delta.tokens
        if (seen === 4) late.abort()
      }
    }
    await expect(run()).rejects.toMatchObject({ code: 'ABORTED' })
    await vi.waitFor(() => expect(server.activeCount()).toBe(0), { timeout: 30_000 })
  })

  test('leaving the loop early stops the server', async () => {
    server.setFaults({ stallAfterTokens: 2 })
    const never = new AbortController().signal
    for await (const _ of engine.generate(question('Count from 1 to 20'), { signal: never })) break
    await vi.waitFor(() => expect(server.activeCount()).toBe(0), { timeout: 30_000 })
  })

  test('an error never repeats the prompt', async () => {
    const prompt = 'my secret is that I like plain rice'
    const body = JSON.stringify({ error: `cannot render: ${prompt}` })
    const reply = { status: 500, type: 'application/json', body }
    await engine.listModels()
    const error = await failureOf({ reply }, prompt)
    expect(error).toMatchObject({ code: 'ENGINE_FAILED' })
    expect((error as Error).message).not.toContain('secret')
  })
})

describe('ollama catalogue', () => {
  test('leaves out what can do nothing here and what runs elsewhere', async () => {
    const cases = [{ remote_host: 'https://ollama.com' }, { capabilities: ['image'] }]
    for (const extraFields of cases) {
      const odd = await startOllamaServer({ extraFields })
      const other = createOllamaEngine({ url: odd.url })
      expect(await other.listModels()).toEqual([])
      await expect(collect(other, question('Hello'))).rejects.toMatchObject({
        code: 'MODEL_NOT_FOUND',
      })
      await odd.close()
    }
  })

  test('asks for the details of a model once', async () => {
    const fresh = await startOllamaServer({ models: ['a:latest', 'b:1'] })
    const other = createOllamaEngine({ url: fresh.url })
    expect((await other.listModels()).map(({ name }) => name)).toEqual(['a:latest', 'b:1'])
    await other.listModels()
    await collect(other, { ...question('Hello'), model: 'b:1' })
    expect(fresh.calls.filter(({ path }) => path === '/api/show')).toHaveLength(2)
    await fresh.close()
  })
})
