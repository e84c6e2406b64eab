/**
 * Reading the chain's read model. Everything here is final; what is newer comes from the chain object.
 */
import { and, asc, between, desc, eq, gte, lte, ne, sql } from 'drizzle-orm'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'
import {
  type AccountRow,
  type BlockRow,
  chainAccounts,
  chainBlocks,
  chainMeta,
  chainSettlements,
  chainTransactions,
  type SettlementRow,
  type TransactionRow,
} from './chain-schema.ts'

/** A page of a list, newest first. */
export type Page = { readonly limit: number; readonly offset: number }

export type Listed<T> = { readonly rows: readonly T[]; readonly total: number }

/** Something that an account received: a transfer, a gift, or the pay for a job. */
export type ReceivedRow = {
  readonly hash: string
  readonly height: number
  readonly slot: number
  readonly sender: string
  readonly amount: string
  readonly payload: string | null
}

export type ChainQueries = ReturnType<typeof chainQueries>

/** The queries over one database. */
export function chainQueries(database: D1Database) {
  const db = drizzle(database)
  return {
    /** How far the read model is, and what it holds; undefined while it is empty. */
    meta: () => readMeta(db),
    /** Blocks of a range of heights, both included, ascending. */
    blocks: (range: { readonly from: number; readonly to: number }): Promise<BlockRow[]> =>
      db
        .select()
        .from(chainBlocks)
        .where(between(chainBlocks.height, range.from, range.to))
        .orderBy(asc(chainBlocks.height)),
    /** Transactions of blocks up to a height. */
    transactions: (page: Page & { readonly heightMax: number }): Promise<TransactionRow[]> =>
      db
        .select()
        .from(chainTransactions)
        .where(lte(chainTransactions.height, page.heightMax))
        .orderBy(desc(chainTransactions.height), desc(chainTransactions.position))
        .limit(page.limit)
        .offset(page.offset),
    settlements: (page: Page) => listSettlements(db, page),
    settlementsOfJob: (jobHash: string, page: Page): Promise<SettlementRow[]> =>
      db
        .select()
        .from(chainSettlements)
        .where(eq(chainSettlements.jobHash, jobHash))
        .orderBy(...newestSettlements)
        .limit(page.limit)
        .offset(page.offset),
    /** The first payment that anchored a receipt hash. */
    settlementOf: async (receiptHash: string): Promise<SettlementRow | undefined> => {
      const rows = await db
        .select()
        .from(chainSettlements)
        .where(eq(chainSettlements.receiptHash, receiptHash))
        .orderBy(
          asc(chainSettlements.height),
          asc(chainSettlements.position),
          asc(chainSettlements.item),
        )
        .limit(1)
      return rows[0]
    },
    account: async (address: string): Promise<AccountRow | undefined> => {
      const query = db.select().from(chainAccounts).where(eq(chainAccounts.address, address))
      return (await query.limit(1))[0]
    },
    accounts: (page: Page & { readonly balanceMin: number }) => listAccounts(db, page),
    sentBy: (address: string, page: Page): Promise<TransactionRow[]> =>
      db
        .select()
        .from(chainTransactions)
        .where(eq(chainTransactions.sender, address))
        .orderBy(desc(chainTransactions.height), desc(chainTransactions.position))
        .limit(page.limit)
        .offset(page.offset),
    /** Hashes of the newest transactions that name each address, at most `limit` each. */
    recentOf: (addresses: readonly string[], limit: number) =>
      readRecent(database, { addresses, limit }),
    receivedBy: (address: string, page: Page) => listReceived(db, address, page),
  }
}

const newestSettlements = [
  desc(chainSettlements.height),
  desc(chainSettlements.position),
  desc(chainSettlements.item),
]

type Database = DrizzleD1Database<Record<string, never>>

async function readMeta(db: Database): Promise<typeof chainMeta.$inferSelect | undefined> {
  return (await db.select().from(chainMeta).limit(1))[0]
}

async function listSettlements(db: Database, page: Page): Promise<Listed<SettlementRow>> {
  const [meta, rows] = await db.batch([
    db.select().from(chainMeta).limit(1),
    db
      .select()
      .from(chainSettlements)
      .orderBy(...newestSettlements)
      .limit(page.limit)
      .offset(page.offset),
  ])
  return { rows, total: meta[0]?.settlements ?? 0 }
}

async function listAccounts(
  db: Database,
  page: Page & { readonly balanceMin: number },
): Promise<Listed<AccountRow>> {
  const rich = gte(chainAccounts.balance, page.balanceMin)
  const [count, rows] = await db.batch([
    db.select({ total: sql<number>`count(*)` }).from(chainAccounts).where(rich),
    db
      .select()
      .from(chainAccounts)
      .where(rich)
      .orderBy(desc(chainAccounts.balance), asc(chainAccounts.address))
      .limit(page.limit)
      .offset(page.offset),
  ])
  return { rows, total: count[0]?.total ?? 0 }
}

/** Transfers and gifts that took effect, and payments for jobs, merged newest first. */
async function listReceived(db: Database, address: string, page: Page): Promise<ReceivedRow[]> {
  const wanted = page.limit + page.offset
  const [transfers, payments] = await db.batch([
    db
      .select()
      .from(chainTransactions)
      .where(
        // Outcome 0: it did what it asked. A provider who is booked has received nothing yet.
        and(
          eq(chainTransactions.recipient, address),
          eq(chainTransactions.code, 0),
          ne(chainTransactions.kind, 'booking_open'),
        ),
      )
      .orderBy(desc(chainTransactions.height), desc(chainTransactions.position))
      .limit(wanted),
    db
      .select()
      .from(chainSettlements)
      .where(eq(chainSettlements.miner, address))
      .orderBy(...newestSettlements)
      .limit(wanted),
  ])
  const merged = [
    ...transfers.map((row) => ({ ...row, amount: row.amount ?? '0' })),
    ...payments.map((row) => ({
      hash: row.transactionHash,
      height: row.height,
      position: row.position,
      slot: row.slot,
      sender: row.owner,
      amount: String(row.minerAmount),
      payload: null,
    })),
  ]
  merged.sort((a, b) => b.height - a.height || b.position - a.position)
  return merged.slice(page.offset, wanted)
}

// Per address two searches of an index, whatever the length of its history.
const recentQuery =
  'SELECT a.value AS address, (SELECT json_group_array(hash) FROM (' +
  'SELECT hash, height, position FROM (SELECT * FROM (SELECT hash, height, position ' +
  'FROM chain_transactions WHERE sender = a.value ORDER BY height DESC, position DESC LIMIT ?2) ' +
  'UNION SELECT * FROM (SELECT hash, height, position FROM chain_transactions ' +
  'WHERE recipient = a.value ORDER BY height DESC, position DESC LIMIT ?2)) ' +
  'ORDER BY height DESC, position DESC LIMIT ?2)) AS hashes FROM json_each(?1) AS a'

async function readRecent(
  database: D1Database,
  input: { readonly addresses: readonly string[]; readonly limit: number },
): Promise<Map<string, string[]>> {
  const { results } = await database
    .prepare(recentQuery)
    .bind(JSON.stringify(input.addresses), input.limit)
    .all<{ address: string; hashes: string }>()
  return new Map(results.map((row) => [row.address, JSON.parse(row.hashes) as string[]]))
}
