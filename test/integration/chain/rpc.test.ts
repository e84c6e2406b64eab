/** `/rpc` over the production bundle: the original's shapes, the union of its variants, real data. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  readAccount,
  readHead,
  readProof,
  readStatus,
  readTransaction,
} from '../../../core/api/rpc-read.ts'
import { toHex, toHex0x } from '../../../core/base/bytes.ts'
import { headerHash } from '../../../core/chain/block.ts'
import { decodeTransaction, escrowIdOf, transactionHash } from '../../../core/chain/transaction.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import {
  finalTransaction,
  get,
  post,
  richWallet,
  sign,
  signTransfer,
  status,
  submit,
  until,
  type Verdicts,
  walletOf,
} from './client.ts'

let site: Harness
const [bob, carol] = [walletOf(1), walletOf(2)]
const dt = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/
const hash0x = /^0x[0-9a-f]{64}$/
let transfer: string
let transferHeight: number
let escrow: string

type Blocks = { blocks: { height: number; hash: string; parent_hash: string }[]; total: number }
type Problem = { error: { code: string; message: string }; detail: string }

beforeAll(async () => {
  site = await startHarness()
  const rich = richWallet(site)
  const bytes = signTransfer(site, rich, { to: bob, amount: 1_000_000n, nonce: 0 })
  const data = {
    coordinator: rich.signer.publicKey,
    amount: 500n,
    expiry: 100_000n,
    delegate: undefined,
  }
  const open = sign(site, rich, { message: { TAG: 'escrow_open', data }, nonce: 1 })
  const verdicts = await submit(site, [bytes, open])
  expect(verdicts.map(({ ok }) => ok)).toEqual([true, true])
  transfer = toHex0x(transactionHash(bytes))
  escrow = toHex0x(escrowIdOf(transactionHash(open)))
  transferHeight = (await finalTransaction(site, transfer)).block_height
  await finalTransaction(site, toHex0x(transactionHash(open)))
  await until(
    () => status(site),
    (now) => now.indexed_height >= now.final_height && now.final_height >= transferHeight,
  )
})

afterAll(() => site?.dispose())

test('RPC-1: head, block, balance and transaction have the original’s shapes and types', async () => {
  const head = await get(site, 'head')
  expect(head.json).toMatchObject({
    height: expect.any(Number),
    hash: expect.stringMatching(hash0x),
    timestamp: expect.stringMatching(dt),
    tx_count: expect.any(Number),
  })
  const block = await get(site, `blocks/${transferHeight}`)
  expect(block.json).toMatchObject({
    height: transferHeight,
    parent_hash: expect.stringMatching(hash0x),
    timestamp: expect.stringMatching(dt),
    state_root: expect.stringMatching(hash0x),
    proposer: expect.stringMatching(/^[0-9a-f]{64}$/),
    final: true,
  })
  expect(block.json.transactions).toContain(transfer)
  expect((await get(site, `blocks/${block.json.hash}`)).json).toEqual(block.json)
  const tx = await get(site, `tx/${transfer}`)
  expect(tx.json).toMatchObject({
    tx_hash: transfer,
    block_height: transferHeight,
    sender: richWallet(site).text,
    recipient: bob.text,
    payload: { type: 'TRANSFER', nonce: 0, payload: { to: bob.text, amount: 1_000_000 } },
    created_at: expect.stringMatching(dt),
    status: 'final',
    outcome: 'applied',
  })
  for (const route of ['getBalance', 'balance']) {
    const balance = await get(site, `${route}/${bob.text}`)
    expect(balance.json).toMatchObject({ address: bob.text, balance: 1_000_000, nonce: 0 })
    expect(balance.json.updated_at).toMatch(dt)
  }
  const unknown = await get(site, `getBalance/${carol.text}`)
  expect(unknown.json).toMatchObject({ address: carol.text, balance: 0, nonce: 0 })
  expect(unknown.json).not.toHaveProperty('updated_at')
})

test('RPC-1: what is not there is told in the original’s words', async () => {
  for (const [path, detail] of [
    ['blocks/99999999', 'block not found'],
    [`tx/0x${'00'.repeat(32)}`, 'transaction not found'],
    ['tx/unknown', 'transaction not found'],
    ['receipts/unknown', 'receipt not found'],
    [`receipts/0x${'00'.repeat(32)}`, 'receipt not found'],
  ] as const) {
    const answer = await get<Problem>(site, path)
    expect([path, answer.status]).toEqual([path, 404])
    expect(answer.json.detail).toBe(detail)
    expect(answer.json.error).toMatchObject({ code: 'NOT_FOUND', message: detail })
  }
})

test('RPC-2: block ranges in both variants, and the list of the fourteenth of February', async () => {
  const byStart = await get<Blocks & { count: number }>(
    site,
    `blocks-range?start=0&end=${transferHeight}`,
  )
  expect(byStart.json.count).toBe(transferHeight + 1)
  expect(byStart.json.blocks.map(({ height }) => height)).toEqual(
    Array.from({ length: transferHeight + 1 }, (_, height) => height),
  )
  for (const [index, block] of byStart.json.blocks.entries()) {
    if (index > 0) expect(block.parent_hash).toBe(byStart.json.blocks[index - 1]?.hash)
  }
  const bare = await get<Blocks['blocks']>(
    site,
    `blocks-range?start_height=1&end_height=${transferHeight}`,
  )
  expect(bare.json).toEqual(byStart.json.blocks.slice(1))
  const first = await get<Blocks['blocks']>(site, 'blocks-range?limit=1')
  expect(first.json).toEqual(byStart.json.blocks.slice(0, 1))
  const newest = await get<Blocks>(site, 'blocks?limit=2&offset=0')
  expect(newest.json.blocks[0]?.height).toBe(newest.json.total - 1)
  const wrong: [string, string][] = [
    ['blocks-range?start=-1&end=1', 'start must be non-negative'],
    ['blocks-range?start=5&end=1', 'end must be greater than or equal to start'],
    ['blocks-range?start=0&end=1001', 'range cannot exceed 1000 blocks'],
    ['transactions?limit=0', 'limit must be between 1 and 100'],
    ['transactions?limit=101', 'limit must be between 1 and 100'],
    ['transactions?offset=-1', 'offset must be non-negative'],
  ]
  for (const [path, detail] of wrong) {
    const answer = await get<Problem>(site, path)
    expect([path, answer.status, answer.json.detail]).toEqual([path, 400, detail])
  }
})

test('RPC-1: lists of transactions, addresses and an address', async () => {
  const list = await get<{ transactions: { tx_hash: string }[]; total: number }>(
    site,
    'transactions',
  )
  expect(list.json.total).toBe(list.json.transactions.length)
  expect(list.json.transactions.map(({ tx_hash }) => tx_hash)).toContain(transfer)
  const addresses = await get<{ addresses: { address: string; balance: number }[] }>(
    site,
    'addresses?min_balance=1000000',
  )
  const balances = addresses.json.addresses.map(({ balance }) => balance)
  expect(balances).toEqual([...balances].sort((a, b) => b - a))
  expect(addresses.json.addresses.map(({ address }) => address)).toContain(bob.text)
  const one = await get(site, `address/${bob.text}`)
  expect(one.json).toMatchObject({
    balance: 1_000_000,
    total_transactions_sent: 0,
    total_transactions_received: 1,
    latest_sent: [],
    latest_received: [
      { tx_hash: transfer, direction: 'received', counterparty: richWallet(site).text },
    ],
  })
})

test('RPC-1: status, sync status, genesis and the probe of variant A', async () => {
  const { json } = await get(site, 'syncStatus')
  expect(json).toMatchObject({
    chain_id: JSON.parse(site.vars.GENESIS_JSON ?? '').chain_id,
    head_height: expect.any(Number),
    head_hash: expect.stringMatching(hash0x),
    head_timestamp: expect.stringMatching(dt),
    total_transactions: expect.any(Number),
    validate_signatures: true,
    trusted_proposers: [expect.stringMatching(/^[0-9a-f]{64}$/)],
    max_reorg_depth: 0,
  })
  expect(json.total_blocks).toBe((json.head_height as number) + 1)
  expect((await get(site, 'genesis')).json).toEqual(JSON.parse(site.vars.GENESIS_JSON ?? ''))
  expect((await get(site, 'test-endpoint')).json).toEqual({ status: 'updated_code_running' })
  const { supply, fault } = await status(site)
  expect(fault).toBeNull()
  const { genesis, minted, burned, held } = supply
  expect(BigInt(held)).toBe(BigInt(genesis) + BigInt(minted) - BigInt(burned))
})

test('RPC-3: sendTx takes a signed legacy transfer', async () => {
  const rich = richWallet(site)
  const { json: account } = await get<{ next_nonce: number }>(site, `getBalance/${rich.text}`)
  const bytes = signTransfer(site, rich, { to: carol, amount: 77n, nonce: account.next_nonce })
  const view = decode(bytes).value
  const body = {
    type: 'transfer',
    sender: rich.text,
    nonce: account.next_nonce,
    fee: Number(view.body.fee),
    payload: { recipient: carol.text, amount: 77 },
    public_key: toHex(rich.signer.publicKey),
    valid_until: Number(view.body.validUntil),
    sig: toHex(view.signature),
  }
  const unsigned = await post<Problem>(site, 'sendTx', { ...body, sig: null })
  expect([unsigned.status, unsigned.json.error.code]).toEqual([401, 'SIGNATURE_REQUIRED'])
  expect(unsigned.json.detail).toContain('/docs/getting-started.html#signing')
  const forged = await post<Problem>(site, 'sendTx', { ...body, nonce: body.nonce + 1 })
  expect([forged.status, forged.json.error.code]).toEqual([400, 'SIGNATURE_INVALID'])
  const claim = await post<Problem>(site, 'sendTx', { ...body, type: 'RECEIPT_CLAIM' })
  expect([claim.status, claim.json.error.code]).toEqual([501, 'NOT_BUILT'])
  const { type, ...receipt } = body
  expect(type).toBe('transfer')
  expect((await post<Problem>(site, 'submitReceipt', receipt)).status).toBe(501)
  const sent = await post(site, 'sendTx', body)
  expect([sent.status, sent.json]).toEqual([200, { tx_hash: toHex0x(transactionHash(bytes)) }])
  await finalTransaction(site, toHex0x(transactionHash(bytes)))
  const replayed = await post<Verdicts>(site, 'transactions', { txs: [toHex(bytes)] })
  expect(replayed.json.verdicts).toMatchObject([{ ok: true, known: true }])
  expect((await get(site, `getBalance/${carol.text}`)).json.balance).toBe(77)
})

test('RPC-3: the fee that is estimated is one that the chain takes', async () => {
  const { json } = await post(site, 'estimateFee', { payload: { to: 'bob', amount: 100 } })
  expect(json).toMatchObject({ type: 'TRANSFER', payload_bytes: 25 })
  const rich = richWallet(site)
  const { json: account } = await get<{ next_nonce: number }>(site, `getBalance/${rich.text}`)
  const message = { TAG: 'transfer', data: { to: walletOf(99).address, amount: 1n } } as const
  const nonce = account.next_nonce
  const fee = BigInt(json.estimated_fee as number)
  const cheap = sign(site, rich, { message, nonce, fee: fee - 1n })
  expect(await submit(site, [cheap])).toMatchObject([{ ok: false, error: { code: 'FEE_TOO_LOW' } }])
  const enough = sign(site, rich, { message, nonce, fee })
  expect(await submit(site, [enough])).toMatchObject([{ ok: true }])
})

test('RPC-4: a batch answers one by one, one alone like sendTx', async () => {
  const rich = richWallet(site)
  const { json: account } = await get<{ next_nonce: number }>(site, `getBalance/${rich.text}`)
  const good = signTransfer(site, rich, { to: bob, amount: 5n, nonce: account.next_nonce })
  const bad = Uint8Array.from(good)
  bad[bad.length - 1] = (bad[bad.length - 1] as number) ^ 1
  const poor = signTransfer(site, walletOf(12_345), { to: bob, amount: 5n, nonce: 0 })
  const verdicts = await submit(site, [bad, good, poor, Uint8Array.of(1, 2, 3)])
  expect(verdicts.map(({ ok, error }) => (ok ? 'ok' : error?.code))).toEqual([
    'SIGNATURE_INVALID',
    'ok',
    'BALANCE_TOO_LOW',
    'ENCODING_INVALID',
  ])
  const again = await post(site, 'transactions', { tx: toHex(good) })
  expect([again.status, again.json]).toEqual([
    200,
    { tx_hash: toHex0x(transactionHash(good)), known: true },
  ])
  const refused = await post<Problem>(site, 'transactions', { tx: toHex(bad) })
  expect([refused.status, refused.json.error.code]).toEqual([400, 'SIGNATURE_INVALID'])
})

test('RPC-4: the mempool lists what waits, by hash', async () => {
  const rich = richWallet(site)
  // A block may take it before the list is read; then the next one is looked for.
  const { hash, nonce, listed } = await until(
    async () => {
      const { json: account } = await get<{ next_nonce: number }>(site, `getBalance/${rich.text}`)
      const waiting = signTransfer(site, rich, { to: bob, amount: 5n, nonce: account.next_nonce })
      await submit(site, [waiting])
      const hash = toHex0x(transactionHash(waiting))
      const { json } = await get<{ hash: string }[]>(site, 'mempool')
      const pending = await get(site, `tx/${hash}`)
      const found = json.find((pooled) => pooled.hash === hash)
      const listed =
        pending.json.status === 'pending' ? { found, pending: pending.json } : undefined
      return { hash, nonce: account.next_nonce, listed }
    },
    (tried) => tried.listed !== undefined,
  )
  expect(listed?.found).toMatchObject({
    tx_hash: hash,
    type: 'TRANSFER',
    sender: rich.text,
    recipient: bob.text,
    nonce,
  })
  expect(listed?.pending).toMatchObject({ block_height: null, created_at: null, outcome: null })
})

test('RPC-4: the mempool of one account shows also what is stuck behind a missing nonce', async () => {
  const rich = richWallet(site)
  const { json: account } = await get<{ next_nonce: number }>(site, `getBalance/${rich.text}`)
  const nonce = account.next_nonce + 5
  const stuck = signTransfer(site, rich, { to: bob, amount: 5n, nonce })
  await submit(site, [stuck])
  const own = await get<{ nonce: number }[]>(site, `mempool?sender=${rich.text}`)
  expect(own.json.map((pooled) => pooled.nonce)).toContain(nonce)
  const all = await get<{ nonce: number }[]>(site, 'mempool')
  expect(all.json.map((pooled) => pooled.nonce)).not.toContain(nonce)
  expect((await get<unknown[]>(site, `mempool?sender=${bob.text}`)).json).toEqual([])
  expect((await get<Problem>(site, 'mempool?sender=nobody')).json.error.code).toBe(
    'ADDRESS_INVALID',
  )
})

test('RPC-5: proofs of transaction, account, escrow and absence come with a final header', async () => {
  for (const path of [
    `transaction/${transfer}`,
    `account/${bob.text}`,
    `account/${walletOf(77_777).text}`,
    `escrow/${escrow}`,
    `escrow/0x${'11'.repeat(32)}`,
  ]) {
    const answer = await get(site, `proof/${path}`)
    expect([path, answer.status]).toEqual([path, 200])
    const proof = readProof(answer.json)
    if (!proof.ok) throw new Error(proof.error.message)
    expect(toHex(proof.value.certificate.block)).toBe(toHex(headerHash(proof.value.header)))
  }
  const missing = await get<Problem>(site, `proof/transaction/0x${'22'.repeat(32)}`)
  expect([missing.status, missing.json.error.code]).toEqual([404, 'NOT_FOUND'])
})

test('RPC-7: addresses of the original network hold nothing and get nothing', async () => {
  const legacy = `aitbc1${'0a'.repeat(20)}`
  for (const route of ['getBalance', 'balance', 'address']) {
    const answer = await get(site, `${route}/${legacy}`)
    expect([answer.status, answer.json.balance, answer.json.nonce]).toEqual([200, 0, 0])
  }
  const gift = await post<Problem>(site, 'admin/mintFaucet', { address: legacy, amount: 1 })
  expect([gift.status, gift.json.error.code]).toEqual([422, 'ADDRESS_LEGACY'])
})

test('RPC-9: the explorer lists blocks, transactions, addresses and receipts', async () => {
  for (const base of ['/api/explorer', '/api/v1/explorer']) {
    const list = async (name: string) => {
      const response = await site.fetch(`${base}/${name}`)
      expect([name, response.status]).toEqual([name, 200])
      return (await response.json()) as { items: Record<string, unknown>[]; next_offset: unknown }
    }
    const blocks = await list('blocks?limit=1')
    expect(blocks.items[0]).toMatchObject({ timestamp: expect.stringMatching(dt) })
    expect(blocks.next_offset).toBe(1)
    const transactions = await list('transactions')
    expect(transactions.items.find(({ hash }) => hash === transfer)).toMatchObject({
      block: transferHeight,
      from: richWallet(site).text,
      to: bob.text,
      value: '1000000',
      status: 'Succeeded',
    })
    const addresses = await list('addresses')
    const shown = addresses.items.find(({ address }) => address === bob.text)
    expect(shown?.balance).toMatch(/^0\.01\d{4}$/)
    expect(shown?.recentTransactions).toContain(transfer)
    expect((await list('receipts')).items).toEqual([])
    expect((await list('receipts?job_id=nothing')).items).toEqual([])
  }
})

test('RPC-10: head, status, account and transaction read back', async () => {
  const rich = richWallet(site)
  const reads = [
    readHead((await get(site, 'head')).json),
    readStatus((await get(site, 'status')).json),
    readAccount((await get(site, `getBalance/${rich.text}`)).json),
    readTransaction((await get(site, `tx/${transfer}`)).json),
  ]
  for (const read of reads) expect(read).toMatchObject({ ok: true })
  for (const read of [readHead, readStatus, readAccount, readTransaction, readProof]) {
    for (const json of [null, {}, [], 'x', { height: -1 }]) {
      expect(read(json)).toMatchObject({ ok: false, error: { code: 'ANSWER_INVALID' } })
    }
  }
})

function decode(bytes: Uint8Array) {
  const decoded = decodeTransaction(bytes)
  if (!decoded.ok) throw new Error(decoded.error.message)
  return decoded
}
