/**
 * What goes out on a socket: at once, or, to a site that takes several frames in one message, together with all
 * else that is said in the same turn of the program.
 */
import type WebSocket from 'ws'
import { messagesOf } from '../core/jobs/frame-batches.ts'
import type { MinerFrame } from '../core/jobs/miner-protocol.ts'

export type Outbox = {
  readonly send: (frame: MinerFrame) => void
  /** Sends what waits: before the socket is closed, say. */
  readonly flush: () => void
}

/** An outbox for a socket whose site takes `framesMax` frames in a message. */
export function openOutbox(socket: Pick<WebSocket, 'send'>, framesMax: number): Outbox {
  let frames: string[] = []
  const flush = (): void => {
    const waiting = frames
    frames = []
    for (const message of messagesOf(waiting, framesMax)) socket.send(message)
  }
  return {
    flush,
    send: (frame) => {
      frames.push(JSON.stringify(frame))
      if (framesMax <= 1) flush()
      else if (frames.length === 1) setImmediate(flush)
    },
  }
}
