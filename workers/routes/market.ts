/**
 * The compute market. Mounted at `market/` under the coordinator's spellings. Searches are answered by the
 * read model; what belongs to somebody, by the market object. Rules: market-SPEC.md, MARKETHTTP.
 */
import { base64urlnopad } from '@scure/base'
import { Hono } from 'hono'
import type { MarketList, MarketPage } from '../../core/api/market-service.ts'
import { utf8ToBytes } from '../../core/base/bytes.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { dayMs } from '../../core/base/time.ts'
import { type MarketQuery, parseQuery } from '../../core/market/query.ts'
import type { RowPlace } from '../../core/market/row.ts'
import { type FacetRows, marketQueries } from '../../d1/market-query.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { callerOf, requireCaller } from '../market-principal.ts'
import { recentAnswers } from '../recent-answers.ts'
import { cursorFailure } from './chain-list-answer.ts'
import { type Asked, mount } from './mount.ts'
import { orThrow } from './request.ts'
import { fromDatabase } from './rpc-input.ts'

export const marketRoutes = mount(new Hono<AppEnv>(), {
  listOffers: offers,
  getMarketFacets: facets,
  getMarketPrices: prices,
  getMarketStats: stats,
  getOffer: offer,
  getOfferHistory: async (c) => c.json(orThrow(await c.get('market').offerHistory(idOf(c)))),
  getOfferUptime: async (c) => c.json(orThrow(await c.get('market').offerUptime(idOf(c)))),
  withdrawOffer: async (c) =>
    c.json(orThrow(await c.get('market').withdrawOffer(await requireCaller(c), idOf(c)))),
  listOfferReviews: reviews,
  reviewOffer: review,
  submitBid: submitBid,
  listBids: bids,
  getBid: async (c) => c.json(orThrow(await c.get('market').bid(await callerOf(c), idOf(c)))),
  cancelBid: async (c) =>
    c.json(orThrow(await c.get('market').cancelBid(await requireCaller(c), idOf(c)))),
  awardBid: async (c) =>
    c.json(orThrow(await c.get('market').awardBid(await requireCaller(c), idOf(c)))),
  quoteBid: quote,
  listAgreements: agreements,
  getAgreement: async (c) =>
    c.json(orThrow(await c.get('market').agreement(await requireCaller(c), idOf(c)))),
  getBookingTerms: terms,
  bookOffer: book,
  listBookings: bookings,
  getBooking: async (c) =>
    c.json(orThrow(await c.get('market').booking(await requireCaller(c), idOf(c)))),
  cancelBooking: cancelBooking,
})

async function offers(c: AppContext, asked: Asked<'listOffers'>): Promise<Response> {
  const { q, cursor, limit } = asked.query(c)
  const query = queryOf(q)
  const place = placeOf(cursor, query.sort)
  const page = await fromDatabase(marketQueries(c.env.DB).offers(query, { place, limit }))
  const next = page.next && cursorText(`o ${query.sort} ${page.next.key} ${page.next.offerId}`)
  // Bodies are JSON already, as the market wrote them.
  const rest = JSON.stringify({
    next_cursor: next ?? null,
    as_of: formatTime(c.get('now')),
    source: 'read_model',
  })
  return new Response(`{"items":[${page.bodies.join(',')}],${rest.slice(1)}`, {
    headers: { 'content-type': 'application/json' },
  })
}

/** Counts over thousands of offers change little within seconds. */
const recentFacets = recentAnswers<FacetRows>({ keptMs: 5_000, max: 256 })

