/** An account's pages and the provider's in a browser: a key from its making to its end, usage, a machine. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import OpenAI from 'openai'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Child } from '../../scripts/site/children.ts'
import { localModel } from '../../scripts/site/programs.ts'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { signIn, startLocalMiner, startRentedMiner } from './marketplace-world.ts'
import { findingsIn, overflowAt } from './page-check.ts'
import { settled, type Visit, visit } from './visit.ts'
import { unlock } from './wallet-world.ts'

let site: TestSite
let browser: Browser
let miner: Child
let person: Visit
let page: Page

beforeAll(async () => {
  ;[site, browser] = await Promise.all([startTestSite({ cronEveryMs: 1_000 }), startBrowser()])
  miner = await startLocalMiner(site)
  person = await visit(browser, `${site.url}/wallet/import`)
  page = person.page
  await signIn(page, site.url, '/account/')
})

afterAll(async () => {
  await person?.[Symbol.asyncDispose]()
  miner?.signal('SIGTERM')
  await miner?.ended
  await browser?.close()
  await site?.dispose()
})

async function expectClean(what: string, part = '#account'): Promise<void> {
  await settled(page)
  const found = [...(await findingsIn(page, part)), ...(await overflowAt(page, 320))]
  await page.setViewportSize({ width: 1440, height: 900 })
  expect([...found, ...(await person.faults())].map((each) => `${what}: ${each}`)).toEqual([])
}

const fact = (label: string) =>
  page.locator('dl.pairs > div').filter({ has: page.locator('dt', { hasText: label }) })

/** The next job of a machine, answered as a program of the original does. */
async function answerOnce(key: string): Promise<void> {
  const post = async (path: string, body: object) => {
    const headers = { 'x-api-key': key, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await fetch(`${site.url}/api/v1/miners/${path}`, init)
    return response.status === 200 ? ((await response.json()) as Record<string, unknown>) : {}
  }
  for (;;) {
    const { job_id: jobId } = await post('poll', { max_wait_seconds: 2 })
    if (typeof jobId !== 'string') continue
    const result = { output: 'Paris.', completion_tokens: 2, status: 'completed' }
    await post(`${jobId}/result`, { result, metrics: {} })
    return
  }
}

const ask = (apiKey: string) =>
  new OpenAI({ baseURL: `${site.url}/v1`, apiKey, maxRetries: 0 }).chat.completions.create({
    model: localModel,
    messages: [{ role: 'user', content: 'What is the capital of France?' }],
  })

test('ACCOUNTPAGE-1, ACCOUNTPAGE-3: a key is made, funded, used, renewed and revoked', async () => {
  await fact('Balance').locator('.amount[title="90000000 base units"]').waitFor()
  await expectClean('overview')
  await page.getByRole('link', { name: 'API keys', exact: true }).click()
  await page.getByRole('button', { name: 'Create the key' }).click()
  await page.getByText('Not sent: one field needs another look').waitFor()
  await page.getByLabel('Name', { exact: true }).fill('notebook')
  await page.getByRole('button', { name: 'Create the key' }).click()
  const secret = (await page.locator('.secret code').textContent()) ?? ''
  expect(secret).toMatch(/^aitbc_[\w-]{43}$/)
  await expectClean('a new key')
  await page.getByRole('button', { name: 'I have kept it' }).click()
  const card = page.locator('.key-card', { hasText: 'notebook' })
  await card.filter({ hasText: 'Without money' }).waitFor()

  // What is missing is open already.
  await card.getByLabel('Amount to lock', { exact: true }).fill('0.5')
  await card.getByRole('button', { name: 'Go to my wallet' }).click()
  await unlock(page)
  await page.getByText('Lock 0.5 AITBC to pay for jobs').waitFor()
  await page.getByRole('button', { name: 'Sign and send' }).click()
  await page.locator('.sign-flow .verdict-verified').waitFor()
  await page.getByRole('button', { name: 'Done' }).click()
  await page.waitForURL((at) => at.pathname === '/account/keys')
  await card.filter({ hasText: 'Active' }).waitFor()
  await page.getByText('How a program uses a key').click()
  const command = (await page.locator('.use-key pre').textContent()) ?? ''
  expect(command).not.toContain(secret)
  const { stdout } = await promisify(execFile)('sh', ['-c', command], {
    env: { ...process.env, AITBC_KEY: secret },
  })
  expect(stdout).toContain('Paris')
  expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]))).not.toContain(
    secret,
  )

  await card.getByRole('button', { name: 'Replace the secret' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Replace the secret' }).click()
  const next = (await page.locator('.secret code').textContent()) ?? ''
  expect(next).not.toBe(secret)
  expect((await ask(next)).choices).toHaveLength(1)
  await expectClean('keys')
  await card.getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click()
  await card.filter({ hasText: 'Revoked' }).waitFor()
  await card.getByRole('link', { name: 'get it back in your wallet' }).waitFor()
  await expect(ask(next)).rejects.toMatchObject({ status: 401 })
})

