/**
 * The market object: one a site, named `default`. It owns offers as they are listed, bids, auctions,
 * agreements, bookings and reviews; the rules are in core/market, the parts in this folder's `market/`. Here
 * they meet storage, clock and alarm. Rules: market/SPEC.md.
 */
import { DurableObject } from 'cloudflare:workers'
import type { ChainService } from '../core/api/chain-service.ts'
import type { ApiError } from '../core/api/errors.ts'
import type { MarketCoordinator } from '../core/api/market-coordinator.ts'
import type {
  ListedGpu,
  Listing,
  MarketList,
  MarketPage,
  MarketService,
} from '../core/api/market-service.ts'
import type { Bid, Booking, OfferDetail } from '../core/api/schemas/market.ts'
import { ownerOf, type Principal } from '../core/auth/principal.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { formatTime } from '../core/base/rfc3339.ts'
import { formatAddress } from '../core/crypto/address.ts'
import { type BookingState, slotsPerHour } from '../core/market/booking.ts'
import type { Offer } from '../core/market/offer.ts'
import { rowsOf } from './coordinator/schema.ts'
import { type CoordinatorEnv, readSettings } from './coordinator/settings.ts'
import { marketPolicy } from './market/limits.ts'
import type { OfferRowOf } from './market/offers.ts'
import { type MarketParts, openMarket } from './market/parts.ts'
import type { MarketReadModel } from './market/ports.ts'

