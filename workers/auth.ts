/**
 * Who is asking: an API key (the coordinator knows their hashes), a signed request (the key pair is the
 * identity) or a session. What was found is kept for a short while per isolate; each principal has a quota.
 * Rules: routes/coordinator-SPEC.md, AUTHN.
 */
import type { Principal } from '../core/api/coordinator-service.ts'
import {
  requestAgeMsMax,
  requestSigningBytes,
  signedRequestHeaders,
} from '../core/api/signed-request.ts'
import { allows, scopeNeeded } from '../core/auth/key-scopes.ts'
import { type Principal as AnyPrincipal, ownerOf } from '../core/auth/principal.ts'
import { fromHex, toHex, utf8ToBytes } from '../core/base/bytes.ts'
import { isLoopback } from '../core/base/loopback.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { strictVerifier } from '../core/crypto/ed25519.ts'
import { sha256 } from '../core/crypto/hash.ts'
import type { Config } from './config.ts'
import type { AppContext } from './context.ts'
import { ApiFailure } from './failure.ts'
import { countByAddress } from './gateway/limiter.ts'
import { sessionByCookie, sessionByToken, tokenOf } from './session-caller.ts'

export type Scope = 'client' | 'miner' | 'admin'

/** Bounds of authentication in one isolate. */
export const authLimits = {
  /** Keys remembered, and how long. The coordinator sees at each call whether an account's still stands. */
  keysMax: 4_096,
  keyAgeMsMax: 30_000,
  keyCharsMax: 256,
  /** Requests of one principal in a minute, by scope, in one isolate. */
  perMinute: { client: 6_000, miner: 6_000, admin: 600 },
  windowMs: 60_000,
  principalsMax: 16_384,
} as const

/** The principal of a request, after its quota; throws 401, 403 or 429. Reads the body of signed ones. */
export async function requirePrincipal(c: AppContext, scope: Scope): Promise<Principal> {
  const principal = await authenticate(c, scope)
  await countRequest(c, principal, scope)
  return principal
}

/** The key as any client sends it: `X-Api-Key`, or `Authorization: Bearer`. */
export function apiKeyOf(c: AppContext): string | undefined {
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(c.req.header('authorization') ?? '')
  return c.req.header('x-api-key') ?? bearer?.[1]
}

async function authenticate(c: AppContext, scope: Scope): Promise<Principal> {
  const byToken = scope === 'client' ? await sessionByToken(c) : undefined
  if (byToken) return consoleOf(c, byToken.publicId)
  if (c.req.header(signedRequestHeaders.publicKey) !== undefined) {
    const account = await verifySignedRequest(c)
    if (scope === 'client') return account
    throw new ApiFailure({
      code: 'AUTHORIZATION_ERROR',
      message: `This route wants an API key of scope ${scope}.`,
    })
  }
  const apiKey = apiKeyOf(c)
  const byCookie = scope === 'client' && apiKey === undefined ? await sessionByCookie(c) : undefined
  if (byCookie) return consoleOf(c, byCookie.publicId)
  if (apiKey === undefined || apiKey === '' || apiKey.length > authLimits.keyCharsMax) {
    throw new ApiFailure({ code: 'AUTHENTICATION_ERROR' })
  }
  const name = `${scope}:${toHex(sha256(utf8ToBytes(apiKey)))}`
  const principal = await remembered(c, name, async () => {
    const coordinator = c.get('coordinator')
    const found = await coordinator.authenticate({ apiKey, scope })
    if (found) return found
    // Only who holds the key of an account is told what became of it.
    const why = apiKey.startsWith(accountKeyPrefix)
      ? await coordinator.accounts('refusalOf', apiKey, scope)
      : ({ code: 'AUTHENTICATION_ERROR' } as const)
    throw new ApiFailure(why)
  })
  if (scope === 'client') requireScope(c, principal)
  return principal
}

/** What the secrets of keys of accounts begin with. */
const accountKeyPrefix = 'aitbc_'

