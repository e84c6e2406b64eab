/**
 * The platform's rate limiter, by address, for whoever is not known: signed and keyed callers have quotas
 * of their own, and pages cost nothing.
 */
import { signedRequestHeaders } from '../../core/api/signed-request.ts'
import { isLoopback } from '../../core/base/loopback.ts'
import type { AppContext } from '../context.ts'
import { ApiFailure } from '../failure.ts'

/** Whether the request carries no credentials at all. Whether they hold is checked by the route. */
export function isAnonymous(c: AppContext): boolean {
  const header = (name: string) => c.req.header(name) !== undefined
  return !(header('x-api-key') || header('authorization') || header(signedRequestHeaders.publicKey))
}

/**
 * For routes of the coordinator that are open to everybody: counts what the gateway has not counted,
 * because it carries credentials that nobody will check here.
 */
export async function countOpen(c: AppContext): Promise<void> {
  if (!isAnonymous(c)) await countByAddress(c)
}

/** Counts the request against the caller's address; throws 429 when it is over the limit. */
export async function countByAddress(c: AppContext): Promise<void> {
  if (!(await isLimited(c))) return
  const message = 'Rate limit exceeded'
  throw new ApiFailure({ code: 'RATE_LIMIT_EXCEEDED', message }, { 'retry-after': '60' })
}

/**
 * Counts a use of the wallet daemon against the caller's address, whoever's wallets they are: each costs a
 * second of work. Throws 429 when there were too many.
 */
export async function countWalletUse(c: AppContext, action: string): Promise<void> {
  const limiter = c.env.WALLET_LIMIT
  if (!limiter || isOff(c)) return
  const address = c.req.header('cf-connecting-ip') ?? 'unknown'
  const { success } = await limiter.limit({ key: `${action} ${address}` })
  if (!success) throw new ApiFailure({ code: 'WALLET_LIMIT_EXCEEDED' }, { 'retry-after': '60' })
}

/** Counts the request against the caller's address; true when it is over the limit. */
export async function isLimited(c: AppContext): Promise<boolean> {
  const isPart = /^\/rpc\/snapshots\/./.test(c.req.path)
  const limiter = (isPart && c.env.SNAPSHOT_LIMIT) || c.env.ANONYMOUS_LIMIT
  if (!limiter) return false
  if (isOff(c)) return false
  const address = c.req.header('cf-connecting-ip') ?? 'unknown'
  const { success } = await limiter.limit({ key: address })
  return !success
}

/** Tests and benchmarks come from one address, faster than anybody. */
const isOff = (c: AppContext): boolean =>
  c.env.RATE_LIMIT === 'off' && isLoopback(new URL(c.req.url).hostname)
