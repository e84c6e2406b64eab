/**
 * Path routes under `/explorer/`. Links are plain anchors; inside the explorer they change the page
 * without loading it again, and the back button works as everywhere.
 */
import { computed, signal } from '@preact/signals'
import { routeOf } from './routes.ts'

const here = signal(new URL(location.href))

export const route = computed(() => routeOf(here.value.pathname))

/** Value of a query parameter, empty when absent. */
export const query = (name: string): string => here.value.searchParams.get(name) ?? ''

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
