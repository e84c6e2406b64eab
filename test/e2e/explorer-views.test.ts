/**
 * Views of the explorer on a site with paid jobs: nodes, miners, jobs, escrows, figures, search, own labels,
 * canonical bytes and what is verified. Long because one site with one paid job serves them all.
 */
import { readFileSync } from 'node:fs'
import jsQR from 'jsqr'
import OpenAI from 'openai'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ListedMiner } from '../../core/api/chain-figures.ts'
import type { ListedReceipt } from '../../core/api/chain-lists.ts'
import type { Child } from '../../scripts/site/children.ts'
import {
  localModel,
  openLocalHome,
  startMiner,
  waitForMiners,
} from '../../scripts/site/programs.ts'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { findingsIn, wholeIn } from './page-check.ts'
import { settled, type Watched, watch } from './visit.ts'

const question = 'What is the capital of France?'

let site: TestSite
let browser: Browser
let miner: Child
let seen: Watched
let receipt: ListedReceipt
let jobId: string
let receiptId: string

const json = async (path: string, headers: Record<string, string> = {}) =>
  (await (await fetch(site.url + path, { headers })).json()) as Record<string, unknown>

beforeAll(async () => {
  ;[site, browser] = await Promise.all([startTestSite(), startBrowser()])
  const home = openLocalHome(`${site.statePath}/home`)
  miner = startMiner({ home, api: site.url, id: 'miner-A' })
  await waitForMiners(site.url, { count: 1, stop: () => undefined })
  const [apiKey = ''] = JSON.parse(site.vars['CLIENT_API_KEYS'] ?? '[]') as string[]
  const client = new OpenAI({ baseURL: `${site.url}/v1`, apiKey })
  const answer = await client.chat.completions.create({
    model: localModel,
    messages: [{ role: 'user', content: question }],
  })
  jobId = answer.id.replace('chatcmpl-', '')
  for (;;) {
    const { items } = (await json('/api/v1/chain/receipts?limit=1')) as { items: ListedReceipt[] }
    const own = await json(`/api/v1/jobs/${jobId}`, { 'x-api-key': apiKey })
    if (items[0] && own['settlement']) {
      receipt = items[0]
      receiptId = String(own['receipt_id'])
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  seen = await watch(browser)
})

afterAll(async () => {
  await seen?.[Symbol.asyncDispose]()
  miner?.signal('SIGTERM')
  await miner?.ended
  await browser?.close()
  await site?.dispose()
})

const open = async (path: string): Promise<Page> => {
  await seen.open(site.url + path)
  await settled(seen.page)
  return seen.page
}

const fact = (page: Page, label: string) =>
  page
    .locator('dl.pairs > div')
    .filter({ has: page.locator('dt', { hasText: label }) })
    .locator('dd')

test('EXP-1: from view to view by links, with title and focus, and back', async () => {
  const page = await open('/explorer/')
  const tabs = page.getByRole('navigation', { name: 'Explorer' })
  for (const name of ['Jobs', 'Miners', 'Nodes', 'Figures']) {
    await tabs.getByRole('link', { name }).press('Enter')
    await page.getByRole('heading', { name, exact: true, level: 1 }).waitFor()
    await page.waitForFunction((text) => document.activeElement?.textContent === text, name)
    await expect.poll(() => page.title()).toBe(`${name} · AITBC explorer`)
    await settled(page)
  }
  await page.goBack()
  await page.getByRole('heading', { name: 'Nodes', level: 1 }).waitFor()
  await page.goBack()
  await page.getByRole('heading', { name: 'Miners', level: 1 }).waitFor()
  expect(await seen.faults()).toEqual([])
})

test('EXP-1: a view whose code does not come says so, and comes when it is tried again', async () => {
  await using other = await watch(browser)
  let isDown = true
  await other.context.route('**/assets/jobs-page-*.js', (route) =>
    isDown ? route.abort() : route.continue(),
  )
  await other.open(`${site.url}/explorer/jobs`)
  await other.page.getByText('Could not load this page').waitFor()
  expect(await other.page.locator('h1').textContent()).toBe('Jobs')
  isDown = false
  await other.page.reload()
  await other.page.getByRole('heading', { name: 'Paid jobs' }).waitFor()
})

test('EXP-2, EXP-3: one site says that it is alone, and whose commits make its blocks final', async () => {
  const page = await open('/explorer/blocks')
  await page.locator('.line a.cells').press('Enter')
  await page.getByRole('heading', { name: 'Nodes', level: 1 }).waitFor()
  await page.getByText('One site keeps this chain').waitFor()
  const row = page.getByRole('table', { name: 'Authorities' }).locator('tbody tr')
  const { authorities } = (await json('/rpc/status')) as { authorities: { name: string }[] }
  expect(await row.locator('td').first().textContent()).toBe(authorities[0]?.name)
  expect(await row.locator('td[data-label="Turn"]').textContent()).toBe('this slot')
  const commits = row.locator('td[data-label="Commits in certificates"]')
  await commits.locator('.commit-in').first().waitFor()
  const said = (await commits.locator('.figure').textContent()) ?? ''
  const [count, of] = said.split(' of ').map(Number)
  expect(count).toBe(of)
  expect(await commits.locator('.commit').count()).toBe(of)
  expect(await seen.faults()).toEqual([])
})

test('EXP-2: sites that disagree stand side by side, and a name from elsewhere is text', async () => {
  const own = await json('/rpc/peers')
  const peer = (changes: object) => ({
    url: 'https://b.example',
    name: '<img src=x onerror=alert(1)>',
    authority: null,
    height: own['height'],
    final_height: own['final_height'],
    head_hash: own['head_hash'],
    final_hash: own['final_hash'],
    lag_blocks: 0,
    lag_slots: 0,
    last_seen: new Date().toISOString(),
    agreement: 'yes',
    failure: null,
    backed_off_until: null,
    offences: 0,
    ...changes,
  })
  const other = `0x${'b'.repeat(64)}`
  const failure = {
    code: 'TIMEOUT',
    message: 'no answer',
    since: new Date().toISOString(),
    at: new Date().toISOString(),
    count: 3,
  }
  const none = { height: null, final_height: null, head_hash: null, final_hash: null }
  const unheard = { ...none, last_seen: null, lag_blocks: null, agreement: 'unknown', failure }
  await seen.context.route('**/rpc/peers', (route) =>
    route.fulfill({
      json: {
        ...own,
        peers: [
          peer({}),
          peer({ url: 'https://c.example', name: 'c', agreement: 'no', final_hash: other }),
          peer({ url: 'https://d.example', name: 'd', lag_blocks: 4, head_hash: other }),
          peer({ url: 'https://e.example', name: 'e', ...unheard }),
        ],
      },
    }),
  )
  const page = await open('/explorer/nodes')
  const table = page.getByRole('table', { name: 'This site and its peers' })
  const cells = (label: string) => table.locator(`td[data-label="${label}"]`).allTextContents()
  expect(await cells('Agreement')).toEqual(['itself', 'Agrees', 'Disagrees', 'Agrees', 'Not known'])
  expect((await cells('Lag')).slice(0, 4)).toEqual(['itself', 'level', 'level', '4 blocks behind'])
  expect((await cells('Site'))[1]).toBe('<img src=x onerror=alert(1)>')
  expect((await cells('Last failure'))[4]).toMatch(/^timeout, 3 times, since /)
  const fork = page.locator('.fork').filter({ hasText: 'c holds another final block' })
  expect(
    await fork
      .locator('[data-same]')
      .evaluateAll((all) => all.map((one) => one.getAttribute('data-same'))),
  ).toEqual([own['final_hash'], other])
  await page.getByText('d has another head').waitFor()
  expect(await page.getByText('One site keeps this chain').count()).toBe(0)
  expect(await findingsIn(page, '#explorer')).toEqual([])
  await seen.context.unroute('**/rpc/peers')
  expect(await seen.faults()).toEqual([])
})

test('EXP-4: a miner by what it offers and by what it was paid', async () => {
  const page = await open('/explorer/miners')
  const online = page.getByRole('table', { name: 'Online miners' })
  expect(await online.locator('td[data-label="Models"]').textContent()).toBe(localModel)
  const { items } = (await json('/api/v1/chain/miners')) as { items: ListedMiner[] }
  const [paid] = items
  expect(paid).toMatchObject({ address: receipt.miner, jobs: 1, earned: receipt.miner_amount })
  const list = page.getByRole('table', { name: /^Miners, / })
  const units = await list.locator('td[data-label="Earned"] .amount').getAttribute('title')
  expect(units).toBe(`${receipt.miner_amount} base units`)
  await online.getByRole('link', { name: 'miner-A' }).click()
  await page.getByRole('heading', { name: 'miner-A', exact: true }).waitFor()
  await settled(page)
  expect(await fact(page, 'Jobs').textContent()).toBe('1')
  await page.getByText('Online here').waitFor()
  await page.getByRole('table', { name: `Models of miner-A` }).waitFor()
  await page.locator(`td[data-label="Job"] a[href="/explorer/job/${receipt.job_hash}"]`).waitFor()
  await open('/explorer/miner/nobody')
  await page.getByText('No miner of this name is here now').waitFor()
  expect(await seen.faults()).toEqual([])
})

test('EXP-5: a paid job leads to escrow, transaction and receipt; its words are nowhere', async () => {
  const page = await open('/explorer/jobs')
  await page.locator('td[data-label="Job"] a').first().click()
  await page.getByText('Paid, final').waitFor()
  await settled(page)
  const links = await page
    .locator('.graph [data-same]')
    .evaluateAll((all) => all.map((one) => one.getAttribute('data-same')))
  for (const hash of [
    receipt.job_hash,
    receipt.escrow,
    receipt.transaction_hash,
    receipt.receipt_hash,
  ]) {
    expect(links).toContain(hash)
  }
  const amounts = await page
    .locator('.division .amount')
    .evaluateAll((all) => all.map((one) => one.getAttribute('title')))
  expect(amounts).toEqual(
    [receipt.amount, receipt.miner_amount, receipt.coordinator_amount].map(
      (units) => `${units} base units`,
    ),
  )
  for (const id of [jobId, receiptId]) {
    await open(`/explorer/job/${id}`)
    expect(await fact(page, 'Job id').locator('[data-same]').getAttribute('data-same')).toBe(jobId)
    await page.locator(`.graph a[href="/explorer/receipt/${receipt.receipt_hash}"]`).waitFor()
    expect(await page.locator('#explorer').textContent()).not.toContain('France')
  }
  expect(await seen.faults()).toEqual([])
})

test('EXP-9: what is shown of a receipt, a job and an escrow is verified, and a lie is told', async () => {
  for (const path of [
    `/explorer/receipt/${receipt.receipt_hash}`,
    `/explorer/job/${receipt.job_hash}`,
  ]) {
    const page = await open(path)
    const words = 'The signatures of payer and coordinator hold.'
    await page.locator('.verdict-verified', { hasText: words }).waitFor()
  }
  const lies = [
    ['**/rpc/receipts/**', 'payload', 'miner_amount', '1', 'miner amount'],
    ['**/rpc/receipts/**', 'payload', 'client', receipt.miner, 'another client'],
    ['**/rpc/receipts/**', '', 'job_id', receipt.receipt_hash, 'job hash'],
  ] as const
  for (const [where, part, name, value, why] of lies) {
    await seen.context.route(where, async (route) => {
      const response = await route.fetch()
      const truth = (await response.json()) as Record<string, object>
      const changed =
        part === '' ? { [name]: value } : { [part]: { ...truth[part], [name]: value } }
      await route.fulfill({ response, json: { ...truth, ...changed } })
    })
    const page = await open(`/explorer/receipt/${receipt.receipt_hash}`)
    await page.locator('.verdict-unverifiable', { hasText: why }).waitFor()
    await seen.context.unroute(where)
  }
  expect(await seen.faults()).toEqual([])
})

test('EXP-10: canonical bytes are shown, taken apart, copied and saved, and checked here', async () => {
  const page = await open(`/explorer/tx/${receipt.transaction_hash}`)
  await page.getByText('Canonical bytes').click()
  const { bytes } = (await json(`/rpc/tx/${receipt.transaction_hash}`)) as { bytes: string }
  await page.locator('.bytes').nth(1).waitFor()
  const transaction = page.locator('.bytes').first()
  await transaction.locator('.verdict-verified', { hasText: receipt.transaction_hash }).waitFor()
  const dump = (await transaction.locator('pre').textContent()) ?? ''
  expect(dump.replaceAll(/^[0-9a-f]{4,} {2}/gm, '').replaceAll(/\s/g, '')).toBe(bytes)
  expect(await transaction.locator('dl').textContent()).toContain(receipt.receipt_hash.slice(2))
  const download = page.waitForEvent('download')
  await transaction.getByRole('button', { name: 'Download' }).click()
  const file = readFileSync((await (await download).path()) ?? '')
  expect(file.toString('hex')).toBe(bytes)
  for (const [path, count] of [
    [`/explorer/receipt/${receipt.receipt_hash}`, 2],
    [`/explorer/block/${receipt.height}`, 1],
  ] as const) {
    await open(path)
    await page.getByText('Canonical bytes').click()
    await page
      .locator('.bytes dl')
      .nth(count - 1)
      .waitFor()
    expect(await page.locator('.bytes .verdict-verified').count()).toBe(1)
    expect(await wholeIn(page)).toEqual([])
  }
  await seen.context.route('**/rpc/tx/**', async (route) => {
    const response = await route.fetch()
    const truth = (await response.json()) as { bytes: string }
    const last = truth.bytes.endsWith('0') ? '1' : '0'
    await route.fulfill({ response, json: { ...truth, bytes: truth.bytes.slice(0, -1) + last } })
  })
  await open(`/explorer/tx/${receipt.transaction_hash}`)
  await page.getByText('Canonical bytes').click()
  const wrong = page.locator('.bytes .verdict-unverifiable').first()
  await wrong.waitFor()
  expect(await wrong.textContent()).toContain('The signature of the sender does not hold.')
  expect(await wrong.textContent()).toContain(`the page names ${receipt.transaction_hash}`)
  await seen.context.unroute('**/rpc/tx/**')
  expect(await seen.faults()).toEqual([])
})

test('EXP-11: an escrow leads to what opened it and what it paid; one that is not there is proven so', async () => {
  const page = await open(`/explorer/job/${receipt.job_hash}`)
  await page.locator(`.graph a[href="/explorer/escrow/${receipt.escrow}"]`).click()
  await page.getByRole('heading', { name: 'Escrow', level: 1 }).waitFor()
  await page.locator('.verdict-verified', { hasText: 'Balance, owner' }).waitFor()
  expect(await fact(page, 'Owner').locator('[data-same]').getAttribute('data-same')).toBe(
    receipt.client,
  )
  await page.locator(`td[data-label="Job"] a[href="/explorer/job/${receipt.job_hash}"]`).waitFor()
  await fact(page, 'Opened by').locator('a').click()
  await page.getByRole('heading', { name: 'Open escrow' }).waitFor()
  await page.locator(`dd a[href="/explorer/escrow/${receipt.escrow}"]`).waitFor()
  expect(await seen.faults()).toEqual([])
  await seen.context.route('**/rpc/escrow/**', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...(await response.json()), expiry_slot: 5 } })
  })
  await open(`/explorer/escrow/${receipt.escrow}`)
  await page.locator('.verdict-unverifiable', { hasText: 'expiry slot' }).waitFor()
  await seen.context.unroute('**/rpc/escrow/**')
  const hostile = '"><img src=x onerror="alert(1)">'
  await seen.context.route('**/rpc/{escrow,tx}/**', async (route) => {
    const response = await route.fetch()
    const bad = { owner: hostile, coordinator: hostile, bytes: hostile, sender: hostile }
    await route.fulfill({ response, json: { ...(await response.json()), ...bad } })
  })
  await open(`/explorer/escrow/${receipt.escrow}`)
  await page.locator('.verdict-unverifiable', { hasText: 'owner, coordinator' }).waitFor()
  await open(`/explorer/tx/${receipt.transaction_hash}`)
  await page.getByText('Canonical bytes').click()
  await page.getByText('no bytes in hexadecimal digits').waitFor()
  expect(await page.locator('main img, main [onerror]').count()).toBe(0)
  expect(await seen.faults()).toEqual([])
  await seen.context.unroute('**/rpc/{escrow,tx}/**')
  await open(`/explorer/escrow/0x${'ab'.repeat(32)}`)
  await page.locator('.verdict-verified', { hasText: 'no such escrow now' }).waitFor()
  await open('/explorer/escrow/nonsense')
  await page.getByText('This is no id of an escrow').waitFor()
})

