/**
 * The packages that the site serves, unpacked and loaded into a whole browser: the headless shell that the
 * other tests use has no extensions. Debian's Chromium, or the one that `CHROMIUM_PATH` names.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { unzipSync } from 'fflate'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { inRoot } from '../../scripts/setup/paths.ts'

/** Path of a browser that can load extensions; undefined where there is none. */
const wholeChromium = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium'].find(
  (path) => path !== undefined && path !== '' && existsSync(path),
)
export const wholeFirefox = [process.env['FIREFOX_PATH'], '/usr/bin/firefox-esr'].find(
  (path) => path !== undefined && path !== '' && existsSync(path),
)

/** A folder that is gone with the test. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'aitbc-extension-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Unpacks a package of the built site. */
export function unpackExtension(file: string, into: string): string {
  const packed = readFileSync(inRoot('pages', 'dist', 'firefox-wallet', file))
  for (const [name, bytes] of Object.entries(unzipSync(packed))) {
    const path = join(into, 'extension', name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytes)
  }
  return join(into, 'extension')
}

/** What the title of a test says where it cannot run. */
export const missingChromium =
  wholeChromium === undefined ? ' (no Chromium here: apt-get install chromium)' : ''

/** A shared machine may stall. */
export const slowly = { timeout: 60_000 }

export type ExtensionBrowser = AsyncDisposable & {
  readonly context: BrowserContext
  /** Address of a file of the extension. */
  readonly url: (file: string) => string
  /** Opens one of its pages in a tab. */
  readonly open: (file: string) => Promise<Page>
  /** Ends the background hard, as the browser does when it wants the memory; false when none ran. */
  readonly killBackground: () => Promise<boolean>
}

/** Starts Chromium with the extension, in a profile of its own. */
export async function startExtensionBrowser(
  options: { readonly args?: readonly string[]; readonly profile?: string } = {},
): Promise<ExtensionBrowser> {
  if (wholeChromium === undefined) throw new Error('no Chromium that loads extensions')
  const folder = temporaryFolder()
  const extension = unpackExtension('aitbc-wallet-chromium.zip', folder.path)
  const profile = options.profile ?? join(folder.path, 'profile')
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: wholeChromium,
    // The browser's own new headless mode, which is the whole browser; Playwright's is a shell without extensions.
    headless: false,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-background-networking',
      `--disable-extensions-except=${extension}`,
      `--load-extension=${extension}`,
      ...(options.args ?? []),
    ],
    ignoreDefaultArgs: ['--disable-extensions', '--disable-popup-blocking'],
    viewport: null,
    reducedMotion: 'reduce',
  })
  const background = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'))
  const base = new URL('.', background.url()).href
  const url = (file: string) => new URL(file, base).href
  const internals = await context.newPage()
  await internals.goto('chrome://serviceworker-internals')
  /** Process, thread and route of the background that runs; undefined when none does. */
  const runningBackground = () =>
    internals.evaluate((scope) => {
      const entries = [...document.querySelectorAll('.serviceworker-registration')]
      const text = entries
        .map((entry) => entry.textContent ?? '')
        .find((one) => one.includes(scope))
      if (text === undefined || !/Running Status:\s*RUNNING/.test(text)) return undefined
      return [...text.matchAll(/(?:process|thread|route) ID:\s*(-?\d+)/g)].join(' ')
    }, base)
  return {
    context,
    url,
    open: async (file) => {
      const page = await context.newPage()
      await page.goto(url(file))
      return page
    },
    killBackground: async () => {
      const before = await runningBackground()
      const session = await context.newCDPSession(internals)
      await session.send('ServiceWorker.enable')
      await session.send('ServiceWorker.stopAllWorkers')
      await session.detach()
      // The browser tells of it a little later, and a page may have begun the next one already.
      while (before !== undefined && (await runningBackground()) === before) {
        await internals.waitForTimeout(20)
      }
      return before !== undefined
    },
    [Symbol.asyncDispose]: async () => {
      await context.close()
      folder[Symbol.dispose]()
    },
  }
}

/** Pages of somebody else, on a port of their own: what each path shows. */
export async function startPages(
  pages: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly origin: string }> {
  const server = createServer((request, response) => {
    const body = pages[request.url ?? '/']
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'text/html' })
    response.end(body ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** What tests type as password: strong enough for the judge. */
export const testPassword = 'violet anchor 7 drifting lantern'

/** A request of a page, by the old global, which takes every method. */
export const askIn = (page: Page, method: string, params?: unknown): Promise<unknown> =>
  page.evaluate(
    (args) =>
      (
        window as unknown as { aitbcWallet: { request(args: object): Promise<unknown> } }
      ).aitbcWallet
        .request(args)
        .then(
          (result) => ({ result }),
          ({ code }: { code: number }) => ({ code }),
        ),
    { method, params },
  )

/** What became of it: `{ result }` or `{ code }`. Begins at once, and never rejects. */
export const outcomeOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.catch((error: Error) => ({ broken: error.message }))

/**
 * Makes a wallet in an open page of the extension, as a person does; returns the words. `atPassword`: what
 * happens before the password is chosen.
 */
export async function createWallet(
  page: Page,
  atPassword: () => Promise<void> = async () => undefined,
): Promise<string[]> {
  await page.getByRole('button', { name: 'Make new keys' }).click()
  // Neither list waits by itself for what is drawn next.
  await page.locator('.words li').first().waitFor()
  const words = await page.locator('.words li').allTextContents()
  await page.getByRole('button', { name: 'I have written them down' }).click()
  await page.getByRole('textbox').first().waitFor()
  for (const field of await page.getByRole('textbox').all()) {
    const label = await field.evaluate((input: HTMLInputElement) => input.labels?.[0]?.textContent)
    const place = Number(/Word (\d+)/.exec(label ?? '')?.[1])
    await field.fill(words[place - 1] ?? '')
  }
  await page.getByRole('button', { name: 'Check', exact: true }).click()
  await atPassword()
  await page.getByLabel('Password', { exact: true }).fill(testPassword)
  await page.getByLabel('The same again').fill(testPassword)
  await page.getByText('Strong').or(page.getByText('Very strong')).waitFor()
  await page.getByRole('button', { name: 'Make the wallet' }).click()
  return words
}

/** Pins the network of a site. */
export async function chooseNetwork(page: Page, site: string): Promise<void> {
  await page.getByLabel('Site').fill(site)
  await page.getByRole('button', { name: 'Look at its chain' }).click()
  await page.getByRole('button', { name: 'Trust this network' }).click()
  await page.getByRole('button', { name: 'Send', exact: true }).waitFor()
}

/** The window in which a request is shown; waits until one is there. */
export async function approvalOf(browser: ExtensionBrowser): Promise<Page> {
  const address = browser.url('approve.html')
  const known = browser.context.pages().find((page) => page.url() === address)
  const page =
    known ?? (await browser.context.waitForEvent('page', (page) => page.url() === address))
  await page.getByRole('button', { name: 'Reject', exact: true }).waitFor()
  return page
}

/** Presses the button that agrees, once it can be pressed; the window closes when nothing else waits. */
export async function agree(page: Page, name: 'Connect' | 'Sign'): Promise<void> {
  const button = page.locator('button.button-primary:not([aria-disabled="true"])')
  await closing(page, () => button.filter({ hasText: name }).click())
}

/** Presses the button that says no. */
export const reject = (page: Page): Promise<void> =>
  closing(page, () => page.getByRole('button', { name: 'Reject', exact: true }).click())

async function closing(page: Page, act: () => Promise<void>): Promise<void> {
  const closed = page.waitForEvent('close')
  await act()
  await closed
}
