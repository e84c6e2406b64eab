/**
 * A chain that is being begun from a snapshot, in tables of its own beside the chain in force, and the
 * moment at which it takes that one's place. Until then the site answers as before; from then on it is the
 * chain as another site has it that has pruned all before its first block.
 */
import { entryKinds, escrowCoder, escrowKey } from '../../core/chain/entries.ts'
import type { Leaf } from '../../core/chain/state-tree.ts'
import type { ChainStore } from '../../core/chain/store.ts'
import { addressOf } from '../../core/crypto/address.ts'
import {
  type Blob,
  blocksIndexOf,
  chainTables,
  openSqliteChainStore,
  type SqliteStorage,
  toBytes,
} from './sqlite-chain-store.ts'

export type NextChain = {
  /** Where it is laid; empty while none is begun. */
  readonly store: ChainStore
  /** Notes what the read model will ask of these entries. Inside the write that takes them. */
  readonly noteEntries: (entries: readonly Leaf[]) => void
  /** Forgets what was noted, before another one is begun. */
  readonly forgetEntries: () => void
  /**
   * Puts it in place of the chain in force, in one atomic write; false while it is not whole. The
   * transactions that wait in the other one's pool are kept aside.
   */
  readonly takePlace: () => boolean
}

/** Who owns an escrow and who spends from it, addresses of 20 bytes. */
export type BaseParties = { readonly owner: Uint8Array; readonly coordinator: Uint8Array }

/** What is left over of the chain that was in force before, and of the snapshot, once it has its place. */
export type FromBefore = {
  /** Parties of an escrow that was open at the block with which this site began. */
  readonly partiesOf: (escrow: Uint8Array) => BaseParties | undefined
  /** Transactions that waited, oldest first. */
  readonly waiting: () => Uint8Array[]
  readonly forgetWaiting: () => void
}

const next = 'next_'

/** Opens the tables of the chain to come. */
export function openNextChain(storage: SqliteStorage): NextChain {
  const { sql } = storage
  let store = openStore()
  return {
    get store() {
      return store
    },
    noteEntries: (entries) => {
      for (const { key, value } of entries) {
        if (key[0] !== entryKinds.escrow) continue
        const { owner, coordinator } = escrowCoder.decode(value)
        sql.exec(insertParties, key, owner, addressOf(coordinator))
      }
    },
    forgetEntries: () => {
      sql.exec(`DELETE FROM ${next}base_escrows`)
    },
    takePlace: () => {
      if (!store.readHead()) return false
      storage.transactionSync(() => {
        sql.exec(waitingTable)
        sql.exec(
          'INSERT OR IGNORE INTO waiting (hash, bytes) SELECT hash, bytes FROM pool ORDER BY arrival',
        )
        for (const name of [...chainTables, 'base_escrows']) {
          sql.exec(`DROP TABLE IF EXISTS ${name}`)
          sql.exec(`ALTER TABLE ${next}${name} RENAME TO ${name}`)
        }
        // An index goes along with its table and keeps its name.
        sql.exec(`DROP INDEX IF EXISTS ${next}blocks_height`)
        sql.exec(blocksIndexOf(''))
      })
      store = openStore()
      return true
    },
  }

  function openStore(): ChainStore {
    sql.exec(partiesTable(next))
    return openSqliteChainStore(storage, next)
  }
}

/** Opens what is left over. */
export function openFromBefore(sql: SqliteStorage['sql']): FromBefore {
  sql.exec(partiesTable(''))
  sql.exec(waitingTable)
  return {
    partiesOf: (escrow) => {
      const row = sql.exec(selectParties, escrowKey(escrow)).toArray()[0] as unknown as
        | { owner: Blob; coordinator: Blob }
        | undefined
      return row && { owner: toBytes(row.owner), coordinator: toBytes(row.coordinator) }
    },
    waiting: () =>
      sql
        .exec('SELECT bytes FROM waiting ORDER BY arrival')
        .toArray()
        .map((row) => toBytes((row as unknown as { bytes: Blob }).bytes)),
    forgetWaiting: () => {
      sql.exec('DELETE FROM waiting')
    },
  }
}

const partiesTable = (prefix: string) =>
  `CREATE TABLE IF NOT EXISTS ${prefix}base_escrows (
    key BLOB PRIMARY KEY, owner BLOB NOT NULL, coordinator BLOB NOT NULL) WITHOUT ROWID`
const insertParties = `INSERT OR REPLACE INTO ${next}base_escrows (key, owner, coordinator) VALUES (?, ?, ?)`
const selectParties = 'SELECT owner, coordinator FROM base_escrows WHERE key = ?'
const waitingTable =
  'CREATE TABLE IF NOT EXISTS waiting (arrival INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL)'
