/** The list of docs pages, folded away on narrow screens. */

export function bindDocsMenu(): void {
  const button = document.getElementById('docs-menu-button')
  const menu = document.getElementById('docs-menu')
  if (!button || !menu) return
  const setOpen = (open: boolean) => {
    if (open) menu.dataset['open'] = ''
    else delete menu.dataset['open']
    button.setAttribute('aria-expanded', String(open))
  }
  button.addEventListener('click', () => setOpen(menu.dataset['open'] === undefined))
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || menu.dataset['open'] === undefined) return
    setOpen(false)
    button.focus()
  })
  // Where it is says the layout, which the next frame makes anyway.
  requestAnimationFrame(() => showCurrent(menu))
}

/** In a long list the line of this page is in sight, without moving the page itself. */
function showCurrent(menu: HTMLElement): void {
  const box = menu.closest('.docs-nav')
  const current = menu.querySelector<HTMLElement>('[aria-current]')
  if (!box || !current) return
  const below = current.getBoundingClientRect().bottom - box.getBoundingClientRect().bottom
  if (below > 0) box.scrollTop += below + box.clientHeight / 2
}
