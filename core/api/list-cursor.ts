/**
 * Cursors of the chain's lists: opaque to callers, and in truth the place of a row in the order of the
 * list. A place in the chain never moves, whatever is added at the head, so no page skips or repeats a row.
 */
import { base64urlnopad } from '@scure/base'
import { err, ok, type Result } from '../base/result.ts'

/** The lists, and of how many numbers a place in each consists. */
const lists = {
  /** Height. */
  blocks: 1,
  /** Height, position in the block. */
  transactions: 2,
  /** Height, position in the block, item of the settlement. */
  receipts: 3,
  /** Height, position in the block, item of the transaction's postings. */
  ledger: 3,
  /** What it is ordered by, that figure, id of the miner. Such a place does move, when the figure grows. */
  miners: 3,
} as const

/** Name of a list. */
export type ListName = keyof typeof lists

/** Where a row stands: the numbers by which its list is ordered, the most significant first. */
export type Place = readonly number[]

/** `older`: rows that come after the place in the list; `newer`: those before it. */
export type Cursor = { readonly direction: 'older' | 'newer'; readonly place: Place }

/** The text is no cursor of this list. */
export type CursorError = { readonly code: 'CURSOR_INVALID' }

/** Longest cursor, characters. */
export const cursorCharsMax = 80

/** Writes a cursor of a list. */
export function formatCursor(list: ListName, { direction, place }: Cursor): string {
  const text = `${list}${direction === 'older' ? '<' : '>'}${place.join('.')}`
  return base64urlnopad.encode(asciiBytes(text))
}

/** Reads a cursor of a list; text that `formatCursor` cannot have written for it is an error. */
export function parseCursor(list: ListName, text: string): Result<Cursor, CursorError> {
  const invalid = err({ code: 'CURSOR_INVALID' } as const)
  if (text.length > cursorCharsMax) return invalid
  const match = /^([a-z]+)([<>])([0-9.]+)$/.exec(decoded(text))
  if (match?.[1] !== list) return invalid
  const place = (match[3] ?? '').split('.').map(Number)
  if (place.length !== lists[list] || !place.every(Number.isSafeInteger)) return invalid
  const cursor: Cursor = { direction: match[2] === '<' ? 'older' : 'newer', place }
  // One spelling a place: leading zeros and the like are not ours.
  return formatCursor(list, cursor) === text ? ok(cursor) : invalid
}

/** Orders places: negative when `a` is older than `b`. */
export function comparePlaces(a: Place, b: Place): number {
  for (const [index, number] of a.entries()) {
    const difference = number - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function decoded(text: string): string {
  try {
    return String.fromCharCode(...base64urlnopad.decode(text))
  } catch {
    return ''
  }
}

const asciiBytes = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0))
