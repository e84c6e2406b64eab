/**
 * The engine that needs nothing but this process: runs the shipped tiny model on the CPU. Several
 * answers advance in turns, one token each, and the event loop runs in between.
 */
import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Delta,
  type Engine,
  EngineError,
  type GenerateRequest,
  type ModelInfo,
  throwIfAborted,
} from '../engine.ts'
import { TINY_MODEL } from './model-file.ts'
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
  }
  let running = 0
  return {
    name: 'embedded',
    listModels: async () => [info],
    async *generate(request, { signal }) {
      throwIfAborted(signal)
      if (!isTinyModel(request.model)) {
        throw new EngineError('MODEL_NOT_FOUND', `the embedded engine only has ${info.name}`)
      }
      if (running >= generationsMax) {
        throw new EngineError('ENGINE_BUSY', `${running} answers are being computed already`)
      }
      running += 1
      try {
        yield* stream(start(model, request), signal)
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
  const answer = model.answer({
    turns: request.messages,
    temperature: request.temperature ?? 0,
    topP: request.topP ?? 1,
    seed: request.seed ?? randomBytes(4).readUInt32LE(),
    ...(request.maxTokens === undefined ? {} : { maxTokens: request.maxTokens }),
    ...(request.stop === undefined ? {} : { stop: request.stop }),
  })
  if (answer.ok) return answer.value
  const { code, message } = answer.error
  if (code === 'CONTEXT_EXCEEDED') throw new EngineError(code, message)
  throw new EngineError('ENGINE_FAILED', message, { retryable: false })
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
