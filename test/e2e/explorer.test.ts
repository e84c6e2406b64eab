/** The explorer on a living chain: news, pause, search, links, and days on which the site fails. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { addressOfTest, giftOf, unusedAddress } from './chain.ts'
import { comeBack, settled, visit } from './visit.ts'

let site: TestSite
let browser: Browser
let gift: { hash: string; height: number }

beforeAll(async () => {
  site = await startTestSite()
  browser = await startBrowser()
  gift = await giftOf(site.url)
})

afterAll(async () => {
  await browser?.close()
  await site?.dispose()
})

/** The newest height in the table of blocks. */
const newest = async (page: Page): Promise<number> => {
  const text = await page.locator('td[data-label="Height"]').first().textContent()
  return Number(text?.replaceAll(',', ''))
}

test('LIST-2: a new block appears by itself, and the finality line has it', async () => {
  await using seen = await visit(browser, `${site.url}/explorer/blocks`)
  const { page } = seen
  await settled(page)
  const made = await giftOf(site.url, addressOfTest(1))
  await page.locator(`a[href="/explorer/block/${made.height}"]`).waitFor()
  expect(await newest(page)).toBeGreaterThanOrEqual(made.height)
  await page.locator(`.cell-final[title*="block ${made.height},"]`).waitFor()
  expect(await seen.faults()).toEqual([])
})

test('without the socket the page polls, and says so', async () => {
  await using seen = await visit(browser, `${site.url}/explorer/blocks`, {
    prepare: async (context) => {
      await context.routeWebSocket(/\/rpc\/ws\/blocks$/, (socket) => socket.close())
    },
  })
  const { page } = seen
  await page.locator('#site-facts', { hasText: 'polling' }).waitFor()
  const made = await giftOf(site.url, addressOfTest(2))
  await page.locator(`a[href="/explorer/block/${made.height}"]`).waitFor()
})

test('LIST-2: paused means paused, until it is resumed', async () => {
  await using seen = await visit(browser, `${site.url}/explorer/blocks`)
  const { page } = seen
  await settled(page)
  const pause = page.getByRole('button', { name: 'Pause live updates' })
  await pause.click()
  expect(await pause.getAttribute('aria-pressed')).toBe('true')
  await page.locator('#site-facts', { hasText: 'paused' }).waitFor()
  const before = await newest(page)
  const answered = () => page.waitForResponse(/\/chain\/blocks\?/)
  const made = await giftOf(site.url, addressOfTest(3))
  expect(made.height).toBeGreaterThan(before)
  // The socket has told of the block by now: another page has already shown it.
  await using other = await visit(browser, `${site.url}/explorer/blocks`)
  await other.page.locator(`a[href="/explorer/block/${made.height}"]`).waitFor()
  expect(await newest(page)).toBe(before)
  await Promise.all([answered(), pause.click()])
  await page.locator(`a[href="/explorer/block/${made.height}"]`).waitFor()
})

test('a block leads to its transaction, and that to the address that was paid', async () => {
  await using seen = await visit(browser, `${site.url}/explorer/block/${gift.height}`)
  const { page } = seen
  await page.locator(`a[href="/explorer/tx/${gift.hash}"]`).click()
  await page.getByRole('heading', { name: 'Faucet gift' }).waitFor()
  await page.locator('.title', { hasText: 'Applied, final' }).waitFor()
  await page.locator(`dd a[href="/explorer/address/${unusedAddress}"]`).first().click()
  await page.getByRole('heading', { name: 'Address' }).waitFor()
  await settled(page)
  const balance = page.locator('dl.pairs > div', { hasText: 'Balance' }).locator('.amount')
  expect(await balance.getAttribute('title')).toBe('100000000 base units')
  expect(await balance.textContent()).toBe('1.00000000AITBC')
  expect(await seen.faults()).toEqual([])
})

test('a block and its hash are one page, and neighbours lead on', async () => {
  const { hash } = (await (await fetch(`${site.url}/rpc/blocks/0`)).json()) as { hash: string }
  await using seen = await visit(browser, `${site.url}/explorer/block/${hash}`)
  const { page } = seen
  await page.getByRole('heading', { name: 'Block 0' }).waitFor()
  await page.getByRole('link', { name: 'Next' }).click()
  await page.getByRole('heading', { name: 'Block 1' }).waitFor()
  await page.getByRole('link', { name: 'Previous' }).click()
  await page.getByRole('heading', { name: 'Block 0' }).waitFor()
})

test('the search tells hashes apart and admits what it does not find', async () => {
  await using seen = await visit(browser, `${site.url}/explorer/`)
  const { page } = seen
  const search = async (text: string) => {
    await page.locator('#search-text').fill(text)
    await page.locator('#search-text').press('Enter')
  }
  await search(gift.hash)
  await page.getByRole('heading', { name: 'Faucet gift' }).waitFor()
  await search(unusedAddress.toUpperCase())
  await page.getByRole('heading', { name: 'Address' }).waitFor()
  await search(`0x${'0'.repeat(64)}`)
  await page.getByText('Nothing found').waitFor()
})

test('what is not there is said to be missing, not broken', async () => {
  for (const [path, heading] of [
    ['/explorer/block/999999999', 'Block 999,999,999'],
    [`/explorer/tx/0x${'0'.repeat(64)}`, 'No such transaction'],
    [`/explorer/receipt/${'0'.repeat(32)}`, 'No such receipt'],
    ['/explorer/address/aitbc1nonsense', 'No such address'],
    ['/explorer/block/nonsense', 'No such block'],
    ['/explorer/nonsense', 'Page not found'],
  ] as const) {
    await using seen = await visit(browser, site.url + path)
    await seen.page.getByRole('heading', { name: heading }).waitFor()
  }
})

test('what cannot be read says so, and a retry brings it', async () => {
  await using seen = await visit(browser, `${site.url}/explorer/receipts`)
  const { page, context } = seen
  await settled(page)
  await context.route(/\/(?:rpc|api)\//, (route) => route.abort())
  await page
    .getByRole('navigation', { name: 'Explorer' })
    .getByRole('link', { name: 'Blocks' })
    .click()
  await page.getByText('Could not read the blocks').waitFor()
  await comeBack(page)
  await page.locator('#network', { hasText: 'Connection lost' }).waitFor()
  await context.unroute(/\/(?:rpc|api)\//)
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.locator('td[data-label="Height"]').first().waitFor()
})

test('a list that was there stays when the site fails, and says how old it is', async () => {
  await using seen = await visit(browser, `${site.url}/explorer/blocks`)
  const { page, context } = seen
  await settled(page)
  const before = await newest(page)
  await context.route('**/chain/blocks?limit=25**', (route) => route.abort())
  await giftOf(site.url, addressOfTest(4))
  await page.getByText(/^Figures from/).waitFor()
  expect(await newest(page)).toBe(before)
  await context.unroute('**/chain/blocks?limit=25**')
  await page.getByRole('button', { name: 'Refresh' }).click()
  await page.getByText(/^Figures from/).waitFor({ state: 'detached' })
  expect(await newest(page)).toBeGreaterThan(before)
})