test('EXP-14: an address is drawn as a QR code that reads as it', async () => {
  const page = await open(`/explorer/address/${receipt.miner}`)
  await page.getByText('QR code').click()
  const drawing = page.getByRole('img', { name: 'QR code of this address' })
  await drawing.waitFor()
  const size = Number((await drawing.getAttribute('viewBox'))?.split(' ')[2])
  const path = (await drawing.locator('path').getAttribute('d')) ?? ''
  const scale = 4
  const pixels = new Uint8ClampedArray(size * scale * size * scale * 4).fill(255)
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h/g)) {
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row++) {
      const from = (row * size * scale + Number(x) * scale) * 4
      for (let at = from; at < from + scale * 4; at += 4) pixels.fill(0, at, at + 3)
    }
  }
  expect(jsQR(pixels, size * scale, size * scale)?.data).toBe(receipt.miner)
  expect(await wholeIn(page)).toEqual([])
  expect(await seen.faults()).toEqual([])
})

test('EXP-6: figures are drawn, read as a table and saved', async () => {
  const page = await open('/explorer/stats')
  const chart = page.getByRole('figure', { name: 'Paid jobs by hour' })
  await chart.getByRole('button', { name: 'Show as table' }).click()
  const counts = await chart.locator('tbody td:last-child').allTextContents()
  expect(counts.filter((count) => count.startsWith('1'))).toHaveLength(1)
  expect(counts.filter((count) => count.startsWith('0'))).toHaveLength(counts.length - 1)
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save CSV' }).click()
  const file = readFileSync((await (await download).path()) ?? '', 'utf8')
  expect(file.split('\r\n')[0]?.split(',')).toEqual(
    expect.arrayContaining(['start', 'blocks', 'transactions', 'fees', 'jobs', 'paid']),
  )
  expect(file).toContain(receipt.amount)
  await page.getByRole('link', { name: '30 days' }).click()
  await page.getByRole('figure', { name: 'Paid jobs by day' }).waitFor()
  expect(new URL(page.url()).search).toBe('?span=30d')
  expect(await seen.faults()).toEqual([])
})

