/**
 * Breakers that have opened, on disk: a new instance does not try a miner that is dead with a job for each of
 * its failures again. One write when a breaker opens and one when it closes, none for a job.
 */

import { dayMs } from '../../core/base/time.ts'
import type { Breaker } from '../../core/jobs/breaker.ts'
import { rowsOf, type SqlDatabase } from './schema.ts'

type Row = {
  readonly miner_id: string
  readonly failures: number
  readonly openings: number
  readonly until_ms: number
  readonly reason: string | null
}

/** Breakers on disk; those that nobody has tried for a day are forgotten. */
export function openBreakers({
  database,
  now,
}: {
  readonly database: SqlDatabase
  readonly now: () => number
}) {
  database.sql.exec(createTable)
  database.sql.exec('DELETE FROM breakers WHERE until_ms < ?', now() - dayMs)
  const stored = new Map<string, number>()
  const rows = rowsOf<Row>(database, 'SELECT * FROM breakers')
  for (const row of rows) stored.set(row.miner_id, row.until_ms)
  return {
    /** Those that were open when this object was last in memory. */
    restored: rows.map((row): readonly [string, Breaker] => [
      row.miner_id,
      {
        state: 'open',
        failures: row.failures,
        openings: row.openings,
        untilMs: row.until_ms,
        probe: undefined,
        reason: row.reason ?? undefined,
      },
    ]),

    /** Writes what has opened, or closed; undefined: is forgotten. What cannot be written is in memory alone. */
    note: (minerId: string, breaker: Breaker | undefined): void => {
      const isOpen = breaker?.state === 'open'
      const hasChanged = isOpen
        ? stored.get(minerId) !== breaker.untilMs
        : breaker?.state !== 'half_open' && stored.has(minerId)
      if (!hasChanged) return
      try {
        if (isOpen) {
          const { failures, openings, untilMs, reason } = breaker
          database.sql.exec(upsert, minerId, failures, openings, untilMs, reason ?? null)
          stored.set(minerId, untilMs)
        } else {
          database.sql.exec('DELETE FROM breakers WHERE miner_id = ?', minerId)
          stored.delete(minerId)
        }
      } catch (error) {
        console.error(JSON.stringify({ msg: 'breaker not noted', error: String(error) }))
      }
    },
  }
}

const createTable = `CREATE TABLE IF NOT EXISTS breakers (
  miner_id TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  openings INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  reason TEXT
) WITHOUT ROWID`
const upsert = 'INSERT OR REPLACE INTO breakers VALUES (?, ?, ?, ?, ?)'
