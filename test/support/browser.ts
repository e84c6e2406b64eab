/**
 * A real browser for tests: the headless Chromium that ships inside an npm package, or the one that
 * `CHROME_PATH` names. With the package's own arguments web security would be off and half of these
 * tests could not fail, so they are never used.
 */
import { type Browser, chromium } from 'playwright-core'

const launchArgs = ['--headless=shell', '--no-sandbox', '--disable-background-networking']

/** Starts a browser; close it when done. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await browserPath(),
    args: launchArgs,
    // Playwright's own defaults relax the browser too; these are the ones that a test could miss.
    ignoreDefaultArgs: ['--disable-popup-blocking', '--allow-pre-commit-input'],
  })
}

async function browserPath(): Promise<string> {
  const named = process.env['CHROME_PATH']
  if (named !== undefined && named !== '') return named
  // Makes the package unpack the system libraries that it brings along.
  process.env['AWS_EXECUTION_ENV'] ??= 'AWS_Lambda_nodejs20.x'
  const { default: packaged } = await import('@sparticuz/chromium')
  return packaged.executablePath()
}
