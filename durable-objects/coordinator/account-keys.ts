/**
 * API keys of accounts: made and ended by their owners. Of a secret the disk has a keyed hash; each key that
 * may spend has a delegate key of its own, sealed. Whether a key still stands is looked up at every call, in
 * memory, so that a revocation holds at once wherever a principal is remembered. Long because all that
 * writes a key stands beside the memory that it must clear. Rules: SPEC.md, ACCT.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { KeyChange, NewKey } from '../../core/api/account-desk.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { keyLimits } from '../../core/api/schemas/account-keys.ts'
import { consoleScopes, type KeyScopeName } from '../../core/auth/key-scopes.ts'
import type { ApiKeyPrincipal, Principal } from '../../core/auth/principal.ts'
import { toBase64Url, toHex } from '../../core/base/bytes.ts'
import { assert, err, ok, type Result } from '../../core/base/result.ts'
import { hasPassed } from '../../core/base/time.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import { createAccountTables } from './account-schema.ts'
import { nativeSigner } from './native-signer.ts'
import { type Blob, bytesOf, rowsOf, type SqlDatabase } from './schema.ts'
import type { Vault } from './sealing.ts'
import type { Scope } from './settings.ts'

/** One key as it stands on disk. */
export type KeyRow = {
  readonly key_id: string
  readonly kind: 'key' | 'console'
  readonly owner: string
  readonly name: string
  /** JSON array. */
  readonly scopes: string
  readonly payout: Blob | null
  readonly budget: string | null
  readonly delegate_public: Blob | null
  readonly delegate_sealed: Blob | null
  readonly pending_escrow: Blob | null
  readonly pending_until_ms: number | null
  readonly created_at_ms: number
  readonly expires_at_ms: number | null
  readonly revoked_at_ms: number | null
  readonly revoked_by: string | null
  readonly used_at_ms: number | null
}

/** One secret of a key; `until_ms`: when it ends or ended. */
export type SecretRow = {
  readonly digest: string
  readonly key_id: string
  readonly secret_id: string
  readonly hint: string
  readonly created_at_ms: number
  readonly until_ms: number | null
}

export type AccountKeys = ReturnType<typeof openAccountKeys>

/** What is known of a key in memory. */
type Known = {
  readonly row: KeyRow
  readonly scopes: readonly KeyScopeName[]
  readonly untilBySecret: ReadonlyMap<string, number | undefined>
  signer: Signer | undefined
  usedAtMs: number
}

/** Keys in memory, and how often a use is written down. */
const knownMax = 4_096
const touchMs = 60_000

