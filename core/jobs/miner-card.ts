/**
 * Miner card: what a miner can do and charges, in one shape, from the agent's capability card or from
 * the capabilities of a miner of the original. Rules: SPEC.md, CARD.
 */

import { legacyTokenPrice, legacyUnitPriceDefault } from './legacy-price.ts'
import type { CapabilityCard } from './miner-protocol.ts'
import { featuresUnstated, knownFeatures, type ModelFeature } from './model-features.ts'
import type { TokenPrice } from './pricing.ts'

/** A model at a price. `contextTokens` 0: not stated. */
export type ModelOffer = {
  readonly name: string
  readonly contextTokens: number
  readonly price: TokenPrice
  /** What it can be asked for; a plain chat when absent. */
  readonly features?: readonly ModelFeature[]
}

/** What a model can be asked for. */
export const featuresOf = (offer: ModelOffer): readonly ModelFeature[] =>
  offer.features ?? featuresUnstated

/** What matching knows of a miner. */
export type MinerCard = {
  /** Public id: stands in receipts, never a key. */
  readonly minerId: string
  /** `agent`: speaks the socket protocol and signs; `legacy`: polls over HTTP. */
  readonly kind: 'agent' | 'legacy'
  readonly engine: string
  /** Never empty for a legacy miner: one without a list has a nameless model. */
  readonly models: readonly ModelOffer[]
  readonly servesAnyModel: boolean
  readonly gpus: readonly { readonly name: string; readonly memoryMib: number }[]
  /** Every CUDA version that it names, as one text: constraints look for a part of it. */
  readonly cuda: string
  readonly region: string | undefined
  /** Places for attempts; 0: no bound. */
  readonly concurrency: number
  /** `capabilities.price` of a legacy miner, AITBC, as `max_price` compares it. */
  readonly listedPrice: number | undefined
}

/** From the card that an agent signed. */
export function cardFromAgent(minerId: string, card: CapabilityCard): MinerCard {
  return {
    minerId,
    kind: 'agent',
    engine: card.engine,
    models: card.models.map((model) => ({
      name: model.name,
      contextTokens: model.context_tokens,
      price: {
        promptPer1000: BigInt(model.price_prompt),
        completionPer1000: BigInt(model.price_completion),
      },
      ...(model.features === undefined ? {} : { features: knownFeatures(model.features) }),
    })),
    servesAnyModel: false,
    gpus: card.gpus.map((gpu) => ({ name: gpu.name, memoryMib: gpu.memory_mib })),
    cuda: card.gpus
      .map((gpu) => gpu.cuda ?? '')
      .join(' ')
      .trim(),
    region: card.region,
    concurrency: card.concurrency,
    listedPrice: undefined,
  }
}

/**
 * From a legacy registration. Both shapes are read: `gpus: [{name, memory_mb}]` with `cuda`, `models`
 * and `price`; and `gpu: {model, memory_gb, cuda_version}` (or a plain text). What is not understood is
 * left out: a miner is matched by what it states, never by a guess.
 */
export function cardFromLegacy(input: {
  readonly minerId: string
  readonly capabilities: Record<string, unknown>
  readonly concurrency: number
  readonly region: string | undefined
}): MinerCard {
  const { capabilities } = input
  const perSecond = perSecondOf(capabilities)
  const listedPrice = numeric(capabilities['price'])
  const price = legacyTokenPrice(perSecond ?? positiveOr(listedPrice) ?? legacyUnitPriceDefault)
  const names = modelNames(capabilities)
  return {
    minerId: input.minerId,
    kind: 'legacy',
    engine: textOf(capabilities['engine']) ?? 'legacy',
    models: (names.length > 0 ? names : ['']).map((name) => ({ name, contextTokens: 0, price })),
    servesAnyModel: names.length === 0,
    gpus: gpusOf(capabilities),
    cuda: cudaOf(capabilities),
    region: input.region,
    concurrency: input.concurrency,
    listedPrice,
  }
}

/** AITBC for a second of GPU, in the spellings of the original's programs. */
function perSecondOf(capabilities: Record<string, unknown>): number | undefined {
  const direct = capabilities['unit_price'] ?? capabilities['price_per_second']
  const perHour = positive(capabilities['pricing_per_hour'] ?? capabilities['price_per_hour'])
  return positive(direct) ?? (perHour === undefined ? undefined : perHour / 3_600)
}

function modelNames(capabilities: Record<string, unknown>): string[] {
  const listed = [capabilities['models'], capabilities['supported_models']].find(Array.isArray)
  const names = (listed ?? []).map((each: unknown) =>
    isRecord(each) ? textOf(each['name']) : textOf(each),
  )
  return [...new Set(names.filter((name) => name !== undefined))].slice(0, legacyModelsMax)
}

function gpusOf(capabilities: Record<string, unknown>): { name: string; memoryMib: number }[] {
  const { gpus, gpu } = capabilities as { gpus?: unknown; gpu?: unknown }
  const listed = Array.isArray(gpus) ? gpus : []
  const found: { name: string; memoryMib: number }[] = []
  for (const each of [...listed, gpu].slice(0, legacyGpusMax)) {
    if (typeof each === 'string') {
      found.push({ name: each, memoryMib: memoryMib(capabilities) })
    } else if (isRecord(each)) {
      const name = textOf(each['name']) ?? textOf(each['model'])
      if (name !== undefined) found.push({ name, memoryMib: memoryMib(each) })
    }
  }
  return found
}

/** The original's `memory_mb` counts MiB, as `nvidia-smi` does; GB are taken as 1 024 of them. */
function memoryMib(of: Record<string, unknown>): number {
  const mib = numeric(of['memory_mb']) ?? numeric(of['memory_mib'])
  if (mib !== undefined) return mib
  const gb = numeric(of['memory_gb']) ?? numeric(of['gpu_memory_gb']) ?? numeric(of['memory'])
  return (gb ?? 0) * 1_024
}

function cudaOf(capabilities: Record<string, unknown>): string {
  const { gpu } = capabilities
  const parts = [capabilities['cuda'], capabilities['cuda_version']]
  if (isRecord(gpu)) parts.push(gpu['cuda_version'], gpu['cuda'])
  return parts
    .flat()
    .filter((part) => typeof part === 'string' || typeof part === 'number')
    .join(' ')
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** Numbers come as numbers or as text in the original's programs. */
function numeric(value: unknown): number | undefined {
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) {
    return undefined
  }
  const number = Number(value)
  return Number.isFinite(number) && number >= 0 ? number : undefined
}

const positiveOr = (value: number | undefined): number | undefined =>
  value !== undefined && value > 0 ? value : undefined
const positive = (value: unknown): number | undefined => positiveOr(numeric(value))

const legacyModelsMax = 256
const legacyGpusMax = 64
