import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { payloadOfSpec, specFaults } from '../../../core/jobs/job-request.ts'
import { jobHashOf } from '../../../core/jobs/job-spec.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { specFromLegacy } from '../../../core/jobs/spec-from-legacy.ts'
import { specsFromChat } from '../../../core/jobs/spec-from-openai.ts'
import {
  emptySplice,
  isSpliceWhole,
  spliceReset,
  spliceText,
} from '../../../core/jobs/stream-splice.ts'
import { spec } from './fixtures.ts'

const defaults = { model: 'aitbc-tiny', seed: 0n }
function read(payload: Record<string, unknown>) {
  const done = specFromLegacy(payload, defaults)
  if (!done.ok) throw new Error(JSON.stringify(done.error))
  return done.value
}
const faultsOf = (payload: Record<string, unknown>) => {
  const done = specFromLegacy(payload, defaults)
  return done.ok ? [] : (done.error.details as { field: string }[]).map(({ field }) => field)
}

describe('ASK-1: spellings of the original', () => {
  const user = [{ role: 'user', content: 'hi' }]

  test.each([
    { type: 'inference', prompt: 'hi' },
    { type: 'inference', parameters: { prompt: 'hi' } },
    { messages: user },
    { type: 'chat', prompt: 'hi', model: 'aitbc-tiny', extra_null: null },
  ])('ASK-1: %j asks the same', (payload) => {
    expect(read(payload)).toMatchObject({ model: 'aitbc-tiny', messages: user })
  })

  test('ASK-1: numbers under any of their names', () => {
    const expected = { maxTokens: 9, temperatureMilli: 250, topPMilli: 900, seed: 4n, stop: ['x'] }
    const parameters = { num_predict: 9, temperature: 0.25, top_p: 0.9, seed: 4, stop: 'x' }
    expect(read({ prompt: 'hi', parameters })).toMatchObject(expected)
    const { num_predict, ...rest } = parameters
    expect(read({ prompt: 'hi', max_tokens: num_predict, ...rest })).toMatchObject(expected)
  })

  test('ASK-1: a system text comes first', () => {
    expect(read({ prompt: 'hi', system: 'be kind' }).messages.map(({ role }) => role)).toEqual([
      'system',
      'user',
    ])
  })

  test('ASK-1: what is not for a language model has no messages and keeps its payload', () => {
    const payload = { type: 'render', scene: 'a', prompt: 'ignored' }
    expect(read(payload)).toMatchObject({
      model: '',
      messages: [],
      extra: '{"prompt":"ignored","scene":"a","type":"render"}',
    })
  })
})

test('ASK-2: what is not read is kept in the hash', () => {
  expect(read({ prompt: 'hi' }).extra).toBe('')
  const more = read({ prompt: 'hi', note: 'n', parameters: { top_k: 5 } })
  expect(more.extra).toBe('{"note":"n","parameters":{"top_k":5}}')
  expect(jobHashOf(more)).not.toEqual(jobHashOf(read({ prompt: 'hi' })))
})

describe('ASK-3: bounds', () => {
  test.each([
    [{ prompt: 'hi', max_tokens: 0 }, 'payload.max_tokens'],
    [{ prompt: 'hi', max_tokens: 'x' }, 'payload.max_tokens'],
    [{ prompt: 'hi', max_tokens: jobLimits.maxTokensMax + 1 }, 'max_tokens'],
    [{ prompt: 'hi', temperature: -1 }, 'payload.temperature'],
    [{ prompt: 'hi', top_p: 0 }, 'payload.top_p'],
    [{ prompt: 'hi', seed: 0.5 }, 'payload.seed'],
    [{ prompt: 'hi', stop: [1] }, 'payload.stop'],
    [{ prompt: 'hi', stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
    [{ prompt: 'hi', stop: '' }, 'stop'],
    [{ messages: 'hi' }, 'payload.messages'],
    [{ messages: [{ role: 'user' }] }, 'payload.messages.0'],
    [{ messages: [{ role: 'king', content: 'x' }] }, 'messages'],
    [{ prompt: '\ud800' }, 'messages'],
    [{ prompt: 'x'.repeat(jobLimits.specBytesMax) }, 'messages'],
    [{ prompt: 'hi', model: 'm'.repeat(129) }, 'model'],
  ])('ASK-3: %j', (payload, field) => {
    expect(faultsOf(payload)).toContain(field)
  })

  test('ASK-3: too many messages', () => {
    const messages = Array.from({ length: jobLimits.messagesMax + 1 }, () => ({
      role: 'user',
      content: '',
    }))
    expect(faultsOf({ messages })).toContain('messages')
  })

  test('ASK-3: no payload at all throws or passes its bounds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (payload) => {
        const done = specFromLegacy(payload as Record<string, unknown>, defaults)
        expect(done.ok ? specFaults(done.value) : []).toEqual([])
      }),
    )
  })
})

