/**
 * A table that becomes labelled rows on a phone. Roles are spelled out because the narrow layout takes
 * the elements' own table display away.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Skeleton } from './states.tsx'

export type Column<T> = {
  readonly label: string
  readonly cell: (row: T) => ComponentChildren
  /** Right-aligned, tabular figures. */
  readonly numeric?: boolean
}

type TableProps<T> = {
  caption: string
  /** Shows fewer rows on a phone: for lists that have a page of their own. */
  brief?: boolean
  columns: readonly Column<T>[]
  rows: readonly T[]
  keyOf: (row: T) => string | number
}

export function Table<T>({ caption, columns, rows, keyOf, brief }: TableProps<T>) {
  const isNew = useNewcomers(rows.map((row) => String(keyOf(row))))
  return (
    <Shell caption={caption} columns={columns} brief={brief}>
      {rows.map((row) => {
        const key = String(keyOf(row))
        return (
          <tr key={key} role="row" class={isNew(key) ? 'is-new' : undefined}>
            {columns.map(({ label, cell, numeric }) => (
              <td key={label} role="cell" data-label={label} class={numeric ? 'number' : undefined}>
                {cell(row)}
              </td>
            ))}
          </tr>
        )
      })}
    </Shell>
  )
}

/** The same table before its rows are there. */
export function TableSkeleton<T>(props: {
  caption: string
  brief?: boolean
  columns: readonly Column<T>[]
  rows: number
}) {
  return (
    <Shell caption={props.caption} columns={props.columns} brief={props.brief}>
      {Array.from({ length: props.rows }, (_, index) => (
        <tr key={index} role="row">
          {props.columns.map(({ label, numeric }) => (
            <td key={label} role="cell" data-label={label} class={numeric ? 'number' : undefined}>
              <Skeleton size={numeric ? 4 : 8} />
            </td>
          ))}
        </tr>
      ))}
    </Shell>
  )
}

function Shell<T>(props: {
  caption: string
  columns: readonly Column<T>[]
  brief?: boolean | undefined
  children: ComponentChildren
}) {
  const { box, table, isWide } = useWidth()
  // What scrolls must be within reach of the keyboard, and say what it is.
  const scrolls = isWide
    ? ({ tabIndex: 0, role: 'region', 'aria-label': props.caption } as const)
    : {}
  return (
    <div ref={box} class={isWide ? 'table-box is-wide' : 'table-box'} {...scrolls}>
      <table ref={table} class={props.brief ? 'table table-brief' : 'table'} role="table">
        <caption class="visually-hidden">{props.caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {props.columns.map(({ label, numeric }) => (
              <th
                key={label}
                scope="col"
                role="columnheader"
                class={numeric ? 'number' : undefined}
              >
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">{props.children}</tbody>
      </table>
    </div>
  )
}

/** Whether the table is wider than its box: then the box scrolls, never the page. */
function useWidth() {
  const box = useRef<HTMLDivElement>(null)
  const table = useRef<HTMLTableElement>(null)
  const [isWide, setWide] = useState(false)
  useEffect(() => {
    if (!box.current || !table.current) return
    const [outer, inner] = [box.current, table.current]
    const watcher = new ResizeObserver(() => setWide(inner.offsetWidth > outer.clientWidth + 1))
    watcher.observe(outer)
    watcher.observe(inner)
    return () => watcher.disconnect()
  }, [])
  return { box, table, isWide }
}

/** Which keys were not there the last time the table was drawn; none at the first. */
function useNewcomers(keys: readonly string[]): (key: string) => boolean {
  const seen = useRef<Set<string> | undefined>(undefined)
  const before = seen.current
  useEffect(() => {
    seen.current = new Set(keys)
  })
  return (key) => before !== undefined && !before.has(key)
}
