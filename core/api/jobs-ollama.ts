/**
 * Answers in Ollama's format: lines of a chat or a text, vectors, models and errors. Durations are
 * nanoseconds, as the gateway measured them.
 */

import type { ToolCall } from '../jobs/job-options.ts'
import { featuresUnstated, type ModelFeature } from '../jobs/model-features.ts'
import type { OpenAiFault } from '../jobs/openai-fault.ts'
import type { ModelView } from './coordinator-service.ts'
import { type ApiError, messageOf, statusOf } from './errors.ts'
import { type JobTrace, numbersOf, retryHeaders, traceView, type Usage } from './jobs-openai.ts'

/** The version of Ollama's protocol that these answers keep to. */
export const ollamaVersion = '0.12.6'

/** What the lines of one answer share. */
export type LineHead = {
  readonly model: string
  readonly kind: 'chat' | 'generate'
  /** RFC 3339. */
  readonly createdAt: string
}

/** A piece of the answer, or all of it. */
export const lineView = (
  head: LineHead,
  text: string,
  calls: readonly ToolCall[] = [],
): Record<string, unknown> => ({
  model: head.model,
  created_at: head.createdAt,
  ...(head.kind === 'chat'
    ? { message: { role: 'assistant', content: text, ...callsView(calls) } }
    : { response: text }),
  done: false,
})

/** When an answer was asked for, when it began and when it ended: Unix milliseconds. */
export type LineTimes = {
  readonly askedMs: number
  readonly beganMs: number
  readonly endedMs: number
}

/** What the last line of an answer has beside its text. */
export const endView = (
  answer: { readonly finish: string; readonly usage: Usage; readonly trace: JobTrace },
  times: LineTimes,
): Record<string, unknown> => ({
  done: true,
  done_reason: answer.finish === 'length' ? 'length' : 'stop',
  total_duration: nanoseconds(times.endedMs - times.askedMs),
  load_duration: 0,
  prompt_eval_count: answer.usage.promptTokens,
  prompt_eval_duration: nanoseconds(times.beganMs - times.askedMs),
  eval_count: answer.usage.completionTokens,
  eval_duration: nanoseconds(times.endedMs - times.beganMs),
  aitbc: traceView([answer.trace]),
})

/** The one line of a request that only wanted a model to be loaded: nothing is asked, nothing paid. */
export const loadedView = (head: LineHead): Record<string, unknown> => ({
  ...lineView(head, ''),
  done: true,
  done_reason: 'load',
})

/** `embed`: a vector for each text. */
export const embedView = (input: {
  readonly model: string
  readonly encoded: readonly string[]
  readonly usages: readonly Usage[]
  readonly traces: readonly JobTrace[]
  readonly tookMs: number
}): Record<string, unknown> => ({
  model: input.model,
  embeddings: input.encoded.map(numbersOf),
  total_duration: nanoseconds(input.tookMs),
  load_duration: 0,
  prompt_eval_count: input.usages.reduce((sum, each) => sum + each.promptTokens, 0),
  ...(input.traces.length > 0 ? { aitbc: traceView(input.traces) } : {}),
})

/** `tags`: what is served now. Sizes and digests are the miners' own affair, and are not stated. */
export const tagView = (model: ModelView, nowIso: string): Record<string, unknown> => ({
  name: model.name,
  model: model.name,
  modified_at: nowIso,
  size: 0,
  digest: '',
  details,
  capabilities: capabilitiesOf(model),
  aitbc: termsView(model),
})

/** `ps`: the same, as what answers without being loaded first. */
export const runningView = (model: ModelView, nowIso: string): Record<string, unknown> => ({
  name: model.name,
  model: model.name,
  size: 0,
  size_vram: 0,
  digest: '',
  details,
  context_length: model.contextTokens,
  expires_at: nowIso,
  aitbc: termsView(model),
})

/** `show`. */
export const showView = (model: ModelView, nowIso: string): Record<string, unknown> => ({
  license: '',
  modelfile: '',
  parameters: '',
  template: '',
  details,
  model_info: {
    'general.architecture': 'aitbc',
    'aitbc.context_length': model.contextTokens,
  },
  capabilities: capabilitiesOf(model),
  modified_at: nowIso,
  aitbc: termsView(model),
})

/** Status, headers and body of an error: Ollama's is one text; what programs go by stands beside it. */
export function ollamaError(error: ApiError | OpenAiFault): {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Record<string, unknown>
} {
  if ('param' in error) {
    const { message, param, code, details } = error
    const more = details === undefined ? {} : { details }
    return { status: 400, headers: {}, body: { error: message, code, param, ...more } }
  }
  // Ollama has no 422; its clients know 400.
  const own = statusOf(error.code)
  const status = own === 422 || own === 409 ? 400 : own
  return {
    status,
    headers: retryHeaders(error.code, status),
    body: {
      error: messageOf(error),
      code: error.code.toLowerCase(),
      ...((error.details ?? null) === null ? {} : { details: error.details }),
    },
  }
}

const callsView = (calls: readonly ToolCall[]) =>
  calls.length === 0
    ? {}
    : {
        tool_calls: calls.map((each) => ({
          function: { name: each.name, arguments: each.arguments },
        })),
      }

const details = {
  parent_model: '',
  format: '',
  family: '',
  families: [],
  parameter_size: '',
  quantization_level: '',
}

const capabilityOf: Readonly<Record<ModelFeature, string | undefined>> = {
  chat: 'completion',
  completion: undefined,
  tools: 'tools',
  forced_calls: undefined,
  json: undefined,
  embeddings: 'embedding',
}

const capabilitiesOf = ({ features }: ModelView): string[] =>
  (features ?? featuresUnstated)
    .map((each) => capabilityOf[each])
    .filter((each) => each !== undefined)

/** What a model costs here, and how many serve it. */
const termsView = (model: ModelView) => ({
  context_tokens: model.contextTokens,
  miners: model.miners,
  price_prompt: String(model.pricePrompt),
  price_completion: String(model.priceCompletion),
  engines: [...model.engines],
  features: [...(model.features ?? featuresUnstated)],
})

const nanoseconds = (ms: number): number => (ms > 0 ? ms * 1_000_000 : 0)
