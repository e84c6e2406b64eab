/**
 * Path routes under `/explorer/`. Links are plain anchors; inside the explorer they change the page
 * without loading it again, and the back button works as everywhere.
 */
import { computed, signal } from '@preact/signals'

/** `id` is the last part of the path, decoded. */
export type Route =
  | { readonly page: 'overview' | 'blocks' | 'transactions' | 'receipts' | 'search' | 'unknown' }
  | { readonly page: 'block' | 'transaction' | 'receipt' | 'address'; readonly id: string }

const here = signal(new URL(location.href))

export const route = computed(() => routeOf(here.value.pathname))

/** Value of a query parameter, empty when absent. */
export const query = (name: string): string => here.value.searchParams.get(name) ?? ''

const lists = {
  '': 'overview',
  blocks: 'blocks',
  txs: 'transactions',
  receipts: 'receipts',
  search: 'search',
} as const

const details = {
  block: 'block',
  tx: 'transaction',
  receipt: 'receipt',
  address: 'address',
} as const

export function routeOf(pathname: string): Route {
  const parts = pathname.replace(/^\/explorer\/?/, '').split('/')
  const [head = '', id = ''] = parts[parts.length - 1] === '' ? parts.slice(0, -1) : parts
  if (parts.length > 3) return { page: 'unknown' }
  if (id === '' && head === 'index.html') return { page: 'overview' }
  if (id === '' && Object.hasOwn(lists, head)) return { page: lists[head as keyof typeof lists] }
  const decoded = decode(id)
  if (decoded !== '' && Object.hasOwn(details, head)) {
    return { page: details[head as keyof typeof details], id: decoded }
  }
  return { page: 'unknown' }
}

/** Goes to another page of the explorer; `replace` leaves no step back to this one. */
export function navigate(href: string, options: { readonly replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, '', href)
  else history.pushState(null, '', href)
  here.value = new URL(location.href)
}

/** Takes over clicks on links and the header's search; call once. */
export function followLinks(): void {
  window.addEventListener('popstate', () => {
    here.value = new URL(location.href)
  })
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const anchor = event.target instanceof Element ? event.target.closest('a') : null
    if (anchor?.target !== '' || !isInside(anchor.href)) return
    event.preventDefault()
    navigate(anchor.href)
  })
  document.getElementById('search')?.addEventListener('submit', (event) => {
    event.preventDefault()
    const form = new FormData(event.target as HTMLFormElement)
    navigate(`/explorer/search?q=${encodeURIComponent(String(form.get('q') ?? ''))}`)
  })
}

function isInside(href: string): boolean {
  const url = new URL(href)
  return url.origin === location.origin && url.pathname.startsWith('/explorer/') && url.hash === ''
}

// A malformed escape in the address bar is a wrong address, not a crash.
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
