import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addressOf,
  formatAddress,
  isLegacyAddress,
  parseAddress,
} from '../../../core/crypto/address.ts'
import { taggedHash } from '../../../core/crypto/hash.ts'

const anyAddress = fc.uint8Array({ minLength: 20, maxLength: 20 })

test('ADDR-1: an address goes to text and back', () => {
  const key = new Uint8Array(32).fill(7)
  expect(addressOf(key)).toEqual(taggedHash('aitbc/address/1', key).slice(0, 20))
  fc.assert(
    fc.property(anyAddress, (address) => {
      const text = formatAddress(address)
      expect(text).toMatch(/^aitbc1[0-9a-z]{38}$/)
      expect(parseAddress(text)).toEqual({ ok: true, value: address })
      expect(parseAddress(text.toUpperCase())).toEqual({ ok: true, value: address })
    }),
  )
})

test('ADDR-2: one wrong character, another prefix or another length is refused', () => {
  const text = formatAddress(new Uint8Array(20).fill(9))
  for (let at = 0; at < text.length; at++) {
    for (const other of 'qz2a') {
      if (text[at] === other) continue
      const wrong = text.slice(0, at) + other + text.slice(at + 1)
      expect(parseAddress(wrong)).toMatchObject({ ok: false })
    }
  }
  for (const wrong of ['', 'aitbc1', `${text}q`, text.slice(1), ` ${text}`]) {
    expect(parseAddress(wrong)).toMatchObject({ ok: false, error: { code: 'ADDRESS_INVALID' } })
  }
})

test('ADDR-3: an address of the original network has its own code', () => {
  const legacy = `aitbc1${'0123456789abcdef'.repeat(3).slice(0, 40)}`
  expect(isLegacyAddress(legacy)).toBe(true)
  expect(parseAddress(legacy)).toMatchObject({ ok: false, error: { code: 'ADDRESS_LEGACY' } })
})
