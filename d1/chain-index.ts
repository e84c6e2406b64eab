/**
 * Writing the chain's read model: whole batches of finalized blocks, each batch with its new
 * `indexed_height` in one atomic write, so that a batch is there once or not at all.
 *
 * Rows travel as JSON in one bound parameter a statement, since D1 binds at most 100 of them.
 */

import { toHex } from '../core/base/bytes.ts'
import type { FinalizedBlock } from '../core/chain/engine-api.ts'
import { slotMs } from '../core/chain/genesis.ts'
import type { Posting } from '../core/chain/ledger.ts'
import {
  announcementColumns,
  announcementRows,
  bookColumns,
  bookRows,
  genesisRows,
  ledgerColumns,
  ledgerFrom,
  ledgerRows,
  participantColumns,
  participantRows,
} from './chain-books.ts'
import {
  blockColumns,
  type Columns,
  escrowColumns,
  settlementColumns,
  transactionColumns,
} from './chain-columns.ts'
import { accountStatements, figureStatements, gainsOf } from './chain-figures.ts'
import { type EscrowParties, escrowsNamed, rowsOf } from './chain-rows.ts'
import type { AccountRow } from './chain-schema.ts'

/** Where the read model stands: its newest block. Hashes are hex. */
export type IndexPosition = {
  readonly genesisHash: string
  readonly height: number
  readonly hash: string
}

/** Final balance and nonce of an account named `aitbc1…`, as of now. */
export type AccountLookup = (address: string) => Pick<AccountRow, 'balance' | 'nonce'>

/** Most rows that one statement carries: about half a megabyte of JSON. */
const rowsPerStatement = 500

/** Where the read model stands; undefined while it is empty. */
export async function readPosition(db: D1Database): Promise<IndexPosition | undefined> {
  const row = await db
    .prepare('SELECT genesis_hash, indexed_height, indexed_hash FROM chain_meta WHERE id = 1')
    .first<{ genesis_hash: string; indexed_height: number; indexed_hash: string }>()
  if (!row) return undefined
  return {
    genesisHash: row.genesis_hash,
    height: row.indexed_height,
    hash: row.indexed_hash,
  }
}

/** Most rows of a table that one call of `clearChain` deletes. */
const rowsPerClear = 2_000

/**
 * Empties the read model of the chain, a part a call; true while there is more. From the first call on it
 * has no position.
 */
export async function clearChain(db: D1Database): Promise<boolean> {
  const deletes = Object.entries(chainTableKeys).map(([table, key]) =>
    db.prepare(
      `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} LIMIT ${rowsPerClear})`,
    ),
  )
  const done = await db.batch([db.prepare('DELETE FROM chain_meta'), ...deletes])
  return done.slice(1).some(({ meta }) => meta.changes > 0)
}

/** Tables of the read model beside `chain_meta`, with what names a row. */
const chainTableKeys = {
  chain_blocks: 'height',
  chain_transactions: 'height, position',
  chain_escrows: 'id',
  chain_settlements: 'height, position, item',
  chain_accounts: 'address',
  chain_stats: 'bucket, start',
  chain_active: 'bucket, start, role, address',
  chain_miners: 'id',
  chain_miner_clients: 'miner, client',
  announcements: 'height, position',
  chain_participants: 'address, height, position',
  chain_ledger: 'height, position, item',
  chain_books: 'kind',
} as const

/**
 * Adds consecutive final blocks. Rejects without any effect when the first is not the one after
 * `indexed_height`: a block can be added only once.
 *
 * @param isFirst The read model is empty and begins with these blocks.
 * @param genesisAccounts Addresses that genesis names; used with the first blocks only.
 * @param genesisPostings What genesis gave; used with block 0 only.
 * @param partiesOf Who stands behind an escrow of whose opening the read model has no block.
 */
export async function addBlocks(
  db: D1Database,
  input: {
    readonly genesisHash: string
    /** Unix milliseconds of slot 0. */
    readonly genesisTimeMs: number
    readonly blocks: readonly FinalizedBlock[]
    readonly isFirst: boolean
    readonly genesisAccounts: readonly string[]
    readonly genesisPostings: readonly Posting[]
    readonly partiesOf: (escrow: string) => EscrowParties | undefined
    readonly accountOf: AccountLookup
  },
): Promise<void> {
  const { blocks, isFirst, genesisHash, genesisTimeMs, accountOf } = input
  const first = blocks[0]
  const last = blocks[blocks.length - 1]
  if (!first || !last) return
  const from = Number(first.view.header.height)
  const rows = rowsOf(blocks, await readParties(db, escrowsNamed(blocks), input.partiesOf))
  const seen = new Set(rows.activity.map(({ address }) => address))
  const born = isFirst ? input.genesisAccounts.filter((address) => !seen.has(address)) : []
  // Without the blocks below, all that is known of the last touch is that it came before.
  const lastSlot = Math.max(0, Number(first.view.header.slot) - 1)
  const idle = { sent: 0, received: 0, lastHeight: Math.max(0, from - 1), lastSlot }
  const accounts = [...rows.activity, ...born.map((address) => ({ address, ...idle }))].map(
    (row) => ({ ...row, ...accountOf(row.address) }),
  )
  const indexedHeight = Number(last.view.header.height)
  const hash = toHex(last.view.hash)
  const counts = [rows.transactions.length, rows.settlements.length]
  await db.batch([
    ...(isFirst
      ? [db.prepare(insertMeta).bind(genesisHash, from, indexedHeight, hash, ...counts)]
      : [
          db.prepare(guardMeta).bind(genesisHash, from - 1),
          db.prepare(advanceMeta).bind(indexedHeight, hash, ...counts),
        ]),
    ...accountStatements(
      db,
      accounts.map(({ address }) => address),
    ),
    ...figureStatements(db, gainsOf(rows, { genesisMs: genesisTimeMs, slotMs })),
    ...insertAll(db, 'chain_blocks', blockColumns, rows.blocks),
    ...insertAll(db, 'chain_transactions', transactionColumns, rows.transactions),
    ...insertAll(db, 'chain_escrows', escrowColumns, rows.escrows),
    ...insertAll(db, 'chain_settlements', settlementColumns, rows.settlements),
    ...insertAll(db, 'chain_accounts', accountColumns, accounts, mergeAccount),
    ...bookStatements(db, blocks, isFirst && from === 0 ? input.genesisPostings : []),
  ])
}

