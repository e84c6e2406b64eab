/** `client marketplace …`: offers, GPUs, bids, bookings and reviews, as tables or as JSON. */
import { createClient } from '../core/api/client.ts'
import { endpoints } from '../core/api/endpoints/table.ts'
import { formatCoins } from '../core/base/amount.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { type MarketOptions, marketActions } from './market-options.ts'
import { faultOf, takenOf } from './site-client.ts'
import { type Cell, coins, type Done, fields, tableText } from './table.ts'

const timeoutMs = 30_000

/** Does what the command line says and prints it; throws a `ClientFault` where it cannot. */
export async function runMarket(
  options: MarketOptions,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const call = clientOf(options, env, signal)
  const { value, shown } = await answerOf(call, options)
  const text = options.output === 'json' ? JSON.stringify(value) : tableText(shown)
  process.stdout.write(`${text}\n`)
}

type Call = ReturnType<typeof clientOf>

function clientOf(options: MarketOptions, env: NodeJS.ProcessEnv, signal: AbortSignal) {
  const apiKey = env['AITBC_API_KEY']
  if (!apiKey && marketActions[options.marketAction].key) {
    const message = 'AITBC_API_KEY is not set: this command calls with an API key'
    throw new ClientFault(exitCodes.auth, 'API_KEY_MISSING', message)
  }
  return createClient(endpoints, async ({ method, target, body }) => {
    const response = await fetch(new URL(target, options.api), {
      method,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      headers: {
        accept: 'application/json',
        ...(apiKey && { 'x-api-key': apiKey }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw faultOf(error, options.api, signal)
    })
    const requestId = response.headers.get('x-request-id') ?? undefined
    return {
      status: response.status,
      json: await response.json().catch(() => undefined),
      requestId,
    }
  })
}

async function answerOf(call: Call, options: MarketOptions): Promise<Done> {
  const { about, given, marketAction } = options
  const limit = String(given['limit'] ?? 25)
  const params = { id: about }
  switch (marketAction) {
    case 'offers list':
      return offers(takenOf(await call('listOffers', { query: { q: about, limit } })))
    case 'gpu list':
      return gpus(call, given, limit)
    case 'gpu details':
      return fields(takenOf(await call('getGpu', { params })))
    case 'gpu book': {
      const body = { duration_hours: Number(given['hours']) }
      return fields(takenOf(await call('bookGpu', { params, body })))
    }
    case 'gpu release':
      return fields(takenOf(await call('releaseGpu', { params })))
    case 'gpu register':
      return register(call, given)
    case 'withdraw': {
      const value = takenOf(await call('withdrawOffer', { params }))
      const { offer_id, miner_id, status, updated_at, booked } = value
      return {
        value,
        shown: fields({ offer_id, miner_id, status, updated_at, bookings: booked.length }).shown,
      }
    }
    case 'bid submit':
      return submitBid(call, about, given)
    case 'bid list':
      return bids(call, given, limit)
    case 'bid details':
      return bid(takenOf(await call('getBid', { params })))
    case 'orders':
      return orders(call, given, limit)
    case 'pricing':
      return fields(takenOf(await call('getPricing', { params: { model: about } })))
    case 'reviews': {
      const value = takenOf(await call('listGpuReviews', { params, query: { limit } }))
      const rows = value.reviews.map((each) => [each.rating, each.user, each.date, each.comment])
      return { value, shown: { head: ['RATING', 'BY', 'AT', 'COMMENT'], rows } }
    }
    case 'review': {
      const { rating, receipt, comment } = given
      const body = {
        rating: Number(rating),
        comment: String(comment ?? ''),
        receipt_id: String(receipt),
      }
      return fields(takenOf(await call('reviewGpu', { params, body })))
    }
    default:
      return marketAction satisfies never
  }
}

type OfferPage = {
  readonly items: readonly {
    readonly offer_id: string
    readonly miner_id: string
    readonly status: string
    readonly models: readonly {
      readonly name: string
      readonly price_completion: string
      readonly tokens_per_second: number | null
    }[]
    readonly gpus: readonly { readonly name: string }[]
    readonly vram_gb: number
    readonly region: string | null
    readonly price_per_hour: string | null
    readonly price_per_gpu_second: string | null
    readonly verified: boolean
  }[]
}

function offers(value: OfferPage): Done {
  const head = [
    'OFFER',
    'MINER',
    'STATUS',
    'GPU',
    'VRAM',
    'REGION',
    'MODEL',
    '/1000',
    'TOK/S',
    '/HOUR',
    '/GPU-S',
    'VERIFIED',
  ]
  const rows = value.items.map((offer) => {
    const [model] = [...offer.models].sort(
      (a, b) => Number(a.price_completion) - Number(b.price_completion),
    )
    const more = offer.models.length > 1 ? ` +${offer.models.length - 1}` : ''
    return [
      offer.offer_id,
      offer.miner_id,
      offer.status,
      offer.gpus[0]?.name ?? null,
      offer.vram_gb,
      offer.region,
      model ? `${model.name}${more}` : null,
      coins(model?.price_completion ?? null),
      model?.tokens_per_second ?? null,
      coins(offer.price_per_hour),
      coins(offer.price_per_gpu_second),
      offer.verified ? 'yes' : 'no',
    ]
  })
  return { value, shown: { head, rows } }
}

async function gpus(call: Call, given: MarketOptions['given'], limit: string): Promise<Done> {
  const { available, region, model, priceMax } = given
  const query = {
    limit,
    ...(available !== undefined && { available: 'true' as const }),
    ...(region !== undefined && { region: String(region) }),
    ...(model !== undefined && { model: String(model) }),
    ...(typeof priceMax === 'bigint' && { price_max: formatCoins(priceMax) }),
  }
  const value = takenOf(await call('listMarketplaceGpus', { query }))
  const rows = value.map((gpu) => [
    gpu.id,
    gpu.model,
    gpu.memory_gb,
    gpu.region,
    gpu.price_per_hour,
    gpu.status,
    gpu.miner_id,
  ])
  return {
    value,
    shown: { head: ['GPU', 'MODEL', 'GB', 'REGION', '/HOUR', 'STATUS', 'MINER'], rows },
  }
}

async function register(call: Call, given: MarketOptions['given']): Promise<Done> {
  const { name, memory, cuda, region, minerId, price } = given
  const gpu = {
    name: String(name),
    memory: Number(memory ?? 0),
    price_per_hour: Number(price) / 100_000_000,
    ...(cuda !== undefined && { cuda_version: String(cuda) }),
    ...(region !== undefined && { region: String(region) }),
    ...(minerId !== undefined && { miner_id: String(minerId) }),
  }
  return fields(takenOf(await call('registerGpu', { body: { gpu } })))
}

async function submitBid(call: Call, query: string, given: MarketOptions['given']): Promise<Done> {
  const { tokens, hours, places, priceMax, closes, comment } = given
  const common = {
    query,
    price_max: String(priceMax),
    closes_in_s: Number(closes ?? 3_600),
    ...(comment !== undefined && { notes: String(comment) }),
  }
  const body =
    tokens === undefined
      ? { kind: 'hours' as const, hours: Number(hours), places: Number(places ?? 1), ...common }
      : { kind: 'tokens' as const, tokens: Number(tokens), ...common }
  return bid(takenOf(await call('submitBid', { body })))
}

const bidStatuses = ['open', 'matched', 'partial', 'unmatched', 'canceled'] as const

async function bids(call: Call, given: MarketOptions['given'], limit: string): Promise<Done> {
  const status = wordOf(given['status'], bidStatuses)
  const value = takenOf(await call('listBids', { query: { limit, ...(status && { status }) } }))
  const rows = value.items.map((each) => [
    each.bid_id,
    each.status,
    each.site,
    each.tokens === null ? `${each.places} × ${each.hours} h` : `${each.tokens} tokens`,
    coins(each.price_max),
    each.filled,
    each.closes_at,
    each.query,
  ])
  const head = ['BID', 'STATUS', 'SITE', 'WANTED', 'AT MOST', 'FILLED', 'CLOSES', 'QUERY']
  return { value, shown: { head, rows } }
}

function bid(value: {
  readonly bid_id: string
  readonly status: string
  readonly filled: number
  readonly closes_at: string
  readonly quotes: readonly {
    readonly offer_id: string
    readonly miner_id: string
    readonly price: string
    readonly capacity: number
    readonly automatic: boolean
  }[]
}): Done {
  const rows: Cell[][] = [
    [value.bid_id, value.status, `filled ${value.filled}`, `closes ${value.closes_at}`],
    ...value.quotes.map((quote) => [
      quote.offer_id,
      quote.miner_id,
      `${coins(quote.price)} AITBC`,
      `${quote.capacity}${quote.automatic ? ' (list)' : ''}`,
    ]),
  ]
  return { value, shown: { head: ['BID, THEN QUOTES', 'BY', 'PRICE', 'CAPACITY'], rows } }
}

async function orders(call: Call, given: MarketOptions['given'], limit: string): Promise<Done> {
  const status = given['status']
  const query = { limit, ...(status !== undefined && { status: String(status) }) }
  const value = takenOf(await call('listOrders', { query }))
  const rows = value.map((each) => [
    each.order_id,
    each.gpu_id,
    each.gpu_model,
    each.duration_hours,
    each.total_cost,
    each.status,
    each.created_at,
  ])
  return {
    value,
    shown: { head: ['ORDER', 'GPU', 'MODEL', 'HOURS', 'AITBC', 'STATUS', 'AT'], rows },
  }
}

function wordOf<const Word extends string>(
  given: unknown,
  words: readonly Word[],
): Word | undefined {
  if (given === undefined) return undefined
  const found = words.find((word) => word === given)
  if (found !== undefined) return found
  throw new ClientFault(exitCodes.usage, 'USAGE', `--status is one of ${words.join(', ')}`)
}
