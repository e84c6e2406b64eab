/** Lists as a reader without a mouse uses them: filters, columns, pages, exports, on any screen. */
import { readFileSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import Papa from 'papaparse'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ListAnswer, ListedTransaction } from '../../core/api/chain-lists.ts'
import {
  richWallet,
  signTransfer,
  status,
  submit,
  until,
  walletOf,
} from '../integration/chain/client.ts'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { addressOfTest, giftOf } from './chain.ts'
import { settled, type Watched, watch } from './visit.ts'

const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const count = 60
const receiver = walletOf(31)

let site: TestSite
let browser: Browser
let seen: Watched

beforeAll(async () => {
  site = await startTestSite()
  browser = await startBrowser()
  const rich = richWallet(site)
  const transfers = Array.from({ length: count }, (_, nonce) =>
    signTransfer(site, rich, { to: receiver, amount: BigInt(1_000 + nonce), nonce }),
  )
  for (const verdict of await submit(site, transfers)) expect(verdict).toMatchObject({ ok: true })
  await giftOf(site.url)
  await until(
    () => status(site),
    (now) => now.mempool_size === 0 && now.indexed_height === now.head_height,
  )
  seen = await watch(browser)
})

afterAll(async () => {
  await seen?.[Symbol.asyncDispose]()
  await browser?.close()
  await site?.dispose()
})

const open = async (path: string): Promise<Page> => {
  await seen.open(site.url + path)
  await settled(seen.page)
  return seen.page
}

const hashes = (page: Page) =>
  page
    .locator('td[data-label="Transaction"] a')
    .evaluateAll((links) => links.map((link) => link.getAttribute('data-same') ?? ''))

const labels = (page: Page) => page.locator('.table th').allTextContents()

const parameter = (page: Page, name: string) => new URL(page.url()).searchParams.get(name)

const press = async (page: Page, ...keys: readonly string[]) => {
  for (const key of keys) await page.keyboard.press(key)
}

/** Every transaction of a filter, as the site lists them. */
async function listed(query: string): Promise<ListedTransaction[]> {
  const answer = await fetch(`${site.url}/api/v1/chain/transactions?limit=500&${query}`)
  return [...((await answer.json()) as ListAnswer<ListedTransaction>).items]
}

test('LIST-5, LIST-8: columns are chosen by keyboard, and are there the next time', async () => {
  const page = await open('/explorer/txs')
  expect(await labels(page)).not.toContain('Nonce')
  const button = page.getByRole('button', { name: 'Columns of transactions' })
  await button.focus()
  await press(page, 'Enter', 'Tab')
  const first = page.getByRole('dialog').getByLabel('Transaction', { exact: true })
  expect(await first.evaluate((box) => box === document.activeElement)).toBe(true)
  // The second box is "Kind", the tenth "Nonce".
  await press(page, 'Tab', 'Space', ...Array.from({ length: 8 }, () => 'Tab'), 'Space', 'Escape')
  expect(await button.evaluate((element) => element === document.activeElement)).toBe(true)
  const chosen = await labels(page)
  expect(chosen).toContain('Nonce')
  expect(chosen).not.toContain('Kind')
  await page.reload()
  await settled(page)
  expect(await labels(page)).toEqual(chosen)
  await button.press('Enter')
  await page.getByRole('button', { name: 'Reset columns' }).press('Enter')
  await press(page, 'Escape')
  expect(await labels(page)).not.toContain('Nonce')
  expect(await seen.faults()).toEqual([])
})

