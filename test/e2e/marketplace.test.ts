/**
 * The marketplace in a browser, on a site with a chain, a miner that answers and one that is rented.
 *
 * Long because all views are visited on one site, which is dear to start.
 */
import OpenAI from 'openai'
import type { Browser, Locator, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Child } from '../../scripts/site/children.ts'
import {
  localModel,
  openLocalHome,
  startMiner,
  waitForMiners,
} from '../../scripts/site/programs.ts'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import {
  rentedVars,
  signHandedOver,
  signIn,
  startLocalMiner,
  startRentedMiner,
} from './marketplace-world.ts'
import { findingsIn, overflowAt } from './page-check.ts'
import { settled, type Visit, visit } from './visit.ts'
import { unlock } from './wallet-world.ts'

let site: TestSite
let browser: Browser
let miner: Child
let rented: Awaited<ReturnType<typeof startRentedMiner>>
/** One person's browser, signed in once for all. */
let person: Visit
let page: Page

beforeAll(async () => {
  ;[site, browser] = await Promise.all([
    startTestSite({ vars: rentedVars, cronEveryMs: 1_000 }),
    startBrowser(),
  ])
  ;[miner, rented] = await Promise.all([startLocalMiner(site), startRentedMiner(site)])
  person = await visit(browser, `${site.url}/wallet/import`)
  page = person.page
  await signIn(page, site.url, `/marketplace/playground?model=${localModel}`)
})

afterAll(async () => {
  rented?.stop()
  await person?.[Symbol.asyncDispose]()
  miner?.signal('SIGTERM')
  await miner?.ended
  await browser?.close()
  await site?.dispose()
})

/** What is wrong with the open view. */
async function findings(what: string): Promise<string[]> {
  await settled(page)
  const found = [...(await findingsIn(page, '#marketplace')), ...(await overflowAt(page, 320))]
  await page.setViewportSize({ width: 1440, height: 900 })
  return [...found, ...(await person.faults())].map((finding) => `${what}: ${finding}`)
}

const expectClean = async (what: string) => expect(await findings(what)).toEqual([])

const fact = (label: string) =>
  page.locator('dl.pairs > div').filter({ has: page.locator('dt', { hasText: label }) })

test('MARKETPAGE-1, MARKETPAGE-11, MARKETPAGE-13: a question, its price before, its proof after', async () => {
  const question = page.getByLabel('Question', { exact: true })
  const faucet = page.getByRole('button', { name: 'Get funds from the faucet' })
  await question.or(faucet).waitFor()
  if (await faucet.isVisible()) await faucet.click()
  await question.waitFor()
  const starts = page.getByRole('group', { name: 'Start from' })
  await expectClean('an empty question')
  await starts.getByRole('button', { name: 'Ask for a capital' }).press('Enter')
  await starts.waitFor({ state: 'detached' })
  expect(await question.inputValue()).toBe('What is the capital of France?')
  await expect.poll(() => question.evaluate((box) => box === document.activeElement)).toBe(true)
  expect(await page.getByLabel('Answer at most', { exact: true }).inputValue()).toBe('40')
  await page.locator('.estimate-list div', { hasText: 'Costs at most' }).waitFor()
  await expectClean('before asking')
  const ceiling = await page.locator('.form-foot .cost .amount').getAttribute('title')
  expect(ceiling).toMatch(/^\d+ base units$/)
  await page.getByRole('button', { name: 'Ask', exact: true }).click()
  await page.locator('.answer-text', { hasText: 'Paris' }).waitFor()
  await fact('Payment').filter({ hasText: 'Paid, final' }).waitFor()
  await page.locator('.run-result .verdict-verified').waitFor()
  expect(await fact('At most').locator('.amount').getAttribute('title')).toBe(ceiling)
  const charged = await fact('Charged').locator('.amount').getAttribute('title')
  expect(BigInt(charged?.split(' ')[0] ?? 0)).toBeGreaterThan(0n)
  expect(BigInt(charged?.split(' ')[0] ?? 0)).toBeLessThanOrEqual(
    BigInt(ceiling?.split(' ')[0] ?? 0),
  )
  await expectClean('with the proof')
})

