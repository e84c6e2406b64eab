/** The command lines of `client marketplace …`, and their checked forms. */
import { Command, CommanderError, Option } from 'commander'
import { optionReader } from '../core/base/option-reader.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { parseQuery } from '../core/market/query.ts'
import { apiUrl, type OptionsError } from './options.ts'

/** Groups and what can be done in them; `key`: with an API key alone. */
export const marketActions = {
  'offers list': { argument: '[QUERY...]', key: false, does: 'Searches offers.' },
  'gpu list': { argument: '', key: false, does: 'Lists GPUs.' },
  'gpu details': { argument: '<GPU>', key: false, does: 'Shows a GPU.' },
  'gpu book': { argument: '<GPU>', key: true, does: 'Books a GPU by the hour.' },
  'gpu release': { argument: '<GPU>', key: true, does: 'Ends your booking of a GPU.' },
  'gpu register': { argument: '', key: true, does: 'Lists a GPU of yours.' },
  withdraw: { argument: '<OFFER>', key: true, does: 'Withdraws an offer that you listed.' },
  'bid submit': {
    argument: '[QUERY...]',
    key: true,
    does: 'Says what you want, and for how much.',
  },
  'bid list': { argument: '', key: false, does: 'Lists bids.' },
  'bid details': { argument: '<BID>', key: false, does: 'Shows a bid and its quotes.' },
  orders: { argument: '', key: false, does: 'Lists bookings.' },
  pricing: { argument: '<MODEL>', key: false, does: 'Says what an hour costs.' },
  reviews: { argument: '<GPU>', key: false, does: 'Lists reviews.' },
  review: { argument: '<GPU>', key: true, does: 'Reviews work that you hold a receipt for.' },
} as const satisfies Record<string, { argument: string; key: boolean; does: string }>

export type MarketAction = keyof typeof marketActions

export type MarketOptions = {
  readonly marketAction: MarketAction
  readonly api: URL
  readonly output: 'table' | 'json'
  /** What stands after the command; a query is one text. */
  readonly about: string
  /** Checked values of options, by camel-case name; absent: not given. */
  readonly given: Readonly<Record<string, string | number | bigint | boolean>>
}

