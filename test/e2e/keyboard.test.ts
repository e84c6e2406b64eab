/** The site without a mouse: skip link, search, menu, and focus that follows the reader. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { settled, visit } from './visit.ts'

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

const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement
    return element?.id || element?.textContent?.trim() || element?.tagName || ''
  })

test('PAGE-11: the first stop is the skip link, and it leads past the header', async () => {
  await using seen = await visit(browser, site.url)
  const { page } = seen
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('Skip to content')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('paid by the token')
})

test('PAGE-11: every stop of the frame shows a visible focus', async () => {
  await using seen = await visit(browser, site.url)
  const { page } = seen
  await settled(page)
  for (let stop = 0; stop < 9; stop++) {
    await page.keyboard.press('Tab')
    const isVisible = await page.evaluate(() => {
      const element = document.activeElement
      if (!element) return false
      const marked = element instanceof HTMLInputElement && element.type === 'radio'
      const shown = marked ? element.closest('label') : element
      return shown !== null && getComputedStyle(shown).outlineStyle !== 'none'
    })
    expect(isVisible, `stop ${stop}: ${await focused(page)}`).toBe(true)
  }
})

test.each(['/'])('PAGE-11: %s reaches the search, which finds a block', async (key) => {
  await using seen = await visit(browser, `${site.url}/docs/`)
  const { page } = seen
  await page.keyboard.press(key)
  expect(await focused(page)).toBe('search-text')
  await page.keyboard.type('#0')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Block 0' }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/explorer/block/0')
})

test('PAGE-11: a slash typed into the search stays there', async () => {
  await using seen = await visit(browser, site.url)
  const { page } = seen
  await page.keyboard.press('/')
  await page.keyboard.type('a/b')
  expect(await page.locator('#search-text').inputValue()).toBe('a/b')
})

test('PAGE-11: the folded menu opens, closes with Escape and gives the focus back', async () => {
  await using seen = await visit(browser, site.url, { width: 390 })
  const { page } = seen
  const button = page.getByRole('button', { name: 'Menu' })
  const docs = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Docs' })
  expect(await docs.isVisible()).toBe(false)
  await button.focus()
  await page.keyboard.press('Enter')
  expect(await button.getAttribute('aria-expanded')).toBe('true')
  expect(await docs.isVisible()).toBe(true)
  await page.keyboard.press('Escape')
  expect(await docs.isVisible()).toBe(false)
  expect(await focused(page)).toBe('menu-button')
})

test('PAGE-11: inside the explorer the heading takes the focus, the title changes, and back works', async () => {
  await using seen = await visit(browser, `${site.url}/explorer/`)
  const { page } = seen
  await page
    .getByRole('navigation', { name: 'Explorer' })
    .getByRole('link', { name: 'Blocks' })
    .focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Blocks', exact: true }).waitFor()
  await page.waitForFunction(() => document.activeElement?.textContent === 'Blocks')
  await expect.poll(() => page.title()).toBe('Blocks · AITBC explorer')
  await page.goBack()
  await page.getByRole('heading', { name: 'Explorer', exact: true }).waitFor()
  await expect.poll(() => page.title()).toBe('Overview · AITBC explorer')
  expect(await seen.faults()).toEqual([])
})

test('PAGE-11: a shortened hash shows whole on focus, and copies whole', async () => {
  await using seen = await visit(browser, `${site.url}/explorer/blocks`)
  const { page, context } = seen
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await settled(page)
  const hash = page.locator('td[data-label="Hash"] .hash').first()
  const whole = await hash.locator('a').getAttribute('data-same')
  expect(whole).toMatch(/^0x[0-9a-f]{64}$/)
  expect(await hash.locator('.hash-whole').isVisible()).toBe(false)
  await hash.locator('a').focus()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Shift+Tab')
  expect(await hash.locator('.hash-whole').isVisible()).toBe(true)
  expect(await hash.locator('.hash-whole').textContent()).toBe(whole)
  await hash.getByRole('button', { name: 'Copy block hash' }).click()
  await page.locator('#announcer', { hasText: 'Copied block hash' }).waitFor({ state: 'attached' })
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(whole)
})

test('PAGE-11: on a phone the whole hash stays inside the screen', async () => {
  await using seen = await visit(browser, `${site.url}/explorer/blocks`, { width: 390 })
  const { page } = seen
  await settled(page)
  await page.keyboard.press('Tab')
  const hash = page.locator('td[data-label="Hash"] .hash').first()
  await hash.locator('a').focus()
  await hash.locator('.hash-whole').waitFor()
  const box = await hash.locator('.hash-whole').boundingBox()
  expect(box?.x).toBeGreaterThanOrEqual(0)
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
})