test('MARKETPAGE-2, MARKETPAGE-3, MARKETPAGE-14: the text box is the state of the list', async () => {
  await page.goto(`${site.url}/marketplace/`)
  const row = (name: string) => page.locator('.market-list tbody tr', { hasText: name })
  await row('miner-A').waitFor()
  await row(rented.id).filter({ hasText: 'not measured' }).waitFor()
  await expectClean('offers')

  await page.locator('.facet-choice', { hasText: 'llama3:8b' }).locator('input').check()
  await row('miner-A').waitFor({ state: 'detached' })
  const box = page.getByLabel('What you look for', { exact: true })
  await expect.poll(() => box.inputValue()).toBe('model=llama3:8b')
  await page.getByLabel('VRAM at least', { exact: true }).fill('24')
  await page.getByLabel('VRAM at least', { exact: true }).press('Enter')
  await page.getByLabel('Sort by').selectOption({ label: 'Lowest price' })
  const query = 'model=llama3:8b vram>=24 sort=price'
  await page.waitForURL((at) => at.searchParams.get('q') === query)
  await expect.poll(() => box.inputValue()).toBe(query)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.goBack()
  await page.waitForURL((at) => at.searchParams.get('q') === 'model=llama3:8b vram>=24')
  // Typed before the box has followed, it would be lost.
  await expect.poll(() => box.inputValue()).toBe('model=llama3:8b vram>=24')
  await box.fill('vram>=much')
  await page.locator('.query-fault', { hasText: 'at character 7' }).waitFor()
  await page.getByRole('button', { name: 'Search', exact: true }).click()
  expect(new URL(page.url()).searchParams.get('q')).toBe('model=llama3:8b vram>=24')
  await page.getByText('Saved searches (1)').click()
  await page.locator('.saved a', { hasText: query }).click()
  await page.waitForURL((at) => at.searchParams.get('q') === query)
  await expectWatched(query)
  await page.getByText('Prices now and by day, llama3:8b').click()
  await page.getByText('No prices of other days yet').waitFor()
  await box.fill('gpu~h100')
  await box.press('Enter')
  await page.getByText('No offer fits').waitFor()
  await expectClean('no offers')
})

/** Watches a search that is open, and learns of what is new and cheaper at the next visit. */
async function expectWatched(query: string): Promise<void> {
  const saved = page.locator('.saved li', { hasText: query })
  await saved.getByRole('button', { name: `Watch ${query}` }).click()
  await saved.getByText('no news since you looked').waitFor()
  await page.getByText('while a page of the marketplace is open').waitFor()
  await page.evaluate(() => {
    const key = 'aitbc:market:watched'
    const [watch] = JSON.parse(localStorage.getItem(key) ?? '[]')
    // As if the offer had asked for more when it was last looked at.
    watch.known[0][1][1] = '99000000'
    localStorage.setItem(key, JSON.stringify([watch]))
  })
  await page.reload()
  await page.getByText('Saved searches (1): 1 cheaper').click()
  await expectClean('news in a watched search')
  await saved.getByRole('button', { name: `Seen ${query}` }).click()
  await saved.getByText('no news since you looked').waitFor()
  await page.getByText('Saved searches (1)', { exact: true }).waitFor()
}

/** The real answer, with prices of two days before. */
async function withOlderPrices(route: Route): Promise<void> {
  const answer = (await (await route.fetch()).json()) as { history: { start: string }[] }
  const older = [4, 2].map((days) => {
    const start = new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)
    return {
      start: `${start}T00:00:00.000Z`,
      min: '1000000',
      median: '2500000',
      max: '4',
      offers: 2,
    }
  })
  await route.fulfill({ json: { ...answer, history: [...older, ...answer.history] } })
}

