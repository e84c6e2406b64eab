/**
 * Times as the original writes them: naive UTC with microseconds and no zone, such as
 * `2026-02-14T12:00:00.123000`.
 */
import { floor } from '../base/int.ts'

const dayMs = 86_400_000

/** Unix milliseconds (a non-negative integer) as naive UTC text. */
export function naiveUtc(unixMs: number): string {
  const days = floor(unixMs / dayMs)
  const rest = unixMs - days * dayMs
  const { year, month, day } = civilDate(days)
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
  const hours = floor(rest / 3_600_000)
  const minutes = floor(rest / 60_000) % 60
  const seconds = floor(rest / 1_000) % 60
  return `${date}T${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(rest % 1_000, 3)}000`
}

/** Gregorian date of a day since 1970, counted in eras of 400 years that begin in March. */
function civilDate(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const leaps = floor(dayOfEra / 1_460) - floor(dayOfEra / 36_524) + floor(dayOfEra / 146_096)
  const yearOfEra = floor((dayOfEra - leaps) / 365)
  const yearLengths = 365 * yearOfEra + floor(yearOfEra / 4) - floor(yearOfEra / 100)
  const dayOfYear = dayOfEra - yearLengths
  const monthFromMarch = floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0')