/** The object without its neighbours: the composition root gives them. */
export abstract class MarketObject<Env extends CoordinatorEnv = CoordinatorEnv>
  extends DurableObject<Env>
  implements MarketService
{
  /** Undefined when the configuration cannot be used: then every call says so. */
  readonly #parts: MarketParts | undefined
  readonly #configFault: unknown
  #alarmAtMs = Number.POSITIVE_INFINITY
  #running: Promise<void> | undefined

  protected abstract openChain(env: Env): ChainService
  protected abstract openCoordinator(env: Env): MarketCoordinator
  protected abstract openReadModel(env: Env): MarketReadModel

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    try {
      this.#parts = openMarket({
        database: state.storage,
        settings: readSettings(env),
        chain: this.openChain(env),
        coordinator: this.openCoordinator(env),
        readModel: this.openReadModel(env),
        now: () => Date.now(),
        wakeAt: (dueAtMs) => this.#wakeAt(dueAtMs),
      })
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'CONFIG_INVALID') throw error
      this.#configFault = error
    }
  }

  async offer(offerId: string): Promise<Result<OfferDetail, ApiError>> {
    const { offers, bookings } = this.#usable()
    const row = offers.row(offerId)
    if (!row) return notFound
    const offer = JSON.parse(row.body) as Offer
    const hello = row.hello === null ? undefined : JSON.parse(row.hello)
    return ok({
      ...(offer as Omit<OfferDetail, 'card' | 'booked' | 'next_free_at'>),
      card: hello
        ? {
            version: hello.version,
            site: hello.site,
            nonce: `0x${hello.nonce}`,
            miner_id: hello.label,
            public_key: hello.publicKey,
            text: hello.text,
            signature: hello.signature,
          }
        : null,
      booked: bookings.taken(offerId),
      next_free_at:
        offer.kind === 'remote' || offer.status === 'withdrawn' ? null : bookings.nextFree(row),
    })
  }

  async offerHistory(offerId: string): ReturnType<MarketService['offerHistory']> {
    const { offers, database } = this.#usable()
    if (!offers.row(offerId)) return notFound
    const rows = rowsOf<{
      at_ms: number
      model: string | null
      prompt: string | null
      completion: string | null
      hour: string | null
    }>(database, selectHistory, offerId)
    return ok({
      offer_id: offerId,
      items: rows.map((row) => ({
        at: formatTime(row.at_ms),
        model: row.model,
        price_prompt: row.prompt,
        price_completion: row.completion,
        price_per_hour: row.hour,
      })),
      as_of: formatTime(Date.now()),
      source: 'market',
    })
  }

  async offerUptime(offerId: string): ReturnType<MarketService['offerUptime']> {
    const { offers } = this.#usable()
    const row = offers.row(offerId)
    if (!row) return notFound
    const hours = offers.strip(offerId, row.created_at_ms)
    return ok({
      offer_id: offerId,
      uptime_7d: offers.uptimeOf(offerId, row.created_at_ms),
      hours: hours.map(({ fromMs, share }) => ({ start: formatTime(fromMs), seen: share })),
      as_of: formatTime(Date.now()),
      source: 'market',
    })
  }

  async reviews(offerId: string, page: MarketPage) {
    const { offers, reviews } = this.#usable()
    if (!offers.row(offerId)) return notFound
    return listed(page, (before) => reviews.list(offerId, { before, limit: page.limit }))
  }

  async review(...input: Parameters<MarketService['review']>) {
    return this.#usable().reviews.add(...input)
  }

  async figures() {
    const { database } = this.#usable()
    const count = (query: string): number => rowsOf<{ n: number }>(database, query)[0]?.n ?? 0
    return {
      openBids: count("SELECT count(*) AS n FROM bids WHERE status = 'open'"),
      agreements: count('SELECT count(*) AS n FROM agreements'),
      activeBookings: count(`SELECT count(*) AS n FROM bookings WHERE state = 'active'`),
      reviews: count('SELECT count(*) AS n FROM reviews'),
    }
  }

  async submitBid(...input: Parameters<MarketService['submitBid']>) {
    return this.#usable().bids.submit(...input)
  }

  async bids(
    who: Principal | undefined,
    page: MarketPage & { readonly status: Bid['status'] | undefined; readonly mine: boolean },
  ): Promise<Result<MarketList<Bid>, ApiError>> {
    const { bids } = this.#usable()
    const { status, mine, limit } = page
    return listed(page, (before) => bids.list(who, { before, limit, status, mine }))
  }

  async bid(who: Principal | undefined, bidId: string) {
    return this.#usable().bids.bid(bidId, who)
  }

  async cancelBid(who: Principal, bidId: string) {
    return this.#usable().bids.cancel(who, bidId)
  }

  async awardBid(who: Principal, bidId: string) {
    return this.#usable().bids.award(who, bidId)
  }

  async quote(...input: Parameters<MarketService['quote']>) {
    return this.#usable().bids.quote(...input)
  }

  async agreements(who: Principal, page: MarketPage) {
    const { bids } = this.#usable()
    await this.#countUses()
    return listed(page, (before) => bids.agreements(who, { before, limit: page.limit }))
  }

  async agreement(who: Principal, agreementId: string) {
    await this.#countUses()
    return this.#usable().bids.agreement(who, agreementId)
  }

  async bookingTerms(asked: Parameters<MarketService['bookingTerms']>[0]) {
    return this.#usable().bookings.terms(askOf({ ...asked, transaction: undefined }))
  }

  async book(who: Principal, body: Parameters<MarketService['book']>[1]) {
    return this.#usable().bookings.book(who, askOf(body))
  }

  async bookings(who: Principal, page: MarketPage & { readonly role: 'buyer' | 'provider' }) {
    const { bookings } = this.#usable()
    const { limit, role } = page
    return listed(page, (before) => bookings.list(who, { before, limit, role }))
  }

  async booking(who: Principal, bookingId: string) {
    return this.#usable().bookings.booking(who, bookingId)
  }

  async cancelBooking(who: Principal, bookingId: string, transaction: string | undefined) {
    return this.#usable().bookings.cancel(who, bookingId, transaction)
  }

  /** Enters an offer by hand. Its provider is whoever lists it: a wallet, or the account of the key. */
  async list(who: Principal, listing: Listing): Promise<Result<ListedGpu, ApiError>> {
    const { offers, coordinator } = this.#usable()
    const address = await providerOf(who, coordinator)
    const row = offers.list({ ...listing, owner: ownerOf(who), provider: address })
    if (!row.ok) return row
    this.#wakeAt(Date.now())
    return ok(this.#gpu(row.value))
  }

  async withdrawOffer(who: Principal, offerId: string): Promise<Result<OfferDetail, ApiError>> {
    const withdrawn = this.#usable().withdrawals.withdraw(ownerOf(who), offerId)
    return withdrawn.ok ? this.offer(offerId) : withdrawn
  }

  async followWithdrawals(): Promise<void> {
    await this.#usable().withdrawals.follow()
  }

  async gpus({ limit }: { readonly limit: number }): Promise<readonly ListedGpu[]> {
    const { database } = this.#usable()
    return rowsOf<OfferRowOf>(database, selectGpus, limit).map((row) => this.#gpu(row))
  }

  async gpu(gpuId: string): Promise<Result<ListedGpu, ApiError>> {
    const { database } = this.#usable()
    const name = /^gpu_([0-9a-f]{8})$/.exec(gpuId)?.[1]
    const query = `SELECT * FROM offers WHERE offer_id >= ? AND offer_id < ? AND kind <> 'remote' LIMIT 1`
    const [row] = name ? rowsOf<OfferRowOf>(database, query, name, `${name}g`) : []
    const message = `GPU ${gpuId.slice(0, 64)} not found`
    return row ? ok(this.#gpu(row)) : err({ code: 'GPU_NOT_FOUND', message })
  }

  async bookGpu(
    who: Principal,
    gpuId: string,
    asked: { readonly hours: number; readonly jobId: string | undefined },
  ): Promise<Result<Booking, ApiError>> {
    const gpu = await this.gpu(gpuId)
    if (!gpu.ok) return gpu
    return this.#usable().bookings.book(who, {
      offerId: gpu.value.offer.offer_id,
      slots: Math.max(1, Math.round(asked.hours * slotsPerHour)),
      places: undefined,
      agreementId: undefined,
      jobId: asked.jobId,
      transaction: undefined,
    })
  }

  /** Ends the booking of a GPU for whoever made it, or sells it. */
  async releaseGpu(who: Principal, gpuId: string): Promise<Result<Booking, ApiError>> {
    const { bookings } = this.#usable()
    const gpu = await this.gpu(gpuId)
    if (!gpu.ok) return gpu
    const live = bookings.liveOf(gpu.value.offer.offer_id)
    const own = live.find((row) => bookings.partyOf(who, row) !== undefined)
    if (own) return bookings.cancel(who, own.booking_id, undefined)
    return err(
      live.length > 0
        ? { code: 'AUTHORIZATION_ERROR', message: 'Somebody else has booked it.' }
        : { code: 'GPU_NOT_BOOKED', message: `GPU ${gpuId} is not booked` },
    )
  }

  async orders(page: {
    readonly status: 'active' | 'completed' | 'cancelled' | undefined
    readonly limit: number
  }): Promise<readonly Booking[]> {
    const states: readonly BookingState[] = page.status
      ? orderStates[page.status]
      : Object.values(orderStates).flat()
    return this.#usable().bookings.orders(states, page.limit)
  }

  async refresh(): Promise<void> {
    this.#usable()
    await this.#work(true)
  }

  /** The name under which this site is asked: what stands in its offers, where the operator names none. */
  async noteHost(host: string): Promise<void> {
    this.#usable().noteHost(host)
  }

  async watchdog(): Promise<void> {
    this.#usable()
    await this.#work(true)
  }

  override async alarm(): Promise<void> {
    if (this.#parts) await this.#work(false)
  }

  /** Everything that is due by the clock; one run at a time, and one more for who came meanwhile. */
  async #work(looks: boolean): Promise<void> {
    if (this.#running) {
      await this.#running
      if (!looks) return
    }
    this.#alarmAtMs = Number.POSITIVE_INFINITY
    this.#running = this.#usable()
      .work(looks)
      .catch((error: unknown) => {
        console.error(JSON.stringify({ msg: 'market work not done', error: String(error) }))
        this.#wakeAt(Date.now() + marketPolicy.retryMs)
      })
      .finally(() => {
        this.#running = undefined
      })
    await this.#running
    if (this.#alarmAtMs < Number.POSITIVE_INFINITY) await this.ctx.storage.setAlarm(this.#alarmAtMs)
  }

  /** What was used a moment ago shows, where the coordinator answers. */
  async #countUses(): Promise<void> {
    await this.#usable()
      .claims.sync()
      .catch(() => undefined)
  }

  #wakeAt(dueAtMs: number): void {
    if (dueAtMs >= this.#alarmAtMs) return
    this.#alarmAtMs = dueAtMs
    void this.ctx.storage.setAlarm(Math.max(dueAtMs, Date.now()))
  }

  #gpu(row: OfferRowOf): ListedGpu {
    const { bookings } = this.#usable()
    const offer = JSON.parse(row.body) as Offer
    const [live] = bookings.liveOf(row.offer_id)
    return {
      offer,
      gpuId: `gpu_${row.offer_id.slice(0, 8)}`,
      capabilities: JSON.parse(row.capabilities) as string[],
      createdAtMs: row.created_at_ms,
      booking: live && bookings.view(live),
      isBooked: live !== undefined && bookings.freePlaces(row, 1) === 0,
    }
  }

  #usable(): MarketParts {
    if (this.#parts) return this.#parts
    throw this.#configFault
  }
}

