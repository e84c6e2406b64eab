/**
 * The route table: every public address, one line each, in the order of the public route table. A path
 * that ends in `/` is a prefix, any other is exact; exact goes first, then the longest prefix.
 */

/** Families of endpoints that this site answers. */
export type ServiceName =
  | 'coordinator'
  | 'ollama'
  | 'rpc'
  | 'explorer'
  | 'chain'
  | 'market'
  | 'marketplace'
  | 'health'
  | 'auth'
  | 'admin'
  | 'users'
  | 'wallet'
  | 'walletRpc'
  | 'status'
  | 'metrics'

export type Target =
  /** A file of the built pages. */
  | { readonly kind: 'page'; readonly file: string }
  /** A folder of the built pages: the file itself, else `fallback` (a single-page app) or the 404 page. */
  | { readonly kind: 'folder'; readonly fallback?: string }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'text'; readonly body: string }
  | { readonly kind: 'service'; readonly name: ServiceName }
  /** Not built yet: 501, as JSON, or as a page when a page is asked for. */
  | { readonly kind: 'missing'; readonly what: string }

export type Route = { readonly path: string; readonly target: Target }

const page = (path: string, file: string): Route => ({ path, target: { kind: 'page', file } })
const folder = (path: string, fallback?: string): Route => ({
  path,
  target: fallback === undefined ? { kind: 'folder' } : { kind: 'folder', fallback },
})
const redirect = (path: string, to: string): Route => ({ path, target: { kind: 'redirect', to } })
const service = (path: string, name: ServiceName): Route => ({
  path,
  target: { kind: 'service', name },
})
const missing = (path: string, what: string): Route => ({ path, target: { kind: 'missing', what } })

export const routeTable: readonly Route[] = [
  // Pages
  page('/', '/index.html'),
  folder('/assets/'),
  folder('/agent/'),
  page('/favicon.svg', '/favicon.svg'),
  page('/robots.txt', '/robots.txt'),
  page('/openapi.json', '/openapi.json'),
  folder('/explorer/', '/explorer/index.html'),
  redirect('/explorer', '/explorer/'),
  folder('/marketplace/', '/marketplace/index.html'),
  redirect('/marketplace', '/marketplace/'),
  page('/provider/', '/provider/index.html'),
  redirect('/provider', '/provider/'),
  folder('/account/', '/account/index.html'),
  redirect('/account', '/account/'),
  page('/docs/', '/docs/index.html'),
  page('/docs/design/', '/docs/design/index.html'),
  redirect('/docs', '/docs/'),
  redirect('/redoc', '/docs/api.html'),
  folder('/docs/'),
  page('/firefox-wallet/', '/firefox-wallet/index.html'),
  folder('/firefox-wallet/'),
  redirect('/firefox-wallet', '/firefox-wallet/'),
  missing('/Exchange', 'The exchange'),
  missing('/Exchange/', 'The exchange'),
  redirect('/exchange', '/Exchange'),

  // The coordinator, in both spellings; the more particular families first
  service('/api/v1/', 'coordinator'),
  service('/api/', 'coordinator'),
  service('/api/v1/health', 'health'),
  service('/api/health', 'health'),
  service('/api/v1/explorer/', 'explorer'),
  service('/api/explorer/', 'explorer'),
  service('/api/v1/chain/', 'chain'),
  service('/api/chain/', 'chain'),
  ...['/api/v1/', '/api/', '/v1/'].flatMap((base) => [
    service(`${base}auth/`, 'auth'),
    service(`${base}admin/`, 'admin'),
    service(`${base}users/`, 'users'),
    service(`${base}market/`, 'market'),
    service(`${base}marketplace/`, 'marketplace'),
  ]),
  ...bothSpellings('exchange/', 'The exchange'),
  ...bothSpellings('governance/', 'Governance'),
  ...bothSpellings('partners/', 'The partners API'),
  ...bothSpellings('zk/', 'The proofs API'),
  missing('/api/trades/recent', 'The exchange'),
  missing('/api/orders/orderbook', 'The exchange'),
  missing('/api/orders', 'The exchange'),
  page('/admin/', '/admin/index.html'),
  redirect('/admin', '/admin/'),
  service('/admin/', 'admin'),
  service('/rpc/', 'rpc'),
  folder('/wallet/', '/wallet/index.html'),
  redirect('/wallet', '/wallet/'),
  service('/wallet/v1/', 'wallet'),
  service('/wallet/rpc', 'walletRpc'),
  service('/v1/', 'coordinator'),
  service('/v1/health', 'health'),
  service('/v1/explorer/', 'explorer'),
  service('/status', 'status'),
  service('/metrics', 'metrics'),
  redirect('/metrics/', '/metrics'),

  service('/ollama/', 'ollama'),

  // Health
  { path: '/health', target: { kind: 'text', body: 'OK' } },
  service('/health/', 'health'),

  // Old addresses
  redirect('/Marketplace', '/marketplace/'),
  redirect('/BrowserWallet', '/docs/browser-wallet.html'),
]

/** The row that answers a path; undefined when none does (a 404). */
export function routeOf(pathname: string): Route | undefined {
  const exact = exactRoutes.get(pathname)
  if (exact) return exact
  return prefixRoutes.find((route) => pathname.startsWith(route.path))
}

function bothSpellings(rest: string, what: string): Route[] {
  return [
    missing(`/api/v1/${rest}`, what),
    missing(`/api/${rest}`, what),
    missing(`/v1/${rest}`, what),
  ]
}

/** A page at a path that ends in `/` is exact too: `/docs/` is one page and also a folder. */
const isExact = ({ path, target }: Route) => !path.endsWith('/') || target.kind === 'page'

const exactRoutes = new Map(routeTable.filter(isExact).map((route) => [route.path, route]))

const prefixRoutes = routeTable
  .filter((route) => !isExact(route))
  .sort((a, b) => b.path.length - a.path.length)
