/** Whatever strangers write, the pages show it as text and do nothing else. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Agent, connectAgent, createAgent } from '../support/agent-socket.ts'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { answerWith, type Hostile, sprungFrom } from './hostile-answers.ts'
import { signIn } from './marketplace-world.ts'
import { settled, visit, type Watched, watch } from './visit.ts'
import { freshKey } from './wallet-world.ts'

const texts: Readonly<Record<string, Hostile>> = {
  'markup, hidden characters and one endless word': (field) =>
    `javascript:alert(3)//${field}~"><img src=x onerror="alert(1)"><script>alert(2)</script>` +
    `\u202Egnp.tnemyap\u202C\u2066\u0000\u001B[31m\uFFFF\uD800';alert(4);//${'x'.repeat(2_000)}`,
  'a name that every object has': () => '__proto__',
}

/** What lets the person in, and shows most of what there is. */
const hints = {
  getAccount: { role: 'admin', console: { state: 'active' } },
  getBid: { closes_at: '2099-01-01T00:00:00.000Z', own: true },
  listBids: { items: [{ closes_at: '2099-01-01T00:00:00.000Z', own: false }] },
  getOffer: { status: 'online' },
}

type View = {
  readonly path: string
  /** Fields of answers that must be in view. */
  readonly shows: readonly string[]
  /** Brings into view what only a press does. */
  readonly open?: (page: Page) => Promise<unknown>
}

const id = '5b1c0e9d7a3f4c6288e0d1b2a3c4f506'
const hash = `0x${'ab'.repeat(32)}`
const address = 'aitbc1gedsflhnt8e0cxdt42lvm5l7g03n0qeraj50eg'
const press = (name: string) => (page: Page) => page.getByRole('button', { name }).first().click()

