/** What all lists by cursor share: reading a cursor, and writing a page. */
import type { ListAnswer } from '../../core/api/chain-lists.ts'
import {
  type Cursor,
  formatCursor,
  type ListName,
  type Place,
  parseCursor,
} from '../../core/api/list-cursor.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import type { ListPage } from '../chain-pages.ts'
import type { AppContext } from '../context.ts'
import { ApiFailure } from '../failure.ts'

/** Writes a page of a list. */
export function listAnswer<T>(c: AppContext, list: ListName, page: ListPage<T>): Response {
  const cursorAt = (direction: Cursor['direction'], place: Place | undefined) =>
    place === undefined ? null : formatCursor(list, { direction, place })
  const body: ListAnswer<T> = {
    items: page.items,
    next_cursor: cursorAt('older', page.next),
    previous_cursor: cursorAt('newer', page.previous),
    as_of: { indexed_from: page.from, height: page.height, time: formatTime(c.get('now')) },
    source: page.source,
  }
  return c.json(body)
}

/** Reads a cursor of a list. */
export function cursorOf(list: ListName, text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined
  const cursor = parseCursor(list, text)
  if (!cursor.ok) throw cursorFailure()
  return cursor.value
}

/** The cursor is not of this list. */
export function cursorFailure(): ApiFailure {
  const details = [{ field: 'query.cursor', message: 'not of this list', code: 'invalid' }]
  return new ApiFailure({ code: 'CURSOR_INVALID', details })
}
