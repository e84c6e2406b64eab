/**
 * The audit log: what administrators did. A row is written in the same atomic write as the act, and triggers
 * of the database let nothing change or remove one. Rules: SPEC.md, ADMIN.
 */
import type { Actor, AuditEntry } from '../../core/api/admin-desk.ts'
import { rowsOf, type SqlDatabase } from './schema.ts'

export type Audit = ReturnType<typeof openAudit>

type Row = {
  readonly entry: number
  readonly at_ms: number
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly reason: string
  readonly details: string
}

export function openAudit(database: SqlDatabase, now: () => number) {
  return {
    /** Writes an act down, inside the caller's atomic write. */
    write: (by: Actor, act: { action: string; target: string; details?: unknown }): void => {
      database.sql.exec(
        `INSERT INTO audit_log (at_ms, actor, action, target, reason, details)
         VALUES (?, ?, ?, ?, ?, ?)`,
        now(),
        by.actor,
        act.action,
        act.target,
        by.reason,
        JSON.stringify(act.details ?? {}),
      )
    },

    /** Newest first, those before an entry. */
    list: (page: {
      readonly limit: number
      readonly before: number
      readonly action: string | undefined
      readonly actor: string | undefined
    }): AuditEntry[] =>
      rowsOf<Row>(
        database,
        `SELECT * FROM audit_log WHERE entry < ? AND action = coalesce(?, action)
         AND actor = coalesce(?, actor) ORDER BY entry DESC LIMIT ?`,
        page.before,
        page.action ?? null,
        page.actor ?? null,
        page.limit,
      ).map((row) => ({
        entryId: row.entry,
        atMs: row.at_ms,
        actor: row.actor,
        action: row.action,
        target: row.target,
        reason: row.reason,
        details: JSON.parse(row.details) as unknown,
      })),
  }
}
