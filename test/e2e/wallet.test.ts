/** A person's wallet from the first visit to another browser, on a site with a real chain. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readContainer } from '../../core/wallet/container.ts'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { addressOfTest } from './chain.ts'
import { findingsIn, overflowAt } from './page-check.ts'
import { visit } from './visit.ts'
import {
  choosePassword,
  freshKey,
  importSeed,
  openTab,
  password,
  sendPast,
  signAndWait,
  textOf,
  unlock,
} from './wallet-world.ts'

let site: TestSite
let browser: Browser

beforeAll(async () => {
  ;[site, browser] = await Promise.all([startTestSite(), startBrowser()])
})

afterAll(async () => {
  await browser?.close()
  await site?.dispose()
})

test('WALLETPAGE-1, WALLETPAGE-2, WALLETPAGE-8: the whole life of a wallet', async () => {
  await using seen = await visit(browser, `${site.url}/wallet/`)
  const { page } = seen
  const looked: string[] = []
  const look = async (what: string) => {
    const found = [...(await findingsIn(page, 'main')), ...(await overflowAt(page, 320))]
    looked.push(...found.map((finding) => `${what}: ${finding}`))
    await page.setViewportSize({ width: 1440, height: 900 })
  }

  const words = await createWallet(page, look)

  // A gift, and a balance that this browser has proven itself.
  await page.getByRole('button', { name: /from the faucet/ }).click()
  await page.locator('.gift .step.is-done').nth(2).waitFor()
  await page.locator('.balance > .below .verdict-verified').waitFor()
  await page.locator('.balance-figure', { hasText: '100' }).waitFor()
  await look('overview')
  const address = (await page.locator('.account-address a').getAttribute('title')) ?? ''

  await openTab(page, 'Send')
  await page.getByRole('button', { name: 'Review' }).click()
  await page.getByText('Not sent: 2 fields need another look').waitFor()
  await page.getByLabel('To', { exact: true }).fill(addressOfTest(7))
  await page.getByLabel('Amount', { exact: true }).fill('12.5')
  await page.getByRole('button', { name: 'Review' }).click()
  await page.getByText(`Send 12.5 AITBC to ${addressOfTest(7)}`).waitFor()
  await page.getByText('This address is not in your address book.').waitFor()
  expect(await page.locator('.cost-lines > div').first().textContent()).toContain('12.5000')
  await look('review')
  await signAndWait(page)

  await openTab(page, 'History')
  const row = page.locator('tbody tr', { hasText: 'Transfer' })
  await row.filter({ hasText: 'Sent' }).filter({ hasText: 'Final' }).waitFor()
  await openTab(page, 'Receive')
  expect(await page.locator('.receive-address').textContent()).toContain(address)
  await look('receive')

  await page.getByRole('button', { name: 'Lock' }).click()
  await unlock(page)
  await page.locator('.account-bar').waitFor()

  await openTab(page, 'Settings')
  await page.getByText('Export an encrypted file').click()
  await page.getByLabel('Password, to export', { exact: true }).fill(password)
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download the file' }).click()
  const text = await textOf(await saved)
  expect(readContainer(text).ok).toBe(true)
  expect(text).not.toContain(words.slice(0, 3).join(' '))
  await page.getByText('Show the backup words').first().click()
  await page.getByLabel('Password, to see the words', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Show the backup words' }).click()
  await page.locator('.words li').nth(11).waitFor()
  expect(await page.locator('.words li .mono').allTextContents()).toEqual(words)
  await page.getByText('Change the password').first().click()
  await look('settings')
  expect(looked, looked.join('\n')).toEqual([])
  expect(await seen.faults()).toEqual([])

  await openElsewhere(text, address)
})

/** Words, quiz, a weak password and a strong one. */
async function createWallet(
  page: Page,
  look: (what: string) => Promise<void>,
): Promise<readonly string[]> {
  await page.getByRole('link', { name: 'Create a wallet' }).click()
  await page.locator('.words li').nth(11).waitFor()
  const words = await page.locator('.words li .mono').allTextContents()
  await look('words')
  await page.getByRole('button', { name: 'I have written them down' }).click()
  const asked = await page.locator('.form .field-label').allTextContents()
  expect(asked).toHaveLength(3)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByText('Not sent: 3 fields need another look').waitFor()
  for (const label of asked) {
    const word = words[Number(/\d+/.exec(label)?.[0]) - 1]
    await page.getByLabel(label, { exact: true }).fill(word ?? '')
  }
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByLabel('Password', { exact: true }).fill('password123')
  await page.getByText('Guessed at once').waitFor()
  await page.getByRole('button', { name: 'Create the wallet' }).click()
  await page.getByText('Too easy to guess').first().waitFor()
  await look('weak password')
  await choosePassword(page, 'Password')
  await page.getByRole('button', { name: 'Create the wallet' }).click()
  return words
}

/** The exported file, in another browser. */
async function openElsewhere(text: string, address: string): Promise<void> {
  await using other = await visit(browser, `${site.url}/wallet/import`)
  await other.page.getByLabel('A keystore file').check()
  await other.page.getByLabel('Keystore file', { exact: true }).setInputFiles({
    name: 'aitbc-wallet.json',
    mimeType: 'application/json',
    buffer: Buffer.from(text),
  })
  await other.page.getByLabel('Password of the file').first().fill(password)
  await choosePassword(other.page, 'New password for this browser')
  await other.page.getByRole('button', { name: 'Import the wallet' }).click()
  await other.page.locator('.balance-figure', { hasText: '87.4999' }).waitFor()
  expect(await other.page.locator('.account-address a').getAttribute('title')).toBe(address)
  expect(await other.faults()).toEqual([])
}

