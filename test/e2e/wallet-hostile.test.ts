/** The wallet among those who mean harm, for those who use no mouse, and signing by hand. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { placeToReturn } from '../../pages/wallet/return-to.ts'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { addressOfTest } from './chain.ts'
import { findingsIn } from './page-check.ts'
import { visit } from './visit.ts'
import { fillSeed, freshKey, importSeed, openTab, password, signedText } from './wallet-world.ts'

let site: TestSite
let browser: Browser

beforeAll(async () => {
  ;[site, browser] = await Promise.all([startTestSite(), startBrowser()])
})

afterAll(async () => {
  await browser?.close()
  await site?.dispose()
})

const hostile = '<img src=x onerror=alert(1)>'

test('WALLETPAGE-6: names, addresses and texts of strangers are text', async () => {
  const labels = {
    [addressOfTest(1)]: hostile,
    [addressOfTest(2)]: '\u202egnp.exe',
    __proto__: 'polluted',
    constructor: 'polluted',
  }
  await using seen = await visit(browser, `${site.url}/wallet/`, {
    prepare: (context) =>
      context.addInitScript(
        (text) => localStorage.setItem('aitbc:labels', text),
        JSON.stringify({ version: 1, labels }),
      ),
  })
  const { page } = seen
  await importSeed(page, site.url, freshKey().seed)
  await openTab(page, 'Address book')
  await page.locator('.contact-name', { hasText: hostile }).waitFor()
  expect(await page.locator('.contact-name').count()).toBe(2)
  expect(await page.locator('main img').count()).toBe(0)
  await openTab(page, 'Settings')
  await page.getByRole('button', { name: /^Rename/ }).click()
  await page.getByLabel(/^Name of/).fill(hostile)
  await page.getByRole('button', { name: 'Save' }).first().click()
  await page.locator('option', { hasText: hostile }).waitFor({ state: 'attached' })

  await openTab(page, 'Send')
  await page.goto(`${site.url}/wallet/send?to=${encodeURIComponent(hostile)}`)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Unlock' }).click()
  expect(await page.getByLabel('To', { exact: true }).inputValue()).toBe(hostile)
  await page.getByLabel('Amount', { exact: true }).fill('1')
  await page.getByRole('button', { name: 'Review' }).click()
  await page.getByText('No address: a character is wrong or missing.').first().waitFor()

  await openTab(page, 'Messages')
  const text = `${hostile} \u202epay\u2069 \u200bme`
  await page.getByLabel('Message', { exact: true }).fill(text)
  await page.getByRole('button', { name: 'Review' }).click()
  await page.locator('.message-text', { hasText: '⟨U+202E⟩pay' }).waitFor()
  await page.getByText('invisible or turn the direction').waitFor()
  expect(await seen.faults()).toEqual([])
})

test('WALLETPAGE-7: no page frames the wallet, and signing in leads nowhere else', async () => {
  await using seen = await visit(browser, `${site.url}/wallet/`)
  const { context } = seen
  await context.route('http://evil.example/', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<title>evil</title><iframe src="${site.url}/wallet/"></iframe>`,
    }),
  )
  const evil = await context.newPage()
  await evil.goto('http://evil.example/')
  const inside = evil.frames().find((frame) => frame !== evil.mainFrame())
  await expect.poll(() => inside?.url()).toMatch(/^chrome-error:/)
  expect(await inside?.locator('#wallet').count()).toBe(0)

  const answer = await fetch(`${site.url}/wallet/`, { headers: { accept: 'text/html' } })
  const policy = answer.headers.get('content-security-policy') ?? ''
  for (const rule of ["frame-ancestors 'none'", "require-trusted-types-for 'script'"]) {
    expect(policy).toContain(rule)
  }
  expect(policy).not.toContain('unsafe')

  const origin = 'https://edge.example'
  const here = '/wallet/sign-in'
  for (const [wanted, place] of [
    ['/explorer/?a=1', '/explorer/?a=1'],
    ['', here],
    ['//evil.example/', here],
    ['/\\evil.example/', here],
    ['https://evil.example/', here],
    ['javascript:alert(1)', here],
    ['/\t/evil.example', here],
    ['data:text/html,x', here],
  ] as const) {
    expect([wanted, placeToReturn(wanted, origin)]).toEqual([wanted, place])
  }
})

test('WALLETPAGE-8: a wallet is imported, used and locked by keys alone', async () => {
  await using seen = await visit(browser, `${site.url}/wallet/`)
  const { page } = seen
  const key = freshKey()
  const tabTo = async (name: RegExp) => {
    for (let steps = 0; steps < 60; steps++) {
      await page.keyboard.press('Tab')
      const at = await page.evaluate(() => {
        const found = document.activeElement as HTMLElement | null
        const label = (found as HTMLInputElement | null)?.labels?.[0]?.textContent
        return label ?? found?.getAttribute('aria-label') ?? found?.textContent ?? ''
      })
      if (name.test(at)) return
    }
    throw new Error(`no key leads to ${name}`)
  }
  await tabTo(/^Import a wallet/)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Import a wallet' }).waitFor()
  await tabTo(/^Backup words/)
  // Up from the first of the choices is the last of them.
  await page.keyboard.press('ArrowUp')
  await tabTo(/^Raw key/)
  await page.keyboard.type(key.seed)
  await tabTo(/^New password/)
  await page.keyboard.type(password)
  await page.locator('.strength', { hasText: 'trong' }).waitFor()
  await tabTo(/^The same again/)
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.locator('.account-bar').waitFor()
  await tabTo(/^Receive$/)
  await page.keyboard.press('Enter')
  await page.locator('.receive-address', { hasText: key.address }).waitFor()
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Unlock your wallet' }).waitFor()
  expect(await seen.faults()).toEqual([])
})

test('WALLETPAGE-11: a message is signed by hand and checked, and a changed one does not pass', async () => {
  await using seen = await visit(browser, `${site.url}/wallet/`)
  const { page } = seen
  const key = freshKey()
  await importSeed(page, site.url, key.seed)
  await openTab(page, 'Messages')
  await page.getByLabel('Message', { exact: true }).fill('I agree to the terms of 2026.')
  await page.getByRole('button', { name: 'Review' }).click()
  await page.getByText('you, by hand').waitFor()
  await page.getByRole('button', { name: 'Sign the message' }).click()
  const signed = page.locator('.signed [data-same]')
  await signed.nth(1).waitFor()
  const [publicKey, signature] = await signed.evaluateAll((found) =>
    found.map((each) => each.getAttribute('data-same') ?? ''),
  )
  const form = page.getByRole('form', { name: 'Check a signature' })
  await form.getByLabel('Text', { exact: true }).fill('I agree to the terms of 2026.')
  await form.getByLabel('Public key', { exact: true }).fill(publicKey ?? '')
  await form.getByLabel('Signature', { exact: true }).fill(signature ?? '')
  await form.getByRole('button', { name: 'Check' }).click()
  await page.locator('.verdict-verified').waitFor()
  await page.getByText(key.address).last().waitFor()
  expect(await findingsIn(page, 'main')).toEqual([])
  await form.getByLabel('Text', { exact: true }).fill('I agree to the terms of 2027.')
  await form.getByRole('button', { name: 'Check' }).click()
  await page.getByText('The signature does not hold').waitFor()
  expect(await seen.faults()).toEqual([])
})

test('WALLETPAGE-9: signing in shows what is signed, keeps no token, and can be ended', async () => {
  await using seen = await visit(browser, `${site.url}/wallet/`)
  const { page, context } = seen
  const key = freshKey()
  await importSeed(page, site.url, key.seed)
  await page.goto(`${site.url}/explorer/blocks?limit=2`)
  const header = page.locator('#sign-in')
  await header.getByRole('link', { name: 'Sign in' }).click()
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Unlock' }).click()
  const text = page.locator('.message-text')
  await text.waitFor()
  const { host } = new URL(site.url)
  expect(await text.textContent()).toContain(`${host} wants you to sign in`)
  expect(await text.textContent()).toContain(key.address)
  expect(await findingsIn(page, 'main')).toEqual([])
  await page.getByRole('button', { name: 'Sign in' }).last().click()

  // Back where it began, signed in, with nothing that a script could take away.
  await page.waitForURL(/\/explorer\/blocks\?limit=2$/)
  await header.getByTitle(`Signed in as ${key.address}`).waitFor()
  const readable = await page.evaluate(() =>
    JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]),
  )
  const token = (await context.cookies()).find(({ name }) => name.includes('session'))
  expect([token?.httpOnly, token?.sameSite]).toEqual([true, 'Strict'])
  expect(readable).not.toContain(token?.value)
  expect(await findingsIn(page, 'header')).toEqual([])

  // Another device, ended from here; then this one.
  await using other = await visit(browser, `${site.url}/wallet/sign-in`)
  await other.page.getByText('To sign in you need a key.').waitFor()
  await other.page.getByRole('link', { name: 'Import a wallet' }).click()
  await fillSeed(other.page, key.seed)
  await other.page.locator('.message-text').waitFor()
  await other.page.getByRole('button', { name: 'Sign in' }).last().click()
  await other.page.locator('#sign-in').getByTitle(`Signed in as ${key.address}`).waitFor()
  await other.page.locator('.balance').waitFor()
  await page.goto(`${site.url}/wallet/settings`)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Unlock' }).click()
  const sessions = page.getByRole('button', { name: 'Sign out there' })
  await sessions.nth(1).waitFor()
  await page
    .locator('li', { has: sessions })
    .filter({ hasNotText: 'this browser' })
    .getByRole('button')
    .click()
  await sessions.nth(1).waitFor({ state: 'detached' })
  const after = await other.page.evaluate(async () => (await fetch('/api/v1/users/me')).status)
  expect(after).toBe(401)
  // The other device learns of it with the next page.
  await other.page.goto(`${site.url}/docs/`)
  await other.page.locator('#sign-in').getByRole('link', { name: 'Sign in' }).waitFor()
  await header.getByRole('button', { name: 'Sign out' }).click()
  await header.getByRole('link', { name: 'Sign in' }).waitFor()
  const ended = await page.evaluate(async () => (await fetch('/api/v1/users/me')).status)
  expect(ended).toBe(401)
})

test('WALLETPAGE-9: an extension that announces itself can sign in, whatever it calls itself', async () => {
  const key = freshKey()
  await using seen = await visit(browser, `${site.url}/wallet/`, {
    prepare: async (context) => {
      await context.exposeFunction('signedBy', (text: string) => signedText(site.url, key, text))
      await context.addInitScript(
        ({ address, name }) => {
          type Ask = { method: string; params?: { message: string }[] }
          const { signedBy } = globalThis as unknown as { signedBy: (text: string) => unknown }
          const request = async ({ method, params }: Ask) =>
            method === 'aitbc_requestAccounts' ? [address] : signedBy(params?.[0]?.message ?? '')
          const detail = { info: { name, rdns: 'org.example.wallet' }, provider: { request } }
          const say = () =>
            window.dispatchEvent(new CustomEvent('aitbc:announceProvider', { detail }))
          window.addEventListener('aitbc:requestProvider', say)
        },
        { address: key.address, name: hostile },
      )
    },
  })
  const { page } = seen
  await page.goto(`${site.url}/wallet/sign-in?return=%2Fexplorer%2F`)
  await page.getByRole('button', { name: `Sign in with ${hostile}` }).click()
  await page.waitForURL(/\/explorer\/$/)
  await page.locator('#sign-in').getByTitle(`Signed in as ${key.address}`).waitFor()
  expect(await seen.faults()).toEqual([])
})