export function openAccountKeys(input: {
  readonly database: SqlDatabase
  readonly vault: Vault
  readonly now: () => number
}) {
  const { database, vault, now } = input
  createAccountTables(database)
  const pepper = openPepper(database, vault)
  resealDelegates(database, vault)
  const { rowOf, secretsOf, knownOf, touch, faultOf, forget } = openMemory(database, now)

  const digestOf = (secret: string): string =>
    createHmac('sha256', pepper).update(secret).digest('hex')

  const insert = (row: NewRow): void => insertRow(database, vault, row)

  /** A new secret, told once. Inside the caller's atomic write. */
  const addSecret = (keyId: string): string => {
    const secret = `aitbc_${toBase64Url(new Uint8Array(randomBytes(32)))}`
    const secretId = toHex(new Uint8Array(randomBytes(8)))
    const hint = secret.slice(-4)
    database.sql.exec(insertSecret, digestOf(secret), keyId, secretId, hint, now())
    return secret
  }

  const ownersRows = (owner: string): KeyRow[] =>
    rowsOf<KeyRow>(database, `${selectOwners} ORDER BY created_at_ms DESC, key_id`, owner)

  const blank = (owner: string): NewRow => blankRow(owner, now())

  return {
    row: rowOf,
    secrets: secretsOf,
    ofOwner: ownersRows,

    /** As whom a secret calls in a scope, or why it may not. */
    admit: (secret: string, scope: Scope): Result<ApiKeyPrincipal, ApiError> => {
      if (!secretPattern.test(secret)) return err({ code: 'AUTHENTICATION_ERROR' })
      const [found] = rowsOf<SecretRow>(database, selectSecret, digestOf(secret))
      const entry = found && knownOf(found.key_id)
      if (!entry) return err({ code: 'AUTHENTICATION_ERROR' })
      const fault = faultOf(entry, found.secret_id)
      if (fault) return err(fault)
      const { scopes, row } = entry
      const isMiner = scopes.includes('miner')
      if (scope === 'admin') return err({ code: 'AUTHENTICATION_ERROR' })
      if ((scope === 'miner') !== isMiner) return err(scopeMissing(scope))
      touch(entry)
      const { key_id: publicId, owner: account } = row
      return ok({ kind: 'api_key', scope, publicId, account, scopes, secretId: found.secret_id })
    },

    /** Whether a principal that was admitted before may still call. */
    standing: (who: Principal): Result<null, ApiError> => {
      if (who.kind !== 'api_key' || who.account === undefined) return ok(null)
      const entry = knownOf(who.publicId)
      if (!entry) return err({ code: 'KEY_REVOKED' })
      const fault = faultOf(entry, who.secretId)
      if (fault) return err(fault)
      touch(entry)
      return ok(null)
    },

    /** Whether the site knows a key of an account under this public id. */
    isKnown: (keyId: string): boolean => knownOf(keyId) !== undefined,
    kindOf: (keyId: string): KeyRow['kind'] | undefined => knownOf(keyId)?.row.kind,
    /** Whether the faucet of a devnet may fund it: a console that stands. */
    mayBeFunded: (keyId: string): boolean => {
      const row = knownOf(keyId)?.row
      return row?.kind === 'console' && row.revoked_at_ms === null
    },
    ownerOf: (keyId: string): string | undefined => knownOf(keyId)?.row.owner,

    delegateOf: (keyId: string): Signer | undefined => {
      const entry = knownOf(keyId)
      const sealed = entry?.row.delegate_sealed
      if (!entry || !sealed) return undefined
      if (!entry.signer) {
        const seed = vault.open(bytesOf(sealed), { owner: keyId, purpose: 'delegate' })
        entry.signer = seed && nativeSigner(seed)
      }
      return entry.signer
    },

    payoutOf: (keyId: string): Uint8Array | undefined => {
      const payout = knownOf(keyId)?.row.payout
      return payout ? bytesOf(payout) : undefined
    },

    /** Most that a key may ever spend; undefined: no bound of the site's. */
    budgetOf: (keyId: string): bigint | undefined => {
      const budget = knownOf(keyId)?.row.budget
      return budget === null || budget === undefined ? undefined : BigInt(budget)
    },

    /** All that is a client of an account here: its keys, and the account itself. */
    clientsOf: (owner: string): string[] => [owner, ...ownersRows(owner).map((row) => row.key_id)],

    create: (
      owner: string,
      wanted: NewKey,
      payout: Uint8Array | undefined,
    ): Result<{ keyId: string; secret: string }, ApiError> => {
      const own = ownersRows(owner).filter(({ kind }) => kind === 'key')
      const live = own.filter((row) => row.revoked_at_ms === null)
      if (live.length >= keyLimits.keysMax) return err({ code: 'KEYS_TOO_MANY' })
      const surplus = own
        .filter((row) => row.revoked_at_ms !== null)
        .sort((a, b) => (a.revoked_at_ms ?? 0) - (b.revoked_at_ms ?? 0))
        .slice(0, Math.max(0, own.length + 1 - keyLimits.keysKeptMax))
      const keyId = `key_${toHex(new Uint8Array(randomBytes(8)))}`
      const secret = database.transactionSync(() => {
        for (const { key_id: old } of surplus) forgetKey(database, old)
        insert({
          ...blank(owner),
          key_id: keyId,
          name: wanted.name,
          scopes: JSON.stringify(wanted.scopes),
          payout: payout ?? null,
          budget: wanted.budget?.toString() ?? null,
          expires_at_ms: wanted.expiresAtMs ?? null,
        })
        return addSecret(keyId)
      })
      for (const { key_id: old } of surplus) forget(old)
      return ok({ keyId, secret })
    },

    change: (keyId: string, change: KeyChange): void => {
      const row = rowOf(keyId)
      assert(row, 'whoever changes a key has looked it up')
      const { name = row.name, budget, expiresAtMs } = change
      database.sql.exec(
        'UPDATE account_keys SET name = ?, budget = ?, expires_at_ms = ? WHERE key_id = ?',
        name,
        budget === undefined ? row.budget : (budget?.toString() ?? null),
        expiresAtMs === undefined ? row.expires_at_ms : expiresAtMs,
        keyId,
      )
      forget(keyId)
    },

    /** A new secret; those before it end with the grace, or sooner where that was said before. */
    rotate: (keyId: string, graceMs: number): string => {
      // Without a grace it is over for good, also when the clock is set back.
      const untilMs = graceMs === 0 ? 0 : now() + graceMs
      const secret = database.transactionSync(() => {
        database.sql.exec(endSecrets, untilMs, keyId, untilMs)
        database.sql.exec(forgetSecrets, keyId, keyId, secretsKept)
        return addSecret(keyId)
      })
      forget(keyId)
      return secret
    },

    /** Inside one atomic write with `also`: an act of an administrator is written down with it. */
    revoke: (keyId: string, by: string, also: () => void = () => undefined): void => {
      database.transactionSync(() => {
        database.sql.exec(setRevoked, now(), by, keyId)
        also()
      })
      forget(keyId)
    },

    /** The newest console key of an account; made where there is none. */
    consoleOf: (owner: string, how: { readonly anew: boolean }): KeyRow => {
      const newest = ownersRows(owner).find(({ kind }) => kind === 'console')
      const isEnded = newest !== undefined && newest.revoked_at_ms !== null
      if (newest && !(isEnded && how.anew && newest.revoked_by === owner)) return newest
      const keyId = `console_${toHex(new Uint8Array(randomBytes(8)))}`
      const surplus = ownersRows(owner)
        .filter(({ kind }) => kind === 'console')
        .slice(keyLimits.consolesKeptMax - 1)
      database.transactionSync(() => {
        for (const { key_id: old } of surplus) forgetKey(database, old)
        insert({
          ...blank(owner),
          key_id: keyId,
          kind: 'console',
          name: 'console',
          scopes: JSON.stringify(consoleScopes),
        })
      })
      for (const { key_id: old } of surplus) forget(old)
      return rowOf(keyId) as KeyRow
    },

    /** Waits for an escrow until a time; null: waits no more. */
    waitFor: (keyId: string, escrow: Uint8Array | null, untilMs: number | null): void => {
      database.sql.exec(setPending, escrow, untilMs, keyId)
      forget(keyId)
    },

    /** Keys that wait for an escrow. */
    awaiting: (): KeyRow[] =>
      rowsOf<KeyRow>(database, 'SELECT * FROM account_keys WHERE pending_escrow IS NOT NULL'),
  }
}