async function facets(c: AppContext, asked: Asked<'getMarketFacets'>): Promise<Response> {
  const { q } = asked.query(c)
  const query = queryOf(q)
  const { answer: found, atMs } = await recentFacets({ key: q ?? '', nowMs: c.get('now') }, () =>
    fromDatabase(marketQueries(c.env.DB).facets(query)),
  )
  const valuesOf = (facet: string) =>
    found.counts
      .filter((row) => row.facet === facet)
      .map(({ value, count }) => ({ value: String(value), count }))
  return c.json({
    facets: {
      model: valuesOf('model'),
      gpu: valuesOf('gpu'),
      region: valuesOf('region'),
      engine: valuesOf('engine'),
      status: valuesOf('status'),
      gpu_count: valuesOf('gpu_count'),
      cuda: valuesOf('cuda'),
      arch: valuesOf('arch'),
    },
    price: found.price ? { min: String(found.price.least), max: String(found.price.most) } : null,
    vram_gb: found.vram ? { min: found.vram.least, max: found.vram.most } : null,
    counted: found.counted,
    complete: found.isComplete,
    as_of: formatTime(atMs),
    source: 'read_model',
  })
}

async function prices(c: AppContext, asked: Asked<'getMarketPrices'>): Promise<Response> {
  const { model, days } = asked.query(c)
  const fromDay = formatTime(c.get('now') - days * dayMs).slice(0, 10)
  const name = (model ?? '').toLowerCase()
  const found = await fromDatabase(marketQueries(c.env.DB).prices({ name, fromDay }))
  return c.json({
    model: model ?? null,
    unit: 'base_units_per_1000_completion_tokens',
    histogram: found.histogram.map(({ from, to, count }) => ({
      from: String(from),
      to: String(to),
      count,
    })),
    history: found.days.map((day) => ({
      start: `${day.day}T00:00:00.000Z`,
      min: String(day.least),
      median: String(day.median),
      max: String(day.most),
      offers: day.offers,
    })),
    as_of: formatTime(c.get('now')),
    source: 'read_model',
  })
}

async function stats(c: AppContext): Promise<Response> {
  const [figures, own] = await Promise.all([
    fromDatabase(marketQueries(c.env.DB).figures()),
    c.get('market').figures(),
  ])
  return c.json({
    offers: figures?.offers ?? 0,
    online: figures?.online ?? 0,
    verified: figures?.verified ?? 0,
    sites: figures?.sites ?? 0,
    models: figures?.models ?? 0,
    places: figures?.places ?? 0,
    free_places: figures?.free ?? 0,
    open_bids: own.openBids,
    agreements: own.agreements,
    active_bookings: own.activeBookings,
    reviews: own.reviews,
    cheapest: figures?.cheapest === null || figures === undefined ? null : String(figures.cheapest),
    unit: 'base_units_per_1000_completion_tokens',
    as_of: formatTime(c.get('now')),
    source: 'read_model',
  })
}

async function offer(c: AppContext): Promise<Response> {
  return c.json(orThrow(await c.get('market').offer(idOf(c))))
}

async function reviews(c: AppContext, asked: Asked<'listOfferReviews'>): Promise<Response> {
  const page = pageOf('r', asked.query(c))
  return listAnswer(c, 'r', orThrow(await c.get('market').reviews(idOf(c), page)))
}

async function review(c: AppContext, asked: Asked<'reviewOffer'>): Promise<Response> {
  const who = await requireCaller(c)
  const body = await asked.body(c)
  return c.json(orThrow(await c.get('market').review(who, idOf(c), body)), 201)
}

async function submitBid(c: AppContext, asked: Asked<'submitBid'>): Promise<Response> {
  const who = await requireCaller(c)
  const body = await asked.body(c)
  await tellHost(c)
  return c.json(orThrow(await c.get('market').submitBid(who, body)), 201)
}

async function bids(c: AppContext, asked: Asked<'listBids'>): Promise<Response> {
  const { status, mine, ...page } = asked.query(c)
  const who = mine === 'true' ? await requireCaller(c) : await callerOf(c)
  const wanted = { ...pageOf('b', page), status, mine: mine === 'true' }
  return listAnswer(c, 'b', orThrow(await c.get('market').bids(who, wanted)))
}

