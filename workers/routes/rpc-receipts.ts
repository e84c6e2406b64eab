/**
 * `/rpc`: receipts, as far as the chain knows them: the hash that a settlement anchored, and what was
 * paid. Prompt, answer and the miner's signature are for the parties only.
 */
import { Hono } from 'hono'
import { slotTimeMs } from '../../core/api/rpc-views.ts'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { formatLegacyTime } from '../../core/base/time.ts'
import { chainQueries } from '../../d1/chain-queries.ts'
import type { SettlementRow } from '../../d1/chain-schema.ts'
import type { AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { mount } from './mount.ts'
import { genesisTimeMs } from './rpc-blocks.ts'
import { fromDatabase, originalReaders } from './rpc-input.ts'

const search = mount(new Hono<AppEnv>(), {
  searchTransactions: async (c, asked) => {
    const { receipt_id: id = '' } = asked.query(c)
    const hash = fromHex(id, 32)
    const query = hash.ok && chainQueries(c.env.DB).settlementOf(toHex(hash.value))
    const row = query ? await fromDatabase(query) : undefined
    return c.json({ transactions: row ? [foundToJson(row)] : [] })
  },
})

export const rpcReceiptRoutes = mount(
  search,
  {
    getReceipt: async (c, asked) => {
      // Text that is no hash names no receipt, as in the original.
      const hash = fromHex(asked.texts(c).id, 32)
      const query = hash.ok && chainQueries(c.env.DB).settlementOf(toHex(hash.value))
      const row = query ? await fromDatabase(query) : undefined
      if (!row) throw new ApiFailure({ code: 'NOT_FOUND', message: 'receipt not found' })
      return c.json(receiptToJson(row, genesisTimeMs(c)))
    },
    listReceipts: async (c, asked) => {
      const page = asked.query(c)
      const { rows, total } = await fromDatabase(chainQueries(c.env.DB).settlements(page))
      const receipts = rows.map((row) => receiptToJson(row, genesisTimeMs(c)))
      return c.json({ receipts, total, ...page })
    },
  },
  originalReaders,
)

/** A payment as the original's search names it. */
const foundToJson = (row: SettlementRow) => ({
  tx_hash: `0x${row.transactionHash}`,
  block_height: row.height,
  sender: row.owner,
  recipient: row.miner,
  amount: String(row.amount),
  payload: { receipt_id: `0x${row.receiptHash}` },
})

/**
 * A settled receipt in the original's shape. `receipt_id` is the hash of the canonical receipt and
 * `job_id` that of what was asked: the names under which the chain knows them.
 */
export function receiptToJson(row: SettlementRow, genesisMs: number) {
  const timeMs = slotTimeMs(genesisMs, row.slot)
  return {
    receipt_id: `0x${row.receiptHash}`,
    job_id: `0x${row.jobHash}`,
    payload: {
      tx_hash: `0x${row.transactionHash}`,
      block_height: row.height,
      item: row.item,
      escrow: `0x${row.escrow}`,
      number: row.number,
      authorisation: `0x${row.authorisation}`,
      client: row.owner,
      coordinator: row.coordinator,
      miner: row.miner,
      amount: row.amount,
      miner_amount: row.minerAmount,
      coordinator_amount: row.coordinatorAmount,
    },
    miner_signature: null,
    coordinator_attestations: [
      { coordinator: row.coordinator, signature: row.releaseSignature, alg: 'Ed25519' },
    ],
    minted_amount: null,
    recorded_at: formatLegacyTime(timeMs),
    timestamp_ms: timeMs,
  }
}
