/** Results as people read them: columns on a terminal. What strangers wrote shows its hidden characters. */
import { formatCoins } from '../core/base/amount.ts'
import { visibleText } from '../core/wallet/visible-text.ts'

/** One cell; null is shown as a dash. */
export type Cell = string | number | null

/** A table before it is aligned. */
export type Shown = {
  readonly head: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** What a command answers: as JSON, and as a table. */
export type Done = { readonly value: unknown; readonly shown: Shown }

/** Base units as AITBC. */
export const coins = (units: string | null): string | null =>
  units === null ? null : formatCoins(BigInt(units))

/** A time of the wire to the second, without what all of them share. */
export const moment = (time: string | null): string | null =>
  time === null ? null : time.slice(0, 19).replace('T', ' ')

/** One field a line; what is no plain value as JSON. Fields in `amounts` are base units. */
export function fields(
  value: Readonly<Record<string, unknown>>,
  amounts: readonly string[] = [],
): Done {
  const rows = Object.entries(value).map(([name, field]) => [
    name,
    amounts.includes(name) && typeof field === 'string' ? `${coins(field)} AITBC` : plain(field),
  ])
  return { value, shown: { head: ['FIELD', 'VALUE'], rows } }
}

/** A list: `value` as it came, and a row for each item. */
export const listed = <Item>(
  value: { readonly items: readonly Item[] },
  head: readonly string[],
  row: (item: Item) => readonly Cell[],
): Done => ({ value, shown: { head, rows: value.items.map(row) } })

/** Prints a result on stdout. */
export function printDone({ value, shown }: Done, output: 'table' | 'json'): void {
  process.stdout.write(`${output === 'json' ? JSON.stringify(value) : tableText(shown)}\n`)
}

/** Columns as wide as their widest cell. */
export function tableText({ head, rows }: Shown): string {
  const cells = rows.map((row) =>
    row.map((cell) => (cell === null ? '-' : visibleText(String(cell).replaceAll('\n', ' ')))),
  )
  const widths = head.map((name, column) =>
    Math.max(name.length, ...cells.map((row) => (row[column] ?? '').length)),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(head), ...(cells.length > 0 ? cells.map(line) : ['(none)'])].join('\n')
}

function plain(field: unknown): string | null {
  if (field === null) return null
  return typeof field === 'object' ? JSON.stringify(field) : String(field)
}
