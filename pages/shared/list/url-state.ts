/**
 * The address as state, for pages that are programs: links inside one change the address without loading
 * it again, and Back works as everywhere. Whatever reads `here` follows.
 */
import { signal } from '@preact/signals'

/** The address of this page, kept in step with the address bar. */
export const here = signal(new URL(location.href))

/** Value of a query parameter, empty when absent. */
export const query = (name: string): string => here.value.searchParams.get(name) ?? ''

/** Goes to another address of the same program; `replace` leaves no step back to this one. */
export function navigate(href: string, options: { readonly replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, '', href)
  else history.pushState(null, '', href)
  here.value = new URL(location.href)
}

/** Takes over clicks on links that begin with `base`, such as `/explorer/`; call once. */
export function followLinks(base: string): void {
  window.addEventListener('popstate', () => {
    here.value = new URL(location.href)
  })
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const anchor = event.target instanceof Element ? event.target.closest('a') : null
    if (anchor?.target !== '' || anchor.download !== '' || !isInside(anchor.href, base)) return
    event.preventDefault()
    navigate(anchor.href)
  })
}

function isInside(href: string, base: string): boolean {
  const url = new URL(href)
  return url.origin === location.origin && url.pathname.startsWith(base) && url.hash === ''
}
