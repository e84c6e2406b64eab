/** How often this site has left blocks of its head's chain for another branch: kept, for people. */
import type { SqliteStorage } from './sqlite-chain-store.ts'

export type Reorgs = {
  /** Counts a step that deserted so many blocks; 0 is none. */
  readonly note: (deserted: number) => void
  readonly count: () => number
}

/** Opens the count on its table. */
export function openReorgs(sql: SqliteStorage['sql']): Reorgs {
  sql.exec(
    'CREATE TABLE IF NOT EXISTS reorgs (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL)',
  )
  return {
    note: (deserted) => {
      if (deserted === 0) return
      sql.exec('INSERT INTO reorgs VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET count = count + 1')
    },
    count: () => Number(sql.exec('SELECT count FROM reorgs').toArray()[0]?.count ?? 0),
  }
}
