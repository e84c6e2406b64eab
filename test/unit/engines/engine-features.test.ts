/** Tools, JSON, vectors and texts that go on: what engines do beyond a plain chat. */
import { afterAll, describe, expect, test } from 'vitest'
import { createEmbeddedEngine } from '../../../miner-agent/engines/embedded/engine.ts'
import { loadTinyModel } from '../../../miner-agent/engines/embedded/model-file.ts'
import { createOllamaEngine } from '../../../miner-agent/engines/ollama/engine.ts'
import {
  scriptedModels,
  scriptedVector,
  startScriptedOllama,
} from '../../support/ollama-scripted.ts'
import { collect, question } from './collect.ts'

const server = await startScriptedOllama()
afterAll(() => server.close())
const ollama = createOllamaEngine({ url: server.url })
const loaded = await loadTinyModel()
if (!loaded.ok) throw new Error(loaded.error.message)
const tiny = createEmbeddedEngine({ model: loaded.value })
const { signal } = new AbortController()

const weather = {
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
}
const ask = (content: string) => ({ ...question(content), model: scriptedModels.chat })

async function tinyVector(text: string): Promise<Float32Array> {
  const done = await tiny.embed?.({ model: 'aitbc-tiny', texts: [text] }, { signal })
  return done?.vectors[0] as Float32Array
}
const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, at) => sum + value * (b[at] as number), 0)

