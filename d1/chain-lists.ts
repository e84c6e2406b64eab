/**
 * Pages of the chain's lists out of the read model, by place and never by offset: a page costs what it
 * shows, however deep in the list it lies. Each answer comes with the height up to which the read model
 * was filled at that very moment, so that newer rows can be added from the chain object without a gap.
 */

import type { Place } from '../core/api/list-cursor.ts'
import {
  type AnnouncementRow,
  announcementColumns,
  type LedgerRow,
  ledgerColumns,
} from './chain-books.ts'
import {
  blockColumns,
  type Columns,
  settlementColumns,
  transactionColumns,
} from './chain-columns.ts'
import type { BlockRow, SettlementRow, TransactionRow } from './chain-schema.ts'

/** Bounds of heights and slots, both ends included. */
export type ListRange = {
  readonly heightMin?: number | undefined
  readonly heightMax?: number | undefined
  readonly slotMin?: number | undefined
  readonly slotMax?: number | undefined
}

/** One page: `older` than the place, the newest first, or `newer` than it, the oldest first. */
export type PageAsk = {
  readonly direction: 'older' | 'newer'
  /** Undefined: from the newest row on. */
  readonly place: Place | undefined
  readonly range: ListRange
  readonly limit: number
}

export type BlockFilter = {
  readonly proposer?: string | undefined
  readonly withTransactions?: boolean | undefined
}

export type TransactionFilter = {
  readonly kind?: string | undefined
  readonly sender?: string | undefined
  readonly recipient?: string | undefined
  /** Sender, recipient, or miner that a settlement paid. */
  readonly address?: string | undefined
  /** An outcome code, or any but 0. */
  readonly outcome?: number | 'failed' | undefined
}

export type LedgerFilter = {
  /** Name of an account of the books. */
  readonly account?: string | undefined
  /** Plain hex. */
  readonly transaction?: string | undefined
}

export type AnnouncementFilter = { readonly topic?: number | undefined }

export type ReceiptFilter = {
  readonly miner?: string | undefined
  readonly client?: string | undefined
  readonly job?: string | undefined
}

/**
 * Rows in the order asked for. `indexedHeight` is -1 while the read model is empty; `indexedFrom` is the
 * height of its first block.
 */
export type PageRows<T> = {
  readonly indexedFrom: number
  readonly indexedHeight: number
  readonly rows: readonly T[]
}

/** Asks how far the read model goes. */
export const selectSpan =
  'SELECT indexed_from AS indexedFrom, indexed_height AS indexedHeight FROM chain_meta WHERE id = 1'

/** The same of the books: above all that is indexed while they have not begun. */
const selectLedgerSpan =
  'SELECT coalesce(ledger_from, indexed_height + 1) AS indexedFrom, indexed_height AS indexedHeight ' +
  'FROM chain_meta WHERE id = 1'

/** The answer to that. */
export function spanOf(
  result: D1Result<Record<string, unknown>> | undefined,
): Pick<PageRows<never>, 'indexedFrom' | 'indexedHeight'> {
  const row = result?.results[0]
  return row
    ? { indexedFrom: Number(row['indexedFrom']), indexedHeight: Number(row['indexedHeight']) }
    : { indexedFrom: 0, indexedHeight: -1 }
}

export type ChainLists = ReturnType<typeof chainLists>

/** The lists over one database. */
export function chainLists(db: D1Database) {
  const page = async <T>(
    { text, values }: Fragment,
    span: string = selectSpan,
  ): Promise<PageRows<T>> => {
    const [meta, found] = await db.batch<Record<string, unknown>>([
      db.prepare(span),
      db.prepare(text).bind(...values),
    ])
    return { ...spanOf(meta), rows: (found?.results ?? []) as T[] }
  }
  return {
    blocks: (ask: PageAsk, filter: BlockFilter) => page<BlockRow>(blockQuery(ask, filter)),
    transactions: (ask: PageAsk, filter: TransactionFilter) =>
      page<TransactionRow>(transactionQuery(ask, filter)),
    receipts: (ask: PageAsk, filter: ReceiptFilter) =>
      page<SettlementRow>(receiptQuery(ask, filter)),
    /** Postings; the list begins where the books do. */
    ledger: (ask: PageAsk, filter: LedgerFilter) =>
      page<LedgerRow>(ledgerQuery(ask, filter), selectLedgerSpan),
    announcements: (ask: PageAsk, filter: AnnouncementFilter) =>
      page<AnnouncementRow>(announcementQuery(ask, filter)),
  }
}

