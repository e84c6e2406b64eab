import fc from 'fast-check'
import * as P from 'micro-packed'
import { expect, test } from 'vitest'
import {
  addAmounts,
  amountMax,
  formatCoins,
  parseCoins,
  parseUnits,
} from '../../../core/base/amount.ts'
import {
  bytesEqual,
  compareBytes,
  fromBase64Url,
  fromHex,
  toBase64Url,
  toHex,
  toHex0x,
} from '../../../core/base/bytes.ts'
import {
  bytes20,
  count,
  decodeCanonical,
  fixedStruct,
  listOf,
  optional,
  text,
  u8,
  u64,
} from '../../../core/base/coders.ts'
import { divideUp, floor, leadingZeros32, quorumOf } from '../../../core/base/int.ts'

const amounts = fc.bigInt({ min: 0n, max: amountMax })

test('AMOUNT-1: sums are exact up to 64 bits and errors above', () => {
  fc.assert(
    fc.property(amounts, amounts, (a, b) => {
      const sum = addAmounts(a, b)
      expect(sum.ok).toBe(a + b <= amountMax)
      if (sum.ok) expect(sum.value).toBe(a + b)
    }),
  )
  expect(addAmounts(amountMax, 1n)).toMatchObject({ error: { code: 'AMOUNT_INVALID' } })
})

test('AMOUNT-2: whole base units are read, whatever else is refused', () => {
  fc.assert(
    fc.property(amounts, (a) => {
      expect(parseUnits(String(a))).toEqual({ ok: true, value: a })
    }),
  )
  expect(parseUnits(7)).toEqual({ ok: true, value: 7n })
  const bad = ['', '-1', '+1', '01', '1.0', '1e3', ' 1', '0x1', '18446744073709551616', -1, 1.5]
  for (const one of [...bad, 2 ** 53, Number.NaN, null, undefined, {}, 5n]) {
    expect(parseUnits(one)).toMatchObject({ ok: false, error: { code: 'AMOUNT_INVALID' } })
  }
})

test('AMOUNT-3: coins go to base units and back', () => {
  fc.assert(
    fc.property(amounts, (a) => {
      expect(parseCoins(formatCoins(a))).toEqual({ ok: true, value: a })
    }),
  )
  expect(formatCoins(125_000_000n)).toBe('1.25')
  expect(formatCoins(1n)).toBe('0.00000001')
  for (const bad of ['', '.5', '5.', '1.123456789', '-1', '1,5', '999999999999']) {
    expect(parseCoins(bad).ok).toBe(false)
  }
})

test('BYTES-1: hex and base64url go to bytes and back', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(fromHex(toHex(bytes))).toEqual({ ok: true, value: bytes })
      expect(fromHex(toHex0x(bytes), bytes.length)).toEqual({ ok: true, value: bytes })
      expect(fromBase64Url(toBase64Url(bytes))).toEqual({ ok: true, value: bytes })
      expect(fromHex(toHex(bytes), bytes.length + 1).ok).toBe(false)
    }),
  )
  for (const bad of ['0', 'zz', '0x0', '00 ']) expect(fromHex(bad).ok).toBe(false)
  for (const bad of ['A', 'AA==', 'A+/=', 'AB']) expect(fromBase64Url(bad).ok).toBe(false)
})

test('BYTES-2: order is lexicographic', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Math.sign(Buffer.compare(a, b)))
      expect(bytesEqual(a, b)).toBe(compareBytes(a, b) === 0)
    }),
  )
})

test('CODER-2: a struct of fixed fields has the bytes of the plain struct, and refuses what that refuses', () => {
  const fixed = fixedStruct({ hash: 32, amount: 'u64', address: 20, last: 'u64' })
  const plain = P.struct({ hash: P.bytes(32), amount: u64, address: bytes20, last: u64 })
  const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  const u64s = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  const values = fc.record({ hash: bytesOf(32), amount: u64s, address: bytesOf(20), last: u64s })
  fc.assert(
    fc.property(values, fc.nat({ max: 80 }), (value, length) => {
      const bytes = fixed.encode(value)
      expect(bytes).toEqual(plain.encode(value))
      expect(decodeCanonical(fixed, bytes)).toEqual({ ok: true, value })
      const other = new Uint8Array(length)
      expect(decodeCanonical(fixed, other).ok).toBe(decodeCanonical(plain, other).ok)
      for (const wrong of [
        { amount: -1n },
        { amount: 2n ** 64n },
        { amount: 7 },
        { hash: new Uint8Array(31) },
        { address: 'a'.repeat(20) },
        { last: undefined },
      ]) {
        const bad = { ...value, ...wrong } as unknown as typeof value
        expect(() => fixed.encode(bad)).toThrow()
        expect(() => plain.encode(bad)).toThrow()
      }
    }),
  )
  const list = listOf(fixed)
  const two = [0, 1].map((n) => fixed.decode(new Uint8Array(68).fill(n)))
  expect(list.decode(list.encode(two))).toEqual(two)
})

test('CODER-1: only canonical bytes are decoded', () => {
  const coder = P.struct({ list: listOf(u8), name: text, extra: optional(u8), size: count })
  const values = fc.record({
    list: fc.array(fc.nat({ max: 255 })),
    name: fc.string(),
    extra: fc.option(fc.nat({ max: 255 }), { nil: undefined }),
    size: fc.maxSafeNat(),
  })
  fc.assert(
    fc.property(values, (value) => {
      const bytes = coder.encode(value)
      const decoded = decodeCanonical(coder, bytes)
      expect(decoded).toMatchObject({ ok: true })
      if (decoded.ok) expect(coder.encode(decoded.value)).toEqual(bytes)
      expect(decodeCanonical(coder, Uint8Array.of(...bytes, 0)).ok).toBe(false)
      expect(decodeCanonical(coder, bytes.slice(1)).ok).toBe(false)
    }),
  )
  const flag = P.struct({ extra: optional(u8) })
  expect(decodeCanonical(flag, Uint8Array.of(2, 9))).toMatchObject({
    error: { code: 'ENCODING_INVALID' },
  })
  // Above the safe integers, and text that is no UTF-8.
  expect(decodeCanonical(P.struct({ count }), new Uint8Array(8).fill(255)).ok).toBe(false)
  expect(decodeCanonical(P.struct({ text }), Uint8Array.of(0, 1, 0xff)).ok).toBe(false)
})

test('INT-1: whole-number helpers are exact', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 64].map(quorumOf)).toEqual([1, 2, 2, 3, 4, 4, 5, 43])
  expect([divideUp(0n, 3n), divideUp(1n, 3n), divideUp(3n, 3n), divideUp(4n, 3n)]).toEqual([
    0n,
    1n,
    1n,
    2n,
  ])
  expect([floor(1.9), floor(-0.5)]).toEqual([1, -1])
  expect([0, 1, 255, 2 ** 31].map(leadingZeros32)).toEqual([32, 31, 24, 0])
})