/** Keys as they stand, in memory: what writes a key forgets it here. */
function openMemory(database: SqlDatabase, now: () => number) {
  const known = new Map<string, Known>()

  const rowOf = (keyId: string): KeyRow | undefined =>
    rowsOf<KeyRow>(database, 'SELECT * FROM account_keys WHERE key_id = ?', keyId)[0]

  const secretsOf = (keyId: string): SecretRow[] =>
    rowsOf<SecretRow>(database, selectSecrets, keyId)

  const knownOf = (keyId: string): Known | undefined => {
    const before = known.get(keyId)
    if (before) return before
    const row = rowOf(keyId)
    if (!row) return undefined
    const fresh: Known = {
      row,
      scopes: JSON.parse(row.scopes) as KeyScopeName[],
      untilBySecret: new Map(
        secretsOf(keyId).map((each) => [each.secret_id, each.until_ms ?? undefined]),
      ),
      signer: undefined,
      usedAtMs: row.used_at_ms ?? 0,
    }
    known.set(keyId, fresh)
    const [oldest] = known.keys()
    if (known.size > knownMax && oldest !== undefined) known.delete(oldest)
    return fresh
  }

  /** Notes a use, at most once a minute for a key; a note that cannot be written is none. */
  const touch = (entry: Known): void => {
    const nowMs = now()
    if (!hasPassed(touchMs, entry.usedAtMs, nowMs)) return
    entry.usedAtMs = nowMs
    try {
      database.sql.exec(setUsed, nowMs, entry.row.key_id)
    } catch {
      console.error(JSON.stringify({ msg: 'use of a key not noted', key: entry.row.key_id }))
    }
  }

  const faultOf = (entry: Known, secretId: string | undefined): ApiError | undefined => {
    const nowMs = now()
    const { revoked_at_ms: revokedAtMs, expires_at_ms: expiresAtMs } = entry.row
    if (revokedAtMs !== null) return { code: 'KEY_REVOKED' }
    if (expiresAtMs !== null && expiresAtMs <= nowMs) return { code: 'KEY_EXPIRED' }
    if (secretId === undefined) return undefined
    const untilMs = entry.untilBySecret.get(secretId)
    const isKept = entry.untilBySecret.has(secretId)
    return isKept && (untilMs === undefined || untilMs > nowMs)
      ? undefined
      : { code: 'KEY_ROTATED' }
  }

  const forget = (keyId: string): void => void known.delete(keyId)

  return { rowOf, secretsOf, knownOf, touch, faultOf, forget }
}

/** A row before its delegate is made. */
type NewRow = Omit<KeyRow, 'delegate_public' | 'delegate_sealed'>

const blankRow = (owner: string, nowMs: number): NewRow => ({
  key_id: '',
  kind: 'key',
  owner,
  name: '',
  scopes: '[]',
  payout: null,
  budget: null,
  pending_escrow: null,
  pending_until_ms: null,
  created_at_ms: nowMs,
  expires_at_ms: null,
  revoked_at_ms: null,
  revoked_by: null,
  used_at_ms: null,
})

