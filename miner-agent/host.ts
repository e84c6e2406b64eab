/**
 * What the agent finds on its host before it opens a socket: GPU, engine, key, API key, journal. The first
 * thing that is wrong ends the start, with the exit code that it deserves.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { err, ok, type Result } from '../core/base/result.ts'
import type { Signer } from '../core/crypto/signature.ts'
import type { AgentConfig } from './config.ts'
import { chooseEngine } from './engine-choice.ts'
import type { Engine } from './engines/engine.ts'
import { exitCodes } from './exit-codes.ts'
import { type Gpu, probeGpus, selectGpu } from './gpu.ts'
import { aitbcHome, minerFiles } from './home.ts'
import { type Journal, openJournal } from './journal.ts'
import { type KeyStoreOptions, openKey } from './key-store.ts'
import type { Logger } from './log.ts'

/** Why the agent cannot start. */
export type StartFault = { readonly exitCode: number; readonly message: string }

export type ProbedGpu = { readonly gpu: Gpu; readonly cudaVersion: string | null }

export type Host = {
  readonly home: string
  readonly gpu: ProbedGpu | undefined
  readonly engine: Engine
  readonly signer: Signer
  readonly apiKey: string | undefined
  readonly journal: Journal
}

/** Looks at everything, cheapest first. */
export async function openHost(
  config: AgentConfig,
  options: {
    readonly env: NodeJS.ProcessEnv
    readonly ask: KeyStoreOptions['ask']
    readonly log: Logger
  },
): Promise<Result<Host, StartFault>> {
  const { env, ask, log } = options
  const home = aitbcHome(env)
  const apiKey = readApiKey(config, env)
  if (!apiKey.ok) return apiKey
  const gpu = await findGpu(config, log)
  if (!gpu.ok) return gpu
  const engine = await chooseEngine(config, log)
  if (!engine.ok) return fault(exitCodes.network, engine.error.message)
  const files = minerFiles(home, config.minerId)
  const key = await openKey({ path: files.key, env, ask })
  if (!key.ok) return fault(exitCodes.auth, key.error.message)
  if (key.value.made) log.info('made a key pair', { file: files.key })
  const journal = await openJournal(files.journal)
  const { signer } = key.value
  return ok({
    home,
    gpu: gpu.value,
    engine: engine.value,
    signer,
    apiKey: apiKey.value,
    journal,
  })
}

/** The GPU that the command line asks for. */
export async function findGpu(
  config: Pick<AgentConfig, 'gpu'>,
  log: Logger,
): Promise<Result<ProbedGpu | undefined, StartFault>> {
  if (config.gpu.kind === 'none') return ok(undefined)
  const probe = await probeGpus()
  const index = config.gpu.kind === 'index' ? config.gpu.index : undefined
  if (!probe.ok) {
    if (index !== undefined) return fault(exitCodes.usage, probe.error.message)
    log.info('no GPU is offered', { reason: probe.error.message })
    return ok(undefined)
  }
  const gpu = selectGpu(probe.value, index ?? (probe.value.gpus[0] as Gpu).index)
  if (!gpu.ok) return fault(exitCodes.usage, gpu.error.message)
  return ok({ gpu: gpu.value, cudaVersion: probe.value.cudaVersion })
}

function readApiKey(
  config: AgentConfig,
  env: NodeJS.ProcessEnv,
): Result<string | undefined, StartFault> {
  const from = config.apiKeyFrom
  if (from === undefined) return ok(undefined)
  if (from.kind === 'env') {
    const value = (env[from.name] ?? '').trim()
    return value === '' ? fault(exitCodes.usage, `${from.name} is not set`) : ok(value)
  }
  try {
    const value = readFileSync(resolve(env.AITBC_CWD ?? '.', from.path), 'utf8').trim()
    return value === '' ? fault(exitCodes.usage, `${from.path} is empty`) : ok(value)
  } catch {
    return fault(exitCodes.usage, `${from.path} cannot be read`)
  }
}

function fault(exitCode: number, message: string): Result<never, StartFault> {
  return err({ exitCode, message })
}