test('ASK-4: the same payload gives the same hash, and a payload made of a specification gives it back', () => {
  for (const seed of [0n, 7n, 10n ** 18n - 1n]) {
    const payload = JSON.parse(JSON.stringify(payloadOfSpec({ ...spec, seed })))
    expect(read(payload)).toEqual({ ...spec, seed })
  }
  expect(jobHashOf(read({ prompt: 'hi' }))).toEqual(jobHashOf(read({ prompt: 'hi' })))
})

const tool = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: { z: {}, a: {} } } },
}
const named = (name: string) => ({ type: 'function', function: { name } })
const call = {
  id: 'call_1',
  type: 'function',
  function: { name: 'get_weather', arguments: '{"city":"Oslo"}' },
}
const badCall = { ...call, function: { name: 'get_weather', arguments: '[1]' } }

describe('CHAT-1: chat completion requests', () => {
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }
  const chat = (changes: Record<string, unknown> = {}) =>
    specsFromChat({ ...body, ...changes }, { seed: 3n })

  test('CHAT-1: defaults', () => {
    expect(chat()).toMatchObject({
      value: {
        stream: false,
        includeUsage: false,
        specs: [
          {
            version: 1,
            model: 'm',
            maxTokens: 512,
            temperatureMilli: 1_000,
            topPMilli: 1_000,
            seed: 3n,
          },
        ],
        routing: undefined,
      },
    })
  })

  test('CHAT-1: everything that is supported', () => {
    const done = chat({
      messages: [
        {
          role: 'developer',
          content: [
            { type: 'text', text: 'be ' },
            { type: 'text', text: 'kind' },
          ],
        },
        { role: 'user', content: 'hi', name: 'ann' },
        { role: 'assistant', content: 'hello' },
        { role: 'user', content: 'and?' },
      ],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 4,
      max_completion_tokens: 5,
      temperature: 0,
      top_p: 0.5,
      seed: -1,
      stop: ['.', '!'],
      n: 1,
      tools: [],
      response_format: { type: 'text' },
      presence_penalty: 0,
      logit_bias: {},
      user: 'u',
    })
    expect(done).toMatchObject({
      value: {
        stream: true,
        includeUsage: true,
        specs: [
          {
            version: 1,
            messages: [{ role: 'system', content: 'be kind' }, {}, {}, {}],
            maxTokens: 5,
            temperatureMilli: 0,
            topPMilli: 500,
            seed: 2n ** 53n - 1n,
            stop: ['.', '!'],
          },
        ],
      },
    })
  })

  test.each([
    ['tools.0', { tools: [{ type: 'web_search' }] }],
    ['tool_choice', { tools: [tool], tool_choice: 'always' }],
    ['tool_choice', { tools: [tool], tool_choice: { type: 'custom', custom: { name: 'f' } } }],
    ['top_k', { top_k: 40 }],
    ['min_p', { min_p: 0.1 }],
    ['repetition_penalty', { repetition_penalty: 1.1 }],
    ['reasoning_effort', { reasoning_effort: 'high' }],
    ['verbosity', { verbosity: 'low' }],
    ['web_search_options', { web_search_options: {} }],
    ['audio', { audio: { voice: 'x', format: 'wav' } }],
    ['function_call', { function_call: { name: 'f' } }],
    ['functions', { functions: [{}] }],
    ['response_format', { response_format: { type: 'grammar' } }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['presence_penalty', { presence_penalty: 0.5 }],
    ['logprobs', { logprobs: true }],
    ['logit_bias', { logit_bias: { 5: 1 } }],
    ['messages.0.content.0', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }],
    ['messages.0', { messages: [{ role: 'function', content: 'x' }] }],
  ])('CHAT-2: %s is refused by name', (param, changes) => {
    expect(chat(changes)).toMatchObject({ error: { param, code: 'unsupported_parameter' } })
  })

  test('CHAT-2: what says nothing, or nothing of the answer, passes', () => {
    const said = chat({
      ...{ presence_penalty: 0, frequency_penalty: null, top_k: -1, min_p: 0, logit_bias: {} },
      ...{ repetition_penalty: 1, reasoning_effort: 'none', verbosity: 'medium', logprobs: false },
      ...{ function_call: 'auto', functions: [], modalities: ['text'], user: 'u', store: true },
      ...{ metadata: { a: 'b' }, service_tier: 'auto', prompt_cache_key: 'k' },
    })
    expect(said).toMatchObject({ ok: true })
  })

  test.each([
    ['model', { model: undefined }, 'missing_required_parameter'],
    ['messages', { messages: undefined }, 'missing_required_parameter'],
    ['messages', { messages: [] }, 'invalid_value'],
    ['messages.0.content', { messages: [{ role: 'user' }] }, 'invalid_value'],
    ['messages', { messages: [{ role: 'king', content: 'x' }] }, 'invalid_value'],
    ['temperature', { temperature: 3 }, 'invalid_value'],
    ['max_tokens', { max_tokens: 0 }, 'invalid_value'],
    ['max_tokens', { max_completion_tokens: 99_999 }, 'invalid_value'],
    ['stop', { stop: ['1', '2', '3', '4', '5'] }, 'invalid_value'],
    ['stream', { stream: 'yes' }, 'invalid_value'],
    ['n', { n: 17 }, 'invalid_value'],
    ['n', { n: 0 }, 'invalid_value'],
    [
      'messages.0.tool_calls',
      { messages: [{ role: 'user', tool_calls: [call] }] },
      'invalid_value',
    ],
    [
      'messages.0.tool_calls.0.function.arguments',
      { messages: [{ role: 'assistant', tool_calls: [badCall] }] },
      'invalid_value',
    ],
    [
      'response_format.json_schema.schema',
      { response_format: { type: 'json_schema', json_schema: {} } },
      'invalid_value',
    ],
    ['tool_choice', { tool_choice: 'required' }, 'invalid_value'],
    ['tool_choice', { tools: [tool], tool_choice: named('other') }, 'invalid_value'],
    ['provider.sort', { provider: { sort: 'luck' } }, 'invalid_value'],
    ['provider.max_price', { provider: { max_price: 'cheap' } }, 'invalid_value'],
  ])('CHAT-3: %s in %j is refused', (param, changes, code) => {
    expect(chat(changes)).toMatchObject({ error: { param, code } })
  })

  test.each([null, 5, 'x', []])('CHAT-3: %j is no request', (value) => {
    expect(specsFromChat(value, { seed: 0n })).toMatchObject({ error: { code: 'invalid_value' } })
  })
})

