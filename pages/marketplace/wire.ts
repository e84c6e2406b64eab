/** Answers of the compute market as these pages read them. What the fields mean: `core/api/schemas/market.ts`. */
import { amount, moment } from '../explorer/wire.ts'
import {
  flag,
  integer,
  list,
  maybe,
  object,
  oneOf,
  refuse,
  type Shape,
  type ShapeOf,
  text,
} from '../shared/live/shape.ts'

const count = integer(0)

/** A measured figure, which need not be whole. */
const measure: Shape<number> = (value, at) =>
  typeof value === 'number' && Number.isFinite(value) ? value : refuse(at)

/** A page of a list of the market. */
export const page = <T>(item: Shape<T>) =>
  object({ items: list(item), next_cursor: maybe(text), as_of: moment })

const announced = maybe(object({ tx_hash: text, height: count }))

const offerModel = object({
  name: text,
  context_tokens: count,
  price_prompt: amount,
  price_completion: amount,
  tokens_per_second: maybe(measure),
  samples: count,
})
export type OfferModel = ShapeOf<typeof offerModel>

const reason = oneOf(
  'card_unsigned',
  'signature_invalid',
  'no_signed_receipt',
  'announced_elsewhere',
)
export type UnverifiedReason = ShapeOf<typeof reason>

const offerFields = {
  offer_id: text,
  miner_id: text,
  site: text,
  provider: maybe(text),
  status: oneOf('online', 'offline', 'withdrawn'),
  kind: oneOf('agent', 'legacy', 'listed', 'remote'),
  engine: text,
  models: list(offerModel),
  gpus: list(object({ name: text, memory_mib: measure, cuda: maybe(text) })),
  vram_gb: measure,
  region: maybe(text),
  price_per_gpu_second: maybe(amount),
  price_per_hour: maybe(amount),
  concurrency: count,
  free_places: maybe(count),
  uptime_7d: maybe(measure),
  reputation: maybe(object({ score: measure, receipts: count })),
  reviews: object({ count, average: maybe(measure) }),
  verified: flag,
  unverified_because: list(reason),
  updated_at: moment,
  announced,
}
export const offer = object(offerFields)
export type Offer = ShapeOf<typeof offer>

export const offerDetail = object({
  ...offerFields,
  card: maybe(object({ public_key: text, text, signature: text })),
  booked: list(object({ start: moment, end: moment, places: count })),
  next_free_at: maybe(moment),
})
export type OfferDetail = ShapeOf<typeof offerDetail>

export const offerPage = page(offer)
export type OfferPage = ShapeOf<typeof offerPage>

const facet = list(object({ value: text, count }))
export type Facet = ShapeOf<typeof facet>

export const facetsAnswer = object({
  facets: object({
    model: facet,
    gpu: facet,
    region: facet,
    engine: facet,
    status: facet,
    gpu_count: facet,
    cuda: facet,
    arch: facet,
  }),
  price: maybe(object({ min: amount, max: amount })),
  vram_gb: maybe(object({ min: measure, max: measure })),
  counted: count,
  complete: flag,
})
export type FacetsAnswer = ShapeOf<typeof facetsAnswer>

export const pricesAnswer = object({
  histogram: list(object({ from: amount, to: amount, count })),
  history: list(object({ start: moment, min: amount, median: amount, max: amount, offers: count })),
  as_of: moment,
})
export type PricesAnswer = ShapeOf<typeof pricesAnswer>

export const offerHistory = object({
  items: list(
    object({
      at: moment,
      model: maybe(text),
      price_prompt: maybe(amount),
      price_completion: maybe(amount),
      price_per_hour: maybe(amount),
    }),
  ),
})
export type PriceChange = ShapeOf<typeof offerHistory>['items'][number]

export const offerUptime = object({
  uptime_7d: maybe(measure),
  hours: list(object({ start: moment, seen: maybe(measure) })),
})
export type UptimeHour = ShapeOf<typeof offerUptime>['hours'][number]

export const review = object({
  review_id: text,
  receipt_id: text,
  rating: count,
  comment: text,
  reviewer: text,
  created_at: moment,
})
export const reviewPage = page(review)

export const statsAnswer = object({
  offers: count,
  online: count,
  verified: count,
  sites: count,
  models: count,
  free_places: count,
  open_bids: count,
  cheapest: maybe(amount),
})

const work = oneOf('tokens', 'hours')

const quote = object({
  quote_id: text,
  offer_id: text,
  miner_id: text,
  automatic: flag,
  price: amount,
  capacity: count,
  at: moment,
})
export type Quote = ShapeOf<typeof quote>

export const bid = object({
  bid_id: text,
  site: text,
  own: flag,
  query: text,
  kind: work,
  tokens: maybe(count),
  hours: maybe(count),
  places: maybe(count),
  price_max: amount,
  notes: maybe(text),
  status: oneOf('open', 'matched', 'partial', 'unmatched', 'canceled'),
  opened_at: moment,
  closes_at: moment,
  filled: count,
  quotes: list(quote),
  agreements: list(text),
  announced,
})
export type Bid = ShapeOf<typeof bid>
export const bidPage = page(bid)

export const agreement = object({
  agreement_id: text,
  bid_id: text,
  offer_id: text,
  miner_id: text,
  kind: work,
  capacity: count,
  hours: maybe(count),
  price: amount,
  state: oneOf('open', 'booked', 'fulfilled', 'lapsed', 'canceled'),
  booking_id: maybe(text),
  created_at: moment,
  expires_at: moment,
})
export type Agreement = ShapeOf<typeof agreement>
export const agreementPage = page(agreement)

export const bookingTerms = object({
  offer_id: text,
  places: count,
  hours: count,
  price_per_hour: amount,
  price_per_slot: amount,
  total: amount,
  slots: count,
  start: moment,
  end: moment,
  provider: text,
  coordinator: text,
  offer_hash: text,
})
export type BookingTerms = ShapeOf<typeof bookingTerms>

export const booking = object({
  booking_id: text,
  offer_id: text,
  miner_id: text,
  gpu: maybe(text),
  agreement_id: maybe(text),
  state: oneOf('pending', 'active', 'closing', 'ended', 'canceled', 'failed'),
  places: count,
  hours: count,
  price_per_hour: amount,
  price_per_slot: amount,
  total: amount,
  start: moment,
  end: moment,
  start_slot: count,
  end_slot: count,
  escrow: maybe(object({ booking: text, opened_by: text, closed_by: maybe(text) })),
  paid: maybe(amount),
  returned: maybe(amount),
  fault: maybe(text),
  created_at: moment,
})
export type Booking = ShapeOf<typeof booking>
export const bookingPage = page(booking)