const notFound = err<ApiError>({ code: 'OFFER_NOT_FOUND' })

const orderStates = {
  active: ['pending', 'active', 'closing'],
  completed: ['ended'],
  cancelled: ['canceled'],
} as const satisfies Record<string, readonly BookingState[]>

/** The address that is paid for what somebody lists; null where none is known. */
async function providerOf(who: Principal, coordinator: MarketCoordinator): Promise<string | null> {
  if (who.kind !== 'api_key') return who.publicId
  const address = await coordinator.keyAddress(who.publicId)
  return address.ok ? formatAddress(address.value) : null
}

const askOf = (body: {
  readonly offer_id: string
  readonly hours: number
  readonly places: number
  readonly agreement_id?: string | undefined
  readonly job_id?: string | undefined
  readonly transaction?: string | undefined
}) => ({
  offerId: body.offer_id,
  slots: body.hours * slotsPerHour,
  places: body.places,
  agreementId: body.agreement_id,
  jobId: body.job_id,
  transaction: body.transaction,
})

/** A page by the number of its last row, which never changes. */
function listed<Item>(
  page: MarketPage,
  read: (before: number) => { readonly items: readonly Item[]; readonly next: number | undefined },
): Result<MarketList<Item>, ApiError> {
  const before = page.cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(page.cursor)
  const { items, next } = read(before)
  return ok({ items, next: next === undefined ? null : String(next) })
}

const selectHistory = 'SELECT * FROM price_changes WHERE offer_id = ? ORDER BY seq DESC LIMIT 500'
const selectGpus = `SELECT * FROM offers WHERE kind <> 'remote' ORDER BY created_at_ms DESC, offer_id
  LIMIT ?`
