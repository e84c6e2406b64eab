/**
 * An account at this site: its API keys, the console that a session acts as, what it used and spent.
 * Mounted like the jobs. Rules: account-SPEC.md, ACCTHTTP.
 */

import { Hono } from 'hono'
import type { KeyRecord, UsageQuestion } from '../../core/api/account-desk.ts'
import { keyView, usageView } from '../../core/api/account-views.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { keyLimits } from '../../core/api/schemas/account-keys.ts'
import { userIdOf } from '../../core/auth/principal.ts'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import type { Result } from '../../core/base/result.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { dayMs } from '../../core/base/time.ts'
import { escrowIdOf } from '../../core/chain/transaction.ts'
import { formatAddress, parseAddress } from '../../core/crypto/address.ts'
import { forgetConsole, requireAccount } from '../auth.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { type Asked, mount } from './mount.ts'
import { orThrow } from './request.ts'

export const accountRoutes = mount(new Hono<AppEnv>(), {
  getAccount: summary,
  listKeys: list,
  createKey: create,
  getKey: view,
  changeKey: change,
  revokeKey: revoke,
  rotateKey: rotate,
  fundKey: fund,
  openConsole: openConsole,
  getUsage: usage,
})

async function summary(c: AppContext): Promise<Response> {
  const owner = await requireAccount(c)
  const { adminAddresses, genesisHash } = c.get('config')
  const found = await c.get('coordinator').accounts('summary', owner)
  return c.json({
    address: owner,
    user_id: userIdOf(genesisHash, owner),
    role: adminAddresses.has(owner) ? 'admin' : 'user',
    coordinator: toHex(found.coordinator),
    keys: found.keys,
    keys_max: keyLimits.keysMax,
    faucet: found.faucet,
    console: found.console ? keyView(found.console, found.coordinator) : null,
    ...asOf(c),
  })
}

async function list(c: AppContext): Promise<Response> {
  const owner = await requireAccount(c)
  const [keys, coordinator] = await Promise.all([
    c.get('coordinator').accounts('keys', owner),
    coordinatorKey(c),
  ])
  const items = keys.map((key) => keyView(key, coordinator))
  return c.json({ items, next_cursor: null, ...asOf(c) })
}

async function create(c: AppContext, asked: Asked<'createKey'>): Promise<Response> {
  const owner = await requireAccount(c)
  const body = await asked.body(c)
  const expiresAtMs = endOf(c, body.expires_at ?? undefined)
  const payout = body.payout ?? undefined
  const made = orThrow(
    await c.get('coordinator').accounts('createKey', owner, {
      name: body.name,
      scopes: body.scopes,
      budget: body.budget === null || body.budget === undefined ? undefined : BigInt(body.budget),
      expiresAtMs,
      payout: payout === undefined ? undefined : formatAddress(orThrow(parseAddress(payout))),
    }),
  )
  return secretAnswer(c, made, 201)
}

async function view(c: AppContext): Promise<Response> {
  const owner = await requireAccount(c)
  return keyAnswer(c, await c.get('coordinator').accounts('key', owner, keyIdOf(c)))
}

async function change(c: AppContext, asked: Asked<'changeKey'>): Promise<Response> {
  const owner = await requireAccount(c)
  const body = await asked.body(c)
  const changed = await c.get('coordinator').accounts('changeKey', owner, keyIdOf(c), {
    name: body.name,
    budget: typeof body.budget === 'string' ? BigInt(body.budget) : body.budget,
    expiresAtMs: typeof body.expires_at === 'string' ? endOf(c, body.expires_at) : body.expires_at,
  })
  return keyAnswer(c, changed)
}

async function revoke(c: AppContext): Promise<Response> {
  const owner = await requireAccount(c)
  const revoked = await c.get('coordinator').accounts('revokeKey', owner, keyIdOf(c))
  forgetConsole(c, owner)
  return keyAnswer(c, revoked)
}

async function rotate(c: AppContext, asked: Asked<'rotateKey'>): Promise<Response> {
  const owner = await requireAccount(c)
  const body = await asked.body(c)
  const grace = { ms: body.grace_seconds * 1_000 }
  const made = await c.get('coordinator').accounts('rotateKey', owner, keyIdOf(c), grace)
  return secretAnswer(c, orThrow(made), 200)
}

