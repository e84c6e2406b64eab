/**
 * API keys: known by a keyed hash, seen by others under a random public id. Each client key owns a
 * delegate key, which signs authorisations for it.
 */
import { randomBytes } from 'node:crypto'
import { toHex } from '../../core/base/bytes.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import type { AccountKeys } from './account-keys.ts'
import { nativeSigner } from './native-signer.ts'
import { type Blob, bytesOf, rowsOf, type SqlDatabase } from './schema.ts'
import type { Vault } from './sealing.ts'
import type { Scope } from './settings.ts'

export type ApiKeys = {
  /** Public id of a key that the operator admits in this scope. */
  readonly publicIdOf: (apiKey: string, scope: Scope) => string | undefined
  /** The delegate of a client key; undefined for a public id that is no client key here. */
  readonly delegateOf: (publicId: string) => Signer | undefined
  /** Address that is paid for the work of a legacy miner key. */
  readonly payoutOf: (publicId: string) => Uint8Array | undefined
}

type KeyRow = {
  readonly public_id: string
  readonly delegate_sealed: Blob | null
}

/**
 * Enters the keys that the operator set. A key that is no longer set stays in the table, for its jobs
 * keep its public id, but is not admitted any more.
 */
export function openApiKeys(input: {
  readonly database: SqlDatabase
  readonly vault: Vault
  readonly apiKeys: Readonly<Record<Scope, readonly string[]>>
  readonly payouts: ReadonlyMap<string, Uint8Array>
  readonly nowMs: number
}): ApiKeys {
  const { database, vault, apiKeys, payouts, nowMs } = input
  const publicIds = new Map<string, string>()
  const payoutByPublicId = new Map<string, Uint8Array>()
  const delegates = new Map<string, Signer | undefined>()
  database.transactionSync(() => {
    for (const scope of ['client', 'miner', 'admin'] as const) {
      for (const apiKey of apiKeys[scope]) {
        const publicId = enter(database, vault, { apiKey, scope, nowMs })
        publicIds.set(`${scope} ${vault.digestOf(apiKey)}`, publicId)
        const payout = payouts.get(apiKey)
        if (payout && scope === 'miner') payoutByPublicId.set(publicId, payout)
      }
    }
  })
  return {
    publicIdOf: (apiKey, scope) => publicIds.get(`${scope} ${vault.digestOf(apiKey.trim())}`),
    payoutOf: (publicId) => payoutByPublicId.get(publicId),
    delegateOf: (publicId) => {
      if (!delegates.has(publicId)) delegates.set(publicId, readDelegate(database, vault, publicId))
      return delegates.get(publicId)
    },
  }
}

/** Keys of the operator first, then those of accounts. */
export function withAccountKeys(operator: ApiKeys, accounts: AccountKeys): ApiKeys {
  return {
    publicIdOf: operator.publicIdOf,
    delegateOf: (publicId) => operator.delegateOf(publicId) ?? accounts.delegateOf(publicId),
    payoutOf: (publicId) => operator.payoutOf(publicId) ?? accounts.payoutOf(publicId),
  }
}

function enter(
  database: SqlDatabase,
  vault: Vault,
  key: { readonly apiKey: string; readonly scope: Scope; readonly nowMs: number },
): string {
  const digest = vault.digestOf(key.apiKey)
  const query = 'SELECT public_id, delegate_sealed FROM api_keys WHERE digest = ? AND scope = ?'
  const known = rowsOf<KeyRow>(database, query, digest, key.scope)[0]
  if (known) return known.public_id
  const before = takeOver(database, vault, { ...key, digest })
  if (before !== undefined) return before
  const publicId = `${key.scope}_${toHex(new Uint8Array(randomBytes(8)))}`
  const seed = key.scope === 'client' ? new Uint8Array(randomBytes(32)) : undefined
  database.sql.exec(
    `INSERT INTO api_keys (digest, scope, public_id, delegate_public, delegate_sealed, created_at_ms)
     VALUES (?, ?, ?, ?, ?, ?)`,
    digest,
    key.scope,
    publicId,
    seed ? nativeSigner(seed).publicKey : null,
    seed ? vault.seal(seed, { owner: publicId, purpose: 'delegate' }) : null,
    key.nowMs,
  )
  return publicId
}

/** A key that is known by an older secret: from now on by the newest, and its delegate sealed by it. */
function takeOver(
  database: SqlDatabase,
  vault: Vault,
  key: { readonly apiKey: string; readonly scope: Scope; readonly digest: string },
): string | undefined {
  const query = 'SELECT public_id, delegate_sealed FROM api_keys WHERE digest = ? AND scope = ?'
  for (const older of vault.olderDigestsOf(key.apiKey)) {
    const [row] = rowsOf<KeyRow>(database, query, older, key.scope)
    if (!row) continue
    const { public_id: publicId, delegate_sealed: sealed } = row
    const label = { owner: publicId, purpose: 'delegate' } as const
    const fresh = sealed ? (vault.reseal(bytesOf(sealed), label) ?? bytesOf(sealed)) : null
    database.sql.exec(
      'UPDATE api_keys SET digest = ?, delegate_sealed = ? WHERE digest = ? AND scope = ?',
      key.digest,
      fresh,
      older,
      key.scope,
    )
    return publicId
  }
  return undefined
}

function readDelegate(database: SqlDatabase, vault: Vault, publicId: string): Signer | undefined {
  const query = 'SELECT public_id, delegate_sealed FROM api_keys WHERE public_id = ?'
  const sealed = rowsOf<KeyRow>(database, query, publicId)[0]?.delegate_sealed
  if (!sealed) return undefined
  const seed = vault.open(bytesOf(sealed), { owner: publicId, purpose: 'delegate' })
  return seed && nativeSigner(seed)
}
