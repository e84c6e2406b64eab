/**
 * Challenges and sessions. Mounted at `/api/v1/auth`, `/api/auth` and `/v1/auth`. Rules: auth-SPEC.md,
 * SESSION.
 */
import { Hono } from 'hono'
import { makeNonce, nonceRandomBytes } from '../../core/auth/nonce.ts'
import { chainIdOf, challengeText, signInLimits } from '../../core/auth/sign-in.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { accountOf } from '../account-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { dropSessionCookie, requireSession, session } from '../session.ts'
import { type Asked, mount } from './mount.ts'
import { addressOfText } from './sign-in.ts'

const open = mount(new Hono<AppEnv>(), { createChallenge: challenge })

export const authRoutes = mount(open.use('*', session), {
  listSessions: sessions,
  endSession,
  endSessions: logout,
})

/** Stores nothing, so that asking for any number of them takes no room. */
async function challenge(c: AppContext, asked: Asked<'createChallenge'>): Promise<Response> {
  const body = await asked.body(c)
  const { genesisHash, challengeSecrets } = c.get('config')
  const { host: domain, origin: uri } = new URL(c.req.url)
  const address = addressOfText(body.address)
  const nowMs = c.get('now')
  const nonce = makeNonce({
    ...{ domain, genesisHash, address, nowMs },
    secret: challengeSecrets[0] as string,
    random: crypto.getRandomValues(new Uint8Array(nonceRandomBytes)),
  })
  const message = challengeText({
    ...{ domain, uri, address, nonce, nowMs },
    chainId: chainIdOf(genesisHash),
  })
  return c.json({ message, nonce, expires_at: formatTime(nowMs + signInLimits.challengeMs) })
}

async function sessions(c: AppContext): Promise<Response> {
  const who = requireSession(c)
  const items = (await accountOf(c.env, who.publicId).sessions()).map((each) => ({
    session_id: each.sessionId,
    created_at: formatTime(each.createdAtMs),
    last_used_at: formatTime(each.usedAtMs),
    expires_at: formatTime(each.expiresAtMs),
    agent: each.agent,
    current: each.sessionId === who.sessionId,
  }))
  return c.json({ items, next_cursor: null, as_of: formatTime(c.get('now')), source: 'site' })
}

async function endSession(c: AppContext): Promise<Response> {
  const who = requireSession(c)
  const sessionId = c.req.param('id') ?? ''
  const ended = await accountOf(c.env, who.publicId).endSession(sessionId)
  if (ended === 0) throw new ApiFailure({ code: 'SESSION_NOT_FOUND' })
  if (sessionId === who.sessionId) dropSessionCookie(c)
  return c.json({ ended })
}

async function logout(c: AppContext, asked: Asked<'endSessions'>): Promise<Response> {
  const who = requireSession(c)
  const { all } = await asked.body(c)
  const account = accountOf(c.env, who.publicId)
  const ended = all ? await account.endSessions() : await account.endSession(who.sessionId)
  dropSessionCookie(c)
  return c.json({ ended })
}
