/**
 * Which engine computes: Ollama where it answers and has models, else the small built-in one.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { err, ok, type Result } from '../core/base/result.ts'
import type { AgentConfig } from './config.ts'
import { createEmbeddedEngine } from './engines/embedded/engine.ts'
import {
  loadTinyModel,
  openTinyModel,
  TINY_MODEL,
  tinyModelPath,
} from './engines/embedded/model-file.ts'
import type { Model } from './engines/embedded/runtime/model.ts'
import { type Engine, EngineError } from './engines/engine.ts'
import { createOllamaEngine } from './engines/ollama/engine.ts'
import type { Logger } from './log.ts'

export type EngineChoiceError = {
  readonly code: 'OLLAMA_UNAVAILABLE' | 'MODEL_UNAVAILABLE'
  readonly message: string
}

/** Opens the engine that the command line asks for. */
export async function chooseEngine(
  config: Pick<AgentConfig, 'engine' | 'ollamaUrl' | 'api'>,
  log: Logger,
): Promise<Result<Engine, EngineChoiceError>> {
  if (config.engine === 'embedded') return await embedded(config.api, log)
  const ollama = createOllamaEngine({ url: config.ollamaUrl })
  const fault = await ollamaFault(ollama, config.ollamaUrl)
  if (fault === undefined) return ok(ollama)
  if (config.engine === 'ollama') return err({ code: 'OLLAMA_UNAVAILABLE', message: fault })
  log.info('using the embedded engine', { reason: fault })
  return await embedded(config.api, log)
}

async function ollamaFault(engine: Engine, url: string): Promise<string | undefined> {
  try {
    const models = await engine.listModels()
    return models.length > 0 ? undefined : `Ollama at ${url} has no model (ollama pull NAME)`
  } catch (error) {
    return error instanceof EngineError ? error.message : `Ollama at ${url} cannot be used`
  }
}

async function embedded(api: URL, log: Logger): Promise<Result<Engine, EngineChoiceError>> {
  const model = await tinyModel(api, log)
  return model.ok ? ok(createEmbeddedEngine({ model: model.value })) : model
}

/** Beside this file, in the source tree, or from the site that served this program. */
async function tinyModel(api: URL, log: Logger): Promise<Result<Model, EngineChoiceError>> {
  const beside = fileURLToPath(new URL(`./${TINY_MODEL.file}`, import.meta.url))
  for (const path of [beside, tinyModelPath()]) {
    if (!existsSync(path)) continue
    const loaded = await loadTinyModel(path)
    return loaded.ok ? loaded : unavailable(loaded.error.message)
  }
  const url = new URL(`/agent/${TINY_MODEL.file}`, api)
  log.info('fetching the embedded model', { from: url.href, bytes: TINY_MODEL.bytes })
  const bytes = await download(url)
  if (!bytes.ok) return bytes
  const opened = openTinyModel(bytes.value)
  return opened.ok ? opened : unavailable(`${url}: ${opened.error.message}`)
}

async function download(url: URL): Promise<Result<Uint8Array, EngineChoiceError>> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(60_000), redirect: 'error' })
    const body = response.ok ? response.body : null
    if (body === null) return unavailable(`${url} answered ${response.status}`)
    const bytes = new Uint8Array(TINY_MODEL.bytes)
    let length = 0
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      if (length + chunk.length > bytes.length) return unavailable(`${url} is not the model`)
      bytes.set(chunk, length)
      length += chunk.length
    }
    return ok(bytes.subarray(0, length))
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error
    const reason = cause instanceof Error ? cause.message : String(cause)
    return unavailable(`${url} cannot be fetched: ${reason}`)
  }
}

function unavailable(message: string): Result<never, EngineChoiceError> {
  return err({ code: 'MODEL_UNAVAILABLE', message: `no embedded model: ${message}` })
}
