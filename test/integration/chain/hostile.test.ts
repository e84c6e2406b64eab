/** Whatever is sent to `/rpc`: a clear answer, and the chain goes on. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toHex, toHex0x } from '../../../core/base/bytes.ts'
import { transactionHash } from '../../../core/chain/transaction.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import {
  finalTransaction,
  get,
  richWallet,
  sign,
  signTransfer,
  submit,
  until,
  type Verdicts,
  walletOf,
} from './client.ts'

let site: Harness

beforeAll(async () => {
  site = await startHarness({ vars: { RATE_LIMIT: 'off' } })
})
afterAll(() => site?.dispose())

/** Sends something and expects a refusal in the one error shape; returns status and code. */
async function refusal(path: string, init: RequestInit = {}): Promise<[number, string]> {
  const response = await site.fetch(path, init)
  const json = (await response.json()) as { error: { code: string }; detail: string }
  expect([path, typeof json.error.code, typeof json.detail]).toEqual([path, 'string', 'string'])
  return [response.status, json.error.code]
}

const body = (text: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: text,
})

test('RPC-6: malformed JSON, wrong types, wrong method, unknown routes', async () => {
  for (const route of [
    'transactions',
    'sendTx',
    'submitReceipt',
    'estimateFee',
    'admin/mintFaucet',
  ]) {
    const path = `/rpc/${route}`
    for (const text of ['', '{', '[1,', 'nul', '\u0000']) {
      expect([text, ...(await refusal(path, body(text)))]).toEqual([text, 400, 'JSON_INVALID'])
    }
    const wrong = ['[]', '1', '"x"', 'null', '{"tx":1,"type":1,"payload":[],"amount":-1}']
    for (const text of wrong) {
      expect([text, ...(await refusal(path, body(text)))]).toEqual([text, 422, 'VALIDATION_ERROR'])
    }
  }
  expect(await refusal('/rpc/sendTx')).toEqual([405, 'METHOD_NOT_ALLOWED'])
  expect(await refusal('/rpc/head', { method: 'DELETE' })).toEqual([405, 'METHOD_NOT_ALLOWED'])
  expect(await refusal('/rpc/nothing')).toEqual([404, 'NOT_FOUND'])
  for (const route of ['blocks/import', 'importBlock']) {
    expect(await refusal(`/rpc/${route}`, body('[]'))).toEqual([422, 'VALIDATION_ERROR'])
  }
})

test('RPC-6: bodies and batches beyond their bounds', async () => {
  const huge = JSON.stringify({ tx: 'a'.repeat(5_000_000) })
  // The site answers before it has read so much; a client that is still writing may miss the answer.
  const answer = await until(
    () => refusal('/rpc/transactions', body(huge)).catch(() => undefined),
    (found) => found !== undefined,
  )
  expect(answer).toEqual([413, 'BODY_TOO_LARGE'])
  const many = JSON.stringify({ txs: Array(101).fill('ab') })
  expect(await refusal('/rpc/transactions', body(many))).toEqual([422, 'VALIDATION_ERROR'])
  const [verdict] = await submit(site, [new Uint8Array(65_536)])
  expect(verdict).toMatchObject({ ok: false, error: { code: 'ENCODING_INVALID' } })
})

test('RPC-6: paths and queries that name nothing', async () => {
  for (const [path, status] of [
    ['/rpc/blocks/-1', 422],
    ['/rpc/blocks/1e3', 422],
    ['/rpc/blocks/0xzz', 422],
    ['/rpc/blocks/999999999999999', 404],
    ['/rpc/getBalance/alice', 422],
    ['/rpc/getBalance/__proto__', 422],
    ['/rpc/proof/account/x', 422],
    ['/rpc/escrow/00', 422],
    ['/rpc/transactions?limit=ten', 422],
    ['/rpc/transactions?offset=1e9', 422],
    ['/rpc/transactions?offset=100001', 400],
    ['/rpc/addresses?min_balance=-5', 422],
    ['/rpc/blocks-range?start=0', 422],
    ['/rpc/blocks-range?start_height=0&limit=10001', 400],
    ['/rpc/mempool?limit=1001', 400],
    ['/api/explorer/blocks?limit=201', 400],
    ["/rpc/receipts/'%20OR%201=1--", 404],
  ] as const) {
    const [found] = await refusal(path)
    expect([path, found]).toEqual([path, status])
  }
})

test('RPC-6: random bytes and mutated transactions never break the chain', async () => {
  const good = signTransfer(site, richWallet(site), { to: walletOf(1), amount: 5n, nonce: 0 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.uint8Array({ minLength: 1, maxLength: 400 }),
          fc
            .tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }))
            .map(([at, by]) => good.map((byte, index) => (index === at ? byte ^ by : byte))),
        ),
        { minLength: 1, maxLength: 50 },
      ),
      async (transactions) => {
        const verdicts = await submit(site, transactions)
        expect(verdicts.map(({ ok }) => ok)).toEqual(transactions.map(() => false))
      },
    ),
    { numRuns: 30 },
  )
  expect(await submit(site, [good])).toMatchObject([{ ok: true }])
  await finalTransaction(site, toHex0x(transactionHash(good)))
})

test('RPC-6: replayed, stale, underfunded, overflowing, late and foreign transactions', async () => {
  const rich = richWallet(site)
  const nonce = (await get<{ next_nonce: number }>(site, `getBalance/${rich.text}`)).json.next_nonce
  const transfer = (amount: bigint) =>
    ({ TAG: 'transfer', data: { to: walletOf(2).address, amount } }) as const
  const genesis = JSON.parse(site.vars.GENESIS_JSON ?? '') as { chain_id: string }
  const other = {
    url: site.url,
    vars: { ...site.vars, GENESIS_JSON: JSON.stringify({ ...genesis, chain_id: 'another' }) },
  }
  const cases: [string, Uint8Array][] = [
    ['SIGNATURE_INVALID', sign(other, rich, { message: transfer(1n), nonce })],
    ['NONCE_STALE', sign(site, rich, { message: transfer(1n), nonce: 0 })],
    ['NONCE_TOO_FAR', sign(site, rich, { message: transfer(1n), nonce: nonce + 1_000_000 })],
    ['BALANCE_TOO_LOW', sign(site, rich, { message: transfer(2n ** 52n), nonce })],
    ['AMOUNT_INVALID', sign(site, rich, { message: transfer(2n ** 64n - 1n), nonce })],
    ['AMOUNT_INVALID', sign(site, rich, { message: transfer(0n), nonce })],
    ['FEE_TOO_LOW', sign(site, rich, { message: transfer(1n), nonce, fee: 0n })],
    ['VALIDITY_EXPIRED', sign(site, rich, { message: transfer(1n), nonce, validUntil: 0 })],
    ['VALIDITY_TOO_FAR', sign(site, rich, { message: transfer(1n), nonce, validUntil: 10 ** 12 })],
  ]
  const verdicts = await submit(
    site,
    cases.map(([, bytes]) => bytes),
  )
  expect(verdicts.map(({ error }) => error?.code)).toEqual(cases.map(([code]) => code))
  for (const [code, bytes] of cases) {
    const [, found] = await refusal('/rpc/transactions', body(JSON.stringify({ tx: toHex(bytes) })))
    expect(found).toBe(code)
  }
  const twice = sign(site, rich, { message: transfer(1n), nonce })
  const same: Verdicts['verdicts'] = await submit(site, [twice, twice])
  expect(same.map(({ ok, known }) => [ok, known])).toEqual([
    [true, false],
    [true, true],
  ])
})