const views: Readonly<Record<string, readonly View[]>> = {
  'PAGE-13': [
    { path: '/', shows: ['receipt_id', 'miner', 'client', 'detail', 'notice'] },
    { path: '/explorer/', shows: ['hash', 'proposer', 'receipt_id', 'miner', 'client'] },
    { path: '/explorer/blocks', shows: ['hash', 'proposer'] },
    { path: '/explorer/txs', shows: ['hash', 'kind', 'sender', 'recipient'] },
    { path: '/explorer/receipts', shows: ['receipt_hash', 'miner', 'client'] },
    { path: '/explorer/jobs', shows: ['job_hash', 'miner', 'client', 'receipt_hash'] },
    { path: '/explorer/miners', shows: ['miner_id', 'name', 'region', 'address'] },
    {
      path: '/explorer/nodes',
      shows: ['fault', 'name', 'head_hash', 'code', 'kind', 'public_key'],
    },
    {
      path: '/explorer/block/5',
      shows: ['hash', 'parent_hash', 'proposer', 'tx_hash', 'type', 'sender', 'recipient'],
    },
    {
      path: `/explorer/tx/${hash}`,
      shows: ['type', 'tx_hash', 'sender', 'recipient', 'miner', 'receipt_hash'],
    },
    {
      path: `/explorer/receipt/${hash}`,
      shows: ['receipt_id', 'job_id', 'miner', 'client', 'coordinator'],
    },
    {
      path: `/explorer/job/${hash}`,
      shows: ['job_hash', 'client', 'escrow', 'receipt_hash', 'miner'],
    },
    { path: `/explorer/miner/${address}`, shows: ['job_hash', 'client', 'receipt_hash'] },
    { path: `/explorer/address/${address}`, shows: ['address', 'hash', 'kind', 'sender'] },
    {
      path: `/explorer/escrow/${hash}`,
      shows: ['id', 'owner', 'coordinator', 'delegate', 'job_hash', 'miner'],
    },
  ],
  'MARKETPAGE-10': [
    { path: '/marketplace/?q=model%3Dx', shows: ['value', 'miner_id', 'name', 'region'] },
    {
      path: `/marketplace/offer/${id}`,
      open: (page) => page.getByText('The signed card').click(),
      shows: [
        'miner_id',
        'name',
        'region',
        'engine',
        'provider',
        'site',
        'tx_hash',
        'public_key',
        'signature',
        'text',
        'receipt_hash',
        'reviewer',
        'comment',
        'receipt_id',
      ],
    },
    { path: '/marketplace/compare', shows: ['name', 'region'] },
    {
      path: '/marketplace/playground',
      open: async (page) => {
        await page.getByLabel('Question', { exact: true }).fill('?')
        await page.getByRole('button', { name: 'Ask', exact: true }).click()
      },
      shows: [
        'notice',
        'id',
        'message',
        'content',
        'assigned_miner_id',
        'job_id',
        'receipt_hash',
        'tx_hash',
      ],
    },
    { path: '/marketplace/bids', shows: ['query', 'site'] },
    { path: `/marketplace/bid/${id}`, shows: ['query', 'notes', 'site', 'tx_hash', 'miner_id'] },
    { path: '/marketplace/new-bid', shows: [] },
    { path: `/marketplace/book/${id}`, shows: ['miner_id', 'provider'] },
    {
      path: `/marketplace/booking/${id}`,
      shows: ['fault', 'miner_id', 'booking', 'opened_by', 'closed_by'],
    },
    {
      path: '/marketplace/activity',
      shows: ['job_id', 'model', 'receipt_hash', 'miner_id', 'query', 'site'],
    },
    {
      path: '/provider/',
      open: press('Why no jobs?'),
      shows: ['miner_id', 'state', 'reason', 'name', 'query'],
    },
  ],
  'PAGE-13 for accounts and administrators': [
    { path: '/account/', shows: [] },
    { path: '/account/keys', shows: ['name', 'hint', 'scopes', 'fault'] },
    { path: '/account/usage', shows: ['key_name', 'model'] },
    { path: '/account/sessions', shows: ['agent'] },
    { path: '/admin/', shows: ['fault', 'name', 'detail', 'chain_id'] },
    {
      path: '/admin/?view=jobs',
      shows: ['job_id', 'state', 'model', 'client_id', 'assigned_miner_id', 'payment'],
    },
    { path: '/admin/?view=miners', shows: ['miner_id', 'models', 'region'] },
    {
      path: '/admin/?view=held',
      shows: ['message', 'code', 'job_id', 'miner_id', 'decided_by', 'why'],
    },
    { path: '/admin/?view=users', shows: ['address'] },
    { path: '/admin/?view=keys', shows: ['key_id', 'name', 'owner', 'scopes'] },
    {
      path: '/admin/?view=payments',
      shows: ['job_id', 'state', 'client_id', 'miner_id', 'tx_hash'],
    },
    { path: '/admin/?view=audit', shows: ['actor', 'action', 'target', 'reason', 'owner'] },
    { path: '/admin/?view=config', shows: ['name', 'value'] },
    {
      path: `/admin/?view=job&id=${id}`,
      shows: [
        'state',
        'job_id',
        'client_id',
        'model',
        'assigned_miner_id',
        'priority',
        'error',
        'receipt_id',
        'escrow',
      ],
    },
    {
      path: `/admin/?view=miner&id=${id}`,
      open: press('Drain or suspend'),
      shows: [
        'models',
        'region',
        'payout',
        'last_receipt_id',
        'job_id',
        'state',
        'client_id',
        'payment',
      ],
    },
  ],
}

const admin = freshKey()

let site: TestSite
let browser: Browser
let person: Watched

beforeAll(async () => {
  ;[site, browser] = await Promise.all([
    startTestSite({
      cronEveryMs: 1_000,
      vars: { ADMIN_ADDRESSES: admin.address },
    }),
    startBrowser(),
  ])
  person = await watch(browser)
  await person.open(site.url)
  await signIn(person.page, site.url, '/account/', admin)
  // Names of offers are kept by the browser, as the site once said them.
  const kept = [id, id.replace('5', '6')].map((each) => ({ id: each, name: '\u202Eemos~name~' }))
  await person.page.evaluate(
    (offers) => localStorage.setItem('aitbc:market:compared', JSON.stringify(offers)),
    kept,
  )
})

afterAll(async () => {
  await person?.[Symbol.asyncDispose]()
  await browser?.close()
  await site?.dispose()
})

