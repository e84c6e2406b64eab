/** The folded header of narrow screens, and the keyboard's way to the search field. */

export function bindMenu(): void {
  const button = document.getElementById('menu-button')
  const menu = document.getElementById('menu')
  if (!button || !menu) return
  const isOpen = () => menu.dataset['open'] !== undefined
  const setOpen = (open: boolean) => {
    if (open) menu.dataset['open'] = ''
    else delete menu.dataset['open']
    button.setAttribute('aria-expanded', String(open))
  }
  button.addEventListener('click', () => setOpen(!isOpen()))
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && isOpen()) {
      setOpen(false)
      button.focus()
    }
  })
  document.addEventListener('click', (event) => {
    const inside = event.target instanceof Node && menu.contains(event.target)
    const onButton = event.target instanceof Node && button.contains(event.target)
    if (!inside && !onButton) setOpen(false)
  })
  bindSearchKey(() => setOpen(true))
}

/** `/` puts the cursor into the search field, wherever it is folded away. */
function bindSearchKey(unfold: () => void): void {
  const input = document.getElementById('search-text') as HTMLInputElement | null
  document.addEventListener('keydown', (event) => {
    const slash = event.key === '/' && !event.ctrlKey && !event.metaKey && !isTyping(event.target)
    if (!input || !slash) return
    event.preventDefault()
    unfold()
    input.focus()
    input.select()
  })
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
