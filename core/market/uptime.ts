/**
 * Uptime: the share of time in which a site saw a miner, out of the time in which it looked.
 * Rules: SPEC.md, UPTIME.
 */
import { max, min } from '../base/int.ts'

/** A span of Unix milliseconds, `toMs` excluded. */
export type Interval = { readonly fromMs: number; readonly toMs: number }

/** What is known of a miner: when it was there, and when the site looked. Neither list overlaps itself. */
export type Watched = { readonly seen: readonly Interval[]; readonly watched: readonly Interval[] }

/** The share within a span, 0 to 1; null where nobody looked. */
export function uptimeWithin({ seen, watched }: Watched, span: Interval): number | null {
  let lookedMs = 0
  let seenMs = 0
  for (const look of watched) {
    const part = overlap(look, span)
    if (!part) continue
    lookedMs += part.toMs - part.fromMs
    for (const each of seen) {
      const both = overlap(each, part)
      if (both) seenMs += both.toMs - both.fromMs
    }
  }
  return lookedMs === 0 ? null : seenMs / lookedMs
}

/** The shares of consecutive spans of one length, the last of which ends at `untilMs`; oldest first. */
export function uptimeStrip(
  known: Watched,
  strip: { readonly untilMs: number; readonly stepMs: number; readonly steps: number },
): { readonly fromMs: number; readonly share: number | null }[] {
  const { untilMs, stepMs, steps } = strip
  return Array.from({ length: steps }, (_, index) => {
    const fromMs = untilMs - (steps - index) * stepMs
    return { fromMs, share: uptimeWithin(known, { fromMs, toMs: fromMs + stepMs }) }
  })
}

function overlap(a: Interval, b: Interval): Interval | undefined {
  const fromMs = max(a.fromMs, b.fromMs)
  const toMs = min(a.toMs, b.toMs)
  return fromMs < toMs ? { fromMs, toMs } : undefined
}
