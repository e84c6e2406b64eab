/**
 * The agent's command line: one table of options, and its checked form.
 */
import { Command, CommanderError, Option } from 'commander'
import { isLoopback } from '../core/base/loopback.ts'
import { optionReader } from '../core/base/option-reader.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { minerProtocolLimits } from '../core/jobs/miner-protocol.ts'
import { isGpuLockName } from './gpu-lock.ts'
import type { LogFormat } from './log.ts'

export type GpuChoice =
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'auto' }
  | { readonly kind: 'none' }

export type AgentConfig = {
  readonly minerId: string
  /** Base URL of the site, without a slash at the end. */
  readonly api: URL
  /** Another site of the chain, for settlements and their proofs; undefined means `api`. */
  readonly rpc: URL | undefined
  readonly gpu: GpuChoice
  readonly engine: 'auto' | 'ollama' | 'embedded'
  readonly ollamaUrl: string
  /** Undefined means all that the engine has. */
  readonly models: readonly string[] | undefined
  readonly concurrency: number
  readonly queueMax: number
  readonly region: string | undefined
  /** Base units for 1 000 tokens. */
  readonly pricePrompt: bigint
  readonly priceCompletion: bigint
  /** Base units for one place for an hour; undefined: not to be booked. */
  readonly priceHour?: bigint | undefined
  /** Base units for a second of the GPU, stated instead of `priceHour`. */
  readonly priceGpuSecond?: bigint | undefined
  /** Least that a place brings in an hour within a booking; undefined: what the card comes to. */
  readonly bookedMin?: bigint | undefined
  /** Least that an agreement brings for 1 000 answer tokens; undefined: `priceCompletion`. */
  readonly agreedMin?: bigint | undefined
  readonly apiKeyFrom:
    | { readonly kind: 'env'; readonly name: string }
    | { readonly kind: 'file'; readonly path: string }
    | undefined
  readonly gpuLock: string | undefined
  /** Most tokens of one answer in a second; undefined means as fast as the engine goes. */
  readonly tokensPerSecond: number | undefined
  readonly vramReserveMib: number
  readonly heartbeatMs: number
  readonly tokenTimeoutMs: number
  readonly drainTimeoutMs: number
  readonly settleAfterMs: number
  /** Time between two looks for protocol rewards; undefined: none is claimed. */
  readonly claimEveryMs?: number | undefined
  /** Base units: most that may be promised or delivered without a release, and released but not settled. */
  readonly unreleasedMax: bigint
  readonly unsettledMax: bigint
  readonly summaryMs: number
  readonly metricsAddress: { readonly host: string; readonly port: number } | undefined
  readonly acceptGenesis: string | undefined
  readonly log: LogFormat
  readonly verbose: boolean
  readonly once: boolean
  readonly dryRun: boolean
}

/**
 * An authorisation may end two minutes after the last moment of its job (`settleMarginSlots`). The coordinator
 * settles within seconds; whoever waits 40 s gives it that and a restart, and has time to try twice.
 */
const settleAfterDefault = '40s'

export type ConfigError =
  | { readonly code: 'USAGE'; readonly message: string }
  /** `--help` and `--version`: the text is on stdout already. */
  | { readonly code: 'SHOWN'; readonly message: string }

/** Version of the agent, shown in its capability card. */
export const agentVersion = '0.1.0'

