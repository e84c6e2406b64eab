/**
 * The platform's rate limiter, for anonymous callers only: signed and keyed routes have quotas of their
 * own, and pages cost nothing.
 */
import { signedRequestHeaders } from '../../core/api/signed-request.ts'
import type { AppContext } from '../context.ts'
import { isLoopback } from './loopback.ts'

/** Whether the request carries no credentials at all. Whether they hold is checked by the route. */
export function isAnonymous(c: AppContext): boolean {
  const header = (name: string) => c.req.header(name) !== undefined
  return !(header('x-api-key') || header('authorization') || header(signedRequestHeaders.publicKey))
}

/** Counts the request against the caller's address; true when it is over the limit. */
export async function isLimited(c: AppContext): Promise<boolean> {
  const limiter = c.env.ANONYMOUS_LIMIT
  if (!limiter) return false
  if (c.env.RATE_LIMIT === 'off' && isLoopback(new URL(c.req.url).hostname)) return false
  const address = c.req.header('cf-connecting-ip') ?? 'unknown'
  const { success } = await limiter.limit({ key: address })
  return !success
}
