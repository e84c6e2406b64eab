/**
 * Reverse auction: who serves a bid, and for how much. Cheapest first, each at the price that it named,
 * the last one in part if need be. Rules: SPEC.md, AUCTION.
 */
import { min } from '../base/int.ts'

/** What one offer would take. Capacity in tokens or places, price in base units for the bid's unit. */
export type AuctionQuote = {
  readonly quoteId: string
  readonly offerId: string
  readonly price: bigint
  readonly capacity: number
  /** Unix milliseconds. */
  readonly atMs: number
}

/** What was wanted. */
export type Auction = {
  readonly wanted: number
  readonly priceMax: bigint
  readonly quotes: readonly AuctionQuote[]
}

/** A part of the bid that goes to an offer. */
export type Award = Pick<AuctionQuote, 'quoteId' | 'offerId' | 'price' | 'capacity'>

/** Where the bid stands after the auction. */
export type AuctionEnd = {
  readonly awards: readonly Award[]
  readonly filled: number
  readonly status: 'matched' | 'partial' | 'unmatched'
}

/**
 * Orders quotes: price, then time, then id, so that any two sites that know the same quotes agree.
 * Negative when `a` comes first.
 */
export function compareQuotes(a: AuctionQuote, b: AuctionQuote): number {
  if (a.price !== b.price) return a.price < b.price ? -1 : 1
  if (a.atMs !== b.atMs) return a.atMs - b.atMs
  return a.quoteId < b.quoteId ? -1 : a.quoteId > b.quoteId ? 1 : 0
}

/** Ends an auction. An offer counts once, by its first quote in the order. */
export function endAuction({ wanted, priceMax, quotes }: Auction): AuctionEnd {
  const awards: Award[] = []
  const seen = new Set<string>()
  let filled = 0
  for (const quote of [...quotes].sort(compareQuotes)) {
    if (filled >= wanted || quote.price > priceMax) break
    if (seen.has(quote.offerId) || quote.capacity <= 0) continue
    seen.add(quote.offerId)
    const capacity = min(quote.capacity, wanted - filled)
    filled += capacity
    awards.push({ quoteId: quote.quoteId, offerId: quote.offerId, price: quote.price, capacity })
  }
  return {
    awards,
    filled,
    status: filled === 0 ? 'unmatched' : filled < wanted ? 'partial' : 'matched',
  }
}
