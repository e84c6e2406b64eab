/**
 * Used nonces, sessions and the profile of one account, in its object's own database. Each write path is
 * one atomic write. Rules: SPEC.md, ACCOUNT.
 */
import {
  accountLimits as limits,
  type ProfileRecord,
  type SessionRecord,
  type SignedIn,
  type SignInRecord,
} from '../../core/api/account-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { rowsOf, type SqlDatabase } from '../coordinator/schema.ts'

export type AccountStore = {
  readonly signIn: (input: SignInRecord, nowMs: number) => Result<SignedIn, ApiError>
  readonly profile: () => ProfileRecord | undefined
  readonly session: (sessionId: string, nowMs: number) => ProfileRecord | undefined
  readonly sessions: (nowMs: number) => SessionRecord[]
  readonly endSession: (sessionId: string) => number
  readonly endSessions: () => number
}

const tables = [
  `CREATE TABLE IF NOT EXISTS profile (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    email TEXT NOT NULL,
    username TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS sessions (
    session_id TEXT PRIMARY KEY,
    created_at_ms INTEGER NOT NULL,
    used_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    agent TEXT NOT NULL
  ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS nonces (
    nonce TEXT PRIMARY KEY,
    expires_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID`,
]

type ProfileRow = { email: string; username: string; created_at_ms: number }
type SessionRow = {
  session_id: string
  created_at_ms: number
  used_at_ms: number
  expires_at_ms: number
  agent: string
}

export function openAccountStore(database: SqlDatabase): AccountStore {
  const { sql } = database
  database.transactionSync(() => {
    for (const table of tables) sql.exec(table)
  })

  const profile = (): ProfileRecord | undefined => {
    const [row] = rowsOf<ProfileRow>(database, 'SELECT * FROM profile')
    return row && { email: row.email, username: row.username, createdAtMs: row.created_at_ms }
  }

  const saveProfile = (input: SignInRecord, nowMs: number): ProfileRecord => {
    const { email, username } = input.profile ?? { email: '', username: input.username }
    // A plain sign-in leaves a profile as it is.
    const rest = input.profile
      ? 'UPDATE SET email = excluded.email, username = excluded.username'
      : 'NOTHING'
    sql.exec(
      `INSERT INTO profile (id, email, username, created_at_ms) VALUES (1, ?, ?, ?)
       ON CONFLICT (id) DO ${rest}`,
      email,
      username,
      nowMs,
    )
    return profile() as ProfileRecord
  }

  const signIn = (input: SignInRecord, nowMs: number): Result<SignedIn, ApiError> => {
    sql.exec('DELETE FROM nonces WHERE expires_at_ms <= ?', nowMs)
    const used = rowsOf(database, 'SELECT 1 FROM nonces WHERE nonce = ?', input.nonce)
    if (used.length > 0) return err({ code: 'SIGN_IN_NONCE_USED' })
    const [count] = rowsOf<{ n: number }>(database, 'SELECT COUNT(*) AS n FROM nonces')
    // To forget one early would let it be used again.
    if ((count?.n ?? 0) >= limits.noncesMax) return err({ code: 'RATE_LIMIT_EXCEEDED' })
    sql.exec('INSERT INTO nonces VALUES (?, ?)', input.nonce, input.nonceExpiresAtMs)
    const session: SessionRecord = {
      sessionId: input.sessionId,
      createdAtMs: nowMs,
      usedAtMs: nowMs,
      // Tokens tell time in seconds.
      expiresAtMs: Math.floor(nowMs / 1_000) * 1_000 + limits.sessionMs,
      agent: input.agent.slice(0, limits.agentMax),
    }
    const { sessionId, createdAtMs, usedAtMs, expiresAtMs, agent } = session
    const values = [sessionId, createdAtMs, usedAtMs, expiresAtMs, agent]
    sql.exec('DELETE FROM sessions WHERE expires_at_ms <= ?', nowMs)
    sql.exec(
      `DELETE FROM sessions WHERE session_id IN (
        SELECT session_id FROM sessions ORDER BY used_at_ms DESC, created_at_ms DESC LIMIT -1 OFFSET ?
      )`,
      limits.sessionsMax - 1,
    )
    sql.exec('INSERT INTO sessions VALUES (?, ?, ?, ?, ?)', ...values)
    return ok({ profile: saveProfile(input, nowMs), session })
  }

  return {
    signIn: (input, nowMs) => database.transactionSync(() => signIn(input, nowMs)),
    profile,
    session: (sessionId, nowMs) => {
      const query = 'SELECT * FROM sessions WHERE session_id = ? AND expires_at_ms > ?'
      const [row] = rowsOf<SessionRow>(database, query, sessionId, nowMs)
      if (!row) return undefined
      if (nowMs - row.used_at_ms >= limits.touchMs) {
        sql.exec('UPDATE sessions SET used_at_ms = ? WHERE session_id = ?', nowMs, sessionId)
      }
      return profile()
    },
    sessions: (nowMs) =>
      rowsOf<SessionRow>(
        database,
        'SELECT * FROM sessions WHERE expires_at_ms > ? ORDER BY created_at_ms DESC, session_id',
        nowMs,
      ).map((row) => ({
        sessionId: row.session_id,
        createdAtMs: row.created_at_ms,
        usedAtMs: row.used_at_ms,
        expiresAtMs: row.expires_at_ms,
        agent: row.agent,
      })),
    endSession: (sessionId) =>
      rowsOf(database, 'DELETE FROM sessions WHERE session_id = ? RETURNING 1', sessionId).length,
    endSessions: () => rowsOf(database, 'DELETE FROM sessions RETURNING 1').length,
  }
}
