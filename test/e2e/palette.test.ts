/** The command palette by keys alone: places, look-ups, the docs, actions, and what it keeps. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { giftOf, unusedAddress } from './chain.ts'
import { findingsIn } from './page-check.ts'
import { settled, type Watched, watch } from './visit.ts'

let site: TestSite
let browser: Browser
let watched: Watched
let page: Page
let gift: { hash: string; height: number }

beforeAll(async () => {
  ;[site, browser] = await Promise.all([startTestSite(), startBrowser()])
  gift = await giftOf(site.url)
  watched = await watch(browser)
  page = watched.page
  await watched.context.grantPermissions(['clipboard-read', 'clipboard-write'])
})

afterAll(async () => {
  await watched?.[Symbol.asyncDispose]()
  await browser?.close()
  await site?.dispose()
})

const palette = () => page.getByRole('dialog', { name: 'Command palette' })
const option = (name: string | RegExp) => palette().getByRole('option', { name })

const ask = async (text: string) => {
  await page.keyboard.press('ControlOrMeta+k')
  await palette().getByRole('combobox').waitFor()
  await page.keyboard.type(text)
}

const take = async (text: string, name: string | RegExp) => {
  await ask(text)
  await option(name).filter({ visible: true }).first().waitFor()
  await page.waitForFunction(
    (pattern) =>
      new RegExp(pattern).test(
        document.querySelector('dialog [aria-selected="true"]')?.textContent ?? '',
      ),
    typeof name === 'string' ? name : name.source,
  )
  await page.keyboard.press('Enter')
}

test('UI-18: Ctrl-K opens it, arrows choose, Escape leaves and gives the focus back', async () => {
  await watched.open(site.url)
  await page.locator('#palette-button').focus()
  await page.keyboard.press('Enter')
  await palette().waitFor()
  const field = palette().getByRole('combobox')
  const active = async () => {
    const id = await field.getAttribute('aria-activedescendant')
    return page.locator(`[id="${id}"]`).getAttribute('aria-selected')
  }
  expect(await active()).toBe('true')
  const first = await field.getAttribute('aria-activedescendant')
  await page.keyboard.press('ArrowDown')
  expect(await field.getAttribute('aria-activedescendant')).not.toBe(first)
  expect(await active()).toBe('true')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  // From the first one up is the last one.
  expect(await palette().getByRole('option').last().getAttribute('aria-selected')).toBe('true')
  await page.keyboard.type('qzxvkw')
  await palette().getByText('Nothing fits').waitFor()
  expect(await field.getAttribute('aria-expanded')).toBe('false')
  await page.keyboard.press('Escape')
  await palette().waitFor({ state: 'hidden' })
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('palette-button')
  await page.keyboard.press('ControlOrMeta+k')
  await palette().waitFor()
  await page.keyboard.press('ControlOrMeta+k')
  await palette().waitFor({ state: 'hidden' })
})

test('UI-19: it goes to pages, heights, hashes and addresses, and inside the explorer without loading', async () => {
  await watched.open(site.url)
  await take('blocks', 'Blocks')
  await page.getByRole('heading', { name: 'Blocks', exact: true }).waitFor()
  await settled(page)
  await page.evaluate(() => {
    document.body.dataset['same'] = 'page'
  })
  await take('#0', 'Block 0')
  await page.getByRole('heading', { name: 'Block 0' }).waitFor()
  await page.waitForFunction(() => document.activeElement?.textContent === 'Block 0')
  await take(gift.hash, /Find 0x/)
  await page.getByRole('heading', { name: 'Faucet gift' }).waitFor()
  await take(unusedAddress, /Address aitbc1/)
  await page.getByRole('heading', { name: 'Address' }).waitFor()
  expect(await page.evaluate(() => document.body.dataset['same'])).toBe('page')
  // The browser itself reports that the hash is no block and no receipt; nothing else may be there.
  const faults = await watched.faults()
  expect(faults.filter((fault) => !/Failed to load resource.*\/0x/.test(fault))).toEqual([])
})

test('UI-17: where one went last stands first, and can be cleared', async () => {
  await watched.open(site.url)
  await page.evaluate(() => localStorage.removeItem('aitbc:recent'))
  await take('blocks', 'Blocks')
  await page.getByRole('heading', { name: 'Blocks', exact: true }).waitFor()
  await take('#0', 'Block 0')
  await page.getByRole('heading', { name: 'Block 0' }).waitFor()
  await ask('')
  const recent = palette().getByRole('group', { name: 'Recent' })
  expect(await recent.getByRole('option').allTextContents()).toEqual([
    'Block 0/explorer/block/0',
    'Blocks/explorer/blocks',
  ])
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await recent.waitFor({ state: 'detached' })
  expect(await page.evaluate(() => localStorage.getItem('aitbc:recent'))).toBeNull()
  await page.keyboard.press('Escape')
})

test('UI-19: it searches the docs', async () => {
  await watched.open(site.url)
  await ask('escrow')
  const docs = palette().getByRole('group', { name: 'Docs' })
  await docs.getByRole('option').first().waitFor()
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/docs\//)
})

test('UI-19: it acts on theme, times, updates, and copies the chain id', async () => {
  await watched.open(`${site.url}/docs/`)
  await settled(page)
  await take('dark', 'Theme: dark')
  await page.waitForFunction(() => document.documentElement.dataset['theme'] === 'dark')
  expect(await page.locator('#theme input[value="dark"]').isChecked()).toBe(true)
  await take('theme system', 'Theme: system')
  await page.waitForFunction(() => document.documentElement.dataset['theme'] === undefined)
  await take('pause', 'Pause live updates')
  await page.locator('#site-facts', { hasText: 'paused' }).waitFor()
  await take('resume', 'Resume live updates')
  await take('utc', 'Times: show UTC')
  await page.locator('#site-facts time', { hasText: 'UTC' }).waitFor()
  await take('ages', 'Times: show ages')
  await take('chain id', 'Copy chain id')
  await palette().waitFor({ state: 'hidden' })
  const { chain_id: chainId } = (await (await fetch(`${site.url}/rpc/status`)).json()) as {
    chain_id: string
  }
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(chainId)
})

test('UI-18, UI-22: open, it is clean in both themes, on a desk and on a phone', async () => {
  await watched.open(site.url)
  await ask('bl')
  await palette().getByRole('group', { name: 'Docs' }).waitFor()
  expect(await findingsIn(page, 'dialog[open]')).toEqual([])
  await page.setViewportSize({ width: 320, height: 700 })
  const box = await palette().boundingBox()
  expect([box?.x, box?.width]).toEqual([0, 320])
  // The close button is in reach where there is no Escape key.
  await palette().getByRole('button', { name: 'Close' }).click()
  await palette().waitFor({ state: 'hidden' })
  expect(await watched.faults()).toEqual([])
})

test('UI-18, UI-22: on a phone the folded menu has a button for it', async () => {
  await watched.open(site.url)
  await page.setViewportSize({ width: 390, height: 800 })
  await page.getByRole('button', { name: 'Menu' }).click()
  expect(await findingsIn(page, '.bar')).toEqual([])
  await page.setViewportSize({ width: 390, height: 800 })
  await page.getByRole('button', { name: 'Commands' }).click()
  await palette().waitFor()
  await page.keyboard.press('Escape')
})

test('UI-18: without its code, the search field of the header takes over', async () => {
  await watched.context.route(/\/assets\/palette-[^/]*\.js$/, (route) => route.abort())
  await page.setViewportSize({ width: 1440, height: 900 })
  await watched.open(`${site.url}/docs/design/`)
  await page.keyboard.press('ControlOrMeta+k')
  await page.waitForFunction(() => document.activeElement?.id === 'search-text')
  await page.locator('#announcer', { hasText: 'could not be loaded' }).waitFor({
    state: 'attached',
  })
  await watched.context.unroute(/\/assets\/palette-[^/]*\.js$/)
})
