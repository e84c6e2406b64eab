/**
 * Visiting pages with open eyes: every console error, exception, CSP violation and request to another
 * host is written down, so that a test can demand that there was none.
 */
import type { Browser, BrowserContext, Page } from 'playwright-core'

export type VisitOptions = {
  readonly width?: number
  readonly scheme?: 'light' | 'dark'
  /** Value of `aitbc:theme` before the first page loads. */
  readonly storedTheme?: string
  /** Runs before the first request: to change what the site answers. */
  readonly prepare?: (context: BrowserContext) => Promise<unknown>
}

export type Watched = AsyncDisposable & {
  readonly page: Page
  readonly context: BrowserContext
  /** Goes to another page and forgets what happened before. */
  open(url: string): Promise<void>
  /** What should not have happened since then. */
  faults(): Promise<string[]>
}

export type Visit = Omit<Watched, 'open'>

declare global {
  interface Window {
    cspViolations: string[]
  }
}

/** Opens `url` in a window of its own and waits until the page has heard from the site. */
export async function visit(
  browser: Browser,
  url: string,
  options: VisitOptions = {},
): Promise<Visit> {
  const watched = await watch(browser, options)
  await watched.open(url)
  return watched
}

/** An empty window; what it visits one after the other shares storage and cache. */
export async function watch(browser: Browser, options: VisitOptions = {}): Promise<Watched> {
  const { width = 1440, scheme = 'light', storedTheme } = options
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    // A page must not move while it is measured.
    reducedMotion: 'reduce',
  })
  await context.addInitScript(() => {
    window.cspViolations = []
    document.addEventListener('securitypolicyviolation', (event) => {
      window.cspViolations.push(`${event.violatedDirective}: ${event.blockedURI}`)
    })
  })
  if (storedTheme !== undefined) {
    await context.addInitScript((theme) => localStorage.setItem('aitbc:theme', theme), storedTheme)
  }
  await options.prepare?.(context)
  const page = await context.newPage()
  const seen = { faults: [] as string[], origin: '' }
  noteFaults(page, seen)
  return {
    page,
    context,
    open: async (url) => {
      const { origin } = new URL(url)
      // The page of another site still asks its own until it is left.
      if (seen.origin !== '' && origin !== seen.origin) await page.goto('about:blank')
      seen.faults = []
      seen.origin = origin
      await page.goto(url)
      await page.locator('#network a').waitFor()
    },
    faults: async () => {
      const violations = await page.evaluate(() => window.cspViolations)
      return [...seen.faults, ...violations.map((violation) => `CSP: ${violation}`)]
    },
    [Symbol.asyncDispose]: async () => {
      // Answers that are still on their way are nobody's business any more.
      await context.unrouteAll({ behavior: 'ignoreErrors' })
      await context.close()
    },
  }
}

function noteFaults(page: Page, seen: { faults: string[]; readonly origin: string }): void {
  page.on('console', (message) => {
    // The browser itself reports the status of a page that is meant to be a 404 or a 501.
    if (message.type() === 'error' && message.location().url !== page.url()) {
      seen.faults.push(`console: ${message.text()} ${message.location().url}`)
    }
  })
  page.on('pageerror', (error) => seen.faults.push(`exception: ${error.message}`))
  page.on('dialog', (dialog) => {
    seen.faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const target = new URL(request.url())
    if (target.protocol !== 'data:' && target.origin !== seen.origin) {
      seen.faults.push(`foreign request: ${request.url()}`)
    }
  })
}

/** As when somebody comes back to this tab: the page asks the site again at once. */
export const comeBack = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))

/** Waits until nothing on the page is loading any more. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      // Where every state is shown, waiting is one of them.
      document.querySelector(':is(.skeleton, [aria-busy="true"]):not(.design *)') === null &&
      !document.querySelector('#network')?.textContent?.includes('Connecting'),
  )
  await page.evaluate(() => document.fonts.ready.then(() => undefined))
}
