/**
 * Offers as rows to search and sort: one for the offer as a whole, and one for each name by which a model
 * of it goes, with the figures of those models. Rules: SPEC.md, ROW.
 */
import { gpuArchitecture } from './gpu-architecture.ts'
import { figuresOf, modelNamesOf, type Offer, type OfferFigures } from './offer.ts'

/** One row. Text is lower case; `''` and null: not known. Lists are lines between line breaks. */
export type OfferRow = {
  /** Name of the models that count; `''` for all of them. */
  readonly name: string
  readonly offerId: string
  readonly online: number
  readonly verified: number
  readonly status: string
  readonly kind: string
  readonly engine: string
  readonly region: string
  readonly site: string
  readonly miner: string
  readonly provider: string
  readonly models: string
  readonly gpus: string
  /** Architectures that names of GPUs tell. */
  readonly arch: string
  readonly cuda: string
  /** Everything that words search. */
  readonly text: string
  /** GB of the largest GPU. */
  readonly vram: number
  /** GPUs that are stated. */
  readonly gpuCount: number
  /** Base units for 1 000 tokens, for a place and hour, for a second of one GPU. */
  readonly price: number | null
  readonly pricePrompt: number | null
  readonly priceHour: number | null
  readonly gpuSecond: number | null
  /** Tokens a second. */
  readonly speed: number | null
  readonly performance: number | null
  /** 0 to 100. */
  readonly uptime: number | null
  readonly reputation: number | null
  readonly rating: number | null
  readonly reviews: number
  readonly context: number | null
  readonly places: number
  readonly free: number | null
  /** When it last changed: RFC 3339, which sorts as text. */
  readonly updated: string
}

/** What a list can be ordered by, the best first. */
export const offerSorts = [
  'price_performance',
  'price',
  'price_hour',
  'gpu_second',
  'speed',
  'reputation',
  'rating',
  'uptime',
  'vram',
  'newest',
] as const
export type OfferSort = (typeof offerSorts)[number]

/** Where a row stands in an order: smaller is better, and what is not known comes last. */
export type RowPlace = { readonly key: number; readonly offerId: string }

/** The rows of an offer, the whole one first. */
export function offerRows(offer: Offer): readonly OfferRow[] {
  const names = new Set(offer.models.flatMap((model) => modelNamesOf(model.name)))
  names.delete('')
  const shared = sharedOf(offer)
  return ['', ...names].map((name) => ({
    ...shared,
    ...namedFigures(figuresOf(offer, name === '' ? undefined : name)),
    name,
  }))
}

/** The key of a row in an order. */
export function sortKeyOf(row: OfferRow, sort: OfferSort): number {
  switch (sort) {
    case 'price':
      return row.price ?? unknownLast
    case 'price_hour':
      return row.priceHour ?? unknownLast
    case 'gpu_second':
      return row.gpuSecond ?? unknownLast
    case 'price_performance':
      return descending(row.performance)
    case 'speed':
      return descending(row.speed)
    case 'reputation':
      return descending(row.reputation)
    case 'rating':
      return descending(row.rating)
    case 'uptime':
      return descending(row.uptime)
    case 'vram':
      return descending(row.vram)
    case 'newest':
      return -daysAndMs(row.updated)
    default:
      return sort satisfies never
  }
}

/** Orders places: negative when `a` comes first. Equal keys go by id, so that an order is total. */
export function compareRowPlaces(a: RowPlace, b: RowPlace): number {
  if (a.key !== b.key) return a.key - b.key
  return a.offerId < b.offerId ? -1 : a.offerId > b.offerId ? 1 : 0
}

const unknownLast = 1e18
const descending = (value: number | null): number => (value === null ? unknownLast : -value)

/** A time as one number that grows with it: digits of the date and of the clock. */
const daysAndMs = (time: string): number => Number(time.replace(/\D/g, '').slice(0, 14))

function sharedOf(offer: Offer): Omit<OfferRow, keyof NamedFigures | 'name'> {
  const lines = (values: readonly string[]): string =>
    values.length === 0 ? '' : `\n${[...new Set(values.map(lower))].join('\n')}\n`
  const gpus = offer.gpus.map((gpu) => gpu.name)
  const models = offer.models.map((model) => model.name)
  const region = offer.region ?? ''
  return {
    offerId: offer.offer_id,
    online: offer.status === 'online' ? 1 : 0,
    verified: offer.verified ? 1 : 0,
    status: offer.status,
    kind: offer.kind,
    engine: lower(offer.engine),
    region: lower(region),
    site: lower(offer.site),
    miner: lower(offer.miner_id),
    provider: lower(offer.provider ?? ''),
    models: lines(models.flatMap(modelNamesOf)),
    gpus: lines(gpus),
    arch: lines(gpus.flatMap((name) => gpuArchitecture(name) ?? [])),
    cuda: lines(offer.gpus.flatMap((gpu) => gpu.cuda ?? [])),
    text: lower([offer.miner_id, offer.engine, region, offer.site, ...models, ...gpus].join('\n')),
    vram: offer.vram_gb,
    gpuCount: offer.gpus.length,
    uptime: offer.uptime_7d === null ? null : offer.uptime_7d * 100,
    reputation: offer.reputation?.score ?? null,
    rating: offer.reviews.average,
    reviews: offer.reviews.count,
    places: offer.concurrency,
    free: offer.free_places,
    updated: offer.updated_at,
  }
}

type NamedFigures = ReturnType<typeof namedFigures>

const namedFigures = (figures: OfferFigures) => ({
  price: figures.price,
  pricePrompt: figures.pricePrompt,
  priceHour: figures.priceHour,
  gpuSecond: figures.gpuSecond,
  speed: figures.speed,
  performance: figures.pricePerformance,
  context: figures.context,
})

const lower = (text: string): string => text.toLowerCase()
