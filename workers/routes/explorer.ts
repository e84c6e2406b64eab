/** `/api/explorer`: the original's four lists, of what really is on the chain, and one of what they list. */
import { Hono } from 'hono'
import { type TransactionJson, transactionToJson } from '../../core/api/rpc-transactions.ts'
import { slotTimeMs } from '../../core/api/rpc-views.ts'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { formatLegacyTime } from '../../core/base/time.ts'
import { chainQueries } from '../../d1/chain-queries.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { followed } from './follow.ts'
import { type Asked, mount } from './mount.ts'
import { findBlock, genesisTimeMs, readBlocks } from './rpc-blocks.ts'
import { fromDatabase, originalReaders, readLookup } from './rpc-input.ts'
import { receiptToJson } from './rpc-receipts.ts'
import { findTransaction, listTransactions } from './rpc-transactions.ts'

/** Newest transactions named with an address. */
const recentMax = 5

/** Mounted at `/api/explorer` and `/api/v1/explorer`. */
export const explorerRoutes = mount(
  new Hono<AppEnv>().use('*', followed),
  {
    explorerBlocks: blocks,
    explorerTransactions: transactions,
    explorerAddresses: addresses,
    explorerReceipts: receipts,
    explorerBlock: (c, asked) => oneBlock(c, asked.texts(c).at),
    explorerTransaction: (c, asked) => oneTransaction(c, asked.texts(c).hash),
    explorerAddress: (c, asked) => oneAddress(c, asked.texts(c).address),
  },
  originalReaders,
)

async function blocks(c: AppContext, asked: Asked<'explorerBlocks'>): Promise<Response> {
  const page = asked.query(c)
  const { height } = await chainNodeOf(c.env).head()
  const to = height - page.offset
  const from = Math.max(0, to - page.limit + 1)
  const found = to < 0 ? [] : await readBlocks(c, { from, to })
  const items = found.reverse().map((block) => ({
    height: block.height,
    hash: block.hash,
    timestamp: block.timestamp,
    txCount: block.tx_count,
    proposer: block.proposer,
    final: block.final,
  }))
  return c.json({ items, next_offset: nextOffset(page, items.length) })
}

async function transactions(
  c: AppContext,
  asked: Asked<'explorerTransactions'>,
): Promise<Response> {
  const page = asked.query(c)
  const found = await listTransactions(c, page)
  const items = found.transactions.map(transactionItem)
  return c.json({ items, next_offset: nextOffset(page, items.length) })
}

async function addresses(c: AppContext, asked: Asked<'explorerAddresses'>): Promise<Response> {
  const page = asked.query(c)
  const queries = chainQueries(c.env.DB)
  const { rows } = await fromDatabase(queries.accounts({ ...page, balanceMin: 0 }))
  const recent = await fromDatabase(
    queries.recentOf(
      rows.map((row) => row.address),
      recentMax,
    ),
  )
  const items = rows.map((row) => ({
    address: row.address,
    balance: inCoins(row.balance),
    txCount: row.sent + row.received,
    lastActive: formatLegacyTime(slotTimeMs(genesisTimeMs(c), row.lastSlot)),
    recentTransactions: (recent.get(row.address) ?? []).map((hash) => `0x${hash}`),
  }))
  return c.json({ items, next_offset: nextOffset(page, items.length) })
}

async function receipts(c: AppContext, asked: Asked<'explorerReceipts'>): Promise<Response> {
  const { job_id: jobId, ...page } = asked.query(c)
  const queries = chainQueries(c.env.DB)
  const job = jobId === undefined ? undefined : fromHex(jobId, 32)
  const rows =
    job === undefined
      ? (await fromDatabase(queries.settlements(page))).rows
      : job.ok
        ? await fromDatabase(queries.settlementsOfJob(toHex(job.value), page))
        : []
  const items = rows.map((row) => {
    const receipt = receiptToJson(row, genesisTimeMs(c))
    return {
      receiptId: receipt.receipt_id,
      jobId: receipt.job_id,
      miner: row.miner,
      coordinator: row.coordinator,
      issuedAt: receipt.recorded_at,
      status: 'Succeeded',
      payload: receipt.payload,
    }
  })
  return c.json({ jobId: jobId ?? 'all', items, next_offset: nextOffset(page, items.length) })
}

async function oneBlock(c: AppContext, text: string): Promise<Response> {
  const block = await findBlock(c, text)
  return c.json({
    height: block.height,
    hash: block.hash,
    timestamp: block.timestamp,
    txCount: block.tx_count,
    proposer: block.proposer,
    final: block.final,
    parentHash: block.parent_hash,
    transactions: block.transactions,
  })
}

async function oneTransaction(c: AppContext, text: string): Promise<Response> {
  const found = await findTransaction(c, text)
  if (!found) throw new ApiFailure({ code: 'NOT_FOUND', message: 'transaction not found' })
  const transaction = transactionToJson(found, genesisTimeMs(c))
  return c.json({
    ...transactionItem(transaction),
    fee: transaction.fee_charged,
    final: transaction.status === 'final',
  })
}

/** The balance is the chain's own; when it was last active, the read model knows. */
async function oneAddress(c: AppContext, text: string): Promise<Response> {
  const lookup = readLookup(text)
  const empty = { txCount: 0, lastActive: null, recentTransactions: [] }
  if (lookup.kind === 'legacy') {
    return c.json({ address: lookup.text, balance: inCoins(0), nonce: 0, ...empty })
  }
  const queries = chainQueries(c.env.DB)
  const [account, row, recent] = await Promise.all([
    chainNodeOf(c.env).account(lookup.address),
    fromDatabase(queries.account(lookup.text)),
    fromDatabase(queries.recentOf([lookup.text], recentMax)),
  ])
  const hashes = (recent.get(lookup.text) ?? []).map((hash) => `0x${hash}`)
  return c.json({
    address: lookup.text,
    balance: inCoins(Number(account.balance)),
    nonce: Number(account.nonce),
    ...(row === undefined
      ? empty
      : {
          txCount: row.sent + row.received,
          lastActive: formatLegacyTime(slotTimeMs(genesisTimeMs(c), row.lastSlot)),
          recentTransactions: hashes,
        }),
  })
}

const transactionItem = (transaction: TransactionJson) => ({
  hash: transaction.tx_hash,
  block: transaction.block_height,
  from: transaction.sender,
  to: transaction.recipient === '' ? null : transaction.recipient,
  value: String(transaction.payload.payload['amount'] ?? '0'),
  status: label(transaction),
  kind: transaction.payload.type,
  timestamp: transaction.created_at,
})

/** The original's labels for what a transaction came to. */
function label(transaction: TransactionJson): string {
  if (transaction.status === 'pending') return 'Queued'
  return transaction.outcome === 'applied' ? 'Succeeded' : 'Failed'
}

/** Base units as AITBC with the six decimals of the original, the rest cut off. */
function inCoins(units: number): string {
  const millionths = Math.floor(units / 100)
  return `${Math.floor(millionths / 1_000_000)}.${String(millionths % 1_000_000).padStart(6, '0')}`
}

const nextOffset = (page: { limit: number; offset: number }, count: number): number | null =>
  count === page.limit ? page.offset + count : null
