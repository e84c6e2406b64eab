/**
 * Events of a job's stream, read from the coordinator's NDJSON, and server-sent events written to readers.
 */
import type { JobStream } from '../../core/api/coordinator-service.ts'

/** One event, as `JobStream` documents them; fields that do not belong to its type are absent. */
export type JobEventLine = {
  readonly type: 'state' | 'reset' | 'text' | 'end'
  readonly state?: string
  readonly text?: string
  readonly tokens?: number
  readonly miner_id?: string
  readonly finish?: string
  readonly prompt_tokens?: number
  readonly completion_tokens?: number
  /** Base units, decimal. */
  readonly amount?: string
  readonly receipt_id?: string
  /** Why the payment waits for a decision; absent where it does not. */
  readonly held?: readonly unknown[]
  readonly error?: { readonly code: string; readonly message: string }
}

/** Bytes of one line: longer than any text event, so that a broken stream cannot fill the memory. */
const lineCharsMax = 2 ** 20

/** A job's events, and the way to stop reading at once, also while waiting for the next one. */
export type JobEvents = {
  /** A stream that ends without an `end` event was cut off: that is the reader's to notice. */
  readonly events: AsyncGenerator<JobEventLine, void, void>
  /** Tells the coordinator that nobody reads any more. */
  readonly cancel: () => Promise<void>
}

/** Reads the coordinator's byte stream. */
export function openJobEvents(stream: JobStream): JobEvents {
  const reader = (stream as ReadableStream<Uint8Array>).getReader()
  return {
    events: readEvents(reader),
    // A generator that waits cannot be told to return; its reader can.
    cancel: () => reader.cancel().catch(() => undefined),
  }
}

async function* readEvents(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<JobEventLine, void, void> {
  const decoder = new TextDecoder()
  let pending = ''
  let isDone = false
  try {
    while (!isDone) {
      const { value, done } = await reader.read()
      isDone = done
      pending += done ? decoder.decode() : decoder.decode(value, { stream: true })
      const lines = pending.split('\n')
      pending = lines.pop() ?? ''
      if (pending.length > lineCharsMax) throw new Error('a line of the job stream is too long')
      for (const line of lines) if (line !== '') yield JSON.parse(line) as JobEventLine
    }
  } finally {
    if (!isDone) await reader.cancel().catch(() => undefined)
  }
}

/**
 * Milliseconds between signs of life in a stream. They keep proxies from closing it in a silence, and show
 * that its reader has left: the platform notices that when something is sent, and not before.
 */
const pingMs = 5_000

/** A response of server-sent events from a generator of their text; `cancel` when the reader leaves. */
export const sseResponse = (
  events: AsyncGenerator<string, void, void>,
  cancel: () => Promise<void>,
): Response =>
  streamResponse(events, cancel, {
    contentType: 'text/event-stream; charset=utf-8',
    ping: ': ping\n\n',
  })

/** A response of text as a generator makes it; `cancel` when the reader leaves. `ping`: sent in silences. */
export function streamResponse(
  events: AsyncGenerator<string, void, void>,
  cancel: () => Promise<void>,
  form: { readonly contentType: string; readonly ping?: string },
): Response {
  const encoder = new TextEncoder()
  let ping: ReturnType<typeof setInterval> | undefined
  const stop = () => {
    if (ping !== undefined) clearInterval(ping)
  }
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const silence = form.ping
      if (silence === undefined) return
      ping = setInterval(() => controller.enqueue(encoder.encode(silence)), pingMs)
    },
    async pull(controller) {
      try {
        const { value, done } = await events.next()
        if (!done) return controller.enqueue(encoder.encode(value))
        stop()
        controller.close()
      } catch (error) {
        stop()
        controller.error(error)
      }
    },
    async cancel() {
      stop()
      await cancel()
    },
  })
  return new Response(body, {
    headers: {
      'content-type': form.contentType,
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    },
  })
}

/** One event: an optional name and a JSON value. */
export const sseEvent = (data: unknown, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`