test('EXP-7: the search finds everything that has a name, and lists several meanings', async () => {
  const page = await open('/explorer/')
  const goesTo = async (text: string, path: string) => {
    await page.keyboard.press('/')
    await page.keyboard.type(text)
    await page.keyboard.press('Enter')
    await page.waitForURL(`**${path}`)
    await page.locator('h1').first().click()
  }
  await goesTo(receipt.job_hash.slice(2), `/explorer/job/${receipt.job_hash}`)
  await goesTo(receipt.receipt_hash, `/explorer/receipt/${receipt.receipt_hash}`)
  await goesTo(receipt.transaction_hash, `/explorer/tx/${receipt.transaction_hash}`)
  await goesTo(receipt.escrow, `/explorer/escrow/${receipt.escrow}`)
  await goesTo(jobId, `/explorer/job/${jobId}`)
  await goesTo(receiptId.toUpperCase(), `/explorer/job/${receiptId}`)
  await goesTo('miner-A', '/explorer/miner/miner-A')
  await goesTo('1', '/explorer/block/1')
  await seen.context.route('**/api/v1/site/miners', (route) =>
    route.fulfill({ json: { miners: [{ miner_id: '1' }], total: 1 } }),
  )
  await open('/explorer/search?q=1')
  expect(
    await page.locator('.hits a').evaluateAll((all) => all.map((a) => a.getAttribute('href'))),
  ).toEqual(['/explorer/block/1', '/explorer/miner/1'])
  await seen.context.unroute('**/api/v1/site/miners')
  await open(`/explorer/search?q=${'f'.repeat(32)}`)
  await page.getByText('Nothing found').waitFor()
  const searches = '**/api/v1/chain/search**'
  await seen.context.route(searches, (route) =>
    route.fulfill({ json: { hash: `0x${'f'.repeat(64)}`, found: [], unread: ['receipt'] } }),
  )
  await seen.open(`${site.url}/explorer/search?q=${'f'.repeat(64)}`)
  await page.getByText('Could not read all that this may name').waitFor()
  await seen.context.unroute(searches)
})

