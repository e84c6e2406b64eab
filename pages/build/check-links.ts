/** Every link of the docs leads somewhere: to a page and anchor that are built, or where others may be. */
import { externalHosts } from './external-hosts.ts'

/** A finished page: `where` names it in messages, `path` is its address. */
export type LinkedPage = { readonly where: string; readonly path: string; readonly html: string }

/** What the Worker answers besides pages; whether each address is there is tested on a running site. */
const answered =
  /^\/(?:rpc\/|api\/|v1\/|explorer\/|agent\/|firefox-wallet\/|assets\/|health(?:$|\/)|metrics$|openapi\.json$|favicon\.svg$)/

/** What is wrong, one line a link: where it stands and where it leads. */
export function linkFaults(pages: readonly LinkedPage[]): string[] {
  const ids = new Map(pages.map(({ path, html }) => [path, idsIn(html)]))
  return pages.flatMap(({ where, path, html }) =>
    hrefsIn(html).flatMap((href) => {
      const fault = faultOf(href, path, ids)
      return fault === undefined ? [] : [`${where}: ${href} ${fault}`]
    }),
  )
}

function faultOf(
  href: string,
  own: string,
  ids: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  if (/^[a-z]+:/i.test(href)) return externalFault(href)
  if (!/^[/#]/.test(href)) return 'is relative; begin it with a slash'
  const [address = '', anchor = ''] = href.split('#')
  const [path = ''] = address.split('?')
  const page = ids.get(path === '' ? own : path.replace(/\/index\.html$/, '/'))
  if (page === undefined) return answered.test(path) ? undefined : 'is no page of this site'
  if (anchor === '' || page.has(decodeURIComponent(anchor))) return undefined
  return 'names an anchor that is not there'
}

function externalFault(href: string): string | undefined {
  if (!URL.canParse(href)) return 'is no address'
  const { protocol, hostname } = new URL(href)
  if (protocol !== 'https:') return 'is not https'
  return Object.hasOwn(externalHosts, hostname)
    ? undefined
    : 'leads to a host that pages/build/external-hosts.ts does not have'
}

/** Every id in a piece of HTML of our own. */
const idsIn = (html: string): Set<string> =>
  new Set([...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id ?? ''))

const hrefsIn = (html: string): string[] => [
  ...new Set(
    [...html.matchAll(/<a\s[^>]*?href="([^"]*)"/g)].map(([, href]) =>
      (href ?? '').replaceAll('&amp;', '&'),
    ),
  ),
]
