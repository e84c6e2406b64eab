/** The front of the house: the states of the home page, the page for lost addresses, parts to come. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { threeDigits } from '../../pages/build/measured.ts'
import { inRoot } from '../../scripts/setup/paths.ts'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { comeBack, settled, visit } from './visit.ts'

let site: TestSite
let browser: Browser

beforeAll(async () => {
  ;[site, browser] = await Promise.all([startTestSite(), startBrowser()])
})

afterAll(async () => {
  await browser?.close()
  await site?.dispose()
})

const dial = (page: Page, label: string) =>
  page.locator('.dial').filter({ has: page.locator('dt', { hasText: label }) })

const chainDials = ['Head block', 'Final block', 'Jobs paid', 'Transactions']

test('PAGE-15: every live figure names a source that answers with JSON', async () => {
  await using seen = await visit(browser, site.url)
  const { page } = seen
  await settled(page)
  const sources = await page
    .locator('.dial .source')
    .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).pathname))
  expect(sources).toHaveLength(await page.locator('.dial').count())
  for (const source of sources) {
    const response = await fetch(site.url + source)
    expect([source, response.status]).toEqual([source, 200])
    expect(await response.json()).toBeTypeOf('object')
  }
  const { head_height: height } = (await (await fetch(`${site.url}/rpc/status`)).json()) as {
    head_height: number
  }
  const shown = Number(await dial(page, 'Head block').locator('.dial-value').textContent())
  expect(shown).toBeLessThanOrEqual(height)
  await dial(page, 'Head block')
    .getByText(/^made .* ago$/)
    .waitFor()
  await dial(page, 'Models on offer').getByText('no miner is connected').waitFor()
})

test('PAGE-15: a figure that cannot be read again says how old it is, and comes back', async () => {
  await using seen = await visit(browser, site.url)
  const { page, context } = seen
  await settled(page)
  await context.route(/\/(?:rpc|api)\//, (route) => route.abort())
  await comeBack(page)
  for (const label of chainDials)
    await dial(page, label)
      .getByText(/^as of .* ago$/)
      .waitFor()
  await context.unroute(/\/(?:rpc|api)\//)
  await comeBack(page)
  for (const label of chainDials) {
    await dial(page, label)
      .getByText(/^as of/)
      .waitFor({ state: 'detached' })
  }
})

test('PAGE-15: a figure that was never read is unknown, and the others stand', async () => {
  await using seen = await visit(browser, site.url, {
    prepare: (context) => context.route('**/rpc/transactions?**', (route) => route.abort()),
  })
  const { page } = seen
  await dial(page, 'Transactions').getByText('unknown').waitFor()
  await dial(page, 'Head block').getByText(/^made/).waitFor()
})

test('PAGE-15: measured figures are those of the kept results', async () => {
  const html = await (await fetch(site.url)).text()
  const folder = inRoot('bench', 'results')
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const { at, figures } = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as {
      at: string
      figures: { value: number; unit: string }[]
    }
    expect(html).toContain(`datetime="${at}"`)
    for (const { value, unit } of figures) {
      expect(html).toContain(`${threeDigits(value)}<span class="amount-unit">${unit}</span>`)
    }
  }
})

test('PAGE-5: the 404 page has searched the docs for the words of the address', async () => {
  await using seen = await visit(browser, `${site.url}/help/inclusion_proof.html`)
  const { page } = seen
  expect(await page.locator('#lost-words').inputValue()).toBe('help inclusion proof')
  await page.locator('#found .found a').first().waitFor()
  await page.locator('#lost-words').fill('inclusion proof')
  await page.getByRole('button', { name: 'Search', exact: true }).click()
  await page.getByText('In the docs', { exact: true }).waitFor()
  const href = await page.locator('#found .found a').first().getAttribute('href')
  expect(href).toMatch(/^\/docs\//)
  expect((await fetch(site.url + href)).status).toBe(200)
  await page.locator('#lost-words').fill('#0')
  await page.keyboard.press('Enter')
  await page.locator('#found').getByRole('link', { name: 'Look it up in the explorer' }).click()
  await page.getByRole('heading', { name: 'Block 0' }).waitFor()
  expect(await seen.faults()).toEqual([])
})

test('PAGE-5: when the docs cannot be searched the page says so, and tries again', async () => {
  await using seen = await visit(browser, `${site.url}/help/escrow`, {
    prepare: (context) => context.route('**/search-index.json', (route) => route.abort()),
  })
  const { page, context } = seen
  await page.getByText('Could not read the docs').waitFor()
  await context.unroute('**/search-index.json')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.locator('#found .found a').first().waitFor()
})

test('PAGE-5: the 404 page offers the explorer for what looks like a block', async () => {
  await using seen = await visit(browser, `${site.url}/lost/0`)
  await seen.page.getByRole('link', { name: 'Look it up in the explorer' }).click()
  await seen.page.getByRole('heading', { name: 'Block 0' }).waitFor()
  expect(new URL(seen.page.url()).pathname).toBe('/explorer/block/0')
})

test('PAGE-5: the way back is there only when it leads somewhere', async () => {
  await using seen = await visit(browser, `${site.url}/no/such/page`)
  const { page } = seen
  expect(await page.locator('#back').isVisible()).toBe(false)
  await page.locator('#onward-title + ul a').first().click()
  await page.locator('#readout').waitFor()
  await page.goto(`${site.url}/lost/again`)
  await page.locator('#back').click()
  await page.locator('#readout').waitFor()
  expect(new URL(page.url()).pathname).toBe('/')
})

test('PAGE-6: what is not built is named, and what can be done today', async () => {
  const title = 'The exchange is not built yet'
  await using seen = await visit(browser, `${site.url}/Exchange`)
  const { page } = seen
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
  expect(await page.title()).toBe(`${title} · AITBC`)
  expect(await page.locator('.part:visible').count()).toBe(1)
  expect(await page.locator('.part:visible .answer-links a').count()).toBeGreaterThan(1)
  expect(await seen.faults()).toEqual([])
})
