/**
 * Exports: every row that the filters leave, page after page, into one file. Loaded when somebody exports,
 * not with the page.
 */
import Papa from 'papaparse'
import { err, ok, type Result } from '../../../core/base/result.ts'
import { getJson, type RequestFailure } from '../live/request.ts'
import { anything, integer, list, maybe, object, record, text } from '../live/shape.ts'
import { exportPageRows, exportRowsMax } from './export-limits.ts'
import { type Filters, requestOf } from './list-query.ts'

export type ExportAsk = {
  /** Name of the list in the file's name. */
  readonly listId: string
  readonly source: string
  readonly chainId: string
  readonly filters: Filters
  readonly fixed: Filters | undefined
  readonly onRows: (rows: number) => void
  readonly signal: AbortSignal
}

type WireRow = Readonly<Record<string, unknown>>

/** What was read. `isCut`: there are more rows than an export holds. */
export type Collected = {
  readonly rows: readonly WireRow[]
  readonly asOf: { readonly height: number; readonly time: string }
  readonly isCut: boolean
}

export type ExportFailure = RequestFailure | { readonly code: 'CANCELED'; readonly message: string }

const page = object({
  items: list(record(anything)),
  next_cursor: maybe(text),
  as_of: object({ height: integer(-1), time: text }),
})

/** Reads all rows, the newest first, up to `exportRowsMax`. */
export async function collectRows(ask: ExportAsk): Promise<Result<Collected, ExportFailure>> {
  const rows: WireRow[] = []
  let asOf: Collected['asOf'] | undefined
  let cursor = ''
  for (;;) {
    const limit = Math.min(exportPageRows, exportRowsMax - rows.length)
    const path = requestOf(
      ask.source,
      { filters: ask.filters, cursor },
      { limit, fixed: ask.fixed },
    )
    const answer = await getJson(path, page)
    if (ask.signal.aborted) return err({ code: 'CANCELED', message: 'The export was canceled.' })
    if (!answer.ok) return answer
    const { items, next_cursor: next, as_of: readAt } = answer.value.value
    asOf ??= readAt
    rows.push(...items)
    ask.onRows(rows.length)
    // A site that hands out one cursor forever must not keep the page busy forever.
    const isOver = next === undefined || next === cursor
    if (isOver || rows.length >= exportRowsMax) return ok({ rows, asOf, isCut: !isOver })
    cursor = next
  }
}

/** Begins like a formula to some spreadsheet, full-width forms and leading blanks included. */
const formula = /^[\s\0]*[=+\-@|＝＋－＠]|^[\t\r\n\0]/

/** Rows as CSV with a header: the fields of the site's own objects. */
export function csvOf(rows: readonly WireRow[]): string {
  const fields = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const data = rows.map((row) => fields.map((field) => plain(row[field])))
  return Papa.unparse({ fields, data }, { escapeFormulae: formula })
}

const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : value

/** Rows as JSON: the site's own objects, and what they are. */
export const jsonOf = (ask: ExportAsk, { rows, asOf, isCut }: Collected): string =>
  `${JSON.stringify(
    {
      chain_id: ask.chainId,
      list: ask.listId,
      filters: { ...ask.filters, ...ask.fixed },
      as_of: asOf,
      complete: !isCut,
      items: rows,
    },
    null,
    2,
  )}\n`

/** Such as `aitbc-devnet-blocks-height-1200.csv`; `first-10000` says that it was cut. */
export function fileNameOf(
  ask: Pick<ExportAsk, 'chainId' | 'listId'>,
  { rows, asOf, isCut }: Collected,
  ending: 'csv' | 'json',
): string {
  const chain = ask.chainId
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, 40)
  const cut = isCut ? `-first-${rows.length}` : ''
  return `${chain}-${ask.listId}-height-${asOf.height}${cut}.${ending}`
}

/** Hands a text to the browser as a file. */
export function saveFile(name: string, content: { readonly text: string; readonly type: string }) {
  const url = URL.createObjectURL(new Blob([content.text], { type: content.type }))
  const anchor = document.createElement('a')
  anchor.href = url
  anchor.download = name
  anchor.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
