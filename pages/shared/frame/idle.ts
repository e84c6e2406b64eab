/** Work that can wait, in slices between which the page answers. */

/** Of a slow phone; a task longer than 50 ms holds up what a reader does. */
const sliceMs = 10
const waitMsMax = 1_000

/** Does something for each item, in order, whenever nothing else is to be done. */
export function eachWhenIdle<Item>(items: Iterable<Item>, work: (item: Item) => void): void {
  const rest = [...items]
  const slice = () => {
    const from = performance.now()
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
      work(item)
      if (performance.now() - from > sliceMs) break
    }
    if (rest.length > 0) whenIdle(slice)
  }
  if (rest.length > 0) whenIdle(slice)
}

/** Not every browser says when it is idle; after a moment it is done either way. */
export function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in window) requestIdleCallback(work, { timeout: waitMsMax })
  else setTimeout(work)
}
