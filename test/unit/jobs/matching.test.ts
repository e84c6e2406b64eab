import { describe, expect, test } from 'vitest'
import type { Constraints } from '../../../core/api/coordinator-service.ts'
import { type JobSize, sizeOf, worstCaseOf } from '../../../core/jobs/estimate.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { admit, chooseMiner, misfit } from '../../../core/jobs/matching.ts'
import { cardFromLegacy } from '../../../core/jobs/miner-card.ts'
import { card, live, spec } from './fixtures.ts'

const size = sizeOf(spec)
const price = { promptPer1000: 1_000n, completionPer1000: 2_000n }
const cost = worstCaseOf(size, price)
const wanted = (constraints: Constraints = {}, limit: bigint | undefined = undefined) => ({
  size,
  constraints,
  limit,
})
const priced = (minerId: string, factor: bigint) =>
  card({
    minerId,
    models: [
      {
        name: 'aitbc-tiny',
        contextTokens: 2_048,
        price: { promptPer1000: 1_000n * factor, completionPer1000: 2_000n * factor },
      },
    ],
  })
const legacyCard = (capabilities: Record<string, unknown> = {}) =>
  cardFromLegacy({ minerId: 'old', capabilities, concurrency: 1, region: 'localhost' })

describe('MATCH-1: constraints', () => {
  test.each<[Constraints, string | undefined]>([
    [{}, undefined],
    [{ region: 'eu' }, undefined],
    [{ region: 'us' }, 'region'],
    [{ gpu: 'RTX 4060 Ti' }, undefined],
    [{ gpu: 'RTX 4060' }, 'gpu'],
    [{ min_vram_gb: 15 }, undefined],
    [{ min_vram_gb: 16 }, 'min_vram_gb'],
    [{ cuda: '12' }, undefined],
    [{ cuda: '11' }, 'cuda'],
    [{ models: ['aitbc-tiny'] }, undefined],
    [{ models: ['aitbc-tiny', 'llama3.2'] }, 'models'],
    [{ max_price: 0.00002 }, undefined],
    [{ max_price: 0.00001 }, 'max_price'],
  ])('MATCH-1: %j gives %s', (constraints, reason) => {
    expect(misfit(card(), wanted(constraints))).toBe(reason)
  })

  test('MATCH-1: a prompt that cannot fit the context is refused', () => {
    const long = { ...spec, messages: [{ role: 'user', content: 'x'.repeat(2_049 * 8) }] }
    const asked = { ...wanted(), size: sizeOf(long) }
    expect(misfit(card(), asked)).toBe('context')
    const refused = admit([live()], asked)
    expect(refused).toMatchObject({
      error: { code: 'CONTEXT_EXCEEDED', details: { context_tokens: 2_048 } },
    })
  })
})

describe('MATCH-2: refusals', () => {
  test('MATCH-2: no miner at all', () => {
    expect(admit([], wanted())).toMatchObject({
      error: { code: 'MODEL_NOT_SERVED', details: { reason: 'no_miner', alternative: null } },
    })
  })

  test('MATCH-2: another model, with the cheapest alternative', () => {
    const asked = { ...wanted(), size: { ...size, model: 'llama3.2' } }
    const refused = admit([live({ card: priced('b', 3n) }), live()], asked)
    expect(refused).toMatchObject({
      error: {
        code: 'MODEL_NOT_SERVED',
        message: 'No live miner serves llama3.2.',
        details: {
          models_served: ['aitbc-tiny'],
          alternative: { model: 'aitbc-tiny', price_prompt: '1000', price_completion: '2000' },
        },
      },
    })
  })

  test('MATCH-2: constraints that nobody meets are named', () => {
    const refused = admit([live()], wanted({ region: 'us', gpu: 'H100' }))
    expect(refused).toMatchObject({
      error: {
        code: 'NOT_SERVABLE',
        details: { reasons: ['region'], alternative: { region: 'eu', gpus: ['RTX 4060 Ti'] } },
      },
    })
  })
})

