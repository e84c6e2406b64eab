/** Bodies and queries of the compute market's routes. Bounds are those of core/market/limits.ts. */
import * as z from 'zod'
import { marketLimits as limits } from '../market/limits.ts'
import { hexBytes, units } from './schemas/common.ts'

/** Text for people: bounded, on lines, and without what could hide or turn it. */
export const plainText = (charsMax: number) =>
  z
    .string()
    .max(charsMax)
    .refine(
      (text) => !/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u.test(text.replace(/[\n\t]/g, ' ')),
      {
        message: 'must hold no control or direction characters',
      },
    )

const marketId = z.string().regex(/^[0-9a-f]{32}$/)
const wholeText = (least: number, most: number) =>
  z
    .string()
    .regex(/^[0-9]{1,6}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(least).max(most))
const limit = wholeText(1, limits.pageMax).default(limits.pageDefault)
const cursor = z.string().max(limits.cursorCharsMax).optional().describe('next_cursor of an answer')
const query = z
  .string()
  .max(limits.queryCharsMax)
  .default('')
  .describe('In the query language: model=llama3 vram>=24 price<=0.02 region=eu sort=price')

/** Query of `GET /market/offers`. */
export const offersQuery = z.strictObject({ q: query, cursor, limit })
/** Query of `GET /market/facets`. */
export const facetsQuery = z.strictObject({ q: query })
/** Query of `GET /market/prices`. */
export const pricesQuery = z.strictObject({
  model: plainText(128).optional(),
  days: wholeText(1, limits.priceDaysMax).default(30),
})
/** Query of lists of the market. */
export const marketPageQuery = z.strictObject({ cursor, limit })
/** Query of `GET /market/bids`. */
export const bidsQuery = z.strictObject({
  cursor,
  limit,
  status: z.enum(['open', 'matched', 'partial', 'unmatched', 'canceled']).optional(),
  mine: z.enum(['true', 'false']).optional().describe('true: your own alone'),
})
/** Query of `GET /market/bookings`. */
export const bookingsQuery = z.strictObject({
  cursor,
  limit,
  role: z.enum(['buyer', 'provider']).default('buyer'),
})

/** Body of `POST /market/bids`. */
export const bidBody = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('tokens'),
    query: z.string().max(limits.queryCharsMax),
    tokens: z.int().min(1).max(limits.tokensMax),
    price_max: units.describe('Base units for 1 000 completion tokens'),
    closes_in_s: z.int().min(limits.auctionSecondsMin).max(limits.auctionSecondsMax),
    notes: plainText(limits.notesCharsMax).optional(),
  }),
  z.strictObject({
    kind: z.literal('hours'),
    query: z.string().max(limits.queryCharsMax),
    hours: z.int().min(1).max(limits.hoursMax),
    places: z.int().min(1).max(limits.placesMax).default(1),
    price_max: units.describe('Base units for a place and an hour'),
    closes_in_s: z.int().min(limits.auctionSecondsMin).max(limits.auctionSecondsMax),
    notes: plainText(limits.notesCharsMax).optional(),
  }),
])
export type BidBody = z.infer<typeof bidBody> & {
  /** What a program of the original called itself. */
  readonly statedProvider?: string
}

/** Body of `POST /market/bids/{id}/quotes`. */
export const quoteBody = z.strictObject({
  offer_id: marketId,
  price: units,
  capacity: z.int().min(1).max(limits.tokensMax).describe('Tokens, or places'),
})
export type QuoteBody = z.infer<typeof quoteBody>

/** Body of `POST /market/bookings/terms`. */
export const bookingTermsBody = z.strictObject({
  offer_id: marketId,
  hours: z.int().min(1).max(limits.hoursMax),
  places: z.int().min(1).max(limits.placesMax).default(1),
  agreement_id: marketId.optional().describe('At the price that was agreed'),
})

/** Body of `POST /market/bookings`. */
export const bookingBody = z.strictObject({
  ...bookingTermsBody.shape,
  transaction: hexBytes
    .max(8_192)
    .optional()
    .describe('The booking_open that your wallet signed; with an API key the site signs'),
  job_id: plainText(64).optional(),
})
export type BookingBody = z.infer<typeof bookingBody>

/** Body of `POST /market/bookings/{id}/cancel`. */
export const cancelBookingBody = z.strictObject({
  transaction: hexBytes
    .max(8_192)
    .optional()
    .describe('The booking_close that your wallet signed; with an API key the site signs'),
})

/** Body of `POST /market/offers/{id}/reviews`. */
export const reviewBody = z.strictObject({
  receipt_id: z.string().regex(/^[0-9a-f]{32}$/),
  rating: z.int().min(1).max(5),
  comment: plainText(limits.commentCharsMax).default(''),
})
export type ReviewBody = z.infer<typeof reviewBody>
