/** Pages that want what is not theirs, against the extension in a whole Chromium. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestSite, type TestSite } from '../support/site.ts'
import { unusedAddress } from './chain.ts'
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
} from './extension-browser.ts'

/** The messages of the provider, spelt by hand: what a forger would send. */
const forged = (id: string, method: string, params: unknown = []) => ({
  mark: 'aitbc-wallet/page',
  id,
  method,
  params,
})

describe.skipIf(missingChromium !== '')(`hostile pages in Chromium${missingChromium}`, () => {
  let site: TestSite
  let browser: ExtensionBrowser
  let honest: Awaited<ReturnType<typeof startPages>>
  let evil: Awaited<ReturnType<typeof startPages>>
  let page: Page
  let address: unknown

  beforeAll(async () => {
    site = await startTestSite()
    evil = await startPages({ '/': '<p>evil', '/frame': '<p>a frame', '/patched': patchedPage })
    honest = await startPages({
      '/': '<p>honest',
      '/framing': `<p>honest, with a frame<iframe src="${evil.origin}/frame"></iframe>`,
    })
    browser = await startExtensionBrowser()
    const wallet = await browser.open('wallet.html')
    await createWallet(wallet)
    await chooseNetwork(wallet, site.url)
    page = await browser.context.newPage()
    await page.goto(honest.origin)
    const asked = askIn(page, 'aitbc_requestAccounts')
    await agree(await approvalOf(browser), 'Connect')
    address = ((await asked) as { result: string[] }).result[0]
  })
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]()
    await honest?.[Symbol.asyncDispose]()
    await evil?.[Symbol.asyncDispose]()
    await site?.dispose()
  })

  const approvals = () =>
    browser.context.pages().filter((open) => open.url() === browser.url('approve.html'))

  /** What the background has waiting, read by a page of the extension. */
  async function waiting(): Promise<{ origin: string; id: string; state: string }[]> {
    const own = await browser.open('popup.html')
    const asks = await own.evaluate(async () => {
      const { chrome } = globalThis as unknown as {
        chrome: { storage: { session: { get(): Promise<{ queue?: { asks: unknown[] } }> } } }
      }
      return (await chrome.storage.session.get()).queue?.asks ?? []
    })
    await own.close()
    return (asks as { origin: string; id: string; state: string }[]).filter(
      ({ state }) => state !== 'done',
    )
  }

  test('EXT-12, EXT-26: a page that is not connected learns nothing, whoever else is', async () => {
    const other = await browser.context.newPage()
    await other.goto(evil.origin)
    expect(await outcomeOf(askIn(other, 'aitbc_accounts'))).toEqual({ result: [] })
    expect(await outcomeOf(askIn(other, 'wallet_getPermissions'))).toEqual({ result: [] })
    for (const [method, params] of [
      ['aitbc_chainId', undefined],
      ['aitbc_getBalance', [{ address }]],
      ['aitbc_signMessage', [{ message: 'x' }]],
      ['aitbc_sendTransaction', [{ to: unusedAddress, amount: '1', from: address }]],
    ] as const) {
      expect(await outcomeOf(askIn(other, method, params))).toEqual({ code: 4100 })
    }
    expect(await outcomeOf(askIn(other, 'aitbc_exportKeys'))).toEqual({ code: 4200 })
    expect(approvals()).toEqual([])
    await other.close()
  })

  test('EXT-11, EXT-26: a frame gets no wallet, and what it says to the page above is not heard', async () => {
    const framing = await browser.context.newPage()
    await framing.goto(`${honest.origin}/framing`)
    const frame = framing.frames()[1]
    expect(await frame?.evaluate(() => 'aitbcWallet' in window)).toBe(false)
    await frame?.evaluate(
      (message) => {
        window.parent.postMessage(message, '*')
        window.parent.postMessage({ ...message, type: 'AITBC_WALLET_REQUEST' }, '*')
      },
      forged('frame-1', 'aitbc_signMessage', [{ message: 'forged' }]),
    )
    // The page itself is heard, with the same words, so silence above means refusal.
    const own = outcomeOf(askIn(framing, 'aitbc_signMessage', [{ message: 'own' }]))
    const approval = await approvalOf(browser)
    expect(await approval.locator('.message').textContent()).toBe('own')
    expect(await waiting()).toHaveLength(1)
    await reject(approval)
    expect(await own).toEqual({ code: 4001 })
    await framing.close()
  })

  test('EXT-13, EXT-26: a replayed id signs nothing again, and an answer stays with its origin', async () => {
    const post = (target: Page, message: object) =>
      target.evaluate(
        (sent) =>
          new Promise<Record<string, unknown>>((resolve) => {
            addEventListener('message', ({ data }) => {
              if (data?.mark === 'aitbc-wallet/relay' && data.id === sent['id']) resolve(data)
            })
            postMessage(sent, location.origin)
          }),
        message as Record<string, unknown>,
      )
    const request = forged('replay-1', 'aitbc_signMessage', [{ message: 'once' }])
    const first = post(page, request)
    await agree(await approvalOf(browser), 'Sign')
    const { result } = await first
    expect(result).toMatchObject({ address })
    await expect.poll(() => approvals().length, slowly).toBe(0)
    // The same id with another text gets the old answer; nothing is shown or signed.
    const other = forged('replay-1', 'aitbc_signMessage', [{ message: 'something else' }])
    expect((await post(page, other))['result']).toEqual(result)
    const stranger = await browser.context.newPage()
    await stranger.goto(evil.origin)
    expect(await post(stranger, request)).toMatchObject({ error: { code: 4100 } })
    await stranger.close()
    expect(approvals()).toEqual([])
  })

  test('EXT-2, EXT-26: no window of the wallet can be put into a page or read by it', async () => {
    const other = await browser.context.newPage()
    await other.goto(evil.origin)
    const loads = await other.evaluate(async (urls) => {
      const found: string[] = []
      for (const url of urls) {
        const frame = document.body.appendChild(document.createElement('iframe'))
        frame.src = url
        await new Promise((resolve) => {
          frame.onload = resolve
          setTimeout(resolve, 1_000)
        })
        // A document of the extension would be of another origin, and reading it would throw.
        try {
          if (frame.contentDocument === null) found.push(`framed ${url}`)
        } catch {
          found.push(`framed ${url}`)
        }
        await fetch(url).then(
          () => found.push(`read ${url}`),
          () => undefined,
        )
      }
      return found
    }, ['approve.html', 'wallet.html', 'popup.html', 'relay.js', 'manifest.json'].map(browser.url))
    const shown = other.frames().filter((frame) => frame.url().startsWith(browser.url('')))
    expect(shown.map((frame) => frame.url())).toEqual([])
    expect(loads.filter((line) => line.startsWith('read'))).toEqual([])
    await other.close()
  })

  test('EXT-14, EXT-26: a flood opens one window, and noes in a row silence the page', async () => {
    const other = await browser.context.newPage()
    await other.goto(evil.origin)
    const flood = other.evaluate(() => {
      const { aitbcWallet } = window as unknown as {
        aitbcWallet: { request(args: object): Promise<unknown> }
      }
      const codes = Array.from({ length: 60 }, () =>
        aitbcWallet.request({ method: 'aitbc_requestAccounts' }).then(
          () => 0,
          ({ code }: { code: number }) => code,
        ),
      )
      return Promise.all(codes)
    })
    const approval = await approvalOf(browser)
    await approval.getByText('1 of 3').waitFor()
    expect(approvals()).toHaveLength(1)
    expect(await waiting()).toHaveLength(3)
    await approval.getByRole('button', { name: 'Reject all 3 of this site' }).click()
    const codes = await flood
    expect(codes.filter((code) => code === 4001)).toHaveLength(3)
    expect(codes.filter((code) => code === -32005)).toHaveLength(57)
    await expect.poll(() => approvals().length, slowly).toBe(0)
    expect(await outcomeOf(askIn(other, 'aitbc_requestAccounts'))).toEqual({ code: 4001 })
    expect(approvals()).toEqual([])
    await other.close()
  })

  test('EXT-26: built-ins that a page has changed change nothing but that page', async () => {
    const other = await browser.context.newPage()
    // Another origin than the silenced one: the same server by its other name.
    const origin = evil.origin.replace('127.0.0.1', 'localhost')
    await other.goto(`${origin}/patched`)
    expect(await other.evaluate(() => (window as unknown as { early: boolean }).early)).toBe(true)
    void askIn(other, 'aitbc_requestAccounts').catch(() => undefined)
    await other.evaluate((message) => postMessage(message, location.origin), {
      ...forged('patched-1', 'aitbc_requestAccounts'),
      origin: honest.origin,
      sender: { origin: honest.origin },
    })
    const approval = await approvalOf(browser)
    expect(await approval.locator('.ask-site').textContent()).toBe(origin)
    expect((await waiting()).every((ask) => ask.origin === origin)).toBe(true)
    await approval.close()
    await other.close()
  })

  test('EXT-20, EXT-26: a name of other letters is shown as the browser knows it, with a warning', async () => {
    // Its first letter is Cyrillic.
    const name = new URL('https://\u0430itbc.example').origin
    expect(name).toMatch(/^https:\/\/xn--/)
    await browser.context.route(`${name}/**`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<p>looks like another' }),
    )
    const other = await browser.context.newPage()
    await other.goto(`${name}/`)
    const asked = outcomeOf(askIn(other, 'aitbc_requestAccounts'))
    const approval = await approvalOf(browser)
    expect(await approval.locator('.ask-site').textContent()).toBe(name)
    await approval.locator('.risk', { hasText: 'letters of other scripts' }).waitFor()
    await reject(approval)
    expect(await asked).toEqual({ code: 4001 })
    await other.close()
  })
})

/** Changes everything that a careless wallet would lean on, in the first script of the page. */
const patchedPage = `<!doctype html><script>
window.early = 'aitbcWallet' in window
const steal = (target, name) => {
  const before = target[name]
  target[name] = function (...args) { try { window.stolen?.add(args) } catch {} return before.apply(this, args) }
}
window.stolen = new Set()
for (const name of ['push', 'map', 'filter', 'find']) steal(Array.prototype, name)
for (const name of ['then', 'catch']) steal(Promise.prototype, name)
for (const name of ['get', 'set', 'has']) steal(Map.prototype, name)
steal(JSON, 'stringify'); steal(JSON, 'parse')
Object.prototype.origin = 'https://honest.example'
Object.prototype.result = ['forged']
Object.defineProperty(Object.prototype, 'mark', { get: () => 'aitbc-wallet/page', set() {}, configurable: true })
crypto.randomUUID = () => '1'
window.postMessage = window.postMessage.bind(window)
</script><p>patched`
