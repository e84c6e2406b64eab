/**
 * What Cloudflare Pages and the zone need to know of this site, derived from the gateway's one route
 * table: `_redirects`, `_headers`, and the addresses that the Worker keeps.
 *
 * Pages has its own idea of addresses: it serves `a.html` as `/a` and redirects the former. So every
 * address that the gateway answers with a file gets a line that rewrites it to the name under which Pages
 * finds that file, and a last line sends everything else to the 404 page.
 */
import { contentSecurityPolicy, withHeaders } from '../../workers/gateway/headers.ts'
import { type Route, routeOf, routeTable } from '../../workers/gateway/routes.ts'

export type PagesInput = {
  /** Files of the built pages, as paths with `/` in front. */
  readonly files: readonly string[]
  /** Where the site will be; the CSP names its WebSocket origin. */
  readonly hostname: string
  /** CSP sources of inline scripts, from `csp-hashes.json`. */
  readonly scriptHashes: readonly string[]
}

export type PagesRules = {
  /** Files that belong on Pages: those that the table serves, and the 404 page. */
  readonly files: readonly string[]
  /** Contents of `_redirects`. */
  readonly redirects: string
  /** Contents of `_headers`. */
  readonly headers: string
}

/** Limits of the platform; beyond them it ignores lines without failing. */
export const pagesLimits = {
  staticRedirectsMax: 2_000,
  dynamicRedirectsMax: 100,
  headerRulesMax: 100,
  lineCharsMax: 2_000,
  filesMax: 20_000,
} as const

/** Pages answers a path without a file with this file, and status 404. */
const notFoundFile = '/404.html'

/** Has no file, ever. Pages rewrites to it what must be a 404. */
const nowhere = '/nothing-is-here'

/** `Cache-Control` that Pages sets where `_headers` says nothing. */
const pagesCacheControl = 'public, max-age=0, must-revalidate'

/** Headers that Pages sets by itself and the gateway does not. */
const unwantedHeaders = ['Access-Control-Allow-Origin']

/** Headers of the gateway that are made for each request. */
const perRequestHeaders = new Set(['x-request-id', 'vary', 'cache-control'])

/** Derives everything for Pages; throws when a limit of the platform does not suffice. */
export function pagesRules(input: PagesInput): PagesRules {
  const served = servedAddresses(input.files)
  const files = [...new Set([...served.values(), notFoundFile])].sort()
  if (!input.files.includes(notFoundFile)) throw new Error(`there is no ${notFoundFile}`)
  if (input.files.includes(nowhere)) throw new Error(`there must be no file ${nowhere}`)
  check('files', files.length, pagesLimits.filesMax)
  return { files, redirects: redirectsFile(served), headers: headersFile(served, input) }
}

/**
 * Patterns of the Worker's routes: every address that the gateway answers itself. Each ends in `*`, as a
 * pattern is compared with the whole address and its query.
 */
export function workerPatterns(hostname: string): string[] {
  const paths = routeTable.filter((route) => !isStatic(route)).map(({ path }) => path)
  const widest = paths.filter(
    (path) => !paths.some((other) => other !== path && path.startsWith(other)),
  )
  return [...new Set(widest)].map((path) => `${hostname}${path}*`)
}

/** Whether Pages can answer a row: a file, a folder or a redirect. */
export function isStatic({ target }: Route): boolean {
  return target.kind === 'page' || target.kind === 'folder' || target.kind === 'redirect'
}

/** Address to file, for every file that the table serves; pages first, in the order of the table. */
function servedAddresses(files: readonly string[]): Map<string, string> {
  const known = new Set(files)
  const served = new Map<string, string>()
  for (const { path, target } of routeTable) {
    if (target.kind === 'page' && known.has(target.file)) served.set(path, target.file)
  }
  for (const file of [...files].sort()) {
    if (routeOf(file)?.target.kind === 'folder') served.set(file, file)
  }
  for (const { path, target } of routeTable) {
    const fallback = target.kind === 'folder' ? target.fallback : undefined
    if (fallback !== undefined && known.has(fallback)) served.set(path, fallback)
  }
  return served
}

