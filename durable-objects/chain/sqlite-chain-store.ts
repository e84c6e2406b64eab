/**
 * The `ChainStore` port over the SQLite of a Durable Object. Tables are described in docs/storage.md.
 */
import type {
  ChainStore,
  StoredBlock,
  StoredMessage,
  StoredPlace,
  StoredPooled,
} from '../../core/chain/store.ts'

/** As much of a Durable Object's storage as the adapter needs. */
export type SqliteStorage = {
  readonly sql: Pick<SqlStorage, 'exec'>
  readonly transactionSync: <T>(action: () => T) => T
}

/** Opens the store, after laying down its tables when they are not there. */
export function openSqliteChainStore(storage: SqliteStorage): ChainStore {
  const { sql } = storage
  for (const statement of tables) sql.exec(statement)
  let writing = false
  const rows = <T>(query: string, ...bindings: SqlValue[]): T[] =>
    sql.exec(query, ...bindings).toArray() as unknown as T[]
  const write = (query: string, ...bindings: SqlValue[]): void => {
    if (!writing) throw new Error('invariant broken: a write outside atomically')
    sql.exec(query, ...bindings)
  }
  return {
    atomically: (action) => {
      if (writing) throw new Error('invariant broken: nested atomically')
      writing = true
      try {
        return storage.transactionSync(action)
      } finally {
        writing = false
      }
    },

    readHead: () => bytesOf(rows<Column>('SELECT record AS value FROM head')),
    writeHead: (record) => write('INSERT OR REPLACE INTO head (id, record) VALUES (1, ?)', record),

    readNode: (id) => bytesOf(rows<Column>('SELECT bytes AS value FROM nodes WHERE id = ?', id)),
    writeNodes: (nodes) => {
      for (const { id, bytes } of nodes) write(insertNode, id, bytes)
    },
    deleteNodes: (ids) => {
      for (const id of ids) write('DELETE FROM nodes WHERE id = ?', id)
    },

    readBlock: (hash) => {
      const row = rows<BlockRow>('SELECT * FROM blocks WHERE hash = ?', hash)[0]
      return row && blockOf(row)
    },
    writeBlock: (block) =>
      write(
        insertBlock,
        block.hash,
        block.parent,
        block.height,
        block.slot,
        block.block,
        block.outcomes,
        block.execution,
      ),
    deleteBlock: (hash) => write('DELETE FROM blocks WHERE hash = ?', hash),
    listBlocksAt: (height) =>
      rows<Column>('SELECT hash AS value FROM blocks WHERE height = ? ORDER BY hash', height).map(
        (row) => toBytes(row.value),
      ),

    readHeight: (height) =>
      bytesOf(rows<Column>('SELECT hash AS value FROM heights WHERE height = ?', height)),
    writeHeight: (height, hash) =>
      write('INSERT OR REPLACE INTO heights (height, hash) VALUES (?, ?)', height, hash),
    deleteHeightsAbove: (height) => write('DELETE FROM heights WHERE height > ?', height),

    readPlace: (transaction) => {
      const row = rows<PlaceRow>(selectPlace, transaction)[0]
      return row && placeOf(row)
    },
    writePlaces: (places) => {
      for (const { transaction, height, index } of places) {
        write(insertPlace, transaction, height, index)
      }
    },
    deletePlaces: (transactions) => {
      for (const transaction of transactions) {
        write('DELETE FROM places WHERE transaction_hash = ?', transaction)
      }
    },

    listPooled: () => rows<PooledRow>('SELECT * FROM pool ORDER BY arrival').map(pooledOf),
    writePooled: (pooled) => {
      for (const { hash, bytes, arrival } of pooled) write(insertPooled, hash, bytes, arrival)
    },
    deletePooled: (hashes) => {
      for (const hash of hashes) write('DELETE FROM pool WHERE hash = ?', hash)
    },

    listMessages: () => rows<MessageRow>('SELECT * FROM messages ORDER BY slot, id').map(messageOf),
    writeMessages: (messages) => {
      for (const { id, slot, bytes } of messages) write(insertMessage, id, slot, bytes)
    },
    deleteMessagesUpTo: (slot) => write('DELETE FROM messages WHERE slot <= ?', slot),

    readHistoryNode: (level, index) => bytesOf(rows<Column>(selectHistory, level, index)),
    writeHistoryNodes: (nodes) => {
      for (const { level, index, hash } of nodes) write(insertHistory, level, index, hash)
    },

    readNote: (name) =>
      bytesOf(rows<Column>('SELECT bytes AS value FROM notes WHERE name = ?', name)),
    writeNote: (name, bytes) =>
      write('INSERT OR REPLACE INTO notes (name, bytes) VALUES (?, ?)', name, bytes),
    deleteNotes: (names) => {
      for (const name of names) write('DELETE FROM notes WHERE name = ?', name)
    },

    listPostponed: (limit) =>
      rows<{ id: number }>('SELECT id FROM postponed ORDER BY id LIMIT ?', limit).map(
        ({ id }) => id,
      ),
    writePostponed: (ids) => {
      for (const id of ids) write('INSERT OR IGNORE INTO postponed (id) VALUES (?)', id)
    },
    deletePostponed: (ids) => {
      for (const id of ids) write('DELETE FROM postponed WHERE id = ?', id)
    },
  }
}

