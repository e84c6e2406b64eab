/** The filter of the API reference: hides what does not hold the words, in the index and below it. */

/** Shows the box and makes it work. */
export function startApiFilter(): void {
  const box = document.querySelector<HTMLElement>('#api-filter')
  const input = document.querySelector<HTMLInputElement>('#api-filter-text')
  const count = document.querySelector<HTMLElement>('#api-filter-count')
  if (!box || !input || !count) return
  const items = [...document.querySelectorAll<HTMLElement>('[data-find]')]
  const groups = [...document.querySelectorAll<HTMLElement>('[data-family]')]
  const total = items.filter((item) => item.matches('.endpoint')).length

  const apply = (): void => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean)
    for (const item of items) {
      const text = item.dataset['find'] ?? ''
      item.hidden = !words.every((word) => text.includes(word))
    }
    for (const group of groups) group.hidden = !group.querySelector('[data-find]:not([hidden])')
    const shown = items.filter((item) => item.matches('.endpoint') && !item.hidden).length
    count.textContent = words.length === 0 ? '' : `${shown} of ${total} endpoints`
  }

  // A link to an endpoint that is filtered out has to arrive.
  const arrive = (): void => {
    const target = document.getElementById(location.hash.slice(1))
    if (!target?.closest('[hidden]')) return
    input.value = ''
    apply()
    target.scrollIntoView()
  }

  input.addEventListener('input', apply)
  addEventListener('hashchange', arrive)
  box.hidden = false
  apply()
}
