/** Offences of authorities that this site has seen: kept with what shows them, and published. */
import type { OffenceView } from '../../core/api/sync-service.ts'
import type { OffenceProof } from '../../core/chain/consensus.ts'
import type { FoundOffence } from '../../core/chain/engine-api.ts'
import type { OffenceKind } from '../../core/chain/evidence.ts'
import type { AuthoritySet } from '../../core/chain/genesis.ts'
import { finalityMessageCoder } from '../../core/chain/vote.ts'
import { chainNodeLimits as limits } from './limits.ts'
import { memberOf } from './peer-record.ts'
import { type Blob, type SqliteStorage, toBytes } from './sqlite-chain-store.ts'

export type Offences = {
  /** Keeps what is new of these. `authorities`: the set in which they are counted. */
  readonly note: (
    found: readonly FoundOffence[],
    context: { readonly authorities: AuthoritySet; readonly nowMs: number },
  ) => void
  /** All that are kept, the newest first. */
  readonly list: (authorities: AuthoritySet) => OffenceView[]
}

/** Opens the list on its table. */
export function openOffences(sql: SqliteStorage['sql']): Offences {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS offences (
      authority BLOB NOT NULL, kind TEXT NOT NULL, slot INTEGER NOT NULL, found_ms INTEGER NOT NULL,
      first BLOB NOT NULL, second BLOB NOT NULL, PRIMARY KEY (authority, kind, slot)) WITHOUT ROWID`,
  )
  return {
    note: (found, { authorities, nowMs }) => {
      for (const { kind, authority, slot, first, second } of found) {
        const member = authorities[authority]
        if (!member) continue
        sql.exec(
          'INSERT OR IGNORE INTO offences VALUES (?, ?, ?, ?, ?, ?)',
          member.publicKey,
          kind,
          slot,
          nowMs,
          proofBytes(first),
          proofBytes(second),
        )
      }
      if (found.length === 0) return
      // One is enough to show; who goes on offending must not fill the disk.
      sql.exec(
        `DELETE FROM offences WHERE (authority, kind, slot) NOT IN (
          SELECT authority, kind, slot FROM offences ORDER BY found_ms, slot LIMIT ?)`,
        limits.offencesMax,
      )
    },
    list: (authorities) =>
      (sql.exec('SELECT * FROM offences ORDER BY found_ms DESC').toArray() as Row[]).map((row) => {
        const authority = toBytes(row.authority)
        return {
          kind: row.kind as OffenceKind,
          name: memberOf(authorities, authority)?.name ?? 'former authority',
          authority,
          slot: row.slot,
          foundAtMs: row.found_ms,
          first: toBytes(row.first),
          second: toBytes(row.second),
        }
      }),
  }
}

type Row = {
  authority: Blob
  kind: string
  slot: number
  found_ms: number
  first: Blob
  second: Blob
}

/** Votes and commits as they are signed; of a block its hash. */
function proofBytes(proof: OffenceProof): Uint8Array {
  if ('block' in proof) return proof.block
  return finalityMessageCoder.encode(
    'vote' in proof ? { TAG: 'vote', data: proof.vote } : { TAG: 'commit', data: proof.commit },
  )
}
