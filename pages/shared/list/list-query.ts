/** From the address of a list to what the site is asked, and back. Both name filters alike. */

/** Filters that are set, by name. */
export type Filters = Readonly<Record<string, string>>

/** What an address says about a list. */
export type ListPlace = { readonly filters: Filters; readonly cursor: string }

/** Longest value that is taken from an address. */
const valueCharsMax = 200

/** Reads the filters of these names; anything else in the address is not the list's business. */
export function readPlace(search: URLSearchParams, names: readonly string[]): ListPlace {
  const filters = names.flatMap((name) => {
    const value = search.get(name)?.trim().slice(0, valueCharsMax) ?? ''
    return value === '' ? [] : [[name, value] as const]
  })
  return {
    filters: Object.fromEntries(filters),
    cursor: search.get('cursor')?.slice(0, valueCharsMax) ?? '',
  }
}

/** The address of a list at a place. */
export const hrefOf = (path: string, { filters, cursor }: ListPlace): string =>
  withQuery(path, { ...filters, cursor })

/** What the site is asked for one page. `fixed` filters are those of the page around the list. */
export const requestOf = (
  path: string,
  { filters, cursor }: ListPlace,
  { limit, fixed = {} }: { readonly limit: number; readonly fixed?: Filters | undefined },
): string => withQuery(path, { limit: String(limit), ...filters, ...fixed, cursor })

/** The filters with one changed; an empty value takes it away. */
export function withFilter(filters: Filters, name: string, value: string): Filters {
  const { [name]: _old, ...others } = filters
  const trimmed = value.trim()
  return trimmed === '' ? others : { ...others, [name]: trimmed }
}

function withQuery(path: string, parameters: Filters): string {
  const search = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== ''))
  const text = search.toString()
  return text === '' ? path : `${path}?${text}`
}
