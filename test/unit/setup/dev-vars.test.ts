/** The first start's secrets: complete, private, never changed. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensureDevVars, freshSecrets, secretNames } from '../../../scripts/setup/dev-vars.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aitbc-vars-'))
  path = join(folder, '.dev.vars')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('the first start writes every secret, for its owner alone', () => {
  const { vars, added } = ensureDevVars(path)
  expect(added).toEqual(secretNames)
  expect(Object.keys(vars).sort()).toEqual([...secretNames].sort())
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('secrets have the form that a site asks for', () => {
  const { vars } = ensureDevVars(path)
  for (const name of ['JWT_SECRET', 'SESSION_SECRET', 'WALLET_ENCRYPTION_KEY']) {
    expect(Buffer.from(vars[name] ?? '', 'base64url')).toHaveLength(32)
  }
  for (const name of ['AUTHORITY_KEY', 'COORDINATOR_KEY'])
    expect(vars[name]).toMatch(/^[0-9a-f]{64}$/)
  for (const kind of ['client', 'miner', 'admin']) {
    const keys = JSON.parse(vars[`${kind.toUpperCase()}_API_KEYS`] ?? '') as string[]
    expect(keys).toEqual([expect.stringMatching(new RegExp(`^aitbc_${kind}_[\\w-]{32}$`))])
  }
})

test('a later start changes nothing', () => {
  ensureDevVars(path)
  const before = readFileSync(path, 'utf8')
  expect(ensureDevVars(path).added).toEqual([])
  expect(readFileSync(path, 'utf8')).toBe(before)
})

test('a missing name is added, what the operator wrote stays', () => {
  writeFileSync(path, '# mine\nJWT_SECRET=chosen\nCORS_ORIGINS=https://a.example', { mode: 0o644 })
  const { vars, added } = ensureDevVars(path)
  expect(added).toEqual(secretNames.filter((name) => name !== 'JWT_SECRET'))
  expect(vars).toMatchObject({ JWT_SECRET: 'chosen', CORS_ORIGINS: 'https://a.example' })
  expect(readFileSync(path, 'utf8')).toMatch(/^# mine\nJWT_SECRET=chosen\n/)
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('fresh secrets differ from site to site', () => {
  const [a, b] = [freshSecrets(), freshSecrets()]
  for (const name of secretNames) expect(a[name]).not.toBe(b[name])
})
