/** What an account's object remembers, over the SQLite that Node brings. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { accountLimits as limits, type SignInRecord } from '../../../core/api/account-service.ts'
import { openAccountStore } from '../../../durable-objects/account/account-store.ts'
import { createSqliteStorage } from '../../support/sqlite-storage.ts'

const startMs = 1_800_000_000_000

const record = (name: string, given: Partial<SignInRecord> = {}): SignInRecord => ({
  nonce: `nonce-${name}`,
  nonceExpiresAtMs: startMs + 600_000,
  sessionId: `session-${name}`,
  agent: 'test',
  username: 'user_1',
  ...given,
})

test('ACCOUNT-1: a nonce signs in once, until it expires by itself', () => {
  const store = openAccountStore(createSqliteStorage())
  expect(store.signIn(record('a'), startMs).ok).toBe(true)
  const again = store.signIn(record('a', { sessionId: 'another' }), startMs + 599_999)
  expect(again).toEqual({ ok: false, error: { code: 'SIGN_IN_NONCE_USED' } })
  expect(store.sessions(startMs)).toHaveLength(1)
})

test('ACCOUNT-1: too many nonces make signing in wait; none is forgotten', () => {
  const store = openAccountStore(createSqliteStorage())
  for (let i = 0; i < limits.noncesMax; i++) store.signIn(record(String(i)), startMs)
  const code = (name: string, atMs: number) => {
    const signedIn = store.signIn(record(name, { nonceExpiresAtMs: atMs + 600_000 }), atMs)
    return signedIn.ok ? 'ok' : signedIn.error.code
  }
  expect(code('more', startMs + 1)).toBe('RATE_LIMIT_EXCEEDED')
  expect(code('0', startMs + 1)).toBe('SIGN_IN_NONCE_USED')
  expect(code('more', startMs + 600_000)).toBe('ok')
})

test('ACCOUNT-2: one session too many ends the one that was used longest ago', () => {
  const store = openAccountStore(createSqliteStorage())
  for (let i = 0; i < limits.sessionsMax; i++) store.signIn(record(String(i)), startMs + i)
  store.session('session-0', startMs + limits.touchMs)
  store.signIn(record('new'), startMs + limits.touchMs + 1)
  const ids = store.sessions(startMs + limits.touchMs + 1).map(({ sessionId }) => sessionId)
  expect(ids).toHaveLength(limits.sessionsMax)
  expect(ids).toContain('session-0')
  expect(ids).not.toContain('session-1')
  expect(ids[0]).toBe('session-new')
})

test('ACCOUNT-3: an ended session is none, also after the object was away, nor is one that is over', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aitbc-account-'))
  const path = join(folder, 'account.db')
  const first = createSqliteStorage(path)
  const store = openAccountStore(first)
  for (const name of ['a', 'b', 'c']) store.signIn(record(name), startMs)
  expect(store.endSession('session-a')).toBe(1)
  expect(store.endSession('session-a')).toBe(0)
  first.close()
  const second = createSqliteStorage(path)
  const again = openAccountStore(second)
  expect(again.session('session-a', startMs)).toBeUndefined()
  expect(again.session('session-b', startMs)).toEqual({
    ...{ email: '', username: 'user_1', createdAtMs: startMs },
  })
  expect(again.session('session-b', startMs + limits.sessionMs)).toBeUndefined()
  expect(again.signIn(record('a'), startMs)).toMatchObject({
    error: { code: 'SIGN_IN_NONCE_USED' },
  })
  expect(again.endSessions()).toBe(2)
  expect(again.sessions(startMs)).toEqual([])
  second.close()
  rmSync(folder, { recursive: true })
})

test('ACCOUNT-4: signing in keeps the profile, registering changes it', () => {
  const store = openAccountStore(createSqliteStorage())
  expect(store.profile()).toBeUndefined()
  store.signIn(record('a'), startMs)
  const profile = { email: 'mira@example.org', username: 'mira' }
  store.signIn(record('b', { profile }), startMs + 1)
  store.signIn(record('c', { username: 'user_2' }), startMs + 2)
  expect(store.profile()).toEqual({ ...profile, createdAtMs: startMs })
})
