/**
 * Failures as responses: the one JSON error shape, or a page when a page was asked for.
 */
import type { Context } from 'hono'
import { type ApiError, errorBody, statusOf } from '../../core/api/errors.ts'
import { ollamaError } from '../../core/api/jobs-ollama.ts'
import { ApiFailure } from '../failure.ts'

/** Builds the JSON error response of a request. */
export function errorResponse(
  requestId: string,
  error: ApiError,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = errorBody(error, { requestId, timestamp: new Date().toISOString() })
  return Response.json(body, { status: statusOf(error.code), headers })
}

/** A failure in the one shape, as one of Ollama's; its own pass as they are. */
export async function inOllamaShape(response: Response): Promise<Response> {
  const { error } = (await response.clone().json()) as { readonly error: ApiError | string }
  if (typeof error === 'string') return response
  const headers = new Headers(response.headers)
  return Response.json(ollamaError(error).body, { status: response.status, headers })
}

/** Hono's error hook: known failures as they are, anything else as 500 with a log line. */
export function failureResponse(thrown: unknown, c: Context): Response {
  const requestId: string = c.get('requestId') ?? ''
  if (thrown instanceof ApiFailure) return errorResponse(requestId, thrown.error, thrown.headers)
  const known = platformFailure(thrown)
  if (known) return errorResponse(requestId, known)
  console.error(
    JSON.stringify({
      msg: 'unhandled failure',
      request_id: requestId,
      method: c.req.method,
      path: c.req.path,
      error: thrown instanceof Error ? thrown.message : String(thrown),
      stack: thrown instanceof Error ? thrown.stack : undefined,
    }),
  )
  return errorResponse(requestId, { code: 'INTERNAL_ERROR' })
}

/** Whether the caller is a person with a browser, who gets a page instead of JSON. */
export function wantsPage(request: Request): boolean {
  const { method, headers } = request
  const reads = method === 'GET' || method === 'HEAD'
  return reads && (headers.get('accept') ?? '').includes('text/html')
}

/**
 * Failures that Durable Objects and the runtime throw: own fields such as `code` survive RPC, the class
 * does not.
 */
function platformFailure(thrown: unknown): ApiError | undefined {
  if (!(thrown instanceof Error)) return undefined
  const { code, retryable, overloaded } = thrown as Error & {
    code?: unknown
    retryable?: unknown
    overloaded?: unknown
  }
  if (code === 'CHAIN_UNAVAILABLE' || code === 'COORDINATOR_UNAVAILABLE') return { code }
  if (code === 'CONFIG_INVALID') return { code, message: thrown.message }
  if (code === 'KEY_REVOKED' || code === 'KEY_EXPIRED' || code === 'KEY_ROTATED') return { code }
  if (retryable === true || overloaded === true) return { code: 'COORDINATOR_UNAVAILABLE' }
  return undefined
}