test('MARKETPAGE-3: the prices of one model by day are drawn, and are a table', async () => {
  await page.route('**/api/v1/market/prices?*', withOlderPrices)
  await page.goto(`${site.url}/marketplace/?q=model%3D${localModel}`)
  await page.getByText(`Prices now and by day, ${localModel}`).click()
  await page.getByRole('button', { name: 'Show as table' }).click()
  const rows = await page.locator('.chart-table tbody tr').allInnerTexts()
  await page.unroute('**/api/v1/market/prices?*')
  // Nothing is made up for the day between.
  expect(rows.slice(0, 3).map((row) => row.split('\t').slice(1))).toEqual([
    ['0.01', '0.025'],
    ['not known', 'not known'],
    ['0.01', '0.025'],
  ])
  await page.getByRole('button', { name: 'Show as table' }).click()
  await page.locator('.chart-plot').waitFor()
  await expectClean('prices by day')
})

test('MARKETPAGE-5: offers stand side by side, also after a reload', async () => {
  await page.goto(`${site.url}/marketplace/?q=online%3Dtrue`)
  await page.getByLabel('Compare miner-A').check()
  await page.getByText('Choose one more to compare').waitFor()
  await page.getByLabel(`Compare ${rented.id}`).check()
  await page.getByRole('button', { name: 'Favourite miner-A' }).click()
  await page.reload()
  await page.getByRole('link', { name: 'Compare 2 offers' }).click()
  const columns = page.locator('.compared-one')
  await columns.filter({ hasText: 'RTX 4090' }).waitFor()
  await columns.filter({ hasText: localModel }).waitFor()
  await expectClean('comparison')
  // The tray belongs to the offers; it covers no form.
  await page.getByRole('link', { name: 'Bids', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Bids' }).waitFor()
  expect(await page.locator('.tray').count()).toBe(0)
  await page.goBack()
  await columns.first().getByRole('button', { name: 'Take out' }).click()
  await columns.first().getByRole('button', { name: 'Take out' }).click()
  await page.getByText('Nothing to compare').waitFor()

  await page.getByRole('link', { name: 'Offers', exact: true }).click()
  await page.getByRole('link', { name: 'Favourites (1)' }).click()
  const starred = page.getByRole('table', { name: 'Favourites' })
  await starred.locator('tbody tr', { hasText: 'miner-A' }).waitFor()
  expect(await starred.locator('tbody tr').count()).toBe(1)
  await expectClean('favourites')
  await starred.getByRole('link', { name: 'miner-A' }).click()
  const star = page.getByRole('button', { name: 'Favourite', exact: true, pressed: true })
  await star.click()
  await star.waitFor({ state: 'detached' })
  await page.goto(`${site.url}/marketplace/favourites`)
  await page.getByText('No favourites yet').waitFor()
})

test('MARKETPAGE-4, MARKETPAGE-10: an offer with its record, and a review of paid work', async () => {
  await page.goto(`${site.url}/marketplace/`)
  await page.locator('.market-list a', { hasText: 'miner-A' }).click()
  await page.getByRole('heading', { level: 1, name: 'miner-A' }).waitFor()
  await page.locator('#marketplace .verdict-verified').first().waitFor()
  await page.locator('td[data-label="Measured over"]', { hasText: '1 job' }).waitFor()
  await page.getByRole('button', { name: 'Verify this page' }).click()
  await page.locator('.row-mark-verified').first().waitFor()
  await expectClean('offer')
  const hostile = '<img src=x onerror=alert(1)> quick & right'
  await page.getByLabel('4 of 5').check()
  await page.getByLabel(/^Comment/).fill(hostile)
  await page.getByRole('button', { name: 'Publish the review' }).click()
  await page.locator('.reviews li', { hasText: hostile }).filter({ hasText: '4 of 5' }).waitFor()
  await expectClean('offer with a review')
})

test('MARKETPAGE-6: a bid, its quotes, its award', async () => {
  await page.goto(`${site.url}/marketplace/new-bid?q=model%3D${localModel}`)
  await page.getByRole('button', { name: 'Place the bid' }).click()
  await page.getByText('Not sent: one field needs another look').waitFor()
  await page.getByLabel('At most, for 1,000 answer tokens', { exact: true }).fill('0.05')
  await page.locator('.cost', { hasText: '5.00000000' }).waitFor()
  await expectClean('new bid')
  await page.getByRole('button', { name: 'Place the bid' }).click()
  await page.getByText('Closes in').waitFor()
  await page.locator('td[data-label="Miner"]', { hasText: 'miner-A' }).waitFor()
  await expectClean('open bid')
  await page.getByRole('button', { name: 'Take what is offered now' }).click()
  await page.locator('.title', { hasText: 'Matched' }).waitFor()
  await page.locator('td[data-label="State"]', { hasText: 'To be taken up' }).waitFor()
  await page.getByRole('link', { name: 'Bids', exact: true }).click()
  await page.getByRole('link', { name: 'Mine' }).click()
  await page.locator('tbody tr', { hasText: 'Matched' }).waitFor()
  await expectClean('bids')
})

test('MARKETPAGE-7: hours are booked and ended by the wallet, and can be declined there', async () => {
  await page.goto(`${site.url}/marketplace/?q=miner%3D${rented.id}`)
  await page.locator('.market-list a', { hasText: rented.id }).click()
  await page.getByRole('link', { name: 'Book hours' }).click()
  // What the account cannot pay is said here, and never comes to a signature.
  await page.getByLabel('How long', { exact: true }).fill('700')
  await page.getByText('Your account does not cover this').waitFor()
  await expectClean('a booking that is too dear')
  await page.getByRole('button', { name: 'Go to my wallet' }).click()
  await page.getByText('It costs 175').first().waitFor()
  expect(new URL(page.url()).pathname).toMatch(/^\/marketplace\/book\//)
  await page.getByLabel('How long', { exact: true }).fill('2')
  await page.locator('.form-foot .cost', { hasText: '0.5' }).waitFor()
  await expectClean('booking form')
  await page.getByRole('button', { name: 'Go to my wallet' }).click()
  await unlock(page)
  await page.getByRole('heading', { level: 1, name: 'Sign for the booking' }).waitFor()
  await page.getByRole('button', { name: 'Go back' }).click()
  await page.getByText('You declined in the wallet. Nothing was booked').waitFor()
  expect(await page.getByLabel('How long', { exact: true }).inputValue()).toBe('2')

  await page.locator('.form-foot .cost', { hasText: '0.5' }).waitFor()
  await page.getByRole('button', { name: 'Go to my wallet' }).click()
  await signHandedOver(page)
  await page.waitForURL((at) => at.pathname.startsWith('/marketplace/booking/'))
  await page.locator('.title', { hasText: 'Active' }).waitFor()
  await page.getByText('Goes on for').waitFor()
  await expectClean('booking')
  await page.getByRole('button', { name: 'End it now' }).click()
  await signHandedOver(page)
  await page.locator('.title', { hasText: 'Ended early' }).waitFor()
  const unitsOf = async (label: string) =>
    BigInt((await fact(label).locator('.amount').getAttribute('title'))?.split(' ')[0] ?? 'none')
  const returned = await unitsOf('Back to you')
  expect(returned).toBeGreaterThan(0n)
  const held = await unitsOf('Held when it began')
  expect(returned).toBeLessThan(held)
  const [paid, share] = [await unitsOf('To the provider'), await unitsOf('To the coordinator')]
  expect([share > 0n, paid + share + returned]).toEqual([true, held])
})

test('MARKETPAGE-9: my activity has it all, each with its money', async () => {
  await page.goto(`${site.url}/marketplace/activity`)
  const table = (caption: string) => page.getByRole('table', { name: caption })
  await table('Your newest jobs').locator('tr', { hasText: 'Paid, final' }).waitFor()
  await table('Your bookings').locator('tr', { hasText: 'Ended early' }).waitFor()
  await table('Bids, newest first').locator('tr', { hasText: 'Matched' }).waitFor()
  await table('Agreements').locator('tr', { hasText: 'miner-A' }).waitFor()
  await page.locator('.spend-figure .amount').waitFor()
  await expectClean('activity')
})

/** The real answer, as if of an engine that holds answers to JSON. */
async function withJson(route: Route): Promise<void> {
  const answer = (await (await route.fetch()).json()) as { data: object[] }
  const larger = { context_tokens: 4_096, engines: ['ollama'], features: ['chat', 'json'] }
  const data = answer.data.map((model) => ({ ...model, ...larger }))
  await route.fulfill({ json: { ...answer, data } })
}

test('MARKETPAGE-8, MARKETPAGE-13: an answer, in JSON where it can be, is stopped by a press', async () => {
  await page.route('**/v1/models', withJson)
  await page.goto(`${site.url}/marketplace/playground?model=${localModel}`)
  await page.getByRole('button', { name: 'Extract fields as JSON' }).click()
  await page.getByText('Only miners that hold answers to JSON are asked').waitFor()
  const question = page.getByLabel('Question', { exact: true })
  await expect.poll(() => question.evaluate((box) => box === document.activeElement)).toBe(true)
  await page.keyboard.type('Paid 3 to Ada.')
  await expect.poll(() => question.inputValue()).toMatch(/one JSON object.*\n\nPaid 3 to Ada\.$/)
  await expectClean('a question for JSON')
  // The little model is faster than a hand, and has no JSON: its answer is held back.
  await page.route('**/v1/chat/completions', () => undefined)
  const sent = page.waitForRequest('**/v1/chat/completions')
  await page.getByRole('button', { name: 'Ask', exact: true }).click()
  expect((await sent).postDataJSON()).toMatchObject({ response_format: { type: 'json_object' } })
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.getByText('You stopped it.').waitFor()
  await page.getByText('No words had come').waitFor()
  await page.unroute('**/v1/models')
  expect(await person.faults()).toEqual([])
})

test('MARKETPAGE-4: the hours in which an offer was seen and its prices are drawn, and are tables', async () => {
  await rented.ask(0.5)
  const offers = `${site.url}/api/v1/market/offers?q=miner%3D${rented.id}`
  const priceNow = async () => {
    const { items } = (await (await fetch(offers)).json()) as {
      items: { offer_id: string; price_per_hour: string }[]
    }
    return items[0]
  }
  await expect.poll(async () => (await priceNow())?.price_per_hour).toBe('50000000')
  await page.goto(`${site.url}/marketplace/offer/${(await priceNow())?.offer_id}`)
  const rowsOf = async (part: string) => {
    await page.locator(part).getByText('As a table').click()
    return page.locator(`${part} tbody tr`).allInnerTexts()
  }
  await page.locator('.uptime').waitFor()
  const cells = page.locator('.uptime-plot rect')
  expect(await cells.count()).toBe(7 * 24)
  expect(await cells.last().getAttribute('class')).toMatch(/^uptime-(?:up|partly)$/)
  expect(await cells.first().getAttribute('class')).toBe('uptime-unwatched')
  const days = await rowsOf('.uptime')
  expect(days.length).toBeGreaterThanOrEqual(7)
  expect(days.filter((day) => /\d %/.test(day)).length).toBeGreaterThanOrEqual(1)

  await page.getByLabel('Price of', { exact: true }).selectOption({ label: 'An hour' })
  await page.locator('.price-chart', { hasText: 'Price of an hour of one place' }).waitFor()
  // One step up: along the first price, then to the second.
  const line = (await page.locator('.price-line').getAttribute('d')) ?? ''
  const [, low, high] = /^M0\.0 ([\d.]+)H[\d.]+V([\d.]+)H600\.0$/.exec(line) ?? []
  expect(Number(low)).toBeGreaterThan(Number(high))
  const prices = (await rowsOf('.price-chart')).map((row) => row.split('\t')[1])
  expect(prices).toEqual(['0.5 AITBC', '0.25 AITBC'])
  await expectClean('offer with its history')
})

describe('while the answer of a slow miner comes', () => {
  let slow: Child
  beforeAll(async () => {
    miner.signal('SIGTERM')
    await miner.ended
    // One word is worth a payment of its own.
    const args = ['--tokens-per-second', '1', '--price-out', '0.3', '--concurrency', '2']
    const home = openLocalHome(`${site.statePath}/slow`)
    slow = startMiner({ home, api: site.url, id: 'miner-slow', args })
    // The one that is rented, and this one.
    await waitForMiners(site.url, { count: 2, stop: () => undefined })
  })
  afterAll(async () => {
    slow?.signal('SIGTERM')
    await slow?.ended
  })

  const unitsIn = async (part: Locator) =>
    BigInt((await part.getAttribute('title'))?.split(' ')[0] ?? 'none')
  const left = () => unitsIn(page.locator('.console-line .amount'))
  const charged = () => unitsIn(fact('Charged').locator('.amount'))

  async function ask(): Promise<void> {
    await page.goto(`${site.url}/marketplace/playground`)
    await page.getByLabel('Question', { exact: true }).fill('What is the capital of France?')
    await page.locator('.console-line .amount').waitFor()
    await page.locator('.estimate-list div', { hasText: 'Costs at most' }).waitFor()
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    await page.locator('.answer-text', { hasText: 'The' }).waitFor()
  }

  test('MARKETPAGE-8: it is stopped: the words that came stay and are paid, the rest comes back', async () => {
    await page.unroute('**/v1/chat/completions')
    await page.goto(`${site.url}/marketplace/playground`)
    await page.locator('.console-line .amount').waitFor()
    const before = await left()
    await ask()
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await page.getByText('You stopped it.').waitFor()
    const kept = (await page.locator('.answer-text').textContent()) ?? ''
    expect('The capital of France is Paris.'.startsWith(kept)).toBe(true)
    expect(kept).not.toContain('Paris')
    await fact('Payment').filter({ hasText: 'Paid, final' }).waitFor()
    await page.locator('.run-result .verdict-verified').waitFor()
    const paid = await charged()
    expect(paid).toBeGreaterThan(0n)
    expect(paid).toBeLessThan(await unitsIn(fact('At most').locator('.amount')))
    expect(await page.locator('.answer-text').textContent()).toBe(kept)
    await expectClean('a stopped answer')
    await page.reload()
    await expect.poll(left, { timeout: 60_000 }).toBe(before - paid)
  })

  /** What OpenAI's own client reads until the stream ends or breaks. */
  async function readByProgram() {
    const [apiKey = ''] = JSON.parse(site.vars['CLIENT_API_KEYS'] ?? '[]') as string[]
    const openai = new OpenAI({ baseURL: `${site.url}/v1`, apiKey, maxRetries: 0 })
    const stream = await openai.chat.completions.create({
      model: localModel,
      messages: [{ role: 'user', content: 'What is the capital of Spain?' }],
      stream: true,
    })
    const seen = { jobId: '', text: '' }
    const ended = (async () => {
      for await (const { id, choices } of stream) {
        seen.jobId = id.replace('chatcmpl-', '')
        seen.text += choices[0]?.delta.content ?? ''
      }
    })()
    ended.catch(() => undefined)
    await expect.poll(() => seen.text, { timeout: 60_000 }).not.toBe('')
    const jobs = async (rest: string) => {
      const path = `${site.url}/api/v1/jobs/${seen.jobId}${rest}`
      const answer = await fetch(path, { headers: { 'x-api-key': apiKey } })
      return (await answer.json()) as Record<string, unknown>
    }
    return { seen, ended, jobs }
  }

  test('MARKETPAGE-12: a new instance of the site breaks it off with an error, and it is paid once', async () => {
    await page.goto(`${site.url}/marketplace/playground`)
    await page.locator('.console-line .amount').waitFor()
    const before = await left()
    const program = await readByProgram()
    await ask()
    await site.restart('stop')
    await page.getByText('The connection broke off before the answer was whole').waitFor()
    await page.getByText('Whether anything is charged stands in the bill below').waitFor()
    await expect(program.ended).rejects.toThrow()

    await fact('Payment').filter({ hasText: 'Paid, final' }).waitFor()
    const paid = await charged()
    await page.reload()
    await expect.poll(left, { timeout: 60_000 }).toBe(before - paid)
    const settled = async () => (await program.jobs(''))['settlement']
    await expect.poll(settled, { timeout: 60_000 }).toMatchObject({ final: true })
    expect(await program.jobs('/result')).toMatchObject({
      result: { output: 'The capital of Spain is Madrid.' },
    })
    expect((await program.jobs('/receipts'))['items']).toHaveLength(1)
  })
})
