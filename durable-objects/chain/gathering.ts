/**
 * Gathers calls that arrive together into one: each atomic write costs a commit to disk, so a hundred
 * callers at once had better share it.
 */

/** Handles a gathered list of items; its answers are in the same order. */
export type Handler<Item, Answer> = (items: readonly Item[]) => readonly Answer[]

/**
 * Wraps a handler so that calls made before the event loop turns, or while an earlier write is on its way
 * to disk, are handled as one, at most `itemsMax` items at a time. Where the handler throws, every caller
 * of that one gets the error.
 *
 * @param written Resolves when what has been written so far is on disk.
 */
export function gather<Item, Answer>(
  handler: Handler<Item, Answer>,
  itemsMax: number,
  written: () => Promise<void>,
): (items: readonly Item[]) => Promise<Answer[]> {
  type Call = {
    readonly items: readonly Item[]
    readonly resolve: (answers: Answer[]) => void
    readonly reject: (error: unknown) => void
  }
  let waiting: Call[] = []
  let busy = false

  const run = async () => {
    while (waiting.length > 0) {
      flush()
      // Should the disk fail, the platform resets the object; until then nobody may wait for ever.
      await written().catch(() => undefined)
    }
    busy = false
  }
  const flush = () => {
    const calls = waiting
    waiting = []
    for (let at = 0; at < calls.length; ) {
      let end = at + 1
      let count = (calls[at] as Call).items.length
      while (end < calls.length && count + (calls[end] as Call).items.length <= itemsMax) {
        count += (calls[end] as Call).items.length
        end += 1
      }
      handle(calls.slice(at, end))
      at = end
    }
  }
  const handle = (calls: readonly Call[]) => {
    try {
      const answers = handler(calls.flatMap(({ items }) => items))
      let from = 0
      for (const { items, resolve } of calls) {
        resolve(answers.slice(from, from + items.length))
        from += items.length
      }
    } catch (error) {
      for (const { reject } of calls) reject(error)
    }
  }
  return (items) =>
    new Promise((resolve, reject) => {
      waiting.push({ items, resolve, reject })
      if (busy) return
      busy = true
      setTimeout(run, 0)
    })
}
