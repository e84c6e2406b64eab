/** A list of the site as administrators read it: filters and place in the address, newest first. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Filter } from '../shared/list/definition.ts'
import { FilterPanel } from '../shared/list/filters.tsx'
import { Step } from '../shared/list/list-pager.tsx'
import { type Filters, readPlace, requestOf, withFilter } from '../shared/list/list-query.ts'
import { here, navigate } from '../shared/list/url-state.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import type { Shape } from '../shared/live/shape.ts'
import { Empty, Loaded } from '../shared/ui/states.tsx'
import { type Column, Table, TableSkeleton } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { acts } from './outcome.tsx'
import { adminPath, type ViewName } from './routes.ts'
import { adminPage } from './wire.ts'

type ListProps<T> = {
  view: ViewName
  /** Below `/api/v1/admin`. */
  path: string
  item: Shape<T>
  columns: readonly Column<T>[]
  keyOf: (row: T) => string
  /** Plural, in lower case. */
  noun: string
  filters?: readonly Filter[]
  /** What the site is asked besides, and what the address holds besides. */
  fixed?: Filters
  of?: Filters
  /** What a list without rows and without filters says. */
  empty: ComponentChildren
  /** A filter that leads elsewhere instead. */
  leads?: (filter: string, value: string) => string | undefined
}

const rowsMax = 50

export function AdminList<T>(props: ListProps<T>) {
  const { view, path, item, columns, noun, filters = [], fixed, of = {} } = props
  const names = filters.map(({ id }) => id)
  const place = readPlace(here.value.searchParams, names)
  const shape = useShape(item)
  const found = useResource(
    requestOf(`/api/v1/admin${path}`, place, { limit: rowsMax, fixed }),
    shape,
    `${slowEdge.value} ${acts.value}`,
  )
  const go = (values: Filters) => navigate(adminPath(view, { ...of, ...values }), { replace: true })
  const set = (name: string, value: string) => {
    const elsewhere = value === '' ? undefined : props.leads?.(name, value)
    if (elsewhere === undefined) go(withFilter(place.filters, name, value))
    else navigate(elsewhere)
  }
  const isFiltered = Object.keys(place.filters).length > 0
  const body = useRef<HTMLDivElement>(null)
  useTurned(place.cursor, body.current)
  return (
    <div class="list">
      {filters.length === 0 ? null : (
        <FilterPanel id={`filters-${view}`} filters={filters} values={place.filters} set={set} />
      )}
      <div class="list-body" ref={body} tabIndex={-1}>
        <Loaded
          resource={found}
          what={`the ${noun}`}
          loading={<TableSkeleton caption={noun} columns={columns} rows={5} />}
        >
          {({ items, next_cursor: next, as_of: asOf }) => (
            <>
              {items.length > 0 ? (
                <Table caption={noun} columns={columns} rows={items} keyOf={props.keyOf} />
              ) : isFiltered ? (
                <Empty title={`No ${noun} like this`}>
                  <button type="button" class="button button-small" onClick={() => go({})}>
                    Clear filters
                  </button>
                </Empty>
              ) : place.cursor === '' ? (
                props.empty
              ) : (
                <Empty title={`No more ${noun}`} />
              )}
              <nav class="list-pager" aria-label={`Pages of ${noun}`}>
                <span class="list-facts muted">
                  <span>
                    {items.length.toLocaleString('en')} on this page, as of{' '}
                    <When ms={asOf} ageOnly />
                  </span>
                </span>
                {place.cursor === '' ? null : (
                  <Step label="Newest" href={adminPath(view, { ...of, ...place.filters })} />
                )}
                {next === undefined && place.cursor === '' ? null : (
                  <Step
                    label="Older"
                    href={next && adminPath(view, { ...of, ...place.filters, cursor: next })}
                  />
                )}
              </nav>
            </>
          )}
        </Loaded>
      </div>
    </div>
  )
}

/** One function a list, or every drawing would ask anew. */
function useShape<T>(item: Shape<T>) {
  const kept = useRef(adminPage(item))
  return kept.current
}

/** After a step to another page the reader is at its beginning. */
function useTurned(cursor: string, body: HTMLElement | null): void {
  const at = useRef(cursor)
  useEffect(() => {
    if (at.current === cursor) return
    at.current = cursor
    body?.scrollIntoView({ block: 'start' })
    body?.focus({ preventScroll: true })
  }, [cursor])
}
