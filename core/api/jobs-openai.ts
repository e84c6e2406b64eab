/**
 * Answers in OpenAI's format: completions, chunks, embeddings, usage, cost and errors.
 */
import { formatCoins } from '../base/amount.ts'
import { vectorOf } from '../jobs/answer.ts'
import type { ToolCall } from '../jobs/job-options.ts'
import type { OpenAiFault } from '../jobs/openai-fault.ts'
import { type ApiError, type ErrorCode, messageOf, statusOf } from './errors.ts'

/** What all parts of one answer share. `id` of the first job; `createdSeconds` in Unix seconds. */
export type CompletionHead = {
  readonly jobId: string
  readonly model: string
  readonly createdSeconds: number
  /** What goes on: turns of a chat, or a text. */
  readonly kind: 'chat' | 'text'
}

/** Tokens as billed, and what they cost: base units. */
export type Usage = {
  readonly promptTokens: number
  readonly completionTokens: number
  readonly amount: bigint
}

/** The job behind an answer, for whoever wants to look into it. */
export type JobTrace = {
  readonly jobId: string
  readonly receiptId: string | undefined
  readonly minerId: string | undefined
  /** Base units charged; of a held payment, what is charged if it is released. */
  readonly amount: bigint
  readonly isHeld: boolean
}

/** One answer of several. */
export type Choice = {
  readonly text: string
  readonly calls: readonly ToolCall[]
  readonly finish: string
  readonly usage: Usage
  readonly trace: JobTrace
}

/** `stream: false`: the whole answer, with one choice or several. */
export const completionView = (
  head: CompletionHead,
  choices: readonly Choice[],
): Record<string, unknown> => ({
  ...headView(head, head.kind === 'chat' ? 'chat.completion' : 'text_completion'),
  choices: choices.map((choice, index) => ({
    index,
    ...(head.kind === 'chat' ? { message: messageView(choice) } : { text: choice.text }),
    logprobs: null,
    finish_reason: choice.finish,
  })),
  usage: usageView(sumOf(choices.map(({ usage }) => usage))),
  aitbc: traceView(choices.map(({ trace }) => trace)),
})

/** One chunk of a stream. With `includeUsage` every chunk but the last has `usage: null`. */
export function chunkView(
  head: CompletionHead,
  chunk: {
    readonly index: number
    readonly text?: string
    /** The very first of a choice in a chat. */
    readonly isFirst?: boolean
    readonly calls?: readonly ToolCall[]
    readonly finish: string | null
    readonly includeUsage: boolean
    /** Names the calls, and stands in the last chunk of its choice. */
    readonly trace?: JobTrace
  },
): Record<string, unknown> {
  const { index, text, calls, finish, trace } = chunk
  const delta = {
    ...(chunk.isFirst ? { role: 'assistant' } : {}),
    ...(text === undefined ? {} : { content: text }),
    ...(calls && trace ? { tool_calls: callViews(calls, trace.jobId, true) } : {}),
  }
  return {
    ...headView(head, head.kind === 'chat' ? 'chat.completion.chunk' : 'text_completion'),
    choices: [
      {
        index,
        ...(head.kind === 'chat' ? { delta } : { text: text ?? '' }),
        logprobs: null,
        finish_reason: finish,
      },
    ],
    ...(chunk.includeUsage ? { usage: null } : {}),
    ...(finish !== null && trace ? { aitbc: traceView([trace]) } : {}),
  }
}

/** The last chunk of a stream that asked for usage: no choices. */
export const usageChunkView = (
  head: CompletionHead,
  usages: readonly Usage[],
): Record<string, unknown> => ({
  ...headView(head, head.kind === 'chat' ? 'chat.completion.chunk' : 'text_completion'),
  choices: [],
  usage: usageView(sumOf(usages)),
})

/** Vectors, in the order of the texts: base64 of 32-bit floats as they are kept, or numbers. */
export const embeddingsView = (input: {
  readonly model: string
  readonly encoded: readonly string[]
  readonly base64: boolean
  readonly usages: readonly Usage[]
  readonly traces: readonly JobTrace[]
}): Record<string, unknown> => {
  const { prompt_tokens, total_tokens, cost, cost_units } = usageView(sumOf(input.usages))
  return {
    object: 'list',
    data: input.encoded.map((encoded, index) => ({
      object: 'embedding',
      index,
      embedding: input.base64 ? encoded : numbersOf(encoded),
    })),
    model: input.model,
    usage: { prompt_tokens, total_tokens, cost, cost_units },
    aitbc: traceView(input.traces),
  }
}

/** The numbers of a vector in their shortest spelling; one that cannot be read has none. */
export function numbersOf(encoded: string): number[] {
  const vector = vectorOf(encoded)
  return vector.ok ? Array.from(vector.value) : []
}

