/** A Durable Object's storage over the SQLite that Node brings, on a file, which counts rows. */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { SqliteStorage } from '../../durable-objects/chain/sqlite-chain-store.ts'
import { transactionOn } from '../../test/support/sqlite-storage.ts'

/** Rows since the storage was opened. */
export type RowCounts = { read: number; written: number }

export type MeasuredStorage = SqliteStorage & {
  readonly rows: RowCounts
  readonly close: () => void
}

/** Opens a file. Commits go to the log and are not synced: an object's do not hold up its code either. */
export function openMeasuredStorage(path: string): MeasuredStorage {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
  const statements = new Map<string, StatementSync>()
  const rows: RowCounts = { read: 0, written: 0 }
  const exec = (query: string, ...bindings: unknown[]) => {
    const statement = statements.get(query) ?? database.prepare(query)
    statements.set(query, statement)
    if (query.startsWith('SELECT')) {
      const found = statement.all(...(bindings as never[]))
      rows.read += found.length
      return { toArray: () => found }
    }
    rows.written += Number(statement.run(...(bindings as never[])).changes)
    return { toArray: () => [] }
  }
  return {
    sql: { exec } as unknown as SqliteStorage['sql'],
    transactionSync: transactionOn(database),
    rows,
    close: () => {
      // Whoever copies the file afterwards has all of it.
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      database.close()
    },
  }
}
