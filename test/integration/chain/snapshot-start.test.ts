/** A fresh site joins by a peer's snapshot: in bad company, killed in the middle, and followed by another one. */
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toHex0x } from '../../../core/base/bytes.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import { advanceLight, startLight } from '../../../core/chain/light.ts'
import { lightAnswerCoder } from '../../../core/chain/light-coders.ts'
import { escrowIdOf, transactionHash } from '../../../core/chain/transaction.ts'
import { makeNetwork, networkVars } from '../../../scripts/setup/network.ts'
import { nodeVerifier } from '../../support/chain-world.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { startTestSite, type TestSite } from '../../support/site.ts'
import {
  finalTransaction,
  get,
  richWallet,
  sign,
  signTransfer,
  status,
  submit,
  type Talker,
  until,
  walletOf,
} from './client.ts'

type PeersJson = {
  height: number
  final_height: number
  head_hash: string
  state_root: string
  kept_from: number
  installing: { height: number; installed: number; chunks: number; message: string } | null
  peers: { url: string; failure: { code: string } | null }[]
}

const network = makeNetwork({
  chainId: 'aitbc-begun',
  nowMs: Date.now(),
  authorities: ['one'],
  followers: ['two', 'three'],
})
const varsOf = (index: number, peers: readonly string[]) => {
  const site = network.sites[index]
  if (!site) throw new Error(`no site ${index}`)
  return { ...networkVars(network, site, peers), RATE_LIMIT: 'off' }
}

let first: Harness
let fresh: TestSite | undefined
let third: Harness | undefined
/** A peer that hands on what the first site serves, and holds the block of a snapshot back while it is told to. */
let line: StandIn
/** A peer that lists the same snapshots and has nothing but pages. */
let liar: StandIn
let holding = true
let nonce = 0
let escrow = new Uint8Array(32)

beforeAll(async () => {
  first = await startHarness({ vars: { ...varsOf(0, []), SNAPSHOT_EVERY: '3' } })
  line = await standIn(async (path, request) => {
    // Few blocks are replayed at once: it must not come to that while the snapshot is held back.
    if (holding && path === '/rpc/sync/pull') return new Response(null, { status: 502 })
    while (holding && path.endsWith('/block')) await new Promise((go) => setTimeout(go, 50))
    return fetch(first.url + path, request)
  })
  liar = await standIn(async (path) =>
    path === '/rpc/snapshots'
      ? fetch(first.url + path)
      : new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }),
  )
})
afterAll(async () => {
  await third?.dispose()
  await fresh?.dispose()
  await first?.dispose()
  line?.server.close()
  liar?.server.close()
})

const peersOf = async (site: Talker) => (await get<PeersJson>(site, 'peers')).json
const other = (): TestSite => {
  if (!fresh) throw new Error('the second site is not running')
  return fresh
}

async function send(message: Parameters<typeof sign>[2]['message']): Promise<Uint8Array> {
  const bytes = sign(first, richWallet(first), { message, nonce: nonce++ })
  expect(await submit(first, [bytes])).toMatchObject([{ ok: true }])
  await finalTransaction(first, toHex0x(transactionHash(bytes)))
  return bytes
}

const pay = (amount: bigint) =>
  send({ TAG: 'transfer', data: { to: walletOf(500).address, amount } })

test('START-3, START-4, START-6: killed in the middle, in bad company, it goes on and is there', async () => {
  const { slot } = await status(first)
  const data = { coordinator: walletOf(600).signer.publicKey, amount: 50_000_000n }
  const opened = await send({
    TAG: 'escrow_open',
    data: { ...data, expiry: BigInt(slot + 200_000) },
  })
  escrow = escrowIdOf(transactionHash(opened)) as typeof escrow
  for (const amount of [1n, 2n, 3n]) await pay(amount)
  await until(
    () => get<{ snapshots: { height: number }[] }>(first, 'snapshots'),
    ({ json }) => json.snapshots.length > 0,
  )
  const vars = { ...varsOf(1, [liar.url, line.url]), SNAPSHOT_START: '3', SNAPSHOT_EVERY: '2' }
  fresh = await startTestSite({ vars })
  const before = await until(
    () => peersOf(other()),
    ({ installing }) => installing !== null && installing.installed === installing.chunks,
  )
  expect(before).toMatchObject({ height: 0, kept_from: 0 })
  expect(before.installing?.message).toBe('installing a snapshot: 1 of 1 chunks')
  const sync = await get<PeersJson>(other(), 'syncStatus')
  expect(sync.json).toMatchObject({ head_height: 0, installing: before.installing })
  const asked = line.paths.length
  await other().restart('kill')
  await until(
    () => peersOf(other()),
    ({ installing }) => installing !== null,
  )
  holding = false
  const after = await until(
    () => peersOf(other()),
    ({ kept_from }) => kept_from > 0,
  )
  expect(after.installing).toBeNull()
  expect(after.kept_from).toBe(before.installing?.height)
  // What was taken over before the kill was not asked for again.
  expect(line.paths.slice(asked).filter((path) => /\/\d+\/\d+$/.test(path))).toEqual([])
  expect(liar.paths.filter((path) => path !== '/rpc/snapshots').length).toBeGreaterThan(0)
})

test('START-1: it follows the chain from there to the same head and state', async () => {
  const hash = toHex0x(transactionHash(await pay(4n)))
  await finalTransaction(other(), hash)
  const [here, there] = await until(
    () => Promise.all([peersOf(first), peersOf(other())]),
    ([a, b]) => a.height === b.final_height && a.head_hash === b.head_hash,
  )
  expect(there.state_root).toBe(here.state_root)
  // Its own caller's transaction goes the other way.
  const bytes = signTransfer(first, richWallet(first), {
    to: walletOf(501),
    amount: 9n,
    nonce: nonce++,
  })
  expect(await submit(other(), [bytes])).toMatchObject([{ ok: true }])
  await finalTransaction(first, toHex0x(transactionHash(bytes)))
})

