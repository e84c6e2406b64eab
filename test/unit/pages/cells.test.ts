/** The finality line: what each slot is said to be. */
import { expect, test } from 'vitest'
import { cellCount, cellsOf } from '../../../pages/shared/frame/cells.ts'
import type { BlockSummary } from '../../../pages/shared/live/schemas.ts'

const block = (height: number, slot: number, final = true): BlockSummary => ({
  height,
  slot,
  final,
  hash: `0x${height}`,
  parent_hash: '',
  proposer: '',
  tx_count: 0,
})

const kindsOf = (view: Parameters<typeof cellsOf>[0]) =>
  new Map(cellsOf(view).map(({ slot, kind }) => [slot, kind]))

test('the line ends at the newest slot and has one cell a slot', () => {
  const cells = cellsOf({ slot: 1_000, slotKnown: 1_000, blocks: [], heartbeatSlots: 90 })
  expect(cells.map(({ slot }) => slot)).toEqual(
    Array.from({ length: cellCount }, (_, index) => 1_000 - cellCount + 1 + index),
  )
})

test('the line of a young chain begins with nothing: there were no slots before genesis', () => {
  const cells = cellsOf({ slot: 3, slotKnown: 3, blocks: [block(0, 0)], heartbeatSlots: 90 })
  expect(cells).toHaveLength(cellCount)
  expect(new Set(cells.slice(0, -4).map(({ kind }) => kind))).toEqual(new Set(['before']))
  expect(cells.slice(-4).map(({ slot, kind }) => [slot, kind])).toEqual([
    [0, 'final'],
    [1, 'empty'],
    [2, 'empty'],
    [3, 'empty'],
  ])
})

test('a block that may still change is not shown as final', () => {
  const blocks = [block(8, 101, false), block(7, 100), block(6, 30)]
  const kinds = kindsOf({ slot: 102, slotKnown: 102, blocks, heartbeatSlots: 90 })
  expect(kinds.get(100)).toBe('final')
  expect(kinds.get(101)).toBe('produced')
  expect(kinds.get(102)).toBe('empty')
})

test('a slot is missed only when a heartbeat was due', () => {
  const blocks = [block(5, 95), block(4, 40)]
  const kinds = kindsOf({ slot: 99, slotKnown: 99, blocks, heartbeatSlots: 50 })
  expect(kinds.get(90)).toBe('empty')
  expect(kinds.get(91)).toBe('missed')
  expect(kinds.get(94)).toBe('missed')
  expect(kinds.get(95)).toBe('final')
  expect(kinds.get(96)).toBe('empty')
})

test('the heartbeat before the line counts, so that a silent chain is seen to be silent', () => {
  const blocks = [block(5, 100), block(4, 40)]
  const kinds = kindsOf({ slot: 400, slotKnown: 400, blocks, heartbeatSlots: 50 })
  expect(new Set(kinds.values())).toEqual(new Set(['missed']))
})

test('slots after the last answer, and before the oldest block that is known, are unknown', () => {
  const blocks = [block(50, 190), block(49, 180)]
  const kinds = kindsOf({ slot: 200, slotKnown: 195, blocks, heartbeatSlots: 90 })
  expect(kinds.get(179)).toBe('unknown')
  expect(kinds.get(181)).toBe('empty')
  expect(kinds.get(195)).toBe('empty')
  expect(kinds.get(196)).toBe('unknown')
})
