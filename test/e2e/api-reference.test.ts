/**
 * The API reference in a browser: its filter, and what it folds away. As a whole it is among all pages in
 * `pages.test.ts`; here a few endpoints are unfolded and looked at in both themes.
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
  await field.fill('post /cancel')
  const count = page.locator('#api-filter-count')
  expect(await count.textContent()).toBe(`1 of ${endpoints.length} endpoints`)
  expect(await page.locator('section.endpoint:visible h3').allTextContents()).toEqual([
    'POST /api/v1/jobs/{id}/cancel',
  ])
  expect(await page.locator('.api-index li:visible').count()).toBe(1)
  // The path of a spelling leads to its endpoint too.
  await field.fill('/v1/escrow')
  expect(await page.locator('section.endpoint:visible h3').allTextContents()).toEqual([
    'PUT /api/v1/escrow',
  ])
  await page.evaluate(() => {
    location.hash = '#getHead'
  })
  await page.locator('#getHead').waitFor({ state: 'visible' })
  expect(await page.locator('section.endpoint:visible').count()).toBe(endpoints.length)
  await page.close()
})

test('OPENAPI-7: unfolded, it is readable in both themes, and nothing scrolls sideways', async () => {
  // Of its own context, as axe wants it.
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${site.url}/docs/api.html`)
  await page.getByRole('searchbox', { name: 'Filter endpoints' }).fill('/miners/ws')
  await page.evaluate(() => {
    const shown = document.querySelectorAll<HTMLDetailsElement>('.endpoint:not([hidden]) details')
    for (const each of shown) each.open = true
  })
  for (const [colorScheme, width] of [
    ['light', 1440],
    ['dark', 390],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 900 })
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
      .include('section.endpoint:not([hidden])')
      .analyze()
    expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])
  }
  await page.getByRole('searchbox', { name: 'Filter endpoints' }).fill('')
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
  expect(await page.locator('section.endpoint:visible').count()).toBe(endpoints.length)
  expect(await page.locator('#api-filter').isVisible()).toBe(false)
  const answer = page.locator('section[aria-labelledby="getHead"] details').first()
  await answer.locator('summary').click()
  expect(await answer.locator('table').isVisible()).toBe(true)
  await context.close()
})
