/** What the Ollama server is asked: a chat, a text that goes on, vectors. */
import type {
  ChatRequest,
  EmbedRequest as OllamaEmbedRequest,
  GenerateRequest as RawRequest,
} from 'ollama'
import type { ChatMessage, EmbedRequest, GenerateRequest, ModelInfo } from '../engine.ts'
import { formatOfCall } from './forced-call.ts'

/** Fields of newer servers that the client passes on but does not know; older servers ignore them. */
type Strict = {
  readonly stream: true
  /** A prompt that does not fit is refused, not cut in silence. */
  readonly truncate: false
  /** An answer that fills the context ends; the prompt is not pushed out. */
  readonly shift: false
}

const strict: Strict = { stream: true, truncate: false, shift: false }

/** Turns of a conversation, with what may be called and the form of the answer. */
export function chatRequest(request: GenerateRequest, info: ModelInfo): ChatRequest & Strict {
  const { tools } = request
  return {
    model: request.model,
    messages: request.messages.map(messageOf),
    ...strict,
    think: false,
    ...formatOf(request),
    ...(tools === undefined
      ? {}
      : { tools: tools.map((each) => ({ type: 'function', function: { ...each } })) }),
    options: optionsOf(request, info),
  }
}

/** The text of the one message, as it is. */
export function rawRequest(request: GenerateRequest, info: ModelInfo): RawRequest & Strict {
  return {
    model: request.model,
    prompt: request.messages[0]?.content ?? '',
    raw: true,
    ...strict,
    ...formatOf(request),
    options: optionsOf(request, info),
  }
}

/** Texts to vectors; one that does not fit is refused. */
export function embedRequest(request: EmbedRequest, info: ModelInfo): OllamaEmbedRequest {
  return {
    model: request.model,
    input: [...request.texts],
    truncate: false,
    ...(request.dimensions === undefined ? {} : { dimensions: request.dimensions }),
    options: { num_ctx: info.contextTokens },
  }
}

function messageOf({ role, content, calls, name }: ChatMessage) {
  return {
    role,
    content,
    ...(name === undefined ? {} : { tool_name: name }),
    ...(calls === undefined
      ? {}
      : { tool_calls: calls.map((each) => ({ function: { ...each } })) }),
  }
}

/** A call that must come is an answer of that form, whatever form the words were to have. */
function formatOf({ format, tools, mustCall }: GenerateRequest) {
  if (mustCall && tools) return { format: formatOfCall(tools) }
  return format === undefined ? {} : { format }
}

const optionsOf = (request: GenerateRequest, info: ModelInfo) => ({
  num_ctx: info.contextTokens,
  num_predict: Math.min(request.maxTokens ?? info.contextTokens, info.contextTokens),
  temperature: request.temperature ?? 0,
  top_p: request.topP ?? 1,
  ...(request.seed === undefined ? {} : { seed: request.seed }),
  ...(request.stop === undefined ? {} : { stop: request.stop.filter((stop) => stop !== '') }),
})
