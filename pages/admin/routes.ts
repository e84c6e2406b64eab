/**
 * Addresses of the console. Views are named in the query, because `/admin/jobs` and its like have been
 * answers for programs since the original.
 */

/** Views that lists and tabs lead to. */
export const viewNames = [
  'overview',
  'jobs',
  'job',
  'miners',
  'miner',
  'held',
  'users',
  'keys',
  'payments',
  'audit',
  'config',
] as const
export type ViewName = (typeof viewNames)[number]

/** The view that an address names; undefined where there is no such view. */
export function viewOf(search: URLSearchParams): ViewName | undefined {
  const name = search.get('view') ?? 'overview'
  return viewNames.find((each) => each === name)
}

/** Address of a view, with what it is to show. */
export function adminPath(
  view: ViewName,
  of: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(of).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value]],
  )
  const search = new URLSearchParams([...(view === 'overview' ? [] : [['view', view]]), ...given])
  return search.size === 0 ? '/admin/' : `/admin/?${search}`
}
