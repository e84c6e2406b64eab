/** Every link of every static page leads somewhere, and every anchor into a page is there. */
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

/** Asks as a browser does, so that a missing page is the 404 page. */
const read = async (path: string) => {
  const response = await fetch(site.url + path, { headers: { accept: 'text/html,*/*' } })
  return { status: response.status, text: await response.text() }
}

/** Pages that answer for an address that is something else; they are reached through it. */
const answers = ['404.html', 'not-built.html']

const targetsIn = (html: string): string[] => [
  ...new Set([...html.matchAll(/\s(?:href|src|action)="([^"]+)"/g)].map(([, target]) => target!)),
]

test.each(sitePages.filter(({ file }) => !answers.includes(file)).map(({ file }) => file))(
  'the links of %s lead somewhere',
  async (file) => {
    const own = `/${file.replace(/index\.html$/, '')}`
    const page = await read(own)
    expect(page.status).toBe(200)
    const broken: string[] = []
    for (const target of targetsIn(page.text)) {
      if (target.startsWith('https://')) continue
      const [path = '', anchor = ''] = target.split('#')
      const found = path === '' ? page : await read(path)
      if (found.status !== 200) broken.push(`${target}: ${found.status}`)
      else if (anchor !== '' && !found.text.includes(` id="${anchor}"`)) broken.push(target)
    }
    expect(broken).toEqual([])
  },
)

test('addresses that the programs name are there', async () => {
  const guide = await read('/docs/getting-started.html')
  expect(guide.text).toContain('<h2 id="signing">')
  expect((await read('/BrowserWallet')).text).toContain('There is no browser wallet yet')
})
