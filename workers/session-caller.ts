/**
 * The session that a request shows: as a token in a header, or as a cookie that only our own pages may use
 * to change something. Rules: routes/auth-SPEC.md, SESSION.
 */
import { getCookie } from 'hono/cookie'
import type { SessionPrincipal } from '../core/auth/principal.ts'
import { isLoopback } from '../core/base/loopback.ts'
import { accountOf } from './account-client.ts'
import type { AppContext } from './context.ts'
import { ApiFailure } from './failure.ts'
import { isToken, readToken } from './session-token.ts'

/** Sites on one machine differ by port, which cookies do not know. */
export const cookieName = (c: AppContext): string =>
  isPlain(c) ? `aitbc_session_${new URL(c.req.url).port}` : 'aitbc_session'

/** Where there is no TLS, which is on loopback only, browsers differ on whether they keep secure cookies. */
export const isPlain = (c: AppContext): boolean => {
  const { protocol, hostname } = new URL(c.req.url)
  return protocol === 'http:' && isLoopback(hostname)
}

/** The token in a header, which scripts and programs send. */
export function tokenOf(c: AppContext): string | undefined {
  const [, bearer] = /^Bearer\s+(\S+)\s*$/i.exec(c.req.header('authorization') ?? '') ?? []
  return c.req.header('x-session-token') ?? (bearer && isToken(bearer) ? bearer : undefined)
}

/** Whoever signed in with a token in a header; undefined without one. 401 for one that does not hold. */
export async function sessionByToken(c: AppContext): Promise<SessionPrincipal | undefined> {
  const token = tokenOf(c)
  if (token === undefined) return undefined
  c.set('sessionToken', token)
  return sessionOf(c, token)
}

/** Whoever signed in with a browser; undefined without a cookie. 401 for one that does not hold. */
export async function sessionByCookie(c: AppContext): Promise<SessionPrincipal | undefined> {
  const cookie = isPlain(c) ? getCookie(c, cookieName(c)) : getCookie(c, cookieName(c), 'host')
  if (cookie === undefined) return undefined
  requireOwnPage(c)
  return sessionOf(c, cookie)
}

const tokenCharsMax = 2_048

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