test('ACCOUNTPAGE-2, ACCOUNTPAGE-3: what was used is added up', async () => {
  await page.getByRole('link', { name: 'Usage', exact: true }).click()
  await page
    .getByRole('table', { name: 'By model' })
    .locator('tr', { hasText: localModel })
    .waitFor()
  await page.getByRole('table', { name: 'By key' }).locator('tr', { hasText: 'notebook' }).waitFor()
  const jobs = await page
    .getByRole('table', { name: 'By key' })
    .locator('td[data-label="Jobs"]')
    .textContent()
  expect(jobs).toBe('2')
  await expectClean('usage')
  await page.getByRole('link', { name: 'Sign-ins', exact: true }).click()
  await page.getByText('this browser').waitFor()
  await expectClean('sign-ins')
})

test('PROVIDERPAGE-1, PROVIDERPAGE-2, PROVIDERPAGE-3, PROVIDERPAGE-4, PROVIDERPAGE-5, PROVIDERPAGE-6, PROVIDERPAGE-7, PROVIDERPAGE-8: a machine of one’s own', async () => {
  await page.goto(`${site.url}/provider/`)
  await page.getByText('No machine is paid to this address').waitFor()
  await page.getByText('A program of the original instead').click()
  await page.getByRole('button', { name: 'Make the key' }).click()
  const secret = (await page.locator('.secret-value code').textContent()) ?? ''
  await page.getByRole('button', { name: 'I have kept it' }).click()
  const machine = await startRentedMiner(site, secret)
  try {
    const card = page.locator('.machine', { hasText: machine.id })
    // It has earned nothing, so that why stands there unasked.
    await page.getByText('Nothing earned in 30 days').waitFor()
    await page.getByText('A machine of this address is here.').waitFor()
    await card.getByText('It has free places, but does not ask for jobs now.').waitFor()
    await card.locator('td[data-label="Price rank"]', { hasText: '1 of 1' }).waitFor()
    await card.getByText('it does not serve the model').waitFor()
    await card.getByText('None: every result that the site took is paid').waitFor()
    await card.getByText('Change the prices').click()
    await card.getByRole('button', { name: 'Availability', exact: true }).click()
    await card.getByText('Not booked.').waitFor()

    const [client = ''] = JSON.parse(site.vars['CLIENT_API_KEYS'] ?? '[]') as string[]
    const placed = await fetch(`${site.url}/api/v1/market/bids`, {
      method: 'POST',
      headers: { 'x-api-key': client, 'content-type': 'application/json' },
      body: JSON.stringify({
        kind: 'hours',
        query: 'vram>=24',
        hours: 3,
        places: 1,
        price_max: '30000000',
        closes_in_s: 3_600,
      }),
    })
    const { bid_id: bidId } = (await placed.json()) as { bid_id: string }
    await page.locator('tbody tr', { hasText: '3 hours of 1 place' }).getByText('Quote').click()
    await page.getByLabel('For a place and hour', { exact: true }).fill('0.1')
    await expectClean('provider', '#provider')
    await page.getByRole('button', { name: 'Send the quote' }).click()
    await page.getByText('Quoted for 1 place').waitFor()
    const bid = await (await fetch(`${site.url}/api/v1/market/bids/${bidId}`)).json()
    expect(bid).toMatchObject({ quotes: [{ automatic: false, price: '10000000' }] })

    await card.getByRole('button', { name: 'Test it', exact: true }).click()
    await card.getByRole('button', { name: 'Get funds from the faucet' }).click()
    await card.getByText('Costs at most').waitFor()
    await card.getByRole('button', { name: 'Test it now' }).click()
    await answerOnce(secret)
    await card.getByText('It answered').waitFor()
    await card.getByText('Plausible', { exact: true }).waitFor()
    await card.getByRole('heading', { name: 'Bill and proof' }).waitFor()
    await expectClean('a tested machine', '#provider')
    await page.getByRole('slider', { name: /Earned by day/ }).waitFor()
  } finally {
    machine.stop()
  }
})
