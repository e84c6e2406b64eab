/**
 * The engine that asks an Ollama server on this host or in its network.
 */
import { Ollama } from 'ollama'
import { type ToolCall, toolCallsSchema } from '../../../core/jobs/job-options.ts'
import {
  type Delta,
  type Embedded,
  type EmbedRequest,
  type Engine,
  EngineError,
  type LastDelta,
  throwIfAborted,
} from '../engine.ts'
import { type FailureContext, toEngineError } from './errors.ts'
import { callOfText } from './forced-call.ts'
import { guardedFetch } from './guarded-fetch.ts'
import { createCatalogue } from './models.ts'
import { chatRequest, embedRequest, rawRequest } from './requests.ts'

export type OllamaEngineOptions = {
  /** Such as `http://127.0.0.1:11434`. */
  readonly url: string
  /** Upper bound on the context that is asked for: Ollama reserves GPU memory for all of it. */
  readonly contextTokensMax?: number
  /** For questions about models; answers are watched by whoever asked for them. */
  readonly timeoutMs?: number
}

const CONTEXT_TOKENS_MAX = 8_192
const TIMEOUT_MS = 10_000

/** Connects to nothing yet; an unreachable server shows at the first call. */
export function createOllamaEngine(options: OllamaEngineOptions): Engine {
  const { url, contextTokensMax = CONTEXT_TOKENS_MAX, timeoutMs = TIMEOUT_MS } = options
  const connect = (signal: AbortSignal): Ollama =>
    new Ollama({ host: url, fetch: guardedFetch({ signal }) })
  const catalogue = createCatalogue({ connect, contextTokensMax })
  return {
    name: 'ollama',
    async listModels() {
      const signal = AbortSignal.timeout(timeoutMs)
      return await attempt({ model: '', signal: NEVER, secrets: [] }, () => catalogue.list(signal))
    },
    async *generate(request, { signal }) {
      throwIfAborted(signal)
      const secrets = request.messages.map((message) => message.content)
      const context: FailureContext = { model: request.model, signal, secrets }
      // Ends the connection, and so the work on the GPU, however this function is left.
      const leave = new AbortController()
      const both = AbortSignal.any([signal, leave.signal])
      try {
        const info = await attempt(context, () =>
          catalogue.find(request.model, AbortSignal.any([both, AbortSignal.timeout(timeoutMs)])),
        )
        const client = connect(both)
        const lines = request.raw
          ? client.generate(rawRequest(request, info))
          : client.chat(chatRequest(request, info))
        yield* request.mustCall ? forced(await lines) : stream(await lines)
      } catch (error) {
        throw toEngineError(error, context)
      } finally {
        leave.abort()
      }
    },
    async embed(request, { signal }) {
      throwIfAborted(signal)
      const context: FailureContext = { model: request.model, signal, secrets: request.texts }
      return await attempt(context, async () => {
        const info = await catalogue.find(
          request.model,
          AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        )
        return embedded(request, await connect(signal).embed(embedRequest(request, info)))
      })
    },
  }
}

const NEVER = new AbortController().signal

async function attempt<T>(context: FailureContext, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw toEngineError(error, context)
  }
}

async function* stream(lines: AsyncIterable<unknown>): AsyncGenerator<Delta> {
  let counted = 0
  const calls: ToolCall[] = []
  for await (const chunk of lines) {
    const text = contentOf(chunk)
    calls.push(...callsOf(chunk))
    if (field(chunk, 'done') === true) {
      yield lastDelta(chunk, { text, counted, calls })
      return
    }
    if (text === '') continue
    // Ollama sends a line a token, but for tokens without text; the last line has the true count.
    counted += 1
    yield { text, tokens: 1 }
  }
  throw new EngineError('ENGINE_FAILED', 'Ollama ended the answer without saying so')
}

/** An answer that is a call, and no words: it comes at its end, and until then only signs of life. */
async function* forced(lines: AsyncIterable<unknown>): AsyncGenerator<Delta> {
  let text = ''
  for await (const delta of stream(lines)) {
    text += delta.text
    if (delta.finish === undefined) {
      yield { text: '', tokens: 0 }
      continue
    }
    const { completionTokens } = delta.usage
    const calls = delta.calls ?? callOfText(text)
    // What a limit has cut off is shown as it is.
    if (delta.finish === 'length') yield { ...delta, text, tokens: completionTokens }
    else if (calls) {
      yield { ...delta, text: '', tokens: completionTokens, finish: 'tool_calls', calls }
    } else throw new EngineError('ENGINE_FAILED', 'Ollama calls no function, and had to')
  }
}

/** The server's answers are data from outside, whatever the client's types say. */
function contentOf(chunk: unknown): string {
  const content = field(field(chunk, 'message'), 'content') ?? field(chunk, 'response')
  return typeof content === 'string' ? content : ''
}

function callsOf(chunk: unknown): readonly ToolCall[] {
  const listed = field(field(chunk, 'message'), 'tool_calls')
  if (!Array.isArray(listed) || listed.length === 0) return []
  const calls = toolCallsSchema.safeParse(
    listed.map((each) => {
      const called = field(each, 'function')
      return { name: field(called, 'name'), arguments: field(called, 'arguments') ?? {} }
    }),
  )
  if (!calls.success) throw new EngineError('ENGINE_FAILED', 'Ollama calls what is no function')
  return calls.data
}

function embedded({ texts, dimensions }: EmbedRequest, answer: unknown): Embedded {
  const rows = field(answer, 'embeddings')
  const isWhole =
    Array.isArray(rows) && rows.length === texts.length && rows.every((row) => isVector(row))
  if (!isWhole) throw new EngineError('ENGINE_FAILED', 'Ollama answers without the vectors')
  const vectors = (rows as number[][]).map((row) => Float32Array.from(row))
  const length = vectors[0]?.length ?? 0
  if (vectors.some((each) => each.length !== (dimensions ?? length))) {
    const message = `the vectors have ${length} dimensions`
    throw new EngineError('ENGINE_FAILED', message, { retryable: false })
  }
  return { vectors, promptTokens: countOf(field(answer, 'prompt_eval_count')) }
}

const isVector = (row: unknown): boolean =>
  Array.isArray(row) && row.length > 0 && row.every((value) => Number.isFinite(value))

function lastDelta(
  chunk: unknown,
  { text, counted, calls }: { text: string; counted: number; calls: readonly ToolCall[] },
): LastDelta {
  const reason = field(chunk, 'done_reason')
  if (reason !== undefined && reason !== 'stop' && reason !== 'length') {
    throw new EngineError('ENGINE_FAILED', 'Ollama ended the answer for an unknown reason')
  }
  const seen = counted + (text === '' ? 0 : 1)
  // A call that a limit cut off is none.
  const isCall = calls.length > 0 && reason !== 'length'
  const completionTokens = Math.max(seen, countOf(field(chunk, 'eval_count')))
  return {
    text,
    tokens: completionTokens - counted,
    finish: isCall ? 'tool_calls' : reason === 'length' ? 'length' : 'stop',
    usage: { promptTokens: countOf(field(chunk, 'prompt_eval_count')), completionTokens },
    ...(isCall ? { calls } : {}),
  }
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return (value as Record<string, unknown>)[name]
}
