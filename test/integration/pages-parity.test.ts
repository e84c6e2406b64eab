/**
 * The site on Cloudflare Pages against the site on the Worker: the folder of `npm run deploy:pages`,
 * served by the engine of Pages that wrangler carries, and the gateway itself on workerd. Neither the list
 * of addresses nor what is expected comes from the rules under test.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { Log, LogLevel } from 'miniflare'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { unstable_generateASSETSBinding } from 'wrangler'
import { sitePages } from '../../pages/build/site-map.ts'
import { layOutPagesProject, type PagesProject } from '../../scripts/setup/pages-project.ts'
import { inRoot } from '../../scripts/setup/paths.ts'
import { routeOf, routeTable } from '../../workers/gateway/routes.ts'
import { startTestSite, type TestSite } from '../support/site.ts'

const hostname = 'edge.example.org'
const folder = mkdtempSync(join(tmpdir(), 'aitbc-pages-'))
const stopped = new AbortController()
const said: string[] = []
let site: TestSite
let project: PagesProject
let askPages: (request: Request) => Promise<Response>

/**
 * Files that the gateway uses without an address of their own; below `/admin/` the zone asks the Worker
 * whatever Pages has, and programs get JSON there.
 */
const hidden = new Set(['/csp-hashes.json', '/404.html', '/not-built.html', '/admin/index.html'])
const dist = inRoot('pages', 'dist')
const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => `/${relative(dist, join(entry.parentPath, entry.name))}`)

class Notes extends Log {
  // Also what is said without a level, as by the readers of the two files.
  override log(message: string): void {
    said.push(message)
  }
}

beforeAll(async () => {
  site = await startTestSite()
  project = layOutPagesProject({
    folder,
    configPath: inRoot('wrangler.toml'),
    project: 'edge',
    hostname,
    zone: 'example.org',
  })
  const serve = await unstable_generateASSETSBinding({
    directory: project.sitePath,
    log: new Notes(LogLevel.DEBUG),
    signal: stopped.signal,
  } as never)
  askPages = serve as unknown as typeof askPages
})

afterAll(async () => {
  stopped.abort()
  await site?.dispose()
  rmSync(folder, { recursive: true, force: true })
})

/** As a browser asks: for the page, and for the redirect itself. */
const init = { headers: { accept: 'text/html,*/*' }, redirect: 'manual' } as const
const fromWorker = (path: string) => fetch(site.url + path, init)
const fromPages = (path: string) => askPages(new Request(`https://${hostname}${path}`, init))

/** The media type, one for those that browsers take for the same. */
function typeOf(headers: Headers): string {
  const [type = ''] = (headers.get('content-type') ?? 'application/octet-stream').split(';')
  return type === 'application/javascript' ? 'text/javascript' : type
}

/** What a visitor may notice of an answer. */
async function noticeable(response: Response) {
  const { headers, status } = response
  const names = [
    'strict-transport-security',
    'x-content-type-options',
    'x-frame-options',
    'referrer-policy',
    'permissions-policy',
    'cross-origin-opener-policy',
    'cross-origin-resource-policy',
    'access-control-allow-origin',
    'access-control-allow-credentials',
  ]
  const location = headers.get('location')
  const bytes = Buffer.from(await response.arrayBuffer())
  return {
    status,
    location: location === null ? null : location.replace(/^https?:\/\/[^/]+/, ''),
    type: status === 301 ? '' : typeOf(headers),
    // A redirect's body is not looked at, and a page that is not there is never kept.
    body: status === 301 ? '' : bytes.toString('base64'),
    cache: status === 404 ? '' : headers.get('cache-control'),
    csp: headers.get('content-security-policy')?.replace(/ wss?:\/\/[\w.:-]+/, ' SOCKETS'),
    security: Object.fromEntries(names.map((name) => [name, headers.get(name)])),
  }
}

async function expectSame(paths: readonly string[], status?: number): Promise<void> {
  expect(paths.length).toBeGreaterThan(0)
  for (const path of paths) {
    const worker = await noticeable(await fromWorker(path))
    const pages = await noticeable(await fromPages(path))
    expect({ path, ...pages }).toEqual({ path, ...worker })
    if (status !== undefined) expect({ path, status: pages.status }).toEqual({ path, status })
  }
}

/** Whether the answer of a path is for Pages to give: no row, or one with files. */
const isForPages = (path: string) => {
  const kind = routeOf(path)?.target.kind ?? 'page'
  return kind === 'page' || kind === 'folder' || kind === 'redirect'
}

test('PD-5: every file has the address, body, type, caching and security headers of the gateway', async () => {
  const own = files.filter((file) => !hidden.has(file) && routeOf(file) !== undefined)
  const rows = routeTable.filter(({ target }) => target.kind === 'page').map(({ path }) => path)
  const mapped = sitePages
    .filter(({ file }) => !hidden.has(`/${file}`))
    .map(({ file }) => `/${file.replace(/index\.html$/, '')}`)
  await expectSame([...new Set([...own, ...rows, ...mapped])], 200)
})

test('PD-5: the platform takes every line of both files', () => {
  const lines = (name: string) =>
    readFileSync(join(project.sitePath, name), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('/'))
  expect(said.join('\n')).toContain(`Parsed ${lines('_redirects').length} valid redirect rules`)
  expect(said.join('\n')).toContain(`Parsed ${lines('_headers').length} valid header rules`)
  expect(said.join('\n')).not.toMatch(/invalid/i)
})

test('PD-5: the page may open sockets to its own host only', async () => {
  const csp = (await fromPages('/')).headers.get('content-security-policy')
  expect(csp).toContain(`connect-src 'self' wss://${hostname};`)
})

test('PD-6: redirects go to the same target and keep the query', async () => {
  const paths = routeTable
    .filter(({ target }) => target.kind === 'redirect')
    .map(({ path }) => path)
  await expectSame([...paths, ...paths.map((path) => `${path}?from=an&old=link`)], 301)
})

test('PD-7: what no row answers is the 404 page, whatever Pages would make of it', async () => {
  const html = files.filter((file) => file.endsWith('.html'))
  const invented = html.flatMap((file) => {
    const name = file.replace(/\.html$/, '')
    const index = file.replace(/\/index\.html$/, '')
    return [name, `${name}/`, ...(index === file ? [] : [index, `${index}/index`])]
  })
  const others = ['/nope', '/docs/nope.html', '/docs/nope', '/assets/', '/assets/x-01234567.js']
  const paths = [...hidden, '/_headers', '/_redirects', '/nothing-is-here', ...invented, ...others]
  const asked = [...new Set(paths)].filter((path) => path !== '' && isForPages(path))
  const statuses = await Promise.all(asked.map(async (path) => (await fromWorker(path)).status))
  const absent = asked.filter((_, index) => statuses[index] === 404)
  expect(absent.length).toBeGreaterThan(html.length)
  await expectSame(absent, 404)
  // The others are addresses of something else, such as a redirect.
  await expectSame(asked)
})

test('PD-8: a deep link of the explorer answers the explorer, the name of a file does not', async () => {
  const views = ['/explorer/', '/explorer/block/12', '/explorer/tx/ab12', '/explorer/a/b/c?x=1']
  await expectSame(views, 200)
  await expectSame(['/explorer/main.js', '/explorer/block/12.json', '/explorer/a.b/c.css'], 404)
})
