/** One theme for all pages: followed from the device, chosen, kept, and there before the first paint. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

const ground = (page: Page) =>
  page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)

const grounds = { light: 'rgb(247, 247, 244)', dark: 'rgb(14, 17, 19)' } as const

test.each(['light', 'dark'] as const)(
  'PAGE-12: follows the device when it is %s',
  async (scheme) => {
    await using seen = await visit(browser, site.url, { scheme })
    expect(await ground(seen.page)).toBe(grounds[scheme])
    expect(await seen.page.getByRole('radio', { name: 'System' }).isChecked()).toBe(true)
    const other = scheme === 'light' ? 'dark' : 'light'
    await seen.page.emulateMedia({ colorScheme: other })
    expect(await ground(seen.page)).toBe(grounds[other])
  },
)

test('PAGE-12: a choice outlives the page and holds on every other one', async () => {
  await using seen = await visit(browser, site.url, { scheme: 'light' })
  const { page } = seen
  await page.getByRole('radio', { name: 'Dark' }).check({ force: true })
  expect(await ground(page)).toBe(grounds.dark)
  for (const path of ['/explorer/', '/docs/', '/no/such/page', '/']) {
    await page.goto(site.url + path)
    expect(await ground(page)).toBe(grounds.dark)
    await page.locator('#network a').waitFor()
    expect(await page.getByRole('radio', { name: 'Dark' }).isChecked()).toBe(true)
  }
  await page.getByRole('radio', { name: 'System' }).check({ force: true })
  expect(await ground(page)).toBe(grounds.light)
})

test('PAGE-12: another tab follows at once', async () => {
  await using seen = await visit(browser, site.url, { scheme: 'light' })
  const other = await seen.context.newPage()
  await other.goto(`${site.url}/docs/`)
  await other.getByRole('radio', { name: 'Dark' }).check({ force: true })
  await seen.page.waitForFunction(() => document.documentElement.dataset['theme'] === 'dark')
  expect(await ground(seen.page)).toBe(grounds.dark)
})

test('PAGE-12: a stored theme is there before any module script has run', async () => {
  const withoutModules = (context: BrowserContext) =>
    context.route('**/assets/*.js', (route) => route.abort())
  const context = await browser.newContext({ colorScheme: 'light' })
  await withoutModules(context)
  await context.addInitScript(() => localStorage.setItem('aitbc:theme', 'dark'))
  const page = await context.newPage()
  await page.goto(site.url)
  expect(await ground(page)).toBe(grounds.dark)
  await context.close()
})

test('PAGE-12: a value that nobody chose is taken as the system theme', async () => {
  const storedTheme = '"><script>alert(1)</script>'
  await using seen = await visit(browser, site.url, { scheme: 'light', storedTheme })
  expect(await ground(seen.page)).toBe(grounds.light)
  expect(await seen.page.getByRole('radio', { name: 'System' }).isChecked()).toBe(true)
  expect(await seen.faults()).toEqual([])
})
