/**
 * Watches a stream of text for stop strings and holds back whatever may turn out to be the
 * beginning of one, so that no part of a stop string is ever let out. Also keeps count of the
 * tokens, so that each is accounted for with its text.
 */

import { utf8Bytes, utf8Text } from './utf8.ts'

export type Released = {
  readonly text: string
  /** Tokens whose text is out with this release. */
  readonly tokens: number
}

export type StopFilter = {
  /** `stopped` when a stop string is complete: nothing may follow. */
  push(text: string, tokens: number): Released & { readonly stopped: boolean }
  /** The text has ended by itself: lets out what was held back. */
  end(): Released
}

/** Empty stop strings are ignored. */
export function createStopFilter(stops: readonly string[]): StopFilter {
  // Through UTF-8 and back, so that half a surrogate pair cannot cut a character in two.
  const wanted = stops.filter((stop) => stop !== '').map((stop) => utf8Text(utf8Bytes(stop)))
  let held = ''
  // Tokens that are not wholly out, and where in the held text each one's text lies: it begins
  // below zero when a part of it is out already.
  let pending: { start: number; end: number; tokens: number }[] = []

  const release = (length: number): Released => {
    const text = held.slice(0, length)
    const tokens = sum(pending.filter((span) => span.end <= length))
    pending = pending
      .filter((span) => span.end > length)
      .map((span) => ({ ...span, start: span.start - length, end: span.end - length }))
    held = held.slice(length)
    return { text, tokens }
  }
  /** Ends at `length`: a token counts when any part of it was delivered. */
  const cut = (length: number): Released => {
    const text = held.slice(0, length)
    const tokens = sum(pending.filter((span) => span.start < length))
    held = ''
    pending = []
    return { text, tokens }
  }
  return {
    push(text, tokens) {
      pending.push({ start: held.length, end: held.length + text.length, tokens })
      held += text
      const found = firstMatch(held, wanted)
      if (found >= 0) return { ...cut(found), stopped: true }
      return { ...release(held.length - heldBack(held, wanted)), stopped: false }
    },
    end: () => release(held.length),
  }
}

function sum(spans: readonly { readonly tokens: number }[]): number {
  return spans.reduce((all, span) => all + span.tokens, 0)
}

/**
 * Where the stop string begins that is complete first, the longest of equals: the choice must not
 * depend on how the text was cut into pieces.
 */
function firstMatch(text: string, stops: readonly string[]): number {
  let begin = -1
  let end = Number.POSITIVE_INFINITY
  for (const stop of stops) {
    const at = text.indexOf(stop)
    if (at < 0) continue
    const stopEnd = at + stop.length
    if (stopEnd < end || (stopEnd === end && at < begin)) {
      begin = at
      end = stopEnd
    }
  }
  return begin
}

/** The longest end of the text that some stop string begins with. */
function heldBack(text: string, stops: readonly string[]): number {
  let longest = 0
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length
    }
  }
  return longest
}
