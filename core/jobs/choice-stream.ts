/**
 * The words of one answer as they may leave for a reader that cannot take text back: spliced over attempts,
 * and held back from the mark on, behind which calls of functions may stand. Rules: SPEC.md, SPLICE, ANSWER.
 */
import { callsMark, readToolAnswer } from './answer.ts'
import type { ToolCall } from './job-options.ts'
import {
  emptySplice,
  isSpliceWhole,
  type Splice,
  spliceReset,
  spliceText,
} from './stream-splice.ts'

/** `held`: what came since the mark; undefined before it, and where nothing can be called. */
export type ChoiceStream = {
  readonly splice: Splice
  readonly mayCall: boolean
  readonly held: string | undefined
}

/** What to send now, or that the answer cannot go on. */
export type ChoiceStep =
  | { readonly ok: true; readonly stream: ChoiceStream; readonly send: string }
  | { readonly ok: false }

/** The last words, and what is to be called. */
export type ChoiceEnd =
  | { readonly ok: true; readonly send: string; readonly calls: readonly ToolCall[] }
  | { readonly ok: false }

/** Before the first text. */
export const choiceStream = (mayCall: boolean): ChoiceStream => ({
  splice: emptySplice,
  mayCall,
  held: undefined,
})

/** A new attempt starts over. */
export const choiceReset = (stream: ChoiceStream): ChoiceStream => ({
  ...stream,
  splice: spliceReset(stream.splice),
})

/** The attempt adds text. */
export function choiceText(stream: ChoiceStream, text: string): ChoiceStep {
  const step = spliceText(stream.splice, text)
  if (!step.ok) return step
  const next = { ...stream, splice: step.splice }
  if (stream.held !== undefined) {
    return { ok: true, stream: { ...next, held: stream.held + step.send }, send: '' }
  }
  const at = stream.mayCall ? step.send.indexOf(callsMark) : -1
  if (at < 0) return { ok: true, stream: next, send: step.send }
  const held = step.send.slice(at)
  return { ok: true, stream: { ...next, held }, send: step.send.slice(0, at) }
}

/** The attempt has ended: what was held back is calls, or words after all. */
export function choiceEnd(stream: ChoiceStream, finish: string): ChoiceEnd {
  if (!isSpliceWhole(stream.splice)) return { ok: false }
  const held = stream.held ?? ''
  if (finish !== 'tool_calls') return { ok: true, send: held, calls: [] }
  const read = readToolAnswer(held)
  return read.ok ? { ok: true, send: read.value.words, calls: read.value.calls } : { ok: false }
}
