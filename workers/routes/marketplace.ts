/**
 * The original's marketplace on the market's own data: bare arrays, numbers of AITBC, its words. Whoever
 * changes something has to say who he is, which the original did not ask. Rules: market-SPEC.md, MARKETHTTP.
 */

import { Hono } from 'hono'
import type { ListedGpu } from '../../core/api/market-service.ts'
import {
  coinsOf,
  gpuView,
  legacyBidStatuses,
  legacyBidView,
  legacyBookingId,
  legacyOfferStatuses,
  legacyOfferView,
  orderView,
} from '../../core/api/marketplace-legacy.ts'
import type { Bid } from '../../core/api/schemas/market.ts'
import type { Principal } from '../../core/auth/principal.ts'
import { unitsOfCoins } from '../../core/base/amount.ts'
import { requireAdmin } from '../auth.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { requireCaller } from '../market-principal.ts'
import { tellHost } from './market.ts'
import { type Asked, mount } from './mount.ts'
import { orThrow } from './request.ts'

/** Offers that one answer looks through: the original had no more either. */
const lookedAtMax = 1_000

export const marketplaceRoutes = mount(new Hono<AppEnv>(), {
  listMarketplaceOffers: offers,
  addMarketplaceOffer: addOffer,
  getMarketplaceOffer: offer,
  getMarketplaceStats: stats,
  submitMarketplaceBid: addBid,
  listMarketplaceBids: bids,
  getMarketplaceBid: async (c) =>
    c.json(legacyBidView(orThrow(await c.get('market').bid(undefined, idOf(c))))),
  syncMarketplaceOffers: syncOffers,
  listMinerOffers: minerOffers,
  registerGpu: registerGpu,
  listMarketplaceGpus: gpus,
  getGpu: gpu,
  bookGpu: book,
  releaseGpu: release,
  listGpuReviews: reviews,
  reviewGpu: review,
  listOrders: orders,
  getPricing: pricing,
})

const idOf = (c: AppContext): string => (c.req.param('id') ?? '').slice(0, 64)

const listed = (c: AppContext, limit = lookedAtMax): Promise<readonly ListedGpu[]> =>
  c.get('market').gpus({ limit })

async function offers(c: AppContext, asked: Asked<'listMarketplaceOffers'>): Promise<Response> {
  const { status, limit, offset } = asked.query(c)
  const wanted = filterOf(status, legacyOfferStatuses, 'invalid status filter')
  const found = (await listed(c)).map(legacyOfferView)
  const fitting = found.filter((each) => wanted === undefined || each.status === wanted)
  return c.json(fitting.slice(offset, offset + limit))
}

async function offer(c: AppContext): Promise<Response> {
  const id = idOf(c)
  const detail = orThrow(await c.get('market').offer(id))
  const known = orThrow(await c.get('market').gpu(`gpu_${detail.offer_id.slice(0, 8)}`))
  return c.json(legacyOfferView(known))
}

async function addOffer(c: AppContext, asked: Asked<'addMarketplaceOffer'>): Promise<Response> {
  const who = await requireCaller(c)
  const body = await asked.body(c)
  await tellHost(c)
  const added = await c.get('market').list(who, {
    minerId: body.provider,
    gpu: body.gpu_model ?? 'Unknown GPU',
    memoryGb: body.gpu_memory_gb ?? 0,
    cuda: body.cuda_version ?? '',
    region: body.region ?? '',
    pricePerHour: unitsOfCoins(body.price_per_hour ?? body.price),
    capabilities: [],
    places: body.capacity,
  })
  return c.json(legacyOfferView(orThrow(added)), 201)
}

async function stats(c: AppContext): Promise<Response> {
  const [all, figures] = await Promise.all([listed(c), c.get('market').figures()])
  const open = all.map(legacyOfferView).filter((each) => each.status === 'open')
  const mean = open.reduce((sum, each) => sum + each.price, 0) / (open.length || 1)
  return c.json({
    totalOffers: all.length,
    openCapacity: open.reduce((sum, each) => sum + each.capacity, 0),
    averagePrice: Math.round(mean * 10_000) / 10_000,
    activeBids: figures.openBids,
  })
}

/** A bid of the original: so many places for an hour, at most at this price. It is open for an hour. */
async function addBid(c: AppContext, asked: Asked<'submitMarketplaceBid'>): Promise<Response> {
  const who = await requireCaller(c)
  const body = await asked.body(c)
  await tellHost(c)
  const bid = await c.get('market').submitBid(who, {
    kind: 'hours',
    query: 'online=true',
    hours: 1,
    places: body.capacity,
    price_max: String(unitsOfCoins(body.price)),
    closes_in_s: 3_600,
    statedProvider: body.provider,
    ...(body.notes ? { notes: body.notes } : {}),
  })
  return c.json({ id: orThrow(bid).bid_id }, 202)
}

