/** Answers of the compute market, as schemas. What an offer's fields mean stands in core/market/offer.ts. */
import * as z from 'zod'
import type { Offer } from '../../market/offer.ts'
import { hash, publicKey, signature, time, units, whole } from './common.ts'

/** A list of the market: opaque cursor, when it was read, and from where. */
export const marketPageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({
    items: z.array(item),
    next_cursor: z.string().nullable(),
    as_of: time,
    source: z.enum(['read_model', 'market']),
  })

/** An id of the market: 32 hex digits. */
const marketId = z.string().regex(/^[0-9a-f]{32}$/)

const offerModelSchema = z.strictObject({
  name: z.string(),
  context_tokens: whole.describe('0: not stated'),
  price_prompt: units,
  price_completion: units,
  tokens_per_second: z.number().min(0).nullable().describe('Measured by the site over jobs'),
  samples: whole.describe('Jobs behind that figure'),
})

const offerGpuSchema = z.strictObject({
  name: z.string(),
  memory_mib: z.number().min(0),
  cuda: z.string().nullable(),
})

const offerFields = {
  offer_id: marketId,
  miner_id: z.string(),
  site: z.string().describe('Host of the site where it can be bought'),
  provider: z.string().nullable().describe('Address that is paid'),
  status: z.enum(['online', 'offline', 'withdrawn']),
  kind: z.enum(['agent', 'legacy', 'listed', 'remote']),
  engine: z.string(),
  models: z.array(offerModelSchema).describe('Prices in base units for 1 000 tokens'),
  gpus: z.array(offerGpuSchema),
  vram_gb: z.number().min(0).describe('Of the largest GPU'),
  region: z.string().nullable(),
  price_per_gpu_second: units
    .nullable()
    .describe('For a second of one GPU with all its places: what booking all of it comes to'),
  price_per_hour: units.nullable().describe('For one place; null: it cannot be booked'),
  concurrency: whole.describe('Places; 0: no bound'),
  free_places: whole.nullable(),
  uptime_7d: z.number().min(0).max(1).nullable(),
  reputation: z.strictObject({ score: z.number(), receipts: whole }).nullable(),
  reviews: z.strictObject({ count: whole, average: z.number().nullable() }),
  verified: z
    .boolean()
    .describe('The card’s signature holds, and a receipt that the miner signed backs its figures'),
  unverified_because: z.array(
    z.enum(['card_unsigned', 'signature_invalid', 'no_signed_receipt', 'announced_elsewhere']),
  ),
  updated_at: time,
  announced: z.strictObject({ tx_hash: hash, height: whole }).nullable(),
}

/** One offer of a list. */
export const offerSchema = z
  .strictObject(offerFields)
  .meta({ id: 'Offer', description: 'What a miner has for sale' }) satisfies z.ZodType<Offer>

/** `GET /market/offers/{id}`. */
export const offerDetailSchema = z
  .strictObject({
    ...offerFields,
    card: z
      .strictObject({
        version: whole,
        site: z.string(),
        nonce: hash,
        miner_id: z.string(),
        public_key: publicKey,
        text: z.string(),
        signature,
      })
      .nullable()
      .describe('What the miner signed when it introduced itself: anybody can check it'),
    booked: z.array(z.strictObject({ start: time, end: time, places: whole })),
    next_free_at: time.nullable(),
  })
  .meta({ id: 'OfferDetail' })

/** `GET /market/offers`. */
export const offerPageSchema = marketPageOf(offerSchema)

const facetSchema = z.array(z.strictObject({ value: z.string(), count: whole }))

/** `GET /market/facets`. */
export const facetsSchema = z
  .strictObject({
    facets: z.strictObject({
      model: facetSchema,
      gpu: facetSchema,
      region: facetSchema,
      engine: facetSchema,
      status: facetSchema,
      gpu_count: facetSchema,
      cuda: facetSchema,
      arch: facetSchema.describe('Architecture, by the name of the GPU'),
    }),
    price: z
      .strictObject({ min: units, max: units })
      .nullable()
      .describe('Completion, base units for 1 000 tokens'),
    vram_gb: z.strictObject({ min: z.number(), max: z.number() }).nullable(),
    counted: whole.describe('Offers that were looked at'),
    complete: z.boolean().describe('Whether those were all that match'),
    as_of: time,
    source: z.literal('read_model'),
  })
  .meta({ id: 'MarketFacets' })

