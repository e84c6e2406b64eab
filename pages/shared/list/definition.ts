/** What a list is, said once: where it is read, what its rows are, what can be shown and filtered. */
import type { ComponentChildren } from 'preact'
import type { Asked } from '../light/messages.ts'
import { integer, list, maybe, object, type Shape, text } from '../live/shape.ts'
import type { Column } from '../ui/table.tsx'

/** A column with a name that outlives its label: choices are stored by it. */
export type ListColumn<T> = Column<T> & {
  readonly id: string
  /** Not shown until the reader asks for it. */
  readonly hidden?: boolean
}

type FilterBase = {
  /** Name of the query parameter, in the address and at the site. */
  readonly id: string
  readonly label: string
}

export type Choice = { readonly value: string; readonly label: string }

/** `whole`: a number such as a height. `moment`: minutes of UTC. `toggle`: `true` or absent. */
export type Filter =
  | (FilterBase & { readonly kind: 'select'; readonly choices: () => readonly Choice[] })
  | (FilterBase & { readonly kind: 'text'; readonly example: string })
  | (FilterBase & { readonly kind: 'whole' | 'moment' | 'toggle' })

/** `shown`: the row as the site sent it. `left`: a sentence about what no proof covers; may be empty. */
export type RowProof<T> = { readonly asked: (row: T) => Asked; readonly left: string }

export type ListDefinition<T> = {
  /** Name in storage and in file names. */
  readonly id: string
  /** Plural, in lower case: completes "25 …". */
  readonly noun: string
  /** Where the site answers. */
  readonly source: string
  readonly item: Shape<T>
  readonly columns: readonly ListColumn<T>[]
  readonly filters: readonly Filter[]
  readonly keyOf: (row: T) => string
  /** Absent where rows do not belong to one block each. */
  readonly heightOf?: (row: T) => number
  /** How the rows are ordered, for the caption: "newest first" where nothing is said. */
  readonly order?: string
  /** Whether a row may still change: its page is then read again with each block. */
  readonly isOpen?: (row: T) => boolean
  /** How each row can be checked in the browser, or why none can: a sentence. */
  readonly proof?: RowProof<T> | string
  /** What a list without rows and without filters says. */
  readonly empty: () => ComponentChildren
}

/** An answer of the site's lists. */
export const listAnswer = <T>(item: Shape<T>) =>
  object({
    items: list(item),
    next_cursor: maybe(text),
    previous_cursor: maybe(text),
    as_of: object({ height: integer(-1), time: text }),
    source: text,
  })

/** How a chip says the value of a filter. */
export function wordsOf(filter: Filter, value: string): string {
  switch (filter.kind) {
    case 'select':
      return filter.choices().find((choice) => choice.value === value)?.label ?? value
    case 'moment':
      return `${momentOf(value).replace('T', ' ')} UTC`
    default:
      return value
  }
}

/** Minutes of UTC as a date field shows them: `2026-02-14T12:00`; empty for what is no time. */
export function momentOf(value: string): string {
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString().slice(0, 16)
}

/** The value of a filter as the site reads it, from what was typed. */
export function typedValue(filter: Filter, typed: string): string {
  const trimmed = typed.trim()
  if (trimmed === '') return ''
  if (filter.kind === 'whole') return trimmed.replace(/^#/, '').replaceAll(/[,\s]/g, '')
  return filter.kind === 'moment' ? `${trimmed.slice(0, 16)}:00Z` : trimmed
}
