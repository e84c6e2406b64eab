/**
 * Every page of the docs in reading order: those written in Markdown, and those that the build makes
 * from something else.
 */
import { type DocsGroup, type DocsSource, docsGroups, readDocsSources } from './docs-source.ts'

export type DocsPage = {
  /** Address without `/docs/` and `.html`. */
  readonly name: string
  readonly title: string
  readonly description: string
  readonly group: DocsGroup
  readonly order: number
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

/** In reading order: by group, then by order, then by title. */
export const docsPages: readonly DocsPage[] = [
  ...readDocsSources().map((source) => ({ ...source, source })),
  ...madePages,
].sort(
  (a, b) =>
    docsGroups.indexOf(a.group) - docsGroups.indexOf(b.group) ||
    a.order - b.order ||
    (a.title < b.title ? -1 : 1),
)

/** The address of a docs page. */
export const docsHref = (name: string): string =>
  name === 'index' ? '/docs/' : `/docs/${name}.html`

/** Navigation: each group that has pages, with its pages. */
export const docsNavigation = docsGroups
  .map((group) => ({ group, pages: docsPages.filter((page) => page.group === group) }))
  .filter(({ pages }) => pages.length > 0)
