/**
 * The `ChainStore` port over the SQLite of a Durable Object. Tables are described in docs/storage.md. A
 * second set of them under a prefix holds a chain that is not in force yet (`next-chain.ts`).
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

/** Opens the store, after laying down its tables, whose names begin with the prefix, when they are not there. */
export function openSqliteChainStore(
  storage: SqliteStorage,
  prefix: '' | 'next_' = '',
): ChainStore {
  const { sql } = storage
  for (const statement of [...tablesOf(prefix), blocksIndexOf(prefix)]) sql.exec(statement)
  const t = tableNames(prefix)
  const queries = queriesOf(t)
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

    readHead: () => bytesOf(rows<Column>(`SELECT record AS value FROM ${t.head}`)),
    writeHead: (record) =>
      write(`INSERT OR REPLACE INTO ${t.head} (id, record) VALUES (1, ?)`, record),

    readNode: (id) => bytesOf(rows<Column>(queries.selectNode, id)),
    writeNodes: (nodes) => {
      for (const { id, bytes } of nodes) write(queries.insertNode, id, bytes)
    },
    deleteNodes: (ids) => {
      for (const id of ids) write(queries.deleteNode, id)
    },

    readBlock: (hash) => {
      const row = rows<BlockRow>(queries.selectBlock, hash)[0]
      return row && blockOf(row)
    },
    writeBlock: (block) =>
      write(
        queries.insertBlock,
        block.hash,
        block.parent,
        block.height,
        block.slot,
        block.block,
        block.outcomes,
        block.execution,
      ),
    deleteBlock: (hash) => write(`DELETE FROM ${t.blocks} WHERE hash = ?`, hash),
    listBlocksAt: (height) =>
      rows<Column>(
        `SELECT hash AS value FROM ${t.blocks} WHERE height = ? ORDER BY hash`,
        height,
      ).map((row) => toBytes(row.value)),

    readHeight: (height) => bytesOf(rows<Column>(queries.selectHeight, height)),
    writeHeight: (height, hash) =>
      write(`INSERT OR REPLACE INTO ${t.heights} (height, hash) VALUES (?, ?)`, height, hash),
    deleteHeightsAbove: (height) => write(`DELETE FROM ${t.heights} WHERE height > ?`, height),

    readPlace: (transaction) => {
      const row = rows<PlaceRow>(queries.selectPlace, transaction)[0]
      return row && placeOf(row)
    },
    writePlaces: (places) => {
      for (const { transaction, height, index } of places) {
        write(queries.insertPlace, transaction, height, index)
      }
    },
    deletePlaces: (transactions) => {
      for (const transaction of transactions) {
        write(queries.deletePlace, transaction)
      }
    },

    listPooled: () => rows<PooledRow>(`SELECT * FROM ${t.pool} ORDER BY arrival`).map(pooledOf),
    writePooled: (pooled) => {
      for (const { hash, bytes, arrival } of pooled) {
        write(queries.insertPooled, hash, bytes, arrival)
      }
    },
    deletePooled: (hashes) => {
      for (const hash of hashes) write(queries.deletePooled, hash)
    },

    listMessages: () =>
      rows<MessageRow>(`SELECT * FROM ${t.messages} ORDER BY slot, id`).map(messageOf),
    writeMessages: (messages) => {
      for (const { id, slot, bytes } of messages) write(queries.insertMessage, id, slot, bytes)
    },
    deleteMessagesUpTo: (slot) => write(`DELETE FROM ${t.messages} WHERE slot <= ?`, slot),

    readHistoryNode: (level, index) => bytesOf(rows<Column>(queries.selectHistory, level, index)),
    writeHistoryNodes: (nodes) => {
      for (const { level, index, hash } of nodes) write(queries.insertHistory, level, index, hash)
    },

    readNote: (name) =>
      bytesOf(rows<Column>(`SELECT bytes AS value FROM ${t.notes} WHERE name = ?`, name)),
    writeNote: (name, bytes) =>
      write(`INSERT OR REPLACE INTO ${t.notes} (name, bytes) VALUES (?, ?)`, name, bytes),
    deleteNotes: (names) => {
      for (const name of names) write(`DELETE FROM ${t.notes} WHERE name = ?`, name)
    },

    listPostponed: (limit) =>
      rows<{ id: number }>(`SELECT id FROM ${t.postponed} ORDER BY id LIMIT ?`, limit).map(
        ({ id }) => id,
      ),
    writePostponed: (ids) => {
      for (const id of ids) write(`INSERT OR IGNORE INTO ${t.postponed} (id) VALUES (?)`, id)
    },
    deletePostponed: (ids) => {
      for (const id of ids) write(`DELETE FROM ${t.postponed} WHERE id = ?`, id)
    },
  }
}

