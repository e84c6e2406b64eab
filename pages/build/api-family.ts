/** The page of one family of endpoints, and its lines in lists. */
import type { Endpoint, EndpointFamily } from '../../core/api/endpoint.ts'
import { endpointFamilies } from '../../core/api/endpoints/table.ts'
import { apiComponents } from './api-document.ts'
import { renderEndpoint } from './api-endpoint.ts'
import { sentence } from './api-fields.ts'
import { apiHref } from './docs-map.ts'
import { escapeHtml } from './html.ts'

/** The article of a family, beginning with its h1. `id`: of the family. */
export function renderApiFamily(id: string, title: string): string {
  const family = (endpointFamilies as readonly EndpointFamily[]).find((each) => each.id === id)
  if (!family) throw new Error(`no family of endpoints is called ${id}`)
  const components = apiComponents()
  const lines = family.endpoints.map((row) => endpointLine(row, `#${row.id}`)).join('')
  const rows = family.endpoints
    .map(
      (row) =>
        `<section class="endpoint" aria-labelledby="${row.id}">${renderEndpoint(row, components)}</section>`,
    )
    .join('\n')
  return `<h1>${escapeHtml(title)}</h1>
<p>${sentence(family.description)}</p>
<p class="api-document">What holds for every endpoint is on <a href="${apiHref}#conventions">the overview</a>.</p>
<nav class="api-index" aria-label="Endpoints of this page"><ul>${lines}</ul></nav>
${rows}`
}

/** One endpoint in a list. `attributes`: of the line, each after a space. */
export function endpointLine(row: Endpoint, href: string, attributes = ''): string {
  const old = row.legacy === undefined ? '' : ' <span class="optional">legacy</span>'
  return `<li${attributes}><a href="${href}"><span class="method">${row.method}</span> <code>${escapeHtml(row.path)}</code></a><span class="api-summary">${escapeHtml(row.summary)}${old}</span></li>`
}
