/** Wallets at rest, over the SQLite that Node brings: sealing, its rotation, uses and ledger. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { walletLimits as limits } from '../../../core/api/wallet-service.ts'
import { toBase64Url } from '../../../core/base/bytes.ts'
import type { SqlDatabase } from '../../../durable-objects/coordinator/schema.ts'
import { openKeyRing, sealingSecrets } from '../../../durable-objects/key-ring.ts'
import { openDaemon } from '../../../durable-objects/wallet-daemon/daemon.ts'
import { openWalletStore } from '../../../durable-objects/wallet-daemon/wallet-store.ts'
import { createSqliteStorage } from '../../support/sqlite-storage.ts'

const secretOf = (fill: number) => new Uint8Array(32).fill(fill)
const ringOf = (...fills: number[]) => openKeyRing(fills.map(secretOf), 'test')
const owner = 'account:somebody'
const names = ['a', 'b', 'c', 'd', 'e']

const wallet = (walletId: string) => ({
  walletId,
  publicKey: secretOf(5),
  metadata: { note: 'x' },
  createdAtMs: 1,
  container: `container of ${walletId}`,
})

function filled(database: SqlDatabase) {
  const store = openWalletStore(database, ringOf(1))
  for (const name of names) store.add(owner, wallet(name))
  return store
}

const containersIn = (database: SqlDatabase, ...fills: number[]) => {
  const store = openWalletStore(database, ringOf(...fills))
  return names.map((name) => {
    const found = store.container(owner, name)
    return found?.ok ? found.value : found?.error.code
  })
}

/** How many wallets are not under the second key after the walk of an object with these keys. */
const resealed = (database: SqlDatabase, ...fills: number[]) =>
  openWalletStore(database, ringOf(...fills)).reseal(owner, ringOf(2).currentId)

const whole = names.map((name) => `container of ${name}`)

describe('sealing', () => {
  test('DAEMON-1: what is stored opens with the site’s key, for its owner and name alone', () => {
    const database = createSqliteStorage()
    const store = filled(database)
    expect(containersIn(database, 1)).toEqual(whole)
    expect(store.container(owner, 'nobody')).toBeUndefined()
    expect(store.container('account:another', 'a')).toMatchObject({
      error: { code: 'WALLET_UNSEALABLE' },
    })
    database.sql.exec(
      "UPDATE wallets SET sealed = (SELECT sealed FROM wallets WHERE wallet_id = 'b') WHERE wallet_id = 'a'",
    )
    expect(containersIn(database, 1)[0]).toBe('WALLET_UNSEALABLE')
    expect(containersIn(database, 1).slice(1)).toEqual(whole.slice(1))
    const rows = JSON.stringify(database.sql.exec('SELECT * FROM wallets').toArray())
    expect(Buffer.from(rows).includes('container of')).toBe(false)
  })

  test('DAEMON-1: a purpose has keys of its own', () => {
    const sealed = ringOf(1).seal(secretOf(3), 'label')
    const { currentId } = ringOf(1)
    expect(ringOf(1).open(sealed, currentId, 'label')).toEqual(secretOf(3))
    expect(ringOf(1).open(sealed, currentId, 'labels')).toBeUndefined()
    expect(openKeyRing([secretOf(1)], 'other').open(sealed, currentId, 'label')).toBeUndefined()
    expect(ringOf(1).open(sealed.subarray(0, 9), currentId, 'label')).toBeUndefined()
  })

  test('DAEMON-1: the ring is read newest first, and a key that is none is named, not shown', () => {
    const text = (fill: number) => toBase64Url(secretOf(fill))
    const env = {
      WALLET_ENCRYPTION_KEY: text(2),
      WALLET_ENCRYPTION_KEY_OLD: `${text(1)}, ${text(0)}`,
    }
    expect(sealingSecrets(env)).toEqual([secretOf(2), secretOf(1), secretOf(0)])
    expect(sealingSecrets({ WALLET_ENCRYPTION_KEY: text(2) })).toEqual([secretOf(2)])
    const bad = { ...env, WALLET_ENCRYPTION_KEY_OLD: 'nonsense' }
    expect(() => sealingSecrets(bad)).toThrow(
      /^WALLET_ENCRYPTION_KEY_OLD is missing or cannot be used$/,
    )
  })
})