describe('MATCH-2: the cheapest alternative among all models of all miners', () => {
  type Model = ReturnType<typeof card>['models'][number]
  const model = (name: string, factor: bigint, more: Partial<Model> = {}): Model => ({
    name,
    contextTokens: 2_048,
    price: { promptPer1000: 1_000n * factor, completionPer1000: 2_000n * factor },
    ...more,
  })
  const alternativeOf = (
    asked: Parameters<typeof admit>[1],
    ...miners: readonly [string, ...Model[]][]
  ): unknown => {
    const lives = miners.map(([minerId, ...models]) => live({ card: card({ minerId, models }) }))
    const refused = admit(lives, asked)
    return refused.ok ? 'admitted' : (refused.error.details as { alternative: unknown }).alternative
  }
  const unknown = { ...wanted(), size: { ...size, model: 'llama3.2' } }

  test('MATCH-2: a miner’s cheapest model, not its first', () => {
    const found = alternativeOf(unknown, ['a', model('dear', 900n), model('cheap', 1n)])
    expect(found).toMatchObject({ model: 'cheap', price_completion: '2000' })
  })

  test('MATCH-2: never a model that lacks what the job wants', () => {
    const vectors = model('vectors', 1n, { features: ['embeddings'] })
    const chat = { ...unknown, size: { ...unknown.size, features: ['chat' as const] } }
    expect(alternativeOf(chat, ['a', vectors, model('words', 9n)])).toMatchObject({
      model: 'words',
    })
    expect(alternativeOf(chat, ['a', vectors])).toBeNull()
  })

  test('MATCH-2: never a miner that the client ignores', () => {
    const asked = { ...unknown, routing: { ignore: ['a'] } }
    const found = alternativeOf(asked, ['a', model('x', 1n)], ['b', model('y', 5n)])
    expect(found).toMatchObject({ model: 'y' })
  })

  test('MATCH-2: a prompt beyond the context is led to a model that holds it', () => {
    const long = { ...spec, messages: [{ role: 'user', content: 'x'.repeat(2_049 * 8) }] }
    const asked = { ...wanted(), size: sizeOf(long) }
    const wide = model('wide', 7n, { contextTokens: 65_536 })
    expect(alternativeOf(asked, ['a', model('aitbc-tiny', 1n)], ['b', wide])).toMatchObject({
      model: 'wide',
      context_tokens: 65_536,
    })
    expect(alternativeOf(asked, ['a', model('aitbc-tiny', 1n)])).toBeNull()
  })

  test('MATCH-2: the model that was asked for comes before a cheaper one', () => {
    const asked = wanted({ region: 'us' })
    const found = alternativeOf(asked, ['a', model('aitbc-tiny', 8n), model('cheap', 1n)])
    expect(found).toMatchObject({ model: 'aitbc-tiny', price_completion: '16000' })
  })
})

describe('MATCH-3: the limit covers the worst case', () => {
  test('MATCH-3: bytes of the prompt and 64 a message, and all tokens of the answer', () => {
    const bytes = new TextEncoder().encode('Say hé.').length
    expect(size.promptTokensMax).toBe(bytes + jobLimits.templateTokensPerMessage)
    expect(cost).toBe((BigInt(bytes + 64) * 1_000n + 64n * 2_000n + 999n) / 1_000n)
  })

  test('MATCH-3: a limit below is refused with what is needed', () => {
    expect(admit([live()], wanted({}, cost - 1n))).toMatchObject({
      error: { code: 'PRICE_TOO_LOW', details: { needed: String(cost), limit: String(cost - 1n) } },
    })
    expect(admit([live()], wanted({}, cost)).ok).toBe(true)
    expect(chooseMiner([live()], { ...wanted(), limit: cost - 1n }, new Set())).toBeUndefined()
  })
})

