import { expect, test } from 'vitest'
import { legacyTokenPrice } from '../../../core/jobs/legacy-price.ts'
import { cardFromAgent, cardFromLegacy } from '../../../core/jobs/miner-card.ts'

const legacy = (capabilities: Record<string, unknown>) =>
  cardFromLegacy({ minerId: 'old', capabilities, concurrency: 1, region: undefined })

test('CARD-1: gpus[] with memory_mb, as constraints expect it', () => {
  const read = legacy({
    gpus: [{ name: 'RTX 4090', memory_mb: 24_564 }],
    cuda: '12.4',
    models: ['llama3.2:latest', 'llama3.2:latest', ''],
    price: '0.03',
  })
  expect(read.gpus).toEqual([{ name: 'RTX 4090', memoryMib: 24_564 }])
  expect(read.cuda).toBe('12.4')
  expect(read.models.map(({ name }) => name)).toEqual(['llama3.2:latest'])
  expect(read.listedPrice).toBe(0.03)
})

test('CARD-1: gpu as the host miner of the original sends it', () => {
  const read = legacy({ gpu: { model: 'RTX 4060 Ti', memory_gb: 16, cuda_version: '12.4' } })
  expect(read.gpus).toEqual([{ name: 'RTX 4060 Ti', memoryMib: 16_384 }])
  expect(read.cuda).toBe('12.4')
})

test('CARD-1: gpu as text, as the command line sends it', () => {
  const read = legacy({ gpu: 'RTX 3080', memory: '10' })
  expect(read.gpus).toEqual([{ name: 'RTX 3080', memoryMib: 10_240 }])
})

test('CARD-2: nothing stated, nothing assumed', () => {
  const read = legacy({})
  expect(read).toMatchObject({ gpus: [], cuda: '', listedPrice: undefined, servesAnyModel: true })
  expect(read.models).toEqual([{ name: '', contextTokens: 0, price: legacyTokenPrice(0.02) }])
})

test.each([[{ gpus: 'x', models: {} }], [{ gpus: [null, 5], price: -1 }], [{ gpu: null }]])(
  'CARD-2: rubbish %j is left out',
  (capabilities) => {
    expect(legacy(capabilities)).toMatchObject({ gpus: [], listedPrice: undefined })
  },
)

test('CARD-3: a price by GPU-second becomes a price by tokens', () => {
  expect(legacyTokenPrice(0.02)).toEqual({
    promptPer1000: 4_000_000n,
    completionPer1000: 40_000_000n,
  })
  const [model] = legacy({ pricing_per_hour: 36 }).models
  expect(model?.price).toEqual(legacyTokenPrice(0.01))
  expect(legacy({ unit_price: 0.5 }).models[0]?.price).toEqual(legacyTokenPrice(0.5))
})

test('CARD-3: a price beyond reason is capped', () => {
  expect(legacyTokenPrice(10 ** 300)).toEqual(legacyTokenPrice(1_000))
})

test('CARD-1: an agent’s card is taken over', () => {
  const read = cardFromAgent('miner-b', {
    engine: 'ollama',
    agent_version: '0.1.0',
    models: [{ name: 'm', context_tokens: 8, price_prompt: '1', price_completion: '2' }],
    gpus: [{ index: 0, name: 'A', memory_mib: 1, cuda: '12' }],
    concurrency: 3,
  })
  expect(read.models).toEqual([
    { name: 'm', contextTokens: 8, price: { promptPer1000: 1n, completionPer1000: 2n } },
  ])
  expect(read).toMatchObject({ minerId: 'miner-b', kind: 'agent', cuda: '12', concurrency: 3 })
})