/** Reads and checks what stands after `marketplace`. */
export function parseMarketOptions(argv: readonly string[]): Result<MarketOptions, OptionsError> {
  const two = argv.slice(0, 2).join(' ')
  const [first = ''] = argv
  const action = [two, first].find((name): name is MarketAction =>
    Object.hasOwn(marketActions, name),
  )
  if (action === undefined) return overview(argv)
  const command = commandOf(action)
  try {
    command.exitOverride().configureOutput({ writeErr: () => undefined })
    command.parse(argv.slice(action.split(' ').length), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return err({ code: 'SHOWN', message: '' })
    return usage(error.message.replace(/^error: /, ''))
  }
  const raw = command.opts<Record<string, string | boolean | undefined>>()
  const faults: string[] = []
  const api = apiUrl('--api', String(raw['api']), { insecure: raw['insecure'] === true, faults })
  const about = command.args.join(' ')
  const given = givenOf(raw, faults)
  if (marketActions[action].argument === '[QUERY...]') {
    const query = parseQuery(about)
    if (!query.ok) faults.push(`${query.error.message}\n  ${pointed(about, query.error.position)}`)
  }
  if (
    action === 'bid submit' &&
    (given['tokens'] === undefined) === (given['hours'] === undefined)
  ) {
    faults.push('a bid names --tokens or --hours')
  }
  if (api === undefined || faults.length > 0) return usage(faults.join('; '))
  const output = raw['output'] as 'table' | 'json'
  return ok({ marketAction: action, api, output, about, given })
}

/** The query with a mark under the place that cannot be read. */
const pointed = (query: string, position: number): string => `${query}\n  ${' '.repeat(position)}^`

function givenOf(
  raw: Readonly<Record<string, string | boolean | undefined>>,
  faults: string[],
): MarketOptions['given'] {
  const read = optionReader(raw, faults)
  const given: Record<string, string | number | bigint | boolean> = {}
  for (const [name, [least, most]] of Object.entries(numbers)) {
    if (raw[name] !== undefined) given[name] = read.number(name, { least, most, whole: true })
  }
  for (const name of ['price', 'priceMax']) {
    if (raw[name] !== undefined) given[name] = read.coins(name, 0n)
  }
  for (const name of [
    'region',
    'model',
    'status',
    'comment',
    'receipt',
    'name',
    'minerId',
    'cuda',
  ]) {
    const value = raw[name]
    if (typeof value === 'string') given[name] = value
  }
  if (raw['available'] === true) given['available'] = true
  return given
}

const numbers: Readonly<Record<string, readonly [number, number]>> = {
  hours: [1, 720],
  places: [1, 64],
  tokens: [1, 1_000_000_000_000],
  closes: [5, 604_800],
  rating: [1, 5],
  limit: [1, 200],
  memory: [0, 100_000],
}

function commandOf(action: MarketAction): Command {
  const { argument, does, key } = marketActions[action]
  const command = new Command(`client marketplace ${action}`)
    .description(key ? `${does} The API key is read from AITBC_API_KEY.` : does)
    .option('--api <URL>', 'the site', 'http://127.0.0.1:18000')
    .option('--insecure', 'allow http:// to other machines')
    .addOption(
      new Option('--output <FORMAT>', 'stdout').choices(['table', 'json']).default('table'),
    )
  if (argument !== '') command.argument(argument, words[argument] ?? '')
  if (/list$|^orders$|^reviews$/.test(action))
    command.option('--limit <N>', 'at most so many', '25')
  switch (action) {
    case 'gpu list':
      return command
        .option('--available', 'free ones alone')
        .option('--price-max <AITBC>', 'at most so much for an hour')
        .option('--region <NAME>', 'of this region')
        .option('--model <TEXT>', 'whose name holds this')
    case 'gpu book':
      return command.requiredOption('--hours <N>', 'for so long')
    case 'gpu register':
      return command
        .requiredOption('--name <NAME>', 'name of the GPU')
        .option('--memory <GB>', 'its memory', '0')
        .option('--cuda <VERSION>', 'CUDA version')
        .option('--region <NAME>', 'where it stands')
        .option('--miner-id <ID>', 'the miner that it belongs to')
        .requiredOption('--price <AITBC>', 'for an hour')
    case 'bid submit':
      return command
        .option('--tokens <N>', 'so many completion tokens')
        .option('--hours <N>', 'or places, for so many hours')
        .option('--places <N>', 'so many places')
        .requiredOption('--price-max <AITBC>', 'at most: for 1 000 tokens, or a place and hour')
        .option('--closes <SECONDS>', 'when the auction ends', '3600')
        .option('--comment <TEXT>', 'what sellers should know')
    case 'bid list':
    case 'orders':
      return command.option('--status <NAME>', 'of this status')
    case 'review':
      return command
        .requiredOption('--rating <N>', '1 to 5')
        .requiredOption('--receipt <ID>', 'receipt of a job of yours that this miner did')
        .option('--comment <TEXT>', 'what others should know', '')
    default:
      return command
  }
}

const words: Readonly<Record<string, string>> = {
  '[QUERY...]': 'such as: model=llama3 "vram>=24" "price<=0.02" region=eu sort=price_performance',
  '<GPU>': 'id of the list',
  '<BID>': 'id of the bid',
  '<OFFER>': 'id of the offer: `offers list` shows it',
  '<MODEL>': 'part of a model’s name',
}

/** What there is, for whoever names nothing of it. */
function overview(argv: readonly string[]): Result<never, OptionsError> {
  const lines = Object.entries(marketActions).map(
    ([name, { argument, does }]) => `  ${`${name} ${argument}`.padEnd(24)} ${does}`,
  )
  const isAsking = argv.length === 0 || argv.includes('--help') || argv.includes('-h')
  if (!isAsking) return usage(`there is no command ${JSON.stringify(argv.slice(0, 2).join(' '))}`)
  process.stdout.write(`Usage: client marketplace COMMAND\n\n${lines.join('\n')}\n`)
  return err({ code: 'SHOWN', message: '' })
}

const usage = (message: string): Result<never, OptionsError> => err({ code: 'USAGE', message })
