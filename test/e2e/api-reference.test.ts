/**
 * The API reference in a browser: its filter, old links into it, and what it folds away. As a whole its
 * pages are among all pages in `pages.test.ts`; here a few endpoints are unfolded and looked at in both themes.
 */
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endpoints } from '../../core/api/endpoints/table.ts'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'

let site: TestSite
let browser: Browser

beforeAll(async () => {
  ;[site, browser] = await Promise.all([startTestSite(), startBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await site?.dispose()
})

test('OPENAPI-7: the filter leaves what holds the words, and a link to the rest still arrives', async () => {
  const page = await browser.newPage()
  await page.goto(`${site.url}/docs/api.html`)
  const field = page.getByRole('searchbox', { name: 'Filter endpoints' })
  await field.fill('post v1/jobs/{id}/cancel')
  const count = page.locator('#api-filter-count')
  expect(await count.textContent()).toBe(`1 of ${endpoints.length} endpoints`)
  const shown = page.locator('.api-index li:visible code')
  expect(await shown.allTextContents()).toEqual(['/api/v1/jobs/{id}/cancel'])
  // The path of a spelling leads to its endpoint too.
  await field.fill('/v1/escrow')
  expect(await shown.allTextContents()).toEqual(['/api/v1/escrow'])
  await page.evaluate(() => {
    location.hash = '#getHead'
  })
  await page.locator('#getHead').waitFor({ state: 'visible' })
  expect(await shown.count()).toBe(endpoints.length)
  await page.close()
})

test('OPENAPI-7: a link of before arrives at the line of its endpoint, which leads to the endpoint', async () => {
  const page = await browser.newPage()
  await page.goto(`${site.url}/docs/api.html#getJob`)
  const line = page.locator('li:target')
  expect(await line.getAttribute('id')).toBe('getJob')
  await line.getByRole('link').click()
  await page.waitForURL(`${site.url}/docs/api/jobs.html#getJob`)
  expect(await page.locator('h2:target').textContent()).toBe('GET /api/v1/jobs/{id}')
  await page.close()
})

test('OPENAPI-7: unfolded, it is readable in both themes, and nothing scrolls sideways', async () => {
  // Of its own context, as axe wants it.
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${site.url}/docs/api/chat.html`)
  await page.evaluate(() => {
    for (const each of document.querySelectorAll('details')) each.open = true
  })
  for (const [colorScheme, width] of [
    ['light', 1440],
    ['dark', 390],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 900 })
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
      .include('section.endpoint')
      .analyze()
    expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])
  }
  // The frames of the connection of miners are the widest of all.
  await page.goto(`${site.url}/docs/api/miners.html`)
  await page.evaluate(() => {
    for (const each of document.querySelectorAll('details')) each.open = true
  })
  await page.setViewportSize({ width: 320, height: 900 })
  const widths = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ])
  expect(widths[0]).toBe(widths[1])
  await context.close()
})

test('OPENAPI-7: without a script everything is there but the filter', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(`${site.url}/docs/api.html`)
  expect(await page.locator('.api-index li:visible').count()).toBe(endpoints.length)
  expect(await page.locator('#api-filter').isVisible()).toBe(false)
  await page.locator('#getHead a').click()
  const answer = page.locator('section[aria-labelledby="getHead"] details').first()
  await answer.locator('summary').click()
  expect(await answer.locator('table').isVisible()).toBe(true)
  await context.close()
})