/** SQL with the values of its parameters, in order. */
export type Fragment = { readonly text: string; readonly values: readonly (string | number)[] }

/** Blocks of a page. */
export function blockQuery(ask: PageAsk, filter: BlockFilter): Fragment {
  const { proposer, withTransactions } = filter
  return select(ask, {
    columns: blockColumns,
    // The planner would rather walk all blocks: it does not know how few hold anything.
    from: withTransactions ? 'chain_blocks INDEXED BY chain_blocks_filled' : 'chain_blocks',
    keys: ['height'],
    conditions: [
      ...equal('proposer', proposer),
      ...(withTransactions ? [literal('transaction_count > 0')] : []),
    ],
  })
}

/** Transactions of a page. */
export function transactionQuery(ask: PageAsk, filter: TransactionFilter): Fragment {
  const { kind, sender, recipient, address, outcome } = filter
  if (address !== undefined) return ofAddress(address, ask, filter)
  const hasIndex = [kind, sender, recipient].some((value) => value !== undefined)
  const isRare = isFailure(outcome) && !hasIndex
  return select(ask, {
    columns: transactionColumns,
    from: isRare ? 'chain_transactions INDEXED BY chain_transactions_failed' : 'chain_transactions',
    keys: ['height', 'position'],
    conditions: conditionsOf(filter),
  })
}

/** Receipts of a page. */
export const receiptQuery = (ask: PageAsk, filter: ReceiptFilter): Fragment =>
  select(ask, {
    columns: settlementColumns,
    from: 'chain_settlements',
    keys: ['height', 'position', 'item'],
    conditions: [
      ...equal('miner', filter.miner),
      ...equal('owner', filter.client),
      ...equal('job_hash', filter.job),
    ],
  })

/** Postings of a page. */
export const ledgerQuery = (ask: PageAsk, filter: LedgerFilter): Fragment =>
  select(ask, {
    columns: ledgerColumns,
    from: 'chain_ledger',
    keys: ['height', 'position', 'item'],
    conditions: [
      ...equal('account', filter.account),
      ...equal('transaction_hash', filter.transaction),
    ],
  })

/** Announcements of a page: of one topic, or all. */
export const announcementQuery = (ask: PageAsk, { topic }: AnnouncementFilter): Fragment =>
  select(ask, {
    columns: announcementColumns,
    from: 'announcements',
    keys: ['height', 'position'],
    conditions: topic === undefined ? [] : [{ text: 'topic = ?', values: [topic] }],
  })

const conditionsOf = (filter: TransactionFilter, prefix = ''): Fragment[] => [
  ...equal(`${prefix}kind`, filter.kind),
  ...equal(`${prefix}sender`, filter.sender),
  ...equal(`${prefix}recipient`, filter.recipient),
  ...withOutcome(prefix, filter.outcome),
]

/** What an address sent, received, was paid by, or is concerned by: a search for each, and the first of all. */
function ofAddress(address: string, ask: PageAsk, filter: TransactionFilter): Fragment {
  const place = { height: 'height', position: 'position' }
  const own = (column: string) =>
    select(ask, {
      columns: place,
      from: 'chain_transactions',
      keys: ['height', 'position'],
      conditions: [...equal(column, address), ...conditionsOf(filter)],
    })
  const paid = select(ask, {
    columns: { 's.height': 'height', 's.position': 'position' },
    distinct: true,
    from: `chain_settlements AS s CROSS JOIN chain_transactions AS t ON ${samePlace('t', 's')}`,
    keys: ['s.height', 's.position'],
    conditions: [...equal('s.miner', address), ...conditionsOf(filter, 't.')],
  })
  const concerned = select(ask, {
    columns: { 'c.height': 'height', 'c.position': 'position' },
    from: `chain_participants AS c CROSS JOIN chain_transactions AS t ON ${samePlace('t', 'c')}`,
    keys: ['c.height', 'c.position'],
    conditions: [...equal('c.address', address), ...conditionsOf(filter, 't.')],
  })
  const parts = [own('sender'), own('recipient'), paid, concerned]
  const union = parts.map(({ text }) => `SELECT * FROM (${text})`).join(' UNION ')
  const columns = Object.entries(transactionColumns).map(([name, field]) => [`t.${name}`, field])
  const found = select(
    { ...ask, place: undefined, range: {} },
    {
      columns: Object.fromEntries(columns),
      // A cross join is never turned around: the places come first, and each is one search.
      from: `(${union}) AS p CROSS JOIN chain_transactions AS t ON ${samePlace('t', 'p')}`,
      keys: ['t.height', 't.position'],
      conditions: [],
    },
  )
  return { ...found, values: [...parts.flatMap(({ values }) => values), ...found.values] }
}

