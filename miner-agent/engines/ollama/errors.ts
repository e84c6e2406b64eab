/**
 * Turns whatever goes wrong with an Ollama server into one of the engine's errors.
 */
import { EngineError, type EngineErrorCode } from '../engine.ts'

export type FailureContext = {
  readonly model: string
  readonly signal: AbortSignal
  /** Texts that must not show up in a message, should the server repeat them. */
  readonly secrets: readonly string[]
}

const REASON_CHARACTERS_MAX = 300
const SECRET_CHARACTERS = 24

/** Wordings of several Ollama versions, and of the llama.cpp server inside, for a long prompt. */
const TOO_LONG = /exceeds the (available )?context|exceed_context_size|prompt( is)? too long/i
const BUSY = /server busy|maximum pending requests/i

/** The engine error for a failed call. */
export function toEngineError(error: unknown, context: FailureContext): EngineError {
  if (error instanceof EngineError) return error
  if (context.signal.aborted) return failure('ABORTED', 'the generation was aborted', error)
  const status = statusOf(error)
  const reason = reasonOf(error, context)
  if (TOO_LONG.test(reason)) {
    return failure('CONTEXT_EXCEEDED', `the prompt does not fit into ${context.model}`, error)
  }
  if (status !== null) return httpError(status, { reason, error, model: context.model })
  if (BUSY.test(reason)) return failure('ENGINE_BUSY', `Ollama is busy: ${reason}`, error)
  if (isConnectionError(error)) {
    return failure('ENGINE_UNAVAILABLE', `Ollama does not answer: ${reason}`, error)
  }
  return failure('ENGINE_FAILED', `Ollama failed while answering: ${reason}`, error)
}

type HttpFailure = { readonly reason: string; readonly error: unknown; readonly model: string }

function httpError(status: number, { reason, error, model }: HttpFailure): EngineError {
  const said = `${reason} (HTTP ${status})`
  if (status === 404 && /model/i.test(reason)) {
    return failure('MODEL_NOT_FOUND', `Ollama has no model ${model}`, error)
  }
  if (status === 503 || status === 429)
    return failure('ENGINE_BUSY', `Ollama is busy: ${said}`, error)
  if (status === 502 || status === 504) {
    return failure('ENGINE_UNAVAILABLE', `Ollama cannot be reached: ${said}`, error)
  }
  const retryable = status >= 500
  const message = `Ollama refused the request: ${said}`
  return new EngineError('ENGINE_FAILED', message, { retryable, cause: error })
}

function failure(code: EngineErrorCode, message: string, cause: unknown): EngineError {
  return new EngineError(code, message, { cause })
}

/** The client's `ResponseError` is not exported; it is told by its status. */
function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('status_code' in error)) return null
  return typeof error.status_code === 'number' ? error.status_code : null
}

/** fetch throws a `TypeError` for everything that happens below HTTP. */
function isConnectionError(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError')
}

function reasonOf(error: unknown, { secrets }: FailureContext): string {
  const own = error instanceof Error ? error.message : String(error)
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const text = code === '' ? own : `${own} (${code})`
  const repeats = secrets.some((secret) => {
    const start = secret.trim().slice(0, SECRET_CHARACTERS)
    return start !== '' && text.includes(start)
  })
  return repeats ? 'it repeated the prompt in its error' : text.slice(0, REASON_CHARACTERS_MAX)
}