/** A name of up to 64 characters that is all of markup. */
const markup = (name: string) => `${name}"><img src=x onerror=alert(1)>`
const turned = (name: string) => `${markup(name)}\u202Egnp\u0007`
const seen = (name: string) => `${markup(name)}⟨U+202E⟩gnp⟨U+0007⟩`

/** Opens an address of the site, which shows these texts and makes nothing of them. */
async function expectShown(path: string, ...said: readonly string[]): Promise<void> {
  const { page } = person
  if (path !== '') await person.open(site.url + path)
  for (const text of said) await page.locator('#main', { hasText: text }).waitFor()
  await settled(page)
  expect(await sprungFrom(page)).toEqual([])
  expect(await person.faults()).toEqual([])
}

describe('what strangers really send', () => {
  let agent: Agent

  beforeAll(async () => {
    agent = createAgent({
      name: 'hostile-agent',
      models: [markup('plain'), turned('turned')],
      engine: '<b>engine\u202E',
      region: turned('region'),
      priceHour: 100_000n,
      onOffer: (self, attempt) => {
        self.accept(attempt)
        for (const text of ['Paris ', turned('answer'), '\n\tis', ' it', '.']) {
          self.token(attempt, text)
        }
        self.finish(attempt)
      },
    })
    await connectAgent(agent, site.url)
    expect(agent.closed()).toBeUndefined()
  })
  afterAll(() => agent?.disconnect())

  /** Sends JSON as the person who is signed in. */
  const send = (path: string, body: object) =>
    person.page.evaluate(
      async ([to, json]) => {
        const headers = { 'content-type': 'application/json' }
        const answer = await fetch(`/api/v1${to}`, { method: 'POST', headers, body: json })
        return { status: answer.status, body: (await answer.json()) as Record<string, string> }
      },
      [path, JSON.stringify(body)] as const,
    )

  test('MARKETPAGE-10, PAGE-13: cards and answers of a miner', async () => {
    const { page } = person
    const query = new URLSearchParams({ model: markup('plain') })
    await person.open(`${site.url}/marketplace/playground?${query}`)
    await page.getByRole('button', { name: 'Get funds from the faucet' }).click()
    await page.getByLabel('Question', { exact: true }).fill(markup('question'))
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    await page.locator('.run-result', { hasText: 'Paid, final' }).waitFor()
    await expectShown('', `Paris ${seen('answer')}`, markup('question'), markup('plain'))
    await expectShown('/marketplace/', seen('region'))
    await page.locator('.market-list a', { hasText: 'hostile-agent' }).click()
    await page.getByText('The signed card').click()
    const card = ['<b>engine⟨U+202E⟩', seen('region'), seen('turned'), markup('plain')]
    await expectShown('', ...card)
    await page.getByLabel('4 of 5').check()
    await page.getByLabel(/^Comment/).fill(turned('comment'))
    await page.getByRole('button', { name: 'Publish the review' }).click()
    await page.getByText('Nothing was published').waitFor()
    await page.getByLabel(/^Comment/).fill(markup('comment'))
    await page.getByRole('button', { name: 'Publish the review' }).click()
    await page.locator('.reviews li', { hasText: markup('comment') }).waitFor()
    expect(await sprungFrom(page)).toEqual([])
    await expectShown('/admin/?view=miners', 'hostile-agent', seen('region'))
    await expectShown('/admin/?view=jobs', markup('plain'))
    await expectShown('/explorer/miners', 'hostile-agent')
    await expectShown('/marketplace/activity', markup('plain'))
    await expectShown('/account/usage', markup('plain'))
  })

  test('MARKETPAGE-10, PAGE-13: bids, names of keys and reasons of administrators', async () => {
    await person.open(site.url)
    const bid = { kind: 'tokens', tokens: 10, price_max: '1000', closes_in_s: 3_600 }
    const bidOf = (said: string) => ({ ...bid, query: `model="${said}"`, notes: said })
    const refused = await send('/market/bids', { ...bid, query: '', notes: turned('notes') })
    expect(refused.status).toBe(422)
    const placed = await send('/market/bids', bidOf('<img src=x onerror=alert(1)>'))
    expect(placed).toMatchObject({ status: 201 })
    await expectShown('/marketplace/bids', '<img src=x')
    await expectShown(`/marketplace/bid/${placed.body['bid_id']}`, '<img src=x onerror=alert(1)>')
    await expectShown('/provider/', 'No machine is paid to this address', '<img src=x')
    const key = { scopes: ['market'] }
    expect(await send('/account/keys', { ...key, name: turned('key') })).toMatchObject({
      status: 422,
    })
    expect(await send('/account/keys', { ...key, name: markup('key') })).toMatchObject({
      status: 201,
    })
    await expectShown('/account/keys', markup('key'))
    await expectShown('/admin/?view=keys', markup('key'))
    const act = '/admin/miners/hostile-agent/deactivate'
    expect((await send(act, { reason: turned('reason') })).status).toBe(422)
    expect((await send(act, { reason: markup('reason') })).status).toBe(200)
    await expectShown('/admin/?view=audit', markup('reason'))
    await expectShown('/admin/?view=miner&id=hostile-agent', markup('reason'), seen('turned'))
  })
})