/** Removes a key that was revoked long ago, with all that was kept for it. Inside an atomic write. */
function forgetKey(database: SqlDatabase, keyId: string): void {
  for (const table of ['account_secrets', 'account_keys']) {
    database.sql.exec(`DELETE FROM ${table} WHERE key_id = ?`, keyId)
  }
  database.sql.exec('DELETE FROM custody WHERE owner = ?', keyId)
  database.sql.exec('DELETE FROM webhook_secrets WHERE client = ?', keyId)
}

function insertRow(database: SqlDatabase, vault: Vault, row: NewRow): void {
  const isSpending = !row.scopes.includes('"miner"')
  const seed = isSpending ? new Uint8Array(randomBytes(32)) : undefined
  database.sql.exec(
    insertKey,
    row.key_id,
    row.kind,
    row.owner,
    row.name,
    row.scopes,
    row.payout === null ? null : bytesOf(row.payout),
    row.budget,
    seed ? nativeSigner(seed).publicKey : null,
    seed ? vault.seal(seed, { owner: row.key_id, purpose: 'delegate' }) : null,
    row.created_at_ms,
    row.expires_at_ms,
  )
}

const secretPattern = /^aitbc_[\w-]{43}$/

/** Ended secrets of one key that are remembered, so that they are told what became of them. */
const secretsKept = 8

const scopeMissing = (scope: Scope): ApiError => ({
  code: 'SCOPE_MISSING',
  details: { scope: scope === 'miner' ? 'miner' : 'jobs:read' },
})

/**
 * The key of the keyed hashes: random, made once, sealed under the site's secret. So a secret that replaces
 * another leaves every API key known.
 */
function openPepper(database: SqlDatabase, vault: Vault): Uint8Array {
  const label = { owner: 'site', purpose: 'pepper' } as const
  const query = 'SELECT sealed FROM account_pepper'
  const row = rowsOf<{ sealed: Blob }>(database, query)[0]
  if (row) {
    const sealed = bytesOf(row.sealed)
    const pepper = vault.open(sealed, label)
    assert(pepper, 'the sealing key is the one that sealed')
    const fresh = vault.reseal(sealed, label)
    if (fresh) database.sql.exec('UPDATE account_pepper SET sealed = ?', fresh)
    return pepper
  }
  const pepper = new Uint8Array(randomBytes(32))
  database.sql.exec('INSERT INTO account_pepper VALUES (1, ?)', vault.seal(pepper, label))
  return pepper
}

/** Delegates that are sealed under an older secret, one atomic write each: stopped anywhere, all open. */
function resealDelegates(database: SqlDatabase, vault: Vault): void {
  if (vault.olderDigestsOf('').length === 0) return
  const query = 'SELECT * FROM account_keys WHERE delegate_sealed IS NOT NULL'
  for (const { key_id: owner, delegate_sealed: sealed } of rowsOf<KeyRow>(database, query)) {
    const fresh = vault.reseal(bytesOf(sealed as Blob), { owner, purpose: 'delegate' })
    if (!fresh) continue
    database.sql.exec('UPDATE account_keys SET delegate_sealed = ? WHERE key_id = ?', fresh, owner)
  }
}

const selectOwners = 'SELECT * FROM account_keys WHERE owner = ?'
const selectSecret = 'SELECT * FROM account_secrets WHERE digest = ?'
// The one that has no end is the newest: two may be made in one millisecond.
const selectSecrets = `SELECT * FROM account_secrets WHERE key_id = ?
  ORDER BY until_ms IS NULL DESC, created_at_ms DESC, secret_id`
const insertKey = `INSERT INTO account_keys (key_id, kind, owner, name, scopes, payout, budget,
  delegate_public, delegate_sealed, created_at_ms, expires_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const insertSecret = 'INSERT INTO account_secrets VALUES (?, ?, ?, ?, ?, NULL)'
const endSecrets = `UPDATE account_secrets SET until_ms = ?
  WHERE key_id = ? AND (until_ms IS NULL OR until_ms > ?)`
const forgetSecrets = `DELETE FROM account_secrets WHERE key_id = ? AND digest NOT IN
  (SELECT digest FROM account_secrets WHERE key_id = ? ORDER BY created_at_ms DESC LIMIT ?)`
const setUsed = 'UPDATE account_keys SET used_at_ms = ? WHERE key_id = ?'
const setRevoked = `UPDATE account_keys SET revoked_at_ms = ?, revoked_by = ?, pending_escrow = NULL
  WHERE key_id = ? AND revoked_at_ms IS NULL`
const setPending =
  'UPDATE account_keys SET pending_escrow = ?, pending_until_ms = ? WHERE key_id = ?'
