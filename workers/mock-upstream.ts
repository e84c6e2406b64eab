/**
 * The development mock in place of the coordinator at `/v1/`: never the real one under the name of a mock,
 * where a program in the making would spend money. On this machine only, never in production.
 */
import { isLoopback } from '../core/base/loopback.ts'
import { ApiFailure } from './failure.ts'

/** Passes a request on to the mock, without the session of whoever asks. */
export async function forwardToMock(request: Request, mockUrl: string): Promise<Response> {
  const url = new URL(request.url)
  if (!isLoopback(url.hostname)) {
    const message = 'V1_UPSTREAM=mock works on this machine only; take it out of the configuration.'
    throw new ApiFailure({ code: 'CONFIG_INVALID', message, details: { names: ['V1_UPSTREAM'] } })
  }
  const headers = new Headers(request.headers)
  for (const name of ['cookie', 'host', 'content-length']) headers.delete(name)
  const { method } = request
  const bytes = new Uint8Array(await request.arrayBuffer())
  const body = bytes.length === 0 ? null : bytes
  const to = mockUrl.replace(/\/+$/, '') + url.pathname + url.search
  try {
    const answered = await fetch(to, { method, headers, body, redirect: 'manual' })
    const response = new Response(answered.body, answered)
    response.headers.set('x-upstream', 'mock')
    response.headers.delete('set-cookie')
    return response
  } catch {
    const message = `V1_UPSTREAM=mock, and no mock answers at ${mockUrl}: start npm run mock.`
    throw new ApiFailure({ code: 'COORDINATOR_UNAVAILABLE', message })
  }
}
