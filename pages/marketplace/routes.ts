/** The addresses of the marketplace. */

/** `id` is the last part of the path, decoded. */
export type Route =
  | { readonly page: (typeof plain)[keyof typeof plain] | 'unknown' }
  | { readonly page: (typeof details)[keyof typeof details]; readonly id: string }

export type RouteName = Route['page']

const plain = {
  '': 'offers',
  compare: 'compare',
  favourites: 'favourites',
  playground: 'playground',
  bids: 'bids',
  'new-bid': 'new-bid',
  activity: 'activity',
} as const

const details = { offer: 'offer', bid: 'bid', book: 'book', booking: 'booking' } as const

/** Where each page is. */
export const marketPath = {
  offers: (query = '') => withQuery('/marketplace/', { q: query }),
  compare: '/marketplace/compare',
  favourites: '/marketplace/favourites',
  playground: (model = '') => withQuery('/marketplace/playground', { model }),
  bids: '/marketplace/bids',
  newBid: (query = '') => withQuery('/marketplace/new-bid', { q: query }),
  activity: '/marketplace/activity',
  offer: (id: string) => `/marketplace/offer/${encodeURIComponent(id)}`,
  bid: (id: string) => `/marketplace/bid/${encodeURIComponent(id)}`,
  book: (offer: string) => `/marketplace/book/${encodeURIComponent(offer)}`,
  booking: (id: string) => `/marketplace/booking/${encodeURIComponent(id)}`,
} as const

/** Reads a path under `/marketplace/`. */
export function routeOf(pathname: string): Route {
  const parts = pathname.replace(/^\/marketplace\/?/, '').split('/')
  const [head = '', id = ''] = parts.at(-1) === '' ? parts.slice(0, -1) : parts
  if (parts.length > 3) return { page: 'unknown' }
  if (id === '' && head === 'index.html') return { page: 'offers' }
  if (id === '' && Object.hasOwn(plain, head)) return { page: plain[head as keyof typeof plain] }
  const decoded = decode(id)
  if (decoded !== '' && Object.hasOwn(details, head)) {
    return { page: details[head as keyof typeof details], id: decoded }
  }
  return { page: 'unknown' }
}

function withQuery(path: string, parameters: Readonly<Record<string, string>>): string {
  const search = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== ''))
  const text = search.toString()
  return text === '' ? path : `${path}?${text}`
}

// A malformed escape in the address bar is a wrong address, not a crash.
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
