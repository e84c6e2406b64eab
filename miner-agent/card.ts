/**
 * The capability card: what this miner can do and what it charges, from what the engine and the GPU say
 * now.
 */
import {
  type CapabilityCard,
  type ModelCard,
  minerProtocolLimits,
} from '../core/jobs/miner-protocol.ts'
import { agentVersion } from './config.ts'
import type { ModelInfo } from './engines/engine.ts'
import type { Gpu } from './gpu.ts'

export type CardInput = {
  readonly engine: string
  readonly models: readonly ModelInfo[]
  /** Names to offer; undefined means all. */
  readonly only: readonly string[] | undefined
  readonly gpu: Gpu | undefined
  readonly cudaVersion: string | null
  readonly vramReserveMib: number
  readonly concurrency: number
  readonly region: string | undefined
  /** Base units for 1 000 tokens. */
  readonly pricePrompt: bigint
  readonly priceCompletion: bigint
  /** Base units for one place for an hour; undefined: not to be booked. */
  readonly priceHour?: bigint | undefined
  /** Base units for a second of the GPU, instead. */
  readonly priceGpuSecond?: bigint | undefined
}

/** Builds the card. Models that were asked for and are not there are simply absent: see `missingModels`. */
export function makeCard(input: CardInput): CapabilityCard {
  const models = input.models
    .filter(
      ({ name }) => input.only === undefined || input.only.some((asked) => isNamed(name, asked)),
    )
    .slice(0, minerProtocolLimits.modelsMax)
  return {
    engine: input.engine,
    agent_version: agentVersion,
    models: models.map((model) => modelCard(model, input)),
    gpus: input.gpu === undefined ? [] : [gpuCard(input.gpu, input)],
    concurrency: input.concurrency,
    ...(input.region === undefined ? {} : { region: input.region }),
    ...(input.priceHour === undefined ? {} : { price_hour: String(input.priceHour) }),
    ...(input.priceGpuSecond === undefined
      ? {}
      : { price_gpu_second: String(input.priceGpuSecond) }),
  }
}

/** Models that were asked for by name and that the engine does not have. */
export function missingModels(
  models: readonly ModelInfo[],
  only: readonly string[] | undefined,
): string[] {
  return (only ?? []).filter((asked) => !models.some(({ name }) => isNamed(name, asked)))
}

// Ollama calls the newest version of a model `name:latest` and takes `name` for it.
function isNamed(name: string, asked: string): boolean {
  return name === asked || name === `${asked}:latest`
}

function modelCard(model: ModelInfo, input: CardInput): ModelCard {
  return {
    name: model.name,
    context_tokens: model.contextTokens,
    price_prompt: String(input.pricePrompt),
    price_completion: String(input.priceCompletion),
    ...(model.digest === undefined ? {} : { digest: model.digest }),
    ...(model.features === undefined ? {} : { features: [...model.features] }),
  }
}

function gpuCard(gpu: Gpu, input: CardInput): CapabilityCard['gpus'][number] {
  return {
    index: gpu.index,
    name: gpu.name.slice(0, 128),
    memory_mib: Math.max(0, (gpu.memoryTotalMib ?? 0) - input.vramReserveMib),
    ...(input.cudaVersion === null ? {} : { cuda: input.cudaVersion }),
  }
}
