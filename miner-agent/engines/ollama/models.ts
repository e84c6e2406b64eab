/**
 * What models an Ollama server has, and how much context each gets.
 */
import type { Ollama } from 'ollama'
import type { ModelFeature } from '../../../core/jobs/model-features.ts'
import { EngineError, type ModelInfo } from '../engine.ts'

export type CatalogueOptions = {
  readonly connect: (signal: AbortSignal) => Ollama
  readonly contextTokensMax: number
}

export type Catalogue = {
  /** Models that can work on this host; a model's details are asked for once. */
  list(signal: AbortSignal): Promise<readonly ModelInfo[]>
  find(name: string, signal: AbortSignal): Promise<ModelInfo>
}

const MODELS_MAX = 256
const NAME_CHARACTERS_MAX = 256

type Listed = { readonly name: string; readonly digest: string }

/** Details are kept by name and digest, so that a model pulled anew is looked at anew. */
export function createCatalogue({ connect, contextTokensMax }: CatalogueOptions): Catalogue {
  const known = new Map<string, ModelInfo | null>()
  const byName = new Map<string, ModelInfo>()

  const details = async (name: string, signal: AbortSignal): Promise<ModelInfo | null> => {
    const shown: unknown = await connect(signal).show({ model: name })
    const features = featuresOf(shown)
    const context = contextLength(shown)
    if (features.length === 0 || context === null) return null
    return { name, contextTokens: Math.min(context, contextTokensMax), features }
  }
  const inspect = async (model: Listed, signal: AbortSignal): Promise<ModelInfo | null> => {
    const key = `${model.name}@${model.digest}`
    const cached = known.get(key)
    if (cached !== undefined) return cached
    const found = await details(model.name, signal)
    const info = found === null ? null : { ...found, digest: model.digest }
    if (known.size >= MODELS_MAX) known.clear()
    known.set(key, info)
    return info
  }
  return {
    async list(signal) {
      const answer: unknown = await connect(signal).list()
      const infos: ModelInfo[] = []
      for (const model of listed(answer)) {
        const info = await inspect(model, signal)
        if (info !== null) infos.push(info)
      }
      byName.clear()
      for (const info of infos) byName.set(info.name, info)
      return infos
    },
    async find(name, signal) {
      // A name without a tag means `:latest`, as everywhere in Ollama.
      const listedInfo = byName.get(name) ?? byName.get(`${name}:latest`)
      const info = listedInfo ?? (await details(name, signal))
      if (info === null) {
        throw new EngineError('MODEL_NOT_FOUND', `Ollama's model ${name} cannot work here`)
      }
      if (byName.size >= MODELS_MAX) byName.clear()
      byName.set(name, info)
      return info
    },
  }
}

/**
 * Leaves out what runs elsewhere: a name with a remote host only forwards prompts, and a miner
 * sells its own work.
 */
function listed(answer: unknown): readonly Listed[] {
  const models = field(answer, 'models')
  if (!Array.isArray(models)) throw new EngineError('ENGINE_FAILED', 'Ollama lists no models')
  const found: Listed[] = []
  for (const model of models.slice(0, MODELS_MAX)) {
    const name = field(model, 'name')
    const digest = field(model, 'digest')
    if (typeof name !== 'string' || name === '' || name.length > NAME_CHARACTERS_MAX) continue
    if (typeof digest !== 'string' || isRemote(model)) continue
    found.push({ name, digest: digest.replace(/^sha256:/, '') })
  }
  return found
}

function isRemote(model: unknown): boolean {
  const host = field(model, 'remote_host')
  return typeof host === 'string' && host !== ''
}

/** Older servers do not list capabilities: then any model may chat, and is taken for nothing more. */
function featuresOf(shown: unknown): readonly ModelFeature[] {
  if (isRemote(shown)) return []
  const capabilities = field(shown, 'capabilities')
  if (!Array.isArray(capabilities)) return ['chat', 'completion', 'json']
  const features: ModelFeature[] = []
  if (capabilities.includes('completion')) features.push('chat', 'completion', 'json')
  if (capabilities.includes('tools')) features.push('tools', 'forced_calls')
  if (capabilities.includes('embedding')) features.push('embeddings')
  return features
}

/** `model_info` names it after the architecture: `llama.context_length`. */
function contextLength(shown: unknown): number | null {
  const info = field(shown, 'model_info')
  const architecture = field(info, 'general.architecture')
  const length = field(info, `${String(architecture)}.context_length`)
  return typeof length === 'number' && Number.isSafeInteger(length) && length > 0 ? length : null
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return (value as Record<string, unknown>)[name]
}
