/** What each cell of the finality line shows, from the blocks that are known. */
import type { BlockSummary } from '../live/schemas.ts'

export type CellKind = 'final' | 'produced' | 'empty' | 'missed' | 'unknown' | 'before'
export type Cell = { readonly slot: number; readonly kind: CellKind; readonly block?: BlockSummary }

/** How many slots the line shows. */
export const cellCount = 60

/** The cells up to `slot`; those after `slotKnown` are unknown. `blocks`: newest first. */
export function cellsOf(view: {
  readonly slot: number
  readonly slotKnown: number
  readonly blocks: readonly BlockSummary[]
  readonly heartbeatSlots: number | undefined
}): Cell[] {
  const { slot: last, slotKnown, blocks, heartbeatSlots } = view
  const bySlot = new Map(blocks.map((block) => [block.slot, block]))
  const oldest = blocks.at(-1)
  const cells: Cell[] = []
  let parentSlot = -1
  for (const block of blocks) {
    if (block.slot <= last - cellCount) {
      parentSlot = block.slot
      break
    }
  }
  for (let slot = last - cellCount + 1; slot <= last; slot++) {
    if (slot < 0) {
      cells.push({ slot, kind: 'before' })
      continue
    }
    const block = bySlot.get(slot)
    if (block) {
      cells.push({ slot, kind: block.final ? 'final' : 'produced', block })
      parentSlot = slot
      continue
    }
    const beforeAll = oldest === undefined || (oldest.height > 0 && slot < oldest.slot)
    const due =
      heartbeatSlots !== undefined && parentSlot >= 0 && slot > parentSlot + heartbeatSlots
    const kind = slot > slotKnown || beforeAll ? 'unknown' : due ? 'missed' : 'empty'
    cells.push({ slot, kind })
  }
  return cells
}
