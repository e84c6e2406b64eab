/** Signing in: what a signed challenge is checked for, and the session that follows. */
import {
  accountLimits,
  type ProfileRecord,
  type SignedIn,
  type SignInRecord,
} from '../../core/api/account-service.ts'
import type { LoginRequest } from '../../core/api/schemas/account.ts'
import { checkNonce } from '../../core/auth/nonce.ts'
import { userIdOf } from '../../core/auth/principal.ts'
import { checkSignature, checkSignIn, parseSignIn } from '../../core/auth/sign-in.ts'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { formatLegacyTime } from '../../core/base/time.ts'
import { formatAddress, parseAddress } from '../../core/crypto/address.ts'
import { nobleVerifier } from '../../core/crypto/ed25519.ts'
import { accountOf } from '../account-client.ts'
import type { AppContext } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { setSessionCookie } from '../session.ts'
import { makeToken } from '../session-token.ts'
import { orThrow } from './request.ts'

/** An address of this network in its one spelling; those of the original have no key here. */
export const addressOfText = (text: string): string => formatAddress(orThrow(parseAddress(text)))

/** Whom a signed challenge proves, and the nonce that it uses up. */
export type Proven = {
  readonly address: string
  readonly nonce: Pick<SignInRecord, 'nonce' | 'nonceExpiresAtMs'>
}

/** Checks everything about a signed challenge but whether it was used before. */
export function prove(c: AppContext, body: LoginRequest): Proven {
  const address = addressOfText(body.wallet_address)
  const { message: text, public_key: key, signature: signed } = body
  if (!text || !key || !signed) throw new ApiFailure({ code: 'SIGN_IN_UNSIGNED' })
  const { genesisHash, challengeSecrets: secrets } = c.get('config')
  const { host: domain, origin } = new URL(c.req.url)
  const nowMs = c.get('now')
  const fields = orThrow(parseSignIn(text))
  orThrow(checkSignIn(fields, { domain, uri: origin, genesisHash, address, nowMs }))
  const { nonce } = fields
  const { expiresAtMs } = orThrow(
    checkNonce({ ...{ domain, genesisHash, address, nonce, secrets, nowMs } }),
  )
  const publicKey = fromHex(key, 32)
  const signature = fromHex(signed, 64)
  if (!publicKey.ok || !signature.ok) throw new ApiFailure({ code: 'SIGN_IN_SIGNATURE_INVALID' })
  const keys = { publicKey: publicKey.value, signature: signature.value }
  orThrow(checkSignature({ ...keys, text, origin, address, genesisHash }, nobleVerifier))
  return { address, nonce: { nonce, nonceExpiresAtMs: expiresAtMs } }
}

/** Begins a session and answers with the user, the token in body and cookie. */
export async function beginSession(
  c: AppContext,
  proven: Proven,
  profile?: SignInRecord['profile'],
): Promise<Response> {
  const { address } = proven
  const signedIn: SignedIn = orThrow(
    await accountOf(c.env, address).signIn({
      ...proven.nonce,
      sessionId: toHex(crypto.getRandomValues(new Uint8Array(16))),
      agent: agentOf(c),
      username: `user_${address.slice(-8)}`,
      ...(profile && { profile }),
    }),
  )
  await noteUser(c, address)
  const { sessionId, expiresAtMs } = signedIn.session
  const audience = new URL(c.req.url).host
  const nowMs = c.get('now')
  const claims = { address, sessionId, expiresAtMs, audience, nowMs }
  const token = await makeToken(c.get('config'), claims)
  setSessionCookie(c, token, Math.floor(accountLimits.sessionMs / 1_000))
  return c.json(profileView(c, { profile: signedIn.profile, address, token, expiresAtMs }))
}

/** The original's `UserProfile`, and what it lacked. */
export const profileView = (
  c: AppContext,
  given: {
    readonly profile: ProfileRecord
    readonly address: string
    readonly token: string | null
    readonly expiresAtMs: number
  },
) => ({
  user_id: userIdOf(c.get('config').genesisHash, given.address),
  email: given.profile.email,
  username: given.profile.username,
  created_at: formatLegacyTime(given.profile.createdAtMs),
  session_token: given.token,
  address: given.address,
  expires_at: formatTime(given.expiresAtMs),
})

/** For the list of users alone: whoever signs in need not wait until that can be written. */
async function noteUser(c: AppContext, address: string): Promise<void> {
  try {
    await c.get('coordinator').accounts('noteUser', address)
  } catch {
    console.error(JSON.stringify({ msg: 'sign-in not noted', request_id: c.get('requestId') }))
  }
}

const agentOf = (c: AppContext): string =>
  (c.req.header('user-agent') ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, accountLimits.agentMax)
