/** Every page, in both themes, on a desk and on a phone: clean, accessible, whole. */
import OpenAI from 'openai'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sitePages } from '../../pages/build/site-map.ts'
import type { Route } from '../../pages/explorer/routes.ts'
import type { Child } from '../../scripts/site/children.ts'
import {
  localModel,
  openLocalHome,
  startMiner,
  waitForMiners,
} from '../../scripts/site/programs.ts'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { giftOf, unusedAddress } from './chain.ts'
import { colourFindings, findingsOn } from './page-check.ts'
import { settled, visit, type Watched, watch } from './visit.ts'

type Case = {
  readonly path: () => string
  readonly title: string | RegExp
  readonly repeats?: boolean
  readonly searches?: boolean
}

let site: TestSite
let browser: Browser
let miner: Child
let gift: { hash: string; height: number }
/** Of the job that the first test pays. */
let paid: { receipt: string; settlement: string; miner: string; job: string; escrow: string }

/** Pages that are the answer to an address that is something else. */
const answers: Readonly<Record<string, Case>> = {
  '404.html': { path: () => '/no/such/page', title: 'Page not found · AITBC' },
  'marketplace/index.html': { path: () => '/marketplace/', title: 'Offers · AITBC marketplace' },
  'not-built.html': {
    path: () => '/Exchange',
    title: 'The exchange is not built yet · AITBC',
  },
}

/** One file, many views: a view that is missing here does not compile. */
const explorerViews: Readonly<Record<Route['page'], Case>> = {
  overview: { path: () => '/explorer/', title: 'Overview · AITBC explorer' },
  blocks: { path: () => '/explorer/blocks', title: 'Blocks · AITBC explorer' },
  transactions: { path: () => '/explorer/txs', title: 'Transactions · AITBC explorer' },
  receipts: { path: () => '/explorer/receipts', title: 'Receipts · AITBC explorer' },
  block: { path: () => `/explorer/block/${gift.height}`, title: /^Block \d+ · AITBC explorer$/ },
  transaction: {
    path: () => `/explorer/tx/${paid.settlement}`,
    title: /^Transaction 0x.* · AITBC explorer$/,
  },
  receipt: {
    path: () => `/explorer/receipt/${paid.receipt}`,
    title: /^Receipt 0x.* · AITBC explorer$/,
  },
  address: {
    path: () => `/explorer/address/${unusedAddress}`,
    title: /^Address aitbc1.* · AITBC explorer$/,
  },
  jobs: { path: () => '/explorer/jobs', title: 'Jobs · AITBC explorer' },
  miners: { path: () => '/explorer/miners', title: 'Miners · AITBC explorer' },
  nodes: { path: () => '/explorer/nodes', title: 'Nodes · AITBC explorer' },
  stats: { path: () => '/explorer/stats', title: 'Figures · AITBC explorer' },
  labels: { path: () => '/explorer/labels', title: 'Your labels · AITBC explorer' },
  job: { path: () => `/explorer/job/${paid.job}`, title: /^Job 0x.* · AITBC explorer$/ },
  miner: {
    path: () => `/explorer/miner/${paid.miner}`,
    title: /^Miner aitbc1.* · AITBC explorer$/,
  },
  escrow: {
    path: () => `/explorer/escrow/${paid.escrow}`,
    title: /^Escrow 0x.* · AITBC explorer$/,
  },
  broadcast: {
    path: () => '/explorer/broadcast',
    title: 'Send a signed transaction · AITBC explorer',
  },
  search: { path: () => '/explorer/search?q=nonsense', title: 'Search · AITBC explorer' },
  unknown: { path: () => '/explorer/nonsense', title: /AITBC explorer$/ },
}

/** Pages of families of endpoints are made alike: the largest and a small one stand for all. */
const isAlike = (file: string): boolean =>
  file.startsWith('docs/api/') && !['market.html', 'streams.html'].includes(file.slice(9))

