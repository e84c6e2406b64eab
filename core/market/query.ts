/**
 * The query language of the market, for API, pages and command line: `field sign value` terms that must
 * all hold, words that search all texts, and `sort=`. Rules: SPEC.md, QUERY.
 */
import { parseCoins } from '../base/amount.ts'
import { err, ok, type Result } from '../base/result.ts'
import { marketLimits as limits } from './limits.ts'
import { type OfferRow, type OfferSort, offerSorts } from './row.ts'

/** Columns of rows, by what can be asked of them. */
export type TextColumn = 'status' | 'kind' | 'engine' | 'region' | 'site' | 'miner' | 'provider'
/** Lists, a line each. */
export type ListColumn = 'models' | 'gpus' | 'arch' | 'cuda'
/** 0 or 1. */
export type FlagColumn = 'online' | 'verified'
/** Numbers, null where not known. */
export type NumberColumn = Exclude<
  keyof OfferRow,
  TextColumn | ListColumn | FlagColumn | 'name' | 'offerId' | 'text' | 'updated'
>

/** Signs of numbers. */
export type CompareSign = '=' | '!=' | '<' | '<=' | '>' | '>='
/** Signs of texts and lists. */
export type TextSign = '=' | '!=' | '~'

/** One condition. Values of text are lower case, and any of them will do. */
export type Term =
  | {
      readonly type: 'text'
      readonly column: TextColumn
      readonly sign: TextSign
      readonly values: readonly string[]
    }
  | {
      readonly type: 'list'
      readonly column: ListColumn
      readonly sign: TextSign
      readonly values: readonly string[]
    }
  | { readonly type: 'flag'; readonly column: FlagColumn; readonly value: number }
  | {
      readonly type: 'number'
      readonly column: NumberColumn
      readonly sign: CompareSign
      readonly value: number
    }

/** A query that can be asked. */
export type MarketQuery = {
  readonly terms: readonly Term[]
  /** Lower case; each must occur somewhere. */
  readonly words: readonly string[]
  readonly sort: OfferSort
  /** The one model that the figures are of; undefined: of all models. */
  readonly focus: string | undefined
}

/** Where a query cannot be read, counted in characters from 0, and what might stand there. */
export type QueryError = {
  readonly code: 'QUERY_INVALID'
  readonly position: number
  readonly length: number
  readonly expected: readonly string[]
  readonly message: string
}

/** What `sort` is where none is named. */
export const sortDefault: OfferSort = 'price_performance'

/** Every field, as people write it, with what it takes: for help texts and completion. */
export const queryFields: Readonly<Record<string, string>> = {
  model: 'a name, with or without its tag: model=llama3',
  gpu: 'a name or part of it: gpu~4090',
  arch: 'what the name of the GPU says of its architecture: arch=ada',
  vram: 'GB of the largest GPU: vram>=24',
  price: 'AITBC for 1 000 completion tokens: price<=0.02',
  price_prompt: 'AITBC for 1 000 prompt tokens',
  price_hour: 'AITBC for a place and an hour',
  gpu_second: 'AITBC for a second of one GPU: gpu_second<=0.0001',
  gpu_count: 'how many GPUs: gpu_count>=2',
  speed: 'measured tokens a second: speed>=40',
  performance: 'tokens a second for each AITBC of 1 000 completion tokens',
  region: 'a region or one above it: region=eu',
  engine: 'ollama, vllm, …',
  cuda: 'a version',
  context: 'tokens that a model takes',
  uptime: 'percent of the last seven days: uptime>=99',
  reputation: 'score out of signed receipts',
  rating: 'average of reviews, 1 to 5',
  reviews: 'how many reviews',
  places: 'places for jobs',
  free: 'free places now',
  online: 'true or false',
  verified: 'true or false',
  status: 'online, offline or withdrawn',
  kind: 'agent, legacy, listed or remote',
  site: 'a host name',
  miner: 'a miner id',
  provider: 'the address that is paid',
  sort: offerSorts.join(', '),
}

