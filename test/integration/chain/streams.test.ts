/** The chain's streams over real sockets. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { toHex0x } from '../../../core/base/bytes.ts'
import { transactionHash } from '../../../core/chain/transaction.ts'
import { chainNodeLimits } from '../../../durable-objects/chain/limits.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { chainObject, get, richWallet, signTransfer, submit, walletOf } from './client.ts'

type Frame = Record<string, unknown>

let site: Harness
let nonce = 0
const open: WebSocket[] = []

beforeAll(async () => {
  site = await startHarness()
})
afterAll(async () => {
  for (const socket of open) socket.terminate()
  await site?.dispose()
})

/** Opens a stream; rejects with the HTTP status when it is refused. */
function listen(name: string): Promise<{ socket: WebSocket; frames: (Frame | string)[] }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${site.url.replace('http', 'ws')}/rpc/ws/${name}`)
    const frames: (Frame | string)[] = []
    open.push(socket)
    socket.on('message', (data) => {
      const text = String(data)
      frames.push(text.startsWith('{') ? (JSON.parse(text) as Frame) : text)
    })
    socket.once('open', () => resolve({ socket, frames }))
    socket.once('unexpected-response', (_request, response) => {
      response.resume()
      reject(new Error(String(response.statusCode)))
    })
    socket.once('error', reject)
  })
}

const seen = async (frames: readonly unknown[], wanted: (frame: Frame) => boolean) => {
  for (;;) {
    const found = (frames as Frame[]).find(wanted)
    if (found) return found
    await new Promise((go) => setTimeout(go, 50))
  }
}

async function send(): Promise<string> {
  const to = walletOf(nonce)
  const bytes = signTransfer(site, richWallet(site), { to, amount: 3n, nonce })
  nonce += 1
  expect(await submit(site, [bytes])).toMatchObject([{ ok: true }])
  return toHex0x(transactionHash(bytes))
}

test('HOST-9: blocks and transactions arrive in the original’s frames, with more fields', async () => {
  const blocks = await listen('blocks')
  const transactions = await listen('transactions')
  const hash = await send()
  const frame = await seen(transactions.frames, (found) => found.tx_hash === hash)
  expect(frame).toMatchObject({
    sender: richWallet(site).text,
    recipient: walletOf(nonce - 1).text,
    payload: { amount: 3 },
    nonce: nonce - 1,
    fee: expect.any(Number),
    type: 'TRANSFER',
  })
  const block = await seen(blocks.frames, (found) => found.tx_count === 1)
  expect(block).toMatchObject({
    height: expect.any(Number),
    hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    parent_hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    timestamp: expect.any(String),
    slot: expect.any(Number),
    final: true,
  })
  expect((await get(site, `blocks/${block.height}`)).json.hash).toBe(block.hash)
})

test('HOST-9: listeners sleep through an eviction of the object', async () => {
  const { frames } = await listen('blocks')
  await site.evict(chainObject)
  await send()
  await seen(frames, (found) => found.tx_count === 1)
})

test('HOST-9: ping is answered by pong, anything else ends the stream', async () => {
  const { socket, frames } = await listen('blocks')
  socket.send('ping')
  await seen(frames, (found) => String(found) === 'pong')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.send('{"subscribe":"everything"}')
  expect(await closed).toBe(1003)
})

test('HOST-9: a close is answered', async () => {
  const { socket } = await listen('transactions')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.close(1000, 'enough')
  expect(await closed).toBe(1000)
})

test('HOST-9: a flood of listeners is bounded, and the chain goes on', async () => {
  const { socketsMax } = chainNodeLimits
  let opened = 0
  let refused = 0
  for (let batch = 0; batch < socketsMax + 40; batch += 40) {
    const tries = Array.from({ length: 40 }, () => listen('blocks'))
    for (const tried of await Promise.allSettled(tries)) {
      if (tried.status === 'fulfilled') opened += 1
      else {
        refused += 1
        expect((tried.reason as Error).message).toBe('503')
      }
    }
  }
  expect(opened).toBeLessThanOrEqual(socketsMax)
  expect(refused).toBeGreaterThan(0)
  const last = await listen('transactions')
  const hash = await send()
  await seen(last.frames, (found) => found.tx_hash === hash)
})

test('RPC-6: a stream without an upgrade says what it speaks', async () => {
  const answer = await get<{ error: { code: string } }>(site, 'ws/blocks')
  expect([answer.status, answer.json.error.code]).toEqual([426, 'UPGRADE_REQUIRED'])
  expect((await get(site, 'ws/everything')).status).toBe(404)
})