const cases: readonly (Case & { readonly name: string })[] = [
  ...sitePages
    .filter(({ file }) => file !== 'explorer/index.html' && !isAlike(file))
    .map(({ file, title }) => ({
      name: file,
      repeats: ['docs/design/index.html', 'docs/full-documentation.html'].includes(file),
      searches: file === 'docs/search.html',
      ...(answers[file] ?? { path: () => `/${file.replace(/index\.html$/, '')}`, title }),
    })),
  ...Object.entries(explorerViews).map(([name, view]) => ({ name: `explorer ${name}`, ...view })),
  {
    name: 'explorer genesis',
    path: () => '/explorer/block/0',
    title: 'Block 0 · AITBC explorer',
  },
  {
    name: 'explorer gift',
    path: () => `/explorer/tx/${gift.hash}`,
    title: /^Transaction 0x.* · AITBC explorer$/,
  },
]

beforeAll(async () => {
  ;[site, browser] = await Promise.all([startTestSite(), startBrowser()])
  const home = openLocalHome(`${site.statePath}/home`)
  miner = startMiner({ home, api: site.url, id: 'miner-A' })
  gift = await giftOf(site.url)
  await waitForMiners(site.url, { count: 1, stop: () => undefined })
})

afterAll(async () => {
  miner?.signal('SIGTERM')
  await miner?.ended
  await browser?.close()
  await site?.dispose()
})

test('PAGE-16: a paid job can be followed from the home page to the miner', async () => {
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

  // Nobody reloads the page: the payment arrives by itself, and the drawn steps lead to it.
  await page.locator('#work td[data-label="Receipt"] a').waitFor()
  const hrefOf = async (id: string) => (await page.locator(`#${id} a`).getAttribute('href')) ?? ''
  await page.locator('#newest-receipt', { hasText: 'The newest' }).waitFor()
  paid = {
    receipt: (await hrefOf('newest-receipt')).split('/').at(-1) ?? '',
    settlement: (await hrefOf('newest-settlement')).split('/').at(-1) ?? '',
    miner: '',
    job: '',
    escrow: '',
  }
  const proof = await fetch(site.url + (await hrefOf('newest-proof')))
  expect(proof.status).toBe(200)

  await page.locator('#work td[data-label="Receipt"] a').click()
  await page.locator('.title', { hasText: 'Paid, final' }).waitFor()
  expect(new URL(page.url()).pathname).toBe(`/explorer/receipt/${paid.receipt}`)
  const fact = (label: string) =>
    page.locator('dl.pairs > div').filter({ has: page.locator('dt', { hasText: label }) })
  const unitsOf = async (label: string) =>
    BigInt((await fact(label).locator('.amount').getAttribute('title'))?.split(' ')[0] ?? 'none')
  const toMiner = await unitsOf('To the miner')
  expect(toMiner).toBeGreaterThan(0n)
  expect(toMiner + (await unitsOf('To the coordinator'))).toBe(await unitsOf('Paid by the client'))

  paid.job = (await fact('Job hash').locator('a').getAttribute('data-same')) ?? ''
  paid.miner = (await fact('Miner').locator('a').getAttribute('data-same')) ?? ''

  const rows = await fetch(`${site.url}/api/v1/chain/receipts?limit=1&job=${paid.job}`)
  paid.escrow = ((await rows.json()) as { items: { escrow: string }[] }).items[0]?.escrow ?? ''

  await fact('Settled by').locator('a').click()
  await page.getByRole('heading', { name: 'Settle jobs' }).waitFor()
  expect(new URL(page.url()).pathname).toBe(`/explorer/tx/${paid.settlement}`)
  await page.locator('td[data-label="Result"]', { hasText: 'Paid' }).waitFor()
  const minerAddress = await page.locator('td[data-label="Miner"] a').getAttribute('data-same')
  await page.locator('td[data-label="Miner"] a').click()
  await page.getByRole('heading', { name: 'Address' }).waitFor()
  await settled(page)
  expect(await fact('Address').locator('[data-same]').getAttribute('data-same')).toBe(minerAddress)
  expect(await unitsOf('Balance')).toBe(toMiner)

  await page.goto(site.url)
  await page.locator('.path a[href^="/explorer/txs?"]').first().click()
  await page.locator('td[data-label="Kind"]', { hasText: 'Open escrow' }).waitFor()
  expect(await seen.faults()).toEqual([])
})