async function fund(c: AppContext, asked: Asked<'fundKey'>): Promise<Response> {
  const owner = await requireAccount(c)
  const body = await asked.body(c)
  const given = orThrowHex(fromHex((body.escrow ?? body.tx_hash ?? '').replace(/^0x/, ''), 32))
  const escrow = body.escrow === undefined ? escrowIdOf(given) : given
  return keyAnswer(c, await c.get('coordinator').accounts('fundKey', owner, keyIdOf(c), escrow))
}

async function openConsole(c: AppContext): Promise<Response> {
  const owner = await requireAccount(c)
  const opened = await c.get('coordinator').accounts('openConsole', owner)
  forgetConsole(c, owner)
  return keyAnswer(c, opened)
}

async function usage(c: AppContext, asked: Asked<'getUsage'>): Promise<Response> {
  const owner = await requireAccount(c)
  const query = asked.query(c)
  const to = query.to ?? dayOf(c.get('now'))
  const from = query.from ?? dayOf(Date.parse(to) - (keyLimits.usageDaysDefault - 1) * dayMs)
  const days = (Date.parse(to) - Date.parse(from)) / dayMs + 1
  if (days < 1 || days > keyLimits.usageDaysMax) {
    const message = `from and to must span 1 to ${keyLimits.usageDaysMax} days.`
    throw new ApiFailure({ code: 'RANGE_INVALID', message })
  }
  const { group_by: groupBy, key: keyId, model } = query
  const question: UsageQuestion = { from, to, groupBy, keyId, model }
  const coordinator = c.get('coordinator')
  const [rows, keys, { console }] = await Promise.all([
    coordinator.accounts('usage', owner, question),
    coordinator.accounts('keys', owner),
    coordinator.accounts('summary', owner),
  ])
  const named = console ? [...keys, console] : keys
  const names = new Map(named.map((key) => [key.keyId, key.name]))
  const view = usageView(rows, { ...question, names, asOf: formatTime(c.get('now')) })
  return c.json(view)
}

async function keyAnswer(c: AppContext, found: Result<KeyRecord, ApiError>): Promise<Response> {
  return c.json(keyView(orThrow(found), await coordinatorKey(c)))
}

async function secretAnswer(
  c: AppContext,
  made: { readonly key: KeyRecord; readonly secret: string },
  status: 200 | 201,
): Promise<Response> {
  const { key, secret } = made
  const answer = { key: keyView(key, await coordinatorKey(c)), secret }
  // A secret is for whoever asked, and for no cache on the way.
  return c.json(answer, status, { 'cache-control': 'no-store' })
}

/** The public key that escrows name, asked once an isolate and configuration. */
async function coordinatorKey(c: AppContext): Promise<Uint8Array> {
  const config = c.get('config')
  const known = coordinatorKeys.get(config)
  if (known) return known
  const { coordinatorKey: key } = await c.get('coordinator').site()
  coordinatorKeys.set(config, key)
  return key
}

const coordinatorKeys = new WeakMap<object, Uint8Array>()

const keyIdOf = (c: AppContext): string => {
  const id = c.req.param('id') ?? ''
  if (!/^(?:key|console)_[0-9a-f]{16}$/.test(id)) throw new ApiFailure({ code: 'KEY_NOT_FOUND' })
  return id
}

/** A key that has ended before it begins is a mistake. */
function endOf(c: AppContext, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const endMs = Date.parse(text)
  if (endMs > c.get('now')) return endMs
  const details = [{ field: 'body.expires_at', message: 'must be in the future', code: 'invalid' }]
  throw new ApiFailure({ code: 'VALIDATION_ERROR', details })
}

function orThrowHex(bytes: ReturnType<typeof fromHex>): Uint8Array {
  if (bytes.ok) return bytes.value
  throw new ApiFailure({ code: 'VALIDATION_ERROR', message: bytes.error.message })
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

const asOf = (c: AppContext) => ({ as_of: formatTime(c.get('now')), source: 'site' as const })
