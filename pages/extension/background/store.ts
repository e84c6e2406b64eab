/**
 * Storage as the background uses it: one writer, one change at a time. Nothing is held in memory between two
 * messages, since the background may die between them.
 */
import type { StorageArea } from '../browser-api.ts'

/** Runs what it is given one after the other. */
export type Mutex = <T>(act: () => Promise<T>) => Promise<T>

export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve()
  return (act) => {
    const run = last.then(act, act)
    last = run.catch(() => undefined)
    return run
  }
}

/** One value under one key. */
export type Cell<T> = {
  readonly read: () => Promise<T>
  /** Reads, changes and writes without another change in between; returns what was written. */
  readonly change: (next: (before: T) => T) => Promise<T>
}

/** `empty`: what stands there before the first write. What was written by us is read as it was written. */
export function createCell<T>(area: StorageArea, key: string, empty: T): Cell<T> {
  const mutex = createMutex()
  const read = async () => {
    const found = (await area.get(key))[key]
    return found === undefined ? empty : (found as T)
  }
  return {
    read,
    change: (next) =>
      mutex(async () => {
        const before = await read()
        const after = next(before)
        if (after === before) return after
        // Chromium leaves what stands where the new value is undefined.
        if (after === undefined) await area.remove(key)
        else await area.set({ [key]: after })
        return after
      }),
  }
}
