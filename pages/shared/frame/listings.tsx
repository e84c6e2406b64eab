/**
 * Gives static listings a copy button. In those that address a running site (`data-site`), the example
 * address becomes the one of this site.
 */
import { render } from 'preact'
import { CopyButton } from '../ui/copy.tsx'
import { eachWhenIdle } from './idle.ts'

const exampleOrigin = 'http://127.0.0.1:18000'

export function enhanceListings(): void {
  eachWhenIdle(document.querySelectorAll<HTMLElement>('.listing'), enhance)
}

function enhance(listing: HTMLElement): void {
  const code = listing.querySelector('code')
  if (!code) return
  if (listing.dataset['site'] !== undefined && code.textContent) {
    code.textContent = code.textContent.replaceAll(exampleOrigin, location.origin)
  }
  const holder = document.createElement('span')
  listing.append(holder)
  const what = listing.dataset['what'] ?? 'listing'
  render(<CopyButton value={code.textContent ?? ''} what={what} />, holder)
}
