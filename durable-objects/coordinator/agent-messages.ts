/** What goes out on a miner's socket, and what is attached to it. */
import { messagesOf } from '../../core/jobs/frame-batches.ts'
import type { ServerFrame } from '../../core/jobs/miner-protocol.ts'

/** What a socket carries through a hibernation: at most 2 kB. */
export type Attachment = {
  readonly address: string
  /** Host name under which the miner reached the site: part of what it signs. */
  readonly site: string
  readonly openedAtMs: number
  /** What the miner has to sign, hex. */
  readonly nonce: string
  /** Set by a valid hello. */
  readonly minerId: string | undefined
  readonly badFrames: number
  /** Frames that it takes in one message; absent: one. */
  readonly framesMax?: number
}

/** Frames that wait for the end of this turn, by the socket that they go to. */
const waiting = new WeakMap<WebSocket, string[]>()

/**
 * Sends a frame; a socket that is closing takes nothing, and its miner resumes later. To a miner that takes
 * several in a message go those of one turn together: all that was written in one commit.
 */
export function send(socket: WebSocket | undefined, frame: ServerFrame): void {
  if (!socket) return
  const text = JSON.stringify(frame)
  const { framesMax = 1 } = attachmentOf(socket)
  const others = waiting.get(socket)
  if (others) others.push(text)
  else if (framesMax <= 1) sendText(socket, text)
  else {
    waiting.set(socket, [text])
    queueMicrotask(() => sendWaiting(socket))
  }
}

function sendWaiting(socket: WebSocket): void {
  const frames = waiting.get(socket)
  if (!frames) return
  waiting.delete(socket)
  const { framesMax = 1 } = attachmentOf(socket)
  for (const message of messagesOf(frames, framesMax)) sendText(socket, message)
}

function sendText(socket: WebSocket, text: string): void {
  try {
    socket.send(text)
  } catch {
    // Closed meanwhile: `webSocketClose` follows.
  }
}

/** Closes a socket after all that it was to be sent. */
export function close(socket: WebSocket, code: number, reason: string): void {
  sendWaiting(socket)
  try {
    // A longer reason would be an error (RFC 6455: 123 bytes).
    socket.close(code, reason.slice(0, 100))
  } catch {
    // Closed already.
  }
}

/** Attachments as read, for as long as a socket is the same object: each frame asks for its own. */
const attachments = new WeakMap<WebSocket, Attachment>()

/** What is attached to a socket. */
export function attachmentOf(socket: WebSocket): Attachment {
  const known = attachments.get(socket)
  if (known) return known
  const attachment = socket.deserializeAttachment() as Attachment
  attachments.set(socket, attachment)
  return attachment
}

/** Attaches something else to it. */
export function attach(socket: WebSocket, attachment: Attachment): void {
  socket.serializeAttachment(attachment)
  attachments.set(socket, attachment)
}
