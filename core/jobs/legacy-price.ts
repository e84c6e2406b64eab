/**
 * Prices of miners of the original. There a miner stated AITBC for a second of its GPU (`unit_price`,
 * 0.02 by default) and after the fact also how many seconds there were, so that it named its own bill.
 *
 * Here a price by the second is turned once, at registration, into a price by tokens at a fixed
 * reference speed, because tokens leave a trace (text) that bounds what can be charged, and seconds do
 * not. The receipt then shows the seconds that were measured, the price that was really settled, and as
 * `unit_price` the one divided by the other.
 */
import { unitsOfCoins } from '../base/amount.ts'
import type { TokenPrice } from './pricing.ts'

/** AITBC for one second of a GPU when a miner states nothing: the original's default. */
export const legacyUnitPriceDefault = 0.02

/** Tokens that a reference GPU makes of an answer, and reads of a prompt, in a second. */
export const referenceSpeed = { completionPerSecond: 50, promptPerSecond: 500 } as const

/** Highest price by the second that is read, AITBC: above it a miner is a typing error. */
const unitPriceMax = 1_000

/** Token price of a price by GPU-second in AITBC: at 0.02, 0.4 for 1 000 tokens of answer. */
export function legacyTokenPrice(unitPrice: number): TokenPrice {
  const capped = unitPrice > unitPriceMax ? unitPriceMax : unitPrice
  // Rounded to whole base units first, so that everything after is exact.
  const unitsPerSecond = unitsOfCoins(capped)
  return {
    promptPer1000: (unitsPerSecond * 1_000n) / BigInt(referenceSpeed.promptPerSecond),
    completionPer1000: (unitsPerSecond * 1_000n) / BigInt(referenceSpeed.completionPerSecond),
  }
}