/** As whom a session calls routes of clients: the console key of its account. */
async function consoleOf(c: AppContext, address: string): Promise<Principal> {
  const principal = await remembered(c, `console:${address}`, async () => {
    const found = await c.get('coordinator').accounts('consolePrincipal', address)
    if (!found.ok) throw new ApiFailure(found.error)
    return found.value
  })
  requireScope(c, principal)
  return principal
}

/** Forgets the console key of an account in this isolate, after it was made anew or revoked. */
export function forgetConsole(c: AppContext, address: string): void {
  memoryOf(c.get('config')).keys.delete(`console:${address}`)
}

/** Keys of accounts may do what their scopes say. */
function requireScope(c: AppContext, principal: Principal): void {
  if (principal.kind !== 'api_key' || principal.scopes === undefined) return
  const need = scopeNeeded({ method: c.req.method, path: c.req.path })
  if (allows(principal.scopes, need)) return
  throw new ApiFailure({ code: 'SCOPE_MISSING', details: { scope: need } })
}

/**
 * What was found a short while ago, or is found now. The coordinator looks at every call of a key of an
 * account whether it still stands; what moves money elsewhere asks anew.
 */
async function remembered(
  c: AppContext,
  name: string,
  find: () => Promise<Principal>,
): Promise<Principal> {
  const { keys } = memoryOf(c.get('config'))
  const known = keys.get(name)
  const now = c.get('now')
  const isOld = known === undefined || now - known.atMs >= authLimits.keyAgeMsMax
  if (!isOld && !isAskedAnew(c, known.principal)) return known.principal
  keys.delete(name)
  const principal = await find()
  remember(keys, name, { principal, atMs: now }, authLimits.keysMax)
  return principal
}

const isAskedAnew = (c: AppContext, principal: Principal): boolean =>
  principal.kind === 'api_key' &&
  principal.account !== undefined &&
  scopeNeeded({ method: c.req.method, path: c.req.path }) === 'market'

/** An administrator: an account of `ADMIN_ADDRESSES`, or a program with an admin key. */
export type Administrator = {
  /** As the audit log names it. */
  readonly actor: string
  /** Whether it is a person, who says why. */
  readonly isPerson: boolean
}

/** The account that signed in or signed this request, after its quota; 401 for anybody else. */
export async function requireAccount(c: AppContext): Promise<string> {
  const account = await accountOfCall(c)
  if (!account) throw new ApiFailure({ code: 'SIGN_IN_REQUIRED' })
  await countRequest(c, account, 'client')
  return account.publicId
}

/** Whoever administers this site, after its quota; 401 or 403 for anybody else. */
export async function requireAdmin(c: AppContext): Promise<Administrator> {
  const isKeyed = tokenOf(c) === undefined && apiKeyOf(c) !== undefined
  const isSigned = c.req.header(signedRequestHeaders.publicKey) !== undefined
  if (isKeyed && !isSigned) {
    const program = await requirePrincipal(c, 'admin')
    return { actor: ownerOf(program), isPerson: false }
  }
  const account = await accountOfCall(c)
  if (!account) throw new ApiFailure({ code: 'SIGN_IN_REQUIRED' })
  await countRequest(c, account, 'admin')
  if (!c.get('config').adminAddresses.has(account.publicId)) {
    throw new ApiFailure({ code: 'ADMIN_REQUIRED' })
  }
  return { actor: ownerOf(account), isPerson: true }
}

/** A session, or a key pair that signed the request. */
async function accountOfCall(c: AppContext) {
  const byToken = await sessionByToken(c)
  if (byToken) return byToken
  const isSigned = c.req.header(signedRequestHeaders.publicKey) !== undefined
  return isSigned ? await verifySignedRequest(c) : await sessionByCookie(c)
}