/** Reads a query. The empty one asks for everything. */
export function parseQuery(text: string): Result<MarketQuery, QueryError> {
  if (text.length > limits.queryCharsMax) {
    return fault(limits.queryCharsMax, 1, [`at most ${limits.queryCharsMax} characters`])
  }
  const terms: Term[] = []
  const words: string[] = []
  let sort: OfferSort | undefined
  let at = skipBlanks(text, 0)
  while (at < text.length) {
    if (terms.length + words.length >= limits.queryTermsMax) {
      return fault(at, text.length - at, [`at most ${limits.queryTermsMax} terms`])
    }
    const head = headPattern(text, at)
    const valueAt = head ? at + head.length : at
    const values = readValues(text, valueAt, head !== undefined)
    if (!values.ok) return values
    if (!head) words.push(...values.value.parts.map((part) => part.text))
    else if (head.field === 'sort') {
      const named = sortOf(head, values.value, at)
      if (!named.ok) return named
      if (sort !== undefined) return fault(at, head.length, ['one sort only'])
      sort = named.value
    } else {
      const term = termOf(head, values.value, at)
      if (!term.ok) return term
      terms.push(term.value)
    }
    at = skipBlanks(text, values.value.end)
  }
  return ok({ terms, words, sort: sort ?? sortDefault, focus: focusOf(terms) })
}

/** Whether a row answers a query; the row is of the query's `focus`, or of the whole offer. */
export function matchesQuery(query: MarketQuery, row: OfferRow): boolean {
  return (
    row.name === (query.focus ?? '') &&
    query.words.every((word) => row.text.includes(word)) &&
    query.terms.every((term) => holds(term, row))
  )
}

function holds(term: Term, row: OfferRow): boolean {
  switch (term.type) {
    case 'flag':
      return row[term.column] === term.value
    case 'number':
      return compares(row[term.column], term.sign, term.value)
    case 'text': {
      const stated = row[term.column]
      const isMet = (value: string) =>
        term.sign === '~'
          ? stated.includes(value)
          : stated === value || (term.column === 'region' && stated.startsWith(`${value}-`))
      return term.values.some(isMet) !== (term.sign === '!=')
    }
    case 'list': {
      const stated = row[term.column]
      const isMet = (value: string) => stated.includes(term.sign === '~' ? value : `\n${value}\n`)
      return term.values.some(isMet) !== (term.sign === '!=')
    }
    default:
      return term satisfies never
  }
}

/** What is not known meets no comparison. */
function compares(stated: number | null, sign: CompareSign, value: number): boolean {
  if (stated === null) return false
  switch (sign) {
    case '=':
      return stated === value
    case '!=':
      return stated !== value
    case '<':
      return stated < value
    case '<=':
      return stated <= value
    case '>':
      return stated > value
    case '>=':
      return stated >= value
    default:
      return sign satisfies never
  }
}

type Head = { readonly field: string; readonly sign: string; readonly length: number }
type Part = { readonly text: string; readonly at: number; readonly length: number }
type Values = { readonly parts: readonly Part[]; readonly end: number }

/** `field sign` at a place; undefined where a word stands. */
function headPattern(text: string, at: number): Head | undefined {
  const match = /^([A-Za-z_][A-Za-z0-9_]{0,31})[ \t]*(<=|>=|!=|=|<|>|~)[ \t]*/.exec(text.slice(at))
  if (!match) return undefined
  const [{ length }, field = '', sign = ''] = match
  return { field: field.toLowerCase(), sign, length }
}

/** Values with commas between them, in quotes where they hold blanks. */
function readValues(text: string, from: number, isList: boolean): Result<Values, QueryError> {
  const parts: Part[] = []
  let at = from
  while (true) {
    const quoted = /^"([^"]*)("?)/.exec(text.slice(at))
    if (quoted && quoted[2] === '') return fault(text.length, 0, ['"'])
    const plain = quoted ? undefined : /^[^\s",]*/.exec(text.slice(at))
    const length = (quoted ?? plain)?.[0].length ?? 0
    const value = (quoted ? quoted[1] : plain?.[0]) ?? ''
    if (value === '') return fault(at, 1, [isList ? 'a value' : 'a word or a field'])
    parts.push({ text: value.toLowerCase(), at, length })
    at += length
    if (parts.length > limits.queryValuesMax) {
      return fault(at, 1, [`at most ${limits.queryValuesMax} values`])
    }
    if (text[at] === ',' && isList) {
      at += 1
      continue
    }
    if (at < text.length && !/\s/.test(text[at] ?? '')) return fault(at, 1, ['a blank'])
    return ok({ parts, end: at })
  }
}

function sortOf(head: Head, values: Values, at: number): Result<OfferSort, QueryError> {
  if (head.sign !== '=') return fault(at, head.length, ['sort='])
  const [first] = values.parts
  const named = offerSorts.find((sort) => sort === first?.text)
  if (named && values.parts.length === 1) return ok(named)
  return fault(first?.at ?? at, values.end - (first?.at ?? at), offerSorts)
}

