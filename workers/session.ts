/**
 * Who calls, for routes that people use as well as programs: by session, API key or signed request.
 * Rules: routes/auth-SPEC.md, SESSION.
 */

import { deleteCookie, setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import type { ProfileRecord } from '../core/api/account-service.ts'
import { signedRequestHeaders } from '../core/api/signed-request.ts'
import type { Principal, SessionPrincipal } from '../core/auth/principal.ts'
import { apiKeyOf, requirePrincipal } from './auth.ts'
import type { AppContext, AppEnv } from './context.ts'
import { ApiFailure } from './failure.ts'
import { cookieName, isPlain, sessionByCookie, sessionByToken } from './session-caller.ts'

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

/** Who calls, or undefined where nobody says. */
export async function principalOf(c: AppContext): Promise<Principal | undefined> {
  if (tokensInUrl.some((name) => c.req.query(name) !== undefined)) {
    throw new ApiFailure({ code: 'TOKEN_IN_URL' })
  }
  const byToken = await sessionByToken(c)
  if (byToken) return byToken
  const isSigned = c.req.header(signedRequestHeaders.publicKey) !== undefined
  if (isSigned || apiKeyOf(c) !== undefined) return requirePrincipal(c, 'client')
  return sessionByCookie(c)
}