function redirectsFile(served: ReadonlyMap<string, string>): string {
  const redirects = routeTable.flatMap(({ path, target }) =>
    target.kind === 'redirect' ? [`${path} ${target.to} 301`] : [],
  )
  const rewrites = [...served].map(([address, file]) => `${address} ${pagesName(file)} 200`)
  const apps = routeTable.flatMap(({ path, target }) => {
    if (target.kind !== 'folder' || target.fallback === undefined) return []
    // A path with a file ending names a file, never a view of the app.
    return [`${path}*.:ending ${nowhere} 200`, `${path}* ${pagesName(target.fallback)} 200`]
  })
  const others = [...apps, `/* ${nowhere} 200`]
  check('static redirects', redirects.length + rewrites.length, pagesLimits.staticRedirectsMax)
  check('dynamic redirects', others.length, pagesLimits.dynamicRedirectsMax)
  return checkedLines([
    '# Made by npm run deploy:pages from workers/gateway/routes.ts.',
    '# Old addresses, then every address with the name that Pages has for its file.',
    ...redirects,
    ...rewrites,
    '# Views of single-page apps, then the 404 page for everything else.',
    ...others,
  ])
}

/** The path at which Pages serves a file without a redirect. */
function pagesName(file: string): string {
  if (file.endsWith('/index.html')) return file.slice(0, -'index.html'.length)
  return file.endsWith('.html') ? file.slice(0, -'.html'.length) : file
}

function headersFile(served: ReadonlyMap<string, string>, input: PagesInput): string {
  const csp = contentSecurityPolicy(input.scriptHashes, new URL(`https://${input.hostname}`))
  const always = [...gatewayHeaders('/', undefined, csp)].filter(
    ([name]) => !perRequestHeaders.has(name),
  )
  const rules = [
    ['/*', ...always.map(([name, value]) => `${name}: ${value}`), ...unset(unwantedHeaders)],
    ...ownRules([...served.keys()], always),
    ...cacheRules([...served.keys()]),
  ]
  check('header rules', rules.length, pagesLimits.headerRulesMax)
  return checkedLines([
    '# Made by npm run deploy:pages from workers/gateway/headers.ts.',
    ...rules.flatMap(([path = '', ...lines]) => [path, ...lines.map((line) => `  ${line}`)]),
  ])
}

/** Addresses to which the gateway gives other headers than to the rest: files that everybody may read. */
function ownRules(
  addresses: readonly string[],
  always: readonly (readonly [string, string])[],
): string[][] {
  const usual = new Map(always)
  return addresses.flatMap((address) => {
    const own = [...gatewayHeaders(address, undefined, usual.get('content-security-policy') ?? '')]
    const other = own.filter(
      ([name, value]) => !perRequestHeaders.has(name) && usual.get(name) !== value,
    )
    if (other.length === 0) return []
    const names = other.map(([name]) => name).filter((name) => usual.has(name))
    return [[address, ...unset(names), ...other.map(([name, value]) => `${name}: ${value}`)]]
  })
}

/** Caching that differs from what Pages does by itself: built files, and redirects. */
function cacheRules(addresses: readonly string[]): string[][] {
  const cacheOf = (path: string, own?: string) =>
    gatewayHeaders(path, own, '').get('cache-control') ?? ''
  const folders = routeTable.filter(({ target }) => target.kind === 'folder')
  const built = folders.flatMap(({ path }) => {
    const inside = addresses.filter((address) => address.startsWith(path))
    const values = inside.map((address) => [address, cacheOf(address, pagesCacheControl)] as const)
    const kept = values.find(([, value]) => value !== pagesCacheControl)?.[1]
    if (kept === undefined) return []
    // One rule for the folder, as there may be more files than rules, and one for each exception.
    const exceptions = values
      .filter(([, value]) => value !== kept)
      .map(([address, value]) => [address, ...unset(['cache-control']), `cache-control: ${value}`])
    return [[`${path}*`, `cache-control: ${kept}`], ...exceptions]
  })
  const redirects = routeTable
    .filter(({ target }) => target.kind === 'redirect')
    .map(({ path }) => [path, `cache-control: ${cacheOf(path)}`])
  return [...built, ...redirects]
}

/** The headers that the gateway would give to a file at a path. */
function gatewayHeaders(pathname: string, cacheControl: string | undefined, csp: string): Headers {
  const headers = new Headers(cacheControl === undefined ? {} : { 'cache-control': cacheControl })
  const response = new Response(null, { headers })
  return withHeaders(response, { requestId: '', pathname, allowedOrigin: undefined, csp }).headers
}

function unset(names: readonly string[]): string[] {
  return names.map((name) => `! ${name}`)
}

function checkedLines(lines: readonly string[]): string {
  for (const line of lines) check(`characters in a line`, line.length, pagesLimits.lineCharsMax)
  return `${lines.join('\n')}\n`
}

function check(what: string, count: number, max: number): void {
  if (count > max) throw new Error(`Cloudflare Pages takes ${max} ${what}; there are ${count}.`)
}