describe('MATCH-4: choice', () => {
  const choose = (...miners: ReturnType<typeof live>[]) =>
    chooseMiner(miners, { ...wanted(), limit: 10n ** 9n }, new Set())?.card.minerId

  test('MATCH-4: the cheapest first', () => {
    expect(choose(live({ card: priced('b', 2n) }), live({ inflight: 1 }))).toBe('miner-a')
  })

  test('MATCH-4: then the least loaded', () => {
    const wide = live({ card: card({ minerId: 'wide', concurrency: 8 }), inflight: 3 })
    expect(choose(live({ inflight: 1 }), wide)).toBe('wide')
  })

  test('MATCH-4: then the one idle for longest, then by id', () => {
    const other = live({ card: card({ minerId: 'b' }), idleSinceMs: 5 })
    expect(choose(live({ idleSinceMs: 9 }), other)).toBe('b')
    expect(choose(live({ card: card({ minerId: 'z' }) }), live())).toBe('miner-a')
  })
})

test('MATCH-5: draining, excluded and full miners are passed over', () => {
  const asked = { ...wanted(), limit: cost }
  expect(chooseMiner([live({ draining: true })], asked, new Set())).toBeUndefined()
  expect(chooseMiner([live()], asked, new Set(['miner-a']))).toBeUndefined()
  expect(chooseMiner([live({ inflight: 2 })], asked, new Set())).toBeUndefined()
  const unbounded = live({ card: card({ concurrency: 0 }), inflight: 99 })
  expect(chooseMiner([unbounded], asked, new Set())).toBe(unbounded)
  expect(admit([live({ inflight: 2 })], wanted()).ok).toBe(true)
  expect(admit([live({ draining: true })], wanted()).ok).toBe(false)
})

describe('MATCH-6: jobs that only miners of the original can do', () => {
  const opaque: JobSize = { ...size, isOpaque: true }

  test('MATCH-6: a payload without a prompt', () => {
    expect(misfit(card(), { ...wanted(), size: opaque })).toBe('payload')
    expect(misfit(legacyCard(), { ...wanted(), size: opaque })).toBeUndefined()
  })

  test('MATCH-6: a job without a model', () => {
    const nameless = { ...wanted(), size: { ...size, model: '' } }
    expect(misfit(card(), nameless)).toBe('model')
    expect(misfit(legacyCard({ models: ['m'] }), nameless)).toBeUndefined()
  })

  test('MATCH-6: a legacy miner with a list serves what is on it', () => {
    const asked = { ...wanted(), size: { ...size, model: 'm' } }
    expect(misfit(legacyCard({ models: ['m'] }), asked)).toBeUndefined()
    expect(misfit(legacyCard({ models: ['n'] }), asked)).toBe('model')
    expect(misfit(legacyCard(), asked)).toBeUndefined()
  })
})

test('MATCH-7: a legacy miner without a price fails any max_price', () => {
  const asked = wanted({ max_price: 0.05 })
  expect(misfit(legacyCard({ price: '0.04' }), asked)).toBeUndefined()
  expect(misfit(legacyCard({ price: 0.06 }), asked)).toBe('max_price')
  expect(misfit(legacyCard({ price: 'cheap' }), asked)).toBe('max_price')
  expect(misfit(legacyCard(), asked)).toBe('max_price')
})

test.each([
  [3, 3n],
  [9, 4n],
])('MATCH-8: a dearest miner at %d times the cheapest suggests %d times', (factor, expected) => {
  const miners = [live(), live({ card: priced('dear', BigInt(factor)) })]
  const admitted = admit(miners, wanted())
  expect(admitted).toMatchObject({ ok: true, value: { suggestedLimit: cost * expected } })
})

test('MATCH-8: a miner that is named is covered, whatever it asks', () => {
  const miners = [live(), live({ card: priced('dear', 9n) }), live({ card: priced('more', 20n) })]
  const admitted = admit(miners, { ...wanted(), routing: { order: ['dear'] } })
  expect(admitted).toMatchObject({ ok: true, value: { suggestedLimit: cost * 9n } })
})
