/** The journey that matters: a job is asked and paid, and its payment is followed through the explorer. */
import OpenAI from 'openai'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Child } from '../../scripts/site/children.ts'
import {
  localModel,
  openLocalHome,
  startMiner,
  waitForMiners,
} from '../../scripts/site/programs.ts'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { settled, visit } from './visit.ts'

let site: TestSite
let browser: Browser
let miner: Child

beforeAll(async () => {
  site = await startTestSite()
  browser = await startBrowser()
  const home = openLocalHome(`${site.statePath}/home`)
  miner = startMiner({ home, api: site.url, id: 'miner-A' })
  await waitForMiners(site.url, { count: 1, stop: () => undefined })
})

afterAll(async () => {
  miner?.signal('SIGTERM')
  await miner?.ended
  await browser?.close()
  await site?.dispose()
})

test('a paid job can be followed from the home page to the miner', async () => {
  await using seen = await visit(browser, site.url)
  const { page } = seen
  await page.locator('#readout', { hasText: localModel }).waitFor()
  await page.locator('#status', { hasText: 'Demo model only' }).waitFor()
  await page.getByText('No job has been paid on this chain yet').waitFor()

  const [apiKey] = JSON.parse(site.vars['CLIENT_API_KEYS'] ?? '[]') as string[]
  const client = new OpenAI({ baseURL: `${site.url}/v1`, apiKey: apiKey! })
  const answer = await client.chat.completions.create({
    model: localModel,
    messages: [{ role: 'user', content: 'What is the capital of France?' }],
  })
  expect(answer.choices[0]?.message.content).toContain('Paris')

  // Nobody reloads the page: the payment arrives by itself.
  await page.locator('#work td[data-label="Receipt"] a').click()
  await page.locator('.title', { hasText: 'Paid, final' }).waitFor()
  const fact = (label: string) =>
    page.locator('dl.pairs > div').filter({ has: page.locator('dt', { hasText: label }) })
  const unitsOf = async (label: string) =>
    BigInt((await fact(label).locator('.amount').getAttribute('title'))?.split(' ')[0] ?? 'none')
  const toMiner = await unitsOf('To the miner')
  expect(toMiner).toBeGreaterThan(0n)
  expect(toMiner + (await unitsOf('To the coordinator'))).toBe(await unitsOf('Paid by the client'))

  await fact('Settled by').locator('a').click()
  await page.getByRole('heading', { name: 'Settle jobs' }).waitFor()
  await page.locator('td[data-label="Result"]', { hasText: 'Paid' }).waitFor()
  const minerAddress = await page.locator('td[data-label="Miner"] a').getAttribute('data-same')
  await page.locator('td[data-label="Miner"] a').click()
  await page.getByRole('heading', { name: 'Address' }).waitFor()
  await settled(page)
  expect(await fact('Address').locator('[data-same]').getAttribute('data-same')).toBe(minerAddress)
  expect(await unitsOf('Balance')).toBe(toMiner)
  expect(await seen.faults()).toEqual([])
})
