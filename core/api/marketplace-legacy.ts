/** The original's marketplace (backend contract 1.7 and 1.8): requests, answers, and views of our data. */
import * as z from 'zod'
import { coinsNumber } from '../base/amount.ts'
import { floor } from '../base/int.ts'
import { formatTime } from '../base/rfc3339.ts'
import { formatLegacyTime } from '../base/time.ts'
import { marketLimits as limits } from '../market/limits.ts'
import { plainText } from './market-requests.ts'
import type { ListedGpu } from './market-service.ts'
import { legacyTime, time, whole } from './schemas/common.ts'
import type { Bid, Booking } from './schemas/market.ts'

const name = plainText(128)
const count = (least: number, most: number, initial: number) =>
  z
    .string()
    .regex(/^[0-9]{1,6}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(least).max(most))
    .default(initial)
const amount = z.number().min(0).max(1_000_000)

/** A GPU as somebody registers it, in either of two spellings of its fields. */
const gpuFields = {
  miner_id: name.default(''),
  name: name.optional(),
  model: name.optional(),
  memory: z.number().min(0).max(100_000).optional(),
  memory_gb: z.number().min(0).max(100_000).optional(),
  cuda_version: z.union([name, z.number()]).default('Unknown'),
  region: plainText(64).default('unknown'),
  price_per_hour: amount.default(0),
  capabilities: z.array(name).max(64).default([]),
}
const gpuObject = z.object(gpuFields)

/** Body of `POST /marketplace/gpu/register`: nested, with either name of the memory, or flat. */
export const registerGpuBody = z.union([
  z.object({ gpu: gpuObject }),
  z.object({ ...gpuFields, gpu: z.never().optional() }),
])

/** Body of `POST /marketplace/offers`, which the original's programs call and it never served. */
export const legacyOfferBody = z.object({
  provider: name.min(1),
  capacity: z.int().min(1).max(limits.placesMax),
  price: amount,
  sla: name.optional(),
  gpu_model: name.optional(),
  gpu_memory_gb: z.number().min(0).max(100_000).optional(),
  cuda_version: name.optional(),
  region: plainText(64).optional(),
  price_per_hour: amount.optional(),
})

/** Body of `POST /marketplace/bids`. */
export const legacyBidBody = z.object({
  provider: name.min(1),
  capacity: z.int().min(1).max(1_000_000),
  price: z.number().positive().max(1_000_000),
  notes: plainText(1_024).nullish(),
})

/** Body of `POST /marketplace/gpu/{id}/book`. */
export const bookGpuBody = z.object({
  duration_hours: z.number().positive().max(limits.hoursMax),
  job_id: plainText(64).nullish(),
})

/** Body of `POST /marketplace/gpu/{id}/reviews`; `receipt_id` is what ours asks for beside. */
export const legacyReviewBody = z.object({
  rating: z.int().min(1).max(5),
  comment: plainText(limits.commentCharsMax).default(''),
  receipt_id: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional()
    .describe('Receipt of a job of yours that this miner did; without one nothing is taken'),
})

/** Statuses that a filter may name; another one is 400. */
export const legacyOfferStatuses = ['open', 'reserved', 'closed', 'booked'] as const
export const legacyBidStatuses = ['pending', 'accepted', 'rejected'] as const

const page = { limit: count(1, 500, 100), offset: count(0, 100_000, 0) }
/** Query of `GET /marketplace/offers`. */
export const legacyOffersQuery = z.object({ ...page, status: z.string().max(32).optional() })
/** Query of `GET /marketplace/bids`. */
export const legacyBidsQuery = z.object({
  ...page,
  status: z.string().max(32).optional(),
  provider: z.string().max(128).optional(),
})
/** Query of `GET /marketplace/gpu/list`. */
export const gpuListQuery = z.object({
  available: z.enum(['true', 'false', 'True', 'False', '1', '0']).optional(),
  price_max: z
    .string()
    .regex(/^[0-9]{1,9}(?:\.[0-9]{1,9})?$/)
    .transform(Number)
    .optional(),
  region: z.string().max(64).optional(),
  model: z.string().max(128).optional(),
  memory_min: z.string().max(16).optional().describe('Taken and not used, as in the original'),
  limit: count(1, 500, 100),
})
/** Query of `GET /marketplace/gpu/{id}/reviews`. */
export const legacyReviewsQuery = z.object({ limit: count(1, 100, 10) })
/** Query of `GET /marketplace/orders`. */
export const ordersQuery = z.object({
  status: z.string().max(32).optional(),
  limit: count(1, 500, 100),
})

