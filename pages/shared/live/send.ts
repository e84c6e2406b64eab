/** The one way in which pages send something to this site. */
import { err, ok, type Result } from '../../../core/base/result.ts'
import { visibleText } from '../../../core/wallet/visible-text.ts'
import type { RequestFailure } from './request.ts'
import { readShape, type Shape } from './shape.ts'

/** `siteCode`: the code of the site's error, where it named one. `status`: of the answer, 0 without one. */
export type SendFailure = RequestFailure & {
  readonly siteCode?: string | undefined
  readonly status: number
}

export type SendOptions = {
  readonly method?: 'POST' | 'PUT' | 'DELETE'
  /** The same text with the same body is carried out once, however often it is sent. */
  readonly idempotencyKey?: string
}

const requestMsMax = 15_000

/** Sends JSON to this site and checks the shape of the answer. Never rejects. */
export async function sendJson<T>(
  path: string,
  body: unknown,
  shape: Shape<T>,
  { method = 'POST', idempotencyKey }: SendOptions = {},
): Promise<Result<T, SendFailure>> {
  let response: Response
  let raw: unknown
  try {
    response = await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(requestMsMax),
    })
    const text = await response.text()
    raw = text === '' ? {} : JSON.parse(text)
  } catch {
    return err({ code: 'UNREACHABLE', message: 'The site cannot be reached.', status: 0 })
  }
  if (!response.ok) return err(refusalOf(response, raw))
  const parsed = readShape(shape, raw)
  if (parsed.ok) return ok(parsed.value)
  const message = `The site answered in an unknown shape (${path}, at ${parsed.error.at}).`
  return err({ code: 'SHAPE_UNKNOWN', message, status: response.status })
}

function refusalOf(response: Response, raw: unknown): SendFailure {
  const { error } = (raw ?? {}) as { error?: { code?: unknown; message?: unknown } }
  const { code, message } = error ?? {}
  return {
    code: 'REFUSED',
    message:
      typeof message === 'string' ? visibleText(message) : `The site answered ${response.status}.`,
    requestId: response.headers.get('x-request-id') ?? undefined,
    siteCode: typeof code === 'string' ? code : undefined,
    status: response.status,
  }
}
