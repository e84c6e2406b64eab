import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyFileLimits, openKeyFile, publicKeyOfKeyFile } from '../../../core/wallet/keyfile.ts'
import { oldKeyFile } from '../../support/old-key-file.ts'

const seed = Uint8Array.from({ length: 32 }, (_, index) => index)
const publicKey = ed25519.getPublicKey(seed)

const seal = (password: string): string => oldKeyFile({ seed, password })

type Json = Record<string, Record<string, unknown>> & { version: number }
function changed(change: (file: Json) => void): string {
  const file = JSON.parse(seal('correct horse')) as Json
  change(file)
  return JSON.stringify(file)
}

const codeOf = (text: string, password = 'correct horse') => {
  const opened = openKeyFile({ text, password })
  return opened.ok ? 'ok' : opened.error.code
}

describe('key files', () => {
  test('KEY-1: any seed comes back under its password', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 24, maxLength: 24 }),
        (anySeed, password, anySalt, anyNonce) => {
          const pair = { seed: anySeed, publicKey: ed25519.getPublicKey(anySeed) }
          const text = oldKeyFile({ ...pair, password, salt: anySalt, nonce: anyNonce })
          expect(openKeyFile({ text, password })).toEqual({ ok: true, value: pair })
        },
      ),
      { numRuns: 40 },
    )
  })

  test('KEY-2: a wrong, empty or endless password is refused', () => {
    const text = seal('correct horse')
    expect(codeOf(text, 'correct horse ')).toBe('PASSWORD_WRONG')
    expect(codeOf(text, '')).toBe('PASSWORD_INVALID')
    expect(codeOf(text, 'x'.repeat(keyFileLimits.passwordBytesMax + 1))).toBe('PASSWORD_INVALID')
  })

  test('KEY-3: a changed cost, salt, nonce or sealed seed does not open', () => {
    const flip = (digits: unknown) => {
      const text = String(digits)
      return `${text.startsWith('0') ? '1' : '0'}${text.slice(1)}`
    }
    const kdf = (file: Json) => file.kdf as Record<string, unknown>
    const cipher = (file: Json) => file.cipher as Record<string, unknown>
    const changes: ((file: Json) => void)[] = [
      (file) => Object.assign(kdf(file), { log_n: 11 }),
      (file) => Object.assign(kdf(file), { r: 2 }),
      (file) => Object.assign(kdf(file), { p: 2 }),
      (file) => Object.assign(kdf(file), { salt: flip(kdf(file).salt) }),
      (file) => Object.assign(cipher(file), { nonce: flip(cipher(file).nonce) }),
      (file) => Object.assign(cipher(file), { sealed: flip(cipher(file).sealed) }),
    ]
    for (const change of changes) expect(codeOf(changed(change))).toBe('PASSWORD_WRONG')
  })

  test('KEY-3: another key pair’s name on the file does not open', () => {
    const other = ed25519.getPublicKey(new Uint8Array(32).fill(1))
    const theirs = oldKeyFile({ seed, publicKey: other, password: 'correct horse' })
    const { address, public_key } = JSON.parse(theirs) as Record<string, unknown>
    expect(codeOf(changed((file) => Object.assign(file, { address, public_key })))).toBe(
      'PASSWORD_WRONG',
    )
  })

  test('KEY-4: what is out of bounds, not JSON or unknown is invalid', () => {
    expect(codeOf('no json')).toBe('KEY_FILE_INVALID')
    expect(codeOf('null')).toBe('KEY_FILE_INVALID')
    expect(codeOf(' '.repeat(keyFileLimits.textMax + 1))).toBe('KEY_FILE_INVALID')
    expect(codeOf(changed((file) => Object.assign(file, { more: 1 })))).toBe('KEY_FILE_INVALID')
    const costs = [
      { log_n: keyFileLimits.logNMax + 1 },
      { log_n: keyFileLimits.logNMin - 1 },
      { r: keyFileLimits.blockSizeMax + 1 },
      { p: keyFileLimits.parallelismMax + 1 },
      { log_n: keyFileLimits.logNMax, r: keyFileLimits.blockSizeMax },
      { log_n: 1.5 },
    ]
    for (const cost of costs) {
      expect(codeOf(changed((file) => Object.assign(file.kdf ?? {}, cost)))).toBe(
        'KEY_FILE_INVALID',
      )
    }
  })

  test('KEY-5: a file of another version says so', () => {
    const text = changed((file) => Object.assign(file, { version: 2 }))
    const opened = openKeyFile({ text, password: 'correct horse' })
    expect(opened.ok ? '' : opened.error.code).toBe('KEY_FILE_UNSUPPORTED')
    expect(opened.ok ? '' : opened.error.message).toContain('version 2')
  })

  test('KEY-6: address and public key are readable, the seed is not, a false address is invalid', () => {
    const text = seal('correct horse')
    expect(publicKeyOfKeyFile(text)).toEqual({ ok: true, value: publicKey })
    expect(text).not.toContain(Buffer.from(seed).toString('hex'))
    const other = 'aitbc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq'
    expect(codeOf(changed((file) => Object.assign(file, { address: other })))).toBe(
      'KEY_FILE_INVALID',
    )
  })

  test('KEY-7: composed and decomposed spellings are one password', () => {
    expect(codeOf(seal('caf\u00e9'), 'cafe\u0301')).toBe('ok')
  })
})