function termOf(head: Head, values: Values, at: number): Result<Term, QueryError> {
  const spec = Object.hasOwn(fields, head.field) ? fields[head.field] : undefined
  if (!spec) return fault(at, head.field.length, Object.keys(queryFields))
  const signs = spec.type === 'number' ? compareSigns : spec.type === 'flag' ? ['='] : textSigns
  if (!signs.includes(head.sign)) return fault(at, head.length, signs)
  const [first] = values.parts
  if (!first) return fault(at, head.length, ['a value'])
  if (spec.type === 'text' || spec.type === 'list') {
    const sign = head.sign as TextSign
    return ok({ ...spec, sign, values: values.parts.map((part) => part.text) } as Term)
  }
  const second = values.parts[1]
  if (second) return fault(second.at - 1, second.length + 1, ['one value'])
  if (spec.type === 'flag') {
    if (first.text !== 'true' && first.text !== 'false') {
      return fault(first.at, first.length, ['true', 'false'])
    }
    return ok({ ...spec, value: first.text === 'true' ? 1 : 0 })
  }
  const value = spec.isMoney ? unitsOf(first.text) : numberOf(first.text)
  if (value === undefined) {
    const expected = spec.isMoney ? 'an amount in AITBC such as 0.02' : 'a number such as 24'
    return fault(first.at, first.length, [expected])
  }
  return ok({ type: 'number', column: spec.column, sign: head.sign as CompareSign, value })
}

function unitsOf(text: string): number | undefined {
  const amount = parseCoins(text)
  return amount.ok ? Number(amount.value) : undefined
}

const numberOf = (text: string): number | undefined =>
  /^\d{1,12}(?:\.\d{1,6})?$/.test(text) ? Number(text) : undefined

type FieldSpec =
  | { readonly type: 'text'; readonly column: TextColumn }
  | { readonly type: 'list'; readonly column: ListColumn }
  | { readonly type: 'flag'; readonly column: FlagColumn }
  | { readonly type: 'number'; readonly column: NumberColumn; readonly isMoney: boolean }

const number = (column: NumberColumn): FieldSpec => ({ type: 'number', column, isMoney: false })
const money = (column: NumberColumn): FieldSpec => ({ type: 'number', column, isMoney: true })
const text = (column: TextColumn): FieldSpec => ({ type: 'text', column })
const list = (column: ListColumn): FieldSpec => ({ type: 'list', column })

const fields: Readonly<Record<string, FieldSpec>> = {
  model: list('models'),
  gpu: list('gpus'),
  arch: list('arch'),
  cuda: list('cuda'),
  vram: number('vram'),
  price: money('price'),
  price_prompt: money('pricePrompt'),
  price_hour: money('priceHour'),
  gpu_second: money('gpuSecond'),
  gpu_count: number('gpuCount'),
  speed: number('speed'),
  performance: number('performance'),
  uptime: number('uptime'),
  reputation: number('reputation'),
  rating: number('rating'),
  reviews: number('reviews'),
  context: number('context'),
  places: number('places'),
  free: number('free'),
  online: { type: 'flag', column: 'online' },
  verified: { type: 'flag', column: 'verified' },
  status: text('status'),
  kind: text('kind'),
  engine: text('engine'),
  region: text('region'),
  site: text('site'),
  miner: text('miner'),
  provider: text('provider'),
}

const compareSigns = ['<=', '>=', '<', '>', '=', '!=']
const textSigns = ['=', '!=', '~']

/** One model by name: then figures are of that model, and not of what else its miner has. */
function focusOf(terms: readonly Term[]): string | undefined {
  const named = terms.filter(
    (term) => term.type === 'list' && term.column === 'models' && term.sign === '=',
  )
  const [only] = named
  if (named.length !== 1 || only?.type !== 'list' || only.values.length !== 1) return undefined
  return only.values[0]
}

const skipBlanks = (text: string, at: number): number =>
  at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0)

function fault(
  position: number,
  length: number,
  expected: readonly string[],
): Result<never, QueryError> {
  const wanted = expected.length === 1 ? expected[0] : `one of ${expected.join(', ')}`
  const message = `The query cannot be read at character ${position + 1}: expected ${wanted}.`
  return err({ code: 'QUERY_INVALID', position, length, expected, message })
}
