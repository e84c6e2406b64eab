/**
 * The overview of the API reference, made of the endpoint table at build, so that it is there before and
 * without any script. Every endpoint has a line with its name for an id, where links to it have always led;
 * the line leads to the page of its family, `api-family.ts`.
 */
import type { Endpoint, EndpointFamily } from '../../core/api/endpoint.ts'
import { oldNames, reservedFamilies } from '../../core/api/endpoints/not-built.ts'
import { endpointFamilies, endpoints } from '../../core/api/endpoints/table.ts'
import { errorAdvice } from '../../core/api/error-advice.ts'
import { errorCodes, messageOf, statusOf } from '../../core/api/errors.ts'
import { conventions } from './api-conventions.ts'
import { packageVersion } from './api-document.ts'
import { endpointLine } from './api-family.ts'
import { sentence } from './api-fields.ts'
import { heading } from './api-heading.ts'
import { sharedRefusals } from './api-refusals.ts'
import { apiFamilyName, docsHref } from './docs-map.ts'
import { escapeHtml } from './html.ts'
import { openApiPath, openApiText } from './openapi-plugin.ts'

/** The article, beginning with its h1. */
export function renderApiReference(): string {
  const version = packageVersion()
  const families: readonly EndpointFamily[] = endpointFamilies
  return `<h1>API reference</h1>
<p>Every endpoint of this site: what it takes, what it answers, and how it refuses. These pages are made of the table by which the server checks requests, and a test calls every one of them.</p>
${documentLink(version)}
${filterBox()}
${index(families)}
${heading(2, 'conventions', 'Conventions')}
${conventions()}
${sharedRefusals()}
${errorTable()}
${absentNames()}`
}

function documentLink(version: string): string {
  const kilobytes = Math.round(Buffer.byteLength(openApiText(version)) / 1_000)
  return `<p class="api-document">For programs: <a href="${openApiPath}">openapi.json</a>, OpenAPI 3.1, ${kilobytes} kB, readable from every origin.</p>
<div class="listing" data-language="text" data-site data-what="address of openapi.json"><pre><code>http://127.0.0.1:18000${openApiPath}</code></pre></div>`
}

/** Shown by the script that makes it work. */
const filterBox = (): string => `<div class="api-filter" id="api-filter" hidden>
<label for="api-filter-text">Filter endpoints</label>
<input id="api-filter-text" type="search" autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="Path, name or word">
<p id="api-filter-count" role="status"></p>
</div>`

function index(families: readonly EndpointFamily[]): string {
  const groups = families.map(({ id, title, endpoints: rows }) => {
    const href = docsHref(apiFamilyName(id))
    const lines = rows.map((row) =>
      endpointLine(row, `${href}#${row.id}`, ` id="${row.id}"${otherSpellings(row)}`),
    )
    return `<section class="api-group" data-family><h3 id="${id}"><a href="${href}">${escapeHtml(title)}</a></h3><ul>${lines.join('')}</ul></section>`
  })
  return `${heading(2, 'endpoints', `All ${endpoints.length} endpoints`)}
<div class="api-index">${groups.join('\n')}</div>`
}

/** What the filter looks in beside the line itself. */
const otherSpellings = ({ aliases = [] }: Endpoint): string =>
  aliases.length === 0 ? '' : ` data-find="${escapeHtml(aliases.join(' ').toLowerCase())}"`

function errorTable(): string {
  const rows = errorCodes
    .map(
      (code) =>
        `<tr id="error-${code}"><td><code>${code}</code></td><td>${statusOf(code)}</td><td>${escapeHtml(messageOf({ code }))} <span class="advice">${sentence(errorAdvice[code])}</span></td></tr>`,
    )
    .join('')
  return `${heading(2, 'error-codes', 'Error codes')}
<p>All of them: a site answers with no other. The message may be more precise than here; code and status never vary, but for OpenAI’s format, which has its own words for some.</p>
<table class="fields codes"><caption class="visually-hidden">Error codes</caption><thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">What happened, and what to do</th></tr></thead><tbody>${rows}</tbody></table>`
}

function absentNames(): string {
  const old = oldNames
    .map(
      ({ method, path, status, instead }) =>
        `<tr><td><code>${method} ${escapeHtml(path)}</code></td><td>${status}</td><td>${sentence(instead)}</td></tr>`,
    )
    .join('')
  const reserved = reservedFamilies
    .map(
      ({ title, paths, instead }) =>
        `<tr><td>${escapeHtml(title)}</td><td>501</td><td>${paths.map((path) => `<code>${escapeHtml(path)}</code>`).join(' ')} <span class="advice">${sentence(instead)}</span></td></tr>`,
    )
    .join('')
  const table = (label: string, first: string, last: string, rows: string) =>
    `<table class="fields codes"><caption class="visually-hidden">${label}</caption><thead><tr><th scope="col">${first}</th><th scope="col">Status</th><th scope="col">${last}</th></tr></thead><tbody>${rows}</tbody></table>`
  return `${heading(2, 'not-here', 'Names that lead nowhere')}
<p>The original’s API page listed addresses that never existed. They do not exist here either.</p>
${table('Names of the original', 'Address', 'What does its work', old)}
${heading(3, 'not-built', 'Parts that are not built yet')}
<p>Their addresses are kept, and answer 501 <a href="#error-NOT_BUILT"><code>NOT_BUILT</code></a>.</p>
${table('Parts that are not built yet', 'Part', 'Addresses, and what to use meanwhile', reserved)}`
}
