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
  // The held tokens and where in the held text each one's text ends.
  let pending: { end: number; tokens: number }[] = []

  const release = (length: number): Released => {
    const text = held.slice(0, length)
    let tokens = 0
    for (const span of pending) if (span.end <= length) tokens += span.tokens
    pending = pending
      .filter((span) => span.end > length)
      .map((span) => ({ end: span.end - length, tokens: span.tokens }))
    held = held.slice(length)
    return { text, tokens }
  }
  /** Ends at `length`: a token that began before it counts, as its first part was delivered. */
  const cut = (length: number): Released => {
    const text = held.slice(0, length)
    let tokens = 0
    let start = 0
    for (const span of pending) {
      if (start < length) tokens += span.tokens
      start = span.end
    }
    held = ''
    pending = []
    return { text, tokens }
  }
  return {
    push(text, tokens) {
      held += text
      pending.push({ end: held.length, tokens })
      const found = firstMatch(held, wanted)
      if (found >= 0) return { ...cut(found), stopped: true }
      return { ...release(held.length - heldBack(held, wanted)), stopped: false }
    },
    end: () => release(held.length),
  }
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
