/** What Pages and the zone are told: the parts that need no running site. */
import { expect, test } from 'vitest'
import { pagesLimits, pagesRules, workerPatterns } from '../../../scripts/setup/pages-rules.ts'
import { routeOf, routeTable } from '../../../workers/gateway/routes.ts'

const hostname = 'edge.example.org'
const files = ['/index.html', '/404.html', '/docs/index.html', '/docs/miners.html']
const rulesOf = (extra: readonly string[]) =>
  pagesRules({ files: [...files, ...extra], hostname, scriptHashes: [] })

/** Whether a route of the zone takes an address, as the platform compares them. */
const isTaken = (address: string) =>
  workerPatterns(hostname).some((pattern) => {
    return `${hostname}${address}`.startsWith(pattern.slice(0, -1)) && pattern.endsWith('*')
  })

test('PD-9: every row that is neither file nor redirect has a route, with a query too', () => {
  const kinds = new Set(['service', 'missing', 'text'])
  const rows = routeTable.filter(({ target }) => kinds.has(target.kind))
  expect(rows.length).toBeGreaterThan(20)
  for (const { path } of rows) {
    expect({ path, taken: isTaken(path) }).toEqual({ path, taken: true })
    expect({ path, taken: isTaken(`${path}?limit=1`) }).toEqual({ path, taken: true })
    if (path.endsWith('/')) expect(isTaken(`${path}deeper/down`)).toBe(true)
  }
})

test('PD-9: no route takes an address that Pages answers', () => {
  const kinds = new Set(['page', 'folder', 'redirect'])
  const rows = routeTable.filter(({ target }) => kinds.has(target.kind)).map(({ path }) => path)
  // The Worker answers these as well: they stand at the head of a family of its own.
  const heads = ['/admin/', '/metrics/']
  const others = [...rows, ...files].filter((path) => !heads.includes(path))
  expect(others.filter(isTaken)).toEqual([])
  for (const path of heads) expect(isTaken(`${path}?view=jobs`)).toBe(true)
})

test('PD-9: no route is inside another, and each is on the hostname', () => {
  const patterns = workerPatterns(hostname)
  for (const pattern of patterns) {
    expect(pattern.startsWith(`${hostname}/`)).toBe(true)
    const around = patterns.filter((one) => one !== pattern && pattern.startsWith(one.slice(0, -1)))
    expect(around).toEqual([])
  }
})

test('PD-10: more files than Pages has rules for are refused', () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => `/docs/page-${n}.html`)
  expect(() => rulesOf(many(pagesLimits.staticRedirectsMax))).toThrow(/2000 static redirects/)
  expect(rulesOf(many(100)).redirects).toContain('/docs/page-99.html /docs/page-99 200')
})

test('PD-10: a line that Pages would ignore is refused', () => {
  const scriptHashes = Array.from({ length: 40 }, () => `'sha256-${'A'.repeat(43)}='`)
  expect(() => pagesRules({ files, hostname, scriptHashes })).toThrow(/2000 characters in a line/)
  const long = `/docs/${'a'.repeat(pagesLimits.lineCharsMax)}.html`
  expect(() => rulesOf([long])).toThrow(/characters in a line/)
})

test('PD-10: more exceptions from caching than Pages has rules for are refused', () => {
  const names = Array.from({ length: 101 }, (_, n) => `/assets/plain${n}.txt`)
  const built = '/assets/main-CjIaxGq1.css'
  expect(() => rulesOf([built, ...names])).toThrow(/100 header rules/)
  expect(rulesOf([built, ...names.slice(0, 5)]).headers).toContain('/assets/plain4.txt')
})

test('PD-7: only files that the table serves go to Pages, and the 404 page', () => {
  const { files: uploaded } = rulesOf(['/csp-hashes.json', '/not-built.html', '/favicon.svg'])
  expect(uploaded).toEqual([
    '/404.html',
    '/docs/index.html',
    '/docs/miners.html',
    '/favicon.svg',
    '/index.html',
  ])
  expect(routeOf('/csp-hashes.json')).toBeUndefined()
})

test('PD-7: without a 404 page nothing is laid out', () => {
  const input = { files: ['/index.html'], hostname, scriptHashes: [] }
  expect(() => pagesRules(input)).toThrow(/404\.html/)
})
