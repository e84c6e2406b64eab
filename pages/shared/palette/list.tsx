/** The list of the command palette, in groups. */
import { useEffect, useRef } from 'preact/hooks'
import { ActionIcon, BlockIcon, PageIcon, RecentIcon, SearchIcon } from '../ui/icon.tsx'
import type { Entry, EntryKind } from './entries.ts'

type ListProps = {
  /** Begins the ids that the field names. */
  id: string
  sections: readonly { readonly name: string; readonly entries: readonly Entry[] }[]
  active: number
  onActive: (index: number) => void
  onTake: (entry: Entry) => void
}

const icons: Record<EntryKind, () => preact.JSX.Element> = {
  page: PageIcon,
  chain: BlockIcon,
  docs: SearchIcon,
  action: ActionIcon,
  recent: RecentIcon,
}

export function PaletteList({ id, sections, active, onActive, onTake }: ListProps) {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [active, sections])
  if (sections.length === 0) return null
  let index = -1
  return (
    <div
      class="palette-list"
      role="listbox"
      id={`${id}-list`}
      aria-label="Results"
      // The arrow keys scroll it; it is no stop of its own.
      tabIndex={-1}
      ref={list}
    >
      {sections.map(({ name, entries }) => (
        // biome-ignore lint/a11y/useSemanticElements: a list box may hold groups, not field sets
        <div key={name} role="group" aria-label={name}>
          <div class="palette-group" role="presentation" aria-hidden="true">
            {name}
          </div>
          {entries.map((entry) => {
            index += 1
            const place = index
            return (
              <Option
                key={entry.id}
                id={`${id}-${place}`}
                entry={entry}
                isActive={place === active}
                onActive={() => onActive(place)}
                onTake={() => onTake(entry)}
              />
            )
          })}
        </div>
      ))}
    </div>
  )
}

type OptionProps = {
  id: string
  entry: Entry
  isActive: boolean
  onActive: () => void
  onTake: () => void
}

function Option({ id, entry, isActive, onActive, onTake }: OptionProps) {
  const Icon = icons[entry.kind]
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field, which keeps the focus
    <div
      id={id}
      class="palette-option"
      role="option"
      tabIndex={-1}
      aria-selected={isActive}
      // The focus stays in the field.
      onPointerDown={(event) => event.preventDefault()}
      onPointerMove={() => {
        if (!isActive) onActive()
      }}
      onClick={onTake}
    >
      <Icon />
      <span class="palette-label">{entry.label}</span>
      {entry.hint === undefined ? null : <span class="palette-hint">{entry.hint}</span>}
    </div>
  )
}
