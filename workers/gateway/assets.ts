/**
 * Pages: files of the built site, the 404 page, and the page that says that a part is not built yet.
 */
import type { Env } from '../env.ts'
import { errorResponse, wantsPage } from './errors.ts'

/** A request on its way through the gateway. */
export type Arrival = {
  readonly request: Request
  readonly url: URL
  readonly env: Env
  readonly context: ExecutionContext
  readonly requestId: string
}

/** Serves one file; for a path without a file, the fallback (a single-page app's shell) or the 404 page. */
export async function fileResponse(
  arrival: Arrival,
  file: string,
  fallback?: string,
): Promise<Response> {
  const { request } = arrival
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return errorResponse(arrival.requestId, { code: 'METHOD_NOT_ALLOWED' }, { allow: 'GET, HEAD' })
  }
  const found = await asset(arrival, file)
  if (found.ok || found.status === 304) return found
  // A path with a file ending names a file, never a view of the app.
  const isView = fallback !== undefined && !/\.[a-z0-9]{1,8}$/i.test(file)
  if (isView) return asset(arrival, fallback)
  return notFoundResponse(arrival)
}

/** 404: a page for people, JSON for programs. */
export async function notFoundResponse(arrival: Arrival): Promise<Response> {
  if (!wantsPage(arrival.request)) return errorResponse(arrival.requestId, { code: 'NOT_FOUND' })
  return withStatus(await asset(arrival, '/404.html'), 404)
}

/** 501: this part of the network does not exist yet. */
export async function missingResponse(arrival: Arrival, what: string): Promise<Response> {
  if (!wantsPage(arrival.request)) {
    return errorResponse(arrival.requestId, {
      code: 'NOT_BUILT',
      message: `${what} is not built yet on this site.`,
    })
  }
  return withStatus(await asset(arrival, '/not-built.html'), 501)
}

const hashesByEnv = new WeakMap<Env, Promise<readonly string[]>>()

/** CSP sources of the inline scripts that the build wrote into pages; read once per isolate. */
export function scriptHashes(env: Env): Promise<readonly string[]> {
  const known = hashesByEnv.get(env)
  if (known) return known
  const fresh = readHashes(env)
  hashesByEnv.set(env, fresh)
  return fresh
}

async function readHashes(env: Env): Promise<readonly string[]> {
  const response = await env.ASSETS.fetch('https://assets.local/csp-hashes.json')
  if (!response.ok) return []
  const { scriptSrc } = (await response.json()) as { scriptSrc: string[] }
  return scriptSrc
}

function asset({ request, url, env }: Arrival, file: string): Promise<Response> {
  const headers = new Headers(request.headers)
  return env.ASSETS.fetch(
    new Request(new URL(file, url.origin), { method: request.method, headers }),
  )
}

function withStatus(response: Response, status: number): Response {
  return new Response(response.body, { status, headers: response.headers })
}