test('START-10, LIGHT-10: over the wire, too, the way leads to the block that is asked for', async () => {
  const started = startLight(network.genesis, genesisHash(network.genesis))
  if (!started.ok) throw new Error(started.error.message)
  let at = started.value
  for (const to of [2, 4]) {
    const answer = await fetch(`${first.url}/rpc/light?from=${at.head.height}&to=${to}`, {
      headers: { accept: 'application/octet-stream' },
    })
    const { update } = lightAnswerCoder.decode(new Uint8Array(await answer.arrayBuffer()))
    const next = advanceLight(at, update, nodeVerifier)
    if (!next.ok) throw new Error(next.error.message)
    at = next.value
    const { json } = await get<{ hash: string }>(first, `blocks/${to}`)
    expect([at.head.height, toHex0x(at.head.hash)]).toEqual([to, json.hash])
  }
})

test('START-8: its lists begin above its first block, and know who stands behind an older escrow', async () => {
  const closed = await send({ TAG: 'escrow_close', data: { escrow } })
  const hash = toHex0x(transactionHash(closed))
  await finalTransaction(other(), hash)
  const { kept_from } = await peersOf(other())
  const { final_height } = await status(other())
  await until(
    () => status(other()),
    ({ indexed_height }) => indexed_height >= final_height,
  )
  expect((await status(other())).fault).toBeNull()
  const listed = await fetch(`${other().url}/api/v1/chain/blocks?limit=100`)
  const { items, as_of } = (await listed.json()) as {
    items: { height: number }[]
    as_of: { indexed_from: number }
  }
  expect(as_of.indexed_from).toBe(kept_from + 1)
  expect(items.at(-1)?.height).toBe(kept_from + 1)
  const { json } = await get<{ addresses: { address: string; balance: number }[] }>(
    other(),
    'addresses?limit=100',
  )
  const same = await get<typeof json>(first, 'addresses?limit=100')
  const balances = new Map(same.json.addresses.map((row) => [row.address, row.balance]))
  expect(json.addresses.length).toBeGreaterThan(3)
  for (const row of json.addresses) expect(row.balance).toBe(balances.get(row.address))
  expect(json.addresses.map(({ address }) => address)).toContain(richWallet(first).text)
  expect((await get(other(), 'syncStatus')).json).toMatchObject({
    indexed_from: kept_from + 1,
    kept_from,
  })
})

test('START-9: blocks below are refused by name, and whoever needs them takes a snapshot', async () => {
  const { kept_from } = await peersOf(other())
  for (const path of [`blocks/${kept_from - 1}`, 'blocks-range?start=1&end=2', 'blocks-range']) {
    const { status: code, json } = await get<{ error: { code: string; details: unknown } }>(
      other(),
      path,
    )
    expect([path, code, json.error.code]).toEqual([path, 404, 'BLOCK_NOT_KEPT'])
    expect(json.error.details).toEqual({ kept_from })
  }
  const own = await get<{ height: number }>(other(), `blocks/${kept_from}`)
  expect(own.json.height).toBe(kept_from)
  const range = await get<{ count: number }>(
    other(),
    `blocks-range?start=${kept_from}&end=${kept_from + 1}`,
  )
  expect(range.json.count).toBe(2)
  const newest = await get<{ blocks: { height: number }[] }>(other(), 'blocks?limit=100')
  expect(newest.json.blocks.at(-1)?.height).toBe(kept_from)
  expect((await get(other(), `blocks/${kept_from + 9_000}`)).json).toMatchObject({
    error: { code: 'NOT_FOUND' },
  })

  // Its one peer keeps too few blocks; what is saved by a snapshot does not matter then.
  await until(
    () => get<{ snapshots: unknown[] }>(other(), 'snapshots'),
    ({ json }) => json.snapshots.length > 0,
  )
  third = await startHarness({ vars: { ...varsOf(2, [other().url]), SNAPSHOT_START: '5000' } })
  const site = third
  const refused = await until(
    () => peersOf(site),
    ({ peers, kept_from: from }) => from > 0 || peers[0]?.failure?.code === 'BLOCK_NOT_KEPT',
  )
  expect(refused.peers).toHaveLength(1)
  await until(
    async () => {
      await site.cron()
      return peersOf(site)
    },
    ({ kept_from: from }) => from > 0,
  )
  const hash = toHex0x(transactionHash(await pay(6n)))
  expect((await finalTransaction(site, hash)).outcome).toBe('applied')
})

type StandIn = { readonly url: string; readonly server: Server; readonly paths: string[] }

/** A server that answers as it is told, and remembers what it was asked. */
async function standIn(
  answer: (path: string, request: RequestInit) => Promise<Response>,
): Promise<StandIn> {
  const paths: string[] = []
  const server = createServer(async (request, response) => {
    const path = request.url ?? '/'
    paths.push(path)
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk as Uint8Array)
    const body = Buffer.concat(chunks)
    const headers = Object.fromEntries(
      ['content-type', 'accept'].flatMap((name) => {
        const value = request.headers[name]
        return typeof value === 'string' ? [[name, value]] : []
      }),
    )
    const method = request.method ?? 'GET'
    const answered = await answer(path, {
      method,
      headers,
      ...(method === 'POST' && { body }),
    }).catch(() => new Response(null, { status: 502 }))
    // Not the others: what was compressed on the way here is not any more.
    response.writeHead(answered.status, {
      'content-type': answered.headers.get('content-type') ?? 'text/plain',
    })
    response.end(new Uint8Array(await answered.arrayBuffer()))
  })
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, server, paths }
}
