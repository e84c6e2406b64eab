/** The extension in a whole Chromium, on a real site: the life of a wallet, and what ends its background. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromHex } from '../../core/base/bytes.ts'
import { nobleVerifier } from '../../core/crypto/ed25519.ts'
import { signedMessageBytes } from '../../core/crypto/signed-message.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { giftOf, unusedAddress } from './chain.ts'
import {
  agree,
  approvalOf,
  askIn,
  chooseNetwork,
  createWallet,
  type ExtensionBrowser,
  missingChromium,
  outcomeOf,
  reject,
  slowly,
  startExtensionBrowser,
  startPages,
  testPassword,
} from './extension-browser.ts'
import { findingsIn } from './page-check.ts'

describe.skipIf(missingChromium !== '')(`the extension in Chromium${missingChromium}`, () => {
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
    wallet = await browser.open('wallet.html')
  })
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]()
    await pages?.[Symbol.asyncDispose]()
    await site?.dispose()
  })

  test('EXT-22, EXT-24, EXT-28: a wallet is made with a password that is judged and words that are asked for', async () => {
    const words = await createWallet(wallet, async () => {
      // A weak password, as many would choose it.
      await wallet.getByLabel('Password', { exact: true }).fill('password123')
      await wallet.getByLabel('The same again').fill('password123')
      await wallet.getByText('Guessed at once').waitFor()
      await wallet.getByRole('button', { name: 'Make the wallet' }).click()
      await wallet.getByText('Not sent').waitFor()
    })
    expect(words).toHaveLength(24)
    await chooseNetwork(wallet, site.url)
    address = (await wallet.locator('.hash').last().textContent())?.trim() ?? ''
    expect(address).toMatch(/^aitbc1[0-9a-z]{38}$/)
    await giftOf(site.url, address)
    await wallet.getByRole('button', { name: 'Ask again' }).click()
    await wallet.locator('.balance-figure', { hasText: '1.' }).waitFor()
    await wallet.locator('.verdict-verified', { hasText: 'checked by this browser' }).waitFor()
  })

  test('EXT-24: a page finds the wallet, is rejected, and is connected at the second try', async () => {
    page = await browser.context.newPage()
    await page.goto(pages.origin)
    const found = await page.evaluate(
      () =>
        new Promise<object>((resolve) => {
          addEventListener('aitbc:announceProvider', (event) => {
            resolve((event as CustomEvent<{ info: object }>).detail.info)
          })
          dispatchEvent(new Event('aitbc:requestProvider'))
        }),
    )
    expect(found).toMatchObject({ name: 'AITBC Edge wallet', rdns: 'edge.aitbc.wallet' })
    expect(await outcomeOf(askIn(page, 'aitbc_accounts'))).toEqual({ result: [] })
    expect(await outcomeOf(askIn(page, 'aitbc_getBalance'))).toEqual({ code: 4100 })
    const first = outcomeOf(askIn(page, 'aitbc_requestAccounts'))
    const approval = await approvalOf(browser)
    expect(await approval.locator('.ask-site').textContent()).toBe(pages.origin)
    await reject(approval)
    expect(await first).toEqual({ code: 4001 })
    const second = outcomeOf(askIn(page, 'aitbc_requestAccounts'))
    await agree(await approvalOf(browser), 'Connect')
    expect(await second).toEqual({ result: [address] })
    expect(await outcomeOf(askIn(page, 'aitbc_accounts'))).toEqual({ result: [address] })
    const permissions = await outcomeOf(askIn(page, 'wallet_getPermissions'))
    expect(permissions).toMatchObject({ result: [{ invoker: pages.origin }] })
  })

  test('EXT-20, EXT-23, EXT-24: a message is shown whole, and its signature is good for this origin', async () => {
    const text = 'Sign in to edge.example.org\nnonce 7'
    const asked = outcomeOf(askIn(page, 'aitbc_signMessage', [{ message: text }]))
    const approval = await approvalOf(browser)
    expect(await approval.locator('.message').textContent()).toBe(text)
    // The text names another site than the one that asks.
    await approval.locator('.risk-danger', { hasText: 'edge.example.org' }).waitFor()
    expect(await findingsIn(approval, 'body')).toEqual([])
    await agree(approval, 'Sign')
    const { result } = (await asked) as { result: Record<string, string> }
    const bytes = (digits = '') => {
      const read = fromHex(digits)
      return read.ok ? read.value : new Uint8Array()
    }
    const input = { genesisHash: bytes(result['genesisHash']), origin: pages.origin, text }
    const message = signedMessageBytes(input)
    expect(result).toMatchObject({ address, origin: pages.origin })
    expect(
      message.ok &&
        nobleVerifier.verify({
          signature: bytes(result['signature']),
          publicKey: bytes(result['publicKey']),
          message: message.value,
        }),
    ).toBe(true)
  })

  test('EXT-20, EXT-24: a payment shows what it costs and is final on the chain', async () => {
    await page.evaluate(() => {
      const told: unknown[] = []
      Object.assign(window, { told })
      addEventListener('aitbc:announceProvider', (event) => {
        const { provider } = (event as CustomEvent).detail
        provider.on('message', (data: unknown) => told.push(data))
      })
      dispatchEvent(new Event('aitbc:requestProvider'))
    })
    const asked = outcomeOf(
      askIn(page, 'aitbc_sendTransaction', [{ to: unusedAddress, amount: '25000000' }]),
    )
    const approval = await approvalOf(browser)
    await approval.getByText(`Send 0.25 AITBC to ${unusedAddress}`).first().waitFor()
    for (const said of ['Leaves the account', 'Balance after', 'not in your address book']) {
      await approval.getByText(said).waitFor()
    }
    expect(await findingsIn(approval, 'body')).toEqual([])
    await agree(approval, 'Sign')
    const { result: hash } = (await asked) as { result: string }
    await expect
      .poll(async () => (await fetch(`${site.url}/rpc/tx/${hash}`)).json(), slowly)
      .toMatchObject({ status: 'final', outcome: 'applied', sender: address })
    // Who asked hears of it, without asking again.
    await expect
      .poll(
        () => page.evaluate(() => JSON.stringify((window as unknown as { told: [] }).told)),
        slowly,
      )
      .toContain(`"hash":"${hash}","status":"final"`)
    await wallet.getByRole('button', { name: 'Activity' }).click()
    await wallet.getByText('Applied, final').waitFor()
    await wallet.getByText('Signed a message').waitFor()
    expect(await findingsIn(wallet, 'body')).toEqual([])
    await wallet.getByRole('button', { name: 'Account', exact: true }).click()
  })

  test('EXT-16: the background killed in the middle of an approval loses nothing', async () => {
    const nonceOf = async () =>
      ((await (await fetch(`${site.url}/rpc/getBalance/${address}`)).json()) as { nonce: number })
        .nonce
    const before = await nonceOf()
    const asked = outcomeOf(
      askIn(page, 'aitbc_sendTransaction', [{ to: unusedAddress, amount: '1' }]),
    )
    const approval = await approvalOf(browser)
    await approval.getByText('Leaves the account').waitFor()
    expect(await browser.killBackground()).toBe(true)
    await agree(approval, 'Sign')
    const { result: hash } = (await asked) as { result: string }
    expect(hash).toMatch(/^0x[0-9a-f]{64}$/)
    await expect.poll(nonceOf, slowly).toBe(before + 1)
    // Killed with nothing open, too: it is unlocked when it comes back.
    expect(await browser.killBackground()).toBe(true)
    expect(await outcomeOf(askIn(page, 'aitbc_accounts'))).toEqual({ result: [address] })
  })

  test('EXT-21: what agrees cannot be pressed at first sight, and closing the window is a no', async () => {
    const asked = outcomeOf(askIn(page, 'aitbc_signMessage', [{ message: 'press me' }]))
    const approval = await approvalOf(browser)
    await approval.addInitScript(() => {
      const seen: (string | null)[] = []
      Object.assign(window, { seen })
      new MutationObserver(() => {
        const button = document.querySelector<HTMLButtonElement>('button.button-primary')
        if (!button || seen.length > 0) return
        seen.push(button.getAttribute('aria-disabled'))
        // A press that was on its way to the page below.
        button.click()
      }).observe(document, { childList: true, subtree: true })
    })
    await approval.reload()
    await approval.locator('button.button-primary:not([aria-disabled="true"])').waitFor()
    expect(await approval.evaluate(() => (window as unknown as { seen: unknown }).seen)).toEqual([
      'true',
    ])
    await approval.close()
    expect(await asked).toEqual({ code: 4001 })
  })

  test('EXT-12, EXT-19: the lock and a disconnection are told to the page, and end what it sees', async () => {
    await page.evaluate(() => {
      const heard: unknown[] = []
      Object.assign(window, { heard })
      addEventListener('aitbc:announceProvider', (event) => {
        const { provider } = (event as CustomEvent).detail
        for (const name of ['accountsChanged', 'disconnect', 'connect']) {
          provider.on(name, (data: unknown) => heard.push([name, data]))
        }
      })
      dispatchEvent(new Event('aitbc:requestProvider'))
    })
    const heard = () => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard)
    await wallet.getByRole('button', { name: 'Lock' }).click()
    await expect.poll(heard, slowly).toContainEqual(['accountsChanged', []])
    expect(await outcomeOf(askIn(page, 'aitbc_accounts'))).toEqual({ result: [] })
    // Asked while it is locked, it wants the password in the window of the request.
    const asked = outcomeOf(askIn(page, 'aitbc_signMessage', [{ message: 'after the lock' }]))
    const approval = await approvalOf(browser)
    await approval.getByLabel('Password', { exact: true }).fill(testPassword)
    await approval.getByRole('button', { name: 'Unlock' }).click()
    await approval.getByText('after the lock').waitFor()
    await expect.poll(heard, slowly).toContainEqual(['accountsChanged', [address]])
    await wallet.getByRole('button', { name: 'Sites' }).click()
    await wallet.getByRole('button', { name: `Disconnect ${pages.origin}` }).click()
    expect(await asked).toEqual({ code: 4001 })
    await wallet.getByText('No site is connected').waitFor()
    await expect.poll(async () => JSON.stringify(await heard()), slowly).toContain('4900')
    expect(await outcomeOf(askIn(page, 'aitbc_signMessage', ['x']))).toEqual({ code: 4100 })
  })

  test('EXT-23: popup and page are clean in both themes, locked and open', async () => {
    const popup = await browser.open('popup.html')
    await popup.getByRole('button', { name: 'Receive' }).click()
    expect(await findingsIn(popup, 'body')).toEqual([])
    for (const view of ['Settings', 'Sites', 'Activity']) {
      await popup.getByRole('button', { name: view, exact: true }).click()
      for (const summary of await popup.locator('summary').all()) await summary.click()
      expect([view, await findingsIn(popup, 'body')]).toEqual([view, []])
      await popup.setViewportSize({ width: 360, height: 600 })
      const sideways = await popup.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect([view, sideways]).toEqual([view, 0])
    }
    await popup.getByRole('button', { name: 'Lock', exact: true }).click()
    await popup.getByRole('button', { name: 'Unlock' }).waitFor()
    expect(await findingsIn(popup, 'body')).toEqual([])
    await popup.close()
  })

  test('EXT-17: what the extension keeps holds no key that is not encrypted', async () => {
    const kept = await wallet.evaluate(async () => {
      const { storage } = (
        globalThis as unknown as {
          chrome: { storage: Record<'local' | 'session', { get(): Promise<object> }> }
        }
      ).chrome
      return {
        local: JSON.stringify(await storage.local.get()),
        session: await storage.session.get(),
      }
    })
    expect(kept.local).toContain('pbkdf2-sha256')
    expect(kept.local).not.toMatch(/"(?:words|seed|key|password)"/)
    // Locked at the end of the test before.
    expect(Object.keys(kept.session)).not.toContain('session')
  })
})
