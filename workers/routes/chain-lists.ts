/**
 * `/api/v1/chain`: the chain's lists by cursor and filter. They stand beside `/api/explorer` and `/rpc`,
 * whose shapes are the original's: one answer cannot have both spellings of an amount and of a time.
 */
import { Hono } from 'hono'
import { outcomeCodes } from '../../core/chain/outcome.ts'
import { chainLists, type ListRange } from '../../d1/chain-lists.ts'
import { chainNodeOf } from '../chain-client.ts'
import { freshBlocks, freshTransactions, readListPage } from '../chain-pages.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { minerDays, miners, stats } from './chain-figures.ts'
import { cursorOf, listAnswer } from './chain-list-answer.ts'
import {
  blockOfRow,
  blockOfSummary,
  isBlockWanted,
  isTransactionWanted,
  postingOfRow,
  receiptOfRow,
  transactionOfRow,
  transactionOfView,
} from './chain-list-items.ts'
import { search } from './chain-search.ts'
import { followed } from './follow.ts'
import { type Asked, mount } from './mount.ts'
import { genesisTimeMs } from './rpc-blocks.ts'
import { fromDatabase } from './rpc-input.ts'
import { rangeOf } from './slot-range.ts'

/** Mounted at `/api/chain` and `/api/v1/chain`. */
export const chainListRoutes = mount(new Hono<AppEnv>().use('*', followed), {
  pageBlocks: blocks,
  pageTransactions: transactions,
  pageReceipts: receipts,
  pageLedger: ledger,
  pageMiners: miners,
  readMinerDays: minerDays,
  readStats: stats,
  searchChain: search,
})

async function blocks(c: AppContext, asked: Asked<'pageBlocks'>): Promise<Response> {
  const { limit, cursor, proposer, with_transactions: withTransactions, ...bounds } = asked.query(c)
  const timeMs = genesisTimeMs(c)
  const range = rangeOf(bounds, timeMs)
  const filter = { proposer, withTransactions }
  const isPlain = proposer === undefined && !withTransactions && !hasSlots(range)
  const lists = chainLists(c.env.DB)
  const page = await readListPage(
    {
      stored: async (ask) => {
        const asked = lists.blocks(ask, filter)
        // Without filters the chain object can do alone: the database is not missed.
        const { rows, ...span } = await (isPlain
          ? asked.catch(() => ({ indexedFrom: 0, indexedHeight: -1, rows: [] }))
          : fromDatabase(asked))
        return { ...span, rows: rows.map((row) => blockOfRow(row, timeMs)) }
      },
      fresh: (ask) =>
        freshBlocks(chainNodeOf(c.env), ask, (block) =>
          isBlockWanted(block, range, filter) ? blockOfSummary(block, timeMs) : undefined,
        ),
      placeOf: ({ height }) => [height],
    },
    { cursor: cursorOf('blocks', cursor), range, limit },
  )
  return listAnswer(c, 'blocks', page)
}

async function transactions(c: AppContext, asked: Asked<'pageTransactions'>): Promise<Response> {
  const { limit, cursor, outcome, kind, sender, recipient, address, ...bounds } = asked.query(c)
  const timeMs = genesisTimeMs(c)
  const range = rangeOf(bounds, timeMs)
  const code = outcome === undefined || outcome === 'failed' ? outcome : outcomeCodes[outcome]
  const filter = { kind, sender, recipient, address, outcome: code }
  const isFiltered = [kind, sender, recipient, address, outcome].some(
    (value) => value !== undefined,
  )
  const lists = chainLists(c.env.DB)
  const page = await readListPage(
    {
      stored: async (ask) => {
        const { rows, ...span } = await fromDatabase(lists.transactions(ask, filter))
        return { ...span, rows: rows.map((row) => transactionOfRow(row, timeMs)) }
      },
      fresh: (ask) =>
        freshTransactions(
          chainNodeOf(c.env),
          { ...ask, isFiltered: isFiltered || hasSlots(range) },
          (view) =>
            isTransactionWanted(view, range, filter) ? transactionOfView(view, timeMs) : undefined,
        ),
      placeOf: ({ height, position }) => [height, position],
    },
    { cursor: cursorOf('transactions', cursor), range, limit },
  )
  return listAnswer(c, 'transactions', page)
}

/** Receipts are listed once their payment is final and in the read model. */
async function receipts(c: AppContext, asked: Asked<'pageReceipts'>): Promise<Response> {
  const { limit, cursor, miner, client, job, ...bounds } = asked.query(c)
  const timeMs = genesisTimeMs(c)
  const lists = chainLists(c.env.DB)
  const page = await readListPage(
    {
      stored: async (ask) => {
        const asked = lists.receipts(ask, { miner, client, job })
        const { rows, ...span } = await fromDatabase(asked)
        return { ...span, rows: rows.map((row) => receiptOfRow(row, timeMs)) }
      },
      placeOf: ({ height, position, item }) => [height, position, item],
    },
    { cursor: cursorOf('receipts', cursor), range: rangeOf(bounds, timeMs), limit },
  )
  return listAnswer(c, 'receipts', page)
}

/** Postings are listed once their block is final and in the read model. */
async function ledger(c: AppContext, asked: Asked<'pageLedger'>): Promise<Response> {
  const { limit, cursor, account, transaction, ...bounds } = asked.query(c)
  const timeMs = genesisTimeMs(c)
  const lists = chainLists(c.env.DB)
  const page = await readListPage(
    {
      stored: async (ask) => {
        const { rows, ...span } = await fromDatabase(lists.ledger(ask, { account, transaction }))
        return { ...span, rows: rows.map((row) => postingOfRow(row, timeMs)) }
      },
      placeOf: ({ height, position, item }) => [height, position, item],
    },
    { cursor: cursorOf('ledger', cursor), range: rangeOf(bounds, timeMs), limit },
  )
  return listAnswer(c, 'ledger', page)
}

const hasSlots = ({ slotMin, slotMax }: ListRange): boolean =>
  slotMin !== undefined || slotMax !== undefined
