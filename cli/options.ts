/**
 * The client's command line: one table of options, and its checked form.
 */
import { Command, CommanderError, Option } from 'commander'
import { isLoopback } from '../core/base/loopback.ts'
import { optionReader } from '../core/base/option-reader.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { jobLimits } from '../core/jobs/limits.ts'

export type ClientOptions = {
  readonly clientId: string
  readonly api: URL
  /** Another site of the chain, for transactions; undefined means `api`. */
  readonly rpc: URL | undefined
  readonly model: string
  /** Text, or where it comes from: `-` is standard input. */
  readonly prompt: { readonly text: string } | { readonly file: string }
  readonly system: string | undefined
  readonly maxTokens: number
  readonly temperature: number
  readonly topP: number
  readonly seed: bigint | undefined
  readonly stop: readonly string[]
  /** Base units that one job may cost; undefined takes what the cheapest miner may charge at most. */
  readonly maxPrice: bigint | undefined
  /** Base units to lock when an escrow has to be opened or topped up. */
  readonly lock: bigint | undefined
  readonly ttlSeconds: number
  readonly region: string | undefined
  readonly count: number
  /** Most time to wait for the settlement after the answer. */
  readonly settleTimeoutMs: number
  readonly genesisFile: string | undefined
  readonly acceptGenesis: string | undefined
  readonly output: 'text' | 'json'
  readonly stream: boolean
  readonly quiet: boolean
}

export type OptionsError =
  | { readonly code: 'USAGE'; readonly message: string }
  /** `--help` and `--version`: the text is on stdout already. */
  | { readonly code: 'SHOWN'; readonly message: string }

/** Version of the client. */
export const clientVersion = '0.1.0'

