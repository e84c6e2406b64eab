import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createEmbeddedEngine } from '../../../miner-agent/engines/embedded/engine.ts'
import {
  loadTinyModel,
  openTinyModel,
  TINY_MODEL,
} from '../../../miner-agent/engines/embedded/model-file.ts'
import { collect, question } from './collect.ts'
import { tinyBytes, tinyModel, tinyVectors } from './tiny-model.ts'

const model = tinyModel()
const engine = createEmbeddedEngine({ model })
const { vectors } = tinyVectors()
const never = new AbortController().signal

describe('embedded engine', () => {
  test('lists its one model with context and digest', async () => {
    expect(await engine.listModels()).toEqual([
      {
        name: 'aitbc-tiny',
        contextTokens: 256,
        digest: TINY_MODEL.digest,
        features: ['chat', 'completion', 'embeddings'],
      },
    ])
  })

  test('streams deltas whose tokens add up, and ends with one that has usage', async () => {
    const { deltas, text, last } = await collect(engine, question('What is the capital of France?'))
    expect(text).toBe('The capital of France is Paris.')
    expect(last.finish).toBe('stop')
    expect(last.usage).toEqual({ promptTokens: 9, completionTokens: 8 })
    expect(deltas.reduce((sum, delta) => sum + delta.tokens, 0)).toBe(8)
    expect(deltas.length).toBeGreaterThan(5)
    expect(deltas.slice(0, -1).every((delta) => delta.finish === undefined)).toBe(true)
  })

  test('answers many at once as it answers one', async () => {
    const answers = await Promise.all(
      vectors.slice(0, 40).map((vector) => collect(engine, question(vector.prompt))),
    )
    expect(answers.map(({ text }) => text)).toEqual(vectors.slice(0, 40).map(({ text }) => text))
  }, 60_000)

  test('the event loop runs between tokens', async () => {
    let turns = 0
    let counting = true
    const count = (): void => {
      turns += 1
      if (counting) setImmediate(count)
    }
    setImmediate(count)
    const { last } = await collect(engine, question('Count from 1 to 20'))
    counting = false
    expect(turns).toBeGreaterThanOrEqual(last.usage.completionTokens)
  })

  test('an abort before the start computes nothing', async () => {
    const aborted = collect(engine, question('Hello'), AbortSignal.abort())
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', retryable: false })
  })

  test('an abort in the middle ends the answer at the next token', async () => {
    const controller = new AbortController()
    const seen: string[] = []
    const run = async (): Promise<void> => {
      const request = question('Count from 1 to 50')
      for await (const delta of engine.generate(request, { signal: controller.signal })) {
        seen.push(delta.text)
        if (seen.length === 3) controller.abort()
      }
    }
    await expect(run()).rejects.toMatchObject({ name: 'EngineError', code: 'ABORTED' })
    expect(seen).toHaveLength(3)
  })

  test('more answers than allowed are refused as busy, until one is done or left', async () => {
    const small = createEmbeddedEngine({ model, generationsMax: 1 })
    const first = small.generate(question('Count from 1 to 50'), { signal: never })
    const started = first[Symbol.asyncIterator]()
    await started.next()
    const second = collect(small, question('Hello'))
    await expect(second).rejects.toMatchObject({ code: 'ENGINE_BUSY', retryable: true })
    await started.return?.(undefined)
    expect((await collect(small, question('Hello'))).text).toBe('Hello! How can I help?')
  })

  test('another model, too long a prompt and no question each have their code', async () => {
    const other = { ...question('Hello'), model: 'llama3.2' }
    await expect(collect(engine, other)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
    const long = question('word '.repeat(400))
    await expect(collect(engine, long)).rejects.toMatchObject({
      code: 'CONTEXT_EXCEEDED',
      retryable: false,
    })
    await expect(collect(engine, question(' '))).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      retryable: false,
    })
  })

  test('limits and stop strings come through', async () => {
    const limited = { ...question('Count from 1 to 10'), maxTokens: 4 }
    const cut = await collect(engine, limited)
    expect(cut.last).toMatchObject({ finish: 'length', usage: { completionTokens: 4 } })
    const stopped = await collect(engine, { ...question('Who are you?'), stop: ['demo model'] })
    expect(stopped.text).toBe('I am a tiny ')
  })
})

describe('model file', () => {
  test('the shipped file loads', async () => {
    expect((await loadTinyModel()).ok).toBe(true)
    expect(openTinyModel(tinyBytes()).ok).toBe(true)
  })

  test('one changed bit anywhere is refused', () => {
    const altered = tinyBytes()
    altered[3_000_000] = (altered[3_000_000] ?? 0) ^ 1
    const opened = openTinyModel(altered)
    expect(opened).toMatchObject({ ok: false, error: { code: 'MODEL_FILE_ALTERED' } })
  })

  test('a missing and a cut file each say so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'aitbc-model-'))
    try {
      const path = join(folder, 'cut.gguf')
      const missing = await loadTinyModel(path)
      expect(missing).toMatchObject({ ok: false, error: { code: 'MODEL_FILE_UNREADABLE' } })
      await writeFile(path, tinyBytes().subarray(0, 1_000))
      const cut = await loadTinyModel(path)
      expect(cut).toMatchObject({ ok: false, error: { code: 'MODEL_FILE_ALTERED' } })
      if (!cut.ok) expect(cut.error.message).toContain('1000 bytes')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
