/** Answers of tools and vectors as text, and what models can be asked for. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  answerFault,
  callsText,
  embeddingsText,
  readEmbeddings,
  readToolAnswer,
  vectorOf,
} from '../../../core/jobs/answer.ts'
import { sizeOf } from '../../../core/jobs/estimate.ts'
import { optionsText } from '../../../core/jobs/job-options.ts'
import type { JobSpec } from '../../../core/jobs/job-spec.ts'
import { admit } from '../../../core/jobs/matching.ts'
import { cardFromAgent } from '../../../core/jobs/miner-card.ts'
import { spec } from './fixtures.ts'

const tools = [{ name: 'a' }]
const withTools = (calls_max?: number): JobSpec => ({
  ...spec,
  version: 2,
  options: optionsText({ kind: 'chat', tools, ...(calls_max && { calls_max }) }),
})
const forced: JobSpec = {
  ...spec,
  version: 2,
  options: optionsText({ kind: 'chat', tools, calls_min: 1 }),
}
const embedding = (texts: number, dimensions?: number): JobSpec => ({
  ...spec,
  version: 2,
  messages: Array.from({ length: texts }, () => ({ role: 'user', content: 'x' })),
  options: optionsText({ kind: 'embedding', ...(dimensions && { dimensions }) }),
})
const call = (name: string) => ({ name, arguments: { city: 'Oslo \u001e' } })

test('ANSWER-1: words and calls come apart as they were put together, whatever was said', () => {
  const words = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(
      words,
      fc.array(fc.string({ minLength: 1, maxLength: 64 }), { minLength: 1, maxLength: 4 }),
      (said, names) => {
        const calls = names.map(call)
        expect(readToolAnswer(`${said}\u001e${said}${callsText(calls)}`)).toEqual({
          ok: true,
          value: { words: `${said}\u001e${said}`, calls },
        })
      },
    ),
  )
})

test('ANSWER-2: vectors come back to the bit', () => {
  const vectors = [Float32Array.from([0.1, -1, 1e-30]), Float32Array.from([1, 2, 3])]
  const read = readEmbeddings(embeddingsText(vectors))
  const back = read.ok ? read.value.map(vectorOf) : []
  expect(back).toEqual(vectors.map((value) => ({ ok: true, value })))
})

describe('ANSWER-3: answers that are not what was asked for', () => {
  const one = Float32Array.from([1, 0])
  const vectors = (...list: Float32Array[]) => embeddingsText(list)
  test.each([
    ['calls where none were given', spec, callsText([call('a')]), 'tool_calls', 5],
    ['calls that cannot be read', withTools(), '\u001e[{', 'tool_calls', 1],
    ['no call at all', withTools(), 'words', 'tool_calls', 1],
    ['too many calls', withTools(1), callsText([call('a'), call('a')]), 'tool_calls', 5],
    ['words where a call is forced', forced, 'words', 'stop', 1],
    ['a forced call of another function', forced, callsText([call('other')]), 'tool_calls', 5],
    ['words for vectors', embedding(1), 'words', 'stop', 0],
    ['a vector too few', embedding(2), vectors(one), 'stop', 0],
    ['vectors of two lengths', embedding(2), vectors(one, Float32Array.from([1])), 'stop', 0],
    ['another length', embedding(1, 3), vectors(one), 'stop', 0],
    ['what is no number', embedding(1), vectors(Float32Array.from([Number.NaN])), 'stop', 0],
    ['vectors that count tokens', embedding(1), vectors(one), 'stop', 1],
    ['vectors that were cut', embedding(1), vectors(one), 'length', 0],
  ] as const)('ANSWER-3: %s', (_what, asked, text, finish, completionTokens) => {
    expect(answerFault(asked, { text, finish, completionTokens })).toEqual(expect.any(String))
  })

  test('ANSWER-3: and those that are', () => {
    const fine = (asked: JobSpec, text: string, finish: 'stop' | 'tool_calls', tokens: number) =>
      answerFault(asked, { text, finish, completionTokens: tokens })
    expect(fine(spec, 'words', 'stop', 1)).toBeUndefined()
    expect(fine(withTools(), `w${callsText([call('a')])}`, 'tool_calls', 9)).toBeUndefined()
    expect(fine(forced, callsText([call('a')]), 'tool_calls', 9)).toBeUndefined()
    expect(answerFault(forced, { text: '{"na', finish: 'length', completionTokens: 2 })).toBe(
      undefined,
    )
    expect(fine(embedding(2, 2), vectors(one, one), 'stop', 0)).toBeUndefined()
  })
})

describe('FEATURE-1: what a card states', () => {
  const featuresIn = (features?: string[]) => {
    const [model] = cardFromAgent('m', {
      engine: 'x',
      agent_version: '1',
      gpus: [],
      concurrency: 1,
      models: [
        {
          name: spec.model,
          context_tokens: 512,
          price_prompt: '1',
          price_completion: '2',
          ...(features && { features }),
        },
      ],
    }).models
    return model?.features
  }

  test('FEATURE-1: known words in one order, others passed over, none for an older card', () => {
    expect(featuresIn(['tools', 'telepathy', 'chat'])).toEqual(['chat', 'tools'])
    expect(featuresIn()).toBeUndefined()
  })

  test.each([
    ['a plain chat', spec, undefined, true],
    ['tools at an older miner', withTools(), undefined, false],
    ['tools', withTools(), ['chat', 'tools'], true],
    ['vectors of a model that chats', embedding(1), ['chat'], false],
    ['a chat with a model of vectors', spec, ['embeddings'], false],
    ['vectors', embedding(1), ['embeddings'], true],
  ] as const)('FEATURE-2: %s', (_what, asked, features, isServed) => {
    const models = [
      {
        name: spec.model,
        contextTokens: 512,
        price: { promptPer1000: 1n, completionPer1000: 2n },
        ...(features && { features }),
      },
    ]
    const card = {
      ...cardFromAgent('m', {
        engine: 'x',
        agent_version: '1',
        gpus: [],
        concurrency: 1,
        models: [],
      }),
      models,
    }
    const live = { card, inflight: 0, idleSinceMs: 0, draining: false }
    const done = admit([live], { size: sizeOf(asked), constraints: {}, limit: undefined })
    expect(done.ok).toBe(isServed)
    if (!done.ok) {
      expect(done.error).toMatchObject({ code: 'NOT_SERVABLE', details: { reasons: ['features'] } })
    }
  })
})
