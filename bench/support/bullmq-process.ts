/** The process of BullMQ's workers, so that they do not share the event loop of who enqueues. */
import { host } from '../../scripts/setup/port.ts'
import { serveParent } from './child.ts'
import { monotonicMs } from './clock.ts'
import { loadBullMq } from './redis.ts'

/** Functions of this process. */
export type BullMqWorkers = {
  readonly start: (input: {
    readonly port: number
    readonly queue: string
    readonly concurrency: number
  }) => Promise<void>
  readonly completed: () => number
  /** What has been done since the last time, and the moment of the last; `monotonicMs`. */
  readonly take: () => { readonly completed: number; readonly lastAtMs: number }
}

let completed = 0
let lastAtMs = 0

const functions: BullMqWorkers = {
  start: async ({ port, queue, concurrency }) => {
    const library = loadBullMq()
    if (!library) throw new Error('bullmq is not there')
    // As much work as the scripted miners do besides their receipts: none.
    const worker = new library.Worker(queue, async () => ({ text: 'An hour has 1800 slots.' }), {
      connection: { host, port },
      concurrency,
    })
    worker.on('completed', () => {
      completed += 1
      lastAtMs = monotonicMs()
    })
    worker.on('error', () => undefined)
    await worker.waitUntilReady()
  },
  completed: () => completed,
  take: () => {
    const taken = { completed, lastAtMs }
    completed = 0
    return taken
  },
}

serveParent(functions)