test('LIST-1, LIST-3, LIST-8: filters by keyboard, pages by cursor, back, forward and by a link', async () => {
  const page = await open('/explorer/txs')
  const filters = page.getByRole('button', { name: 'Filters', exact: true })
  await filters.focus()
  await press(page, 'Enter')
  await page.getByRole('combobox', { name: 'Kind' }).focus()
  await page.keyboard.type('Transfer')
  await page.waitForURL(/kind=transfer/)
  await page.getByRole('textbox', { name: 'To address' }).focus()
  await page.keyboard.type(receiver.text)
  await press(page, 'Enter')
  await page.waitForURL(new RegExp(`recipient=${receiver.text}`))
  const wanted = (await listed(`recipient=${receiver.text}`)).map(({ hash }) => hash)
  expect(wanted).toHaveLength(count)
  const shows = (from: number) =>
    expect.poll(() => hashes(page)).toEqual(wanted.slice(from, from + 25))
  await shows(0)
  const older = page.getByRole('link', { name: 'Older' })
  await older.press('Enter')
  await shows(25)
  const second = page.url()
  await older.press('Enter')
  await shows(50)
  const heard = page.locator('#announcer', { hasText: '10 transactions in block' })
  await heard.waitFor({ state: 'attached' })
  const isAtTop = () => page.locator('.list-body').evaluate((box) => box === document.activeElement)
  expect(await isAtTop()).toBe(true)
  expect(await older.count()).toBe(0)
  await page.goBack()
  await shows(25)
  await page.goBack()
  await shows(0)
  await expect.poll(() => parameter(page, 'cursor')).toBeNull()
  await page.goForward()
  await shows(25)
  // The second page by its address alone: there is a way to both sides.
  await seen.open(second)
  await shows(25)
  expect(await page.getByRole('button', { name: /^Remove filter/ }).allTextContents()).toHaveLength(
    2,
  )
  await page.getByRole('link', { name: 'Newer' }).press('Enter')
  await shows(0)
  await expect.poll(() => parameter(page, 'cursor')).toBeNull()
  await page.getByRole('button', { name: 'Remove filter Kind: Transfer' }).press('Enter')
  await expect.poll(() => parameter(page, 'kind')).toBeNull()
  expect(await filters.evaluate((element) => element === document.activeElement)).toBe(true)
  await page.getByRole('button', { name: 'Clear filters' }).press('Enter')
  await expect.poll(() => new URL(page.url()).search).toBe('')
  expect(await seen.faults()).toEqual([])
})

test('LIST-6: both exports hold what the filter leaves', async () => {
  const page = await open(`/explorer/txs?kind=transfer&recipient=${receiver.text}`)
  const wanted = await listed(`kind=transfer&recipient=${receiver.text}`)
  const save = async (ending: 'CSV' | 'JSON') => {
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: `Save ${ending}` }).press('Enter')
    const file = await download
    const path = await file.path()
    return { name: file.suggestedFilename(), text: readFileSync(path, 'utf8') }
  }
  await page.getByRole('button', { name: 'Export of transactions' }).press('Enter')
  const csv = await save('CSV')
  const name = /^aitbc-test-transactions-height-\d+\./
  expect(csv.name).toMatch(name)
  await page.getByText(`Saved ${count} rows as`).last().waitFor()
  const rows = Papa.parse<Record<string, string>>(csv.text, { header: true }).data
  const asText = (row: ListedTransaction) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, String(value ?? '')]))
  expect(rows).toEqual(wanted.map(asText))
  const json = await save('JSON')
  expect(json.name).toMatch(name)
  expect(JSON.parse(json.text)).toMatchObject({
    chain_id: 'aitbc-test',
    filters: { kind: 'transfer', recipient: receiver.text },
    complete: true,
    items: wanted,
  })
  expect(await seen.faults()).toEqual([])
})

test('LIST-3, LIST-4: nothing there, nothing that matches, and a filter that cannot be', async () => {
  const page = await open('/explorer/receipts')
  await page.getByText('No receipts yet').waitFor()
  await open('/explorer/txs?outcome=failed')
  await page.getByText('No transactions match').waitFor()
  await page.locator('.note').getByRole('button', { name: 'Clear filters' }).click()
  await page.locator('td[data-label="Transaction"]').first().waitFor()
  await open('/explorer/txs?sender=nobody')
  await page.getByText('The site cannot read this filter').waitFor()
  await page.getByText(/sender: /).waitFor()
  await open('/explorer/blocks?cursor=nonsense')
  await page.getByRole('link', { name: 'To the newest blocks' }).click()
  await page.locator('td[data-label="Height"]').first().waitFor()
})

test('LIST-2: an older page stands still while the chain goes on', async () => {
  const page = await open('/explorer/txs')
  await page.getByRole('link', { name: 'Older' }).click()
  await page.waitForURL(/cursor=/)
  await expect.poll(() => page.locator('.list-body').getAttribute('aria-busy')).toBe('false')
  const before = await hashes(page)
  const asked: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/chain/transactions')) asked.push(request.url())
  })
  const { height } = await giftOf(site.url, addressOfTest(5))
  await page.locator(`.cell-final[title*="block ${height},"]`).waitFor()
  expect([await hashes(page), asked]).toEqual([before, []])
})

