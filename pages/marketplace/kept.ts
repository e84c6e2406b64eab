/** What this browser keeps for the reader of the marketplace: searches, favourites, and offers to compare. */
import { signal } from '@preact/signals'
import { visibleText } from '../../core/wallet/visible-text.ts'

export const keptLimits = {
  searchesMax: 20,
  favouritesMax: 24,
  comparedMax: 4,
  textChars: 512,
} as const

/** An offer that was chosen, by id, with the name to show. */
export type KeptOffer = { readonly id: string; readonly name: string }

const searchesKey = 'aitbc:market:searches'
const comparedKey = 'aitbc:market:compared'
const favouritesKey = 'aitbc:market:favourites'
/** Which searches are watched, and what they had at the last look: `watch.ts`. */
export const watchedKey = 'aitbc:market:watched'

/** Queries that were saved, newest first. */
export const savedSearches = signal(storedSearches())
/** What is new in watched searches, in words; empty without news. */
export const watchNews = signal('')
/** Offers with a star, newest first. */
export const favourites = signal(readKept(favouritesKey, asOffer, keptLimits.favouritesMax))
/** Offers in the tray, in the order of choosing. */
export const compared = signal(readKept(comparedKey, asOffer, keptLimits.comparedMax))

/** As they stand in the storage now, where another tab may have written. */
export function storedSearches(): readonly string[] {
  return readKept(searchesKey, asSearch, keptLimits.searchesMax)
}

export function saveSearch(query: string): void {
  const text = query.trim().slice(0, keptLimits.textChars)
  if (text === '') return
  const others = savedSearches.value.filter((saved) => saved !== text)
  savedSearches.value = [text, ...others].slice(0, keptLimits.searchesMax)
  writeKept(searchesKey, savedSearches.value)
}

export function forgetSearch(query: string): void {
  savedSearches.value = savedSearches.value.filter((saved) => saved !== query)
  writeKept(searchesKey, savedSearches.value)
}

/** Gives an offer a star or takes it away; where there are too many the oldest loses its own. */
export function toggleFavourite(offer: KeptOffer): void {
  const others = favourites.value.filter(({ id }) => id !== offer.id)
  const isIn = others.length < favourites.value.length
  favourites.value = isIn ? others : [offer, ...others].slice(0, keptLimits.favouritesMax)
  writeKept(favouritesKey, favourites.value)
}

/** Puts an offer into the tray or takes it out; a full tray takes no more. */
export function toggleCompared(offer: KeptOffer): void {
  const without = compared.value.filter(({ id }) => id !== offer.id)
  const isIn = without.length < compared.value.length
  if (!isIn && without.length >= keptLimits.comparedMax) return
  compared.value = isIn ? without : [...without, offer]
  writeKept(comparedKey, compared.value)
}

export function clearCompared(): void {
  compared.value = []
  writeKept(comparedKey, [])
}

function asSearch(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= keptLimits.textChars
    ? value
    : undefined
}

function asOffer(value: unknown): KeptOffer | undefined {
  const { id, name } = (value ?? {}) as Partial<KeptOffer>
  return typeof id === 'string' && typeof name === 'string' && /^[0-9a-f]{32}$/.test(id)
    ? { id, name: visibleText(name.slice(0, 128)) }
    : undefined
}

/** A list of the browser's storage, without what does not belong there. */
export function readKept<T>(
  key: string,
  of: (value: unknown) => T | undefined,
  max: number,
): readonly T[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return Array.isArray(found) ? found.flatMap((each) => of(each) ?? []).slice(0, max) : []
  } catch {
    return []
  }
}

export function writeKept(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Without storage they last as long as the page.
  }
}
