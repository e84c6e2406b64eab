/** Every page, in both themes and at the width of a desk and of a phone: clean, accessible, whole. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { giftOf, unusedAddress } from './chain.ts'
import { settled, visit } from './visit.ts'

const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

let site: TestSite
let browser: Browser
let gift: { hash: string; height: number }

/** Path and title of every page; `undefined` for a path that only the running chain can tell. */
const pages: readonly { name: string; path: () => string; title: string | RegExp }[] = [
  { name: 'home', path: () => '/', title: 'AITBC: buy and sell AI compute, check every payment' },
  { name: 'explorer', path: () => '/explorer/', title: 'Overview · AITBC explorer' },
  { name: 'blocks', path: () => '/explorer/blocks', title: 'Blocks · AITBC explorer' },
  { name: 'transactions', path: () => '/explorer/txs', title: 'Transactions · AITBC explorer' },
  { name: 'receipts', path: () => '/explorer/receipts', title: 'Receipts · AITBC explorer' },
  { name: 'genesis', path: () => '/explorer/block/0', title: 'Block 0 · AITBC explorer' },
  {
    name: 'block',
    path: () => `/explorer/block/${gift.height}`,
    title: /^Block \d+ · AITBC explorer$/,
  },
  {
    name: 'transaction',
    path: () => `/explorer/tx/${gift.hash}`,
    title: /^Transaction 0x.* · AITBC explorer$/,
  },
  {
    name: 'address',
    path: () => `/explorer/address/${unusedAddress}`,
    title: /^Address aitbc1.* · AITBC explorer$/,
  },
  { name: 'search', path: () => '/explorer/search?q=nonsense', title: 'Search · AITBC explorer' },
  { name: 'docs', path: () => '/docs/', title: 'Docs · AITBC' },
  {
    name: 'getting started',
    path: () => '/docs/getting-started.html',
    title: 'Getting started · AITBC docs',
  },
  {
    name: 'browser wallet',
    path: () => '/docs/browser-wallet.html',
    title: 'Browser wallet · AITBC docs',
  },
  { name: '404', path: () => '/no/such/page', title: 'Page not found · AITBC' },
  { name: '501', path: () => '/marketplace/', title: 'The marketplace is not built yet · AITBC' },
]

beforeAll(async () => {
  site = await startTestSite()
  browser = await startBrowser()
  gift = await giftOf(site.url)
})

afterAll(async () => {
  await browser?.close()
  await site?.dispose()
})

describe.each(pages)('$name', ({ path, title }) => {
  test.each([
    { width: 1440, scheme: 'light' },
    { width: 1440, scheme: 'dark' },
    { width: 390, scheme: 'light' },
    { width: 390, scheme: 'dark' },
  ] as const)('is clean at $width px, $scheme', async ({ width, scheme }) => {
    await using seen = await visit(browser, site.url + path(), { width, scheme })
    const { page } = seen
    await settled(page)
    await expect
      .poll(() => page.title())
      .toEqual(typeof title === 'string' ? title : expect.stringMatching(title))
    expect(await page.locator('h1:visible').count()).toBe(1)
    const { violations } = await new AxeBuilder({ page }).withTags(wcag).analyze()
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`)
    expect(found).toEqual([])
    expect(await seen.faults()).toEqual([])
  })

  test('has no sideways scroll at 320 px, and nothing sticks out', async () => {
    await using seen = await visit(browser, site.url + path(), { width: 320 })
    const { page } = seen
    await settled(page)
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(width).toBeLessThanOrEqual(320)
  })
})

test('pages that are not there carry their status and stay out of search engines', async () => {
  for (const [path, status] of [
    ['/no/such/page', 404],
    ['/marketplace/', 501],
  ] as const) {
    const response = await fetch(site.url + path, { headers: { accept: 'text/html' } })
    expect(response.status).toBe(status)
    const html = await response.text()
    expect(html).toContain('<meta name="robots" content="noindex">')
    const relative = [...html.matchAll(/(?:href|src|action)="(?!\/|#|https:)([^"]*)"/g)]
    expect(relative).toEqual([])
  }
})

test('the 404 page offers the explorer for what looks like a block', async () => {
  await using seen = await visit(browser, `${site.url}/lost/0`)
  await seen.page.getByRole('link', { name: 'Look it up in the explorer' }).click()
  await seen.page.getByRole('heading', { name: 'Block 0' }).waitFor()
  expect(new URL(seen.page.url()).pathname).toBe('/explorer/block/0')
})

test('the policy names the one inline script and allows no other', async () => {
  const response = await fetch(`${site.url}/`, { headers: { accept: 'text/html' } })
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toMatch(/script-src 'self' 'sha256-[A-Za-z0-9+/]+=*';/)
  expect(policy).not.toContain('unsafe')
  const page = await (await browser.newContext()).newPage()
  await page.goto(site.url)
  await page.evaluate(() => {
    const script = document.createElement('script')
    try {
      script.textContent = 'document.title = "injected"'
    } catch {}
    document.head.append(script)
  })
  expect(await page.title()).not.toBe('injected')
  await page.context().close()
})
