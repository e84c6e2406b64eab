/**
 * What stands around the article of a docs page: search field, navigation, breadcrumb, list of its
 * sections, the pages before and after it.
 */
import { type DocsPage, docsHref, docsNavigation, docsPages } from './docs-map.ts'
import { escapeHtml } from './html.ts'
import { icons } from './icons.ts'
import { renderMarkdown } from './markdown.ts'

/** The body of the docs page of this name around `article`, which begins with its h1. */
export function renderDocsBody(name: string, article: string): string {
  const page = docsPages.find((candidate) => candidate.name === name)
  return `<div class="docs">
<div class="docs-side">
${searchForm}
${navigation(name)}
</div>
<div class="docs-main">
${page ? breadcrumb(page) : ''}
<article class="prose">
${article}
</article>
${page ? neighbours(page) : ''}
</div>
${contents(article)}
</div>`
}

/** The page of search results: the same frame, and a place for the results. */
export function renderSearchPage(): string {
  return `<div class="docs docs-wide">
<div class="docs-side">
${navigation('search')}
</div>
<div class="docs-main">
<h1>Search the docs</h1>
<div id="docs-results"></div>
<p class="without-script">The search needs JavaScript. <a href="/docs/full-documentation.html">All docs on one page</a> can be searched by the browser itself.</p>
</div>
</div>`
}

/** The article of a page that is written in Markdown. */
export function renderArticle(page: DocsPage): string {
  const { html } = renderMarkdown(page.source?.markdown ?? '')
  return `<h1>${escapeHtml(page.title)}</h1>\n${html}`
}

const searchForm = `<form class="docs-search" id="docs-search" role="search" action="/docs/search.html">
<label class="visually-hidden" for="docs-search-text">Search the docs</label>
${icons.search}<input id="docs-search-text" name="q" type="search" autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="Search the docs" maxlength="200">
</form>`

function navigation(name: string): string {
  const open = docsPages.find((page) => page.name === name)?.below?.page ?? name
  const line = ({ name: to, title, below }: DocsPage): string => {
    const current = to === name ? ' aria-current="page"' : ''
    const inner = to === open ? docsPages.filter((page) => page.below?.page === to) : []
    const list = inner.length === 0 ? '' : `<ul class="docs-below">${inner.map(line).join('')}</ul>`
    return `<li><a href="${docsHref(to)}"${current}>${escapeHtml(below?.label ?? title)}</a>${list}</li>`
  }
  const groups = docsNavigation
    .map(({ group, pages }) => {
      const links = pages.map(line).join('')
      return `<li><span class="docs-group">${group}</span><ul>${links}</ul></li>`
    })
    .join('')
  return `<nav class="docs-nav" aria-label="Docs">
<button class="docs-menu-button" id="docs-menu-button" type="button" aria-expanded="false" aria-controls="docs-menu">${icons.menu}All docs pages</button>
<ul class="docs-menu" id="docs-menu">${groups}</ul>
</nav>`
}

function breadcrumb({ name, group, title, below }: DocsPage): string {
  if (name === 'index') return ''
  const above = docsPages.find((page) => page.name === below?.page)
  const over = above
    ? `<li><a href="${docsHref(above.name)}">${escapeHtml(above.title)}</a></li>`
    : ''
  return `<nav class="breadcrumb" aria-label="Breadcrumb"><ol><li><a href="/docs/">Docs</a></li><li>${group}</li>${over}<li aria-current="page">${escapeHtml(below?.label ?? title)}</li></ol></nav>`
}

/** Sections of the article, by its headings of the second level. */
function contents(article: string): string {
  const sections = [...article.matchAll(/<h2 id="([^"]+)">(.*?)<\/h2>/gs)]
    .map(([, id, text]) => `<li><a href="#${id}">${text?.replace(/<[^>]*>/g, '')}</a></li>`)
    .join('')
  if (sections === '') return ''
  return `<nav class="docs-contents" aria-labelledby="contents-title"><h2 id="contents-title">On this page</h2><ul>${sections}</ul></nav>`
}

function neighbours(page: DocsPage): string {
  const index = docsPages.indexOf(page)
  const link = (to: DocsPage | undefined, rel: 'prev' | 'next', words: string) =>
    to
      ? `<a class="neighbour neighbour-${rel}" rel="${rel}" href="${docsHref(to.name)}"><span>${words}</span>${escapeHtml(to.title)}</a>`
      : ''
  const before = link(docsPages[index - 1], 'prev', 'Before this')
  const after = link(docsPages[index + 1], 'next', 'Read next')
  return `<nav class="neighbours" aria-label="Reading order">${before}${after}</nav>`
}