describe.each(Object.entries(texts))('answers full of %s', (_name, text) => {
  beforeAll(() => answerWith(person.context, { text, hints }))
  afterAll(() => person.context.unrouteAll({ behavior: 'ignoreErrors' }))

  const cases = Object.entries(views).flatMap(([rule, all]) => all.map((view) => ({ rule, view })))
  test.each(cases)('$rule: are inert on $view.path', async ({ view: { path, open, shows } }) => {
    const { page } = person
    await person.open(site.url + path)
    await settled(page)
    await open?.(page)
    await settled(page)
    const missing = async () => {
      const shown = await page.locator('#main').innerText()
      return shows.filter((field) => !shown.includes(text(field).replace(/~.*/, '~')))
    }
    await expect.poll(missing, { timeout: 30_000 }).toEqual([])
    expect(await page.getByText('Could not').count()).toBe(0)
    expect(await sprungFrom(page)).toEqual([])
    expect(await person.faults()).toEqual([])
  })
})

test.each([
  '/explorer/block/%3Cimg%20src=x%20onerror=alert(1)%3E',
  '/explorer/tx/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E',
  '/explorer/search?q=%3Csvg%20onload=alert(1)%3E',
  '/explorer/address/..%2F..%2Fapi%2Fv1%2Fhealth',
  '/explorer/receipt/%E0%A4%A',
  '/explorer/escrow/%3Cimg%20src=x%20onerror=alert(1)%3E',
  '/%3Cscript%3Ealert(1)%3C%2Fscript%3E',
])('PAGE-13: the address %s is inert', async (path) => {
  await using seen = await visit(browser, site.url + path)
  const { page } = seen
  await page.locator('h1:visible').waitFor()
  expect(await page.locator('main img, main script, main svg[onload]').count()).toBe(0)
  const faults = await seen.faults()
  // The browser itself reports that the site knows no such block; nothing else may be there.
  expect(faults.filter((fault) => !fault.startsWith('console: Failed to load resource'))).toEqual(
    [],
  )
})

test.each([
  ['a list', '[]'],
  ['nothing', 'null'],
  ['text', '"blocks"'],
  ['wrong types', '{"items":{"length":3},"blocks":7,"total":"many","slot":"now"}'],
  ['a negative height', '{"items":[{"height":-9}],"blocks":[{"height":-9}],"total":1}'],
  ['no JSON', '<html>'],
])('PAGE-13: an answer that is %s is reported, not shown', async (_name, body) => {
  await using seen = await visit(browser, `${site.url}/explorer/blocks`, {
    prepare: (context) =>
      context.route(/\/(?:rpc|api)\//, (route) =>
        route.fulfill({ status: 200, contentType: 'application/json', body }),
      ),
  })
  await seen.page.getByText('Could not read the blocks').waitFor()
  await seen.page.locator('#network', { hasText: 'Chain unreachable' }).waitFor()
  expect(await seen.faults()).toEqual([])
})
