/**
 * Streams in OpenAI's format: the answers of one job or several side by side, as server-sent events. Rules:
 * coordinator-SPEC.md, CHATHTTP.
 */
import type { ApiError } from '../../core/api/errors.ts'
import {
  type CompletionHead,
  chunkView,
  openAiError,
  type Usage,
  usageChunkView,
} from '../../core/api/jobs-openai.ts'
import {
  type ChoiceStream,
  choiceEnd,
  choiceReset,
  choiceStream,
  choiceText,
} from '../../core/jobs/choice-stream.ts'
import { type JobEventLine, sseEvent } from './job-events.ts'
import { cancelAll, endErrorOf, endOf, eventsOf, type Run } from './job-fan.ts'

/** How a stream is written. */
export type StreamStyle = {
  readonly head: CompletionHead
  readonly includeUsage: boolean
  /** Whether the answers may call functions. */
  readonly mayCall: boolean
  /** What goes before the answer of a choice; of a text that is echoed. */
  readonly echoes: readonly string[]
}

/**
 * Role, text, finish for each choice, then usage and `[DONE]`; or an error event, after which nothing
 * follows. Whoever leaves this generator early cancels the jobs.
 */
export async function* openAiChunks(
  runs: readonly Run[],
  style: StreamStyle,
): AsyncGenerator<string, void, void> {
  const choices = runs.map((run, index) => openChoice(run, index, style))
  try {
    for (const choice of choices) yield* choice.begin()
    for await (const { index, event } of eventsOf(runs)) {
      const choice = choices[index]
      if (!choice) continue
      const { lines, error } = choice.take(event)
      for (const line of lines) yield line
      if (error) return yield sseEvent(openAiError(error).body)
    }
    const usages = choices.map(({ usage }) => usage())
    if (style.includeUsage) yield sseEvent(usageChunkView(style.head, usages))
    return yield 'data: [DONE]\n\n'
  } catch {
    // The coordinator went away in the middle: said below, like a stream that just stops.
  } finally {
    await cancelAll(runs)
  }
  yield sseEvent(openAiError({ code: 'COORDINATOR_UNAVAILABLE' }).body)
}

/** What is said when the answer of a new attempt is not the one that was begun. */
export const interrupted: ApiError = {
  code: 'JOB_FAILED',
  message: 'The miner was lost in mid-answer and the next one answers differently; ask again.',
}

type Taken = { readonly lines: readonly string[]; readonly error?: ApiError }

function openChoice({ job }: Run, index: number, style: StreamStyle) {
  const { head, includeUsage } = style
  let stream: ChoiceStream = choiceStream(style.mayCall)
  let minerId: string | undefined
  let usage: Usage = { promptTokens: 0, completionTokens: 0, amount: 0n }
  const chunk = (part: Omit<Parameters<typeof chunkView>[1], 'index' | 'includeUsage'>) =>
    sseEvent(chunkView(head, { index, includeUsage, ...part }))
  const textLines = (text: string) => (text === '' ? [] : [chunk({ text, finish: null })])

  const end = (event: JobEventLine): Taken => {
    const failed = endErrorOf(event)
    if (failed) return { lines: [], error: failed }
    const ended = endOf(event, job, minerId)
    const last = choiceEnd(stream, ended.finish)
    // Half an answer that cannot go on, or calls that cannot be read.
    if (!last.ok) return { lines: [], error: interrupted }
    usage = ended.usage
    const { trace, finish } = ended
    const calls = last.calls.length > 0 ? [chunk({ calls: last.calls, finish: null, trace })] : []
    return { lines: [...textLines(last.send), ...calls, chunk({ finish, trace })] }
  }

  return {
    usage: () => usage,
    *begin(): Generator<string, void, void> {
      if (head.kind === 'chat') yield chunk({ isFirst: true, text: '', finish: null })
      yield* textLines(style.echoes[index] ?? '')
    },
    /** An event of the job; none when its stream was cut off. */
    take(event: JobEventLine | undefined): Taken {
      if (!event) return { lines: [], error: { code: 'COORDINATOR_UNAVAILABLE' } }
      minerId = event.miner_id ?? minerId
      if (event.type === 'reset') stream = choiceReset(stream)
      if (event.type === 'end') return end(event)
      if (event.type !== 'text') return { lines: [] }
      const step = choiceText(stream, event.text ?? '')
      if (!step.ok) return { lines: [], error: interrupted }
      stream = step.stream
      return { lines: textLines(step.send) }
    },
  }
}
