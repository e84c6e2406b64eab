/** Times of new endpoints: RFC 3339 in UTC, to the millisecond. */
import { formatLegacyTime } from './time.ts'

/** Writes Unix milliseconds (0 or later), such as `2026-02-14T12:00:00.123Z`. */
export const formatTime = (unixMs: number): string => `${formatLegacyTime(unixMs).slice(0, 23)}Z`
