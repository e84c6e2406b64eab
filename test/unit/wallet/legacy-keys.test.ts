import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex, utf8ToBytes } from '../../../core/base/bytes.ts'
import { sealFernet } from '../../../core/wallet/fernet.ts'
import { otherCurveWarning, readLegacyKeys } from '../../../core/wallet/legacy-keys.ts'

// Any code units, halves of surrogate pairs among them.
const anyUnit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code))

const seed = Uint8Array.from({ length: 32 }, (_, index) => 200 - index)
const oldAddress = `aitbc1${'ab'.repeat(20)}`
const read = (text: string, password?: string) => readLegacyKeys({ text, password })
const codeOf = (text: string, password?: string) => {
  const keys = read(text, password)
  return keys.ok ? 'ok' : keys.error.code
}
/** As the original's command line sealed: one SHA-256 of the password, no salt. */
function fernet(plain: string, password: string): string {
  const key = new Uint8Array(createHash('sha256').update(password).digest())
  const iv = new Uint8Array(16).fill(1)
  return sealFernet({ key, plain: utf8ToBytes(plain), iv, timeSeconds: 1_771_000_000 })
}
const found = { curve: 'secp256k1', seed, oldAddress }

test('LEGACY-1: raw seeds are Ed25519 keys', () => {
  const key = { curve: 'ed25519', seed, oldAddress: undefined }
  const spellings = [
    toHex(seed),
    `0x${toHex(seed).toUpperCase().replaceAll('0X', '0x')}\n`,
    Buffer.from(seed).toString('base64'),
    ` ${Buffer.from(seed).toString('base64url')} `,
  ]
  for (const text of spellings) expect(read(text)).toEqual({ ok: true, value: [key] })
})

test('LEGACY-2: wallet files and the extension’s storage are read', () => {
  const clear = JSON.stringify({ address: oldAddress, private_key: `0x${toHex(seed)}`, balance: 7 })
  expect(read(clear)).toEqual({ ok: true, value: [found] })
  const token = fernet(toHex(seed), 'secret')
  for (const secret of [token, Buffer.from(token).toString('base64')]) {
    const sealed = JSON.stringify({ address: oldAddress, private_key: secret })
    expect(read(sealed, 'secret')).toEqual({ ok: true, value: [found] })
  }
  const storage = {
    accounts: [{ address: oldAddress, privateKey: toHex(seed) }],
    currentAccount: 0,
  }
  expect(read(JSON.stringify(storage))).toEqual({ ok: true, value: [found] })
})

test('LEGACY-3: their keys are of another curve, and a person is told what that means', () => {
  const keys = read(JSON.stringify({ private_key: toHex(seed) }))
  expect(keys).toMatchObject({ ok: true, value: [{ curve: 'secp256k1' }] })
  expect(otherCurveWarning).toContain('do not exist on this chain')
  expect(otherCurveWarning).toContain('another address')
})

test('LEGACY-4: what is wrong has its code', () => {
  const sealed = JSON.stringify({ private_key: fernet(toHex(seed), 'secret') })
  expect(codeOf(sealed)).toBe('LEGACY_PASSWORD_NEEDED')
  expect(codeOf(sealed, 'other')).toBe('PASSWORD_WRONG')
  expect(codeOf(JSON.stringify({ private_key: 'abcd' }))).toBe('LEGACY_SECRET_INVALID')
  const short = JSON.stringify({ private_key: fernet('abcd', 'secret') })
  expect(codeOf(short, 'secret')).toBe('LEGACY_SECRET_INVALID')
  for (const text of [
    '',
    'hello',
    '[]',
    'null',
    '{}',
    '{"accounts":[]}',
    '{"private_key":7}',
    'ab'.repeat(31),
  ]) {
    expect([text, codeOf(text)]).toEqual([text, 'LEGACY_FOREIGN'])
  }
  expect(codeOf('x'.repeat(2_000_000))).toBe('LEGACY_FOREIGN')
  fc.assert(
    fc.property(fc.string({ unit: anyUnit }), fc.json(), (text, json) => {
      expect(typeof codeOf(text, 'x')).toBe('string')
      expect(typeof codeOf(json, 'x')).toBe('string')
    }),
  )
})
