/**
 * One way to ask this site for JSON: same origin, a time limit, a shape check, errors as values.
 */
import { err, ok, type Result } from '../../../core/base/result.ts'
import { visibleText } from '../../../core/wallet/visible-text.ts'
import { readShape, type Shape } from './shape.ts'

/** Why an answer is not there. `message` is for people; `requestId` finds the case in the site's logs. */
export type RequestFailure = {
  readonly code: 'UNREACHABLE' | 'TIMEOUT' | 'NOT_FOUND' | 'INVALID' | 'REFUSED' | 'SHAPE_UNKNOWN'
  readonly message: string
  readonly requestId?: string | undefined
}

/** `raw`: the JSON as it came, for those who want to see it. `atMs`: when it arrived. */
export type Answer<T> = { readonly value: T; readonly raw: unknown; readonly atMs: number }

const requestMsMax = 10_000

/** GETs `path` and checks the shape of the answer. Never throws. */
export async function getJson<T>(
  path: string,
  shape: Shape<T>,
): Promise<Result<Answer<T>, RequestFailure>> {
  const asked = await shared(path)
  if (!asked.ok) return asked
  const { response, raw } = asked.value
  const parsed = readShape(shape, raw)
  // Health answers 503 with a full report when something is down.
  const isReport = response.status === 503 && parsed.ok
  if (!response.ok && !isReport) return err(refusal(response, raw))
  if (!parsed.ok) {
    const message = `The site answered in a shape that this page does not know (${path}, at ${parsed.error.at}).`
    return err({ code: 'SHAPE_UNKNOWN', message })
  }
  return ok({ value: parsed.value, raw, atMs: Date.now() })
}

type Asked = Result<{ readonly response: Response; readonly raw: unknown }, RequestFailure>

const inFlight = new Map<string, Promise<Asked>>()

/** Two parts of a page that want the same at the same time ask once. */
function shared(path: string): Promise<Asked> {
  const known = inFlight.get(path)
  if (known) return known
  const fresh = ask(path).finally(() => inFlight.delete(path))
  inFlight.set(path, fresh)
  return fresh
}

async function ask(path: string): Promise<Asked> {
  try {
    const response = await fetch(path, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(requestMsMax),
    })
    return ok({ response, raw: (await response.json()) as unknown })
  } catch (error) {
    return err(failureOf(error))
  }
}

function failureOf(error: unknown): RequestFailure {
  const name = error instanceof Error ? error.name : ''
  if (name === 'TimeoutError') {
    return { code: 'TIMEOUT', message: 'The site did not answer within 10 seconds.' }
  }
  if (name === 'SyntaxError') {
    return { code: 'SHAPE_UNKNOWN', message: 'The site answered with something that is not JSON.' }
  }
  return { code: 'UNREACHABLE', message: 'The site cannot be reached.' }
}

function refusal(response: Response, raw: unknown): RequestFailure {
  const body = raw as { error?: { message?: unknown; details?: unknown }; detail?: unknown } | null
  const said = body?.error?.message ?? body?.detail
  const fault = faultIn(body?.error?.details)
  const { status } = response
  return {
    code: status === 404 ? 'NOT_FOUND' : status === 400 || status === 422 ? 'INVALID' : 'REFUSED',
    message:
      typeof said !== 'string'
        ? `The site answered ${status}.`
        : visibleText(fault === '' ? said : `${said} (${fault})`),
    requestId: response.headers.get('x-request-id') ?? undefined,
  }
}

/** The first field at fault, such as "sender: not an address". */
function faultIn(details: unknown): string {
  const [first] = Array.isArray(details)
    ? (details as { field?: unknown; message?: unknown }[])
    : []
  if (typeof first?.field !== 'string' || typeof first.message !== 'string') return ''
  return `${first.field.replace(/^(?:query|path|body)\./, '')}: ${first.message}`
}