/** Checks the three headers against host, method, path, body and time. */
export async function verifySignedRequest(
  c: AppContext,
): Promise<Extract<Principal, { kind: 'account' }>> {
  const publicKey = fromHex(c.req.header(signedRequestHeaders.publicKey) ?? '', 32)
  const signature = fromHex(c.req.header(signedRequestHeaders.signature) ?? '', 64)
  const stated = c.req.header(signedRequestHeaders.timestampMs) ?? ''
  if (!publicKey.ok || !signature.ok || !/^[0-9]{1,15}$/.test(stated)) {
    throw new ApiFailure({ code: 'REQUEST_SIGNATURE_INVALID' })
  }
  const timestampMs = Number(stated)
  const ageMs = c.get('now') - timestampMs
  if (ageMs > requestAgeMsMax || -ageMs > requestAgeMsMax) {
    throw new ApiFailure({ code: 'REQUEST_EXPIRED', details: { now_ms: c.get('now') } })
  }
  const url = new URL(c.req.url)
  const message = requestSigningBytes(c.get('config').genesisHash, publicKey.value, {
    host: url.host,
    method: c.req.method.toUpperCase(),
    target: url.pathname + url.search,
    body: new Uint8Array(await c.req.arrayBuffer()),
    timestampMs,
  })
  const input = { signature: signature.value, message, publicKey: publicKey.value }
  if (!(await isSignedBy(input))) throw new ApiFailure({ code: 'REQUEST_SIGNATURE_INVALID' })
  return {
    kind: 'account',
    publicKey: publicKey.value,
    publicId: formatAddress(addressOf(publicKey.value)),
  }
}

/** The one validity rule: what native code is lax about is refused before it is asked. */
async function isSignedBy(input: {
  readonly signature: Uint8Array
  readonly message: Uint8Array
  readonly publicKey: Uint8Array
}): Promise<boolean> {
  if (!strictVerifier(() => true).verify(input)) return false
  try {
    const key = await crypto.subtle.importKey('raw', input.publicKey, 'Ed25519', false, ['verify'])
    return await crypto.subtle.verify('Ed25519', key, input.signature, input.message)
  } catch {
    // Bytes that are no point of the curve.
    return false
  }
}

/** Counts against the principal's quota. Benchmarks on loopback may turn it off, like the limiter. */
async function countRequest(
  c: AppContext,
  principal: Pick<AnyPrincipal, 'kind' | 'publicId'>,
  scope: Scope,
): Promise<void> {
  if (c.env?.RATE_LIMIT === 'off' && isLoopback(new URL(c.req.url).hostname)) return
  const { counts } = memoryOf(c.get('config'))
  const now = c.get('now')
  const name = `${scope}:${principal.publicId}`
  const window = counts.get(name)
  // Key pairs cost nothing: a new one for each request must not get around the limiter.
  if (!window && principal.kind === 'account') await countByAddress(c)
  if (!window || now - window.fromMs >= authLimits.windowMs) {
    remember(counts, name, { fromMs: now, count: 1 }, authLimits.principalsMax)
    return
  }
  window.count++
  if (window.count > authLimits.perMinute[scope]) {
    const seconds = Math.max(1, Math.ceil((window.fromMs + authLimits.windowMs - now) / 1_000))
    throw new ApiFailure({ code: 'QUOTA_EXCEEDED' }, { 'retry-after': String(seconds) })
  }
}

type Memory = {
  readonly keys: Map<string, { readonly principal: Principal; readonly atMs: number }>
  readonly counts: Map<string, { readonly fromMs: number; count: number }>
}

/** One memory a configuration: another configuration may know other keys. */
const memories = new WeakMap<Config, Memory>()

function memoryOf(config: Config): Memory {
  const known = memories.get(config)
  if (known) return known
  const fresh: Memory = { keys: new Map(), counts: new Map() }
  memories.set(config, fresh)
  return fresh
}

/** Puts an entry last and drops the oldest when there are too many. */
function remember<T>(map: Map<string, T>, name: string, value: T, sizeMax: number): void {
  map.delete(name)
  map.set(name, value)
  if (map.size <= sizeMax) return
  const oldest = map.keys().next()
  if (!oldest.done) map.delete(oldest.value)
}
