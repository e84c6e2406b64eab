/** `/api/explorer`: the original's four lists, of what really is on the chain. */
import { Hono } from 'hono'
import { rpcQueries } from '../../core/api/rpc-queries.ts'
import type { TransactionJson } from '../../core/api/rpc-transactions.ts'
import { slotTimeMs } from '../../core/api/rpc-views.ts'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { formatLegacyTime } from '../../core/base/time.ts'
import { chainQueries } from '../../d1/chain-queries.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { followed } from './follow.ts'
import { genesisTimeMs, readBlocks } from './rpc-blocks.ts'
import { fromDatabase, readListQuery } from './rpc-input.ts'
import { receiptToJson } from './rpc-receipts.ts'
import { listTransactions } from './rpc-transactions.ts'

/** Newest transactions named with an address. */
const recentMax = 5

/** Mounted at `/api/explorer` and `/api/v1/explorer`. */
export const explorerRoutes = new Hono<AppEnv>()
  .use('*', followed)
  .get('/blocks', (c) => blocks(c))
  .get('/transactions', (c) => transactions(c))
  .get('/addresses', (c) => addresses(c))
  .get('/receipts', (c) => receipts(c))

async function blocks(c: AppContext): Promise<Response> {
  const page = readListQuery(c, rpcQueries.explorerBlocks)
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

async function transactions(c: AppContext): Promise<Response> {
  const page = readListQuery(c, rpcQueries.explorerList)
  const found = await listTransactions(c, page)
  const items = found.transactions.map((transaction) => ({
    hash: transaction.tx_hash,
    block: transaction.block_height,
    from: transaction.sender,
    to: transaction.recipient === '' ? null : transaction.recipient,
    value: String(transaction.payload.payload.amount ?? '0'),
    status: label(transaction),
    kind: transaction.payload.type,
    timestamp: transaction.created_at,
  }))
  return c.json({ items, next_offset: nextOffset(page, items.length) })
}

async function addresses(c: AppContext): Promise<Response> {
  const page = readListQuery(c, rpcQueries.explorerList)
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

async function receipts(c: AppContext): Promise<Response> {
  const { job_id: asked, ...page } = readListQuery(c, rpcQueries.explorerReceipts)
  const queries = chainQueries(c.env.DB)
  const job = asked === undefined ? undefined : fromHex(asked, 32)
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
  return c.json({ jobId: asked ?? 'all', items, next_offset: nextOffset(page, items.length) })
}

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
