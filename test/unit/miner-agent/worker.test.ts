import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type Delta, type Engine, EngineError } from '../../../miner-agent/engines/engine.ts'
import type { GpuLock } from '../../../miner-agent/gpu-lock.ts'
import { type WorkOptions, work } from '../../../miner-agent/worker.ts'
import { makeSpec } from './fixtures.ts'

const end = (text: string, tokens: number, completionTokens: number): Delta => ({
  text,
  tokens,
  finish: 'stop',
  usage: { promptTokens: 9, completionTokens },
})

function engineOf(generate: Engine['generate']): Engine {
  return { name: 'test', listModels: async () => [], generate }
}

function workWith(engine: Engine, changes: Partial<WorkOptions> = {}) {
  const frames: { text: string; count: number }[] = []
  const outcome = work({
    spec: makeSpec(),
    engine,
    gpuLock: undefined,
    signal: new AbortController().signal,
    tokenTimeoutMs: 30_000,
    progressMs: 1_000,
    onTokens: (text, count) => frames.push({ text, count }),
    onProgress: () => undefined,
    ...changes,
  })
  return { frames, outcome }
}

const joined = (frames: { text: string; count: number }[]) => ({
  text: frames.map(({ text }) => text).join(''),
  count: frames.reduce((sum, { count }) => sum + count, 0),
})

/** Never yields; ends only by the signal. */
async function* silence(_request: unknown, { signal }: { signal: AbortSignal }) {
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new EngineError('ABORTED', 'aborted')))
  })
  yield end('', 0, 0)
}

describe('one attempt', () => {
  test('frames add up to the answer, whatever was put together', async () => {
    const { frames, outcome } = workWith(
      engineOf(async function* () {
        for (let index = 0; index < 50; index++) {
          yield { text: `w${index} `, tokens: 1 }
          if (index % 10 === 0) await pause(20)
        }
        yield end('.', 2, 52)
      }),
    )
    const done = await outcome
    if (done.kind !== 'finished') throw new Error(done.kind)
    expect(joined(frames)).toEqual({ text: done.text, count: 52 })
    expect(done.completionTokens).toBe(52)
    expect(done.promptTokens).toBe(9)
    expect(frames[0]).toEqual({ text: 'w0 ', count: 1 })
    expect(frames.length).toBeLessThan(51)
  })

  test('long text is cut into frames that the protocol carries, between characters', async () => {
    const text = '\u{1f600}é中a'.repeat(20_000)
    const { frames, outcome } = workWith(
      engineOf(async function* () {
        yield { text, tokens: 5 }
        yield end('', 0, 5)
      }),
    )
    await outcome
    expect(joined(frames)).toEqual({ text, count: 5 })
    for (const frame of frames) {
      const bytes = new TextEncoder().encode(frame.text)
      expect(bytes.length).toBeLessThanOrEqual(65_536)
      expect(new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toBe(frame.text)
    }
  })

  test('an engine that says nothing for too long is given up, and may be tried elsewhere', async () => {
    const { outcome } = workWith(engineOf(silence), { tokenTimeoutMs: 50 })
    expect(await outcome).toMatchObject({ kind: 'failed', code: 'NO_PROGRESS', retryable: true })
  })

  test('a cancel ends it without a result', async () => {
    const stopper = new AbortController()
    const { outcome } = workWith(engineOf(silence), { signal: stopper.signal })
    stopper.abort()
    expect(await outcome).toEqual({ kind: 'aborted' })
  })

  test('the engine’s reasons are passed on', async () => {
    const failing = (error: Error) =>
      // biome-ignore lint/correctness/useYield: it fails before the first token
      engineOf(async function* () {
        throw error
      })
    const busy = workWith(failing(new EngineError('ENGINE_BUSY', 'full')))
    expect(await busy.outcome).toEqual({
      kind: 'failed',
      code: 'ENGINE_BUSY',
      message: 'full',
      retryable: true,
    })
    const long = workWith(failing(new EngineError('CONTEXT_EXCEEDED', 'long')))
    expect(await long.outcome).toMatchObject({ code: 'CONTEXT_EXCEEDED', retryable: false })
    const bug = workWith(failing(new TypeError('bug')))
    expect(await bug.outcome).toMatchObject({ code: 'AGENT_FAILED', retryable: true })
  })

  test('an engine that stops without an end has failed', async () => {
    const { outcome } = workWith(
      engineOf(async function* () {
        yield { text: 'half', tokens: 1 }
      }),
    )
    expect(await outcome).toMatchObject({ kind: 'failed', code: 'ENGINE_FAILED' })
  })

  test('the GPU turn is taken before and given back after, also when the engine fails', async () => {
    const steps: string[] = []
    const gpuLock: GpuLock = {
      name: 'test',
      acquire: async () => {
        steps.push('acquire')
        return {
          release: async () => {
            steps.push('release')
          },
        }
      },
    }
    const good = workWith(
      engineOf(async function* () {
        steps.push('run')
        yield end('a', 1, 1)
      }),
      { gpuLock },
    )
    await good.outcome
    const bad = workWith(
      // biome-ignore lint/correctness/useYield: it fails before the first token
      engineOf(async function* () {
        throw new EngineError('ENGINE_FAILED', 'broken')
      }),
      { gpuLock },
    )
    await bad.outcome
    expect(steps).toEqual(['acquire', 'run', 'release', 'acquire', 'release'])
  })

  test('waiting for a GPU turn has the same patience as waiting for a token', async () => {
    const gpuLock: GpuLock = {
      name: 'test',
      acquire: (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
    }
    const { outcome } = workWith(engineOf(silence), { gpuLock, tokenTimeoutMs: 50 })
    expect(await outcome).toMatchObject({ kind: 'failed', code: 'NO_PROGRESS' })
  })
})