/** `GET /market/prices`. */
export const pricesSchema = z
  .strictObject({
    model: z.string().nullable(),
    unit: z.literal('base_units_per_1000_completion_tokens'),
    histogram: z.array(z.strictObject({ from: units, to: units, count: whole })),
    history: z.array(
      z.strictObject({
        start: time,
        min: units,
        median: units,
        max: units,
        offers: whole,
      }),
    ),
    as_of: time,
    source: z.literal('read_model'),
  })
  .meta({ id: 'MarketPrices', description: 'Prices now, and by day of UTC' })

/** `GET /market/offers/{id}/history`. */
export const offerHistorySchema = z
  .strictObject({
    offer_id: marketId,
    items: z.array(
      z.strictObject({
        at: time,
        model: z.string().nullable().describe('Null: the price of an hour'),
        price_prompt: units.nullable(),
        price_completion: units.nullable(),
        price_per_hour: units.nullable(),
      }),
    ),
    as_of: time,
    source: z.literal('market'),
  })
  .meta({ id: 'OfferHistory', description: 'Changes of price, newest first' })

/** `GET /market/offers/{id}/uptime`. */
export const offerUptimeSchema = z
  .strictObject({
    offer_id: marketId,
    uptime_7d: z.number().nullable(),
    hours: z
      .array(z.strictObject({ start: time, seen: z.number().min(0).max(1).nullable() }))
      .describe('Seven days of hours, oldest first; null: not watched'),
    as_of: time,
    source: z.literal('market'),
  })
  .meta({ id: 'OfferUptime' })

/** One review. */
export const reviewSchema = z
  .strictObject({
    review_id: marketId,
    offer_id: marketId,
    receipt_id: marketId,
    rating: z.int().min(1).max(5),
    comment: z.string(),
    reviewer: z.string().describe('Public id of whoever holds the receipt'),
    created_at: time,
  })
  .meta({ id: 'Review' })

/** `GET /market/offers/{id}/reviews`. */
export const reviewPageSchema = marketPageOf(reviewSchema)

/** `GET /market/stats`. */
export const marketStatsSchema = z
  .strictObject({
    offers: whole,
    online: whole,
    verified: whole,
    sites: whole,
    models: whole,
    places: whole,
    free_places: whole,
    open_bids: whole,
    agreements: whole,
    active_bookings: whole,
    reviews: whole,
    cheapest: units.nullable(),
    unit: z.literal('base_units_per_1000_completion_tokens'),
    as_of: time,
    source: z.enum(['read_model', 'market']),
  })
  .meta({ id: 'MarketStats' })

/** A quote: what one offer would take part of a bid for. */
export const quoteSchema = z
  .strictObject({
    quote_id: marketId,
    offer_id: marketId,
    miner_id: z.string(),
    automatic: z.boolean().describe('The listed price, taken without being asked'),
    price: units,
    capacity: whole.describe('Tokens, or places'),
    at: time,
  })
  .meta({ id: 'Quote' })

/** One bid. */
export const bidSchema = z
  .strictObject({
    bid_id: marketId,
    site: z.string(),
    bidder: z.string(),
    stated_provider: z.string().nullable().describe('What a program of the original called itself'),
    own: z.boolean(),
    query: z.string().describe('What offers must meet, in the query language'),
    kind: z.enum(['tokens', 'hours']),
    tokens: whole.nullable(),
    hours: whole.nullable(),
    places: whole.nullable(),
    price_max: units.describe('For 1 000 completion tokens, or for a place and hour'),
    unit: z.enum(['base_units_per_1000_completion_tokens', 'base_units_per_place_hour']),
    notes: z.string().nullable(),
    status: z.enum(['open', 'matched', 'partial', 'unmatched', 'canceled']),
    opened_at: time,
    closes_at: time,
    filled: whole.describe('Tokens or places under agreements'),
    quotes: z.array(quoteSchema).describe('Cheapest first'),
    agreements: z.array(marketId),
    announced: z.strictObject({ tx_hash: hash, height: whole }).nullable(),
  })
  .meta({ id: 'Bid', description: 'What somebody wants, and at most for how much' })

