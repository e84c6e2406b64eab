/**
 * The engine that asks an Ollama server on this host or in its network.
 */
import { type ChatRequest, type ChatResponse, Ollama } from 'ollama'
import {
  type Delta,
  type Engine,
  EngineError,
  type GenerateRequest,
  type LastDelta,
  type ModelInfo,
  throwIfAborted,
} from '../engine.ts'
import { type FailureContext, toEngineError } from './errors.ts'
import { guardedFetch } from './guarded-fetch.ts'
import { createCatalogue } from './models.ts'

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
        yield* stream(connect(both), chatRequest(request, info))
      } catch (error) {
        throw toEngineError(error, context)
      } finally {
        leave.abort()
      }
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

/** Fields of newer servers that the client passes on but does not know; older servers ignore them. */
type StrictChatRequest = ChatRequest & {
  readonly stream: true
  /** A prompt that does not fit is refused, not cut in silence. */
  readonly truncate: false
  /** An answer that fills the context ends; the prompt is not pushed out. */
  readonly shift: false
}

function chatRequest(request: GenerateRequest, info: ModelInfo): StrictChatRequest {
  return {
    model: request.model,
    messages: request.messages.map(({ role, content }) => ({ role, content })),
    stream: true,
    think: false,
    truncate: false,
    shift: false,
    options: {
      num_ctx: info.contextTokens,
      num_predict: Math.min(request.maxTokens ?? info.contextTokens, info.contextTokens),
      temperature: request.temperature ?? 0,
      top_p: request.topP ?? 1,
      ...(request.seed === undefined ? {} : { seed: request.seed }),
      ...(request.stop === undefined ? {} : { stop: request.stop.filter((stop) => stop !== '') }),
    },
  }
}

async function* stream(client: Ollama, request: StrictChatRequest): AsyncGenerator<Delta> {
  let counted = 0
  for await (const chunk of await client.chat(request)) {
    const text = contentOf(chunk)
    if (chunk.done === true) {
      yield lastDelta(chunk, { text, counted })
      return
    }
    if (text === '') continue
    // Ollama sends a line a token, but for tokens without text; the last line has the true count.
    counted += 1
    yield { text, tokens: 1 }
  }
  throw new EngineError('ENGINE_FAILED', 'Ollama ended the answer without saying so')
}

/** The server's answers are data from outside, whatever the client's types say. */
function contentOf(chunk: ChatResponse): string {
  const content: unknown = chunk.message?.content
  return typeof content === 'string' ? content : ''
}

function lastDelta(
  chunk: ChatResponse,
  { text, counted }: { text: string; counted: number },
): LastDelta {
  const reason: unknown = chunk.done_reason
  if (reason !== undefined && reason !== 'stop' && reason !== 'length') {
    throw new EngineError('ENGINE_FAILED', 'Ollama ended the answer for an unknown reason')
  }
  const seen = counted + (text === '' ? 0 : 1)
  const completionTokens = Math.max(seen, countOf(chunk.eval_count))
  return {
    text,
    tokens: completionTokens - counted,
    finish: reason === 'length' ? 'length' : 'stop',
    usage: { promptTokens: countOf(chunk.prompt_eval_count), completionTokens },
  }
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
}