async function quote(c: AppContext, asked: Asked<'quoteBid'>): Promise<Response> {
  const who = await requireCaller(c)
  const body = await asked.body(c)
  return c.json(orThrow(await c.get('market').quote(who, idOf(c), body)), 201)
}

async function agreements(c: AppContext, asked: Asked<'listAgreements'>): Promise<Response> {
  const who = await requireCaller(c)
  const page = pageOf('a', asked.query(c))
  return listAnswer(c, 'a', orThrow(await c.get('market').agreements(who, page)))
}

async function terms(c: AppContext, asked: Asked<'getBookingTerms'>): Promise<Response> {
  const body = await asked.body(c)
  return c.json(orThrow(await c.get('market').bookingTerms(body)))
}

async function book(c: AppContext, asked: Asked<'bookOffer'>): Promise<Response> {
  const who = await requireCaller(c)
  const body = await asked.body(c)
  return c.json(orThrow(await c.get('market').book(who, body)), 201)
}

async function bookings(c: AppContext, asked: Asked<'listBookings'>): Promise<Response> {
  const who = await requireCaller(c)
  const { role, ...page } = asked.query(c)
  const wanted = { ...pageOf('k', page), role }
  return listAnswer(c, 'k', orThrow(await c.get('market').bookings(who, wanted)))
}

async function cancelBooking(c: AppContext, asked: Asked<'cancelBooking'>): Promise<Response> {
  const who = await requireCaller(c)
  const { transaction } = await asked.body(c)
  return c.json(orThrow(await c.get('market').cancelBooking(who, idOf(c), transaction)))
}

/** A query that can be asked; else 422 with where it cannot be read. */
function queryOf(text: string): MarketQuery {
  const query = parseQuery(text)
  if (query.ok) return query.value
  const { code, message, ...details } = query.error
  throw new ApiFailure({ code, message, details })
}

/** Ids are opaque; what is none names nothing. */
const idOf = (c: AppContext): string => (c.req.param('id') ?? '').slice(0, 64)

const cursorText = (text: string): string => base64urlnopad.encode(utf8ToBytes(text))

function readCursor(text: string): string {
  try {
    return String.fromCharCode(...base64urlnopad.decode(text))
  } catch {
    throw cursorFailure()
  }
}

/** Where a page of offers begins: a place in the very order that is asked for. */
function placeOf(cursor: string | undefined, sort: string): RowPlace | undefined {
  if (cursor === undefined) return undefined
  const match = /^o ([a-z_]+) (-?[0-9.e+-]{1,32}) ([0-9a-f]{32})$/.exec(readCursor(cursor))
  const key = Number(match?.[2])
  if (match?.[1] !== sort || !Number.isFinite(key)) throw cursorFailure()
  return { key, offerId: match[3] ?? '' }
}

/** Where a page of another list begins; `mark` keeps the cursors of lists apart. */
function pageOf(
  mark: string,
  page: { readonly cursor?: string | undefined; readonly limit: number },
): MarketPage {
  if (page.cursor === undefined) return { cursor: undefined, limit: page.limit }
  const match = /^([a-z]) ([0-9]{1,15})$/.exec(readCursor(page.cursor))
  if (match?.[1] !== mark) throw cursorFailure()
  return { cursor: match[2], limit: page.limit }
}

function listAnswer<T>(c: AppContext, mark: string, list: MarketList<T>): Response {
  return c.json({
    items: list.items,
    next_cursor: list.next === null ? null : cursorText(`${mark} ${list.next}`),
    as_of: formatTime(c.get('now')),
    source: 'market',
  })
}

/** The market names its site by the host that callers use, where the operator names none. */
export async function tellHost(c: AppContext): Promise<void> {
  const { host } = new URL(c.req.url)
  if (told === host) return
  await c.get('market').noteHost(host)
  told = host
}

let told: string | undefined
