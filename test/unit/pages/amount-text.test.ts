/** Amounts as they are drawn and typed. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { amountMax, unitsPerCoin } from '../../../core/base/amount.ts'
import {
  amountWords,
  groupDigits,
  partsOf,
  readAmount,
} from '../../../pages/shared/ui/amount-text.ts'

const amount = fc.bigInt({ min: -amountMax, max: amountMax })

test('UI-1: the parts of an amount are the amount, with eight decimals', () => {
  fc.assert(
    fc.property(amount, (units) => {
      const { negative, whole, fraction, rest } = partsOf(units)
      expect(fraction.length + rest.length).toBe(8)
      expect(rest).toMatch(/^0*$/)
      const size = BigInt(whole.replaceAll(',', '')) * unitsPerCoin + BigInt(fraction + rest)
      expect(negative ? -size : size).toBe(units)
      expect(whole).toMatch(/^\d{1,3}(?:,\d{3})*$/)
    }),
  )
})

test('UI-1: inside a sentence an amount has no zeros without meaning', () => {
  expect(amountWords(123_450_000_000n)).toBe('1,234.5 AITBC')
  expect(amountWords(-1n)).toBe('−0.00000001 AITBC')
  expect(amountWords(0n)).toBe('0 AITBC')
})

const read = (text: string, unit: 'AITBC' | 'base units' = 'AITBC') => {
  const result = readAmount(text, unit)
  return result.ok ? result.value : result.error.message
}

test('UI-2: what is shown can be typed back, in either unit', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: amountMax }), (units) => {
      expect(read(amountWords(units).replace(' AITBC', ''))).toBe(units)
      expect(read(groupDigits(units.toString()), 'base units')).toBe(units)
    }),
  )
})

test.each([
  ['1.5', 150_000_000n],
  [' 1,234.50 ', 123_450_000_000n],
  ['1 234', 123_400_000_000n],
  ['.5', 50_000_000n],
  ['5.', 500_000_000n],
  ['007', 700_000_000n],
  ['1.500000000000', 150_000_000n],
])('UI-2: %j is read as what was meant', (text, units) => {
  expect(read(text)).toBe(units)
})

test.each([
  ['', /Enter an amount/],
  ['1,5', /point for decimals/],
  ['1,2345', /point for decimals/],
  ['-1', /negative/],
  ['−1', /negative/],
  ['1.123456789', /8 decimals/],
  ['1e5', /digits and one point/],
  ['1.2.3', /digits and one point/],
  ['.', /digits and one point/],
  ['٣', /digits and one point/],
  ['0x10', /digits and one point/],
  ['12,34,567', /digits and one point/],
  ['9'.repeat(40), /more AITBC than there can be/],
])('UI-2: %j is refused, and the words say how to put it right', (text, words) => {
  expect(read(text)).toMatch(words)
})

test('UI-2: base units are whole, and not more than there can be', () => {
  expect(read('1.5', 'base units')).toMatch(/whole/)
  expect(read((amountMax + 1n).toString(), 'base units')).toMatch(/more base units/)
})

test('UI-2: no text whatever makes the reading throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('AITBC', 'base units'), (text, unit) => {
      const result = readAmount(text, unit)
      if (result.ok) expect(result.value).toBeGreaterThanOrEqual(0n)
      else expect(result.error.message).toMatch(/\.$/)
    }),
  )
})
