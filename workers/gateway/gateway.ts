/**
 * The gateway: takes every request, applies the rules that hold for all of them, and hands it to what the
 * route table names.
 */
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { matchedRoutes } from 'hono/route'
import { isLoopback } from '../../core/base/loopback.ts'
import { configOf } from '../config.ts'
import type { AppContext, AppEnv } from '../context.ts'
import type { Env } from '../env.ts'
import { ApiFailure } from '../failure.ts'
import { forwardToMock } from '../mock-upstream.ts'
import {
  type Arrival,
  fileResponse,
  missingResponse,
  notFoundResponse,
  scriptHashes,
} from './assets.ts'
import { errorResponse, failureResponse, inOllamaShape } from './errors.ts'
import { contentSecurityPolicy, isExtensionOrigin, preflight, withHeaders } from './headers.ts'
import { isAnonymous, isLimited } from './limiter.ts'
import { gatewayLimits } from './limits.ts'
import { methodsAt } from './methods.ts'
import { countRequest, isDue, labelOf, tellCounts } from './request-counts.ts'
import { type Route, routeOf, routeTable, type ServiceName } from './routes.ts'

/** What the composition root provides. */
export type GatewayParts = {
  /** Sets chain, coordinator and whatever else routes need, once the configuration is known good. */
  readonly provide: (c: AppContext) => void
  /** One hono app a family, with paths as under its base. */
  readonly services: Readonly<Record<ServiceName, Hono<AppEnv>>>
}

export type Fetch = (request: Request, env: Env, context: ExecutionContext) => Promise<Response>

/** Builds the Worker's `fetch`. */
export function createGateway(parts: GatewayParts): Fetch {
  const apps = new Map<Route, Hono<AppEnv>>()
  for (const route of routeTable) {
    const { target, path } = route
    if (target.kind === 'service') apps.set(route, serviceApp(parts, path, target.name))
  }
  return async (request, env, context) => {
    const url = new URL(request.url)
    const requestId = requestIdOf(request)
    const response = await answer(apps, { request, url, env, context, requestId })
    const origin = request.headers.get('origin')
    return withHeaders(response, {
      requestId,
      pathname: url.pathname,
      allowedOrigin: origin !== null && allowsOrigin(env, origin) ? origin : undefined,
      extensionOrigin: origin !== null && isExtensionOrigin(origin) ? origin : undefined,
      csp: contentSecurityPolicy(await scriptHashes(env), url),
    })
  }
}

async function answer(apps: ReadonlyMap<Route, Hono<AppEnv>>, arrival: Arrival): Promise<Response> {
  const { request, url, env, context, requestId } = arrival
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    url.protocol = 'https:'
    return new Response(null, { status: 308, headers: { location: url.href } })
  }
  if (request.method === 'OPTIONS' && request.headers.has('access-control-request-method')) {
    return preflight(request)
  }
  if (request.url.length > gatewayLimits.targetCharsMax) {
    return errorResponse(requestId, { code: 'NOT_FOUND', message: 'The address is too long.' })
  }
  const route = routeOf(url.pathname)
  if (!route) return notFoundResponse(arrival)
  const { target } = route
  switch (target.kind) {
    case 'text':
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        return errorResponse(requestId, { code: 'METHOD_NOT_ALLOWED' }, { allow: 'GET, HEAD' })
      }
      return new Response(target.body, { headers: { 'content-type': 'text/plain; charset=utf-8' } })
    case 'redirect':
      return new Response(null, { status: 301, headers: { location: target.to + url.search } })
    case 'page':
      return fileResponse(arrival, target.file)
    case 'folder':
      return fileResponse(arrival, url.pathname, target.fallback)
    case 'missing':
      return missingResponse(arrival, target.what)
    case 'service':
      return (apps.get(route) as Hono<AppEnv>).fetch(request, env, context)
  }
}

/** Authorities announce more than strangers may ask; the route checks whose signature it is. */
const announcePath = '/rpc/sync/announce'

