/** The filter of the API reference: hides the lines that do not hold the words. */

/** Shows the box and makes it work. */
export function startApiFilter(): void {
  const box = document.querySelector<HTMLElement>('#api-filter')
  const input = document.querySelector<HTMLInputElement>('#api-filter-text')
  const count = document.querySelector<HTMLElement>('#api-filter-count')
  if (!box || !input || !count) return
  const items = [...document.querySelectorAll<HTMLElement>('.api-index li')]
  const groups = [...document.querySelectorAll<HTMLElement>('[data-family]')]
  const textOf = ({ id, dataset, textContent }: HTMLElement): string =>
    `${id} ${textContent} ${dataset['find'] ?? ''}`.toLowerCase()
  const texts = new Map(items.map((item) => [item, textOf(item)]))

  const apply = (): void => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean)
    for (const item of items) {
      const text = texts.get(item) ?? ''
      item.hidden = !words.every((word) => text.includes(word))
    }
    for (const group of groups) group.hidden = !group.querySelector('li:not([hidden])')
    const shown = items.filter((item) => !item.hidden).length
    count.textContent = words.length === 0 ? '' : `${shown} of ${items.length} endpoints`
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
