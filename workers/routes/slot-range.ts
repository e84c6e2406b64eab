/** From times, as callers give them, to slots, by which the chain counts. */
import { slotMs } from '../../core/chain/genesis.ts'
import type { ListRange } from '../../d1/chain-lists.ts'

/** Bounds of a list as its query names them. Times are RFC 3339. */
export type ListBounds = {
  readonly height_min?: number | undefined
  readonly height_max?: number | undefined
  readonly slot_min?: number | undefined
  readonly slot_max?: number | undefined
  readonly time_from?: string | undefined
  readonly time_to?: string | undefined
}

/** The range of heights and slots that the bounds leave. */
export function rangeOf(bounds: ListBounds, genesisTimeMs: number): ListRange {
  const from = slotAt(bounds.time_from, genesisTimeMs, Math.ceil)
  const to = slotAt(bounds.time_to, genesisTimeMs, Math.floor)
  return {
    heightMin: bounds.height_min,
    heightMax: bounds.height_max,
    slotMin: both(Math.max, from && Math.max(0, from), bounds.slot_min),
    slotMax: both(Math.min, to, bounds.slot_max),
  }
}

function slotAt(
  time: string | undefined,
  genesisTimeMs: number,
  round: (value: number) => number,
): number | undefined {
  return time === undefined ? undefined : round((Date.parse(time) - genesisTimeMs) / slotMs)
}

const both = (
  pick: (a: number, b: number) => number,
  a: number | undefined,
  b: number | undefined,
): number | undefined => (a === undefined || b === undefined ? (a ?? b) : pick(a, b))
