/** The explorer of three running sites of one chain: side by side, verified on each, and one that is stopped. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toHex } from '../../core/base/bytes.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import { genesisHash } from '../../core/chain/genesis.ts'
import { signTransaction } from '../../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../../core/crypto/address.ts'
import { signerFromSeed } from '../../core/crypto/ed25519.ts'
import { findFreePort } from '../../scripts/setup/port.ts'
import { type DemoSites, openDemoSites, type SiteName } from '../../scripts/site/demo-sites.ts'
import { startBrowser } from '../support/browser.ts'
import { addressOfTest, giftOf } from './chain.ts'
import { wholeIn } from './page-check.ts'
import { settled, type Watched, watch } from './visit.ts'

type Json = Record<string, unknown>

const names = ['A', 'B', 'C'] as const
const nodes = ['node-1', 'node-2', 'node-3'] as const
const signer = signerFromSeed(new Uint8Array(32).fill(9))
const sender = addressOf(signer.publicKey)
const funded = formatAddress(sender)
const folder = mkdtempSync(join(tmpdir(), 'explorer-sites-'))

let sites: DemoSites
let browser: Browser
let seen: Watched
let gift: { hash: string; height: number }

beforeAll(async () => {
  const ports = { A: await findFreePort(), B: await findFreePort(), C: await findFreePort() }
  let end = async () => {}
  try {
    sites = await openDemoSites({
      count: 3,
      folder,
      ports,
      say: () => undefined,
      onOpen: (close) => {
        end = close
      },
    })
  } catch (error) {
    await end()
    throw error
  }
  browser = await startBrowser()
  seen = await watch(browser)
  gift = await giftOf(sites.url('A'), funded)
  await Promise.all(names.map((name) => reached(name, gift.height)))
})

afterAll(async () => {
  await seen?.[Symbol.asyncDispose]()
  await browser?.close()
  await sites?.end()
  rmSync(folder, { recursive: true, force: true })
})

const json = async (name: SiteName, path: string): Promise<Json> =>
  (await (await fetch(sites.url(name) + path)).json()) as Json

/** Waits until this height is final, and in the lists, at a site. */
async function reached(name: SiteName, height: number): Promise<void> {
  for (;;) {
    const { final_height: final, indexed_height: indexed } = await json(name, '/rpc/status')
    if (Number(final) >= height && Number(indexed) >= height) return
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}
const wait = { timeout: 60_000, interval: 300 }

async function open(name: SiteName, path: string): Promise<Page> {
  await seen.open(sites.url(name) + path)
  await settled(seen.page)
  return seen.page
}

const rowOf = (page: Page, site: string) =>
  page
    .getByRole('table', { name: 'This site and its peers' })
    .locator('tbody tr')
    .filter({ hasText: site })
const cell = (page: Page, site: string, label: string) =>
  rowOf(page, site).locator(`td[data-label="${label}"]`)

/** Has a site say something else where the path fits, for as long as the disposer lives. */
async function lying(
  context: BrowserContext,
  path: RegExp,
  change: (truth: Json) => Json,
): Promise<AsyncDisposable> {
  await context.route(path, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: change((await response.json()) as Json) })
  })
  return { [Symbol.asyncDispose]: () => context.unroute(path) }
}

/** Another last hex digit but one. */
const bent = (hex: unknown, at = -1): string => {
  const text = String(hex)
  const place = at < 0 ? text.length + at : at
  return `${text.slice(0, place)}${text[place] === '0' ? '1' : '0'}${text.slice(place + 1)}`
}

