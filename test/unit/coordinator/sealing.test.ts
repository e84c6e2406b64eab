/** Keys at rest. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import { openApiKeys } from '../../../durable-objects/coordinator/api-keys.ts'
import { resealAccounts } from '../../../durable-objects/coordinator/custody.ts'
import { nativeSigner } from '../../../durable-objects/coordinator/native-signer.ts'
import {
  type Blob,
  bytesOf,
  createTables,
  rowsOf,
  type SqlDatabase,
} from '../../../durable-objects/coordinator/schema.ts'
import { openVault } from '../../../durable-objects/coordinator/sealing.ts'
import { nodeVerifier } from '../../support/chain-world.ts'
import { createSqliteStorage } from '../../support/sqlite-storage.ts'

const secret = () => new Uint8Array(randomBytes(32))

describe('sealed seeds', () => {
  test('KEEP-1: a seed opens with the secret, owner and purpose that sealed it, and with no other', () => {
    const key = secret()
    const seed = secret()
    const vault = openVault([key])
    const label = { owner: 'client_1', purpose: 'delegate' } as const
    const sealed = vault.seal(seed, label)
    expect(vault.open(sealed, label)).toEqual(seed)
    expect(openVault([key]).open(sealed, label)).toEqual(seed)
    expect(vault.open(sealed, { ...label, owner: 'client_2' })).toBeUndefined()
    expect(vault.open(sealed, { ...label, purpose: 'account' })).toBeUndefined()
    expect(openVault([secret()]).open(sealed, label)).toBeUndefined()
    const changed = Uint8Array.from(sealed)
    changed[30] = (changed[30] as number) ^ 1
    expect(vault.open(changed, label)).toBeUndefined()
    expect(vault.open(sealed.subarray(0, 10), label)).toBeUndefined()
    expect(vault.seal(seed, label)).not.toEqual(sealed)
  })

  test('KEEP-1: digests of API keys depend on the secret', () => {
    const key = secret()
    const digest = openVault([key]).digestOf('an api key')
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    expect(openVault([key]).digestOf('an api key')).toBe(digest)
    expect(openVault([key]).digestOf('an api kez')).not.toBe(digest)
    expect(openVault([secret()]).digestOf('an api key')).not.toBe(digest)
  })

  test('KEEP-5: an older secret opens what it sealed, and what is sealed anew needs it no more', () => {
    const [older, newer, seed] = [secret(), secret(), secret()]
    const label = { owner: 'client_1', purpose: 'account' } as const
    const sealed = openVault([older]).seal(seed, label)
    const both = openVault([newer, older])
    expect(both.open(sealed, label)).toEqual(seed)
    const fresh = both.reseal(sealed, label)
    expect(fresh && openVault([newer]).open(fresh, label)).toEqual(seed)
    expect(fresh && both.reseal(fresh, label)).toBeUndefined()
    expect(openVault([newer]).reseal(sealed, label)).toBeUndefined()
    expect(both.olderDigestsOf('key')).toEqual([openVault([older]).digestOf('key')])
    expect(both.digestOf('key')).toBe(openVault([newer]).digestOf('key'))
  })

  test('KEEP-5: keys and delegates survive a new secret, wherever it was stopped', () => {
    const database = createSqliteStorage()
    createTables(database)
    const [older, newer] = [secret(), secret()]
    const apiKeys = { client: ['client-key-1', 'client-key-2'], miner: ['miner-key-1'], admin: [] }
    const open = (keys: readonly [Uint8Array, ...Uint8Array[]], admitted = apiKeys) =>
      openApiKeys({
        ...{ database, vault: openVault(keys), apiKeys: admitted, payouts: new Map(), nowMs: 1 },
      })
    const known = (given: ReturnType<typeof openApiKeys>) =>
      apiKeys.client.map((key) => {
        const publicId = given.publicIdOf(key, 'client') as string
        return [publicId, given.delegateOf(publicId)?.publicKey]
      })
    const before = known(open([older]))
    // Half of them have been taken over.
    open([newer, older], { ...apiKeys, client: ['client-key-1'] })
    expect(known(open([newer, older]))).toEqual(before)
    expect(known(open([newer]))).toEqual(before)
    expect(database.sql.exec('SELECT * FROM api_keys').toArray()).toHaveLength(3)
  })

  test.each([0, 1, 2, 3])(
    'KEEP-5: accounts in custody survive a kill after %i of them',
    (count) => {
      const database = createSqliteStorage()
      createTables(database)
      const [older, newer] = [secret(), secret()]
      const rows = ['client_1', 'client_2', 'client_3'].map((owner) => ({ owner, seed: secret() }))
      const insert = `INSERT INTO custody (owner, account_public, account_sealed, step, transactions)
      VALUES (?, ?, ?, 'ready', '[]')`
      for (const { owner, seed } of rows) {
        const sealed = openVault([older]).seal(seed, { owner, purpose: 'account' })
        database.sql.exec(insert, owner, nativeSigner(seed).publicKey, sealed)
      }
      database.sql.exec(
        "INSERT INTO custody (owner, step, transactions) VALUES ('linked', 'ready', '[]')",
      )
      const seedsBy = (...keys: [Uint8Array, ...Uint8Array[]]) =>
        rows.map(({ owner }) => {
          const query = 'SELECT account_sealed FROM custody WHERE owner = ?'
          const [row] = rowsOf<{ account_sealed: Blob }>(database, query, owner)
          const label = { owner, purpose: 'account' } as const
          return row && openVault(keys).open(bytesOf(row.account_sealed), label)
        })
      let updates = 0
      const dying: SqlDatabase = {
        ...database,
        sql: {
          exec: (query: string, ...bindings: never[]) => {
            if (query.startsWith('UPDATE') && updates++ === count) throw new Error('killed')
            return database.sql.exec(query, ...bindings)
          },
        } as SqlDatabase['sql'],
      }
      const run = () => resealAccounts(dying, openVault([newer, older]))
      if (count < rows.length) expect(run).toThrow('killed')
      else run()
      const seeds = rows.map(({ seed }) => seed)
      expect(seedsBy(newer, older)).toEqual(seeds)
      expect(seedsBy(newer).filter((seed) => seed !== undefined)).toHaveLength(count)
      // Without the older secret nothing is touched; with it the walk goes on to the end.
      resealAccounts(database, openVault([newer]))
      expect(seedsBy(newer, older)).toEqual(seeds)
      resealAccounts(database, openVault([newer, older]))
      expect(seedsBy(newer)).toEqual(seeds)
    },
  )

  test('KEEP-1: the native signer makes the signatures of RFC 8032', () => {
    const seed = secret()
    const message = secret()
    const { publicKey, sign } = nativeSigner(seed)
    const reference = signerFromSeed(seed)
    expect(publicKey).toEqual(reference.publicKey)
    const signature = sign(message)
    expect(signature).toEqual(reference.sign(message))
    expect(nodeVerifier.verify({ signature, message, publicKey })).toBe(true)
  })
})
