/**
 * Lines of JSON in Ollama's format, as an answer comes. Rules: coordinator-SPEC.md, OLLAMAHTTP.
 */
import type { ApiError } from '../../core/api/errors.ts'
import { endView, type LineHead, lineView, ollamaError } from '../../core/api/jobs-ollama.ts'
import { readToolAnswer } from '../../core/jobs/answer.ts'
import {
  type ChoiceStream,
  choiceEnd,
  choiceReset,
  choiceStream,
  choiceText,
} from '../../core/jobs/choice-stream.ts'
import { ApiFailure } from '../failure.ts'
import { type JobEventLine, streamResponse } from './job-events.ts'
import { type Answered, endErrorOf, endOf, type Run } from './job-fan.ts'
import { interrupted } from './openai-stream.ts'

/** How an answer is written. `askedMs`: Unix milliseconds. */
export type LineStyle = {
  readonly head: LineHead
  readonly mayCall: boolean
  readonly askedMs: number
}

/** A response of lines, in silences a line without words; `cancel` when the reader leaves. */
export const ndjsonResponse = (
  head: LineHead,
  lines: AsyncGenerator<string, void, void>,
  cancel: () => Promise<void>,
): Response =>
  streamResponse(lines, cancel, {
    contentType: 'application/x-ndjson',
    ping: text(lineView(head, '')),
  })

/** `stream: false`: the whole answer as one line. */
export function wholeLine(answer: Answered, { head, askedMs }: LineStyle): Record<string, unknown> {
  const endedMs = Date.now()
  const end = endView(answer, { askedMs, beganMs: askedMs, endedMs })
  if (answer.finish !== 'tool_calls') return { ...lineView(head, answer.text), ...end }
  const read = readToolAnswer(answer.text)
  if (!read.ok) throw new ApiFailure({ code: 'JOB_FAILED', message: `${read.error.message}.` })
  return { ...lineView(head, read.value.words, read.value.calls), ...end }
}

/** Words, calls, then the line that ends it; or a line with an error, after which nothing follows. */
export async function* ollamaLines(
  runs: readonly Run[],
  style: LineStyle,
): AsyncGenerator<string, void, void> {
  const [run] = runs
  if (!run) return
  const writer = openWriter(run, style)
  try {
    for await (const event of run.events) {
      const { lines, error, isOver } = writer.take(event)
      for (const line of lines) yield text(line)
      if (error) return yield text(ollamaError(error).body)
      if (isOver) return
    }
  } catch {
    // The coordinator went away in the middle: said below, like a stream that just stops.
  } finally {
    await run.leave()
  }
  yield text(ollamaError({ code: 'COORDINATOR_UNAVAILABLE' }).body)
}

type Taken = {
  readonly lines: readonly Record<string, unknown>[]
  readonly error?: ApiError
  readonly isOver?: boolean
}

function openWriter({ job }: Run, { head, mayCall, askedMs }: LineStyle) {
  let stream: ChoiceStream = choiceStream(mayCall)
  let minerId: string | undefined
  let beganMs: number | undefined
  const words = (said: string) => (said === '' ? [] : [lineView(now(head), said)])

  const end = (event: JobEventLine): Taken => {
    const failed = endErrorOf(event)
    if (failed) return { lines: [], error: failed }
    const ended = endOf(event, job, minerId)
    const last = choiceEnd(stream, ended.finish)
    if (!last.ok) return { lines: [], error: interrupted }
    const calls = last.calls.length > 0 ? [lineView(now(head), '', last.calls)] : []
    const endedMs = Date.now()
    const times = { askedMs, beganMs: beganMs ?? endedMs, endedMs }
    const over = { ...lineView(now(head), ''), ...endView(ended, times) }
    return { lines: [...words(last.send), ...calls, over], isOver: true }
  }

  return {
    take(event: JobEventLine): Taken {
      minerId = event.miner_id ?? minerId
      if (event.type === 'reset') stream = choiceReset(stream)
      if (event.type === 'end') return end(event)
      if (event.type !== 'text') return { lines: [] }
      beganMs ??= Date.now()
      const step = choiceText(stream, event.text ?? '')
      if (!step.ok) return { lines: [], error: interrupted }
      stream = step.stream
      return { lines: words(step.send) }
    },
  }
}

const now = (head: LineHead): LineHead => ({ ...head, createdAt: new Date().toISOString() })

const text = (line: unknown): string => `${JSON.stringify(line)}\n`