/** Reads and checks the command line (without `node` and script). */
export function parseConfig(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Result<AgentConfig, ConfigError> {
  const command = minerCommand(env)
  try {
    command.exitOverride().configureOutput({ writeErr: () => undefined })
    command.parse([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return err({ code: 'SHOWN', message: '' })
    return usage(error.message.replace(/^error: /, ''))
  }
  return check(command.opts<Raw>())
}

type Raw = Readonly<Record<string, string | boolean | undefined>>

function minerCommand(env: NodeJS.ProcessEnv): Command {
  const ollama = env.OLLAMA_HOST || env.OLLAMA_URL || 'http://127.0.0.1:11434'
  return new Command('miner')
    .description(
      'Sells inference on this machine to a site of the AITBC network. miner earnings --id ID: what it earned.',
    )
    .version(agentVersion)
    .requiredOption('--id <ID>', 'name of this miner: letters, digits, dots, hyphens, underscores')
    .option('--api <URL>', 'the site', 'http://127.0.0.1:18000')
    .option('--rpc <URL>', 'settle through another site of its chain')
    .option('--gpu <N>', 'GPU to offer: its number, auto or none', 'auto')
    .addOption(
      new Option('--engine <NAME>', 'what computes')
        .choices(['auto', 'ollama', 'embedded'])
        .default('auto'),
    )
    .option('--ollama-url <URL>', 'the Ollama server', ollama)
    .option('--models <LIST>', 'models to offer, with commas between, or auto for all', 'auto')
    .option('--concurrency <N>', 'jobs at the same time', '1')
    .option('--queue <N>', 'accepted jobs that may wait', '4')
    .option('--region <NAME>', 'where this machine is')
    .option('--price-in <AITBC>', 'price of 1000 prompt tokens', '0.01')
    .option('--price-out <AITBC>', 'price of 1000 answer tokens', '0.03')
    .option('--price-hour <AITBC>', 'price of one place for an hour; without it nobody books')
    .option('--price-gpu-second <AITBC>', 'instead: price of a second of the GPU, all its places')
    .option('--booked-min <AITBC>', 'least for a place and hour that was booked; --price-hour')
    .option('--agreed-min <AITBC>', 'least for 1000 answer tokens by agreement; --price-out')
    .option('--api-key-env <VAR>', 'variable that holds an API key, for sites that want one')
    .option('--key-file <FILE>', 'file that holds an API key, for sites that want one')
    .option('--gpu-lock <NAME>', 'take turns with other miners of this machine under this name')
    .option('--tokens-per-second <N>', 'most tokens of one answer in a second')
    .option('--vram-reserve <MB>', 'GPU memory that is not offered', '0')
    .option('--heartbeat <TIME>', 'time between signs of life', '15s')
    .option('--token-timeout <TIME>', 'give a job up when no token comes for so long', '120s')
    .option('--drain-timeout <TIME>', 'on SIGTERM, time for running jobs to end', '60s')
    .option(
      '--settle-after <TIME>',
      'settle a release ourselves when nobody did for so long',
      settleAfterDefault,
    )
    .option('--claim-every <TIME>', 'look so often for protocol rewards to claim', '1h')
    .option('--no-claim', 'claim no protocol rewards')
    .option('--unreleased-max <AITBC>', 'most work that may be out without a release', '1')
    .option('--unsettled-max <AITBC>', 'most released work that may wait for its settlement', '100')
    .option('--summary <TIME>', 'time between summaries in the log', '60s')
    .option('--metrics-addr <HOST:PORT>', 'serve /metrics for Prometheus and /healthz there')
    .option('--accept-genesis <HASH>', 'accept that the site is on another chain than before')
    .option('--insecure', 'allow http:// to other machines')
    .addOption(new Option('--log <FORMAT>', 'log lines').choices(['text', 'json']).default('text'))
    .option('--verbose', 'log details')
    .option('--once', 'end after one paid job')
    .option('--dry-run', 'show the capability card and end')
}

function check(raw: Raw): Result<AgentConfig, ConfigError> {
  const faults: string[] = []
  const read = optionReader(raw, faults)
  const insecure = raw.insecure === true
  const api = apiUrl('--api', String(raw.api), { insecure, faults })
  const apiKeyFrom = keySource(raw, faults)
  const config = {
    rpc: raw.rpc === undefined ? undefined : apiUrl('--rpc', String(raw.rpc), { insecure, faults }),
    minerId: read.matching('id', minerIdPattern),
    gpu: gpuChoice(String(raw.gpu), faults),
    engine: raw.engine as AgentConfig['engine'],
    ollamaUrl: String(raw.ollamaUrl),
    models: modelList(String(raw.models)),
    concurrency: read.number('concurrency', {
      least: 1,
      most: minerProtocolLimits.concurrencyMax,
      whole: true,
    }),
    queueMax: read.number('queue', {
      least: 0,
      most: minerProtocolLimits.resumeMax / 2,
      whole: true,
    }),
    region: raw.region === undefined ? undefined : read.matching('region', /^[\w .:-]{1,64}$/),
    pricePrompt: read.coins('priceIn', 0n),
    priceCompletion: read.coins('priceOut', 0n),
    ...(raw.priceHour !== undefined && { priceHour: read.coins('priceHour', 0n) }),
    ...(raw.priceGpuSecond !== undefined && { priceGpuSecond: read.coins('priceGpuSecond', 0n) }),
    ...(raw.bookedMin !== undefined && { bookedMin: read.coins('bookedMin', 0n) }),
    ...(raw.agreedMin !== undefined && { agreedMin: read.coins('agreedMin', 0n) }),
    apiKeyFrom,
    gpuLock: raw.gpuLock as string | undefined,
    tokensPerSecond:
      raw.tokensPerSecond === undefined
        ? undefined
        : read.number('tokensPerSecond', { least: 1, most: 1_000_000, whole: true }),
    vramReserveMib: read.number('vramReserve', { least: 0, most: 1_048_576, whole: true }),
    heartbeatMs: read.duration('heartbeat', { leastMs: 1_000, mostMs: 300_000 }),
    tokenTimeoutMs: read.duration('tokenTimeout', { leastMs: 1_000, mostMs: 3_600_000 }),
    drainTimeoutMs: read.duration('drainTimeout', { leastMs: 0, mostMs: 3_600_000 }),
    settleAfterMs: read.duration('settleAfter', { leastMs: 1_000, mostMs: 3_600_000 }),
    ...(raw.claim !== false && {
      claimEveryMs: read.duration('claimEvery', { leastMs: 60_000, mostMs: 86_400_000 }),
    }),
    unreleasedMax: read.coins('unreleasedMax', 0n),
    unsettledMax: read.coins('unsettledMax', 0n),
    summaryMs: read.duration('summary', { leastMs: 1_000, mostMs: 86_400_000 }),
    metricsAddress: metricsAddress(raw.metricsAddr as string | undefined, faults),
    acceptGenesis:
      raw.acceptGenesis === undefined
        ? undefined
        : read.matching('acceptGenesis', /^[0-9a-f]{64}$/),
    log: raw.log as LogFormat,
    verbose: raw.verbose === true,
    once: raw.once === true,
    dryRun: raw.dryRun === true,
  }
  if (raw.priceHour !== undefined && raw.priceGpuSecond !== undefined) {
    faults.push('--price-hour and --price-gpu-second exclude each other')
  }
  if (config.gpuLock !== undefined && !isGpuLockName(config.gpuLock)) {
    faults.push('--gpu-lock is 1 to 64 letters, digits, dots, underscores and hyphens')
  }
  if (api === undefined || faults.length > 0) return usage(faults.join('; '))
  return ok({ ...config, api })
}

/** Names of miners. */
export const minerIdPattern = /^[A-Za-z0-9._-]{1,64}$/

/** A site on the command line; what is wrong with it is added to `faults`. */
export function apiUrl(
  flag: string,
  text: string,
  { insecure, faults }: { readonly insecure: boolean; readonly faults: string[] },
): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '') {
    faults.push(`${flag} is no http(s) URL: ${JSON.stringify(text)}`)
    return undefined
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !insecure) {
    faults.push(
      `${flag} ${text} would send keys unencrypted; use https, or --insecure to do it anyway`,
    )
    return undefined
  }
  url.search = ''
  url.hash = ''
  return url
}

function keySource(raw: Raw, faults: string[]): AgentConfig['apiKeyFrom'] {
  const { apiKeyEnv, keyFile } = raw
  if (apiKeyEnv !== undefined && keyFile !== undefined) {
    faults.push('--api-key-env and --key-file exclude each other')
  }
  if (typeof apiKeyEnv === 'string') return { kind: 'env', name: apiKeyEnv }
  return typeof keyFile === 'string' ? { kind: 'file', path: keyFile } : undefined
}

function metricsAddress(text: string | undefined, faults: string[]): AgentConfig['metricsAddress'] {
  if (text === undefined) return undefined
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):)?(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (match === null || port < 1 || port > 65_535) {
    faults.push('--metrics-addr is HOST:PORT')
    return undefined
  }
  return { host: (match[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port }
}

function gpuChoice(text: string, faults: string[]): GpuChoice {
  if (text === 'auto' || text === 'none') return { kind: text }
  if (!/^\d{1,4}$/.test(text)) faults.push('--gpu is a number, auto or none')
  return { kind: 'index', index: Number(text) }
}

function modelList(text: string): readonly string[] | undefined {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return text.trim() === 'auto' || names.length === 0 ? undefined : names
}

const usage = (message: string): Result<never, ConfigError> => err({ code: 'USAGE', message })
