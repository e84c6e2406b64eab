/**
 * Times as text, computed by rule: core has no calendar of the host's.
 */
import { floor } from './int.ts'

/** A day of UTC, milliseconds: Unix time has no leap seconds. */
export const dayMs = 86_400_000

/** Whether so long has passed since a moment; also where that lies ahead, since the clock was set back. */
export const hasPassed = (spanMs: number, sinceMs: number, nowMs: number): boolean =>
  nowMs - sinceMs >= spanMs || nowMs < sinceMs

/** Whether a time has come that was set at most `spanMs` ahead; one farther off is of a clock set back. */
export const isDue = (dueAtMs: number, spanMs: number, nowMs: number): boolean =>
  dueAtMs <= nowMs || dueAtMs > nowMs + spanMs

/**
 * Writes Unix milliseconds (0 or later) in the original's spelling: naive UTC, six decimals, no zone, such
 * as `2026-02-14T12:00:00.123000`.
 */
export function formatLegacyTime(unixMs: number): string {
  const days = floor(unixMs / dayMs)
  const { year, month, day } = civilOf(days)
  const ms = unixMs - days * dayMs
  const clock = [floor(ms / 3_600_000), floor(ms / 60_000) % 60, floor(ms / 1_000) % 60]
  const time = clock.map((part) => pad(part, 2)).join(':')
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${time}.${pad(ms % 1_000, 3)}000`
}

/** Date of a count of days since 1970-01-01 in the Gregorian calendar, years counted from March. */
function civilOf(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = floor(
    (dayOfEra - floor(dayOfEra / 1_460) + floor(dayOfEra / 36_524) - floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + floor(yearOfEra / 4) - floor(yearOfEra / 100))
  const marchMonth = floor((5 * dayOfYear + 2) / 153)
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const day = dayOfYear - floor((153 * marchMonth + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

const pad = (value: number, digits: number): string => value.toString().padStart(digits, '0')