/** `GET /market/bids`. */
export const bidPageSchema = marketPageOf(bidSchema)

/** One agreement. */
export const agreementSchema = z
  .strictObject({
    agreement_id: marketId,
    bid_id: marketId,
    offer_id: marketId,
    miner_id: z.string(),
    buyer: z.string(),
    kind: z.enum(['tokens', 'hours']),
    capacity: whole.describe('Tokens, or places'),
    hours: whole.nullable(),
    price: units,
    unit: z.enum(['base_units_per_1000_completion_tokens', 'base_units_per_place_hour']),
    models: z.array(z.string()).describe('Models that an agreement on tokens is for'),
    used: whole.nullable().describe('Answer tokens of paid results so far; null for hours'),
    state: z.enum(['open', 'booked', 'fulfilled', 'lapsed', 'canceled']),
    booking_id: marketId.nullable(),
    created_at: time,
    expires_at: time,
  })
  .meta({ id: 'Agreement' })

/** `GET /market/agreements`. */
export const agreementPageSchema = marketPageOf(agreementSchema)

/** What a booking comes to, and what a wallet has to sign for it. */
export const bookingTermsSchema = z
  .strictObject({
    offer_id: marketId,
    places: whole,
    hours: whole,
    price_per_hour: units,
    price_per_slot: units,
    total: units,
    slots: whole.describe('Of two seconds; `start` of the transaction is 0: from its block on'),
    start: time.describe('About'),
    end: time.describe('About'),
    provider: z.string().describe('Address that is paid'),
    coordinator: publicKey,
    offer_hash: hash,
    unit: z.literal('base_units'),
  })
  .meta({
    id: 'BookingTerms',
    description: 'Sign a booking_open transaction of exactly these values',
  })

/** One booking. */
export const bookingSchema = z
  .strictObject({
    booking_id: marketId,
    offer_id: marketId,
    miner_id: z.string(),
    gpu: z.string().nullable(),
    agreement_id: marketId.nullable(),
    job_id: z.string().nullable(),
    buyer: z.string(),
    state: z.enum(['pending', 'active', 'closing', 'ended', 'canceled', 'failed']),
    places: whole,
    hours: z.number().min(0),
    price_per_hour: units,
    price_per_slot: units,
    total: units.describe('Held when it began'),
    start: time,
    end: time,
    start_slot: whole,
    end_slot: whole,
    escrow: z
      .strictObject({
        booking: hash.describe('The booking’s id on the chain'),
        opened_by: hash,
        closed_by: hash.nullable(),
      })
      .nullable()
      .describe('Null where the price is 0'),
    paid: units.nullable().describe('To the provider, once it is over'),
    returned: units.nullable().describe('To the buyer, once it is over'),
    fault: z.string().nullable(),
    created_at: time,
    unit: z.literal('base_units'),
  })
  .meta({ id: 'Booking', description: 'A miner’s places, held for some hours' })

/** `GET /market/bookings`. */
export const bookingPageSchema = marketPageOf(bookingSchema)

/** Answers as types. */
export type OfferDetail = z.infer<typeof offerDetailSchema>
export type OfferPage = z.infer<typeof offerPageSchema>
export type MarketFacets = z.infer<typeof facetsSchema>
export type MarketPrices = z.infer<typeof pricesSchema>
export type OfferHistory = z.infer<typeof offerHistorySchema>
export type OfferUptime = z.infer<typeof offerUptimeSchema>
export type Review = z.infer<typeof reviewSchema>
export type MarketStats = z.infer<typeof marketStatsSchema>
export type Quote = z.infer<typeof quoteSchema>
export type Bid = z.infer<typeof bidSchema>
export type Agreement = z.infer<typeof agreementSchema>
export type BookingTerms = z.infer<typeof bookingTermsSchema>
export type Booking = z.infer<typeof bookingSchema>
