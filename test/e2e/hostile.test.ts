/** Whatever a name, hash, model or address says, the pages show it as text and do nothing else. */
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { settled, visit } from './visit.ts'

const hostile = [
  '<img src=x onerror="alert(1)">',
  '"><script>alert(2)</script>',
  'javascript:alert(3)',
  "';alert(4);//",
  '\u202Egnp.tnemyap\u202C \u0000\uFFFF',
  'x'.repeat(5_000),
  '__proto__',
]

let site: TestSite
let browser: Browser

beforeAll(async () => {
  site = await startTestSite()
  browser = await startBrowser()
})

afterAll(async () => {
  await browser?.close()
  await site?.dispose()
})

/** Puts the text into every string of every JSON answer of the site, keys and figures left alone. */
const poison = (text: string) => (context: BrowserContext) =>
  context.route(/\/(?:rpc|api)\/(?!ws)/, async (route) => {
    const response = await route.fetch()
    const body = await response.text()
    await route.fulfill({ response, body: JSON.stringify(poisoned(JSON.parse(body), text)) })
  })

function poisoned(value: unknown, text: string): unknown {
  // Figures and states must stay readable, or nothing would be shown at all.
  if (typeof value === 'string') {
    return /^(?:\d+|final|included|pending|applied)$/.test(value) ? value : text
  }
  if (Array.isArray(value)) return value.map((item) => poisoned(item, text))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, poisoned(item, text)]))
}

describe.each(hostile.map((text) => ({ text, name: JSON.stringify(text).slice(0, 40) })))(
  'answers full of $name',
  ({ text }) => {
    test.each(['/', '/explorer/', '/explorer/block/0', '/explorer/blocks'])(
      'PAGE-13: are inert on %s',
      async (path) => {
        await using seen = await visit(browser, site.url + path, { prepare: poison(text) })
        const { page } = seen
        await page.locator('#site-facts', { hasText: text.slice(0, 20).trim() }).waitFor()
        await settled(page)
        expect(await page.locator('main img, main script, [onerror]').count()).toBe(0)
        const schemes = await page.evaluate(() =>
          [...document.querySelectorAll('a')].map((anchor) => anchor.protocol),
        )
        expect(schemes.filter((scheme) => !/^https?:$/.test(scheme))).toEqual([])
        const width = await page.evaluate(() => document.documentElement.scrollWidth)
        expect(width).toBeLessThanOrEqual(1440)
        expect(await seen.faults()).toEqual([])
      },
    )
  },
)

test.each([
  '/explorer/block/%3Cimg%20src=x%20onerror=alert(1)%3E',
  '/explorer/tx/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E',
  '/explorer/search?q=%3Csvg%20onload=alert(1)%3E',
  '/explorer/address/..%2F..%2Fapi%2Fv1%2Fhealth',
  '/explorer/receipt/%E0%A4%A',
  '/explorer/escrow/%3Cimg%20src=x%20onerror=alert(1)%3E',
  '/%3Cscript%3Ealert(1)%3C%2Fscript%3E',
])('PAGE-13: the address %s is inert', async (path) => {
  await using seen = await visit(browser, site.url + path)
  const { page } = seen
  await page.locator('h1:visible').waitFor()
  expect(await page.locator('main img, main script, main svg[onload]').count()).toBe(0)
  const faults = await seen.faults()
  // The browser itself reports that the site knows no such block; nothing else may be there.
  expect(faults.filter((fault) => !fault.startsWith('console: Failed to load resource'))).toEqual(
    [],
  )
})

test.each([
  ['a list', '[]'],
  ['nothing', 'null'],
  ['text', '"blocks"'],
  ['wrong types', '{"items":{"length":3},"blocks":7,"total":"many","slot":"now"}'],
  ['a negative height', '{"items":[{"height":-9}],"blocks":[{"height":-9}],"total":1}'],
  ['no JSON', '<html>'],
])('PAGE-13: an answer that is %s is reported, not shown', async (_name, body) => {
  await using seen = await visit(browser, `${site.url}/explorer/blocks`, {
    prepare: (context) =>
      context.route(/\/(?:rpc|api)\//, (route) =>
        route.fulfill({ status: 200, contentType: 'application/json', body }),
      ),
  })
  await seen.page.getByText('Could not read the blocks').waitFor()
  await seen.page.locator('#network', { hasText: 'Chain unreachable' }).waitFor()
  expect(await seen.faults()).toEqual([])
})
