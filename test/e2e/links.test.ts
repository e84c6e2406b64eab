/** Every link of every static page leads somewhere, and every anchor into a page is there. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sitePages } from '../../pages/build/site-map.ts'
import { startTestSite, type TestSite } from '../support/site.ts'

let site: TestSite

beforeAll(async () => {
  site = await startTestSite()
})

afterAll(async () => {
  await site?.dispose()
})

type Read = { readonly status: number; readonly text: string }

const known = new Map<string, Promise<Read>>()

/** Asks as a browser does, so that a missing page is the 404 page; each address once. */
function read(path: string): Promise<Read> {
  const earlier = known.get(path)
  if (earlier) return earlier
  const fresh = fetch(site.url + path, { headers: { accept: 'text/html,*/*' } }).then(
    async (response) => ({ status: response.status, text: await response.text() }),
  )
  known.set(path, fresh)
  return fresh
}

/** Pages that answer for an address that is something else; they are reached through it. */
const answers: Readonly<Record<string, { readonly path: string; readonly status: number }>> = {
  '404.html': { path: '/no/such/page', status: 404 },
  'not-built.html': { path: '/Exchange', status: 501 },
}

const addressOf = (file: string) =>
  answers[file] ?? { path: `/${file.replace(/index\.html$/, '')}`, status: 200 }

const targetsIn = (html: string): string[] => [
  ...new Set([...html.matchAll(/\s(?:href|src|action)="([^"]+)"/g)].map(([, target]) => target!)),
]

test.each(sitePages.map(({ file }) => file))(
  'PAGE-14: the links of %s lead somewhere',
  async (file) => {
    const { path: own, status } = addressOf(file)
    const page = await read(own)
    expect(page.status).toBe(status)
    const broken: string[] = []
    for (const target of targetsIn(page.text)) {
      if (/^https?:/.test(target)) continue
      const [path = '', anchor = ''] = target.split('#')
      const found = path === '' ? page : await read(path)
      if (path !== '' && found.status !== 200) broken.push(`${target}: ${found.status}`)
      else if (anchor !== '' && !found.text.includes(` id="${anchor}"`)) broken.push(target)
    }
    expect(broken).toEqual([])
  },
)

test('PAGE-14: the sections of the original home page are where old links look for them', async () => {
  const home = await read('/')
  for (const id of ['hero', 'features', 'architecture', 'documentation', 'roadmap']) {
    expect(home.text).toContain(` id="${id}"`)
  }
})

test('PAGE-14: addresses that the programs name are there', async () => {
  const guide = await read('/docs/getting-started.html')
  expect(guide.text).toContain('<h2 id="signing">')
  expect((await read('/BrowserWallet')).text).toContain('The wallet as an extension')
})

test('EXT-29: the packages are served as what they are, with their hashes on the page', async () => {
  const page = await read('/firefox-wallet/')
  for (const [file, type] of [
    ['aitbc-wallet-firefox.xpi', 'application/x-xpinstall'],
    ['aitbc-wallet-chromium.zip', 'application/zip'],
  ]) {
    const response = await fetch(`${site.url}/firefox-wallet/${file}`)
    expect([file, response.status, response.headers.get('content-type')]).toEqual([file, 200, type])
    const hash = createHash('sha256').update(new Uint8Array(await response.arrayBuffer()))
    expect(page.text).toContain(`SHA-256 ${hash.digest('hex')}`)
  }
  const lost = await fetch(`${site.url}/firefox-wallet/other.xpi`)
  expect([lost.status, lost.headers.get('content-type')]).toEqual([
    404,
    expect.not.stringContaining('xpinstall'),
  ])
})
