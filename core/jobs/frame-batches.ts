/**
 * Several frames in one message of the miner protocol: how they are put together, and taken apart.
 */
import { minerProtocolLimits } from './miner-protocol.ts'

/**
 * Messages that carry these frames, given as JSON text, in their order: arrays of at most `framesMax`, within the
 * bytes of a message; a frame that stands alone is sent as it is.
 */
export function messagesOf(frames: readonly string[], framesMax: number): string[] {
  const messages: string[] = []
  let batch: string[] = []
  let chars = 0
  const end = (): void => {
    if (batch.length > 0) messages.push(batch.length === 1 ? batch.join() : `[${batch.join()}]`)
    batch = []
    chars = 0
  }
  for (const frame of frames) {
    // A character has three bytes of UTF-8 at most.
    const own = 3 * (frame.length + 1)
    if (batch.length >= framesMax || chars + own > minerProtocolLimits.frameBytesMax) end()
    batch.push(frame)
    chars += own
  }
  end()
  return messages
}

/** The frames of a message that was read from JSON; undefined when there are more than are taken, or none. */
export function framesOf(message: unknown): readonly unknown[] | undefined {
  if (!Array.isArray(message)) return [message]
  const isTaken = message.length > 0 && message.length <= minerProtocolLimits.framesMax
  return isTaken ? message : undefined
}
