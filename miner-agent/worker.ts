/**
 * One attempt at one job: takes a turn on the GPU, runs the engine, and reports tokens as they come. The
 * first text leaves at once; what follows within a few milliseconds travels together.
 */
import { utf8ToBytes } from '../core/base/bytes.ts'
import type { JobSpec } from '../core/jobs/job-spec.ts'
import { minerProtocolLimits } from '../core/jobs/miner-protocol.ts'
import {
  type ChatMessage,
  type Delta,
  type Engine,
  EngineError,
  type Finish,
  type GenerateRequest,
} from './engines/engine.ts'
import type { GpuLock } from './gpu-lock.ts'

/** Tokens that come within so long of the last frame wait for it to pass. */
const coalesceMs = 15

export type WorkOutcome =
  | {
      readonly kind: 'finished'
      readonly text: string
      readonly finish: Finish
      readonly promptTokens: number
      readonly completionTokens: number
    }
  | {
      readonly kind: 'failed'
      readonly code: string
      readonly message: string
      readonly retryable: boolean
    }
  /** Stopped from outside: nobody waits for it any more. */
  | { readonly kind: 'aborted' }

export type WorkOptions = {
  readonly spec: JobSpec
  readonly engine: Engine
  readonly gpuLock: GpuLock | undefined
  /** Fires when the job is canceled or the program ends. */
  readonly signal: AbortSignal
  /** Longest silence of the engine, and longest wait for a turn. */
  readonly tokenTimeoutMs: number
  /** Time between signs of progress while no token comes. */
  readonly progressMs: number
  readonly onTokens: (text: string, count: number) => void
  readonly onProgress: () => void
}

/** Runs the attempt to its end. Never throws. */
export async function work(options: WorkOptions): Promise<WorkOutcome> {
  const watch = openWatchdog(options)
  const pulse = setInterval(options.onProgress, options.progressMs)
  try {
    const turn = await options.gpuLock?.acquire(watch.signal)
    try {
      watch.signal.throwIfAborted()
      watch.reset()
      return await generate(options, watch)
    } finally {
      await turn?.release()
    }
  } catch (error) {
    return outcomeOf(error, options, watch.barked())
  } finally {
    clearInterval(pulse)
    watch.close()
  }
}

type Watchdog = ReturnType<typeof openWatchdog>

async function generate(options: WorkOptions, watch: Watchdog): Promise<WorkOutcome> {
  const batch = openBatch(options.onTokens)
  const texts: string[] = []
  let completionTokens = 0
  try {
    const answer = options.engine.generate(requestOf(options.spec), { signal: watch.signal })
    for await (const delta of answer) {
      watch.reset()
      texts.push(delta.text)
      completionTokens += delta.tokens
      batch.add(delta)
      if (delta.finish === undefined) continue
      batch.flush()
      const { promptTokens } = delta.usage
      return {
        kind: 'finished',
        text: texts.join(''),
        finish: delta.finish,
        promptTokens,
        completionTokens,
      }
    }
  } finally {
    batch.close()
  }
  throw new EngineError('ENGINE_FAILED', 'the engine stopped without an end')
}

function requestOf(spec: JobSpec): GenerateRequest {
  return {
    model: spec.model,
    messages: spec.messages.map(({ role, content }) => ({
      role: role as ChatMessage['role'],
      content,
    })),
    maxTokens: spec.maxTokens,
    temperature: spec.temperatureMilli / 1_000,
    topP: spec.topPMilli / 1_000,
    // Engines take 32 bits; a specification carries 64.
    seed: Number(spec.seed & 0xffff_ffffn),
    stop: spec.stop,
  }
}

function outcomeOf(error: unknown, options: WorkOptions, barked: boolean): WorkOutcome {
  if (options.signal.aborted) return { kind: 'aborted' }
  if (barked) {
    const message = `nothing came for ${options.tokenTimeoutMs} ms`
    return { kind: 'failed', code: 'NO_PROGRESS', message, retryable: true }
  }
  if (error instanceof EngineError) {
    const { code, message, retryable } = error
    return { kind: 'failed', code, message, retryable }
  }
  const message = error instanceof Error ? error.message : 'unknown failure'
  return { kind: 'failed', code: 'AGENT_FAILED', message, retryable: true }
}

/** A signal that also fires when `reset` is not called for too long. */
function openWatchdog(options: WorkOptions) {
  const bark = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const reset = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => bark.abort(new Error('no progress')), options.tokenTimeoutMs)
  }
  reset()
  return {
    signal: AbortSignal.any([options.signal, bark.signal]),
    reset,
    barked: () => bark.signal.aborted,
    close: () => clearTimeout(timer),
  }
}

function openBatch(onTokens: WorkOptions['onTokens']) {
  let text = ''
  let count = 0
  let timer: NodeJS.Timeout | undefined
  let open = true
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (!open || (text === '' && count === 0)) return
    const pieces = splitText(text)
    const total = count
    text = ''
    count = 0
    for (const [index, piece] of pieces.entries()) onTokens(piece, index === 0 ? total : 0)
    timer = setTimeout(flush, coalesceMs)
  }
  return {
    add(delta: Delta): void {
      text += delta.text
      count += delta.tokens
      // Half the bound in characters: few texts have more than two bytes a character, and those split.
      if (timer === undefined || text.length > minerProtocolLimits.tokensTextBytesMax / 2) flush()
    },
    flush,
    close(): void {
      open = false
      clearTimeout(timer)
    },
  }
}

/** Cuts text into pieces that fit one frame each, never through a character. */
function splitText(text: string): string[] {
  const bytesMax = minerProtocolLimits.tokensTextBytesMax
  if (text.length * 3 <= bytesMax || utf8ToBytes(text).length <= bytesMax) return [text]
  const pieces: string[] = []
  let piece = ''
  for (const character of text) {
    // A character has at most four bytes.
    if ((piece.length + 2) * 3 > bytesMax) {
      pieces.push(piece)
      piece = ''
    }
    piece += character
  }
  return [...pieces, piece]
}
