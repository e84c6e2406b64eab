/**
 * Miners that administrators have taken out of service, by the key that proves them (the id of a miner of
 * the original): another name does not get around it, nor does a restart. Rules: SPEC.md, ADMIN.
 */
import { toHex } from '../../core/base/bytes.ts'
import { rowsOf, type SqlDatabase } from './schema.ts'

/** One of them. */
export type BarRow = {
  /** Public key in hex, or the miner id of a miner of the original. */
  readonly identity: string
  readonly miner_id: string
  readonly standing: 'draining' | 'suspended'
  readonly reason: string
  readonly since_ms: number
}

export type Bars = ReturnType<typeof openBars>

/** The name under which a miner is barred. */
export const identityOf = (minerId: string, publicKey: Uint8Array | undefined): string =>
  publicKey ? toHex(publicKey) : minerId

/** Reads them all: few are barred at one time. */
export function openBars(database: SqlDatabase) {
  const rows = rowsOf<BarRow>(database, 'SELECT * FROM miner_standings')
  const bars = new Map(rows.map((row) => [row.identity, row]))
  return {
    of: (identity: string): BarRow | undefined => bars.get(identity),
    isBarred: (minerId: string, publicKey: Uint8Array | undefined): boolean =>
      bars.size > 0 && bars.has(identityOf(minerId, publicKey)),
    count: (standing: BarRow['standing']): number =>
      [...bars.values()].filter((row) => row.standing === standing).length,

    /** Writes it, inside the caller's atomic write; `keep` takes it into memory after that. */
    write: (row: BarRow): void => {
      const { identity, miner_id, standing, reason, since_ms } = row
      database.sql.exec(upsertBar, identity, miner_id, standing, reason, since_ms)
    },
    keep: (row: BarRow): void => void bars.set(row.identity, row),

    writeLifted: (identity: string): void => {
      database.sql.exec('DELETE FROM miner_standings WHERE identity = ?', identity)
    },
    lift: (identity: string): void => void bars.delete(identity),
  }
}

const upsertBar = `INSERT INTO miner_standings VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (identity) DO UPDATE SET miner_id = excluded.miner_id,
  standing = excluded.standing, reason = excluded.reason, since_ms = excluded.since_ms`
