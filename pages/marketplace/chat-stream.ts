/** One question to a model, streamed: what the API of this site sends, read as it comes. */

import { visibleText } from '../../core/wallet/visible-text.ts'
import { exactText, integer, list, maybe, object, readShape, text } from '../shared/live/shape.ts'

/** `json`: held to JSON by the engine, which only some miners do. */
export type AnswerForm = 'text' | 'json'

export type Question = {
  readonly model: string
  readonly prompt: string
  readonly maxTokens: number
  /** The one miner that may answer; any where it is left out. */
  readonly onlyMiner?: string
  /** Text where it is left out. */
  readonly form?: AnswerForm
}

type Asking = {
  /** Most that it may cost, base units: what stood beside the button. */
  readonly limit: bigint | undefined
  readonly signal: AbortSignal
  readonly onNews: (news: ChatNews) => void
}

export type ChatNews =
  | { readonly kind: 'job'; readonly jobId: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'finish'; readonly reason: string }
  | { readonly kind: 'usage'; readonly prompt: number; readonly completion: number }

/** How it ended. `code`: the site's word for a refusal. */
export type ChatEnd =
  | { readonly how: 'done' }
  | { readonly how: 'stopped' }
  | { readonly how: 'failed'; readonly message: string; readonly code: string | undefined }

const chunk = object({
  id: maybe(text),
  choices: maybe(
    list(
      object({
        delta: maybe(object({ content: maybe(exactText) })),
        finish_reason: maybe(text),
      }),
    ),
  ),
  usage: maybe(object({ prompt_tokens: integer(0), completion_tokens: integer(0) })),
  error: maybe(object({ message: text, code: maybe(text) })),
})

/** Asks, and tells what comes. Ends when the answer does, or when `signal` aborts. Never rejects. */
export async function streamChat(
  { model, prompt, maxTokens, onlyMiner, form }: Question,
  { limit, signal, onNews }: Asking,
): Promise<ChatEnd> {
  try {
    const response = await fetch('/v1/chat/completions', {
      method: 'POST',
      signal,
      headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
      body: JSON.stringify({
        model,
        messages: [{ role: 'user', content: prompt }],
        max_tokens: maxTokens,
        stream: true,
        stream_options: { include_usage: true },
        ...(limit === undefined ? {} : { limit: String(limit) }),
        ...(form === 'json' ? { response_format: { type: 'json_object' } } : {}),
        ...(onlyMiner === undefined
          ? {}
          : { provider: { order: [onlyMiner], allow_fallbacks: false } }),
      }),
    })
    if (!response.ok || !response.body) return await refusalOf(response)
    for await (const data of events(response.body)) {
      if (data === '[DONE]') return { how: 'done' }
      const end = take(data, onNews)
      if (end) return end
    }
    return broken
  } catch {
    return signal.aborted ? { how: 'stopped' } : broken
  }
}

function take(data: string, onNews: (news: ChatNews) => void): ChatEnd | undefined {
  let raw: unknown
  try {
    raw = JSON.parse(data)
  } catch {
    return broken
  }
  const read = readShape(chunk, raw)
  if (!read.ok) return { ...broken, message: 'The site answered in a shape that is not known.' }
  const { id, choices, usage, error } = read.value
  if (error) return { how: 'failed', message: error.message, code: error.code }
  if (id) onNews({ kind: 'job', jobId: id.replace(/^chatcmpl-/, '') })
  const [choice] = choices ?? []
  if (choice?.delta?.content) onNews({ kind: 'text', text: choice.delta.content })
  if (choice?.finish_reason) onNews({ kind: 'finish', reason: choice.finish_reason })
  if (usage) {
    onNews({ kind: 'usage', prompt: usage.prompt_tokens, completion: usage.completion_tokens })
  }
  return undefined
}

/** Data of server-sent events; comments and other fields are passed over. */
async function* events(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    while (true) {
      const { value, done } = await reader.read()
      if (done) return
      const lines = (rest + value).split(/\r?\n/)
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line.startsWith('data:')) yield line.slice(5).trim()
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

async function refusalOf(response: Response): Promise<ChatEnd> {
  const raw = (await response.json().catch(() => null)) as {
    error?: { message?: unknown; code?: unknown }
  } | null
  const { message, code } = raw?.error ?? {}
  return {
    how: 'failed',
    message:
      typeof message === 'string' ? visibleText(message) : `The site answered ${response.status}.`,
    code: typeof code === 'string' ? code : undefined,
  }
}

const broken = {
  how: 'failed',
  message: 'The connection broke off before the answer was whole.',
  code: undefined,
} as const
