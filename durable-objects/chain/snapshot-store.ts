/**
 * The `SnapshotStore` port: where the parts of snapshots lie. Asynchronous, so that a bucket can stand
 * behind it as well as the object's own SQLite; one contract suite (`test/contract/snapshot-store.ts`) runs
 * over every adapter.
 */
import type { SnapshotPart } from '../../core/chain/engine-snapshot.ts'
import type { SqliteStorage } from './sqlite-chain-store.ts'

/** A snapshot that is whole: it has its description. `bytes`: of all its parts. */
export type StoredSnapshot = { readonly height: number; readonly bytes: number }

export type SnapshotStore = {
  /** Puts a part of at most 2 MB, replacing one of the same name. */
  readonly put: (height: number, part: SnapshotPart, bytes: Uint8Array) => Promise<void>
  readonly get: (height: number, part: SnapshotPart) => Promise<Uint8Array | undefined>
  /** Those with a description, newest first. */
  readonly list: () => Promise<readonly StoredSnapshot[]>
  /** Removes everything below a height, unfinished ones as well. */
  readonly deleteBelow: (height: number) => Promise<void>
  /** Removes all parts of one height. */
  readonly delete: (height: number) => Promise<void>
}

/** Keeps parts in the SQLite of a Durable Object. */
export function openSqliteSnapshotStore(sql: SqliteStorage['sql']): SnapshotStore {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS snapshots (
      height INTEGER NOT NULL, part TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (height, part))`,
  )
  return {
    put: async (height, part, bytes) => {
      sql.exec(insertPart, height, String(part), bytes)
    },
    get: async (height, part) => {
      const row = sql.exec(selectPart, height, String(part)).toArray()[0]
      // The runtime hands out blobs as ArrayBuffer, Node as Uint8Array.
      const bytes = row?.['bytes'] as unknown as ArrayBuffer | Uint8Array | undefined
      return bytes && (bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes))
    },
    list: async () =>
      sql
        .exec(selectWhole)
        .toArray()
        .map((row) => ({ height: Number(row['height']), bytes: Number(row['bytes']) })),
    deleteBelow: async (height) => {
      sql.exec('DELETE FROM snapshots WHERE height < ?', height)
    },
    delete: async (height) => {
      sql.exec('DELETE FROM snapshots WHERE height = ?', height)
    },
  }
}

const insertPart = 'INSERT OR REPLACE INTO snapshots (height, part, bytes) VALUES (?, ?, ?)'
const selectPart = 'SELECT bytes FROM snapshots WHERE height = ? AND part = ?'
const selectWhole =
  'SELECT height, SUM(LENGTH(bytes)) AS bytes FROM snapshots WHERE height IN ' +
  "(SELECT height FROM snapshots WHERE part = 'description') GROUP BY height ORDER BY height DESC"
