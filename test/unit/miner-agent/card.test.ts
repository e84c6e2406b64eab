import { describe, expect, test } from 'vitest'
import { capabilityCardSchema } from '../../../core/jobs/miner-protocol.ts'
import { type CardInput, makeCard, missingModels } from '../../../miner-agent/card.ts'
import { type Delta, type Engine, EngineError } from '../../../miner-agent/engines/engine.ts'
import type { Gpu } from '../../../miner-agent/gpu.ts'
import { paced } from '../../../miner-agent/paced.ts'

const gpu: Gpu = {
  index: 0,
  uuid: 'GPU-1',
  name: 'NVIDIA Test',
  memoryTotalMib: 24_576,
  memoryUsedMib: 100,
  utilizationPercent: 3,
}
const models = [
  { name: 'llama3:latest', contextTokens: 8_192, digest: 'ab' },
  { name: 'tiny:1b', contextTokens: 512 },
]
const input: CardInput = {
  engine: 'ollama',
  models,
  only: undefined,
  gpu,
  cudaVersion: '12.4',
  vramReserveMib: 1_024,
  concurrency: 2,
  region: 'eu',
  pricePrompt: 1n,
  priceCompletion: 2n,
}

describe('the capability card', () => {
  test('says what engine and GPU have, less what is kept back, in the protocol’s form', () => {
    const card = makeCard(input)
    expect(capabilityCardSchema.parse(card)).toEqual(card)
    expect(card.gpus).toEqual([{ index: 0, name: 'NVIDIA Test', memory_mib: 23_552, cuda: '12.4' }])
    expect(card.models[0]).toEqual({
      name: 'llama3:latest',
      context_tokens: 8_192,
      price_prompt: '1',
      price_completion: '2',
      digest: 'ab',
    })
  })

  test('names the price of an hour where there is one, and is not to be booked otherwise', () => {
    expect(makeCard(input)).not.toHaveProperty('price_hour')
    const card = makeCard({ ...input, priceHour: 50_000_000n })
    expect(capabilityCardSchema.parse(card).price_hour).toBe('50000000')
    const bySecond = makeCard({ ...input, priceGpuSecond: 20_000n })
    expect(capabilityCardSchema.parse(bySecond).price_gpu_second).toBe('20000')
  })

  test('offers the models that were asked for, by Ollama’s names too', () => {
    const names = (only: string[]) => makeCard({ ...input, only }).models.map(({ name }) => name)
    expect(names(['llama3'])).toEqual(['llama3:latest'])
    expect(names(['tiny:1b', 'absent'])).toEqual(['tiny:1b'])
    expect(names(['tiny'])).toEqual([])
    expect(missingModels(models, ['llama3', 'absent'])).toEqual(['absent'])
    expect(missingModels(models, undefined)).toEqual([])
  })

  test('names no GPU where there is none, and never more models than a frame carries', () => {
    const many = Array.from({ length: 200 }, (_, index) => ({
      name: `m${index}`,
      contextTokens: 1,
    }))
    const card = makeCard({ ...input, gpu: undefined, models: many, region: undefined })
    expect(card.gpus).toEqual([])
    expect('region' in card).toBe(false)
    expect(capabilityCardSchema.safeParse(card).success).toBe(true)
    expect(card.models).toHaveLength(64)
  })
})

describe('a paced engine', () => {
  const deltas: Delta[] = [
    { text: 'a', tokens: 1 },
    { text: 'b', tokens: 1 },
    { text: '', tokens: 0, finish: 'stop', usage: { promptTokens: 1, completionTokens: 2 } },
  ]
  const engine: Engine = {
    name: 'e',
    listModels: async () => [],
    async *generate() {
      yield* deltas
    },
  }
  const request = { model: 'm', messages: [] }

  test('says the same, and is the engine itself without a bound', async () => {
    expect(paced(engine, undefined)).toBe(engine)
    const said: Delta[] = []
    const { signal } = new AbortController()
    for await (const delta of paced(engine, 1_000).generate(request, { signal })) said.push(delta)
    expect(said).toEqual(deltas)
  })

  test('stops waiting when it is aborted', async () => {
    const stopper = new AbortController()
    const answer = paced(engine, 1).generate(request, { signal: stopper.signal })
    const reading = (async () => {
      for await (const _ of answer) setTimeout(() => stopper.abort(), 10)
    })()
    await expect(reading).rejects.toThrow(EngineError)
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
