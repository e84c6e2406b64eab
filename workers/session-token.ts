/**
 * Tokens of sessions: JWTs (RFC 7519) by HMAC-SHA256, good at one site and chain for a day. Whether the
 * session still stands is asked of the account's object. Rules: routes/auth-SPEC.md, SESSION.
 */
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import type { ApiError } from '../core/api/errors.ts'
import { chainIdOf } from '../core/auth/sign-in.ts'
import { toHex, utf8ToBytes } from '../core/base/bytes.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { taggedHash } from '../core/crypto/hash.ts'
import type { Config } from './config.ts'

/** What a token says. */
export type SessionClaims = {
  /** `aitbc1…` */
  readonly address: string
  readonly sessionId: string
  /** Unix milliseconds. */
  readonly expiresAtMs: number
}

const algorithm = 'HS256'

/** What tells a token from an API key, which may come in the same header. */
const tokenPattern = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/

/** Whether text may be a token. */
export const isToken = (text: string): boolean => tokenPattern.test(text)

/** Makes a token by the newest secret. `audience`: host and port of the site. */
export function makeToken(
  config: Config,
  given: SessionClaims & { readonly audience: string; readonly nowMs: number },
): Promise<string> {
  const secret = config.sessionSecrets[0] as string
  return new SignJWT()
    .setProtectedHeader({ alg: algorithm, kid: keyIdOf(secret) })
    .setIssuer(chainIdOf(config.genesisHash))
    .setAudience(given.audience)
    .setSubject(given.address)
    .setJti(given.sessionId)
    .setIssuedAt(Math.floor(given.nowMs / 1_000))
    .setExpirationTime(Math.floor(given.expiresAtMs / 1_000))
    .sign(utf8ToBytes(secret))
}

/** Reads a token; says which of its faults it has. */
export async function readToken(
  config: Config,
  given: { readonly token: string; readonly audience: string; readonly nowMs: number },
): Promise<Result<SessionClaims, ApiError>> {
  try {
    const { kid } = decodeProtectedHeader(given.token)
    const secret = config.sessionSecrets.find((each) => keyIdOf(each) === kid)
    // An unknown key id may be made up; then it is no session either way.
    if (secret === undefined) return err({ code: 'SESSION_RETIRED' })
    const { payload } = await jwtVerify(given.token, utf8ToBytes(secret), {
      algorithms: [algorithm],
      issuer: chainIdOf(config.genesisHash),
      audience: given.audience,
      requiredClaims: ['sub', 'jti', 'exp'],
      currentDate: new Date(given.nowMs),
    })
    const { sub, jti, exp } = payload as { sub: string; jti: string; exp: number }
    return ok({ address: sub, sessionId: jti, expiresAtMs: exp * 1_000 })
  } catch (error) {
    const isOver = error instanceof errors.JWTExpired
    return err({ code: isOver ? 'SESSION_EXPIRED' : 'SESSION_INVALID' })
  }
}

const keyIds = new Map<string, string>()

/** Tells secrets apart without telling them. */
function keyIdOf(secret: string): string {
  const known = keyIds.get(secret)
  if (known !== undefined) return known
  const fresh = toHex(taggedHash('aitbc/session-key-id/1', utf8ToBytes(secret))).slice(0, 16)
  keyIds.set(secret, fresh)
  return fresh
}
