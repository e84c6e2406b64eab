/**
 * A list of the site: toolbar, table, pager. Filters and cursor are in the address, columns are the
 * reader's own; the first page is live, older ones stand still.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { announce } from '../frame/announce.ts'
import { chainEdge, status } from '../live/chain.ts'
import type { RequestFailure } from '../live/request.ts'
import { useResource } from '../live/resource.ts'
import type { ShapeOf } from '../live/shape.ts'
import { Empty, Failed, StaleLine } from '../ui/states.tsx'
import { Table, TableSkeleton } from '../ui/table.tsx'
import { TimeSwitch } from '../ui/time.tsx'
import { ColumnChooser } from './column-chooser.tsx'
import { chosenColumns, useColumnChoice } from './columns.ts'
import { type ListColumn, type ListDefinition, listAnswer } from './definition.ts'
import { ExportMenu } from './export-menu.tsx'
import { FilterChips, FilterPanel } from './filters.tsx'
import './list.css'
import { ownWord } from '../own.ts'
import { ListPager } from './list-pager.tsx'
import {
  type Filters,
  hrefOf,
  type ListPlace,
  readPlace,
  requestOf,
  withFilter,
} from './list-query.ts'
import { here, navigate } from './url-state.ts'
import { type Marks, marked, noMarks, VerifyRows } from './verify-rows.tsx'

/** Rows of a page. */
const pageRows = 25

type DataListProps<T> = {
  list: ListDefinition<T>
  /** Filters that belong to the page around the list: always in effect, never shown as a choice. */
  fixed?: Filters
}

type Answer<T> = Omit<ShapeOf<ReturnType<typeof listAnswer>>, 'items'> & { readonly items: T[] }

export function DataList<T>({ list, fixed }: DataListProps<T>) {
  const place = readPlace(
    here.value.searchParams,
    list.filters.map(({ id }) => id),
  )
  const { pathname } = here.value
  const shape = useMemo(() => listAnswer(list.item), [list])
  const path = requestOf(list.source, place, { limit: pageRows, fixed })
  const [hasOpen, setHasOpen] = useState(false)
  const isLive = place.cursor === '' || hasOpen
  const resource = useResource(path, shape, isLive ? chainEdge.value : '')
  const last = useRef<Answer<T> | undefined>(undefined)
  const value: Answer<T> | undefined = resource.phase === 'ready' ? resource.value : undefined
  if (value) last.current = value
  const isOpen = value?.items.some((row) => list.isOpen?.(row)) ?? false
  useEffect(() => setHasOpen(isOpen), [isOpen])
  useNewestAddress(place, value, hrefOf(pathname, { ...place, cursor: '' }))
  const [choice, choose] = useColumnChoice(list.id)
  const columns = chosenColumns(list.columns, choice)
  const box = useTurnedPage(place.cursor, value, (answer) => factsOf(list, answer))
  const clear = () => navigate(pathname)
  // While another page is on its way, the last one stays: less moves, and nothing is lost by accident.
  const shown = value ?? (resource.phase === 'loading' ? last.current : undefined)
  return (
    <section class="list" aria-label={capitalised(list.noun)}>
      <Toolbar
        list={list}
        place={place}
        fixed={fixed}
        clear={clear}
        chooser={
          <ColumnChooser
            listId={list.id}
            noun={list.noun}
            columns={list.columns}
            choice={choice}
            choose={choose}
          />
        }
      />
      <div ref={box} class="list-body" tabIndex={-1} aria-busy={resource.phase === 'loading'}>
        {resource.phase === 'failed' ? (
          <Refused list={list} place={place} failure={resource.failure} retry={resource.retry} />
        ) : shown === undefined ? (
          <TableSkeleton caption={capitalised(list.noun)} columns={columns} rows={pageRows} />
        ) : (
          <>
            {resource.phase === 'ready' && resource.stale ? (
              <StaleLine failure={resource.stale} atMs={resource.atMs} retry={resource.retry} />
            ) : null}
            <div class={value && resource.phase === 'ready' && !resource.stale ? '' : 'is-stale'}>
              {shown.items.length === 0 ? (
                <NoRows list={list} place={place} answer={shown} clear={clear} />
              ) : (
                <Rows key={path} list={list} columns={columns} rows={shown.items} />
              )}
            </div>
            <Pages list={list} place={place} answer={shown} />
          </>
        )}
      </div>
    </section>
  )
}

type ToolbarProps<T> = {
  list: ListDefinition<T>
  place: ListPlace
  fixed: Filters | undefined
  clear: () => void
  chooser: ComponentChildren
}

function Toolbar<T>({ list, place, fixed, clear, chooser }: ToolbarProps<T>) {
  const [isOpen, setOpen] = useState(false)
  const toggle = useRef<HTMLButtonElement>(null)
  const panelId = `${list.id}-filters`
  const set = (id: string, value: string) => {
    const filters = withFilter(place.filters, id, value)
    navigate(hrefOf(here.value.pathname, { filters, cursor: '' }))
  }
  // What was clicked is gone afterwards: the focus goes where the filters are.
  const andFocus = (action: () => void) => () => {
    action()
    toggle.current?.focus()
  }
  return (
    <>
      <div class="list-tools">
        <button
          ref={toggle}
          type="button"
          class="button button-small"
          aria-expanded={isOpen}
          aria-controls={panelId}
          onClick={() => setOpen(!isOpen)}
        >
          Filters
        </button>
        <FilterChips
          filters={list.filters}
          values={place.filters}
          remove={(id) => andFocus(() => set(id, ''))()}
          clear={andFocus(clear)}
        />
        <div class="list-actions">
          <TimeSwitch />
          {chooser}
          <ExportMenu
            listId={list.id}
            noun={list.noun}
            source={list.source}
            chainId={status.value?.chain_id ?? 'aitbc'}
            filters={place.filters}
            fixed={fixed}
          />
        </div>
      </div>
      <div hidden={!isOpen}>
        <FilterPanel id={panelId} filters={list.filters} values={place.filters} set={set} />
      </div>
    </>
  )
}

