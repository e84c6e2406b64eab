/**
 * Tools, forms, several answers, texts, vectors, preferences, and the words of Ollama for the same.
 * Long because both formats are read side by side: what they come to must be equal.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8ToBytes } from '../../../core/base/bytes.ts'
import { decodeCanonical } from '../../../core/base/coders.ts'
import { sizeOf } from '../../../core/jobs/estimate.ts'
import { featuresNeeded, optionsOf, readOptions } from '../../../core/jobs/job-options.ts'
import { specFaults } from '../../../core/jobs/job-request.ts'
import { jobHashOf, jobSpecCoder } from '../../../core/jobs/job-spec.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import {
  specsFromOllamaChat,
  specsFromOllamaEmbed,
  specsFromOllamaEmbeddings,
  specsFromOllamaGenerate,
} from '../../../core/jobs/spec-from-ollama.ts'
import {
  specsFromChat,
  specsFromEmbeddings,
  specsFromText,
} from '../../../core/jobs/spec-from-openai.ts'
import { spec } from './fixtures.ts'

const seed = { seed: 3n }
const user = { role: 'user', content: 'Weather in Oslo?' }
const described = {
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: { type: 'object', properties: { z: { type: 'string' }, a: { enum: [null, 1] } } },
}
const tools = [{ type: 'function', function: described }]
const call = {
  id: 'call_1',
  type: 'function',
  function: { name: 'get_weather', arguments: '{"city":"Oslo","days":2}' },
}
const chat = (changes: Record<string, unknown> = {}) => {
  const read = specsFromChat({ model: 'm', messages: [user], ...changes }, seed)
  if (!read.ok) throw new Error(read.error.message)
  return read.value
}
const first = (changes: Record<string, unknown>) => {
  const [one] = chat(changes).specs
  if (!one) throw new Error('no specification')
  return one
}

describe('OPTIONS-1: versions of a specification', () => {
  test('OPTIONS-1: version 1 has the bytes and the hash that it always had', () => {
    const bytes = jobSpecCoder.encode(spec)
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '01000a61697462632d74696e7900010004757365720000000853617920' +
        '68c3a92e00000040000003200000' +
        '03e800000000000000070000000000',
    )
    expect(Buffer.from(jobHashOf(spec)).toString('hex')).toMatch(/^[0-9a-f]{64}$/)
  })

  test('OPTIONS-1: version 2 is version 1 with options behind it, and neither reads as the other', () => {
    const two = { ...spec, version: 2, options: '{"kind":"completion"}' }
    const bytes = jobSpecCoder.encode(two)
    expect(jobSpecCoder.decode(bytes)).toEqual(two)
    expect([...bytes.slice(1, jobSpecCoder.encode(spec).length)]).toEqual([
      ...jobSpecCoder.encode(spec).slice(1),
    ])
    expect(jobHashOf(two)).not.toEqual(jobHashOf(spec))
    for (const version of [0, 1, 3]) {
      const other = Uint8Array.from(bytes)
      other[0] = version
      expect(decodeCanonical(jobSpecCoder, other).ok).toBe(false)
    }
    expect(() => jobSpecCoder.encode({ ...spec, version: 2 })).toThrow()
    expect(() => jobSpecCoder.encode({ ...two, version: 1 })).toThrow()
  })
})

describe('OPTIONS-2: options', () => {
  test.each([
    ['no JSON', '{'],
    ['blanks', '{ "kind": "chat" }'],
    ['an unknown kind', '{"kind":"song"}'],
    ['an unknown field', '{"kind":"chat","mood":1}'],
    ['depth', `{"kind":"chat","format":${'{"a":'.repeat(30)}1${'}'.repeat(30)}}`],
  ])('OPTIONS-2: %s is refused', (_what, text) => {
    expect(readOptions(text).ok).toBe(false)
    expect(specFaults({ ...spec, version: 2, options: text })).not.toEqual([])
  })

  test.each([
    ['a plain chat with options', '{"kind":"chat"}', 1],
    ['a completion of two texts', '{"kind":"completion"}', 2],
    ['vectors of six texts', '{"kind":"embedding"}', 6],
    ['tools for vectors', '{"kind":"embedding","tools":[{"name":"a"}]}', 1],
    [
      'calls of the user',
      '{"kind":"chat","turns":[{"index":0,"calls":[{"name":"a","arguments":{}}]}]}',
      1,
    ],
    ['a name of no result', '{"kind":"chat","turns":[{"index":5,"name":"a"}]}', 1],
  ])('OPTIONS-2: %s is refused', (_what, options, messages) => {
    const many = Array.from({ length: messages }, () => ({ role: 'user', content: 'x' }))
    expect(specFaults({ ...spec, version: 2, messages: many, options })).toMatchObject([
      { field: 'options' },
    ])
  })

  test('OPTIONS-2: what a request becomes can be read back, whatever its schema', () => {
    // A name that objects of this language cannot have of their own everywhere.
    const key = fc.string().filter((each) => each !== '__proto__')
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue({ maxDepth: 4 })), (schema) => {
        const read = specsFromChat(
          {
            model: 'm',
            messages: [user],
            response_format: { type: 'json_schema', json_schema: { schema } },
          },
          seed,
        )
        const [one] = read.ok ? read.value.specs : []
        if (!one) return
        expect(specFaults(one)).toEqual([])
        const again = decodeCanonical(jobSpecCoder, jobSpecCoder.encode(one))
        expect(again).toMatchObject({ ok: true })
        expect(JSON.stringify(optionsOf(one).format)).toBe(JSON.stringify(schema))
      }),
    )
  })

  test('OPTIONS-3: tools count in the bound of the prompt', () => {
    const plain = sizeOf(first({})).promptTokensMax
    const bytes = utf8ToBytes(JSON.stringify(described)).length
    expect(sizeOf(first({ tools })).promptTokensMax).toBeGreaterThan(plain + 2 * bytes)
  })
})

describe('CHAT-5: tools and forms', () => {
  test('CHAT-5: functions, in the order of their keys', () => {
    const one = first({ tools, tool_choice: 'auto', parallel_tool_calls: false })
    expect(one.version).toBe(2)
    expect(optionsOf(one)).toEqual({ kind: 'chat', tools: [described], calls_max: 1 })
    expect(one.options).toContain('"properties":{"z":')
    expect(featuresNeeded(one)).toEqual(['chat', 'tools'])
  })

  test('CHAT-5: a call that is forced: of any function, of one, or of those that are allowed', () => {
    const other = { type: 'function', function: { name: 'other' } }
    const two = [...tools, other]
    const named = (name: string) => ({ type: 'function', function: { name } })
    const allowed = (mode: string, ...names: string[]) => ({
      type: 'allowed_tools',
      allowed_tools: { mode, tools: names.map(named) },
    })
    const asked = (choice: unknown) => {
      const one = first({ tools: two, tool_choice: choice })
      const { tools: kept, calls_min: least } = optionsOf(one)
      return [kept?.map(({ name }) => name), least, featuresNeeded(one).includes('forced_calls')]
    }
    expect(asked('required')).toEqual([['get_weather', 'other'], 1, true])
    expect(asked(named('other'))).toEqual([['other'], 1, true])
    expect(asked(allowed('required', 'get_weather'))).toEqual([['get_weather'], 1, true])
    expect(asked(allowed('auto', 'get_weather'))).toEqual([['get_weather'], undefined, false])
  })

  test('CHAT-5: earlier calls and results, by id or by name', () => {
    const one = first({
      messages: [
        user,
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: 'snow' },
        { role: 'tool', name: 'other', content: 'sun' },
      ],
    })
    expect(one.messages.map(({ role, content }) => [role, content])).toEqual([
      ['user', 'Weather in Oslo?'],
      ['assistant', ''],
      ['tool', 'snow'],
      ['tool', 'sun'],
    ])
    expect(optionsOf(one).turns).toEqual([
      { index: 1, calls: [{ name: 'get_weather', arguments: { city: 'Oslo', days: 2 } }] },
      { index: 2, name: 'get_weather' },
      { index: 3, name: 'other' },
    ])
    expect(featuresNeeded(one)).toEqual(['chat', 'tools'])
  })

  test('CHAT-5: a result alone needs tools too; none that may be called is a plain chat', () => {
    const result = first({ messages: [user, { role: 'tool', content: 'snow' }] })
    expect(featuresNeeded(result)).toEqual(['chat', 'tools'])
    expect(first({ tools, tool_choice: 'none' }).version).toBe(1)
  })

  test('CHAT-5: JSON, and JSON by a schema', () => {
    const json = first({ response_format: { type: 'json_object' } })
    expect(optionsOf(json)).toEqual({ kind: 'chat', format: 'json' })
    expect(featuresNeeded(json)).toEqual(['chat', 'json'])
    const schema = { type: 'object', properties: { b: {}, a: {} } }
    const kept = first({ response_format: { type: 'json_schema', json_schema: { schema } } })
    expect(optionsOf(kept).format).toEqual(schema)
  })
})

describe('CHAT-4: several jobs of one request', () => {
  test('CHAT-4: seeds count up', () => {
    const { specs } = chat({ n: 3, seed: 40 })
    expect(specs.map((each) => each.seed)).toEqual([40n, 41n, 42n])
    expect(new Set(specs.map((each) => Buffer.from(jobHashOf(each)).toString('hex'))).size).toBe(3)
  })

  test('CHAT-4: each prompt has its answers, in order', () => {
    const read = specsFromText({ model: 'm', prompt: ['a', 'b'], n: 2, echo: true }, seed)
    if (!read.ok) throw new Error(read.error.message)
    expect(read.value.specs.map((each) => [each.messages[0]?.content, each.seed])).toEqual([
      ['a', 3n],
      ['a', 4n],
      ['b', 3n],
      ['b', 4n],
    ])
    expect(read.value).toMatchObject({
      echo: true,
      specs: [{ version: 2, maxTokens: 16 }, {}, {}, {}],
    })
    expect(read.value.specs.map(featuresNeeded)[0]).toEqual(['completion'])
  })

  test.each([
    ['prompt', { prompt: '' }],
    ['prompt', { prompt: [1, 2] }],
    ['n', { prompt: ['a', 'b', 'c'], n: 6 }],
    ['best_of', { prompt: 'a', best_of: 3 }],
    ['suffix', { prompt: 'a', suffix: 'b' }],
    ['logprobs', { prompt: 'a', logprobs: 0 }],
  ])('CHAT-4: %s in %j is refused', (param, changes) => {
    expect(specsFromText({ model: 'm', ...changes }, seed)).toMatchObject({ error: { param } })
  })

  test('CHAT-4: texts for vectors go five to a job, and the same texts are the same job', () => {
    const input = Array.from({ length: 12 }, (_, at) => `text ${at}`)
    const read = specsFromEmbeddings({
      model: 'm',
      input,
      encoding_format: 'base64',
      dimensions: 8,
    })
    if (!read.ok) throw new Error(read.error.message)
    const { specs, base64 } = read.value
    expect([specs.map((each) => each.messages.length), base64]).toEqual([[5, 5, 2], true])
    expect(specs.flatMap((each) => each.messages.map(({ content }) => content))).toEqual(input)
    expect(optionsOf(specs[0] ?? spec)).toEqual({ kind: 'embedding', dimensions: 8 })
    expect(specsFromEmbeddings({ model: 'm', input, dimensions: 8, n: 7 })).toMatchObject({
      value: { specs },
    })
  })

  test.each([
    ['input', { input: '' }],
    ['input', { input: [[1, 2]] }],
    ['input', { input: Array.from({ length: 129 }, () => 'x') }],
    ['encoding_format', { input: 'x', encoding_format: 'hex' }],
  ])('CHAT-4: %s of vectors is refused', (param, changes) => {
    expect(specsFromEmbeddings({ model: 'm', ...changes })).toMatchObject({ error: { param } })
  })
})

test('CHAT-6: preferences for placing', () => {
  expect(
    chat({
      models: ['other'],
      provider: {
        order: ['miner-a'],
        ignore: ['miner-b'],
        sort: 'throughput',
        max_price: { prompt: '0.5', completion: 0.000001 },
        region: 'eu',
        allow_fallbacks: false,
        unknown: 1,
      },
    }).routing,
  ).toEqual({
    order: ['miner-a'],
    ignore: ['miner-b'],
    sort: 'speed',
    maxPrice: { prompt: 50_000_000n, completion: 100n },
    region: 'eu',
    allowFallbacks: false,
    models: ['other'],
  })
  expect(chat({ provider: { max_price: 2 } }).routing).toEqual({
    maxPrice: { prompt: 200_000_000n, completion: 200_000_000n },
  })
  expect(chat({ provider: {}, models: [] }).routing).toBeUndefined()
})

test('CHAT-7: a limit of what each job may cost', () => {
  expect(chat({ limit: '15480' }).limit).toBe(15_480n)
  expect([chat({ limit: null }).limit, chat({}).limit]).toEqual([undefined, undefined])
  const vectors = specsFromEmbeddings({ model: 'm', input: 'x', limit: '9' })
  expect(vectors).toMatchObject({ value: { limit: 9n } })
  for (const limit of ['0', '-1', '1.5', '', ' 1', 5, '9'.repeat(20)]) {
    expect(specsFromEmbeddings({ model: 'm', input: 'x', limit })).toMatchObject({
      error: { param: 'limit', code: 'invalid_value' },
    })
  }
})

describe('OLLAMA-1: the same in Ollama’s words', () => {
  const options = {
    num_predict: 9,
    temperature: 0.5,
    top_p: 0.25,
    seed: 7,
    stop: ['.'],
    num_ctx: 64,
  }
  const sampled = { max_tokens: 9, temperature: 0.5, top_p: 0.25, seed: 7, stop: ['.'] }

  test('OLLAMA-1: a chat with tools, calls and a form', () => {
    const mine = specsFromOllamaChat(
      {
        model: 'm',
        messages: [
          user,
          {
            role: 'assistant',
            content: '',
            tool_calls: [
              { function: { name: 'get_weather', arguments: { city: 'Oslo', days: 2 } } },
            ],
          },
          { role: 'tool', content: 'snow', tool_name: 'get_weather' },
        ],
        tools,
        format: 'json',
        options,
        keep_alive: '5m',
      },
      seed,
    )
    const theirs = chat({
      messages: [
        user,
        { role: 'assistant', tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: 'snow' },
      ],
      tools,
      response_format: { type: 'json_object' },
      ...sampled,
    })
    expect(mine).toMatchObject({ value: { model: 'm', stream: true } })
    if (!mine.ok) throw new Error(mine.error.message)
    expect(mine.value.specs).toEqual(theirs.specs)
  })

  test('OLLAMA-1: a prompt is a chat of one turn, or a text that goes on', () => {
    const generate = (more: Record<string, unknown>) => {
      const read = specsFromOllamaGenerate({ model: 'm', prompt: 'hi', options, ...more }, seed)
      return read.ok ? read.value : undefined
    }
    const asked = chat({
      messages: [
        { role: 'system', content: 's' },
        { role: 'user', content: 'hi' },
      ],
      ...sampled,
    })
    expect(generate({ system: 's', stream: false })).toEqual({
      model: 'm',
      stream: false,
      specs: asked.specs,
    })
    const text = specsFromText({ model: 'm', prompt: 'hi', ...sampled }, seed)
    expect(generate({ raw: true })?.specs).toEqual(text.ok ? text.value.specs : undefined)
  })

  test('OLLAMA-1: vectors', () => {
    const theirs = specsFromEmbeddings({ model: 'm', input: ['a', 'b'] })
    const mine = specsFromOllamaEmbed({ model: 'm', input: ['a', 'b'], truncate: true })
    if (!mine.ok || !theirs.ok) throw new Error('refused')
    expect(mine.value.specs).toEqual(theirs.value.specs)
    expect(specsFromOllamaEmbeddings({ model: 'm', prompt: 'a' })).toEqual(
      specsFromOllamaEmbed({ model: 'm', input: 'a' }),
    )
  })

  test('OLLAMA-1: what is not said is as Ollama has it, and the length as this site has it', () => {
    const read = specsFromOllamaChat({ model: 'm', messages: [user] }, seed)
    expect(read).toMatchObject({
      value: {
        specs: [
          {
            version: 1,
            temperatureMilli: 800,
            topPMilli: 900,
            maxTokens: jobLimits.maxTokensDefault,
            seed: 3n,
          },
        ],
      },
    })
  })

  test.each([
    ['think', { think: true }],
    ['logprobs', { logprobs: true }],
    ['format', { format: 'xml' }],
    ['options.top_k', { options: { top_k: 5 } }],
    ['options.mirostat', { options: { mirostat: 1 } }],
    ['options.temperature', { options: { temperature: 3 } }],
    ['messages.0.images', { messages: [{ role: 'user', content: 'x', images: ['aa'] }] }],
    ['messages', { messages: [{ role: 'king', content: 'x' }] }],
    ['model', { model: undefined }],
  ])('OLLAMA-2: %s is refused by name', (param, changes) => {
    const body = { model: 'm', messages: [user], ...changes }
    expect(specsFromOllamaChat(body, seed)).toMatchObject({ error: { param } })
  })

  test.each([
    ['suffix', 'x'],
    ['template', 'x'],
    ['images', ['x']],
    ['context', [1, 2]],
  ])('OLLAMA-2: %s of a prompt is refused by name', (param, value) => {
    const body = { model: 'm', prompt: 'hi', [param]: value }
    expect(specsFromOllamaGenerate(body, seed)).toMatchObject({ error: { param } })
    const empty = { model: 'm', prompt: 'hi', [param]: Array.isArray(value) ? [] : '' }
    expect(specsFromOllamaGenerate(empty, seed).ok).toBe(true)
  })

  test('OLLAMA-3: nothing asked is no job', () => {
    const none = { value: { specs: [] } }
    expect(specsFromOllamaChat({ model: 'm' }, seed)).toMatchObject(none)
    expect(specsFromOllamaGenerate({ model: 'm' }, seed)).toMatchObject(none)
    expect(specsFromOllamaEmbed({ model: 'm', input: [] })).toMatchObject(none)
    expect(specsFromOllamaEmbeddings({ model: 'm' })).toMatchObject(none)
  })
})
