/** A site that follows another's chain over HTTP. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { toHex0x } from '../../../core/base/bytes.ts'
import { escrowIdOf, transactionHash } from '../../../core/chain/transaction.ts'
import { httpChain } from '../../../workers/chain-client.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import {
  finalTransaction,
  get,
  richWallet,
  sign,
  signTransfer,
  status,
  walletOf,
} from './client.ts'

let leader: Harness
let follower: Harness

beforeAll(async () => {
  leader = await startHarness()
  const vars = { GENESIS_JSON: leader.vars.GENESIS_JSON, CHAIN_UPSTREAM: leader.url }
  follower = await startHarness({ vars })
})
afterAll(async () => {
  await follower?.dispose()
  await leader?.dispose()
})

test('RPC-8: the follower answers with the followed chain and makes none', async () => {
  for (const path of ['head', 'genesis', 'blocks/0', 'mempool', 'transactions']) {
    expect((await get(follower, path)).json).toEqual((await get(leader, path)).json)
  }
  for (const path of ['/api/explorer/blocks', '/api/v1/chain/blocks', '/api/chain/receipts']) {
    expect([path, (await follower.fetch(path)).status]).toEqual([path, 200])
  }
  await follower.cron()
  expect(await follower.objectIds('ChainNode')).toEqual([])
})

test('RPC-8: streams pass through', async () => {
  const socket = new WebSocket(`${follower.url.replace('http', 'ws')}/rpc/ws/blocks`)
  const answer = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))))
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send('ping')
  expect(await answer).toBe('pong')
  socket.terminate()
})

test('RPC-8, RPC-10: the chain over HTTP is the same service', async () => {
  const chain = httpChain(leader.url)
  const rich = richWallet(leader)
  const transfer = signTransfer(leader, rich, { to: walletOf(3), amount: 40n, nonce: 0 })
  const data = {
    coordinator: rich.signer.publicKey,
    amount: 900n,
    expiry: 200_000n,
    delegate: undefined,
  }
  const open = sign(leader, rich, { message: { TAG: 'escrow_open', data }, nonce: 1 })
  const hash = transactionHash(transfer)
  expect(await chain.submit([transfer, open])).toMatchObject([
    { ok: true, hash, known: false },
    { ok: true, hash: transactionHash(open), known: false },
  ])
  await finalTransaction(leader, toHex0x(transactionHash(open)))
  const seen = await chain.transaction(hash)
  expect(seen).toMatchObject({ final: true, nonce: 0n, message: { TAG: 'transfer' } })
  expect(await chain.transaction(new Uint8Array(32))).toBeUndefined()
  const account = await chain.account(rich.address)
  expect(account).toMatchObject({ nonce: 2n, nextNonce: 2n, finalNonce: 2n })
  const id = escrowIdOf(transactionHash(open))
  expect(await chain.finalEscrow(id)).toMatchObject({ id, balance: 900n, expirySlot: 200_000 })
  expect(await chain.finalEscrow(new Uint8Array(32))).toBeUndefined()
  const proof = await chain.proof({ kind: 'transaction', hash })
  expect(proof).toMatchObject({ kind: 'transaction', transaction: transfer })
  expect(await chain.proof({ kind: 'transaction', hash: new Uint8Array(32) })).toMatchObject({
    code: 'NOT_FOUND',
  })
  expect((await chain.head()).finalHeight).toBeGreaterThan(0)
  expect((await chain.status()).supply.held).toBe(BigInt((await status(leader)).supply.held))
  expect(await chain.faucet(walletOf(800).address, 5n)).toMatchObject({ ok: true })
  expect(await chain.faucet(walletOf(800).address, 5n)).toMatchObject({ ok: false })
})

test('RPC-8: a followed site that is away is told as such', async () => {
  const chain = httpChain('http://127.0.0.1:1')
  await expect(chain.status()).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' })
})
