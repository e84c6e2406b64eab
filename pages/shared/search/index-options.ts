/** How the search index of the docs is laid out, for the build that makes it and the page that reads it. */

/** One section of a page. */
export type IndexedSection = {
  readonly id: number
  /** Address with anchor. */
  readonly href: string
  /** Title of the page. */
  readonly page: string
  /** Heading of the section; the title again for what comes before the first heading. */
  readonly heading: string
  readonly text: string
}

/** Options for MiniSearch; both sides must have the same. */
export const indexOptions = {
  fields: ['page', 'heading', 'text'],
  storeFields: ['href', 'page', 'heading', 'text'],
}

/** Where the build puts the index. */
export const indexPath = '/docs/search-index.json'
