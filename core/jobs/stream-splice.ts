/**
 * Splice of a stream whose reader cannot take text back, such as OpenAI's. When a new attempt starts over,
 * its text is held back while it repeats what was sent, and goes on from there; when it says anything
 * else, the stream ends with an error, because a spliced answer would be nobody's. Rules: SPEC.md, SPLICE.
 */

/** `sent` went to the reader; `repeat` is what the current attempt has repeated of it, if it catches up. */
export type Splice = { readonly sent: string; readonly repeat: string | undefined }

/** What to send now, or that the new attempt differs from what was sent. */
export type SpliceStep =
  | { readonly ok: true; readonly splice: Splice; readonly send: string }
  | { readonly ok: false }

/** Before the first text. */
export const emptySplice: Splice = { sent: '', repeat: undefined }

/** A new attempt starts over. */
export const spliceReset = (splice: Splice): Splice => ({
  sent: splice.sent,
  repeat: splice.sent === '' ? undefined : '',
})

/** The attempt adds text. */
export function spliceText(splice: Splice, text: string): SpliceStep {
  if (splice.repeat === undefined) {
    return { ok: true, splice: { sent: splice.sent + text, repeat: undefined }, send: text }
  }
  const repeat = splice.repeat + text
  if (repeat.length <= splice.sent.length) {
    if (!splice.sent.startsWith(repeat)) return { ok: false }
    const isLevel = repeat.length === splice.sent.length
    return { ok: true, splice: { ...splice, repeat: isLevel ? undefined : repeat }, send: '' }
  }
  if (!repeat.startsWith(splice.sent)) return { ok: false }
  const send = repeat.slice(splice.sent.length)
  return { ok: true, splice: { sent: repeat, repeat: undefined }, send }
}

/** Whether the attempt that has just completed said all that was sent. */
export const isSpliceWhole = (splice: Splice): boolean => splice.repeat === undefined
