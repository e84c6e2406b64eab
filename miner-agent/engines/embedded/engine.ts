/**
 * The engine that needs nothing but this process: runs the shipped tiny model on the CPU. Several
 * answers advance in turns, one token each, and the event loop runs in between.
 */
import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type ChatMessage,
  type Delta,
  type Embedded,
  type EmbedRequest,
  type Engine,
  EngineError,
  type GenerateRequest,
  type ModelInfo,
  throwIfAborted,
} from '../engine.ts'
import { TINY_MODEL } from './model-file.ts'
import type { ChatError, Turn } from './runtime/chat.ts'
import type { Answer, Model } from './runtime/model.ts'

export type EmbeddedEngineOptions = {
  readonly model: Model
  /** Answers at a time; one more is refused as busy. */
  readonly generationsMax?: number
}

const GENERATIONS_MAX = 128

/** Wraps a loaded model, see `loadTinyModel`. */
export function createEmbeddedEngine(options: EmbeddedEngineOptions): Engine {
  const { model, generationsMax = GENERATIONS_MAX } = options
  const info: ModelInfo = {
    name: TINY_MODEL.name,
    contextTokens: model.contextTokens,
    digest: TINY_MODEL.digest,
    features: ['chat', 'completion', 'embeddings'],
  }
  let running = 0
  const enter = (wanted: string, signal: AbortSignal): void => {
    throwIfAborted(signal)
    if (!isTinyModel(wanted)) {
      throw new EngineError('MODEL_NOT_FOUND', `the embedded engine only has ${info.name}`)
    }
    if (running >= generationsMax) {
      throw new EngineError('ENGINE_BUSY', `${running} answers are being computed already`)
    }
    running += 1
  }
  return {
    name: 'embedded',
    listModels: async () => [info],
    async *generate(request, { signal }) {
      enter(request.model, signal)
      try {
        yield* stream(start(model, request), signal)
      } finally {
        running -= 1
      }
    },
    async embed(request, { signal }) {
      enter(request.model, signal)
      try {
        return await vectorsOf(model, request, signal)
      } finally {
        running -= 1
      }
    },
  }
}

/** Ollama's way of naming the same model is understood too. */
function isTinyModel(name: string): boolean {
  return name === TINY_MODEL.name || name === `${TINY_MODEL.name}:latest`
}

function start(model: Model, request: GenerateRequest): Answer {
  if (request.tools !== undefined || request.format !== undefined) {
    throw unfit('the embedded engine has no tools and no JSON mode')
  }
  const settings = {
    temperature: request.temperature ?? 0,
    topP: request.topP ?? 1,
    seed: request.seed ?? randomBytes(4).readUInt32LE(),
    ...(request.maxTokens === undefined ? {} : { maxTokens: request.maxTokens }),
    ...(request.stop === undefined ? {} : { stop: request.stop }),
  }
  const answer = request.raw
    ? model.goOn({ text: request.messages[0]?.content ?? '', ...settings })
    : model.answer({ turns: request.messages.filter(isTurn), ...settings })
  if (!answer.ok) throw refusal(answer.error)
  return answer.value
}

const isTurn = (message: ChatMessage): message is Turn => message.role !== 'tool'

function refusal({ code, message }: ChatError): EngineError {
  return code === 'CONTEXT_EXCEEDED' ? new EngineError(code, message) : unfit(message)
}

const unfit = (message: string): EngineError =>
  new EngineError('ENGINE_FAILED', message, { retryable: false })

async function vectorsOf(
  model: Model,
  { texts, dimensions }: EmbedRequest,
  signal: AbortSignal,
): Promise<Embedded> {
  const vectors: Float32Array[] = []
  let promptTokens = 0
  for (const text of texts) {
    const embedding = model.embed(text)
    if (!embedding.ok) throw refusal(embedding.error)
    const { step, close } = embedding.value
    try {
      let vector: Float32Array | undefined
      while (vector === undefined) {
        await nextTurn()
        throwIfAborted(signal)
        vector = step()
      }
      if (dimensions !== undefined && dimensions !== vector.length) {
        throw unfit(`the vectors of ${TINY_MODEL.name} have ${vector.length} dimensions`)
      }
      vectors.push(vector)
    } finally {
      close()
    }
    promptTokens += embedding.value.promptTokens
  }
  return { vectors, promptTokens }
}

async function* stream(answer: Answer, signal: AbortSignal): AsyncGenerator<Delta> {
  let completionTokens = 0
  try {
    for (;;) {
      await nextTurn()
      throwIfAborted(signal)
      const { text, tokens, finish } = answer.step()
      completionTokens += tokens
      if (finish !== undefined) {
        const usage = { promptTokens: answer.promptTokens, completionTokens }
        yield { text, tokens, finish, usage }
        return
      }
      if (text !== '') yield { text, tokens }
    }
  } finally {
    answer.close()
  }
}
