/**
 * Integer helpers: the one page of core that may use `Math`. Everything here is exact for safe integers.
 */

/** Largest integer not above `value`. */
export const floor = (value: number): number => Math.floor(value)

/** Smaller of two numbers. */
export const min = (a: number, b: number): number => (a < b ? a : b)

/** Larger of two numbers. */
export const max = (a: number, b: number): number => (a > b ? a : b)

/** Smaller of two big integers. */
export const minBig = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** Larger of two big integers. */
export const maxBig = (a: bigint, b: bigint): bigint => (a > b ? a : b)

/** `⌈numerator ÷ denominator⌉` for non-negative big integers. */
export const divideUp = (numerator: bigint, denominator: bigint): bigint =>
  (numerator + denominator - 1n) / denominator

/** `⌈2n/3⌉`: how many of `n` authorities are a quorum (protocol: n − quorum may stop). */
export const quorumOf = (n: number): number => floor((2 * n + 2) / 3)

/** Number of leading zero bits of `value` taken as an unsigned 32-bit integer: 0 to 32. */
export const leadingZeros32 = (value: number): number => Math.clz32(value)