test('LIST-1: an address page lists what that address sent and received, and only that', async () => {
  const page = await open(`/explorer/address/${receiver.text}`)
  const wanted = (await listed(`address=${receiver.text}`)).map(({ hash }) => hash)
  await expect.poll(() => hashes(page)).toEqual(wanted.slice(0, 25))
  await page.getByRole('link', { name: 'Older' }).click()
  await expect.poll(() => hashes(page)).toEqual(wanted.slice(25, 50))
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Address')
})

test('LIST-8, LIST-10: whole on every screen, with its panels open in both themes', async () => {
  // Few rows: axe looks at every cell, and the pages' own test has looked at many.
  const page = await open('/explorer/txs?kind=faucet')
  const findings = async (axe = new AxeBuilder({ page }).withTags(wcag)) => {
    const { violations } = await axe.analyze()
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`)
  }
  await page.getByRole('button', { name: 'Filters', exact: true }).click()
  for (const panel of ['Columns', 'Export']) {
    await page.getByRole('button', { name: `${panel} of transactions` }).click()
    expect([panel, 'light', await findings()]).toEqual([panel, 'light', []])
    // All that a theme can break are colours.
    await page.emulateMedia({ colorScheme: 'dark' })
    const colours = new AxeBuilder({ page }).withRules(['color-contrast']).include('.list')
    expect([panel, 'dark', await findings(colours)]).toEqual([panel, 'dark', []])
    await page.emulateMedia({ colorScheme: 'light' })
    await press(page, 'Escape')
  }
  // Every column at once: the table scrolls in its box, the page does not.
  await page.getByRole('button', { name: 'Columns of transactions' }).click()
  for (const column of await page.getByRole('dialog').getByRole('checkbox').all()) {
    await column.check()
  }
  const sideways = () => page.evaluate(() => document.documentElement.scrollWidth)
  await page.locator('.table-box.is-wide').waitFor()
  await press(page, 'Escape')
  expect(await sideways()).toBeLessThanOrEqual(1440)
  const box = new AxeBuilder({ page }).withTags(wcag).include('.list-body')
  expect(await findings(box)).toEqual([])
  await page.setViewportSize({ width: 320, height: 900 })
  await page.locator('.table-box:not(.is-wide)').waitFor()
  expect(await sideways()).toBeLessThanOrEqual(320)
  await page.getByRole('button', { name: 'Columns of transactions' }).click()
  const sheet = await page.getByRole('dialog').boundingBox()
  expect([sheet?.x, sheet?.width]).toEqual([0, 320])
  await page.getByRole('button', { name: 'Reset columns' }).click()
  await page.setViewportSize({ width: 1440, height: 900 })
  expect(await seen.faults()).toEqual([])
})

test('LIST-7, LIST-9: hostile text in filters, cells and files does nothing', async () => {
  const { page, context } = seen
  const evil = '=HYPERLINK("javascript:alert(1)")<img src=x onerror=alert(1)>'
  await context.route('**/api/v1/chain/transactions?*', async (route) => {
    const response = await route.fetch()
    const body = (await response.json()) as Record<string, unknown>
    const items = (body['items'] as object[] | undefined)?.map((item) => ({
      ...item,
      kind: evil,
      sender: evil,
      outcome: evil,
      hash: evil,
    }))
    await route.fulfill({ response, json: { ...body, source: evil, ...(items && { items }) } })
  })
  await open(`/explorer/txs?height_min=1`)
  await page.locator('td[data-label="Kind"]', { hasText: '=HYPERLINK' }).first().waitFor()
  const marks = 'main img, main script, main [onerror]'
  expect(await page.locator(marks).count()).toBe(0)
  expect(await page.locator('main a[href^="javascript"]').count()).toBe(0)
  await page.getByRole('button', { name: 'Export of transactions' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save CSV' }).click()
  const [row] = Papa.parse<Record<string, string>>(
    readFileSync(await (await download).path(), 'utf8'),
    { header: true },
  ).data
  expect(row?.['sender']).toBe(`'${evil}`)
  expect(await seen.faults()).toEqual([])
  await context.unrouteAll()
  await open(`/explorer/txs?sender=${encodeURIComponent(evil)}&kind=${encodeURIComponent(evil)}`)
  await page.getByText('The site cannot read this filter').waitFor()
  expect(await page.locator(marks).count()).toBe(0)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1440)
  const faults = await seen.faults()
  // The browser itself reports that the site refused.
  expect(faults.filter((fault) => !fault.startsWith('console: Failed to load resource'))).toEqual(
    [],
  )
})