/** The job, or the sum of several and each of them. */
export function traceView(traces: readonly JobTrace[]): Record<string, unknown> {
  const [first] = traces
  if (first && traces.length === 1) return jobView(first)
  const amount = traces.reduce((sum, each) => sum + each.amount, 0n)
  return { amount: String(amount), jobs: traces.map(jobView) }
}

/** Body and status of an error in OpenAI's shape, and when it is worth while to ask again. */
export function openAiError(error: ApiError | OpenAiFault): {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: { readonly error: Record<string, unknown> }
} {
  if ('param' in error) {
    const { message, param, code, details } = error
    const more = details === undefined ? {} : { details }
    const body = { error: { message, type: 'invalid_request_error', param, code, ...more } }
    return { status: 400, headers: {}, body }
  }
  const status = statusOverrides[error.code] ?? statusOf(error.code)
  const param = error.code === 'MODEL_NOT_SERVED' ? 'model' : null
  return {
    status,
    headers: retryHeaders(error.code, status),
    body: {
      error: {
        message: messageOf(error),
        type: typeOf(status),
        param,
        code: codes[error.code] ?? error.code.toLowerCase(),
        reason: error.code.toLowerCase(),
        details: error.details ?? null,
      },
    },
  }
}

/** `Retry-After` of what passes by itself, in seconds. */
export function retryHeaders(code: ErrorCode, status: number): Readonly<Record<string, string>> {
  if (status !== 429 && status !== 503) return {}
  return { 'retry-after': String(retrySeconds[code] ?? retrySecondsOf(status)) }
}

const retrySeconds: Partial<Record<ErrorCode, number>> = { QUEUE_FULL: 5 }
const retrySecondsOf = (status: number): number => (status === 429 ? 60 : 2)

const headView = (head: CompletionHead, object: string): Record<string, unknown> => ({
  id: `${head.kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${head.jobId}`,
  object,
  created: head.createdSeconds,
  model: head.model,
  system_fingerprint: null,
})

const messageView = ({ text, calls, trace }: Choice): Record<string, unknown> => ({
  role: 'assistant',
  content: text === '' && calls.length > 0 ? null : text,
  refusal: null,
  ...(calls.length > 0 ? { tool_calls: callViews(calls, trace.jobId, false) } : {}),
})

const callViews = (calls: readonly ToolCall[], jobId: string, isDelta: boolean) =>
  calls.map((call, index) => ({
    ...(isDelta ? { index } : {}),
    id: `call_${jobId}_${index}`,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }))

const jobView = (trace: JobTrace): Record<string, unknown> => ({
  job_id: trace.jobId,
  receipt_id: trace.receiptId ?? null,
  miner_id: trace.minerId ?? null,
  amount: String(trace.amount),
  ...(trace.isHeld ? { held: true } : {}),
})

const sumOf = (usages: readonly Usage[]): Usage => ({
  promptTokens: usages.reduce((sum, each) => sum + each.promptTokens, 0),
  completionTokens: usages.reduce((sum, each) => sum + each.completionTokens, 0),
  amount: usages.reduce((sum, each) => sum + each.amount, 0n),
})

/** `cost` in AITBC for programs that know that field, `cost_units` exactly, in base units. */
const usageView = (usage: Usage) => ({
  prompt_tokens: usage.promptTokens,
  completion_tokens: usage.completionTokens,
  total_tokens: usage.promptTokens + usage.completionTokens,
  cost: Number(formatCoins(usage.amount)),
  cost_units: String(usage.amount),
})

/** OpenAI's words where it has one for the same thing. */
const codes: Partial<Record<ErrorCode, string>> = {
  AUTHENTICATION_ERROR: 'invalid_api_key',
  KEY_EXPIRED: 'invalid_api_key',
  KEY_REVOKED: 'invalid_api_key',
  KEY_ROTATED: 'invalid_api_key',
  MODEL_NOT_SERVED: 'model_not_found',
  CONTEXT_EXCEEDED: 'context_length_exceeded',
  RATE_LIMIT_EXCEEDED: 'rate_limit_exceeded',
  QUOTA_EXCEEDED: 'rate_limit_exceeded',
  ESCROW_REQUIRED: 'insufficient_quota',
  ESCROW_EXHAUSTED: 'insufficient_quota',
  ESCROW_EXPIRED: 'insufficient_quota',
  BUDGET_EXCEEDED: 'insufficient_quota',
  DELEGATE_EXPIRED: 'insufficient_quota',
  KEY_BUDGET_EXCEEDED: 'insufficient_quota',
}

/** Its client retries 409: what will not change by itself must not be one. */
const statusOverrides: Partial<Record<ErrorCode, number>> = {
  CONTEXT_EXCEEDED: 400,
  VALIDATION_ERROR: 400,
  NOT_SERVABLE: 400,
  JOB_CANCELED: 400,
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 402) return 'insufficient_quota'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}
