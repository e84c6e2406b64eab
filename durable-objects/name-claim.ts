/**
 * The object of one name that only one account may have, named by the name's hash: an email address or a
 * user name. A claim is not yet a name: whether the account took it is in that account's profile.
 */
import { DurableObject } from 'cloudflare:workers'
import type { NameHolder, NameService } from '../core/api/account-service.ts'
import { rowsOf } from './coordinator/schema.ts'

type ClaimRow = { owner: string; since_ms: number }

export class NameClaimObject extends DurableObject<unknown> implements NameService {
  constructor(state: DurableObjectState, env: unknown) {
    super(state, env)
    state.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS claim (
        id INTEGER PRIMARY KEY CHECK (id = 1), owner TEXT NOT NULL, since_ms INTEGER NOT NULL
      )`,
    )
  }

  async claim(owner: string, instead?: NameHolder): Promise<NameHolder | undefined> {
    const [row] = rowsOf<ClaimRow>(this.ctx.storage, 'SELECT owner, since_ms FROM claim')
    const isInstead = row?.owner === instead?.owner && row?.since_ms === instead?.sinceMs
    if (row && row.owner !== owner && !isInstead) return { owner: row.owner, sinceMs: row.since_ms }
    // Claimed again is claimed since now: a registration that is under way keeps its names.
    const query = 'INSERT OR REPLACE INTO claim (id, owner, since_ms) VALUES (1, ?, ?)'
    this.ctx.storage.sql.exec(query, owner, Date.now())
    return undefined
  }

  async release(owner: string, beforeMs: number): Promise<void> {
    const query = 'DELETE FROM claim WHERE owner = ? AND since_ms < ?'
    this.ctx.storage.sql.exec(query, owner, beforeMs)
  }
}
