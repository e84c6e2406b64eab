/** A site with something for sale, and a person who is signed in: for tests of the marketplace's pages. */
import type { Page } from 'playwright-core'
import { parseAddress } from '../../core/crypto/address.ts'
import type { Child } from '../../scripts/site/children.ts'
import { openLocalHome, startMiner, waitForMiners } from '../../scripts/site/programs.ts'
import type { TestSite } from '../support/site.ts'
import { addressOfTest, giftOf } from './chain.ts'
import { freshKey, importSeed, password, sendPast, unlock } from './wallet-world.ts'

/** The built-in miner, as a program of its own. */
export async function startLocalMiner(site: TestSite): Promise<Child> {
  const home = openLocalHome(`${site.statePath}/home`)
  const miner = startMiner({ home, api: site.url, id: 'miner-A' })
  await waitForMiners(site.url, { count: 1, stop: () => undefined })
  return miner
}

const rentedKey = 'key-of-the-rented-miner'

/** Variables of a site that such a miner can register at. */
export const rentedVars = {
  MINER_API_KEYS: JSON.stringify([rentedKey]),
  MINER_PAYOUTS: JSON.stringify({ [rentedKey]: addressOfTest(40) }),
} as const

/**
 * A program of the original that can be booked by the hour, and what the site calls it. `ask`: registers
 * again, at another price for an hour.
 */
export async function startRentedMiner(
  site: TestSite,
  key = rentedKey,
): Promise<{ id: string; ask(pricePerHour: number): Promise<void>; stop(): void }> {
  const post = async (path: string, body: object) => {
    const response = await fetch(`${site.url}${path}`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  }
  const ask = (pricePerHour: number) =>
    post('/api/v1/miners/register', {
      capabilities: {
        gpus: [{ name: 'NVIDIA GeForce RTX 4090', memory_mb: 24_576, cuda: '12.4' }],
        models: ['llama3:8b'],
        pricing_per_hour: pricePerHour,
      },
      concurrency: 2,
      region: 'eu-central',
    })
  await ask(0.25)
  const timer = setInterval(() => {
    post('/api/v1/miners/heartbeat', { status: 'ONLINE', inflight: 0 }).catch(() => undefined)
  }, 2_000)
  for (;;) {
    const found = await fetch(`${site.url}/api/v1/market/offers?q=gpu~4090`)
    const [offer] = ((await found.json()) as { items: { miner_id: string }[] }).items
    if (offer) return { id: offer.miner_id, ask, stop: () => clearInterval(timer) }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** A wallet with money, of a new key where none is given, signed in at the site; ends at `back`. */
export async function signIn(
  page: Page,
  url: string,
  back: string,
  key = freshKey(),
): Promise<void> {
  await payTo(url, key.address)
  await importSeed(page, url, key.seed)
  await page.goto(`${url}/wallet/sign-in?return=${encodeURIComponent(back)}`)
  await unlock(page, password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((at) => at.pathname + at.search === back)
}

/** Pays by way of another account, so that the faucet has given the person nothing yet. */
async function payTo(url: string, address: string): Promise<void> {
  const giver = freshKey()
  await giftOf(url, giver.address)
  const to = parseAddress(address)
  if (!to.ok) throw new Error(to.error.message)
  const message = { TAG: 'transfer', data: { to: to.value, amount: 90_000_000n } } as const
  await sendPast(url, giver, { nonce: 0, message })
}

/** Signs in the wallet what a page handed over; ends on the page that asked. */
export async function signHandedOver(page: Page): Promise<void> {
  await unlock(page)
  await page.getByRole('button', { name: 'Sign', exact: true }).click()
  await page.waitForURL((at) => at.pathname.startsWith('/marketplace/'))
}
