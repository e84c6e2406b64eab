/**
 * Who calls, for routes that people use as well as programs: by session, API key or signed request.
 * Rules: routes/auth-SPEC.md, SESSION.
 */

import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import type { ProfileRecord } from '../core/api/account-service.ts'
import { signedRequestHeaders } from '../core/api/signed-request.ts'
import type { Principal, SessionPrincipal } from '../core/auth/principal.ts'
import { isLoopback } from '../core/base/loopback.ts'
import { accountOf } from './account-client.ts'
import { requirePrincipal } from './auth.ts'
import type { AppContext, AppEnv } from './context.ts'
import { ApiFailure } from './failure.ts'
import { isToken, readToken } from './session-token.ts'

/** Sites on one machine differ by port, which cookies do not know. */
const cookieName = (c: AppContext): string =>
  isPlain(c) ? `aitbc_session_${new URL(c.req.url).port}` : 'aitbc_session'
const tokenCharsMax = 2_048

/** Where the original and RFC 6750 let a token stand in an address. */
const tokensInUrl = ['token', 'session_token', 'access_token']

/** Sets `principal`: who calls, or undefined where nobody says. Credentials that do not hold are 401. */
export const session = createMiddleware<AppEnv>(async (c, next) => {
  c.set('principal', await principalOf(c as AppContext))
  await next()
})

/** Whoever signed in; 401 `SIGN_IN_REQUIRED` for anybody else. */
export function requireSession(c: AppContext): SessionPrincipal {
  const principal = c.get('principal')
  if (principal?.kind === 'session') return principal
  throw new ApiFailure({ code: 'SIGN_IN_REQUIRED' })
}

/** Whoever says who it is, in any of the ways. */
export function requireAnyone(c: AppContext): Principal {
  const principal = c.get('principal')
  if (principal) return principal
  throw new ApiFailure({
    code: 'SIGN_IN_REQUIRED',
    message: 'Sign in, or call with an API key or a signed request: wallets have owners.',
  })
}

/** The profile of whoever signed in, as the session was found by. */
export const profileOf = (c: AppContext): ProfileRecord => c.get('profile') as ProfileRecord

/**
 * Hands the token to the browser, where no script can read it: not for a page of another site, which could
 * sign its visitor in as somebody else.
 */
export function setSessionCookie(c: AppContext, token: string, maxAgeSeconds: number): void {
  const origin = c.req.header('origin')
  if (origin !== undefined && origin !== new URL(c.req.url).origin) return
  setCookie(c, cookieName(c), token, { ...cookieOf(c), maxAge: maxAgeSeconds })
}

/** Takes it back. */
export function dropSessionCookie(c: AppContext): void {
  deleteCookie(c, cookieName(c), cookieOf(c))
}

/** Where there is no TLS, which is on loopback only, browsers differ on whether they keep secure cookies. */
function cookieOf(c: AppContext) {
  const rest = { path: '/', httpOnly: true, sameSite: 'Strict' } as const
  return isPlain(c) ? rest : ({ ...rest, secure: true, prefix: 'host' } as const)
}

const isPlain = (c: AppContext): boolean => {
  const { protocol, hostname } = new URL(c.req.url)
  return protocol === 'http:' && isLoopback(hostname)
}

async function principalOf(c: AppContext): Promise<Principal | undefined> {
  if (tokensInUrl.some((name) => c.req.query(name) !== undefined)) {
    throw new ApiFailure({ code: 'TOKEN_IN_URL' })
  }
  const [, bearer] = /^Bearer\s+(\S+)\s*$/i.exec(c.req.header('authorization') ?? '') ?? []
  const token = c.req.header('x-session-token') ?? (bearer && isToken(bearer) ? bearer : undefined)
  if (token !== undefined) {
    c.set('sessionToken', token)
    return sessionOf(c, token)
  }
  const isSigned = c.req.header(signedRequestHeaders.publicKey) !== undefined
  if (isSigned || bearer !== undefined || c.req.header('x-api-key') !== undefined) {
    return requirePrincipal(c, 'client')
  }
  const cookie = isPlain(c) ? getCookie(c, cookieName(c)) : getCookie(c, cookieName(c), 'host')
  if (cookie === undefined) return undefined
  requireOwnPage(c)
  return sessionOf(c, cookie)
}

/**
 * A browser sends the cookie whoever asks it to. What changes something has to come from our pages; what is
 * read has no origin there, and that of another page is one on the list for programs with their own token.
 */
function requireOwnPage(c: AppContext): void {
  const origin = c.req.header('origin')
  const isReading = c.req.method === 'GET' || c.req.method === 'HEAD'
  if (isReading && origin === undefined) return
  if (origin !== new URL(c.req.url).origin) throw new ApiFailure({ code: 'ORIGIN_REFUSED' })
}

async function sessionOf(c: AppContext, token: string): Promise<SessionPrincipal> {
  if (token.length > tokenCharsMax || !isToken(token)) {
    throw new ApiFailure({ code: 'SESSION_INVALID' })
  }
  const audience = new URL(c.req.url).host
  const claims = await readToken(c.get('config'), { token, audience, nowMs: c.get('now') })
  if (!claims.ok) throw new ApiFailure(claims.error)
  const { address, sessionId, expiresAtMs } = claims.value
  const profile = await accountOf(c.env, address).session(sessionId)
  if (!profile) throw new ApiFailure({ code: 'SESSION_REVOKED' })
  c.set('profile', profile)
  return { kind: 'session', publicId: address, sessionId, expiresAtMs }
}
