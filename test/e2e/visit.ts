/**
 * Visiting a page with open eyes: every console error, exception, CSP violation and request to another
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

export type Visit = AsyncDisposable & {
  readonly page: Page
  readonly context: BrowserContext
  /** What should not have happened so far. */
  faults(): Promise<string[]>
}

declare global {
  interface Window {
    cspViolations: string[]
  }
}

/** Opens `url` and waits until the page has heard from the site. */
export async function visit(
  browser: Browser,
  url: string,
  options: VisitOptions = {},
): Promise<Visit> {
  const { width = 1440, scheme = 'light', storedTheme } = options
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    // A page must not move while it is measured.
    reducedMotion: 'reduce',
  })
  const faults: string[] = []
  const origin = new URL(url).origin
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
  page.on('console', (message) => {
    // The browser itself reports the status of a page that is meant to be a 404 or a 501.
    if (message.type() === 'error' && message.location().url !== page.url()) {
      faults.push(`console: ${message.text()} ${message.location().url}`)
    }
  })
  page.on('pageerror', (error) => faults.push(`exception: ${error.message}`))
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const target = new URL(request.url())
    if (target.protocol !== 'data:' && target.origin !== origin) {
      faults.push(`foreign request: ${request.url()}`)
    }
  })
  await page.goto(url)
  await page.locator('#network a').waitFor()
  return {
    page,
    context,
    faults: async () => {
      const violations = await page.evaluate(() => window.cspViolations)
      return [...faults, ...violations.map((violation) => `CSP: ${violation}`)]
    },
    [Symbol.asyncDispose]: async () => {
      // Answers that are still on their way are nobody's business any more.
      await context.unrouteAll({ behavior: 'ignoreErrors' })
      await context.close()
    },
  }
}

/** Waits until nothing on the page is loading any more. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector('.skeleton') === null &&
      !document.querySelector('#network')?.textContent?.includes('Connecting'),
  )
  await page.evaluate(() => document.fonts.ready.then(() => undefined))
}
