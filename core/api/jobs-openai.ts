/**
 * Answers in OpenAI's format: completions, chunks, usage and errors.
 */
import type { OpenAiFault } from '../jobs/spec-from-openai.ts'
import { type ApiError, type ErrorCode, messageOf, statusOf } from './errors.ts'

/** What all parts of one answer share. `createdSeconds` in Unix seconds. */
export type CompletionHead = {
  readonly jobId: string
  readonly model: string
  readonly createdSeconds: number
}

/** Tokens as billed. */
export type Usage = { readonly promptTokens: number; readonly completionTokens: number }

/** `stream: false`: the whole answer. */
export const completionView = (
  head: CompletionHead,
  answer: { readonly text: string; readonly finish: string; readonly usage: Usage },
): Record<string, unknown> => ({
  ...headView(head, 'chat.completion'),
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: answer.text, refusal: null },
      logprobs: null,
      finish_reason: answer.finish,
    },
  ],
  usage: usageView(answer.usage),
})

/** One chunk of a stream. With `includeUsage` every chunk but the last has `usage: null`. */
export const chunkView = (
  head: CompletionHead,
  chunk: {
    readonly delta: Readonly<Record<string, string>>
    readonly finish: string | null
    readonly includeUsage: boolean
  },
): Record<string, unknown> => ({
  ...headView(head, 'chat.completion.chunk'),
  choices: [{ index: 0, delta: chunk.delta, logprobs: null, finish_reason: chunk.finish }],
  ...(chunk.includeUsage ? { usage: null } : {}),
})

/** The last chunk of a stream that asked for usage: no choices. */
export const usageChunkView = (head: CompletionHead, usage: Usage): Record<string, unknown> => ({
  ...headView(head, 'chat.completion.chunk'),
  choices: [],
  usage: usageView(usage),
})

/** Body and status of an error in OpenAI's shape. */
export function openAiError(error: ApiError | OpenAiFault): {
  readonly status: number
  readonly body: { readonly error: Record<string, unknown> }
} {
  if ('param' in error) {
    const { message, param, code } = error
    return { status: 400, body: { error: { message, type: 'invalid_request_error', param, code } } }
  }
  const status = statusOverrides[error.code] ?? statusOf(error.code)
  const param = error.code === 'MODEL_NOT_SERVED' ? 'model' : null
  return {
    status,
    body: {
      error: {
        message: messageOf(error),
        type: typeOf(status),
        param,
        code: codes[error.code] ?? error.code.toLowerCase(),
        details: error.details ?? null,
      },
    },
  }
}

const headView = (head: CompletionHead, object: string): Record<string, unknown> => ({
  id: `chatcmpl-${head.jobId}`,
  object,
  created: head.createdSeconds,
  model: head.model,
  system_fingerprint: null,
})

const usageView = (usage: Usage): Record<string, number> => ({
  prompt_tokens: usage.promptTokens,
  completion_tokens: usage.completionTokens,
  total_tokens: usage.promptTokens + usage.completionTokens,
})

/** OpenAI's words where it has one for the same thing. */
const codes: Partial<Record<ErrorCode, string>> = {
  AUTHENTICATION_ERROR: 'invalid_api_key',
  MODEL_NOT_SERVED: 'model_not_found',
  CONTEXT_EXCEEDED: 'context_length_exceeded',
  RATE_LIMIT_EXCEEDED: 'rate_limit_exceeded',
  QUOTA_EXCEEDED: 'rate_limit_exceeded',
  ESCROW_REQUIRED: 'insufficient_quota',
  ESCROW_EXHAUSTED: 'insufficient_quota',
  BUDGET_EXCEEDED: 'insufficient_quota',
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