describe('SPLICE-1: a retried answer', () => {
  const split = (text: string, at: readonly number[]) => {
    const cuts = [
      0,
      ...at.map((each) => each % (text.length + 1)).sort((x, y) => x - y),
      text.length,
    ]
    return cuts.slice(1).map((end, index) => text.slice(cuts[index], end))
  }

  test('SPLICE-1: goes on where the first one stopped, when it repeats it', () => {
    const texts = fc.string({ minLength: 1, maxLength: 40 })
    const cuts = fc.array(fc.nat(40), { maxLength: 6 })
    fc.assert(
      fc.property(texts, fc.nat(40), cuts, cuts, (text, stop, first, second) => {
        let splice = emptySplice
        let sent = ''
        const play = (pieces: readonly string[]) => {
          for (const piece of pieces) {
            const step = spliceText(splice, piece)
            if (!step.ok) throw new Error('diverged')
            splice = step.splice
            sent += step.send
          }
        }
        const begun = text.slice(0, stop % (text.length + 1))
        play(split(begun, first))
        expect(sent).toBe(begun)
        splice = spliceReset(splice)
        play(split(text, second))
        expect(sent).toBe(text)
        expect(isSpliceWhole(splice)).toBe(true)
      }),
    )
  })

  test.each([
    ['hello', 'help'],
    ['hello', 'hellish and long'],
    ['hello', 'x'],
  ])('SPLICE-1: %j then %j ends the stream', (first, second) => {
    const begun = spliceText(emptySplice, first)
    expect(begun.ok && spliceText(spliceReset(begun.splice), second)).toEqual({ ok: false })
  })

  test('SPLICE-1: an attempt that ends before it has caught up is not whole', () => {
    const begun = spliceText(emptySplice, 'hello')
    if (!begun.ok) throw new Error('the first text is never refused')
    const again = spliceText(spliceReset(begun.splice), 'hel')
    expect(again).toMatchObject({ ok: true, send: '' })
    expect(again.ok && isSpliceWhole(again.splice)).toBe(false)
  })

  test('SPLICE-1: before any text a new attempt is just the first', () => {
    expect(spliceReset(emptySplice)).toEqual(emptySplice)
  })
})
