/** The addresses of the explorer. */

/** `id` is the last part of the path, decoded. */
export type Route =
  | { readonly page: 'overview' | 'blocks' | 'transactions' | 'receipts' | 'search' | 'unknown' }
  | { readonly page: 'block' | 'transaction' | 'receipt' | 'address'; readonly id: string }

const lists = {
  '': 'overview',
  blocks: 'blocks',
  txs: 'transactions',
  receipts: 'receipts',
  search: 'search',
} as const

const details = {
  block: 'block',
  tx: 'transaction',
  receipt: 'receipt',
  address: 'address',
} as const

/** Reads a path under `/explorer/`. */
export function routeOf(pathname: string): Route {
  const parts = pathname.replace(/^\/explorer\/?/, '').split('/')
  const [head = '', id = ''] = parts[parts.length - 1] === '' ? parts.slice(0, -1) : parts
  if (parts.length > 3) return { page: 'unknown' }
  if (id === '' && head === 'index.html') return { page: 'overview' }
  if (id === '' && Object.hasOwn(lists, head)) return { page: lists[head as keyof typeof lists] }
  const decoded = decode(id)
  if (decoded !== '' && Object.hasOwn(details, head)) {
    return { page: details[head as keyof typeof details], id: decoded }
  }
  return { page: 'unknown' }
}

// A malformed escape in the address bar is a wrong address, not a crash.
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