async function bids(c: AppContext, asked: Asked<'listMarketplaceBids'>): Promise<Response> {
  const { status, provider, limit, offset } = asked.query(c)
  const wanted = filterOf(status, legacyBidStatuses, 'invalid filter')
  const found: Bid[] = []
  let cursor: string | undefined
  do {
    const wantedPage = { cursor, limit: 500, status: undefined, mine: false }
    const page = orThrow(await c.get('market').bids(undefined, wantedPage))
    found.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor !== undefined && found.length < lookedAtMax)
  const fitting = found
    .map(legacyBidView)
    .filter((bid) => wanted === undefined || bid.status === wanted)
    .filter((bid) => provider === undefined || bid.provider === provider)
  return c.json(fitting.slice(offset, offset + limit))
}

/** Offers follow the miners by themselves; this looks at once, and says which were new. */
async function syncOffers(c: AppContext): Promise<Response> {
  const { actor } = await requireAdmin(c)
  // It is an act like any other: written down, and all that is due is done with it.
  orThrow(await c.get('coordinator').admin('execute', { actor, reason: '' }, 'wake', undefined))
  const before = new Set((await listed(c)).map(({ offer: each }) => each.offer_id))
  await c.get('market').refresh()
  const ids = (await listed(c)).map(({ offer: each }) => each.offer_id)
  const created = ids.filter((id) => !before.has(id))
  return c.json({ status: 'ok', created_offers: created.length, offer_ids: created })
}

async function minerOffers(c: AppContext): Promise<Response> {
  const found = (await listed(c)).filter(({ offer: each }) => each.kind !== 'listed')
  return c.json(found.map(legacyOfferView))
}

async function registerGpu(c: AppContext, asked: Asked<'registerGpu'>): Promise<Response> {
  const who = await requireCaller(c)
  const body = await asked.body(c)
  await tellHost(c)
  const stated = body.gpu ?? body
  const name = stated.name ?? stated.model ?? 'Unknown GPU'
  const added = orThrow(
    await c.get('market').list(who, {
      minerId: stated.miner_id || who.publicId,
      gpu: name,
      memoryGb: stated.memory ?? stated.memory_gb ?? 0,
      cuda: String(stated.cuda_version),
      region: stated.region,
      pricePerHour: unitsOfCoins(stated.price_per_hour),
      capabilities: stated.capabilities,
      places: 1,
    }),
  )
  // Its tests ask for 200, its command line for 201 with the memory under another name.
  const isFromCli = body.gpu !== undefined && stated.memory_gb !== undefined
  const message = `GPU ${name} registered successfully`
  return c.json({ gpu_id: added.gpuId, status: 'registered', message }, isFromCli ? 201 : 200)
}

async function gpus(c: AppContext, asked: Asked<'listMarketplaceGpus'>): Promise<Response> {
  const wanted = asked.query(c)
  const isAvailable =
    wanted.available === undefined ? undefined : ['true', 'True', '1'].includes(wanted.available)
  const region = wanted.region?.toLowerCase()
  const model = wanted.model?.toLowerCase()
  const found = (await listed(c))
    .map(gpuView)
    .filter(
      (each) =>
        (isAvailable === undefined || each.status === (isAvailable ? 'available' : 'booked')) &&
        (wanted.price_max === undefined || each.price_per_hour <= wanted.price_max) &&
        (region === undefined || each.region.toLowerCase() === region) &&
        (model === undefined || each.model.toLowerCase().includes(model)),
    )
  return c.json(found.slice(0, wanted.limit))
}

async function gpu(c: AppContext): Promise<Response> {
  const found = orThrow(await c.get('market').gpu(idOf(c)))
  const { booking } = found
  const isBooked = found.isBooked && booking
  return c.json({
    ...gpuView(found),
    ...(isBooked && {
      current_booking: {
        booking_id: legacyBookingId(booking),
        duration_hours: booking.hours,
        total_cost: coinsOf(booking.total),
        start_time: booking.start,
        end_time: booking.end,
      },
    }),
  })
}

