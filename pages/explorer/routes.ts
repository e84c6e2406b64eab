/** The addresses of the explorer. */

/** `id` is the last part of the path, decoded. */
export type Route =
  | { readonly page: (typeof lists)[keyof typeof lists] | 'unknown' }
  | { readonly page: (typeof details)[keyof typeof details]; readonly id: string }

const lists = {
  '': 'overview',
  blocks: 'blocks',
  txs: 'transactions',
  receipts: 'receipts',
  jobs: 'jobs',
  miners: 'miners',
  nodes: 'nodes',
  stats: 'stats',
  labels: 'labels',
  search: 'search',
  broadcast: 'broadcast',
} as const

const details = {
  block: 'block',
  tx: 'transaction',
  receipt: 'receipt',
  address: 'address',
  job: 'job',
  miner: 'miner',
  escrow: 'escrow',
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
