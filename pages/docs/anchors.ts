/** The sign beside a heading leads to it and copies its address. */
import { announce } from '../shared/frame/announce.ts'

const copiedMs = 1_500

export function bindAnchors(): void {
  for (const anchor of document.querySelectorAll<HTMLAnchorElement>('a.anchor')) {
    anchor.addEventListener('click', () => void copyAddress(anchor))
  }
}

async function copyAddress(anchor: HTMLAnchorElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(anchor.href)
  } catch {
    // The link still leads there, and its address is in the address bar.
    return
  }
  announce('Copied the link to this section')
  anchor.dataset['copied'] = ''
  setTimeout(() => delete anchor.dataset['copied'], copiedMs)
}
