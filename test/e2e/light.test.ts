/** Facts checked in the browser: what holds is said to hold, and a site that lies is told from one that does not. */
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readLightAnswer } from '../../core/api/light-json.ts'
import { decodeCanonical } from '../../core/base/coders.ts'
import { lightAnswerCoder } from '../../core/chain/light-coders.ts'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { addressOfTest, giftOf } from './chain.ts'
import { settled, visit } from './visit.ts'

let site: TestSite
let browser: Browser
let gift: { hash: string; height: number }
const address = addressOfTest(7)

beforeAll(async () => {
  site = await startTestSite()
  browser = await startBrowser()
  gift = await giftOf(site.url, address)
})
afterAll(async () => {
  await browser?.close()
  await site?.dispose()
})

type Json = Record<string, unknown>

test('LIGHT-10: the way and a fact are served as canonical bytes too, the same as in JSON', async () => {
  const target = `${site.url}/rpc/light/proof/transaction/${gift.hash}?from=0`
  const [bytes, json] = await Promise.all([
    fetch(target, { headers: { accept: 'application/octet-stream' } }),
    fetch(target),
  ])
  expect(bytes.headers.get('content-type')).toBe('application/octet-stream')
  const read = readLightAnswer(await json.json())
  const encoded = new Uint8Array(await bytes.arrayBuffer())
  expect(decodeCanonical(lightAnswerCoder, encoded).ok).toBe(true)
  expect(read.ok && lightAnswerCoder.encode(read.value)).toEqual(encoded)
})

/** Has the site say something else where the path fits. */
const lying =
  (path: RegExp, change: (truth: Json) => Json) =>
  async (context: BrowserContext): Promise<void> => {
    await context.route(path, async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, json: change((await response.json()) as Json) })
    })
  }

async function verdictAt(
  path: string,
  prepare?: (context: BrowserContext) => Promise<unknown>,
): Promise<{ state: string; text: string; faults: string[] }> {
  await using seen = await visit(browser, `${site.url}${path}`, prepare ? { prepare } : {})
  const verdict = seen.page.locator('.verdict')
  await verdict.waitFor()
  await settled(seen.page)
  const state = (await verdict.getAttribute('class'))?.replace('verdict verdict-', '') ?? ''
  return { state, text: (await verdict.textContent()) ?? '', faults: await seen.faults() }
}
const transactionPath = () => `/explorer/tx/${gift.hash}`
const accountPath = `/explorer/address/${address}`

test('LIGHT-14: a balance and a transaction are verified, and the chain is remembered', async () => {
  await using seen = await visit(browser, `${site.url}${transactionPath()}`)
  const { page } = seen
  await page.locator('.verdict-verified').waitFor()
  expect(await page.locator('.verdict').textContent()).toContain(
    `In final block ${gift.height}, checked by this browser.`,
  )
  const height = () =>
    page.evaluate(() => (JSON.parse(localStorage.getItem('aitbc:chain') ?? '{}') as Json)['height'])
  expect(await height()).toBeGreaterThanOrEqual(gift.height)
  await page.locator(`a[href="${accountPath}"]`).first().click()
  await page.locator('.verdict-verified', { hasText: 'Balance' }).waitFor()
  // Spoken once: the age beside it changes every second.
  expect(await page.locator('main [role="status"]', { hasText: 'Balance' }).textContent()).toBe(
    'Balance: verified',
  )
  // The next visit begins where this one ended.
  const asked = page.waitForRequest(/\/rpc\/light\/proof\/account\//)
  await page.reload()
  expect(Number(new URL((await asked).url()).searchParams.get('from'))).toBe(await height())
  await page.locator('.verdict-verified').waitFor()
  expect(await seen.faults()).toEqual([])
})

test('LIGHT-14: a balance that is shown and not held is told, with both', async () => {
  const rich = lying(/\/rpc\/address\//, (truth) => ({ ...truth, balance: 999_900_000_000 }))
  const { state, text, faults } = await verdictAt(accountPath, rich)
  expect(state).toBe('unverifiable')
  expect(text).toContain('The site shows 9999')
  expect(text).toMatch(/the account holds 1(?:\.0+)? AITBC/)
  expect(faults).toEqual([])
})

test('LIGHT-14: a transaction that is shown otherwise than it stands is told, with the fields', async () => {
  const more = lying(/\/rpc\/tx\//, (truth) => ({
    ...truth,
    recipient: addressOfTest(8),
    fee_charged: '1',
  }))
  const { state, text } = await verdictAt(transactionPath(), more)
  expect(state).toBe('unverifiable')
  expect(text).toContain('recipient, fee charged')
})

/** Changes one hex digit of a field of the newest step. */
const bent = (field: 'header' | 'certificate', at: number) =>
  lying(/\/rpc\/light\/proof\//, (truth) => {
    const steps = truth['steps'] as Json[]
    const text = String(steps.at(-1)?.[field])
    const place = at < 0 ? text.length + at : at
    const digit = text[place] === '0' ? '1' : '0'
    const changed = text.slice(0, place) + digit + text.slice(place + 1)
    return { ...truth, steps: [...steps.slice(0, -1), { ...steps.at(-1), [field]: changed }] }
  })

test.each([
  ['a changed state root', bent('header', 2 * (1 + 8 + 8 + 32 + 32 + 32 + 32) + 5), 'no quorum'],
  ['a forged signature', bent('certificate', -1), 'no quorum'],
  [
    'no certificate at all',
    lying(/\/rpc\/light\/proof\//, (truth) => ({ ...truth, steps: [] })),
    'form of a proof',
  ],
  ['nonsense', lying(/\/rpc\/light\/proof\//, () => ({ steps: 'none' })), 'no proof'],
])('LIGHT-14: with %s the balance cannot be verified, and why', async (_, prepare, why) => {
  const { state, text, faults } = await verdictAt(accountPath, prepare)
  expect([state, text.toLowerCase()]).toEqual(['unverifiable', expect.stringContaining(why)])
  expect(faults).toEqual([])
})

test('LIGHT-14: a site that forgets what this browser has verified is not believed', async () => {
  await using seen = await visit(browser, `${site.url}${accountPath}`)
  const { page, context } = seen
  await page.locator('.verdict-verified').waitFor()
  await lying(/\/rpc\/light\/proof\//, (truth) => ({ ...truth, steps: [] }))(context)
  await page.reload()
  await page.locator('.verdict-unverifiable', { hasText: 'was verified before' }).waitFor()
  expect(await seen.faults()).toEqual([])
})

test('LIGHT-14: what is not final is said to be so, and verified once it is', async () => {
  let isFinal = false
  const waiting = async (context: BrowserContext) => {
    await context.route(/\/rpc\/light\/proof\//, async (route) => {
      if (isFinal) await route.continue()
      else {
        const error = {
          code: 'NOT_FINAL',
          message: 'the block of this transaction is not final yet',
        }
        await route.fulfill({ status: 409, json: { error } })
      }
    })
  }
  await using seen = await visit(browser, `${site.url}${transactionPath()}`, { prepare: waiting })
  const { page } = seen
  await page.locator('.verdict-not-final', { hasText: 'not final yet' }).waitFor()
  isFinal = true
  // A new block is a new occasion to ask.
  await giftOf(site.url, addressOfTest(9))
  await page.locator('.verdict-verified').waitFor()
})