type SqlValue = Uint8Array | number | string

/** Tables of a chain, without the prefix. */
export const chainTables = [
  'head',
  'nodes',
  'blocks',
  'heights',
  'places',
  'pool',
  'messages',
  'history',
  'notes',
  'postponed',
] as const

type TableNames = Readonly<Record<(typeof chainTables)[number], string>>

const tableNames = (prefix: string): TableNames =>
  Object.fromEntries(chainTables.map((name) => [name, prefix + name])) as TableNames

// Keys are what is looked up: without row ids, a block by hash is one search instead of two. Nodes and
// heights are numbers, which SQLite's own row id serves best.
const tablesOf = (prefix: string) => {
  const create = (name: (typeof chainTables)[number]) =>
    `CREATE TABLE IF NOT EXISTS ${prefix}${name}`
  return [
    `${create('head')} (id INTEGER PRIMARY KEY CHECK (id = 1), record BLOB NOT NULL)`,
    `${create('nodes')} (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)`,
    `${create('blocks')} (
    hash BLOB PRIMARY KEY, parent BLOB NOT NULL, height INTEGER NOT NULL, slot INTEGER NOT NULL,
    block BLOB NOT NULL, outcomes BLOB NOT NULL, execution BLOB NOT NULL)`,
    `${create('heights')} (height INTEGER PRIMARY KEY, hash BLOB NOT NULL)`,
    `${create('places')} (
    transaction_hash BLOB PRIMARY KEY, height INTEGER NOT NULL, position INTEGER NOT NULL)
    WITHOUT ROWID`,
    `${create('pool')} (
    arrival INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL)`,
    `${create('messages')} (
    id BLOB PRIMARY KEY, slot INTEGER NOT NULL, bytes BLOB NOT NULL) WITHOUT ROWID`,
    `${create('history')} (
    level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (level, position)) WITHOUT ROWID`,
    `${create('notes')} (name TEXT PRIMARY KEY, bytes BLOB NOT NULL)`,
    `${create('postponed')} (id INTEGER PRIMARY KEY)`,
  ]
}

/** The one index beside the keys. */
export const blocksIndexOf = (prefix: string): string =>
  `CREATE INDEX IF NOT EXISTS ${prefix}blocks_height ON ${prefix}blocks (height)`

// What is asked often, spelled once: the runtime keeps prepared statements by their text.
const queriesOf = (t: TableNames) => ({
  selectNode: `SELECT bytes AS value FROM ${t.nodes} WHERE id = ?`,
  deleteNode: `DELETE FROM ${t.nodes} WHERE id = ?`,
  selectHeight: `SELECT hash AS value FROM ${t.heights} WHERE height = ?`,
  selectBlock: `SELECT * FROM ${t.blocks} WHERE hash = ?`,
  deletePlace: `DELETE FROM ${t.places} WHERE transaction_hash = ?`,
  deletePooled: `DELETE FROM ${t.pool} WHERE hash = ?`,
  insertNode: `INSERT INTO ${t.nodes} (id, bytes) VALUES (?, ?)`,
  insertBlock:
    `INSERT OR REPLACE INTO ${t.blocks} (hash, parent, height, slot, block, outcomes, execution) ` +
    'VALUES (?, ?, ?, ?, ?, ?, ?)',
  insertPlace: `INSERT OR REPLACE INTO ${t.places} (transaction_hash, height, position) VALUES (?, ?, ?)`,
  selectPlace: `SELECT * FROM ${t.places} WHERE transaction_hash = ?`,
  insertPooled: `INSERT INTO ${t.pool} (hash, bytes, arrival) VALUES (?, ?, ?)`,
  insertMessage: `INSERT OR REPLACE INTO ${t.messages} (id, slot, bytes) VALUES (?, ?, ?)`,
  insertHistory: `INSERT OR REPLACE INTO ${t.history} (level, position, hash) VALUES (?, ?, ?)`,
  selectHistory: `SELECT hash AS value FROM ${t.history} WHERE level = ? AND position = ?`,
})

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
