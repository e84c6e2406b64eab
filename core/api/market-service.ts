/**
 * The market as a service: the seam between the market object, the gateway and the read model. Plain data,
 * so that it travels by RPC. Answers have the shapes of `schemas/market.ts`; lists are pages in them.
 */
import type { Principal } from '../auth/principal.ts'
import type { Result } from '../base/result.ts'
import type { Offer } from '../market/offer.ts'
import type { ApiError } from './errors.ts'
import type { BidBody, BookingBody, QuoteBody, ReviewBody } from './market-requests.ts'
import type {
  Agreement,
  Bid,
  Booking,
  BookingTerms,
  OfferDetail,
  OfferHistory,
  OfferUptime,
  Quote,
  Review,
} from './schemas/market.ts'

/** A page of a list that the object itself answers. */
export type MarketList<Item> = { readonly items: readonly Item[]; readonly next: string | null }

/** Where a page begins, and how long it is. */
export type MarketPage = { readonly cursor: string | undefined; readonly limit: number }

/** An offer entered by hand: the original's GPU registration, and its offers. */
export type Listing = {
  readonly minerId: string
  readonly gpu: string
  readonly memoryGb: number
  readonly cuda: string
  readonly region: string
  /** Base units for a place and hour. */
  readonly pricePerHour: bigint
  readonly capabilities: readonly string[]
  readonly places: number
}

/** A listing or offer with what the original's GPU routes tell about it. */
export type ListedGpu = {
  readonly offer: Offer
  readonly gpuId: string
  readonly capabilities: readonly string[]
  readonly createdAtMs: number
  readonly booking: Booking | undefined
  readonly isBooked: boolean
}

/** Figures that only the object knows. */
export type MarketFigures = {
  readonly openBids: number
  readonly agreements: number
  readonly activeBookings: number
  readonly reviews: number
}

/** The market as a service. */
export type MarketService = {
  offer(offerId: string): Promise<Result<OfferDetail, ApiError>>
  /** Ends new bookings of an offer that `who` listed by hand; those that are made stay. */
  withdrawOffer(who: Principal, offerId: string): Promise<Result<OfferDetail, ApiError>>
  /** Does what administrators withdrew: their orders stand in the coordinator’s audit log. */
  followWithdrawals(): Promise<void>
  offerHistory(offerId: string): Promise<Result<OfferHistory, ApiError>>
  offerUptime(offerId: string): Promise<Result<OfferUptime, ApiError>>
  reviews(offerId: string, page: MarketPage): Promise<Result<MarketList<Review>, ApiError>>
  review(who: Principal, offerId: string, review: ReviewBody): Promise<Result<Review, ApiError>>
  figures(): Promise<MarketFigures>

  submitBid(who: Principal, bid: BidBody): Promise<Result<Bid, ApiError>>
  bids(
    who: Principal | undefined,
    page: MarketPage & { readonly status: Bid['status'] | undefined; readonly mine: boolean },
  ): Promise<Result<MarketList<Bid>, ApiError>>
  bid(who: Principal | undefined, bidId: string): Promise<Result<Bid, ApiError>>
  cancelBid(who: Principal, bidId: string): Promise<Result<Bid, ApiError>>
  awardBid(who: Principal, bidId: string): Promise<Result<Bid, ApiError>>
  quote(who: Principal, bidId: string, quote: QuoteBody): Promise<Result<Quote, ApiError>>

  agreements(who: Principal, page: MarketPage): Promise<Result<MarketList<Agreement>, ApiError>>
  agreement(who: Principal, agreementId: string): Promise<Result<Agreement, ApiError>>

  bookingTerms(
    asked: Pick<BookingBody, 'offer_id' | 'hours' | 'places' | 'agreement_id'>,
  ): Promise<Result<BookingTerms, ApiError>>
  book(who: Principal, booking: BookingBody): Promise<Result<Booking, ApiError>>
  bookings(
    who: Principal,
    page: MarketPage & { readonly role: 'buyer' | 'provider' },
  ): Promise<Result<MarketList<Booking>, ApiError>>
  booking(who: Principal, bookingId: string): Promise<Result<Booking, ApiError>>
  cancelBooking(
    who: Principal,
    bookingId: string,
    transaction: string | undefined,
  ): Promise<Result<Booking, ApiError>>

  // The original's routes (backend contract 1.7 and 1.8)
  list(who: Principal, listing: Listing): Promise<Result<ListedGpu, ApiError>>
  gpus(page: { readonly limit: number }): Promise<readonly ListedGpu[]>
  gpu(gpuId: string): Promise<Result<ListedGpu, ApiError>>
  bookGpu(
    who: Principal,
    gpuId: string,
    asked: { readonly hours: number; readonly jobId: string | undefined },
  ): Promise<Result<Booking, ApiError>>
  releaseGpu(who: Principal, gpuId: string): Promise<Result<Booking, ApiError>>
  orders(page: {
    readonly status: 'active' | 'completed' | 'cancelled' | undefined
    readonly limit: number
  }): Promise<readonly Booking[]>

  /** Looks at the coordinator's miners now; called when one has come or gone. */
  refresh(): Promise<void>
  /** The name under which this site is asked. */
  noteHost(host: string): Promise<void>
  /** Cron: re-arms a lost alarm. */
  watchdog(): Promise<void>
}