test('EXP-8: an own label is kept, shown, saved, read back and removed', async () => {
  const page = await open(`/explorer/address/${receipt.miner}`)
  await page.getByRole('button', { name: 'Add your label for this address' }).click()
  const dialog = page.getByRole('dialog', { name: 'Your label for this address' })
  await dialog.getByLabel('Label').fill('My  <b>rig</b>')
  expect(await findingsIn(page, '.dialog')).toEqual([])
  await page.keyboard.press('Enter')
  await page.locator('.own-label').first().waitFor()
  await open('/explorer/receipts')
  const tag = page.locator('td[data-label="Miner"] .own-label')
  expect(await tag.textContent()).toBe('your label: My <b>rig</b>')
  await open('/explorer/search?q=my%20')
  await page.waitForURL(`**/explorer/address/${receipt.miner}`)

  await open('/explorer/labels')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save as JSON' }).click()
  const file = readFileSync((await (await download).path()) ?? '', 'utf8')
  expect(JSON.parse(file)).toEqual({ version: 1, labels: { [receipt.miner]: 'My <b>rig</b>' } })
  await page.getByRole('button', { name: 'Remove all' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove all' }).click()
  await page.getByText('No labels yet').waitFor()
  expect(await page.evaluate(() => localStorage.getItem('aitbc:labels'))).toBeNull()

  const choose = (text: string) =>
    page
      .getByLabel('Add from JSON')
      .setInputFiles({ name: 'l.json', mimeType: 'application/json', buffer: Buffer.from(text) })
  await choose('[1]')
  await page.getByText('This file holds no labels; nothing was changed.').waitFor()
  await choose(file)
  await page.getByRole('table', { name: 'Your labels' }).waitFor()
  expect(await findingsIn(page, '#explorer')).toEqual([])
  expect(await seen.faults()).toEqual([])
})
