/** The command lines of `client submit`, `batch-submit`, `estimate` and `why`, and their checked forms. */
import { Command, CommanderError, Option } from 'commander'
import { priorities, routingSorts } from '../core/api/dispatch.ts'
import { optionReader } from '../core/base/option-reader.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { jobLimits } from '../core/jobs/limits.ts'
import { apiUrl, type OptionsError } from './options.ts'

/** Commands that work with an API key, which the environment holds. */
export const jobActions = ['submit', 'batch-submit', 'estimate', 'why'] as const

type Common = {
  readonly api: URL
  readonly output: 'text' | 'json'
  readonly retries: number
  readonly retryDelayMs: number
}

/** Where a text comes from. */
export type Source = { readonly text: string } | { readonly file: string }

export type JobOptions = Common &
  (
    | {
        readonly jobAction: 'submit' | 'estimate'
        readonly question: Source
        /** Fields of `POST /jobs` beside the question. */
        readonly payload: Readonly<Record<string, unknown>>
        readonly body: Readonly<Record<string, unknown>>
        readonly wait: boolean
        readonly idempotencyKey: string | undefined
      }
    | {
        readonly jobAction: 'batch-submit'
        readonly file: string
        readonly format: 'json' | 'csv'
        readonly delayMs: number
      }
    | {
        readonly jobAction: 'why'
        readonly jobId: string | undefined
        readonly minerId: string | undefined
      }
  )

type Raw = Readonly<Record<string, string | boolean | undefined>>

