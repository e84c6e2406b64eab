import { pbkdf2Sync } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Result } from '../../../core/base/result.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import {
  type KeyTextHost,
  openKeyText,
  publicKeysOf,
  sealKeyText,
} from '../../../core/wallet/key-text.ts'
import { createKeystore } from '../../../core/wallet/keystore.ts'
import { checkNewPassword, passwordLimits } from '../../../core/wallet/password.ts'
import { oldKeyFile } from '../../support/old-key-file.ts'

let drawn = 0
const host: KeyTextHost = {
  derive: (password, { salt, iterations }) =>
    new Uint8Array(pbkdf2Sync(password, salt, iterations, 32, 'sha256')),
  random: (bytes) => {
    drawn += 1
    return new Uint8Array(bytes).fill(drawn)
  },
  nowSeconds: 1_795_420_800,
}
function must<T>(result: Result<T, { readonly message: string }>): T {
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}
const seed = new Uint8Array(32).fill(3)
const old = oldKeyFile({ seed, password: 'of before' })
const codeOf = (text: string, password: string) => {
  const opened = openKeyText({ text, password }, host)
  return opened.ok ? 'ok' : opened.error.code
}

test('TEXT-1: either form opens under its password and shows its keys without', () => {
  const keystore = createKeystore(new Uint8Array(16))
  const text = must(sealKeyText(keystore, 'pass', host))
  expect(must(openKeyText({ text, password: 'pass' }, host))).toEqual({
    keystore,
    rewritten: undefined,
  })
  expect(must(publicKeysOf(text))).toEqual([keystore.accounts[0]?.publicKey])
  expect(must(publicKeysOf(old))).toEqual([signerFromSeed(seed).publicKey])
  expect(codeOf(text, 'other')).toBe('PASSWORD_WRONG')
  expect(codeOf(text, '')).toBe('PASSWORD_INVALID')
  expect(codeOf(old, 'other')).toBe('PASSWORD_WRONG')
  expect(codeOf('{}', 'pass')).toBe('KEYSTORE_FOREIGN')
  expect(codeOf(old.replace('"version": 1', '"version": 2'), 'x')).toBe('KEY_FILE_UNSUPPORTED')
})

test('TEXT-2: an old file comes back as a keystore of the same account', () => {
  const { keystore, rewritten } = must(openKeyText({ text: old, password: 'of before' }, host))
  expect(keystore.accounts.map((account) => account.seed)).toEqual([seed])
  const again = must(openKeyText({ text: rewritten ?? '', password: 'of before' }, host))
  expect(again).toEqual({ keystore, rewritten: undefined })
  expect(rewritten).toContain('"iterations": 600000')
})

test('TEXT-2: an old file whose seed is not of its public key is refused', () => {
  const publicKey = signerFromSeed(new Uint8Array(32)).publicKey
  const text = oldKeyFile({ seed, publicKey, password: 'x' })
  expect(codeOf(text, 'x')).toBe('KEY_FILE_INVALID')
})

test('PASSWORD-1: length and guesses decide, and no message repeats the password', () => {
  const judge = (password: string, guessesLog10: number, advice: string[] = []) => {
    const judged = checkNewPassword(password, { guessesLog10, advice })
    return judged.ok ? 'ok' : `${judged.error.code}: ${judged.error.message}`
  }
  expect(judge('ten chars!', 10)).toBe('ok')
  expect(judge('nine char', 30)).toMatch(/^PASSWORD_TOO_WEAK: .* 9 characters; 10 are the least/)
  expect(judge('😀'.repeat(9), 30)).toMatch(/^PASSWORD_TOO_WEAK: .* 9 characters/)
  expect(judge('ten chars!', 9.99, ['Add words.'])).toMatch(/^PASSWORD_TOO_WEAK: .*Add words\.$/)
  expect(judge('ten chars!', 0)).toContain('four or more words')
  expect(judge('', 30)).toMatch(/^PASSWORD_INVALID/)
  expect(judge('hunter2hunter2', 1)).not.toContain('hunter2')
  expect(passwordLimits.guessesLog10Min).toBe(10)
})