const legacyOffer = z
  .strictObject({
    id: z.string(),
    provider: z.string(),
    capacity: whole,
    price: z.number(),
    sla: z.string(),
    status: z.enum(legacyOfferStatuses),
    created_at: legacyTime,
    gpu_model: z.string().nullable(),
    gpu_memory_gb: whole.nullable(),
    gpu_count: whole.nullable(),
    cuda_version: z.string().nullable(),
    price_per_hour: z.number().nullable(),
    region: z.string().nullable(),
    attributes: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: 'LegacyOffer' })
const legacyBid = z
  .strictObject({
    id: z.string(),
    provider: z.string(),
    capacity: whole,
    price: z.number(),
    notes: z.string().nullable(),
    status: z.enum(legacyBidStatuses),
    submitted_at: legacyTime,
  })
  .meta({ id: 'LegacyBid' })
const gpuShape = {
  id: z.string(),
  miner_id: z.string(),
  model: z.string(),
  memory_gb: whole,
  cuda_version: z.string(),
  region: z.string(),
  price_per_hour: z.number(),
  status: z.enum(['available', 'booked', 'offline']),
  capabilities: z.array(z.string()),
  created_at: time,
  average_rating: z.number(),
  total_reviews: whole,
}

/** Answers. */
export const legacySchemas = {
  offer: legacyOffer,
  offers: z.array(legacyOffer),
  bid: legacyBid,
  bids: z.array(legacyBid),
  created: z.strictObject({ id: z.string() }),
  stats: z.strictObject({
    totalOffers: whole,
    openCapacity: whole,
    averagePrice: z.number(),
    activeBids: whole,
  }),
  synced: z.strictObject({
    status: z.literal('ok'),
    created_offers: whole,
    offer_ids: z.array(z.string()),
  }),
  registered: z.strictObject({
    gpu_id: z.string(),
    status: z.literal('registered'),
    message: z.string(),
  }),
  gpus: z.array(z.strictObject(gpuShape)),
  gpu: z.strictObject({
    ...gpuShape,
    current_booking: z
      .strictObject({
        booking_id: z.string(),
        duration_hours: z.number(),
        total_cost: z.number(),
        start_time: time,
        end_time: time,
      })
      .optional(),
  }),
  booked: z.strictObject({
    booking_id: z.string(),
    gpu_id: z.string(),
    status: z.literal('booked'),
    total_cost: z.number(),
    start_time: time,
    end_time: time,
  }),
  released: z.strictObject({
    status: z.literal('released'),
    gpu_id: z.string(),
    refund: z.number(),
    message: z.string(),
  }),
  reviews: z.strictObject({
    gpu_id: z.string(),
    average_rating: z.number(),
    total_reviews: whole,
    reviews: z.array(
      z.strictObject({ rating: whole, comment: z.string(), user: z.string(), date: time }),
    ),
  }),
  reviewed: z.strictObject({
    status: z.literal('review_added'),
    gpu_id: z.string(),
    review_id: z.string(),
    average_rating: z.number(),
  }),
  orders: z.array(
    z.strictObject({
      order_id: z.string(),
      gpu_id: z.string(),
      gpu_model: z.string(),
      miner_id: z.string(),
      duration_hours: z.number(),
      total_cost: z.number(),
      status: z.enum(['active', 'completed', 'cancelled']),
      created_at: time,
      job_id: z.string().nullable(),
    }),
  ),
  pricing: z.strictObject({
    model: z.string(),
    min_price: z.number(),
    max_price: z.number(),
    average_price: z.number(),
    available_gpus: whole,
    total_gpus: whole,
    recommended_gpu: z.string(),
  }),
} as const