test.each(names)(
  'EXP-2, EXP-3: site %s shows all three with heights, lag and agreement',
  async (name) => {
    const page = await open(name, '/explorer/nodes')
    const own = nodes[names.indexOf(name)] ?? ''
    await rowOf(page, `${own} (this site)`).waitFor()
    for (const node of nodes) {
      await expect
        .poll(
          async () => Number((await cell(page, node, 'Final').textContent())?.replace(',', '')),
          wait,
        )
        .toBeGreaterThanOrEqual(gift.height)
      if (node === own) continue
      await expect.poll(() => cell(page, node, 'Agreement').textContent(), wait).toBe('Agrees')
      await expect.poll(() => cell(page, node, 'Lag').textContent(), wait).toMatch(/^level|block/)
    }
    const authorities = page.getByRole('table', { name: 'Authorities' }).locator('tbody tr')
    expect(await authorities.locator('td:first-child').allTextContents()).toEqual(nodes)
    await page.locator('.verdict-verified', { hasText: 'and with it all blocks before' }).waitFor()
    expect(await seen.faults()).toEqual([])
  },
)

test.each(names)('EXP-9: the same facts are verified at site %s', async (name) => {
  for (const [path, of] of [
    [`/explorer/tx/${gift.hash}`, 'All that is shown of this transaction'],
    [`/explorer/address/${funded}`, 'Balance'],
    [`/explorer/block/${gift.height}`, 'All that is shown of this block'],
    ['/explorer/block/0', 'All that is shown of this block'],
  ] as const) {
    const page = await open(name, path)
    await page.locator('.verdict-verified', { hasText: of }).waitFor()
    expect(await page.locator('.verdict-cost').textContent()).toMatch(/^Proof: \d+\.\d kB, /)
  }
  expect(await seen.faults()).toEqual([])
})

test.each([
  [
    'another parent of a block',
    () => `/explorer/block/${gift.height}`,
    /\/rpc\/blocks\/\d+$/,
    (truth: Json) => ({ ...truth, parent_hash: bent(truth['parent_hash']) }),
    'parent hash',
  ],
  [
    'a transaction left out of a block',
    () => `/explorer/block/${gift.height}`,
    /\/rpc\/blocks\/\d+$/,
    (truth: Json) => ({ ...truth, transactions: [], tx_count: 0 }),
    'does not lead to the header’s root',
  ],
  [
    'another signature under a block',
    () => `/explorer/block/${gift.height}`,
    /\/rpc\/blocks\/\d+$/,
    (truth: Json) => ({ ...truth, header: bent(truth['header']) }),
    'not that of the proposer',
  ],
  [
    'another header',
    () => `/explorer/block/${gift.height}`,
    /\/rpc\/blocks\/\d+$/,
    (truth: Json) => ({ ...truth, header: bent(truth['header'], 2 * (17 + 64) + 3) }),
    'another hash',
  ],
  [
    'a balance that is not held',
    () => `/explorer/address/${funded}`,
    /\/rpc\/address\//,
    (truth: Json) => ({ ...truth, balance: 999_900_000_000 }),
    'The site shows 9999',
  ],
  [
    'a byte of a proof',
    () => `/explorer/tx/${gift.hash}`,
    /\/rpc\/light\/proof\//,
    (truth: Json) => {
      const fact = truth['fact'] as Json
      return { ...truth, fact: { ...fact, outcome: bent(fact['outcome'], 70) } }
    },
    '',
  ],
])('EXP-9: %s is told, and why', async (_, path, where, change, why) => {
  await using _lie = await lying(seen.context, where, change)
  const page = await open('C', path())
  const verdict = page.locator('.verdict-unverifiable')
  await verdict.waitFor()
  expect(await verdict.textContent()).toContain(why)
  expect((await verdict.locator('.verdict-why').textContent())?.length).toBeGreaterThan(10)
  expect(await seen.faults()).toEqual([])
})

