/** The extension in a whole Chromium, on a real site: the life of a wallet, and what kills its background. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestSite, type TestSite } from '../support/site.ts'
import { addressOfTest, giftOf } from './chain.ts'
import {
  agree,
  approvalOf,
  chooseNetwork,
  createWallet,
  type ExtensionBrowser,
  startExtensionBrowser,
  startPages,
  wholeChromium,
} from './extension-browser.ts'

const missing = wholeChromium === undefined ? ' (no Chromium here: apt-get install chromium)' : ''

describe.skipIf(missing !== '')(`the extension in Chromium${missing}`, () => {
  let site: TestSite
  let browser: ExtensionBrowser
  let pages: Awaited<ReturnType<typeof startPages>>
  let wallet: Page
  let page: Page
  let address: string

  beforeAll(async () => {
    site = await startTestSite()
    pages = await startPages({ '/': '<!doctype html><title>A page</title><p>hello' })
    browser = await startExtensionBrowser()
    wallet = await browser.context.newPage()
    await wallet.goto(browser.url('wallet.html'))
    await createWallet(wallet)
    await chooseNetwork(wallet, site.url)
    address = (await wallet.locator('.hash').last().textContent())?.trim() ?? ''
    page = await browser.context.newPage()
    await page.goto(pages.origin)
  })
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]()
    await pages?.[Symbol.asyncDispose]()
    await site?.dispose()
  })

  test('EXT-24: smoke', async () => {
    expect(address).toMatch(/^aitbc1/)
    await giftOf(site.url, address)
    const asked = page.evaluate(async () => {
      const wallet = (
        window as unknown as { aitbcWallet: { request(a: object): Promise<unknown> } }
      ).aitbcWallet
      return wallet.request({ method: 'aitbc_requestAccounts' })
    })
    const approval = await approvalOf(browser)
    await agree(approval, 'Connect')
    expect(await asked).toEqual([address])
    expect(addressOfTest(1)).toBeTruthy()
  })
})