type SqlValue = Uint8Array | number | string

// Keys are what is looked up: without row ids, a block by hash is one search instead of two. Nodes and
// heights are numbers, which SQLite's own row id serves best.
const tables = [
  'CREATE TABLE IF NOT EXISTS head (id INTEGER PRIMARY KEY CHECK (id = 1), record BLOB NOT NULL)',
  'CREATE TABLE IF NOT EXISTS nodes (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)',
  `CREATE TABLE IF NOT EXISTS blocks (
    hash BLOB PRIMARY KEY, parent BLOB NOT NULL, height INTEGER NOT NULL, slot INTEGER NOT NULL,
    block BLOB NOT NULL, outcomes BLOB NOT NULL, execution BLOB NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS blocks_height ON blocks (height)',
  'CREATE TABLE IF NOT EXISTS heights (height INTEGER PRIMARY KEY, hash BLOB NOT NULL)',
  `CREATE TABLE IF NOT EXISTS places (
    transaction_hash BLOB PRIMARY KEY, height INTEGER NOT NULL, position INTEGER NOT NULL)
    WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS pool (
    arrival INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS messages (
    id BLOB PRIMARY KEY, slot INTEGER NOT NULL, bytes BLOB NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS history (
    level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (level, position)) WITHOUT ROWID`,
  'CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, bytes BLOB NOT NULL)',
  'CREATE TABLE IF NOT EXISTS postponed (id INTEGER PRIMARY KEY)',
]

const insertNode = 'INSERT INTO nodes (id, bytes) VALUES (?, ?)'
const insertBlock =
  'INSERT OR REPLACE INTO blocks (hash, parent, height, slot, block, outcomes, execution) ' +
  'VALUES (?, ?, ?, ?, ?, ?, ?)'
const insertPlace =
  'INSERT OR REPLACE INTO places (transaction_hash, height, position) VALUES (?, ?, ?)'
const selectPlace = 'SELECT * FROM places WHERE transaction_hash = ?'
const insertPooled = 'INSERT INTO pool (hash, bytes, arrival) VALUES (?, ?, ?)'
const insertMessage = 'INSERT OR REPLACE INTO messages (id, slot, bytes) VALUES (?, ?, ?)'
const insertHistory = 'INSERT OR REPLACE INTO history (level, position, hash) VALUES (?, ?, ?)'
const selectHistory = 'SELECT hash AS value FROM history WHERE level = ? AND position = ?'

/** SQLite hands out blobs as ArrayBuffer in the runtime and as Uint8Array in Node. */
export type Blob = ArrayBuffer | Uint8Array
type Column = { value: Blob }
type BlockRow = {
  hash: Blob
  parent: Blob
  height: number
  slot: number
  block: Blob
  outcomes: Blob
  execution: Blob
}
type PlaceRow = { transaction_hash: Blob; height: number; position: number }
type MessageRow = { id: Blob; slot: number; bytes: Blob }
type PooledRow = { hash: Blob; bytes: Blob; arrival: number }

/** The bytes of a blob. */
export const toBytes = (blob: Blob): Uint8Array =>
  blob instanceof Uint8Array ? blob : new Uint8Array(blob)

function bytesOf(found: readonly Column[]): Uint8Array | undefined {
  const row = found[0]
  return row && toBytes(row.value)
}

const blockOf = (row: BlockRow): StoredBlock => ({
  hash: toBytes(row.hash),
  parent: toBytes(row.parent),
  height: row.height,
  slot: row.slot,
  block: toBytes(row.block),
  outcomes: toBytes(row.outcomes),
  execution: toBytes(row.execution),
})

const placeOf = (row: PlaceRow): StoredPlace => ({
  transaction: toBytes(row.transaction_hash),
  height: row.height,
  index: row.position,
})

const messageOf = (row: MessageRow): StoredMessage => ({
  id: toBytes(row.id),
  slot: row.slot,
  bytes: toBytes(row.bytes),
})

const pooledOf = (row: PooledRow): StoredPooled => ({
  hash: toBytes(row.hash),
  bytes: toBytes(row.bytes),
  arrival: row.arrival,
})
