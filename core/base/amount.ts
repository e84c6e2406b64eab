/**
 * Amounts: unsigned 64-bit integers of base units, 1 AITBC = 100 000 000. Overflow is an error, never a wrap.
 */
import { floor } from './int.ts'
import { err, ok, type Result } from './result.ts'

/** Base units in one AITBC. */
export const unitsPerCoin = 100_000_000n

/** Largest amount that the codecs carry. */
export const amountMax = 2n ** 64n - 1n

/** Total supply stays below this, so that legacy JSON integers are exact. */
export const supplyMax = 2n ** 53n - 1n

/** Why text or a sum is no amount. */
export type AmountError = { readonly code: 'AMOUNT_INVALID'; readonly message: string }

/** Adds two amounts; an overflow of 64 bits is an error. */
export function addAmounts(a: bigint, b: bigint): Result<bigint, AmountError> {
  const sum = a + b
  return sum > amountMax ? invalid('amount overflows 64 bits') : ok(sum)
}

/** Reads a decimal string (or legacy JSON integer) of base units. */
export function parseUnits(text: unknown): Result<bigint, AmountError> {
  if (typeof text === 'number') {
    if (!Number.isSafeInteger(text) || text < 0) return invalid('amount must be a whole number ≥ 0')
    return ok(BigInt(text))
  }
  if (typeof text !== 'string' || !/^(?:0|[1-9][0-9]{0,19})$/.test(text)) {
    return invalid('amount must be a decimal string of base units')
  }
  const value = BigInt(text)
  return value > amountMax ? invalid('amount overflows 64 bits') : ok(value)
}

/** Reads an amount in AITBC such as `1.25` (at most 8 decimals) into base units. */
export function parseCoins(text: string): Result<bigint, AmountError> {
  const match = /^([0-9]{1,12})(?:\.([0-9]{1,8}))?$/.exec(text)
  if (!match) return invalid('amount must look like 12 or 12.5, with at most 8 decimals')
  const value = BigInt(match[1] as string) * unitsPerCoin + BigInt((match[2] ?? '').padEnd(8, '0'))
  return value > amountMax ? invalid('amount overflows 64 bits') : ok(value)
}

/** Shows base units as AITBC, without trailing zeros: `125000000n` is `1.25`. */
export function formatCoins(units: bigint): string {
  const whole = units / unitsPerCoin
  const fraction = (units % unitsPerCoin).toString().padStart(8, '0').replace(/0+$/, '')
  return fraction === '' ? whole.toString() : `${whole}.${fraction}`
}

/** AITBC as a number of JSON, as the original writes amounts: for reading only, never reckoned with. */
export const coinsNumber = (units: bigint): number => Number(units) / Number(unitsPerCoin)

/** Base units of such a number (0 or more), rounded to the nearest. */
export const unitsOfCoins = (coins: number): bigint =>
  BigInt(floor(coins * Number(unitsPerCoin) + 0.5))

function invalid(message: string): Result<never, AmountError> {
  return err({ code: 'AMOUNT_INVALID', message })
}
