/** The places that this browser last went to through the palette. They never leave it. */

export type Place = { readonly label: string; readonly href: string }

const storageKey = 'aitbc:recent'

export const recentLimits = { placesMax: 5, labelMax: 100, hrefMax: 500 } as const

/** The list with a place at its head; one place stands in it once. */
export function withPlace(places: readonly Place[], place: Place): readonly Place[] {
  const others = places.filter(({ href }) => href !== place.href)
  return [place, ...others].slice(0, recentLimits.placesMax)
}

/** Reads what was stored, which anybody may have changed. */
export function readPlaces(text: string | null): readonly Place[] {
  try {
    const stored: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(stored) ? stored.filter(isPlace).slice(0, recentLimits.placesMax) : []
  } catch {
    return []
  }
}

function isPlace(value: unknown): value is Place {
  const { label, href } = (value ?? {}) as Partial<Record<keyof Place, unknown>>
  if (typeof label !== 'string' || typeof href !== 'string') return false
  // A path of this site, never another one.
  const isOwn = /^\/(?![/\\])/.test(href) && href.length <= recentLimits.hrefMax
  return isOwn && label !== '' && label.length <= recentLimits.labelMax
}

// Storage may be forbidden by the browser; there are no recent places then.
export function recentPlaces(): readonly Place[] {
  try {
    return readPlaces(localStorage.getItem(storageKey))
  } catch {
    return []
  }
}

export function rememberPlace(place: Place): void {
  const label = place.label.slice(0, recentLimits.labelMax)
  store(JSON.stringify(withPlace(recentPlaces(), { ...place, label })))
}

export function forgetPlaces(): void {
  store(undefined)
}

function store(text: string | undefined): void {
  try {
    if (text === undefined) localStorage.removeItem(storageKey)
    else localStorage.setItem(storageKey, text)
  } catch {}
}
