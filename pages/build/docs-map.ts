/**
 * Every page of the docs in reading order: those written in Markdown, and those that the build makes
 * from something else.
 */
import { endpointFamilies } from '../../core/api/endpoints/table.ts'
import { type DocsGroup, type DocsSource, docsGroups, readDocsSources } from './docs-source.ts'

export type DocsPage = {
  /** Address without `/docs/` and `.html`. */
  readonly name: string
  readonly title: string
  readonly description: string
  readonly group: DocsGroup
  readonly order: number
  /** Of a page that stands below another in the navigation: the name of that, and its own title there. */
  readonly below?: { readonly page: string; readonly label: string }
  /** Absent where the build makes the page. */
  readonly source?: DocsSource
}

/** Pages that are not Markdown; `site-map.ts` says what renders each. */
export const madePages = [
  {
    name: 'api',
    title: 'API reference',
    description:
      'Every endpoint of a site: parameters, bodies, answers, error codes, and commands to try it.',
    group: 'Reference',
    order: 10,
  },
  {
    name: 'full-documentation',
    title: 'All docs on one page',
    description: 'The whole documentation on one page, in reading order, to search or to print.',
    group: 'Reference',
    order: 900,
  },
] as const satisfies readonly DocsPage[]

export type MadePage = (typeof madePages)[number]['name']

/** Name of the page of a family of endpoints. */
export const apiFamilyName = (id: string): string => `api/${id}`

/** One page for each family of endpoints. */
const apiPages: readonly DocsPage[] = endpointFamilies.map(({ id, title }) => ({
  name: apiFamilyName(id),
  title: `API: ${title}`,
  description: `${title} in the API of a site: parameters, bodies, answers, refusals, commands.`,
  group: 'Reference',
  order: 10,
  below: { page: 'api', label: title },
}))

/** In reading order: by group, then by order, then by title; what is below a page follows it. */
export const docsPages: readonly DocsPage[] = [
  ...readDocsSources().map((source) => ({ ...source, source })),
  ...madePages,
]
  .sort(
    (a, b) =>
      docsGroups.indexOf(a.group) - docsGroups.indexOf(b.group) ||
      a.order - b.order ||
      (a.title < b.title ? -1 : 1),
  )
  .flatMap((page) => [page, ...apiPages.filter(({ below }) => below?.page === page.name)])

/** The address of a docs page. */
export const docsHref = (name: string): string =>
  name === 'index' ? '/docs/' : `/docs/${name}.html`

/** The address of the overview of the API. */
export const apiHref = docsHref('api')

/** Navigation: each group that has pages, with its pages. Pages below a page are not among them. */
export const docsNavigation = docsGroups
  .map((group) => ({
    group,
    pages: docsPages.filter((page) => page.group === group && !page.below),
  }))
  .filter(({ pages }) => pages.length > 0)