type RowsProps<T> = {
  list: ListDefinition<T>
  columns: readonly ListColumn<T>[]
  rows: readonly T[]
}

/** The rows, and what became of those that were checked. */
function Rows<T>({ list, columns, rows }: RowsProps<T>) {
  const [marks, setMarks] = useState<Marks>(noMarks)
  return (
    <>
      <Table
        caption={`${capitalised(list.noun)}, ${list.order ?? 'newest first'}`}
        columns={marked(columns, list.keyOf, marks)}
        rows={rows}
        keyOf={list.keyOf}
      />
      <VerifyRows list={list} rows={rows} marks={marks} mark={setMarks} />
    </>
  )
}

type StateProps<T> = { list: ListDefinition<T>; place: ListPlace }

function NoRows<T>({
  list,
  place,
  answer,
  clear,
}: StateProps<T> & { answer: Answer<T>; clear: () => void }) {
  if (answer.next_cursor !== undefined) {
    return (
      <Empty title="Nothing matches so far">
        <span>The newest blocks hold no such {list.noun}; go on with Older.</span>
      </Empty>
    )
  }
  if (Object.keys(place.filters).length > 0) {
    return (
      <Empty title={`No ${list.noun} match`}>
        <span>The chain holds none that all filters leave.</span>
        <button type="button" class="button button-small" onClick={clear}>
          Clear filters
        </button>
      </Empty>
    )
  }
  if (place.cursor !== '') {
    return (
      <Empty title="The end of the list">
        <a class="button button-small" href={here.value.pathname}>
          To the newest {list.noun}
        </a>
      </Empty>
    )
  }
  return <>{list.empty()}</>
}

function Refused<T>({
  list,
  place,
  failure,
  retry,
}: StateProps<T> & { failure: RequestFailure; retry: () => void }) {
  if (failure.code !== 'INVALID') {
    return <Failed what={`the ${list.noun}`} failure={failure} retry={retry} />
  }
  const { pathname } = here.value
  const isFiltered = Object.keys(place.filters).length > 0
  return (
    <div class="note note-caution" role="alert">
      <strong>The site cannot read this {isFiltered ? 'filter' : 'address'}</strong>
      <span class="break">{failure.message}</span>
      <a class="button button-small" href={pathname}>
        {isFiltered ? 'Clear filters' : `To the newest ${list.noun}`}
      </a>
    </div>
  )
}

function Pages<T>({ list, place, answer }: StateProps<T> & { answer: Answer<T> }) {
  const { pathname } = here.value
  const at = (cursor: string | undefined) =>
    cursor === undefined ? undefined : hrefOf(pathname, { ...place, cursor })
  return (
    <ListPager
      noun={list.noun}
      newest={place.cursor === '' ? undefined : at('')}
      newer={place.cursor === '' ? undefined : at(answer.previous_cursor)}
      older={at(answer.next_cursor)}
    >
      {answer.items.length > 0 ? <span>{factsOf(list, answer)}</span> : null}
      <span class="muted">
        As of block {answer.as_of.height.toLocaleString('en')}, {sourceWords(answer.source)}
      </span>
    </ListPager>
  )
}

/** Such as "25 transactions in blocks 1,210 to 1,186". */
function factsOf<T>(list: ListDefinition<T>, { items }: Answer<T>): string {
  const [first, last] = [items[0], items[items.length - 1]]
  if (first === undefined || last === undefined) return `No ${list.noun}`
  const count =
    items.length === 1 ? `1 ${list.noun.replace(/s$/, '')}` : `${items.length} ${list.noun}`
  const { heightOf } = list
  if (!heightOf) return count
  const [from, to] = [first, last].map((row) => heightOf(row).toLocaleString('en'))
  const range = from === to ? from : `${from} to ${to}`
  if (list.noun === 'blocks') return `${count}, ${range}`
  return `${count} in ${from === to ? 'block' : 'blocks'} ${range}`
}

const sources: Readonly<Record<string, string>> = {
  chain_node: 'from the chain node',
  read_model: 'from the read model',
  both: 'from chain node and read model',
}

const sourceWords = (source: string): string => ownWord(sources, source) ?? 'from this site'

/** The page before the second is the first: its address says so, without a step in the history. */
function useNewestAddress<T>(place: ListPlace, answer: Answer<T> | undefined, newest: string) {
  const isNewest =
    place.cursor !== '' &&
    answer !== undefined &&
    answer.items.length > 0 &&
    answer.previous_cursor === undefined
  useEffect(() => {
    if (isNewest) navigate(newest, { replace: true })
  }, [isNewest, newest])
}

/** After a step to another page the reader is at its beginning, and hears what it holds. */
function useTurnedPage<T>(
  cursor: string,
  answer: Answer<T> | undefined,
  words: (answer: Answer<T>) => string,
) {
  const box = useRef<HTMLDivElement>(null)
  const at = useRef(cursor)
  useEffect(() => {
    if (answer === undefined || at.current === cursor) return
    at.current = cursor
    announce(words(answer))
    // Whoever is at the toolbar by now, changing a filter, stays there.
    const { activeElement } = document
    const isReading = activeElement === document.body || box.current?.contains(activeElement)
    if (!isReading) return
    box.current?.scrollIntoView({ block: 'start' })
    box.current?.focus({ preventScroll: true })
  }, [cursor, answer === undefined])
  return box
}

const capitalised = (noun: string): string => noun.charAt(0).toUpperCase() + noun.slice(1)