describe('a new sealing key', () => {
  test('DAEMON-2: both keys open everything, then the new one alone does', () => {
    const database = createSqliteStorage()
    filled(database)
    expect(containersIn(database, 2, 1)).toEqual(whole)
    expect(resealed(database, 2, 1)).toBe(0)
    expect(containersIn(database, 2)).toEqual(whole)
    expect(containersIn(database, 1).every((each) => each === 'WALLET_UNSEALABLE')).toBe(true)
  })

  test.each([0, 1, 2, 3, 4])('DAEMON-2: killed after %i wallets nothing is lost', (count) => {
    const folder = mkdtempSync(join(tmpdir(), 'aitbc-wallets-'))
    const path = join(folder, 'wallets.db')
    const before = createSqliteStorage(path)
    filled(before)
    let updates = 0
    const dying: SqlDatabase = {
      ...before,
      sql: {
        exec: (query: string, ...bindings: never[]) => {
          if (query.startsWith('UPDATE') && updates++ === count) throw new Error('killed')
          return before.sql.exec(query, ...bindings)
        },
      } as SqlDatabase['sql'],
    }
    expect(() => resealed(dying, 2, 1)).toThrow('killed')
    before.close()
    const after = createSqliteStorage(path)
    const sealedNew = after.sql
      .exec('SELECT 1 FROM wallets WHERE key_id = ?', ringOf(2).currentId)
      .toArray()
    expect(sealedNew).toHaveLength(count)
    expect(containersIn(after, 2, 1)).toEqual(whole)
    expect(resealed(after, 2, 1)).toBe(0)
    expect(containersIn(after, 2)).toEqual(whole)
    after.close()
    rmSync(folder, { recursive: true })
  })

  test('DAEMON-2: without the older key nothing is touched, and it heals when the key is back', () => {
    const database = createSqliteStorage()
    filled(database)
    expect(resealed(database, 2)).toBe(names.length)
    const found = openWalletStore(database, ringOf(2)).container(owner, 'a')
    expect(found).toEqual({
      ok: false,
      error: { code: 'WALLET_UNSEALABLE', details: { key_id: ringOf(1).currentId } },
    })
    expect(resealed(database, 2, 1)).toBe(0)
    expect(containersIn(database, 2)).toEqual(whole)
  })

  test('DAEMON-2: an object that still runs with the older key alone is not done', () => {
    const database = createSqliteStorage()
    filled(database)
    expect(resealed(database, 1)).toBe(names.length)
    expect(containersIn(database, 1)).toEqual(whole)
  })
})

describe('a daemon', () => {
  const open = (database: SqlDatabase, enter = async () => {}) => {
    const store = openWalletStore(database, ringOf(1))
    return { store, daemon: openDaemon({ store, enter, now: () => 1 }) }
  }
  const caller = { owner, client: '192.0.2.1' }
  const password = 'wild geese over a slate roof'

  test('DAEMON-4: names that no wallet has get around no limit, nor do other clients', async () => {
    const database = createSqliteStorage()
    const { store, daemon } = open(database)
    for (let i = 0; i < limits.derivationsPerWindow; i++) {
      store.use('derivations', limits.derivationsPerWindow, 1)
    }
    const refused = { ok: false, error: { code: 'WALLET_LIMIT_EXCEEDED' } }
    for (const [walletId, client] of [
      ['a', '192.0.2.2'],
      ['b', '192.0.2.3'],
    ] as const) {
      const given = { walletId, password }
      const from = { owner, client }
      expect(await daemon.unlock(from, given)).toMatchObject(refused)
      expect(await daemon.sign(from, { ...given, message: secretOf(1) })).toMatchObject(refused)
      expect(await daemon.create(from, { ...given, metadata: {} })).toMatchObject(refused)
    }
    expect((await daemon.wallets(caller)).ok).toBe(true)
    expect(database.sql.exec('SELECT bucket FROM uses').toArray()).toHaveLength(2)
  })

  test('DAEMON-6: two that are made at once share the last place', async () => {
    const { store, daemon } = open(createSqliteStorage())
    for (let i = 1; i < limits.walletsMax; i++) store.add(owner, wallet(`w${i}`))
    const made = await Promise.all(
      ['x', 'y'].map((walletId) => daemon.create(caller, { walletId, password, metadata: {} })),
    )
    expect(made.filter(({ ok }) => ok)).toHaveLength(1)
    expect(made).toContainEqual({ ok: false, error: { code: 'WALLETS_TOO_MANY' } })
    expect(store.list()).toHaveLength(limits.walletsMax)
  })
})

test('DAEMON-4: uses are counted by bucket and window, whoever restarts in between', () => {
  const database = createSqliteStorage()
  const use = (bucket: string, atMs: number) =>
    openWalletStore(database, ringOf(1)).use(bucket, limits.usesPerWindow, atMs)
  for (let i = 0; i < limits.usesPerWindow; i++) expect(use('sign', i)).toBeUndefined()
  expect(use('sign', 1_000)).toBe(limits.windowMs - 1_000)
  expect(use('unlock', 1_000)).toBeUndefined()
  expect(use('sign', limits.windowMs)).toBeUndefined()
  const rows = database.sql.exec('SELECT bucket FROM uses').toArray()
  expect(rows.length).toBeLessThanOrEqual(2)
})

test('DAEMON-5: the ledger is read newest first, a wallet at a time, and is bounded', () => {
  const store = openWalletStore(createSqliteStorage(), ringOf(1))
  const entry = { success: true, client: '192.0.2.1' } as const
  for (let i = 0; i < limits.ledgerMax + 10; i++) {
    const walletId = i % 2 === 0 ? 'a' : 'b'
    store.note(walletId, { ...entry, event: 'signed', atMs: i })
  }
  const page = store.ledger('a', 3, Number.MAX_SAFE_INTEGER)
  expect(page.map(({ atMs }) => atMs)).toEqual([10_008, 10_006, 10_004])
  const next = store.ledger('a', 1, page.at(-1)?.seq as number)
  expect(next.map(({ atMs }) => atMs)).toEqual([10_002])
  const all = [...store.ledger('a', 99_999, 999_999), ...store.ledger('b', 99_999, 999_999)]
  expect(all).toHaveLength(limits.ledgerMax)
})