const samePlace = (a: string, b: string): string =>
  `${a}.height = ${b}.height AND ${a}.position = ${b}.position`

type Selection = {
  readonly columns: Columns
  readonly from: string
  /** Columns by which the list is ordered. */
  readonly keys: readonly string[]
  readonly conditions: readonly Fragment[]
  readonly distinct?: boolean
}

function select(ask: PageAsk, { columns, from, keys, ...selection }: Selection): Fragment {
  const names = Object.entries(columns).map(([name, field]) => `${name} AS "${field}"`)
  const conditions = [...selection.conditions, ...inPage(ask, keys)]
  const where = conditions.map(({ text }) => text).join(' AND ')
  const direction = ask.direction === 'older' ? 'DESC' : 'ASC'
  return {
    text:
      `SELECT ${selection.distinct ? 'DISTINCT ' : ''}${names.join(', ')} FROM ${from}` +
      `${where === '' ? '' : ` WHERE ${where}`} ` +
      `ORDER BY ${keys.map((key) => `${key} ${direction}`).join(', ')} LIMIT ?`,
    values: [...conditions.flatMap(({ values }) => values), ask.limit],
  }
}

/**
 * What lies beyond the place and inside the range. One bound on each side is a search of the index; what
 * else holds there carries a `+`, which keeps the planner from choosing it for the search.
 */
function inPage({ direction, place, range }: PageAsk, keys: readonly string[]): Fragment[] {
  const [height = ''] = keys
  const beyond = place && {
    text:
      keys.length === 1
        ? `${height} ${direction === 'older' ? '<' : '>'} ?`
        : `(${keys.join(', ')}) ${direction === 'older' ? '<' : '>'} (${keys.map(() => '?').join(', ')})`,
    values: place.slice(0, keys.length),
  }
  const above = direction === 'newer' && place !== undefined ? '+' : ''
  const below = direction === 'older' && place !== undefined ? '+' : ''
  return [
    ...(beyond ? [beyond] : []),
    ...bound(`${above}${height} >= ?`, range.heightMin),
    ...bound(`${below}${height} <= ?`, range.heightMax),
    ...bound(
      `${above}${height} >= (SELECT b.height FROM chain_blocks AS b WHERE b.slot >= ? ORDER BY b.slot LIMIT 1)`,
      range.slotMin,
    ),
    ...bound(
      `${below}${height} <= (SELECT b.height FROM chain_blocks AS b WHERE b.slot <= ? ORDER BY b.slot DESC LIMIT 1)`,
      range.slotMax,
    ),
  ]
}

const bound = (text: string, value: number | undefined): Fragment[] =>
  value === undefined ? [] : [{ text, values: [value] }]

const equal = (column: string, value: string | undefined): Fragment[] =>
  value === undefined ? [] : [{ text: `${column} = ?`, values: [value] }]

const literal = (text: string): Fragment => ({ text, values: [] })

const isFailure = (outcome: TransactionFilter['outcome']): boolean =>
  outcome !== undefined && outcome !== 0

function withOutcome(prefix: string, outcome: TransactionFilter['outcome']): Fragment[] {
  if (outcome === undefined) return []
  // The partial index is for conditions that name it word for word.
  const failed = isFailure(outcome) ? [literal(`${prefix}code <> 0`)] : []
  if (outcome === 'failed') return failed
  return [...failed, { text: `${prefix}code = ?`, values: [outcome] }]
}
