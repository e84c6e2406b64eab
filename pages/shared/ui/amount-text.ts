/** Amounts between base units and what people read and type. */
import { formatCoins, parseCoins, parseUnits } from '../../../core/base/amount.ts'
import { err, type Result } from '../../../core/base/result.ts'

/** In what a person types an amount. */
export type AmountUnit = 'AITBC' | 'base units'

/** Why a text is no amount, for people. */
export type AmountTextError = { readonly code: 'AMOUNT_TEXT_INVALID'; readonly message: string }

/** Decimals of one AITBC. */
export const amountDecimals = 8

/** An amount as it is drawn: `rest` are the zeros that only align it. */
export type AmountParts = {
  readonly negative: boolean
  readonly whole: string
  readonly fraction: string
  readonly rest: string
}

/** Splits base units, which may be negative, into what is drawn. */
export function partsOf(units: bigint): AmountParts {
  const negative = units < 0n
  const [whole = '0', fraction = ''] = formatCoins(negative ? -units : units).split('.')
  return {
    negative,
    whole: groupDigits(whole),
    fraction,
    rest: ''.padEnd(amountDecimals - fraction.length, '0'),
  }
}

/** `1234567` → `1,234,567`. */
export const groupDigits = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ',')

/** `1,234.5 AITBC`: an amount inside a sentence. */
export function amountWords(units: bigint): string {
  const { negative, whole, fraction } = partsOf(units)
  return `${negative ? '−' : ''}${whole}${fraction === '' ? '' : `.${fraction}`} AITBC`
}

const decimalComma = /^\d+,\d{1,2}$|^\d+,\d{4,}$/
const groupedDigits = /^\d{1,3}(?:[, ]\d{3})+(?:\.\d*)?$/

/** Reads what a person typed. Groups of three digits may be parted by commas or spaces. */
export function readAmount(text: string, unit: AmountUnit): Result<bigint, AmountTextError> {
  const typed = text.trim()
  if (typed === '') return invalid('Enter an amount.')
  if (/^[-−]/.test(typed)) return invalid('An amount cannot be negative.')
  if (decimalComma.test(typed)) return invalid('Use a point for decimals, such as 1.5.')
  const digits = groupedDigits.test(typed) ? typed.replace(/[, ]/g, '') : typed
  if (!/^\d*\.?\d*$/.test(digits) || !/\d/.test(digits)) {
    return invalid('Use digits and one point, such as 12.5.')
  }
  return unit === 'AITBC' ? readCoins(digits) : readUnits(digits)
}

function readCoins(digits: string): Result<bigint, AmountTextError> {
  const [whole = '', fraction = ''] = digits.split('.')
  const meant = fraction.replace(/0+$/, '')
  if (meant.length > amountDecimals) {
    return invalid(`An AITBC has ${amountDecimals} decimals; this is finer.`)
  }
  const digitsBefore = whole.replace(/^0+(?=\d)/, '') || '0'
  const read = parseCoins(meant === '' ? digitsBefore : `${digitsBefore}.${meant}`)
  return read.ok ? read : invalid('This is more AITBC than there can be.')
}

function readUnits(digits: string): Result<bigint, AmountTextError> {
  if (digits.includes('.')) return invalid('Base units are whole: leave out the point.')
  const read = parseUnits(digits.replace(/^0+(?=\d)/, ''))
  return read.ok ? read : invalid('This is more base units than there can be.')
}

const invalid = (message: string): Result<never, AmountTextError> =>
  err({ code: 'AMOUNT_TEXT_INVALID', message })
