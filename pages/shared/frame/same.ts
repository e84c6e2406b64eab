/** Lights up every copy of the hash or address under the pointer, anywhere on the page. */
export function highlightSame(): void {
  let lit: readonly Element[] = []
  const show = (value: string | undefined) => {
    for (const element of lit) element.classList.remove('is-same')
    lit = []
    if (value === undefined) return
    const equal = [...document.querySelectorAll<HTMLElement>('[data-same]')].filter(
      (element) => element.dataset['same'] === value,
    )
    // One alone is no finding.
    if (equal.length < 2) return
    for (const element of equal) element.classList.add('is-same')
    lit = equal
  }
  const valueAt = (target: EventTarget | null) =>
    target instanceof Element
      ? target.closest<HTMLElement>('[data-same]')?.dataset['same']
      : undefined
  document.addEventListener('pointerover', (event) => show(valueAt(event.target)))
  document.addEventListener('focusin', (event) => show(valueAt(event.target)))
}
