/** The extension in Firefox, by WebDriver BiDi: fewer steps than in Chromium, as the code is the same. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer, { type Browser, type Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromHex } from '../../core/base/bytes.ts'
import { nobleVerifier } from '../../core/crypto/ed25519.ts'
import { signedMessageBytes } from '../../core/crypto/signed-message.ts'
import { geckoId } from '../../pages/build/extension-manifest.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import vectors from '../vectors/wallet.json' with { type: 'json' }
import { startPages, testPassword, unpackExtension, wholeFirefox } from './extension-browser.ts'

const missing = wholeFirefox === undefined ? ' (no Firefox here: apt-get install firefox-esr)' : ''
const vector = vectors.wallets[0] as (typeof vectors.wallets)[number]
/** Temporary add-ons get a new address each time; a fixed one lets the test open their pages. */
const uuid = '7f3c9a52-0d5b-4b1c-9a3e-2f6d1c8e4b70'

describe.skipIf(missing !== '')(`the extension in Firefox${missing}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'aitbc-firefox-'))
  let site: TestSite
  let pages: Awaited<ReturnType<typeof startPages>>
  let browser: Browser

  beforeAll(async () => {
    site = await startTestSite()
    pages = await startPages({ '/': '<!doctype html><title>A page</title><p>hello' })
    browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: wholeFirefox as string,
      headless: true,
      // Lets the test into the pages of an extension.
      args: ['--remote-allow-system-access'],
      extraPrefsFirefox: { 'extensions.webextensions.uuids': JSON.stringify({ [geckoId]: uuid }) },
    })
    await browser.installExtension(unpackExtension('aitbc-wallet-firefox.xpi', folder))
  })
  afterAll(async () => {
    await browser?.close()
    await pages?.[Symbol.asyncDispose]()
    await site?.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  test('EXT-25: words give the accounts that every wallet gives, and a page gets a signature', async () => {
    const wallet = await openExtension(browser, 'wallet.html')
    await press(wallet, 'Bring keys along')
    await fill(wallet, 'Backup words', vector.words)
    await press(wallet, 'Go on')
    await fill(wallet, 'Password', testPassword)
    await fill(wallet, 'The same again', testPassword)
    await shows(wallet, 'trong.')
    await press(wallet, 'Make the wallet')
    await fill(wallet, 'Site', site.url)
    await press(wallet, 'Look at its chain')
    await press(wallet, 'Trust this network')
    const address = vector.accounts[0]?.address as string
    await shows(wallet, address)

    const page = await browser.newPage()
    await page.goto(pages.origin)
    const connected = askIn(page, 'aitbc_requestAccounts')
    await press(await approvalOf(browser, 'Connect this site?'), 'Connect')
    expect(await connected).toEqual([address])

    const text = 'from Firefox'
    const asked = askIn(page, 'aitbc_signMessage', [{ message: text }])
    const approval = await approvalOf(browser, 'Sign a message?')
    await shows(approval, pages.origin)
    await shows(approval, text)
    await press(approval, 'Sign')
    const signed = (await asked) as Record<string, string>
    const bytes = (digits = '') => {
      const read = fromHex(digits)
      return read.ok ? read.value : new Uint8Array()
    }
    const input = { genesisHash: bytes(signed['genesisHash']), origin: pages.origin, text }
    const message = signedMessageBytes(input)
    expect(signed['publicKey']).toBe(`0x${vector.accounts[0]?.public_key}`)
    expect(
      message.ok &&
        nobleVerifier.verify({
          signature: bytes(signed['signature']),
          publicKey: bytes(signed['publicKey']),
          message: message.value,
        }),
    ).toBe(true)
  })
})

/** Calls until the answer is one; a document may be replaced under a call. */
async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const triesMax = 600
  for (let tries = 0; tries < triesMax; tries++) {
    const found = await look().catch(() => undefined)
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`it never came: ${what}`)
}

/** The driver never hears that such a page has loaded, so the page is asked where it is. */
async function openExtension(browser: Browser, file: string): Promise<Page> {
  const page = await browser.newPage()
  const url = `moz-extension://${uuid}/${file}`
  void page.goto(url).catch(() => undefined)
  await until(url, () => page.evaluate((wanted) => location.href === wanted, url))
  return page
}

const approvalOf = (browser: Browser, title: string): Promise<Page> =>
  until(title, async () => {
    for (const page of await browser.pages()) {
      const isIt = await page
        .evaluate(
          (wanted) =>
            location.pathname === '/approve.html' && document.body.innerText.includes(wanted),
          title,
        )
        .catch(() => false)
      if (isIt) return page
    }
    return undefined
  })

const shows = (page: Page, text: string): Promise<boolean> =>
  until(text, () => page.evaluate((wanted) => document.body.innerText.includes(wanted), text))

/** Presses a button by its words, once it can be pressed. */
const press = (page: Page, words: string): Promise<boolean> =>
  until(words, () =>
    page.evaluate((wanted) => {
      const button = [...document.querySelectorAll('button')].find(
        (one) => one.innerText === wanted && one.getAttribute('aria-disabled') !== 'true',
      )
      button?.click()
      return button !== undefined
    }, words),
  )

const fill = (page: Page, label: string, value: string): Promise<boolean> =>
  until(label, () =>
    page.evaluate(
      (wanted, typed) => {
        const control = [...document.querySelectorAll('label')]
          .filter((one) => one.innerText.startsWith(wanted))
          .map((one) => one.control as HTMLInputElement | HTMLTextAreaElement | null)
          .find((one) => one !== null && /^(?:text|password|textarea)$/.test(one.type))
        if (!control) return false
        control.value = typed
        control.dispatchEvent(new Event('input', { bubbles: true }))
        return true
      },
      label,
      value,
    ),
  )

const askIn = (page: Page, method: string, params?: unknown): Promise<unknown> =>
  page.evaluate(
    (args) =>
      (
        window as unknown as { aitbcWallet: { request(args: object): Promise<unknown> } }
      ).aitbcWallet.request(args),
    { method, params },
  )
