/**
 * The one header pass: security headers, CORS by allow-list, request id and caching, set on every response
 * in one place.
 */

/** What the pass needs to know of a request. */
export type HeaderContext = {
  readonly requestId: string
  readonly pathname: string
  /** `Origin` of the request when it is on the allow-list. */
  readonly allowedOrigin: string | undefined
  /** `Origin` of the request when it is that of a browser extension. */
  readonly extensionOrigin?: string | undefined
  readonly csp: string
}

/** Methods of the seed's CORS section. */
const corsMethods = 'GET, POST, PUT, DELETE, OPTIONS'
const corsMaxAgeSeconds = '600'

const fixedHeaders: readonly (readonly [string, string])[] = [
  ['strict-transport-security', 'max-age=31536000; includeSubDomains'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'strict-origin-when-cross-origin'],
  ['permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'],
  ['cross-origin-opener-policy', 'same-origin'],
]

/**
 * The content security policy. `scriptHashes` are CSP sources such as `'sha256-…'` of the theme script.
 * The page's own `url` lets it open WebSockets to its site where `'self'` does not cover them.
 */
export function contentSecurityPolicy(scriptHashes: readonly string[], url: URL): string {
  const socketOrigin = `${url.protocol === 'http:' ? 'ws' : 'wss'}://${url.host}`
  // A site has one name, so the last policy is nearly always the next one too.
  if (lastPolicy.scriptHashes !== scriptHashes || lastPolicy.socketOrigin !== socketOrigin) {
    lastPolicy = { scriptHashes, socketOrigin, text: policyText(scriptHashes, socketOrigin) }
  }
  return lastPolicy.text
}

let lastPolicy: {
  readonly scriptHashes: readonly string[] | undefined
  readonly socketOrigin: string
  readonly text: string
} = { scriptHashes: undefined, socketOrigin: '', text: '' }

function policyText(scriptHashes: readonly string[], socketOrigin: string): string {
  return [
    "default-src 'none'",
    `script-src ${["'self'", ...scriptHashes].join(' ')}`,
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ${socketOrigin}`,
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
    "require-trusted-types-for 'script'",
    // The pages never turn text into HTML or script; the one policy passes the address of their worker.
    'trusted-types aitbc-worker',
  ].join('; ')
}

/** Returns the response with all headers set. A WebSocket hand-over passes as it is. */
export function withHeaders(response: Response, context: HeaderContext): Response {
  if (response.status === 101) return response
  const result = changeable(response)
  const { headers } = result
  for (const [name, value] of fixedHeaders) headers.set(name, value)
  headers.set('content-security-policy', context.csp)
  headers.set('x-request-id', context.requestId)
  headers.append('vary', 'Origin')
  if (context.allowedOrigin !== undefined) {
    headers.set('access-control-allow-origin', context.allowedOrigin)
    headers.set('access-control-allow-credentials', 'true')
    headers.set('access-control-expose-headers', 'x-request-id, retry-after')
  } else if (context.extensionOrigin !== undefined && context.pathname.startsWith('/rpc/')) {
    // No page can have such an origin, and without credentials the chain is everybody's to read.
    headers.set('access-control-allow-origin', context.extensionOrigin)
    headers.set('access-control-expose-headers', 'x-request-id, retry-after')
  } else if (openToAll.has(context.pathname)) {
    headers.set('access-control-allow-origin', '*')
    headers.set('cross-origin-resource-policy', 'cross-origin')
  } else {
    // Other sites' pages may not embed what is served here; the allow-list decides for APIs.
    headers.set('cross-origin-resource-policy', 'same-origin')
  }
  if (response.ok && context.pathname.endsWith('.xpi'))
    headers.set('content-type', 'application/x-xpinstall')
  const isBuilt = (response.ok || response.status === 304) && builtName.test(context.pathname)
  // The assets binding sets one of its own, for files whose names stay.
  if (isBuilt) headers.set('cache-control', 'public, max-age=31536000, immutable')
  else if (!headers.has('cache-control')) {
    headers.set('cache-control', isAnswer.test(context.pathname) ? 'no-store' : 'no-cache')
  }
  return result
}

/**
 * The response itself where its headers may be set, else a copy. Those that this Worker made may; a copy of
 * each would cost a stream for its body. What another service or the assets binding answered may not.
 */
function changeable(response: Response): Response {
  try {
    const [[name, value]] = fixedHeaders as [readonly [string, string]]
    response.headers.set(name, value)
    return response
  } catch {
    return new Response(response.body, response)
  }
}

/** Whether an origin is that of a browser extension: the browsers write it, and no page has one. */
export const isExtensionOrigin = (origin: string): boolean =>
  /^(?:chrome-extension:\/\/[a-p]{32}|moz-extension:\/\/[0-9a-f-]{36})$/.test(origin)

/** The answer to a CORS preflight from an allowed origin: any header, as in the seed. */
export function preflight(request: Request): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': corsMethods,
      'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? '*',
      'access-control-max-age': corsMaxAgeSeconds,
    },
  })
}

/** Files of the build have a hash of their content in their names. */
const builtName = /^\/assets\/.*-[\w-]{8}\.[a-z0-9]+$/

/** Files that hold no secret and are read by tools of other sites, without credentials. */
const openToAll: ReadonlySet<string> = new Set(['/openapi.json'])

/** Addresses of programs, whose answers nobody may keep. */
const isAnswer = /^\/(?:api|rpc|v1|wallet|admin|health)(?:\/|$)/
