/**
 * Fair shares of the queue: what each client was given, and the clients of a line in the order in which
 * they are to be served. Counters only grow while anybody waits, so that a heap needs to look again only at
 * what comes to its top.
 */
import type { LiveJob } from './job-store.ts'

/** What clients were given while there was a queue, in tokens that their jobs asked for. */
export type Service = {
  readonly of: (client: string) => number
  /** A client waits in one more line. Who comes anew begins where the queue stands: being away saves
   * nothing up, and costs nothing. */
  readonly enter: (client: string) => void
  readonly leave: (client: string) => void
  readonly charge: (job: LiveJob) => void
  readonly isBefore: (a: LiveJob, b: LiveJob) => boolean
}

export function openService(): Service {
  const given = new Map<string, number>()
  const waiting = new Map<string, number>()
  /** What the one who was served last had been given before: it never falls while anybody waits. */
  let level = 0

  const of = (client: string): number => given.get(client) ?? level
  const forgetIdle = (): void => {
    for (const client of given.keys()) if (!waiting.has(client)) given.delete(client)
  }

  return {
    of,
    enter: (client) => {
      waiting.set(client, (waiting.get(client) ?? 0) + 1)
      given.set(client, Math.max(of(client), level))
    },
    leave: (client) => {
      const left = (waiting.get(client) ?? 1) - 1
      if (left > 0) {
        waiting.set(client, left)
        return
      }
      waiting.delete(client)
      if (waiting.size > 0) return
      given.clear()
      level = 0
    },
    charge: ({ ask }) => {
      if (waiting.size === 0) return
      const before = of(ask.client)
      level = Math.max(level, before)
      given.set(ask.client, before + jobCost + ask.size.promptTokensMin + ask.size.maxTokens)
      if (given.size > waiting.size + idleMax) forgetIdle()
    },
    isBefore: (a, b) => {
      const order = of(a.ask.client) - of(b.ask.client)
      return order === 0 ? a.life.requestedAtMs < b.life.requestedAtMs : order < 0
    },
  }
}

/** Clients, the one that was given least first. */
export type ClientHeap = {
  readonly push: (client: string) => void
  readonly pop: () => string | undefined
  readonly drop: (client: string) => void
}

type Entry = { readonly client: string; readonly given: number }

/** An empty heap. `givenOf` may only grow for a client that is in it. */
export function openHeap(givenOf: (client: string) => number): ClientHeap {
  let heap: Entry[] = []
  const present = new Map<string, Entry>()

  const up = (from: number): void => {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isLess(heap, at, parent)) return
      swap(heap, at, parent)
      at = parent
    }
  }
  const down = (): void => {
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= heap.length) return
      const least = left + 1 < heap.length && isLess(heap, left + 1, left) ? left + 1 : left
      if (!isLess(heap, least, at)) return
      swap(heap, at, least)
      at = least
    }
  }
  const push = (client: string): void => {
    const entry = { client, given: givenOf(client) }
    present.set(client, entry)
    heap.push(entry)
    up(heap.length - 1)
  }
  const takeTop = (): Entry | undefined => {
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined) return undefined
    if (heap.length > 0) {
      heap[0] = last
      down()
    }
    return top
  }

  return {
    push,
    pop: () => {
      for (let top = takeTop(); top !== undefined; top = takeTop()) {
        if (present.get(top.client) !== top) continue
        present.delete(top.client)
        if (givenOf(top.client) === top.given) return top.client
        push(top.client)
      }
      return undefined
    },
    drop: (client) => {
      present.delete(client)
      // What was dropped stays in the heap until it comes up; not without bound.
      if (heap.length <= 2 * present.size + idleMax) return
      heap = []
      const clients = [...present.keys()]
      present.clear()
      for (const each of clients) push(each)
    },
  }
}

const isLess = (heap: readonly Entry[], a: number, b: number): boolean =>
  (heap[a] as Entry).given < (heap[b] as Entry).given

function swap(heap: Entry[], a: number, b: number): void {
  const entry = heap[a] as Entry
  heap[a] = heap[b] as Entry
  heap[b] = entry
}

/** What any job costs beside its tokens. */
const jobCost = 64
/** Entries that need not be there, before they are cleared away. */
const idleMax = 1_024