describe('ollama engine, beyond a chat', () => {
  test('states what each model can be asked for', async () => {
    const models = await ollama.listModels()
    expect(models.map(({ name, features }) => [name, features])).toEqual([
      [scriptedModels.chat, ['chat', 'completion', 'json', 'tools', 'forced_calls']],
      [scriptedModels.vectors, ['embeddings']],
    ])
  })

  test('passes functions on and brings calls back behind the words', async () => {
    const { text, last } = await collect(ollama, { ...ask('Weather in Oslo?'), tools: [weather] })
    expect(text).toBe('Let me look. ')
    expect(last).toMatchObject({
      finish: 'tool_calls',
      calls: [{ name: 'get_weather', arguments: { city: 'Oslo', days: 2 } }],
      usage: { completionTokens: 12 },
    })
    expect(server.calls.at(-1)?.body).toMatchObject({
      tools: [{ type: 'function', function: weather }],
    })
    const both = await collect(ollama, { ...ask('two cities'), tools: [weather] })
    expect(both.last.calls?.map((each) => each.arguments['city'])).toEqual(['Oslo', 'Rome'])
  })

  test('a call that must come is held to the schema of a call', async () => {
    const forced = { tools: [weather], mustCall: true, format: 'json' } as const
    const { text, last } = await collect(ollama, { ...ask('Weather in Oslo?'), ...forced })
    expect([text, last]).toMatchObject([
      '',
      {
        finish: 'tool_calls',
        calls: [{ name: 'get_weather', arguments: { city: 'Oslo', days: 2 } }],
        usage: { completionTokens: 12 },
      },
    ])
    expect(server.calls.at(-1)?.body).toMatchObject({
      tools: [{ type: 'function', function: weather }],
      format: {
        properties: { name: { enum: ['get_weather'] }, arguments: weather.parameters },
        required: ['name', 'arguments'],
      },
    })
    const parsed = await collect(ollama, { ...ask('as a call'), ...forced })
    expect([parsed.text, parsed.last.calls]).toEqual(['', last.calls])
    const cut = await collect(ollama, { ...ask('too long'), ...forced })
    expect([cut.last.finish, cut.last.calls]).toEqual(['length', undefined])
    expect(cut.text).toMatch(/^\{"name"/)
    await expect(collect(ollama, { ...ask('break the form'), ...forced })).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
    })
  })

  test('references of its arguments are found from the root of the schema', async () => {
    const place = { $ref: '#/$defs/place' }
    const parameters = { type: 'object', properties: { place }, $defs: { place: {} } }
    const tools = [weather, { name: 'go', parameters }]
    await collect(ollama, { ...ask('Weather in Oslo?'), tools, mustCall: true })
    const found = { properties: { place: { $ref: '#/$defs/1/$defs/place' } } }
    expect(server.calls.at(-1)?.body['format']).toMatchObject({
      anyOf: [{}, { properties: { name: { enum: ['go'] }, arguments: found } }],
      $defs: { 1: { $defs: { place: {} } } },
    })
  })

  test('earlier calls and their results stand in the conversation', async () => {
    const { text, last } = await collect(ollama, {
      model: scriptedModels.chat,
      messages: [
        { role: 'user', content: 'Weather in Oslo?' },
        {
          role: 'assistant',
          content: '',
          calls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }],
        },
        { role: 'tool', content: 'snow', name: 'get_weather' },
      ],
      tools: [weather],
    })
    expect(text).toBe('It is snow')
    expect(last.finish).toBe('stop')
    expect(server.calls.at(-1)?.body).toMatchObject({
      messages: [
        { role: 'user' },
        {
          role: 'assistant',
          tool_calls: [{ function: { name: 'get_weather', arguments: { city: 'Oslo' } } }],
        },
        { role: 'tool', content: 'snow', tool_name: 'get_weather' },
      ],
    })
  })

  test('a form of the answer is passed on, keys in the order of the client', async () => {
    const format = { type: 'object', properties: { z: {}, a: {} } }
    const { text } = await collect(ollama, { ...ask('Where?'), format })
    expect(JSON.parse(text)).toEqual({ city: 'Oslo', days: 2 })
    const sent = server.calls.at(-1)?.body['format'] as typeof format
    expect(Object.keys(sent.properties)).toEqual(['z', 'a'])
  })

  test('a text goes on without a template', async () => {
    const { text, last } = await collect(ollama, { ...ask('One, two'), raw: true, maxTokens: 5 })
    expect(text).toBe(' and so on')
    expect(last.usage.completionTokens).toBe(3)
    expect(server.calls.at(-1)).toMatchObject({
      path: '/api/generate',
      body: { prompt: 'One, two', raw: true, options: { num_predict: 5 } },
    })
  })

  test('vectors come as the server makes them, of the length that was asked for', async () => {
    const model = scriptedModels.vectors
    const done = await ollama.embed?.({ model, texts: ['a', 'b'] }, { signal })
    expect(done?.promptTokens).toBe(4)
    expect([...(done?.vectors[1] ?? [])]).toEqual([...Float32Array.from(scriptedVector('b'))])
    const short = await ollama.embed?.({ model, texts: ['a'], dimensions: 4 }, { signal })
    expect(short?.vectors[0]).toHaveLength(4)
    expect(server.calls.at(-1)?.body).toMatchObject({ truncate: false, dimensions: 4 })
  })

  test('a model that is not there, and a signal that fired', async () => {
    const missing = ollama.embed?.({ model: 'none', texts: ['a'] }, { signal })
    await expect(missing).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
    const gone = ollama.embed?.(
      { model: scriptedModels.vectors, texts: ['a'] },
      { signal: AbortSignal.abort() },
    )
    await expect(gone).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

describe('embedded engine, beyond a chat', () => {
  test('vectors have length 1, are the same each time, and tell texts apart', async () => {
    const france = await tinyVector('What is the capital of France?')
    const again = await tinyVector('What is the capital of France?')
    const spain = await tinyVector('What is the capital of Spain?')
    const count = await tinyVector('Count from 1 to 20')
    expect([...again]).toEqual([...france])
    expect(Math.abs(dot(france, france) - 1)).toBeLessThan(1e-6)
    expect(dot(france, spain)).toBeGreaterThan(dot(france, count))
    expect(dot(france, spain)).toBeLessThan(1 - 1e-6)
  })

  test('a vector does not depend on what else is asked', async () => {
    const texts = [
      'Who are you?',
      'a longer text of more than eight tokens, so that it takes steps',
    ]
    const done = await tiny.embed?.({ model: 'aitbc-tiny', texts }, { signal })
    expect([...(done?.vectors[1] ?? [])]).toEqual([...(await tinyVector(texts[1] as string))])
    expect(done?.promptTokens).toBeGreaterThan(10)
  })

  test('another length, an empty text and too long a one are refused for good', async () => {
    const embed = (texts: string[], dimensions?: number) =>
      tiny.embed?.({ model: 'aitbc-tiny', texts, ...(dimensions && { dimensions }) }, { signal })
    await expect(embed(['a'], 7)).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      retryable: false,
    })
    await expect(embed([''])).rejects.toMatchObject({ code: 'ENGINE_FAILED', retryable: false })
    await expect(embed(['word '.repeat(400)])).rejects.toMatchObject({ code: 'CONTEXT_EXCEEDED' })
  })

  test('a text goes on from where it ends, not as a question', async () => {
    const raw = await collect(tiny, { ...question('The capital of France is'), raw: true })
    const asked = await collect(tiny, question('The capital of France is'))
    expect(raw.last.usage.promptTokens).toBe(asked.last.usage.promptTokens - 2)
    expect(raw.text).not.toBe(asked.text)
  })

  test('functions and forms are refused, not passed over', async () => {
    for (const more of [{ tools: [weather] }, { format: 'json' as const }]) {
      await expect(collect(tiny, { ...question('Hello'), ...more })).rejects.toMatchObject({
        code: 'ENGINE_FAILED',
        retryable: false,
      })
    }
  })
})