/** Reads and checks a command line that begins with one of `jobActions`. */
export function parseJobOptions(argv: readonly string[]): Result<JobOptions, OptionsError> {
  const [name, ...rest] = argv
  const action = jobActions.find((each) => each === name)
  if (action === undefined) return usage(`there is no command ${JSON.stringify(name)}`)
  const command = commandOf(action)
  try {
    command.exitOverride().configureOutput({ writeErr: () => undefined })
    command.parse(rest, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return err({ code: 'SHOWN', message: '' })
    return usage(error.message.replace(/^error: /, ''))
  }
  const raw = command.opts<Raw>()
  const faults: string[] = []
  const read = optionReader(raw, faults)
  const insecure = raw['insecure'] === true
  const api = apiUrl('--api', String(raw['api']), { insecure, faults })
  const special = specialOf(action, { raw, read, faults, argument: command.args[0] })
  const common = {
    output: raw['output'] as 'text' | 'json',
    retries: read.number('retries', { least: 0, most: 100, whole: true }),
    retryDelayMs: read.number('retryDelay', { least: 0, most: 3_600 }) * 1_000,
  }
  if (api === undefined || special === undefined || faults.length > 0) {
    return usage(faults.join('; '))
  }
  return ok({ api, ...common, ...special })
}

function commandOf(action: (typeof jobActions)[number]): Command {
  const command = new Command(`client ${action}`)
    .description(`${descriptions[action]} The API key is read from AITBC_API_KEY.`)
    .option('--api <URL>', 'the site', 'http://127.0.0.1:18000')
    .option('--retries <N>', 'send again so often what met a busy or absent site', '0')
    .option('--retry-delay <SECONDS>', 'pause before that', '1.0')
    .option('--insecure', 'allow http:// to other machines')
    .addOption(new Option('--output <FORMAT>', 'stdout').choices(['text', 'json']).default('text'))
  if (action === 'why') {
    return command.argument('[JOB]', 'id of a job').option('--miner <ID>', 'a miner instead')
  }
  if (action === 'batch-submit') {
    return command
      .argument('<FILE>', 'bodies of jobs, or payloads; - is standard input')
      .addOption(new Option('--format <NAME>', 'of FILE').choices(['json', 'csv']).default('json'))
      .option('--delay <SECONDS>', 'pause between batches', '0.5')
  }
  command
    .option('--type <TYPE>', 'what is to be done', 'inference')
    .option('--model <MODEL>', 'model that is to answer; the cheapest when absent')
    .option('--prompt <TEXT>', 'what is asked')
    .option('--file <FILE>', 'file with what is asked; - is standard input')
    .option('--max-tokens <N>', 'most tokens of the answer')
    .option('--ttl <SECONDS>', 'give the job up after so long', '900')
    .option('--limit <AITBC>', 'most that it may cost')
    .option('--region <NAME>', 'prefer miners of this region')
    .option('--fallback <MODELS>', 'models that will do instead, with commas between')
    .addOption(new Option('--priority <NAME>', 'how soon').choices([...priorities]))
    .addOption(new Option('--sort <NAME>', 'what comes first').choices([...routingSorts]))
  return action === 'estimate'
    ? command
    : command
        .option('--wait', 'wait for the answer and print it')
        .option('--idempotency-key <KEY>', 'the same key never makes a second job')
        .option('--webhook <URL>', 'where to tell that it has ended')
}

const descriptions: Readonly<Record<(typeof jobActions)[number], string>> = {
  submit: 'Asks for a job.',
  'batch-submit': `Asks for many jobs, ${jobLimits.batchMax} at a time, each such batch whole or not at all.`,
  estimate: 'Says what a job would meet and cost now, and asks for nothing.',
  why: 'Says why a job is not served, or why a miner gets no jobs.',
}

type Given = {
  readonly raw: Raw
  readonly read: ReturnType<typeof optionReader>
  readonly faults: string[]
  readonly argument: string | undefined
}

type Special<T> = T extends unknown ? Omit<T, keyof Common> : never

function specialOf(
  action: (typeof jobActions)[number],
  { raw, read, faults, argument }: Given,
): Special<JobOptions> | undefined {
  if (action === 'batch-submit') {
    const format = raw['format'] as 'json' | 'csv'
    const delayMs = read.number('delay', { least: 0, most: 3_600 }) * 1_000
    return { jobAction: action, file: String(argument), format, delayMs }
  }
  if (action === 'why') {
    const minerId = raw['miner'] === undefined ? undefined : String(raw['miner'])
    if ((argument === undefined) === (minerId === undefined)) {
      faults.push('give the id of a job, or --miner')
    }
    return { jobAction: action, jobId: argument, minerId }
  }
  const question = questionOf(raw, faults)
  const text = (name: string) => (raw[name] === undefined ? undefined : String(raw[name]))
  const routing = {
    region: text('region'),
    sort: text('sort'),
    models: text('fallback')
      ?.split(',')
      .map((model) => model.trim()),
  }
  const hasRouting = Object.values(routing).some((value) => value !== undefined)
  const ttl = { least: 1, most: jobLimits.ttlSecondsMax, whole: true }
  return (
    question && {
      jobAction: action,
      question,
      payload: {
        type: text('type'),
        model: text('model'),
        ...(raw['maxTokens'] !== undefined && {
          parameters: {
            max_tokens: read.number('maxTokens', {
              least: 1,
              most: jobLimits.maxTokensMax,
              whole: true,
            }),
          },
        }),
      },
      body: {
        ttl_seconds: read.number('ttl', ttl),
        limit: raw['limit'] === undefined ? undefined : String(read.coins('limit', 1n)),
        priority: text('priority'),
        routing: hasRouting ? routing : undefined,
        webhook: raw['webhook'] === undefined ? undefined : { url: text('webhook') },
      },
      wait: raw['wait'] === true,
      idempotencyKey: text('idempotencyKey'),
    }
  )
}

function questionOf(raw: Raw, faults: string[]): Source | undefined {
  const { prompt, file } = raw
  if ((prompt === undefined) === (file === undefined)) {
    faults.push('give one of --prompt and --file')
    return undefined
  }
  return typeof file === 'string' ? { file } : { text: String(prompt) }
}

const usage = (message: string): Result<never, OptionsError> => err({ code: 'USAGE', message })