test('WALLETPAGE-3, WALLETPAGE-4: reload, wrong passwords and two tabs', async () => {
  await using seen = await visit(browser, `${site.url}/wallet/`)
  const { page, context } = seen
  const key = freshKey()
  await importSeed(page, site.url, key.seed)
  await page.reload()
  await page.getByRole('heading', { name: 'Unlock your wallet' }).waitFor()
  for (const wrong of ['one', 'two', 'three']) {
    await unlock(page, wrong)
    await page.getByRole('alert').filter({ hasText: 'does not open the wallet' }).waitFor()
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>('input[name="password"]')?.value === '',
    )
  }
  await page.getByText('Too many wrong passwords: wait').waitFor()
  await page.reload()
  await page.getByText('Too many wrong passwords: wait').waitFor()
  await page.getByText('Too many wrong passwords: wait').waitFor({ state: 'detached' })
  await unlock(page)
  await page.locator('.account-bar').waitFor()

  const second = await context.newPage()
  await second.goto(`${site.url}/wallet/settings`)
  await unlock(second)
  await second.getByText('Add an account').first().click()
  await second.getByLabel('A raw key').check()
  await second.getByLabel('Raw key', { exact: true }).fill(freshKey().seed)
  await second.getByLabel(/^Name/).fill('From the second tab')
  await second.getByRole('button', { name: 'Add the account' }).click()
  await page.locator('option', { hasText: 'From the second tab' }).waitFor({ state: 'attached' })
  await page.getByRole('button', { name: 'Lock' }).click()
  await second.getByRole('heading', { name: 'Unlock your wallet' }).waitFor()
  // Nothing of the keys is left where other scripts could look.
  const stored = await page.evaluate(async () => {
    const databases = await indexedDB.databases()
    return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, databases])
  })
  expect(stored).not.toContain(key.seed)
  expect(await seen.faults()).toEqual([])
})

test('WALLETPAGE-5: what is stuck behind a missing number is said, and let through', async () => {
  await using seen = await visit(browser, `${site.url}/wallet/`)
  const { page } = seen
  const key = freshKey()
  await importSeed(page, site.url, key.seed)
  await page.getByRole('button', { name: /from the faucet/ }).click()
  await page.locator('.gift .step.is-done').nth(2).waitFor()
  const to = new Uint8Array(20).fill(9)
  const message = { TAG: 'transfer', data: { to, amount: 5n } } as const
  const hash = await sendPast(site.url, key, { nonce: 1, message })
  await page.getByText('1 transaction is stuck behind number 0').waitFor()
  await page.getByRole('button', { name: 'Fill number 0' }).click()
  await page.getByText('it goes to the account that sends it', { exact: false }).first().waitFor()
  await signAndWait(page)
  await page.getByText('stuck behind').waitFor({ state: 'detached' })
  await expect
    .poll(
      async () =>
        ((await (await fetch(`${site.url}/rpc/tx/${hash}`)).json()) as { status: string }).status,
      { timeout: 60_000 },
    )
    .toBe('final')
  expect(await seen.faults()).toEqual([])
})

test('WALLETPAGE-10: escrows are opened, topped up and closed, and keys revoked', async () => {
  await using seen = await visit(browser, `${site.url}/wallet/`)
  const { page } = seen
  const key = freshKey()
  await importSeed(page, site.url, key.seed)
  await page.getByRole('button', { name: /from the faucet/ }).click()
  await page.locator('.gift .step.is-done').nth(2).waitFor()
  await openTab(page, 'Escrows')
  await page.getByLabel('Amount to lock', { exact: true }).fill('3')
  await page.getByRole('button', { name: 'Review' }).click()
  await page.getByText('Lock 3 AITBC to pay for jobs').waitFor()
  await signAndWait(page)
  const card = page.locator('.escrow')
  await card.locator('.verdict-verified').waitFor()
  const id = (await card.locator('[data-same]').first().getAttribute('data-same')) ?? ''
  const delegate = new Uint8Array(32).fill(3)
  const escrow = Uint8Array.from(Buffer.from(id.slice(2), 'hex'))
  const { slot } = (await (await fetch(`${site.url}/rpc/status`)).json()) as { slot: number }
  const terms = { delegate, budget: 7n, expiry: BigInt(slot + 5_000) }
  const message = { TAG: 'delegate_grant', data: { escrow, terms } } as const
  await sendPast(site.url, key, { nonce: 1, message })
  await page.getByText('Keys that may spend').waitFor()

  await page.getByRole('button', { name: 'Top up' }).click()
  await page.getByLabel('Amount to add', { exact: true }).fill('1.25')
  await card.getByRole('button', { name: 'Review' }).click()
  await signAndWait(page)
  await card.locator('.escrow-balance', { hasText: '4.25' }).waitFor()
  await page.getByRole('button', { name: /^Revoke/ }).click()
  await page.getByText('Stop a key from spending from an escrow').waitFor()
  await signAndWait(page)
  await page.getByText('revoked, ends').waitFor()
  await card.getByRole('button', { name: 'Close' }).click()
  await signAndWait(page)
  await card.getByText('Closing: notice runs').waitFor()
  expect(await findingsIn(page, 'main')).toEqual([])
  expect(await seen.faults()).toEqual([])
})
