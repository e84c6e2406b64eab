/** The search index of the docs, from the finished articles. */
import MiniSearch from 'minisearch'
import { type IndexedSection, indexOptions } from '../shared/search/index-options.ts'
import { type DocsPage, docsHref } from './docs-map.ts'
import { sectionsOf } from './docs-sections.ts'

/** The index as JSON text. */
export function buildSearchIndex(
  articles: readonly { readonly page: DocsPage; readonly article: string }[],
): string {
  const sections = articles.flatMap(({ page, article }) =>
    sectionsOf(unfolded(article)).map(({ anchor, heading, text }) => ({
      href: docsHref(page.name) + (anchor === '' ? '' : `#${anchor}`),
      page: page.title,
      heading,
      // A page is also found by what its description says.
      text: anchor === '' ? `${text} ${page.description}` : text,
    })),
  )
  const index = new MiniSearch<IndexedSection>(indexOptions)
  index.addAll(sections.map((section, id) => ({ ...section, id })))
  return JSON.stringify(index)
}

/**
 * Without what is folded away, as tables of the API reference would be half of the index, and without lists
 * of endpoints, each of which has a section of its own.
 */
const unfolded = (article: string): string =>
  article.replace(/<details\b.*?<\/details>|<(div|nav) class="api-index".*?<\/\1>/gs, '')
