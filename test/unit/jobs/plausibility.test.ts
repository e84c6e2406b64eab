import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jobLimits } from '../../../core/jobs/limits.ts'
import {
  type Evidence,
  type Judge,
  joined,
  plausibility,
  plausibleLimits,
} from '../../../core/jobs/plausibility.ts'
import { spec } from './fixtures.ts'

const words = (count: number) =>
  Array.from({ length: count }, (_, index) => `word${index * 7919} `).join('')

type Change = Partial<Omit<Evidence, 'outcome'>> & {
  readonly outcome?: Partial<Evidence['outcome']>
}

/** 400 tokens in ten seconds, as asked for. */
const evidence = ({ outcome = {}, ...change }: Change = {}): Evidence => ({
  spec: { ...spec, maxTokens: 512 },
  minerId: 'miner-a',
  tookMs: 10_000,
  contextTokens: 8_192,
  claimedRate: undefined,
  measuredRate: undefined,
  promptCosts: true,
  ...change,
  outcome: {
    text: words(400),
    finish: 'stop',
    promptTokens: 20,
    completionTokens: 400,
    startedAtMs: 0,
    completedAtMs: 10_000,
    ...outcome,
  },
})

/** Codes of the reasons; empty when it is accepted. */
const codes = (change: Change): string[] => {
  const verdict = plausibility(evidence(change))
  return verdict.kind === 'accept' ? [] : verdict.reasons.map(({ code }) => code)
}

test('PLAUS-1: honest answers of any length and ordinary speed are accepted', () => {
  const honest = fc.record({
    tokens: fc.integer({ min: 1, max: 512 }),
    rate: fc.integer({ min: 1, max: 3_000 }),
  })
  fc.assert(
    fc.property(honest, ({ tokens, rate }) => {
      const finish = tokens === 512 ? 'length' : 'stop'
      const tookMs = Math.ceil((tokens * 1_000) / rate)
      const outcome = { text: words(tokens), completionTokens: tokens, finish } as const
      expect(codes({ tookMs, outcome })).toEqual([])
    }),
  )
})

test.each([
  ['above what any machine writes', { tookMs: 7 }, ['RATE_CEILING']],
  ['at it', { tookMs: 8 }, []],
  ['in no time that a clock shows', { tookMs: 0 }, ['RATE_CEILING']],
  ['above the claim', { tookMs: 1_000, claimedRate: 50 }, ['RATE_CLAIM']],
  ['near the claim', { tookMs: 1_000, claimedRate: 100 }, []],
] as const)('PLAUS-2, PLAUS-3: %s', (_, change, expected) => {
  expect(codes(change)).toEqual(expected)
})

test('PLAUS-4: far above what was measured, of enough answers', () => {
  const { samplesMin: samples } = plausibleLimits
  const measuredRate = { tokensPerSecond: 40, samples }
  expect(codes({ tookMs: 1_000, measuredRate })).toEqual(['RATE_HISTORY'])
  expect(codes({ tookMs: 2_000, measuredRate })).toEqual([])
  expect(codes({ tookMs: 1_000, measuredRate: { ...measuredRate, samples: samples - 1 } })).toEqual(
    [],
  )
})

test('PLAUS-5: few tokens are not judged by their rate', () => {
  const few = plausibleLimits.ratedTokensMin - 1
  const outcome = { text: words(few), completionTokens: few }
  expect(codes({ tookMs: 0, claimedRate: 1, outcome })).toEqual([])
})

describe('PLAUS-6: a limit that was not reached', () => {
  const short = { text: words(100), completionTokens: 100, finish: 'length' } as const
  test.each([
    ['far below what was asked for', { outcome: short }, ['FINISH_LENGTH']],
    ['in a context that may have been full', { outcome: short, contextTokens: 200 }, []],
    ['in a context that is not stated', { outcome: short, contextTokens: 0 }, []],
    ['with more than half', { outcome: { ...short, completionTokens: 256 } }, []],
    ['by itself', { outcome: { ...short, finish: 'stop' as const } }, []],
  ])('PLAUS-6: %s', (_, change, expected) => {
    expect(codes(change)).toEqual(expected)
  })
})

test('PLAUS-7: a prompt is not charged for nothing', () => {
  const empty = { text: '', completionTokens: 0 }
  expect(codes({ outcome: empty })).toEqual(['EMPTY_CHARGED', 'EMPTY'])
  expect(codes({ outcome: empty, promptCosts: false })).toEqual([])
  expect(codes({ outcome: { ...empty, promptTokens: 0 } })).toEqual([])
})

test('PLAUS-8: one signal is nothing, two are a reason', () => {
  const repeating = 'la la '.repeat(200)
  const dense = { text: words(400).slice(0, 400), completionTokens: 400 }
  expect(codes({ outcome: { text: repeating } })).toEqual([])
  expect(codes({ outcome: dense })).toEqual([])
  // The cheapest way to many tokens: one letter over and over, each called a token.
  const padded = { text: 'a'.repeat(400), completionTokens: 400 }
  expect(codes({ outcome: padded })).toEqual(['REPEATING', 'TOKENS_DENSE'])
  expect(codes({ outcome: { ...padded, text: 'ab'.repeat(200) } })).toHaveLength(2)
})

test('PLAUS-9: the strictest judge is followed, and all are heard', () => {
  const saying =
    (kind: 'hold' | 'refuse', code: string): Judge =>
    () => ({ kind, reasons: [{ code, message: code }] })
  const accept: Judge = () => ({ kind: 'accept' })
  const verdictOf = (...judges: Judge[]) => joined(judges)(evidence())
  expect(verdictOf()).toEqual({ kind: 'accept' })
  expect(verdictOf(accept, accept)).toEqual({ kind: 'accept' })
  expect(verdictOf(accept, saying('hold', 'A'))).toMatchObject({ kind: 'hold' })
  expect(verdictOf(saying('hold', 'A'), saying('refuse', 'B'), accept)).toEqual({
    kind: 'refuse',
    reasons: [
      { code: 'A', message: 'A' },
      { code: 'B', message: 'B' },
    ],
  })
  const many = Array.from({ length: 40 }, (_, index) => saying('hold', `C${index}`))
  expect(verdictOf(...many)).toMatchObject({ reasons: { length: jobLimits.holdReasonsMax } })
})

test('PLAUS-1, PLAUS-8: no text makes the judge throw or look at it for long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), fc.nat(5_000), (text, tokens) => {
      const verdict = plausibility(evidence({ outcome: { text, completionTokens: tokens } }))
      expect(['accept', 'hold']).toContain(verdict.kind)
    }),
  )
})
