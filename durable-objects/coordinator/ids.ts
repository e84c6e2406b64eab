/**
 * Ids of jobs, attempts and receipts.
 */
import { randomBytes } from 'node:crypto'
import { toHex } from '../../core/base/bytes.ts'

/**
 * 32 hex digits: 48 bits of time, then 80 random ones, which nobody guesses. What is written at one time
 * stands together in every index, so that a commit writes a few pages and not one a row.
 */
export const newId = (nowMs: number): string =>
  nowMs.toString(16).padStart(timeDigits, '0').slice(-timeDigits) +
  toHex(new Uint8Array(randomBytes(10)))

const timeDigits = 12