/** AITBC as the original's numbers; 0 where nothing is named. */
export const coinsOf = (units: string | null): number =>
  units === null ? 0 : coinsNumber(BigInt(units))

/** An offer as the original's. */
export function legacyOfferView({ offer, isBooked, createdAtMs, booking }: ListedGpu) {
  const [gpu] = offer.gpus
  const status =
    offer.status !== 'online' ? 'closed' : isBooked ? 'booked' : booking ? 'reserved' : 'open'
  const price = offer.price_per_hour ?? offer.models[0]?.price_completion ?? null
  return {
    id: offer.offer_id,
    provider: offer.miner_id,
    capacity: offer.concurrency,
    price: coinsOf(price),
    sla: 'standard',
    status,
    created_at: formatLegacyTime(createdAtMs),
    gpu_model: gpu?.name ?? null,
    gpu_memory_gb: gpu ? floor(gpu.memory_mib / 1_024 + 0.5) : null,
    gpu_count: offer.gpus.length,
    cuda_version: gpu?.cuda ?? null,
    price_per_hour: offer.price_per_hour === null ? null : coinsOf(offer.price_per_hour),
    region: offer.region,
    attributes: { supported_models: offer.models.map((model) => model.name) },
  } as const
}

/** A bid as the original's: a price, a capacity, and three words for where it stands. */
export function legacyBidView(bid: Bid) {
  const status =
    bid.status === 'open'
      ? 'pending'
      : bid.status === 'matched' || bid.status === 'partial'
        ? 'accepted'
        : 'rejected'
  return {
    id: bid.bid_id,
    provider: bid.stated_provider ?? bid.bidder,
    capacity: bid.places ?? bid.tokens ?? 0,
    price: coinsOf(bid.price_max),
    notes: bid.notes,
    status,
    submitted_at: `${bid.opened_at.slice(0, 23)}000`,
  } as const
}

/** An offer as the original's GPU. */
export function gpuView({ offer, gpuId, capabilities, createdAtMs, isBooked }: ListedGpu) {
  const [gpu] = offer.gpus
  return {
    id: gpuId,
    miner_id: offer.miner_id,
    model: gpu?.name ?? 'Unknown GPU',
    memory_gb: floor(offer.vram_gb + 0.5),
    cuda_version: gpu?.cuda ?? 'Unknown',
    region: offer.region ?? 'unknown',
    price_per_hour: coinsOf(offer.price_per_hour),
    status: offer.status !== 'online' ? 'offline' : isBooked ? 'booked' : 'available',
    capabilities:
      capabilities.length > 0 ? [...capabilities] : offer.models.map((model) => model.name),
    created_at: formatTime(createdAtMs),
    average_rating: offer.reviews.average ?? 0,
    total_reviews: offer.reviews.count,
  } as const
}

/** Id of a booking in the original's spelling. */
export const legacyBookingId = (booking: Booking): string => `bk_${booking.booking_id.slice(0, 10)}`

/** A booking as the original's order. */
export function orderView(booking: Booking) {
  const status =
    booking.state === 'ended' ? 'completed' : booking.state === 'canceled' ? 'cancelled' : 'active'
  return {
    order_id: legacyBookingId(booking),
    gpu_id: `gpu_${booking.offer_id.slice(0, 8)}`,
    gpu_model: booking.gpu ?? 'Unknown GPU',
    miner_id: booking.miner_id,
    duration_hours: booking.hours,
    total_cost: coinsOf(booking.total),
    status,
    created_at: booking.created_at,
    job_id: booking.job_id,
  } as const
}
