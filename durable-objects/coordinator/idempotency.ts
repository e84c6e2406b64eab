/**
 * Submissions that are done once: the first answer under a key is kept with what it made, in one write, and
 * given again for a day. Who comes while the first is under way waits for it.
 */
import type { Idempotency } from '../../core/api/dispatch.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { coordinatorLimits as limits } from './limits.ts'
import { rowsOf, type SqlDatabase } from './schema.ts'

export type Idempotencies = ReturnType<typeof openIdempotencies>

export function openIdempotencies(parts: {
  readonly database: SqlDatabase
  readonly now: () => number
}) {
  const { database, now } = parts
  const running = new Map<string, Promise<unknown>>()

  const find = <T>(client: string, given: Idempotency): Result<T, ApiError> | undefined => {
    const row = rowsOf<Row>(database, select, client, given.key)[0]
    if (!row || isOver(row, now())) return undefined
    if (row.fingerprint !== given.fingerprint) return err({ code: 'IDEMPOTENCY_KEY_REUSED' })
    return ok(JSON.parse(row.answer, revive) as T)
  }

  return {
    /** The answer given before under this key, while it `holds`, or what `submit` comes to. */
    once: async <T>(
      client: string,
      given: Idempotency | undefined,
      submit: () => Promise<Result<T, ApiError>>,
      holds: (before: T) => boolean = () => true,
    ): Promise<Result<T, ApiError>> => {
      if (!given) return submit()
      const name = JSON.stringify([client, given.key])
      // A refusal made nothing: whoever waited for it tries for himself.
      for (let first = running.get(name); first; first = running.get(name)) {
        await first.catch(() => undefined)
      }
      const found = find<T>(client, given)
      if (found && (!found.ok || holds(found.value))) return found
      const own = submit()
      running.set(name, own)
      try {
        return await own
      } finally {
        running.delete(name)
      }
    },

    /** Keeps an answer; inside the write that makes what it speaks of. */
    write: (client: string, given: Idempotency | undefined, answer: unknown): void => {
      if (!given) return
      const text = JSON.stringify(answer, replace)
      database.sql.exec(insert, client, given.key, given.fingerprint, text, now())
    },

    sweep: (nowMs: number): void => {
      // Twice as long as it counts: a clock that was ahead for a while is to forget none.
      database.sql.exec('DELETE FROM idempotency WHERE at_ms < ?', nowMs - 2 * limits.idempotencyMs)
      const [kept] = rowsOf<{ n: number }>(database, 'SELECT count(*) AS n FROM idempotency')
      if (kept && kept.n > limits.idempotencyKept) {
        database.sql.exec(deleteSurplus, limits.idempotencyKept)
      }
    },
  }
}

type Row = { readonly fingerprint: string; readonly answer: string; readonly at_ms: number }

/** Also when the clock was set back: a key from the future is no older than a day. */
const isOver = (row: Row, nowMs: number): boolean => nowMs - row.at_ms >= limits.idempotencyMs

/** Amounts are the only big integers, and nothing else in an answer looks so. */
const replace = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? { $units: value.toString() } : value
const revive = (_: string, value: unknown): unknown => {
  const units = (value as { $units?: unknown } | null)?.$units
  return typeof units === 'string' ? BigInt(units) : value
}

const select = 'SELECT fingerprint, answer, at_ms FROM idempotency WHERE client = ? AND key = ?'
const insert = 'INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?)'
// Who has the most loses first: a flood of one client makes no other pay twice.
const deleteSurplus = `DELETE FROM idempotency WHERE (client, key) IN (SELECT client, key
  FROM (SELECT client, key, row_number() OVER (PARTITION BY client ORDER BY at_ms DESC) AS turn
    FROM idempotency) ORDER BY turn LIMIT -1 OFFSET ?)`
