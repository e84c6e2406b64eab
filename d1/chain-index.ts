/**
 * Writing the chain's read model: whole batches of finalized blocks, each batch with its new
 * `indexed_height` in one atomic write, so that a batch is there once or not at all.
 *
 * Rows travel as JSON in one bound parameter a statement, since D1 binds at most 100 of them.
 */

import { toHex } from '../core/base/bytes.ts'
import type { FinalizedBlock } from '../core/chain/engine-api.ts'
import { slotMs } from '../core/chain/genesis.ts'
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

/**
 * Adds consecutive final blocks. Rejects without any effect when the first is not the one after
 * `indexed_height`: a block can be added only once.
 *
 * @param genesisAccounts Addresses that begin with a balance; used with block 0 only.
 */
export async function addBlocks(
  db: D1Database,
  input: {
    readonly genesisHash: string
    /** Unix milliseconds of slot 0. */
    readonly genesisTimeMs: number
    readonly blocks: readonly FinalizedBlock[]
    readonly genesisAccounts: readonly string[]
    readonly accountOf: AccountLookup
  },
): Promise<void> {
  const { blocks, genesisHash, genesisTimeMs, accountOf } = input
  const first = blocks[0]
  const last = blocks[blocks.length - 1]
  if (!first || !last) return
  const from = Number(first.view.header.height)
  const rows = rowsOf(blocks, await readParties(db, escrowsNamed(blocks)))
  const seen = new Set(rows.activity.map(({ address }) => address))
  const born = from === 0 ? input.genesisAccounts.filter((address) => !seen.has(address)) : []
  const idle = { sent: 0, received: 0, lastHeight: 0, lastSlot: 0 }
  const accounts = [...rows.activity, ...born.map((address) => ({ address, ...idle }))].map(
    (row) => ({ ...row, ...accountOf(row.address) }),
  )
  const indexedHeight = Number(last.view.header.height)
  const hash = toHex(last.view.hash)
  const counts = [rows.transactions.length, rows.settlements.length]
  await db.batch([
    ...(from === 0
      ? [db.prepare(insertMeta).bind(genesisHash, indexedHeight, hash, ...counts)]
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
  ])
}

const insertMeta =
  'INSERT INTO chain_meta (id, genesis_hash, indexed_height, indexed_hash, transactions, settlements)' +
  ' VALUES (1, ?, ?, ?, ?, ?)'

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
): Promise<Map<string, EscrowParties>> {
  if (ids.length === 0) return new Map()
  const { results } = await db
    .prepare(
      'SELECT id, owner, coordinator FROM chain_escrows ' +
        'WHERE id IN (SELECT value FROM json_each(?))',
    )
    .bind(JSON.stringify(ids))
    .all<{ id: string; owner: string; coordinator: string }>()
  return new Map(results.map((row) => [row.id, row]))
}
