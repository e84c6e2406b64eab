/** Which columns a reader sees of each list. Only what differs from the list's own choice is stored. */
import { useState } from 'preact/hooks'
import type { ListColumn } from './definition.ts'

/** Shown or not, by column, where that is not as the list comes. */
export type ColumnChoice = Readonly<Record<string, boolean>>

/** Where the choice for a list is kept. */
export const columnsKey = (listId: string): string => `aitbc:list:${listId}:columns`

/** The columns to show; all of the list's own when nothing would be left. */
export function chosenColumns<C extends Pick<ListColumn<never>, 'id' | 'hidden'>>(
  columns: readonly C[],
  choice: ColumnChoice,
): readonly C[] {
  const chosen = columns.filter(({ id, hidden }) => choice[id] ?? hidden !== true)
  return chosen.length > 0 ? chosen : columns.filter(({ hidden }) => hidden !== true)
}

/** The choice with one column changed. */
export function withColumn(
  columns: readonly Pick<ListColumn<never>, 'id' | 'hidden'>[],
  choice: ColumnChoice,
  change: { readonly id: string; readonly isShown: boolean },
): ColumnChoice {
  const changed = { ...choice, [change.id]: change.isShown }
  const differing = columns.flatMap(({ id, hidden }) => {
    const isShown = changed[id]
    return isShown === undefined || isShown === (hidden !== true) ? [] : [[id, isShown] as const]
  })
  return Object.fromEntries(differing)
}

/** Reads a stored choice; what cannot be read is none. */
export function readChoice(stored: string | null): ColumnChoice {
  try {
    const value: unknown = JSON.parse(stored ?? '{}')
    if (typeof value !== 'object' || value === null) return {}
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, boolean] => entry[1] === !!entry[1]),
    )
  } catch {
    return {}
  }
}

/** The reader's choice for a list, and how to change it; undefined forgets it. */
export function useColumnChoice(
  listId: string,
): [ColumnChoice, (choice: ColumnChoice | undefined) => void] {
  const key = columnsKey(listId)
  const [choice, setChoice] = useState(() => stored(key))
  return [
    choice,
    (changed) => {
      setChoice(changed ?? {})
      try {
        if (changed === undefined || Object.keys(changed).length === 0) localStorage.removeItem(key)
        else localStorage.setItem(key, JSON.stringify(changed))
      } catch {
        // Storage may be forbidden by the browser; the choice then lasts as long as the page.
      }
    },
  ]
}

function stored(key: string): ColumnChoice {
  try {
    return readChoice(localStorage.getItem(key))
  } catch {
    return {}
  }
}
