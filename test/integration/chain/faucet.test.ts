/** The faucet and its cool-down, through the bundle: nothing else can load itty-durable. */
import { expect, test } from 'vitest'
import { startHarness } from '../../support/harness.ts'
import { finalTransaction, get, post, walletOf } from './client.ts'

type Gift = { address: string; balance: number; tx_hash: string }
type Problem = { error: { code: string; details: { retry_after_seconds?: number } } }

test('HOST-10: gifts asked for at once all arrive, each address once in the cool-down', async () => {
  await using site = await startHarness()
  const wallets = Array.from({ length: 20 }, (_, index) => walletOf(500 + index))
  const gifts = await Promise.all(
    wallets.map(({ text }) =>
      post<Gift>(site, 'admin/mintFaucet', { address: text, amount: 12_345 }),
    ),
  )
  expect(gifts.map((gift) => gift.status)).toEqual(wallets.map(() => 200))
  expect(new Set(gifts.map((gift) => gift.json.tx_hash)).size).toBe(wallets.length)
  for (const { json } of gifts) {
    expect(await finalTransaction(site, json.tx_hash)).toMatchObject({ outcome: 'applied' })
  }
  for (const { text } of wallets) {
    expect((await get(site, `getBalance/${text}`)).json.balance).toBe(12_345)
  }
  const address = wallets[0]?.text
  const again = await post<Problem>(site, 'admin/mintFaucet', { address, amount: 1 })
  expect([again.status, again.json.error.code]).toEqual([429, 'FAUCET_COOLDOWN'])
  const wait = again.json.error.details.retry_after_seconds
  expect(again.headers.get('retry-after')).toBe(String(wait))
  expect(wait).toBeGreaterThan(0)
  // The cool-down is kept over a restart.
  await site.restart()
  const later = await post<Problem>(site, 'admin/mintFaucet', { address, amount: 1 })
  expect(later.json.error.code).toBe('FAUCET_COOLDOWN')
})

test('HOST-10: more than the most is refused, and costs no cool-down', async () => {
  await using site = await startHarness({ parameters: { faucetMax: 1_000n } })
  const { text: address } = walletOf(600)
  const refused = await post<Problem>(site, 'admin/mintFaucet', { address, amount: 1_001 })
  expect([refused.status, refused.json.error.code]).toEqual([422, 'AMOUNT_INVALID'])
  expect((await post(site, 'admin/mintFaucet', { address, amount: '1000' })).status).toBe(200)
})

test('HOST-10: a chain without faucet says so', async () => {
  await using site = await startHarness({ parameters: { faucetMax: 0n } })
  const { text: address } = walletOf(600)
  const refused = await post<Problem>(site, 'admin/mintFaucet', { address, amount: 1 })
  expect([refused.status, refused.json.error.code]).toEqual([403, 'FAUCET_OFF'])
})
