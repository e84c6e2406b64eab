/** Reading the figures of the read model (`chain-figures.ts`): a page costs what it shows. */
import type { MinerSort } from '../core/api/chain-figures.ts'
import type { Bucket, MinerRow, StatRow } from './chain-figures.ts'
import { type Fragment, type PageAsk, type PageRows, selectSpan, spanOf } from './chain-lists.ts'

/** Figures by time, and what the whole read model holds at that very moment. */
export type StatRows = {
  readonly rows: readonly Omit<StatRow, 'bucket'>[]
  readonly totals:
    | {
        readonly indexedFrom: number
        readonly indexedHeight: number
        readonly indexedSlot: number
        readonly transactions: number
        readonly settlements: number
        readonly accounts: number
      }
    | undefined
}

/** The figures over one database. */
export function chainFigures(db: D1Database) {
  return {
    /** Miners below or above a place: the figure that the list is ordered by, and the miner's id. */
    miners: async (
      ask: PageAsk,
      filter: { readonly sort: MinerSort; readonly address: string | undefined },
    ): Promise<PageRows<MinerRow>> => {
      const { text, values } = minerQuery(ask, filter)
      const [meta, found] = await db.batch<Record<string, unknown>>([
        db.prepare(selectSpan),
        db.prepare(text).bind(...values),
      ])
      return { ...spanOf(meta), rows: (found?.results ?? []) as MinerRow[] }
    },
    /** Buckets that begin in this span, `fromMs` included, `toMs` not; oldest first. */
    stats: async (span: {
      readonly bucket: Bucket
      readonly fromMs: number
      readonly toMs: number
    }): Promise<StatRows> => {
      const [totals, found] = await db.batch<Record<string, unknown>>([
        db.prepare(selectTotals),
        db.prepare(selectStats).bind(span.bucket, span.fromMs, span.toMs),
      ])
      return {
        rows: (found?.results ?? []) as unknown as StatRows['rows'],
        totals: totals?.results[0] as unknown as StatRows['totals'],
      }
    },
  }
}

/** Columns that the list of miners is ordered by. */
export const sortColumns = {
  earned: 'earned',
  jobs: 'jobs',
  last_paid: 'last_height',
} as const satisfies Record<MinerSort, string>

/** Miners of a page. */
export function minerQuery(
  { direction, place, limit }: PageAsk,
  { sort, address }: { readonly sort: MinerSort; readonly address: string | undefined },
): Fragment {
  const column = sortColumns[sort]
  const [order, beyond] = direction === 'older' ? ['DESC', '<'] : ['ASC', '>']
  const conditions = [
    ...(address === undefined ? [] : ['address = ?']),
    ...(place === undefined ? [] : [`(${column}, id) ${beyond} (?, ?)`]),
  ]
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  return {
    text:
      'SELECT id, address, jobs, earned, clients, first_slot AS firstSlot, last_slot AS lastSlot, ' +
      `last_height AS lastHeight FROM chain_miners${where} ` +
      `ORDER BY ${column} ${order}, id ${order} LIMIT ?`,
    values: [...(address === undefined ? [] : [address]), ...(place ?? []), limit],
  }
}

/** Figures by time. */
export const selectStats =
  'SELECT start, blocks, transactions, fees, jobs, paid, miners, clients FROM chain_stats ' +
  'WHERE bucket = ? AND start >= ? AND start < ? ORDER BY start'

const selectTotals =
  'SELECT m.indexed_from AS indexedFrom, m.indexed_height AS indexedHeight, b.slot AS indexedSlot, m.transactions, ' +
  'm.settlements, m.accounts FROM chain_meta AS m ' +
  'JOIN chain_blocks AS b ON b.height = m.indexed_height WHERE m.id = 1'