test('LIST-11: a page of rows is verified on request; a row that lies is named', async () => {
  const page = await open('B', '/explorer/txs')
  await page.getByText('Not checked yet').waitFor()
  await page.getByRole('button', { name: 'Verify this page' }).press('Enter')
  await page.locator('.verify-rows .verdict-verified').waitFor()
  expect(await page.locator('.row-mark-verified').count()).toBe(
    await page.locator('.list tbody tr').count(),
  )
  {
    await using _lie = await lying(seen.context, /\/api\/v1\/chain\/transactions/, (truth) => ({
      ...truth,
      items: (truth['items'] as Json[]).map((row) => ({ ...row, amount: '7', sender: funded })),
    }))
    await open('B', '/explorer/txs')
    await page.getByRole('button', { name: 'Verify this page' }).click()
    const verdict = page.locator('.verify-rows .verdict-unverifiable')
    await verdict.waitFor()
    expect(await verdict.textContent()).toContain(`holds: sender, amount.`)
    expect(await page.locator('.row-mark-unverifiable').count()).toBeGreaterThan(0)
  }
  for (const list of ['blocks', 'txs']) {
    await open('A', `/explorer/${list}`)
    await page.getByRole('button', { name: 'Verify this page' }).click()
    await page.locator('.verify-rows .verdict-verified').waitFor()
    expect(await wholeIn(page)).toEqual([])
  }
  await open('A', '/explorer/miners')
  expect(await seen.faults()).toEqual([])
})

test('EXP-12: bytes that were signed elsewhere are read, sent and followed; forged ones are told', async () => {
  const { genesis } = sites
  const draft = {
    version: 1,
    sender: signer.publicKey,
    nonce: 0n,
    fee: 0n,
    validUntil: BigInt(Number((await json('C', '/rpc/status'))['slot']) + 500),
    message: {
      TAG: 'transfer',
      data: { to: new Uint8Array(20).fill(4), amount: 1_000n },
    },
  } as const
  const body = { ...draft, fee: sufficientFee(genesis.parameters, draft) }
  const bytes = toHex(signTransaction(genesisHash(genesis), body, signer))
  const page = await open('C', '/explorer/broadcast')
  const field = page.getByLabel('Signed bytes')
  await field.fill('<img src=x onerror=alert(1)>')
  await page.getByText('No transaction').waitFor()
  await field.fill(bent(bytes))
  await page.getByText('The signature does not hold').waitFor()
  await page.getByRole('button', { name: 'Send transaction' }).click()
  await page.getByText('Nothing was charged').waitFor()
  expect(await seen.faults()).toEqual([
    expect.stringMatching(/^console: Failed to load resource.* \/?.*\/rpc\/transactions$/),
  ])
  await field.fill(`0x${bytes}`)
  await page.getByText('Signed for this chain').waitFor()
  expect(await page.locator('dl.pairs').textContent()).toContain(addressOfTest(3))
  expect(await wholeIn(page)).toEqual([])
  await page.getByRole('button', { name: 'Send transaction' }).click()
  await page.getByRole('link', { name: 'Follow it' }).click()
  await page.locator('.verdict-verified').waitFor(wait)
  await page.getByText('Applied, final').waitFor()
})

test('EXP-13: a height without a block counts down, and the page becomes the block', async () => {
  const { head_height: head } = await json('A', '/rpc/status')
  await seen.open(`${sites.url('A')}/explorer/block/${Number(head) + 1}`)
  const { page } = seen
  await page.getByText('This block is not made yet').waitFor()
  expect(await page.locator('.countdown').textContent()).toMatch(/^\d+:\d\d$/)
  expect(await wholeIn(page)).toEqual([])
  await giftOf(sites.url('A'), addressOfTest(5))
  await page
    .locator('.verdict-verified', { hasText: 'All that is shown of this block' })
    .waitFor(wait)
  await open('A', '/explorer/')
  await page.getByText(/next within \d+:\d\d|next block is due/).waitFor()
})

test('EXP-2: a site that is stopped is shown as such on the others', async () => {
  await sites.kill('B')
  const page = await open('A', '/explorer/nodes')
  await giftOf(sites.url('A'), addressOfTest(6))
  await expect
    .poll(async () => (await cell(page, 'node-2', 'Last failure').textContent()) ?? '', wait)
    .not.toBe('none')
  await expect
    .poll(async () => (await cell(page, 'node-2', 'Lag').textContent()) ?? '', wait)
    .toMatch(/behind/)
  await page.locator('.verdict-verified').waitFor()
  expect(await seen.faults()).toEqual([])
})
