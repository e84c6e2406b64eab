/** What an operator's signed requests have said: each works once, also after a restart. */
import type { SqliteStorage } from './sqlite-chain-store.ts'

export type OperatorWords = {
  /** Whether a request signed at this time (Unix milliseconds) is later than all before; notes it. */
  readonly take: (timestampMs: number) => boolean
}

/** Opens the note on its table. */
export function openOperatorWords(sql: SqliteStorage['sql']): OperatorWords {
  sql.exec(
    'CREATE TABLE IF NOT EXISTS operator_words (id INTEGER PRIMARY KEY CHECK (id = 1), last_ms INTEGER NOT NULL)',
  )
  return {
    take: (timestampMs) => {
      const row = sql.exec('SELECT last_ms FROM operator_words').toArray()[0]
      if (row && Number(row.last_ms) >= timestampMs) return false
      sql.exec('INSERT OR REPLACE INTO operator_words VALUES (1, ?)', timestampMs)
      return true
    },
  }
}
