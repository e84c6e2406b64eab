/**
 * `npm run bench -- chain`: signed transfers a second into the chain over HTTP, one a request and a hundred
 * a request, and how long full blocks take to become final and indexed. The production bundle on workerd,
 * a process of its own, no proxy before it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, type ClientRequest, request } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '../core/base/bytes.ts'
import { sufficientFee } from '../core/chain/fees.ts'
import { type GenesisJson, genesisHash, parseGenesis } from '../core/chain/genesis.ts'
import { signTransaction, type TransactionBody } from '../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { signerFromSeed } from '../core/crypto/ed25519.ts'
import { freshSecrets } from '../scripts/setup/dev-vars.ts'
import { makeGenesis, siteKeys } from '../scripts/setup/genesis.ts'
import { type Site, startSite } from '../scripts/setup/site.ts'

const senders = 100
const singles = 4_000
const batched = 5_000
const batchSize = 100
const connections = 32

const secrets = freshSecrets()
const wallets = Array.from({ length: senders }, (_, index) =>
  signerFromSeed(new Uint8Array(32).fill(index + 1)),
)

const json = withAccounts(
  makeGenesis({
    chainId: 'bench',
    nowMs: Date.now(),
    sites: [{ name: 'site-a', ...siteKeys(secrets) }],
  }),
)
const parsed = parseGenesis(json)
if (!parsed.ok) throw new Error(parsed.error.message)
const genesis = parsed.value

const statePath = mkdtempSync(join(tmpdir(), 'aitbc-bench-'))
const site = await startSite({
  statePath,
  vars: { ...secrets, GENESIS_JSON: JSON.stringify(json), RATE_LIMIT: 'off' },
})
try {
  const total = singles + batched
  const transactions = Array.from({ length: total }, (_, index) => transfer(index))
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const floor = await measureHealth(agent)
  const single = await measure(
    transactions.slice(0, singles).map((bytes) => ({ tx: toHex(bytes) })),
    agent,
  )
  await settled(site)
  const rest = transactions.slice(singles).map(toHex)
  const bodies = Array.from({ length: batched / batchSize }, (_, index) => ({
    txs: rest.slice(index * batchSize, (index + 1) * batchSize),
  }))
  const batch = await measure(bodies, agent)
  const drainedMs = await settled(site)
  agent.destroy()
  const blocks = await fullBlocks(site)
  console.log(
    JSON.stringify(
      {
        bench: 'chain',
        host: { cpus: cpus().length, model: cpus()[0]?.model ?? '' },
        connections,
        // The same client against the cheapest route: what HTTP and this machine allow.
        floor: { route: '/health', requests: singles, per_second: Math.round(singles / floor) },
        single: { transactions: singles, per_second: Math.round(singles / single) },
        batch: { transactions: batched, size: batchSize, per_second: Math.round(batched / batch) },
        drain: { transactions: batched, until_indexed_ms: Math.round(drainedMs) },
        blocks,
      },
      undefined,
      2,
    ),
  )
} finally {
  await site.stop()
  rmSync(statePath, { recursive: true, force: true })
}

/** Sends all bodies over the agent's connections; returns seconds. */
async function measure(bodies: readonly unknown[], agent: Agent): Promise<number> {
  const queue = bodies.map((body) => JSON.stringify(body)).reverse()
  const startedMs = performance.now()
  const worker = async () => {
    for (let text = queue.pop(); text !== undefined; text = queue.pop()) await post(text, agent)
  }
  await Promise.all(Array.from({ length: connections }, worker))
  return (performance.now() - startedMs) / 1_000
}

async function measureHealth(agent: Agent): Promise<number> {
  let left = singles
  const startedMs = performance.now()
  const worker = async () => {
    while (left-- > 0) await call({ path: '/health', agent })
  }
  await Promise.all(Array.from({ length: connections }, worker))
  return (performance.now() - startedMs) / 1_000
}

function post(body: string, agent: Agent): Promise<void> {
  return call({ path: '/rpc/transactions', body, agent })
}

/** One request; rejects unless it is answered 200 and nothing in it was refused. */
function call(input: { path: string; body?: string; agent: Agent }): Promise<void> {
  const { path, body, agent } = input
  const headers = body === undefined ? {} : { 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(
      `${site.url}${path}`,
      { method: body === undefined ? 'GET' : 'POST', agent, headers },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString()
          if (response.statusCode === 200 && !answer.includes('"ok":false')) resolve()
          else reject(new Error(answer))
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Waits until nothing waits and everything is indexed; returns milliseconds. */
async function settled({ url }: Site): Promise<number> {
  const startedMs = performance.now()
  for (;;) {
    const response = await fetch(`${url}/rpc/status`)
    const now = (await response.json()) as {
      mempool_size: number
      indexed_height: number
      final_height: number
    }
    if (now.mempool_size === 0 && now.indexed_height === now.final_height) {
      return performance.now() - startedMs
    }
    await new Promise((go) => setTimeout(go, 50))
  }
}

async function fullBlocks({ url }: Site): Promise<{ height: number; transactions: number }[]> {
  const response = await fetch(`${url}/rpc/blocks?limit=50`)
  const { blocks } = (await response.json()) as { blocks: { height: number; tx_count: number }[] }
  return blocks
    .map(({ height, tx_count }) => ({ height, transactions: tx_count }))
    .filter(({ transactions }) => transactions > 0)
    .reverse()
}

/** The n-th transfer: senders take turns, every recipient is new. */
function transfer(index: number): Uint8Array {
  const signer = wallets[index % senders] as (typeof wallets)[number]
  const to = new Uint8Array(20)
  new DataView(to.buffer).setUint32(0, index + 1)
  const body: TransactionBody = {
    version: 1,
    sender: signer.publicKey,
    nonce: BigInt(Math.floor(index / senders)),
    fee: 0n,
    validUntil: 10_000n,
    message: { TAG: 'transfer', data: { to, amount: 100n } },
  }
  const fee = sufficientFee(genesis.parameters, body)
  return signTransaction(genesisHash(genesis), { ...body, fee }, signer)
}

function withAccounts(base: GenesisJson): GenesisJson {
  const rich = wallets.map(({ publicKey }) => ({
    address: formatAddress(addressOf(publicKey)),
    balance: '10000000000',
  }))
  return { ...base, accounts: [...base.accounts, ...rich] }
}
