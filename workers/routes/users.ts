/**
 * Users in the original's shapes, with the signature that it never looked at. Mounted at `/api/v1/users`,
 * `/api/users` and `/v1/users`; the original's router repeated the word, so both spellings answer.
 * Rules: auth-SPEC.md, USERS.
 */
import { Hono } from 'hono'
import { legacyAmount } from '../../core/api/rpc-views.ts'
import { userIdOf } from '../../core/auth/principal.ts'
import { chainQueries } from '../../d1/chain-queries.ts'
import { accountOf, isSameName, leaveName, takeName } from '../account-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { dropSessionCookie, profileOf, requireSession, session } from '../session.ts'
import { type Asked, mount } from './mount.ts'
import { receivedToJson, seenAccount, sentToJson, updatedAt } from './rpc-accounts.ts'
import { genesisTimeMs } from './rpc-blocks.ts'
import { fromDatabase, readLookup } from './rpc-input.ts'
import { beginSession, profileView, prove } from './sign-in.ts'

const open = mount(new Hono<AppEnv>(), { register, login })

export const userRoutes = mount(open.use('*', session), {
  getMe: me,
  getUserBalance: balance,
  listUserTransactions: transactions,
  logout,
})

async function login(c: AppContext, asked: Asked<'login'>): Promise<Response> {
  return beginSession(c, prove(c, await asked.body(c)))
}

/** A name belongs to the account that took it first, as long as its profile shows it. */
async function register(c: AppContext, asked: Asked<'register'>): Promise<Response> {
  const { email, username, ...body } = await asked.body(c)
  const proven = prove(c, body)
  const { address } = proven
  const names = [
    { kind: 'email', name: email, code: 'EMAIL_TAKEN' },
    { kind: 'username', name: username, code: 'USERNAME_TAKEN' },
  ] as const
  const before = await accountOf(c.env, address).profile()
  for (const { code, ...name } of names) {
    if (!(await takeName(c.env, address, name))) throw new ApiFailure({ code })
  }
  const response = await beginSession(c, proven, { email, username })
  for (const { kind, name } of names) {
    const old = before?.[kind] ?? ''
    if (old !== '' && !isSameName(old, name)) await leaveName(c.env, address, { kind, name: old })
  }
  return response
}

async function me(c: AppContext): Promise<Response> {
  const { publicId: address, expiresAtMs } = requireSession(c)
  const token = c.get('sessionToken') ?? null
  return c.json(profileView(c, { profile: profileOf(c), address, token, expiresAtMs }))
}

async function balance(c: AppContext): Promise<Response> {
  const { userId, address, bytes } = ownAccount(c)
  const [account, row] = await Promise.all([c.get('chain').account(bytes), seenAccount(c, address)])
  const held = legacyAmount(account.balance)
  return c.json({ user_id: userId, address, balance: held, ...updatedAt(c, row) })
}

async function transactions(
  c: AppContext,
  asked: Asked<'listUserTransactions'>,
): Promise<Response> {
  const { userId, address } = ownAccount(c)
  const { limit } = asked.query(c)
  const queries = chainQueries(c.env.DB)
  const page = { limit, offset: 0 }
  const [row, sent, received] = await Promise.all([
    fromDatabase(queries.account(address)),
    fromDatabase(queries.sentBy(address, page)),
    fromDatabase(queries.receivedBy(address, page)),
  ])
  const genesisMs = genesisTimeMs(c)
  const merged = [
    ...sent.map((item) => sentToJson(item, genesisMs)),
    ...received.map((item) => receivedToJson(item, genesisMs)),
  ].sort((a, b) => b.block_height - a.block_height)
  const total = (row?.sent ?? 0) + (row?.received ?? 0)
  return c.json({ user_id: userId, transactions: merged.slice(0, limit), total })
}

async function logout(c: AppContext): Promise<Response> {
  const who = requireSession(c)
  await accountOf(c.env, who.publicId).endSession(who.sessionId)
  dropSessionCookie(c)
  return c.json({ message: 'Logged out successfully' })
}

/** One sees one's own: whose user id is whose is nobody else's business. */
function ownAccount(c: AppContext) {
  const { publicId: address } = requireSession(c)
  const userId = userIdOf(c.get('config').genesisHash, address)
  const found = readLookup(address)
  if (c.req.param('id') !== userId || found.kind !== 'account') {
    throw new ApiFailure({ code: 'WALLET_NOT_FOUND' })
  }
  return { userId, address, bytes: found.address }
}
