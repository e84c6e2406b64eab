/** The whole documentation on one page, for reading on paper and for a search in the browser. */
import { type DocsPage, docsHref, docsPages } from './docs-map.ts'
import { escapeHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'

/** The article: an own list of contents, then every Markdown page in reading order. */
export function renderFullDocumentation(): string {
  const pages = docsPages.filter(({ source }) => source !== undefined)
  const list = pages
    .map(({ name, title }) => `<li><a href="#${name}">${escapeHtml(title)}</a></li>`)
    .join('')
  return `<h1>All docs on one page</h1>
<p>Every page of these docs in reading order, to search with the browser or to print. The <a href="/docs/">overview</a> has them one by one.</p>
<nav class="full-contents" aria-label="Pages"><ol>${list}</ol></nav>
${pages.map((page) => renderPart(page, pages)).join('\n')}`
}

function renderPart(page: DocsPage, pages: readonly DocsPage[]): string {
  const { html } = renderMarkdown(page.source?.markdown ?? '', {
    demote: 1,
    idPrefix: `${page.name}-`,
    linkTo: (href) => linkOnPage(href, page.name, pages),
  })
  return `<section class="full-part" aria-labelledby="${page.name}">
<h2 id="${page.name}">${escapeHtml(page.title)}</h2>
<p class="full-source"><a href="${docsHref(page.name)}">This page by itself</a></p>
${html}</section>`
}

/** A link to a page that is part of this one leads to its place here. */
function linkOnPage(href: string, own: string, pages: readonly DocsPage[]): string {
  const [path = '', anchor = ''] = href.split('#')
  const target =
    path === ''
      ? own
      : pages.find(({ name }) => docsHref(name) === path.replace(/index\.html$/, ''))?.name
  if (target === undefined) return href
  return anchor === '' ? `#${target}` : `#${target}-${anchor}`
}
