/**
 * One attempt at one job: takes a turn on the GPU, runs the engine, and reports tokens as they come. The
 * first text leaves at once; what follows within a few milliseconds travels together.
 */
import { utf8ToBytes } from '../core/base/bytes.ts'
import { callsText, embeddingsText } from '../core/jobs/answer.ts'
import { type JobOptions, optionsOf } from '../core/jobs/job-options.ts'
import type { JobSpec } from '../core/jobs/job-spec.ts'
import { jobLimits } from '../core/jobs/limits.ts'
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
      const asked = optionsOf(options.spec)
      return asked.kind === 'embedding'
        ? await embed(options, asked, watch)
        : await generate(options, asked, watch)
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

/** Vectors leave as the text that they are in the answer, in one go. */
async function embed(
  { engine, spec, onTokens }: WorkOptions,
  { dimensions }: JobOptions,
  watch: Watchdog,
): Promise<WorkOutcome> {
  const { signal } = watch
  const request = {
    model: spec.model,
    texts: spec.messages.map(({ content }) => content),
    ...(dimensions === undefined ? {} : { dimensions }),
  }
  const embedded = await engine.embed?.(request, { signal })
  if (embedded === undefined) throw new EngineError('ENGINE_FAILED', 'this engine has no vectors')
  const text = embeddingsText(embedded.vectors)
  if (text.length > jobLimits.answerBytesMax) {
    const message = 'the vectors are longer than an answer may be; ask for fewer at a time'
    throw new EngineError('ENGINE_FAILED', message, { retryable: false })
  }
  for (const piece of splitText(text)) onTokens(piece, 0)
  const { promptTokens } = embedded
  return { kind: 'finished', text, finish: 'stop', promptTokens, completionTokens: 0 }
}

async function generate(
  options: WorkOptions,
  asked: JobOptions,
  watch: Watchdog,
): Promise<WorkOutcome> {
  const batch = openBatch(options.onTokens)
  const texts: string[] = []
  let completionTokens = 0
  try {
    const request = requestOf(options.spec, asked)
    const answer = options.engine.generate(request, { signal: watch.signal })
    for await (const each of answer) {
      watch.reset()
      const delta = withCalls(each, asked)
      texts.push(delta.text)
      completionTokens += delta.tokens
      batch.add(delta)
      if (delta.finish === undefined) continue
      batch.flush()
      const { promptTokens } = delta.usage
      const text = texts.join('')
      return {
        kind: 'finished',
        text,
        finish: delta.finish,
        promptTokens,
        // Tokens without a text of their own are not sold beyond what was said.
        completionTokens: Math.min(completionTokens, utf8ToBytes(text).length),
      }
    }
  } finally {
    batch.close()
  }
  throw new EngineError('ENGINE_FAILED', 'the engine stopped without an end')
}

/** Calls as they stand in the text of the answer, and no more of them than were asked for. */
function withCalls(delta: Delta, { calls_max: most }: JobOptions): Delta {
  if (delta.calls === undefined) return delta
  return { ...delta, text: delta.text + callsText(delta.calls.slice(0, most)) }
}

function requestOf(spec: JobSpec, asked: JobOptions): GenerateRequest {
  const { kind, tools, turns, format, calls_min: least } = asked
  const messages = spec.messages.map(
    ({ role, content }): ChatMessage => ({ role: role as ChatMessage['role'], content }),
  )
  for (const { index, calls, name } of turns ?? []) {
    const message = messages[index]
    if (message === undefined) continue
    messages[index] = { ...message, ...(calls && { calls }), ...(name && { name }) }
  }
  return {
    model: spec.model,
    messages,
    ...(kind === 'completion' ? { raw: true } : {}),
    ...(tools === undefined ? {} : { tools }),
    ...(least === undefined ? {} : { mustCall: true }),
    ...(format === undefined ? {} : { format }),
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
