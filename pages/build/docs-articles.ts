/** What stands in the article of each docs page. */

import { renderApiFamily } from './api-family.ts'
import { renderApiReference } from './api-reference.ts'
import { renderArticle } from './docs.ts'
import { renderFullDocumentation } from './docs-full.ts'
import { apiFamilyName, type DocsPage, docsPages, type MadePage } from './docs-map.ts'

/** Pages that are not Markdown: each function returns an article that begins with its h1. */
const made: Readonly<Record<MadePage, () => string>> = {
  api: renderApiReference,
  'full-documentation': renderFullDocumentation,
}

const articles = new Map<string, string>()

/** The article of a docs page; rendered once. */
export function articleOf(page: DocsPage): string {
  const known = articles.get(page.name)
  if (known !== undefined) return known
  const article = render(page)
  articles.set(page.name, article)
  return article
}

function render(page: DocsPage): string {
  if (page.source) return renderArticle(page)
  if (page.below) return renderApiFamily(page.name.slice(apiFamilyName('').length), page.title)
  return made[page.name as MadePage]()
}

/** What the search knows: every page but the one that repeats the others. */
export const searchedPages = docsPages.filter(({ name }) => name !== 'full-documentation')