describe.concurrent('every page', () => {
  /** Two windows, one a core; each visits page after page. */
  const idle: Promise<Watched>[] = []
  beforeAll(() => {
    idle.push(watch(browser), watch(browser))
  })
  const free: (() => void)[] = []
  const borrow = async (): Promise<Watched> => {
    while (idle.length === 0) await new Promise<void>((resolve) => free.push(resolve))
    return idle.pop() as Promise<Watched>
  }

  test.each(cases)(
    'PAGE-1, PAGE-2: $name is clean in both themes, at 1440, 390 and 320 px',
    async ({ path, ...page }) => {
      const watched = await borrow()
      try {
        const found = await findingsOn(watched, { url: site.url + path(), ...page })
        expect(found, found.join('\n')).toEqual([])
      } finally {
        idle.push(Promise.resolve(watched))
        free.shift()?.()
      }
    },
  )
})

test('PAGE-1: one faint text among many of another look is found, in the theme where it is', async () => {
  await using seen = await visit(browser, `${site.url}/docs/accounts.html`)
  const { page } = seen
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet()
    const faint = 'main p:nth-of-type(3) { color: #333 !important }'
    sheet.replaceSync(`@media (prefers-color-scheme: dark) { ${faint} }`)
    document.adoptedStyleSheets.push(sheet)
  })
  expect(await colourFindings(page)).toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await colourFindings(page)).toEqual([expect.stringMatching(/^color-contrast: <p/)])
})

test('PAGE-3: every page has an address here, and every address is another', () => {
  expect(cases.length).toBeGreaterThan(sitePages.filter(({ file }) => !isAlike(file)).length)
  const paths = cases.map(({ path }) => path())
  expect(new Set(paths).size).toBe(paths.length)
})

test('PAGE-4: pages that are not there carry their status and stay out of search engines', async () => {
  for (const [path, status] of [
    ['/no/such/page', 404],
    ['/docs/no/such/page.html', 404],
    ['/Exchange', 501],
  ] as const) {
    const response = await fetch(site.url + path, { headers: { accept: 'text/html' } })
    expect([path, response.status]).toEqual([path, status])
    const html = await response.text()
    expect(html).toContain('<meta name="robots" content="noindex">')
    const relative = [...html.matchAll(/(?:href|src|action)="(?!\/|#|https:)([^"]*)"/g)]
    expect(relative).toEqual([])
  }
})

test('PAGE-9: the policy names the one inline script and allows no other, and no way around it', async () => {
  const response = await fetch(`${site.url}/`, { headers: { accept: 'text/html' } })
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toMatch(/script-src 'self' 'sha256-[A-Za-z0-9+/]+=*';/)
  expect(policy).not.toContain('unsafe')
  await using seen = await visit(browser, site.url)
  const { page } = seen
  const refused = await page.evaluate(() => {
    const attempts: Record<string, () => void> = {
      script: () => {
        const script = document.createElement('script')
        script.textContent = 'document.title = "injected"'
        document.head.append(script)
      },
      html: () => {
        document.body.innerHTML = '<p>injected</p>'
      },
      policy: () => {
        const factory = (
          window as unknown as { trustedTypes: { createPolicy(name: string, rules: object): void } }
        ).trustedTypes
        factory.createPolicy('any', { createHTML: (text: string) => text })
      },
    }
    return Object.entries(attempts).map(([name, attempt]) => {
      try {
        attempt()
        return `${name} went through`
      } catch {
        return `${name} refused`
      }
    })
  })
  expect(refused).toEqual(['script refused', 'html refused', 'policy refused'])
  expect(await page.title()).not.toBe('injected')
})

test('PAGE-10: the site serves its own copy of the pages', async () => {
  const { writeFileSync } = await import('node:fs')
  writeFileSync(`${site.statePath}/pages/robots.txt`, 'User-agent: nobody\n')
  expect(await (await fetch(`${site.url}/robots.txt`)).text()).toBe('User-agent: nobody\n')
})
