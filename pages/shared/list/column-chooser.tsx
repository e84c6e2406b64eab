/** Chooses the columns of a list. */
import { type ColumnChoice, chosenColumns, withColumn } from './columns.ts'
import type { ListColumn } from './definition.ts'
import { Popover } from './popover.tsx'

type ColumnChooserProps<T> = {
  listId: string
  noun: string
  columns: readonly ListColumn<T>[]
  choice: ColumnChoice
  choose: (choice: ColumnChoice | undefined) => void
}

export function ColumnChooser<T>(props: ColumnChooserProps<T>) {
  const { listId, noun, columns, choice, choose } = props
  const shown = new Set(chosenColumns(columns, choice).map(({ id }) => id))
  return (
    <Popover id={`${listId}-columns`} label="Columns" of={noun}>
      <fieldset class="check-list">
        <legend class="visually-hidden">Columns</legend>
        {columns.map(({ id, label }) => {
          const isShown = shown.has(id)
          return (
            <label key={id}>
              <input
                type="checkbox"
                checked={isShown}
                disabled={isShown && shown.size === 1}
                onChange={(event) => {
                  const { checked } = event.currentTarget
                  choose(withColumn(columns, choice, { id, isShown: checked }))
                }}
              />
              {label}
            </label>
          )
        })}
      </fieldset>
      <div class="popover-foot">
        <button type="button" class="button button-small" onClick={() => choose(undefined)}>
          Reset columns
        </button>
      </div>
    </Popover>
  )
}
