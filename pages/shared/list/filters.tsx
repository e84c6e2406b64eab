/** The filters of a list: fields to set them, chips to see and remove them. */
import { useEffect, useState } from 'preact/hooks'
import { type Filter, momentOf, typedValue, wordsOf } from './definition.ts'
import type { Filters } from './list-query.ts'

type PanelProps = {
  id: string
  filters: readonly Filter[]
  values: Filters
  set: (id: string, value: string) => void
}

/** All fields; a choice takes effect at once, text when it is left or sent. */
export function FilterPanel({ id, filters, values, set }: PanelProps) {
  return (
    <form
      id={id}
      class="filter-panel"
      aria-label="Filters"
      onSubmit={(event) => {
        event.preventDefault()
        const field = document.activeElement
        // Enter sends the form without leaving the field, so the field has not told of its change.
        if (field instanceof HTMLInputElement) field.blur()
        if (field instanceof HTMLElement) field.focus()
      }}
    >
      {filters.map((filter) => (
        <Field
          key={filter.id}
          filter={filter}
          name={`${id}-${filter.id}`}
          value={values[filter.id] ?? ''}
          set={(value) => set(filter.id, value)}
        />
      ))}
      <button type="submit" class="visually-hidden" tabIndex={-1}>
        Apply filters
      </button>
    </form>
  )
}

type FieldProps = { filter: Filter; name: string; value: string; set: (value: string) => void }

function Field({ filter, name, value, set }: FieldProps) {
  if (filter.kind === 'toggle') {
    return (
      <label class="filter-toggle">
        <input
          type="checkbox"
          checked={value === 'true'}
          onChange={(event) => set(event.currentTarget.checked ? 'true' : '')}
        />
        {filter.label}
      </label>
    )
  }
  return (
    <div class={filter.kind === 'moment' ? 'filter-field filter-moment' : 'filter-field'}>
      <label for={name}>{filter.label}</label>
      {filter.kind === 'select' ? (
        <select id={name} value={value} onChange={(event) => set(event.currentTarget.value)}>
          <option value="">Any</option>
          {filter.choices().map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
      ) : (
        <TextField filter={filter} name={name} value={value} set={set} />
      )}
    </div>
  )
}

/** Keeps what is being typed to itself until the field is left: a live list is drawn again and again. */
function TextField({ filter, name, value, set }: FieldProps) {
  const isMoment = filter.kind === 'moment'
  const shown = isMoment ? momentOf(value) : value
  const [draft, setDraft] = useState(shown)
  useEffect(() => setDraft(shown), [shown])
  const common = {
    id: name,
    value: draft,
    autocomplete: 'off',
    onInput: (event: { currentTarget: HTMLInputElement }) => setDraft(event.currentTarget.value),
    onChange: (event: { currentTarget: HTMLInputElement }) => {
      const typed = typedValue(filter, event.currentTarget.value)
      if (typed !== value) set(typed)
    },
  } as const
  if (isMoment) return <input type="datetime-local" {...common} />
  return (
    <input
      type="text"
      inputMode={filter.kind === 'whole' ? 'numeric' : undefined}
      placeholder={filter.kind === 'text' ? filter.example : undefined}
      spellcheck={false}
      {...common}
    />
  )
}

type ChipsProps = {
  filters: readonly Filter[]
  values: Filters
  remove: (id: string) => void
  clear: () => void
}

/** What is set, each with a button that takes it away. */
export function FilterChips({ filters, values, remove, clear }: ChipsProps) {
  const active = filters.filter(({ id }) => values[id] !== undefined)
  if (active.length === 0) return null
  return (
    <>
      <ul class="chips" aria-label="Filters in effect">
        {active.map((filter) => {
          const words = wordsOf(filter, values[filter.id] ?? '')
          const said = filter.kind === 'toggle' ? filter.label : `${filter.label}: ${words}`
          return (
            <li key={filter.id}>
              <button
                type="button"
                class="chip"
                title={said}
                aria-label={`Remove filter ${said}`}
                onClick={() => remove(filter.id)}
              >
                {filter.kind === 'toggle' ? (
                  <span class="chip-value">{filter.label}</span>
                ) : (
                  <>
                    <span class="chip-label">{filter.label}</span>{' '}
                    <span class="chip-value">{words}</span>
                  </>
                )}
                <span class="chip-cross" aria-hidden="true">
                  ×
                </span>
              </button>
            </li>
          )
        })}
      </ul>
      <button type="button" class="link-button" onClick={clear}>
        Clear filters
      </button>
    </>
  )
}
