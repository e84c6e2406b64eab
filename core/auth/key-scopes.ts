/**
 * What an API key of an account may be used for, and what each call needs. One rule for all routes, by
 * method and path, so that a route that is new is not open to keys that may only read. Rules: SPEC.md, SCOPE.
 */

/**
 * `jobs:read`: reads jobs, answers, receipts, lists. `jobs:submit`: submits and cancels jobs, chats.
 * `market`: bids, books, reviews. `miner`: serves jobs over HTTP.
 */
export const keyScopes = ['jobs:read', 'jobs:submit', 'market', 'miner'] as const

/** One of them. */
export type KeyScopeName = (typeof keyScopes)[number]

/** What a call needs; `none`: no key of an account may make it. */
export type KeyNeed = KeyScopeName | 'none'

/** Scopes of a console key: all that a person does in a browser. */
export const consoleScopes: readonly KeyScopeName[] = ['jobs:read', 'jobs:submit', 'market']

/** What a call of a client needs. `path` as it was asked, in any of the spellings. */
export function scopeNeeded(call: { readonly method: string; readonly path: string }): KeyNeed {
  const rest = call.path.replace(/^\/(?:api\/v1|api|v1)(?=\/)/, '')
  if (/^\/wallet\//.test(rest)) return 'none'
  const isReading = call.method === 'GET' || call.method === 'HEAD' || readingPosts.has(rest)
  if (isReading) return 'jobs:read'
  return /^\/market(?:place)?\//.test(rest) ? 'market' : 'jobs:submit'
}

/** Whether scopes allow what is needed: who may submit may also read what came of it. */
export function allows(scopes: readonly KeyScopeName[], need: KeyNeed): boolean {
  if (need === 'none') return false
  if (scopes.includes(need)) return true
  return need === 'jobs:read' && (scopes.includes('jobs:submit') || scopes.includes('market'))
}

/** Calls with a body that change nothing. */
const readingPosts: ReadonlySet<string> = new Set([
  '/jobs/estimate',
  '/match',
  '/receipts/verify',
  '/ollama/api/show',
])
