/**
 * Readers of answers: each gets every event of its job from the beginning, as NDJSON bytes. A reader that
 * lags too far behind is dropped with an `end` event of its own; it never slows the miner or the others.
 */
import { coordinatorLimits } from './limits.ts'

/** One line of a stream; the shapes stand in core/api/coordinator-service.ts. */
export type StreamEvent =
  | {
      readonly type: 'state'
      readonly state: string
      readonly miner_id?: string
      readonly attempt?: number
    }
  | { readonly type: 'reset' }
  | { readonly type: 'text'; readonly text: string; readonly tokens: number }
  | ({ readonly type: 'end'; readonly state: string } & Readonly<Record<string, unknown>>)

export type Streams = {
  /** Whether anybody reads this job: spares the encoding when nobody does. */
  readonly isRead: (jobId: string) => boolean
  /** Whether one more reader is admitted. */
  readonly admits: (jobId: string) => boolean
  /**
   * A stream that begins with `past`. `onCancel` is called when its reader went away by itself. When the
   * past ends with `end`, the stream is complete.
   */
  readonly open: (
    jobId: string,
    past: readonly StreamEvent[],
    onCancel: () => void,
  ) => ReadableStream<Uint8Array>
  /** Hands one event to all readers of a job. After `end` the job has no readers any more. */
  readonly send: (jobId: string, event: StreamEvent) => void
}

type Reader = { readonly controller: ReadableByteStreamController; readonly onCancel: () => void }

const encoder = new TextEncoder()
const encode = (event: StreamEvent): Uint8Array<ArrayBuffer> =>
  encoder.encode(`${JSON.stringify(event)}\n`) as Uint8Array<ArrayBuffer>

const tooSlow: StreamEvent = {
  type: 'end',
  state: 'running',
  error: {
    code: 'READER_TOO_SLOW',
    message: 'this reader fell too far behind; the job goes on, open its stream again',
  },
}

/** Streams of one object. They live in memory only: after a restart readers come again. */
export function openStreams(): Streams {
  const readersOf = new Map<string, Set<Reader>>()
  let count = 0

  const remove = (jobId: string, reader: Reader): void => {
    const readers = readersOf.get(jobId)
    if (!readers?.delete(reader)) return
    count -= 1
    if (readers.size === 0) readersOf.delete(jobId)
  }

  const push = (jobId: string, reader: Reader, event: StreamEvent): void => {
    const { controller } = reader
    try {
      const lag = -(controller.desiredSize ?? 0)
      const isLost = lag > coordinatorLimits.readerLagBytesMax
      // The byte stream takes the buffer over, so each reader gets its own.
      controller.enqueue(encode(isLost ? tooSlow : event))
      if (event.type !== 'end' && !isLost) return
      controller.close()
    } catch {
      // A stream that was canceled meanwhile takes nothing any more.
    }
    remove(jobId, reader)
  }

  return {
    isRead: (jobId) => readersOf.has(jobId),
    admits: (jobId) =>
      count < coordinatorLimits.readersMax &&
      (readersOf.get(jobId)?.size ?? 0) < coordinatorLimits.readersPerJobMax,
    open: (jobId, past, onCancel) => {
      let reader: Reader | undefined
      return new ReadableStream({
        type: 'bytes',
        start: (controller) => {
          reader = { controller: controller as ReadableByteStreamController, onCancel }
          const readers = readersOf.get(jobId) ?? new Set()
          readersOf.set(jobId, readers.add(reader))
          count += 1
          for (const event of past) push(jobId, reader, event)
        },
        cancel: () => {
          if (!reader) return
          const isOpen = readersOf.get(jobId)?.has(reader) === true
          remove(jobId, reader)
          if (isOpen) onCancel()
        },
      })
    },
    send: (jobId, event) => {
      const readers = readersOf.get(jobId)
      if (!readers) return
      for (const reader of [...readers]) push(jobId, reader, event)
    },
  }
}
