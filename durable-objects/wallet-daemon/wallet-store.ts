/**
 * Wallets of one owner, their ledger and the count of uses, in the owner's own database. Containers are
 * sealed once more under the site's key; each row is sealed anew by one write of its own, so that being
 * stopped between two of them loses nothing. Rules: SPEC.md, DAEMON.
 */
import type { ApiError } from '../../core/api/errors.ts'
import {
  type LedgerEvent,
  type LedgerRecord,
  walletLimits as limits,
  type WalletRecord,
} from '../../core/api/wallet-service.ts'
import { utf8ToBytes } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { type Blob, bytesOf, rowsOf, type SqlDatabase } from '../coordinator/schema.ts'
import type { KeyRing } from '../key-ring.ts'

export type WalletStore = {
  readonly list: () => WalletRecord[]
  readonly has: (walletId: string) => boolean
  readonly add: (owner: string, wallet: WalletRecord & { readonly container: string }) => void
  /** The container of a wallet; undefined when there is no such wallet. */
  readonly container: (owner: string, walletId: string) => Result<string, ApiError> | undefined
  readonly note: (walletId: string, entry: Omit<LedgerRecord, 'seq'>) => void
  readonly ledger: (walletId: string, limit: number, beforeSeq: number) => LedgerRecord[]
  /** Counts a use; the milliseconds until the next one is allowed when there were too many. */
  readonly use: (bucket: string, usesMax: number, nowMs: number) => number | undefined
  /** How many wallets are still not under the key of this id: another may be the newest of the caller. */
  readonly reseal: (owner: string, keyId: string) => number
}

const tables = [
  `CREATE TABLE IF NOT EXISTS wallets (
    wallet_id TEXT PRIMARY KEY,
    public_key BLOB NOT NULL,
    metadata TEXT NOT NULL,
    sealed BLOB NOT NULL,
    key_id TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    wallet_id TEXT NOT NULL,
    event TEXT NOT NULL,
    success INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    client TEXT NOT NULL
  )`,
  'CREATE INDEX IF NOT EXISTS ledger_by_wallet ON ledger (wallet_id, seq)',
  `CREATE TABLE IF NOT EXISTS uses (
    bucket TEXT PRIMARY KEY,
    from_ms INTEGER NOT NULL,
    count INTEGER NOT NULL
  ) WITHOUT ROWID`,
]

type WalletRow = {
  wallet_id: string
  public_key: Blob
  metadata: string
  sealed: Blob
  key_id: string
  created_at_ms: number
}

type LedgerRow = {
  seq: number
  event: LedgerEvent
  success: number
  at_ms: number
  client: string
}

export function openWalletStore(database: SqlDatabase, ring: KeyRing): WalletStore {
  const { sql } = database
  database.transactionSync(() => {
    for (const table of tables) sql.exec(table)
  })
  const rowOf = (walletId: string): WalletRow | undefined =>
    rowsOf<WalletRow>(database, 'SELECT * FROM wallets WHERE wallet_id = ?', walletId)[0]
  const unsealed = (owner: string, row: WalletRow): Uint8Array | undefined =>
    ring.open(bytesOf(row.sealed), row.key_id, labelOf(owner, row.wallet_id))

  const use = (bucket: string, usesMax: number, nowMs: number): number | undefined => {
    sql.exec('DELETE FROM uses WHERE from_ms <= ?', nowMs - limits.windowMs)
    sql.exec(
      `INSERT INTO uses VALUES (?, ?, 1) ON CONFLICT (bucket) DO UPDATE SET count = count + 1`,
      bucket,
      nowMs,
    )
    const query = 'SELECT from_ms, count FROM uses WHERE bucket = ?'
    const [row] = rowsOf<{ from_ms: number; count: number }>(database, query, bucket)
    if (!row || row.count <= usesMax) return undefined
    return row.from_ms + limits.windowMs - nowMs
  }

  return {
    list: () =>
      rowsOf<WalletRow>(database, 'SELECT * FROM wallets ORDER BY created_at_ms, wallet_id').map(
        (row) => ({
          walletId: row.wallet_id,
          publicKey: bytesOf(row.public_key),
          metadata: JSON.parse(row.metadata) as Record<string, string>,
          createdAtMs: row.created_at_ms,
        }),
      ),
    has: (walletId) => rowOf(walletId) !== undefined,
    add: (owner, wallet) => {
      const { walletId } = wallet
      sql.exec(
        'INSERT INTO wallets VALUES (?, ?, ?, ?, ?, ?)',
        walletId,
        wallet.publicKey,
        JSON.stringify(wallet.metadata),
        ring.seal(utf8ToBytes(wallet.container), labelOf(owner, walletId)),
        ring.currentId,
        wallet.createdAtMs,
      )
    },
    container: (owner, walletId) => {
      const row = rowOf(walletId)
      if (!row) return undefined
      const plain = unsealed(owner, row)
      if (plain) return ok(new TextDecoder().decode(plain))
      return err({ code: 'WALLET_UNSEALABLE', details: { key_id: row.key_id } })
    },
    note: (walletId, { event, success, atMs, client }) => {
      sql.exec(
        'INSERT INTO ledger (wallet_id, event, success, at_ms, client) VALUES (?, ?, ?, ?, ?)',
        walletId,
        event,
        success ? 1 : 0,
        atMs,
        client,
      )
      sql.exec(
        'DELETE FROM ledger WHERE seq <= (SELECT MAX(seq) FROM ledger) - ?',
        limits.ledgerMax,
      )
    },
    ledger: (walletId, limit, beforeSeq) =>
      rowsOf<LedgerRow>(
        database,
        'SELECT * FROM ledger WHERE wallet_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
        walletId,
        beforeSeq,
        limit,
      ).map((row) => ({
        seq: row.seq,
        event: row.event,
        success: row.success === 1,
        atMs: row.at_ms,
        client: row.client,
      })),
    use: (bucket, usesMax, nowMs) => database.transactionSync(() => use(bucket, usesMax, nowMs)),
    reseal: (owner, keyId) => {
      const query = 'SELECT * FROM wallets WHERE key_id <> ?'
      for (const row of rowsOf<WalletRow>(database, query, ring.currentId)) {
        const plain = unsealed(owner, row)
        if (!plain) continue
        sql.exec(
          'UPDATE wallets SET sealed = ?, key_id = ? WHERE wallet_id = ?',
          ring.seal(plain, labelOf(owner, row.wallet_id)),
          ring.currentId,
          row.wallet_id,
        )
      }
      return rowsOf(database, query, keyId).length
    },
  }
}

const labelOf = (owner: string, walletId: string): string => `aitbc/wallet/1 ${owner} ${walletId}`