/** One family under one base: variables, configuration, limits, then its routes, then 405 and 404. */
function serviceApp(parts: GatewayParts, path: string, name: ServiceName): Hono<AppEnv> {
  const base = path.endsWith('/') ? path.slice(0, -1) : path
  const service = parts.services[name]
  const app = new Hono<AppEnv>()
  app.onError(async (thrown, c) => {
    const failed = failureResponse(thrown, c)
    // Guessing keys counts against the caller's address like any anonymous request.
    const guessing = failed.status === 401 && (await isLimited(c as AppContext))
    return guessing ? tooMany(c as AppContext) : failed
  })
  app.use('*', async (c, next) => {
    await next()
    count(c as AppContext, base)
    // Its clients read an error as one text, whoever refuses.
    if (name === 'ollama' && c.res.status >= 400) c.res = await inOllamaShape(c.res)
  })
  app.use('*', async (c, next) => {
    c.set('requestId', requestIdOf(c.req.raw))
    c.set('now', Date.now())
    const config = configOf(c.env)
    if (!config.ok) {
      if (name === 'health') return unconfiguredHealth(c as AppContext, config.error.message)
      const { code, message, names } = config.error
      throw new ApiFailure({ code, message, details: { names } })
    }
    c.set('config', config.value)
    if (config.value.v1Mock !== undefined && path.startsWith('/v1/')) {
      return forwardToMock(c.req.raw, config.value.v1Mock)
    }
    // Elsewhere nobody looks at credentials, and a made-up one must not spare the limiter.
    const looksAtThem =
      ['coordinator', 'admin', 'ollama'].includes(name) || c.req.path === announcePath
    const isCounted = !looksAtThem || isAnonymous(c as AppContext)
    if (isCounted && (await isLimited(c as AppContext))) return tooMany(c as AppContext)
    parts.provide(c as AppContext)
    await next()
  })
  app.use('*', bodyLimit({ maxSize: gatewayLimits.bodyBytesMax, onError: tooLarge }))
  app.route(base === '' ? '/' : base, service)
  app.all('*', (c) => {
    const methods = methodsAt(app, c.req.path)
    if (methods.length === 0) throw new ApiFailure({ code: 'NOT_FOUND' })
    throw new ApiFailure({ code: 'METHOD_NOT_ALLOWED' }, { allow: methods.join(', ') })
  })
  return app
}

/** Counts an answered request by its route, and tells the coordinator when it is time. */
function count(c: AppContext, base: string): void {
  const now = c.get('now') ?? Date.now()
  const route = matchedRoutes(c).findLast(({ method }) => method !== 'ALL')
  const label = route ? labelOf(route.path) : `${labelOf(`${base}/`)}(unknown)`
  const { env } = c
  countRequest(env, { route: label, method: c.req.method, status: c.res.status }, now)
  if (!isDue(env, now) || c.get('coordinator') === undefined) return
  try {
    c.executionCtx.waitUntil(tellCounts(env, c.get('coordinator'), now))
  } catch {
    // Without an execution context, as in tests of the gateway alone, the next request tells.
  }
}

function unconfiguredHealth(c: AppContext, error: string): Response {
  if (c.req.path === '/health/live') return c.json({ status: 'alive' })
  return c.json({ status: 'not ready', error }, 503)
}

function tooLarge(): never {
  throw new ApiFailure({ code: 'BODY_TOO_LARGE' })
}

function tooMany(c: AppContext): Response {
  return errorResponse(
    c.get('requestId'),
    { code: 'RATE_LIMIT_EXCEEDED', message: 'Rate limit exceeded' },
    { 'retry-after': '60' },
  )
}

const ids = new WeakMap<Request, string>()

/** The caller's request id when it is well formed, else a new one; the same for the same request. */
function requestIdOf(request: Request): string {
  const known = ids.get(request)
  if (known !== undefined) return known
  const asked = request.headers.get('x-request-id') ?? ''
  const id = gatewayLimits.requestIdPattern.test(asked) ? asked : crypto.randomUUID()
  ids.set(request, id)
  return id
}

function allowsOrigin(env: Env, origin: string): boolean {
  const config = configOf(env)
  return config.ok && config.value.corsOrigins.has(origin)
}
