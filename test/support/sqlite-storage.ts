/**
 * As much of a Durable Object's storage as its adapters use, over the SQLite that Node brings: so that
 * the very code which ships runs under the contract suites.
 */
import { DatabaseSync } from 'node:sqlite'
import type { SqliteStorage } from '../../durable-objects/chain/sqlite-chain-store.ts'

/** A storage in memory, or on a file where a test opens it twice. */
export function createSqliteStorage(path = ':memory:'): SqliteStorage & { close: () => void } {
  const database = new DatabaseSync(path)
  const statements = new Map<string, ReturnType<DatabaseSync['prepare']>>()
  const prepare = (query: string) => {
    const known = statements.get(query) ?? database.prepare(query)
    statements.set(query, known)
    return known
  }
  const exec = (query: string, ...bindings: unknown[]) => {
    const rows = prepare(query).all(...(bindings as never[]))
    return { toArray: () => rows }
  }
  return {
    sql: { exec } as unknown as SqliteStorage['sql'],
    transactionSync: transactionOn(database),
    close: () => database.close(),
  }
}

/** What an object's storage does: all that the action writes is there, or nothing of it. */
export function transactionOn(database: DatabaseSync): SqliteStorage['transactionSync'] {
  return (action) => {
    database.exec('BEGIN')
    try {
      const value = action()
      database.exec('COMMIT')
      return value
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
}
