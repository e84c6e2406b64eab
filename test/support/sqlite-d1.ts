/** As much of D1 as the read model uses, over the SQLite that Node brings, with the real migrations applied. */
import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { chainLists } from '../../d1/chain-lists.ts'
import { inRoot } from '../../scripts/setup/paths.ts'

type D1Database = Parameters<typeof chainLists>[0]

/** A database in memory. `explain` gives SQLite's plan for a query, one line a step. */
export type SqliteD1 = {
  readonly d1: D1Database
  explain(query: string, values: readonly (string | number)[]): string[]
}

/** Opens an empty read model. */
export function createSqliteD1(): SqliteD1 {
  const database = new DatabaseSync(':memory:')
  const folder = inRoot('d1', 'migrations')
  for (const name of readdirSync(folder).sort()) {
    database.exec(readFileSync(`${folder}/${name}`, 'utf8'))
  }
  const prepare = (query: string, values: readonly unknown[] = []) => ({
    bind: (...bound: unknown[]) => prepare(query, bound),
    run: () => database.prepare(query).all(...(values as never[])),
    all: async () => ({ results: database.prepare(query).all(...(values as never[])) }),
    raw: async () => {
      const statement = database.prepare(query)
      statement.setReturnArrays(true)
      return statement.all(...(values as never[]))
    },
  })
  type Prepared = ReturnType<typeof prepare>
  const batch = async (statements: readonly Prepared[]) => {
    database.exec('BEGIN')
    try {
      const results = statements.map((statement) => ({ results: statement.run() }))
      database.exec('COMMIT')
      return results
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
  return {
    d1: { prepare, batch } as unknown as D1Database,
    explain: (query, values) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${query}`)
        .all(...(values as never[]))
        .map((row) => String(row['detail'])),
  }
}
