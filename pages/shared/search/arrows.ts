/** Arrow keys move between a search field and the links that it found. */

/** To be called for a key in `box`, which holds both. Escape is the caller's. */
export function moveByArrow(event: KeyboardEvent, box: HTMLElement): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0 || event.isComposing) return
  const stops = [...box.querySelectorAll<HTMLElement>('input[type="search"], a.hit, button')]
  const at = stops.indexOf(document.activeElement as HTMLElement)
  if (at < 0 || stops.length < 2) return
  event.preventDefault()
  stops[(at + step + stops.length) % stops.length]?.focus()
}
