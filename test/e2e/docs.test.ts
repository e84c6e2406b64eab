/** The docs in a browser: search, navigation, and what works without a script. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { visit } from './visit.ts'

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

const start = '/docs/getting-started.html'
const field = (page: Page) => page.getByRole('searchbox', { name: 'Search the docs' })
const hits = (page: Page) => page.locator('a.hit')
const pathOf = (page: Page) => new URL(page.url()).pathname

describe('search', () => {
  test('DOC-7, DOC-10: from the field of a page to a section, by keyboard alone', async () => {
    await using seen = await visit(browser, site.url + start)
    const { page } = seen
    await field(page).focus()
    await page.keyboard.type('escrow')
    await hits(page).first().waitFor()
    expect(await page.locator('.search-box mark').first().textContent()).toMatch(/escrow/i)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    const target = await hits(page).first().getAttribute('href')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('href'))).toBe(target)
    await page.keyboard.press('Escape')
    await expect.poll(() => hits(page).count()).toBe(0)
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('docs-search-text')
    await page.keyboard.type(' ')
    await hits(page).first().waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.url()).toBe(site.url + target)
    const anchor = target?.split('#')[1]
    if (anchor) expect(await page.locator(`[id="${anchor}"]`).count()).toBe(1)
    expect(await seen.faults()).toEqual([])
  })

  test('DOC-8: results have an address, and the back button returns to them', async () => {
    await using seen = await visit(browser, `${site.url}/docs/search.html?q=reciept`)
    const { page } = seen
    await hits(page).first().waitFor()
    expect(await page.title()).toBe('“reciept” · Search · AITBC docs')
    expect(await field(page).inputValue()).toBe('reciept')
    await field(page).fill('receipt')
    await expect.poll(() => new URL(page.url()).search).toBe('?q=receipt')
    await field(page).press('Enter')
    await page.keyboard.press('Enter')
    await expect.poll(() => pathOf(page)).not.toBe('/docs/search.html')
    await page.goBack()
    await hits(page).first().waitFor()
    expect(await field(page).inputValue()).toBe('receipt')
    expect(await seen.faults()).toEqual([])
  })

  test('DOC-8: where nothing is found, pages that come close are offered', async () => {
    await using seen = await visit(browser, `${site.url}/docs/search.html?q=receipt+zzzzqqqq`)
    const { page } = seen
    await page.getByText('Nothing found for').waitFor()
    expect(await hits(page).count()).toBeGreaterThan(1)
    await expect.poll(() => page.locator('#announcer').textContent()).toBe('Nothing found')
  })

  test('DOC-8: an index that is away is said, and another try finds', async () => {
    let isAway = true
    await using seen = await visit(browser, `${site.url}/docs/search.html?q=receipt`, {
      prepare: (context) =>
        context.route('**/docs/search-index.json', (route) =>
          isAway ? route.abort() : route.continue(),
        ),
    })
    const { page } = seen
    await page.getByText('Could not read the search index').waitFor()
    isAway = false
    await page.getByRole('button', { name: 'Try again' }).click()
    await hits(page).first().waitFor()
  })

  test('DOC-9: a hostile query is text', async () => {
    const query = '"><img src=x onerror=alert(1)><mark>receipt'
    const address = `${site.url}/docs/search.html?q=${encodeURIComponent(query)}`
    await using seen = await visit(browser, address)
    const { page } = seen
    await page.getByText('Nothing found for').waitFor()
    expect(await page.locator('.search-query').textContent()).toBe(query)
    expect(await page.locator('img').count()).toBe(0)
    await field(page).fill('receipt <script>')
    await page.waitForFunction(() => document.title.includes('<script>'))
    expect(await seen.faults()).toEqual([])
  })
})

describe('navigation', () => {
  test('DOC-11, DOC-10: on a phone the list of pages is folded and opens by keyboard', async () => {
    await using seen = await visit(browser, site.url + start, { width: 390 })
    const { page } = seen
    const button = page.getByRole('button', { name: 'All docs pages' })
    const overview = page.locator('#docs-menu').getByRole('link', { name: 'Overview' })
    expect(await overview.isVisible()).toBe(false)
    await button.press('Enter')
    expect(await button.getAttribute('aria-expanded')).toBe('true')
    await overview.focus()
    await page.keyboard.press('Escape')
    expect(await overview.isVisible()).toBe(false)
    await button.click()
    await overview.click()
    await expect.poll(() => pathOf(page)).toBe('/docs/')
  })

  test('DOC-12: the sign beside a heading copies its address and leads there', async () => {
    await using seen = await visit(browser, site.url + start, {
      prepare: (context) => context.grantPermissions(['clipboard-read', 'clipboard-write']),
    })
    const { page } = seen
    const anchor = page.locator('a.anchor').last()
    const href = await anchor.getAttribute('href')
    await anchor.focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('#announcer').textContent()).toContain('Copied the link')
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied).toBe(site.url + start + href)
    expect(page.url()).toBe(copied)
  })

  test('DOC-13: reading on leads to the next page, and back', async () => {
    await using seen = await visit(browser, `${site.url}/docs/`)
    const { page } = seen
    await page.locator('a[rel="next"]').click()
    await expect.poll(() => pathOf(page)).not.toBe('/docs/')
    const current = page.locator('#docs-menu [aria-current="page"]')
    expect(await current.getAttribute('href')).toBe(pathOf(page))
    await page.locator('a[rel="prev"]').click()
    await expect.poll(() => pathOf(page)).toBe('/docs/')
  })

  test('DOC-14: without a script everything is there, and no search field', async () => {
    const context = await browser.newContext({
      javaScriptEnabled: false,
      viewport: { width: 390, height: 900 },
    })
    const page = await context.newPage()
    await page.goto(site.url + start)
    expect(await page.getByRole('heading', { level: 2 }).count()).toBeGreaterThan(2)
    expect(await page.locator('#docs-search').isVisible()).toBe(false)
    expect(await page.locator('#docs-menu-button').isVisible()).toBe(false)
    await page.locator('#docs-menu').getByRole('link', { name: 'All docs on one page' }).click()
    await page.getByRole('heading', { name: 'All docs on one page' }).waitFor()
    await page.goto(`${site.url}/docs/search.html?q=receipt`)
    expect(await page.getByText('The search needs JavaScript').isVisible()).toBe(true)
    await context.close()
  })
})
