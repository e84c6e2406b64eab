/** What is news in a saved search: offers that were not known at the last look, and lower prices. */
import type { Offer } from './wire.ts'

export const watchLimits = { watchedMax: 5, offersMax: 100 } as const

/** The lowest price of 1 000 answer tokens, of an hour, of a GPU second; base units, null without one. */
export type KnownPrices = readonly [string | null, string | null, string | null]

/** `atMs`, `known`: the last look and the offers that it found, by id; left out before the first. */
export type WatchedSearch = {
  readonly query: string
  readonly atMs?: number
  readonly known?: readonly (readonly [id: string, prices: KnownPrices])[]
}

export type News = { readonly fresh: number; readonly cheaper: number }

/** Offers as they are remembered. */
export const knownOf = (offers: readonly Offer[]): NonNullable<WatchedSearch['known']> =>
  offers.slice(0, watchLimits.offersMax).map((offer) => [offer.offer_id, pricesOf(offer)] as const)

/** How `offers` differ from what was known. One that went and came back as it was is no news. */
export function newsOf(
  known: NonNullable<WatchedSearch['known']>,
  offers: NonNullable<WatchedSearch['known']>,
): News {
  const before = new Map(known)
  let fresh = 0
  let cheaper = 0
  for (const [id, prices] of offers) {
    const old = before.get(id)
    if (!old) fresh += 1
    else if (prices.some((price, index) => isLower(price, old[index] ?? null))) cheaper += 1
  }
  return { fresh, cheaper }
}

/** `2 new, 1 cheaper`; empty where there is no news. */
export const newsWords = ({ fresh, cheaper }: News): string =>
  [fresh > 0 && `${fresh} new`, cheaper > 0 && `${cheaper} cheaper`].filter(Boolean).join(', ')

/** One entry of what the browser kept, whatever stands there. */
export function asWatched(value: unknown): WatchedSearch | undefined {
  const { query, atMs, known } = (value ?? {}) as Partial<Record<keyof WatchedSearch, unknown>>
  if (typeof query !== 'string' || query === '') return undefined
  if (typeof atMs !== 'number' || !Number.isSafeInteger(atMs) || !Array.isArray(known)) {
    return { query }
  }
  return { query, atMs, known: known.slice(0, watchLimits.offersMax).flatMap(asKnown) }
}

function pricesOf({ models, price_per_hour, price_per_gpu_second }: Offer): KnownPrices {
  const [first, ...rest] = models.map((model) => model.price_completion)
  const lowest = first && rest.reduce((least, price) => (price < least ? price : least), first)
  return [units(lowest), units(price_per_hour), units(price_per_gpu_second)]
}

const units = (price: bigint | undefined): string | null =>
  price === undefined ? null : String(price)

const isLower = (now: string | null, before: string | null): boolean =>
  now !== null && before !== null && BigInt(now) < BigInt(before)

function asKnown(value: unknown): readonly (readonly [string, KnownPrices])[] {
  if (!Array.isArray(value)) return []
  const [id, prices] = value as unknown[]
  if (typeof id !== 'string' || id.length > 64 || !Array.isArray(prices)) return []
  const [tokens, hour, second] = prices.map(asPrice)
  return [[id, [tokens ?? null, hour ?? null, second ?? null]]]
}

const asPrice = (value: unknown): string | null =>
  typeof value === 'string' && /^\d{1,30}$/.test(value) ? value : null
