/**
 * What endpoints refuse with: one list for each kind of caller, named and on the overview, and for an
 * endpoint the codes that it has beside its list.
 */
import type { Endpoint, EndpointAuth } from '../../core/api/endpoint.ts'
import { siteErrors } from '../../core/api/endpoints/failures.ts'
import { endpoints } from '../../core/api/endpoints/table.ts'
import { type ErrorCode, statusOf } from '../../core/api/errors.ts'
import { failuresOf } from '../../core/api/openapi.ts'
import { heading } from './api-heading.ts'
import { apiHref } from './docs-map.ts'

type Shared = { readonly id: string; readonly title: string; readonly codes: readonly ErrorCode[] }

const titles: Readonly<Record<EndpointAuth, string>> = {
  none: 'Endpoints for everybody',
  client: 'Endpoints for clients',
  'client-key': 'Endpoints for clients with an escrow',
  miner: 'Endpoints for miners',
  session: 'Endpoints for whoever signed in',
  owner: 'Endpoints for owners',
  account: 'Endpoints for accounts',
  admin: 'Endpoints for administrators',
}

/** The codes that every endpoint for these callers has. For everybody: those of the site itself. */
function sharedBy(auth: EndpointAuth): Shared {
  const [first, ...others] = endpoints.filter((row) => row.auth === auth)
  const codes: readonly ErrorCode[] =
    auth === 'none'
      ? siteErrors
      : [...new Set(first?.errors)].filter((code) =>
          others.every(({ errors }) => errors.includes(code)),
        )
  return { id: `refusals-${auth}`, title: titles[auth], codes }
}

const shared = Object.fromEntries(
  (Object.keys(titles) as EndpointAuth[]).map((auth) => [auth, sharedBy(auth)]),
) as Readonly<Record<EndpointAuth, Shared>>

/** The lists, for the overview, beginning with an h2. */
export function sharedRefusals(): string {
  const lists = Object.values(shared).map(({ id, title, codes }) => {
    const statuses = [...new Set(codes.map(statusOf))].sort((a, b) => a - b)
    const groups = statuses.map(
      (status) => [status, codes.filter((code) => statusOf(code) === status)] as const,
    )
    return `${heading(3, id, title)}${listOf(groups, '')}`
  })
  return `${heading(2, 'refusals', 'Refusals in common')}
<p>Every endpoint that says so refuses with one of these lists, and with what it names beside it.</p>
${lists.join('\n')}`
}

/** Refusals of an endpoint, folded; nothing for one without any. */
export function refusalsOf(row: Endpoint): string {
  const failures = failuresOf(row)
  if (failures.size === 0) return ''
  const { id, title, codes } = shared[row.auth]
  const isShared = codes.every((code) => row.errors.includes(code))
  // A code that has another status here, as in OpenAI's format, is said here.
  const own = [...failures].flatMap(([status, all]) => {
    const beside = all.filter(
      (code) => !isShared || !codes.includes(code) || statusOf(code) !== status,
    )
    return beside.length === 0 ? [] : [[status, beside] as const]
  })
  const count = own.reduce((sum, [, beside]) => sum + beside.length, 0)
  const list = listOf(own, apiHref)
  const words = (line: string) => `<p class="answer-line">${line}</p>`
  const link = `<a href="${apiHref}#${id}">${title}</a>`
  if (!isShared) return folded(`Refusals (${codesIn(count)})`, list)
  if (count === 0) return words(`Refusals: those of ${lowerFirst(link)}`)
  return folded(
    `Refusals (${codesIn(count)}, and those in common)`,
    `<p>As all ${lowerFirst(link)}, and:</p>${list}`,
  )
}

const folded = (summary: string, inner: string): string =>
  `<details class="answer"><summary>${summary}</summary>${inner}</details>`

const codesIn = (count: number): string => (count === 1 ? '1 code' : `${count} codes`)

const lowerFirst = (link: string): string => link.replace('>E', '>e')

function listOf(
  groups: readonly (readonly [number, readonly ErrorCode[]])[],
  page: string,
): string {
  const lines = groups.map(([status, codes]) => {
    const links = codes.map((code) => `<a href="${page}#error-${code}">${code}</a>`)
    return `<div><dt>${status}</dt><dd>${links.join(' ')}</dd></div>`
  })
  return `<dl class="refusals">${lines.join('')}</dl>`
}