/** Reads and checks the command line (without `node` and script). */
export function parseOptions(argv: readonly string[]): Result<ClientOptions, OptionsError> {
  const [word = ''] = argv
  if (/^[^-]/.test(word)) {
    const others = `the commands are ${commandNames.join(', ')}; client --id asks a model`
    return usage(`there is no command ${JSON.stringify(word)}: ${others}`)
  }
  const command = clientCommand()
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

/** The commands beside `client --id`, as the help lists them. */
const commands: Readonly<Record<string, string>> = {
  verify: 'checks one fact against the chain',
  wallet: 'keys and coins of a person',
  keys: 'API keys of your account: create, fund, rotate, revoke, usage',
  submit: 'asks for a job with an API key; --wait prints the answer',
  'batch-submit': 'asks for many jobs, from JSON or CSV',
  estimate: 'what a job would meet and cost now',
  why: 'why a job is not served, or a miner gets none',
  marketplace: 'offers, GPUs, bids, bookings, reviews',
  miner: 'what a miner earned, did, and why it gets no jobs',
  admin: 'administration of a site',
}

/** Their names. */
export const commandNames = Object.keys(commands)

type Raw = Readonly<Record<string, string | boolean | undefined>> & {
  readonly stop?: readonly string[]
}

function clientCommand(): Command {
  const collect = (value: string, before: readonly string[] = []) => [...before, value]
  return new Command('client')
    .usage('--id <ID> --ollama-model <MODEL> --prompt <TEXT>\n       client COMMAND …')
    .description('Asks a model on the AITBC network, pays for the answer and checks every proof.')
    .version(clientVersion)
    .requiredOption('--id <ID>', 'name of this client and of its key')
    .option('--api <URL>', 'the site', 'http://127.0.0.1:18000')
    .option('--rpc <URL>', 'send transactions through another site of its chain')
    .requiredOption('--ollama-model <MODEL>', 'model that is to answer')
    .option('--prompt <TEXT>', 'what is asked')
    .option('--prompt-file <FILE>', 'file with what is asked; - is standard input')
    .option('--system <TEXT>', 'system message')
    .option('--max-tokens <N>', 'most tokens of the answer', '256')
    .option('--temperature <T>', 'from 0 to 2', '0')
    .option('--top-p <P>', 'above 0, up to 1', '1')
    .option('--seed <N>', 'same seed, same question, same answer; random when absent')
    .option('--stop <TEXT>', 'the answer ends before this text (may be repeated)', collect)
    .option('--max-price <AITBC>', 'most that one job may cost')
    .option('--lock <AITBC>', 'amount to lock in the escrow when there is none or too little')
    .option('--ttl <TIME>', 'give the job up after so long', '300s')
    .option('--region <NAME>', 'only miners of this region')
    .option('--count <N>', 'ask so many times', '1')
    .option('--settle-timeout <TIME>', 'wait so long for the payment to be final', '120s')
    .option('--genesis <FILE>', 'trust exactly this genesis file')
    .option('--accept-genesis <HASH>', 'accept that the site is on another chain than before')
    .option('--insecure', 'allow http:// to other machines')
    .addOption(new Option('--output <FORMAT>', 'stdout').choices(['text', 'json']).default('text'))
    .option('--stream', 'show the answer as it comes, also when stdout is no terminal')
    .option('--no-stream', 'show the answer when it is complete')
    .option('--quiet', 'nothing on stderr but failures')
    .addHelpText(
      'after',
      `\nCommands (client COMMAND --help):\n${Object.entries(commands)
        .map(([name, does]) => `  ${name.padEnd(14)} ${does}`)
        .join('\n')}\n`,
    )
}

function check(raw: Raw): Result<ClientOptions, OptionsError> {
  const faults: string[] = []
  const read = optionReader(raw, faults)
  const insecure = raw.insecure === true
  const api = apiUrl('--api', String(raw.api), { insecure, faults })
  const prompt = promptOf(raw, faults)
  const options = {
    rpc: raw.rpc === undefined ? undefined : apiUrl('--rpc', String(raw.rpc), { insecure, faults }),
    clientId: read.matching('id', /^[A-Za-z0-9._-]{1,64}$/),
    model: read.matching('ollamaModel', /^[^\s\p{Cc}]{1,128}$/u),
    system: raw.system as string | undefined,
    maxTokens: read.number('maxTokens', { least: 1, most: jobLimits.maxTokensMax, whole: true }),
    temperature: read.number('temperature', { least: 0, most: 2 }),
    topP: read.number('topP', { least: 0.001, most: 1 }),
    seed: raw.seed === undefined ? undefined : read.seed('seed'),
    stop: raw.stop ?? [],
    maxPrice: raw.maxPrice === undefined ? undefined : read.coins('maxPrice', 1n),
    lock: raw.lock === undefined ? undefined : read.coins('lock', 1n),
    ttlSeconds: Math.ceil(
      read.duration('ttl', { leastMs: 1_000, mostMs: jobLimits.ttlSecondsMax * 1_000 }) / 1_000,
    ),
    region: raw.region as string | undefined,
    count: read.number('count', { least: 1, most: 10_000, whole: true }),
    settleTimeoutMs: read.duration('settleTimeout', { leastMs: 1_000, mostMs: 3_600_000 }),
    genesisFile: raw.genesis as string | undefined,
    acceptGenesis:
      raw.acceptGenesis === undefined
        ? undefined
        : read.matching('acceptGenesis', /^[0-9a-f]{64}$/),
    output: raw.output as 'text' | 'json',
    stream: raw.stream === undefined ? process.stdout.isTTY === true : raw.stream === true,
    quiet: raw.quiet === true,
  }
  if (api === undefined || prompt === undefined || faults.length > 0) {
    return usage(faults.join('; '))
  }
  return ok({ ...options, api, prompt })
}

function promptOf(raw: Raw, faults: string[]): ClientOptions['prompt'] | undefined {
  const { prompt, promptFile } = raw
  if ((prompt === undefined) === (promptFile === undefined)) {
    faults.push('give one of --prompt and --prompt-file')
    return undefined
  }
  if (typeof promptFile === 'string') return { file: promptFile }
  if (prompt === '') faults.push('--prompt is empty')
  return { text: String(prompt) }
}

/** The site to ask; what is wrong with it is added to `faults`. */
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
    faults.push(`${flag} ${text} would send prompts unencrypted; use https, or --insecure`)
    return undefined
  }
  return url
}

const usage = (message: string): Result<never, OptionsError> => err({ code: 'USAGE', message })