/** Announcements, participants and postings; the books begin with the first block that has any. */
function bookStatements(
  db: D1Database,
  blocks: readonly FinalizedBlock[],
  genesis: readonly Posting[],
): D1PreparedStatement[] {
  const begins = ledgerFrom(blocks)
  const ledger = [...genesisRows(genesis), ...ledgerRows(blocks)]
  return [
    ...(begins === undefined ? [] : [db.prepare(beginLedger).bind(begins)]),
    ...insertAll(db, 'announcements', announcementColumns, announcementRows(blocks)),
    ...insertAll(db, 'chain_participants', participantColumns, participantRows(blocks)),
    ...insertAll(db, 'chain_ledger', ledgerColumns, ledger),
    ...insertAll(db, 'chain_books', bookColumns, bookRows(ledger), addToBook),
  ]
}

const addToBook = ' ON CONFLICT (kind) DO UPDATE SET amount = amount + excluded.amount'

const beginLedger = 'UPDATE chain_meta SET ledger_from = coalesce(ledger_from, ?) WHERE id = 1'

const insertMeta =
  'INSERT INTO chain_meta ' +
  '(id, genesis_hash, indexed_from, indexed_height, indexed_hash, transactions, settlements)' +
  ' VALUES (1, ?, ?, ?, ?, ?, ?)'

// A row that the table refuses (its only id is 1), unless the database stands where it has to: then the
// whole batch fails.
const guardMeta =
  'INSERT INTO chain_meta (id, genesis_hash, indexed_height, indexed_hash, transactions, settlements)' +
  " SELECT 0, '', 0, '', 0, 0 WHERE NOT EXISTS" +
  ' (SELECT 1 FROM chain_meta WHERE genesis_hash = ? AND indexed_height = ?)'

const advanceMeta =
  'UPDATE chain_meta SET indexed_height = ?, indexed_hash = ?, transactions = transactions + ?, ' +
  'settlements = settlements + ? WHERE id = 1'

const accountColumns: Columns = {
  address: 'address',
  balance: 'balance',
  nonce: 'nonce',
  sent: 'sent',
  received: 'received',
  last_height: 'lastHeight',
  last_slot: 'lastSlot',
}

const mergeAccount =
  ' ON CONFLICT (address) DO UPDATE SET balance = excluded.balance, nonce = excluded.nonce, ' +
  'sent = sent + excluded.sent, received = received + excluded.received, ' +
  'last_height = excluded.last_height, last_slot = excluded.last_slot'

function insertAll(
  db: D1Database,
  table: string,
  columns: Columns,
  rows: readonly object[],
  conflict = '',
): D1PreparedStatement[] {
  const names = Object.keys(columns).join(', ')
  const values = Object.values(columns)
    .map((field) => `json_extract(value, '$.${field}')`)
    .join(', ')
  // "WHERE true" keeps SQLite from reading ON CONFLICT as the condition of a join.
  const query = `INSERT INTO ${table} (${names}) SELECT ${values} FROM json_each(?) WHERE true${conflict}`
  const statements: D1PreparedStatement[] = []
  for (let at = 0; at < rows.length; at += rowsPerStatement) {
    statements.push(db.prepare(query).bind(JSON.stringify(rows.slice(at, at + rowsPerStatement))))
  }
  return statements
}

async function readParties(
  db: D1Database,
  ids: readonly string[],
  partiesOf: (escrow: string) => EscrowParties | undefined,
): Promise<Map<string, EscrowParties>> {
  if (ids.length === 0) return new Map()
  const { results } = await db
    .prepare(
      'SELECT id, owner, coordinator FROM chain_escrows ' +
        'WHERE id IN (SELECT value FROM json_each(?))',
    )
    .bind(JSON.stringify(ids))
    .all<{ id: string; owner: string; coordinator: string }>()
  const known = new Map<string, EscrowParties>(results.map((row) => [row.id, row]))
  for (const id of ids) {
    const parties = known.has(id) ? undefined : partiesOf(id)
    if (parties) known.set(id, parties)
  }
  return known
}
