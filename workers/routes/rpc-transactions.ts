/** `/rpc`: transactions and the mempool. */
import { Hono } from 'hono'
import type { TransactionView } from '../../core/api/chain-service.ts'
import {
  outcomeName,
  pooledToJson,
  type SubmittedJson,
  type TransactionJson,
  transactionDetailToJson,
  transactionToJson,
} from '../../core/api/rpc-transactions.ts'
import { slotTimeMs } from '../../core/api/rpc-views.ts'
import { fromHex } from '../../core/base/bytes.ts'
import { formatLegacyTime } from '../../core/base/time.ts'
import { parseAddress } from '../../core/crypto/address.ts'
import { chainQueries } from '../../d1/chain-queries.ts'
import type { TransactionRow } from '../../d1/chain-schema.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { mount } from './mount.ts'
import { genesisTimeMs } from './rpc-blocks.ts'
import { fromDatabase, originalReaders } from './rpc-input.ts'

export const rpcTransactionRoutes = mount(
  new Hono<AppEnv>(),
  {
    getTransaction: (c, asked) => transaction(c, asked.texts(c).hash),
    listTransactions: async (c, asked) => {
      const page = asked.query(c)
      const { transactions, total } = await listTransactions(c, page)
      return c.json({ transactions, total, ...page })
    },
    listMempool: async (c, asked) => {
      const { limit, sender } = asked.query(c)
      const node = chainNodeOf(c.env)
      if (sender === undefined) return c.json((await node.pool(limit)).map(pooledToJson))
      const address = parseAddress(sender)
      if (!address.ok) throw new ApiFailure(address.error)
      return c.json((await node.waiting(address.value)).slice(0, limit).map(pooledToJson))
    },
  },
  originalReaders,
)

async function transaction(c: AppContext, hash: string): Promise<Response> {
  const found = await findTransaction(c, hash)
  if (!found) throw new ApiFailure({ code: 'NOT_FOUND', message: 'transaction not found' })
  return c.json(transactionDetailToJson(found, genesisTimeMs(c)))
}

/** Text that is no hash names no transaction, as in the original. */
export async function findTransaction(
  c: AppContext,
  text: string,
): Promise<TransactionView | undefined> {
  const hash = fromHex(text, 32)
  return hash.ok ? chainNodeOf(c.env).transaction(hash.value) : undefined
}

/** Newest first: what the read model does not have yet, then the read model. */
export async function listTransactions(
  c: AppContext,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ transactions: TransactionJson[]; total: number }> {
  const queries = chainQueries(c.env.DB)
  const meta = await fromDatabase(queries.meta())
  const above = meta?.indexedHeight ?? -1
  const newest = await chainNodeOf(c.env).recent({ above })
  const timeMs = genesisTimeMs(c)
  const fresh = newest
    .slice(page.offset, page.offset + page.limit)
    .map((view) => transactionToJson(view, timeMs))
  const rows = await fromDatabase(
    queries.transactions({
      limit: page.limit - fresh.length,
      offset: Math.max(0, page.offset - newest.length),
      heightMax: above,
    }),
  )
  const old = rows.map((row) => transactionOfRow(row, timeMs))
  return { transactions: [...fresh, ...old], total: newest.length + (meta?.transactions ?? 0) }
}

/** A finalized transaction out of the read model. */
export function transactionOfRow(row: TransactionRow, genesisTimeMs: number): TransactionJson {
  const timeMs = slotTimeMs(genesisTimeMs, row.slot)
  return {
    tx_hash: `0x${row.hash}`,
    block_height: row.height,
    sender: row.sender,
    recipient: row.recipient ?? '',
    payload: JSON.parse(row.payload) as SubmittedJson,
    created_at: formatLegacyTime(timeMs),
    status: 'final',
    index: row.position,
    slot: row.slot,
    timestamp_ms: timeMs,
    fee_charged: String(row.fee),
    outcome: outcomeName(row.code),
  }
}
