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

/** What an address was paid on one day, by why; with `reason` null the count of its paid jobs. */
export type MinerDayRow = {
  /** Days since 1970, UTC. */
  readonly day: number
  readonly reason: string | null
  readonly amount: number
}

/** Days of an address, and what the books behind them span. */
export type MinerDayRows = {
  readonly rows: readonly MinerDayRow[]
  readonly ledgerFrom: number | null
  readonly height: number
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
    /** What an address was paid since a slot, by day of UTC. */
    minerDays: async (ask: {
      readonly address: string
      readonly fromSlot: number
      readonly genesisMs: number
      readonly slotMs: number
    }): Promise<MinerDayRows> => {
      const { address, fromSlot, genesisMs, slotMs } = ask
      const [meta, paid, jobs] = await db.batch<Record<string, unknown>>([
        db.prepare('SELECT ledger_from, indexed_height FROM chain_meta WHERE id = 1'),
        db.prepare(selectMinerDays).bind(slotMs, genesisMs, `account:${address}`, fromSlot),
        db.prepare(selectMinerJobs).bind(slotMs, genesisMs, address, fromSlot),
      ])
      const span = meta?.results[0]
      return {
        rows: [...(paid?.results ?? []), ...(jobs?.results ?? [])] as MinerDayRow[],
        ledgerFrom: (span?.['ledger_from'] ?? null) as number | null,
        height: Number(span?.['indexed_height'] ?? -1),
      }
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

const dayOfSlot = 'CAST((slot * ?1 + ?2) / 86400000 AS INTEGER) AS day'
/** Slots rise with heights: the postings and settlements of a span are a range of their indexes. */
const sinceSlot =
  'height >= coalesce((SELECT height FROM chain_blocks WHERE slot >= ?4 ORDER BY slot LIMIT 1), 9e15)'

/** What came back from a booking of one's own is no pay: its money had come from the same address. */
const isOwnBooking = `EXISTS (
  SELECT 1 FROM chain_ledger AS held
  JOIN chain_ledger AS opened ON opened.account = held.account AND opened.amount > 0
  JOIN chain_ledger AS payer ON payer.height = opened.height AND payer.position = opened.position
  WHERE held.height = paid.height AND held.position = paid.position AND held.amount < 0
    AND held.account LIKE 'booking:%' AND payer.account = ?3 AND payer.reason = 'booking'
    AND payer.amount < 0)`

/** Pay of an address by day and reason. */
export const selectMinerDays =
  `SELECT ${dayOfSlot}, reason, sum(amount) AS amount FROM chain_ledger AS paid ` +
  `WHERE account = ?3 AND ${sinceSlot} AND amount > 0 ` +
  `AND (reason IN ('payment', 'reward') OR (reason = 'booking' AND NOT ${isOwnBooking})) ` +
  'GROUP BY day, reason'

/** Paid jobs of an address by day. */
export const selectMinerJobs =
  `SELECT ${dayOfSlot}, NULL AS reason, count(*) AS amount FROM chain_settlements ` +
  `WHERE miner = ?3 AND ${sinceSlot} GROUP BY day`

const selectTotals =
  'SELECT m.indexed_from AS indexedFrom, m.indexed_height AS indexedHeight, b.slot AS indexedSlot, m.transactions, ' +
  'm.settlements, m.accounts FROM chain_meta AS m ' +
  'JOIN chain_blocks AS b ON b.height = m.indexed_height WHERE m.id = 1'