async function book(c: AppContext, asked: Asked<'bookGpu'>): Promise<Response> {
  const who = await requireCaller(c)
  const { duration_hours: hours, job_id: jobId } = await asked.body(c)
  const gpuId = idOf(c)
  const booked = await c.get('market').bookGpu(who, gpuId, { hours, jobId: jobId ?? undefined })
  if (!booked.ok && (booked.error.code === 'OFFER_FULL' || isNotThere(booked.error.code))) {
    throw new ApiFailure({ ...booked.error, message: `GPU ${gpuId} is not available` })
  }
  const booking = orThrow(booked)
  const answer = {
    booking_id: legacyBookingId(booking),
    gpu_id: gpuId,
    status: 'booked',
    total_cost: coinsOf(booking.total),
    start_time: booking.start,
    end_time: booking.end,
  }
  return c.json(answer, 201)
}

const isNotThere = (code: string): boolean => code === 'OFFER_NOT_BOOKABLE'

/** Ends a booking. What comes back is counted by the slot, and not half as in the original. */
async function release(c: AppContext): Promise<Response> {
  const who: Principal = await requireCaller(c)
  const gpuId = idOf(c)
  const booking = orThrow(await c.get('market').releaseGpu(who, gpuId))
  const leftMs = Math.max(0, Date.parse(booking.end) - c.get('now'))
  const wholeMs = Date.parse(booking.end) - Date.parse(booking.start)
  const refund =
    booking.returned === null
      ? coinsOf(booking.total) * Math.min(1, leftMs / (wholeMs || 1))
      : coinsOf(booking.returned)
  return c.json({
    status: 'released',
    gpu_id: gpuId,
    refund: Math.round(refund * 1e8) / 1e8,
    message: `GPU ${gpuId} released successfully`,
  })
}

async function reviews(c: AppContext, asked: Asked<'listGpuReviews'>): Promise<Response> {
  const { limit } = asked.query(c)
  const found = orThrow(await c.get('market').gpu(idOf(c)))
  const page = { cursor: undefined, limit }
  const { items } = orThrow(await c.get('market').reviews(found.offer.offer_id, page))
  return c.json({
    gpu_id: found.gpuId,
    average_rating: found.offer.reviews.average ?? 0,
    total_reviews: found.offer.reviews.count,
    reviews: items.map((each) => ({
      rating: each.rating,
      comment: each.comment,
      user: each.reviewer,
      date: each.created_at,
    })),
  })
}

async function review(c: AppContext, asked: Asked<'reviewGpu'>): Promise<Response> {
  const who = await requireCaller(c)
  const body = await asked.body(c)
  const { offer: of, gpuId } = orThrow(await c.get('market').gpu(idOf(c)))
  if (body.receipt_id === undefined) throw new ApiFailure({ code: 'REVIEW_NOT_EARNED' })
  const added = orThrow(
    await c.get('market').review(who, of.offer_id, { ...body, receipt_id: body.receipt_id }),
  )
  const after = orThrow(await c.get('market').gpu(gpuId))
  const answer = {
    status: 'review_added',
    gpu_id: gpuId,
    review_id: `rv_${added.review_id.slice(0, 10)}`,
    average_rating: after.offer.reviews.average ?? 0,
  }
  return c.json(answer, 201)
}

async function orders(c: AppContext, asked: Asked<'listOrders'>): Promise<Response> {
  const { status, limit } = asked.query(c)
  const states = ['active', 'completed', 'cancelled'] as const
  const wanted = filterOf(status, states, 'invalid status filter')
  return c.json((await c.get('market').orders({ status: wanted, limit })).map(orderView))
}

async function pricing(c: AppContext): Promise<Response> {
  const model = (c.req.param('model') ?? '').slice(0, 128)
  const name = model.toLowerCase()
  const found = (await listed(c))
    .map(gpuView)
    .filter((each) => each.capabilities.some((text) => text.toLowerCase().includes(name)))
  const sorted = [...found].sort((a, b) => a.price_per_hour - b.price_per_hour)
  const [cheapest] = sorted
  const last = sorted.at(-1)
  if (!cheapest || !last) {
    throw new ApiFailure({
      code: 'PRICING_NOT_FOUND',
      message: `No GPUs found for model ${model}`,
    })
  }
  const total = found.reduce((sum, each) => sum + each.price_per_hour, 0)
  return c.json({
    model,
    min_price: cheapest.price_per_hour,
    max_price: last.price_per_hour,
    average_price: Math.round((total / found.length) * 1e8) / 1e8,
    available_gpus: found.filter((each) => each.status === 'available').length,
    total_gpus: found.length,
    recommended_gpu: cheapest.id,
  })
}

function filterOf<const Word extends string>(
  stated: string | undefined,
  words: readonly Word[],
  message: string,
): Word | undefined {
  if (stated === undefined || stated === '') return undefined
  const found = words.find((word) => word === stated)
  if (found === undefined) throw new ApiFailure({ code: 'FILTER_INVALID', message })
  return found
}
