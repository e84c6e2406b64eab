/**
 * Reads the options of a command line into typed values. Every fault is collected, so that a person sees
 * all of them at once; a value that is at fault is replaced by one in range and must not be used.
 */
import { parseCoins } from './amount.ts'
import { parseDuration } from './duration.ts'

/** Bounds of a number, both included. */
export type NumberBounds = {
  readonly least: number
  readonly most: number
  readonly whole?: boolean
}

/**
 * A reader over parsed options (`raw`, by camel-case name). Appends to `faults`, in words that name the
 * flag: `--max-tokens is a whole number from 1 to 4096`.
 */
export function optionReader(raw: Readonly<Record<string, unknown>>, faults: string[]) {
  const flag = (name: string) =>
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  const text = (name: string) => String(raw[name])
  return {
    /** Text that fits a pattern. */
    matching: (name: string, pattern: RegExp): string => {
      if (!pattern.test(text(name))) {
        faults.push(`${flag(name)} cannot be ${JSON.stringify(text(name))}`)
      }
      return text(name)
    },
    /** A number without sign or exponent. */
    number: (name: string, bounds: NumberBounds): number => {
      const value = /^\d{1,15}(?:\.\d{1,15})?$/.test(text(name)) ? Number(text(name)) : Number.NaN
      const fits = value >= bounds.least && value <= bounds.most
      if (fits && (bounds.whole !== true || Number.isInteger(value))) return value
      const kind = bounds.whole === true ? 'a whole number' : 'a number'
      faults.push(`${flag(name)} is ${kind} from ${bounds.least} to ${bounds.most}`)
      return bounds.least
    },
    /** Seed of a random generator: a whole number below 2^63. */
    seed: (name: string): bigint => {
      const value = /^\d{1,19}$/.test(text(name)) ? BigInt(text(name)) : 2n ** 63n
      if (value < 2n ** 63n) return value
      faults.push(`${flag(name)} is a whole number below 2^63`)
      return 0n
    },
    /** Milliseconds of a duration. */
    duration: (name: string, bounds: { readonly leastMs: number; readonly mostMs: number }) => {
      const value = parseDuration(text(name))
      if (value !== undefined && value >= bounds.leastMs && value <= bounds.mostMs) return value
      faults.push(
        `${flag(name)} is a time such as 15s or 2m, from ${bounds.leastMs} to ${bounds.mostMs} ms`,
      )
      return bounds.leastMs
    },
    /** Base units of an amount in AITBC, at least `leastUnits`. */
    coins: (name: string, leastUnits: bigint): bigint => {
      const amount = parseCoins(text(name))
      if (amount.ok && amount.value >= leastUnits) return amount.value
      const fault = amount.ok ? 'must be above 0' : amount.error.message
      faults.push(`${flag(name)}: ${fault}`)
      return leastUnits
    },
  }
}
