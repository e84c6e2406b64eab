import { mnemonicToSeedSync } from '@scure/bip39'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import {
  accountPath,
  coinType,
  deriveAtPath,
  formatPath,
  indexMax,
} from '../../../core/wallet/derivation.ts'
import { derivationSeed, entropyOf, mnemonicOf } from '../../../core/wallet/mnemonic.ts'
import hd from '../../vectors/hd.json' with { type: 'json' }

const bytes = (digits: string): Uint8Array => {
  const read = fromHex(digits)
  if (!read.ok) throw new Error(read.error.message)
  return read.value
}
const codeOf = (words: string) => {
  const read = entropyOf(words)
  return read.ok ? 'ok' : read.error.code
}
const anyEntropy = fc
  .constantFrom(16, 32)
  .chain((n) => fc.uint8Array({ minLength: n, maxLength: n }))

describe('recovery words', () => {
  test.each(hd.bip39.vectors)('WORDS-1: $words', ({ entropy, words, seed }) => {
    expect(mnemonicOf(bytes(entropy))).toBe(words)
    expect(entropyOf(words)).toEqual({ ok: true, value: bytes(entropy) })
    expect(toHex(mnemonicToSeedSync(words, hd.bip39.passphrase))).toBe(seed)
  })

  test('WORDS-1: the seed of a wallet is that of an empty passphrase', () => {
    expect(toHex(derivationSeed(new Uint8Array(16)))).toBe(
      '5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4',
    )
  })

  test('WORDS-2: words come back however they are typed', () => {
    fc.assert(
      fc.property(anyEntropy, (entropy) => {
        const words = mnemonicOf(entropy)
        const typed = `  ${words.toUpperCase().replaceAll(' ', ' \n\t ')}\n`
        expect(entropyOf(typed)).toEqual({ ok: true, value: entropy })
      }),
      { numRuns: 40 },
    )
  })

  test('WORDS-3: too few, unknown and swapped words each have their code', () => {
    const words = hd.bip39.vectors[8]?.words ?? ''
    const list = words.split(' ')
    expect(codeOf('')).toBe('MNEMONIC_LENGTH_INVALID')
    expect(codeOf(list.slice(1).join(' '))).toBe('MNEMONIC_LENGTH_INVALID')
    expect(codeOf([...list, 'zoo', 'zoo', 'zoo'].join(' '))).toBe('MNEMONIC_LENGTH_INVALID')
    const strange = entropyOf(list.with(4, 'hunter2').join(' '))
    expect(strange).toMatchObject({ error: { code: 'MNEMONIC_WORD_UNKNOWN', position: 5 } })
    expect(JSON.stringify(strange)).not.toContain('hunter2')
    const swapped = [list[1], list[0], ...list.slice(2)].join(' ')
    expect(codeOf(swapped)).toBe('MNEMONIC_CHECKSUM_WRONG')
  })
})

describe('derivation', () => {
  test.each(hd.slip10.vectors)('DERIVE-1: the published chain of $seed', ({ seed, chain }) => {
    expect(chain).toHaveLength(6)
    for (const { path, key, public_key } of chain) {
      const derived = deriveAtPath(bytes(seed), path)
      expect(toHex(derived), formatPath(path)).toBe(key)
      expect(toHex(signerFromSeed(derived).publicKey)).toBe(public_key)
    }
  })

  test('DERIVE-2: accounts are at m/44’/24822’/INDEX’/0’', () => {
    expect(coinType).toBe(24822)
    expect(formatPath(accountPath(7))).toBe("m/44'/24822'/7'/0'")
    const seed = derivationSeed(new Uint8Array(32))
    const keys = [0, 1, 2, indexMax].map((index) => toHex(deriveAtPath(seed, accountPath(index))))
    expect(new Set(keys).size).toBe(4)
    expect(() => deriveAtPath(seed, [indexMax + 1])).toThrow('31 bits')
    expect(() => deriveAtPath(seed, [-1])).toThrow('31 bits')
  })
})
