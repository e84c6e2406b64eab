/**
 * `/api/v1/chain`: the chain's lists by cursor and filter. They stand beside `/api/explorer` and `/rpc`,
 * whose shapes are the original's: one answer cannot have both spellings of an amount and of a time.
 */
import { Hono } from 'hono'
import {
  blockListQuery,
  type ListAnswer,
  receiptListQuery,
  transactionListQuery,
} from '../../core/api/chain-lists.ts'
import {
  type Cursor,
  formatCursor,
  type ListName,
  type Place,
  parseCursor,
} from '../../core/api/list-cursor.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { outcomeCodes } from '../../core/chain/outcome.ts'
import { chainLists, type ListRange } from '../../d1/chain-lists.ts'
import { chainNodeOf, forwardToUpstream } from '../chain-client.ts'
import { freshBlocks, freshTransactions, type ListPage, readListPage } from '../chain-pages.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import {
  blockOfRow,
  blockOfSummary,
  isBlockWanted,
  isTransactionWanted,
  receiptOfRow,
  transactionOfRow,
  transactionOfView,
} from './chain-list-items.ts'
import { readQuery } from './request.ts'
import { genesisTimeMs } from './rpc-blocks.ts'
import { fromDatabase } from './rpc-input.ts'
import { rangeOf } from './slot-range.ts'

/** Mounted at `/api/chain` and `/api/v1/chain`. */
export const chainListRoutes = new Hono<AppEnv>()
  .use('*', async (c, next) => {
    const { chainUpstream } = c.get('config')
    if (chainUpstream === undefined) return next()
    return forwardToUpstream(c.req.raw, chainUpstream)
  })
  .get('/blocks', (c) => blocks(c))
  .get('/transactions', (c) => transactions(c))
  .get('/receipts', (c) => receipts(c))

async function blocks(c: AppContext): Promise<Response> {
  const {
    limit,
    cursor,
    proposer,
    with_transactions: withTransactions,
    ...bounds
  } = readQuery(c, blockListQuery)
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
        const { indexedHeight, rows } = await (isPlain
          ? asked.catch(() => ({ indexedHeight: -1, rows: [] }))
          : fromDatabase(asked))
        return { indexedHeight, rows: rows.map((row) => blockOfRow(row, timeMs)) }
      },
      fresh: (ask) =>
        freshBlocks(chainNodeOf(c.env), ask, (block) =>
          isBlockWanted(block, range, filter) ? blockOfSummary(block, timeMs) : undefined,
        ),
      placeOf: ({ height }) => [height],
    },
    { cursor: cursorOf('blocks', cursor), range, limit },
  )
  return answer(c, 'blocks', page)
}

async function transactions(c: AppContext): Promise<Response> {
  const { limit, cursor, outcome, kind, sender, recipient, address, ...bounds } = readQuery(
    c,
    transactionListQuery,
  )
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
        const { indexedHeight, rows } = await fromDatabase(lists.transactions(ask, filter))
        return { indexedHeight, rows: rows.map((row) => transactionOfRow(row, timeMs)) }
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
  return answer(c, 'transactions', page)
}

/** Receipts are listed once their payment is final and in the read model. */
async function receipts(c: AppContext): Promise<Response> {
  const { limit, cursor, miner, client, job, ...bounds } = readQuery(c, receiptListQuery)
  const timeMs = genesisTimeMs(c)
  const lists = chainLists(c.env.DB)
  const page = await readListPage(
    {
      stored: async (ask) => {
        const asked = lists.receipts(ask, { miner, client, job })
        const { indexedHeight, rows } = await fromDatabase(asked)
        return { indexedHeight, rows: rows.map((row) => receiptOfRow(row, timeMs)) }
      },
      placeOf: ({ height, position, item }) => [height, position, item],
    },
    { cursor: cursorOf('receipts', cursor), range: rangeOf(bounds, timeMs), limit },
  )
  return answer(c, 'receipts', page)
}

function answer<T>(c: AppContext, list: ListName, page: ListPage<T>): Response {
  const cursorAt = (direction: Cursor['direction'], place: Place | undefined) =>
    place === undefined ? null : formatCursor(list, { direction, place })
  const body: ListAnswer<T> = {
    items: page.items,
    next_cursor: cursorAt('older', page.next),
    previous_cursor: cursorAt('newer', page.previous),
    as_of: { height: page.height, time: formatTime(c.get('now')) },
    source: page.source,
  }
  return c.json(body)
}

function cursorOf(list: ListName, text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined
  const cursor = parseCursor(list, text)
  if (!cursor.ok) {
    const details = [{ field: 'query.cursor', message: 'not of this list', code: 'invalid' }]
    throw new ApiFailure({ ...cursor.error, details })
  }
  return cursor.value
}

const hasSlots = ({ slotMin, slotMax }: ListRange): boolean =>
  slotMin !== undefined || slotMax !== undefined
