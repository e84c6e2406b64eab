/**
 * Who is asking: an API key (the coordinator knows their hashes) or a signed request (the key pair is the
 * identity). What was found is kept for a short while per isolate; each principal has a quota.
 * Rules: routes/coordinator-SPEC.md, AUTHN.
 */
import type { Principal } from '../core/api/coordinator-service.ts'
import {
  requestAgeMsMax,
  requestSigningBytes,
  signedRequestHeaders,
} from '../core/api/signed-request.ts'
import { fromHex, toHex, utf8ToBytes } from '../core/base/bytes.ts'
import { isLoopback } from '../core/base/loopback.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { strictVerifier } from '../core/crypto/ed25519.ts'
import { sha256 } from '../core/crypto/hash.ts'
import type { Config } from './config.ts'
import type { AppContext } from './context.ts'
import { ApiFailure } from './failure.ts'
import { countByAddress } from './gateway/limiter.ts'

export type Scope = 'client' | 'miner' | 'admin'

/** Bounds of authentication in one isolate. */
export const authLimits = {
  /** Keys remembered, and how long: a revoked key works this much longer in an isolate. */
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
  if (c.req.header(signedRequestHeaders.publicKey) !== undefined) {
    const account = await verifySignedRequest(c)
    if (scope === 'client') return account
    throw new ApiFailure({
      code: 'AUTHORIZATION_ERROR',
      message: `This route wants an API key of scope ${scope}.`,
    })
  }
  const apiKey = apiKeyOf(c)
  if (apiKey === undefined || apiKey === '' || apiKey.length > authLimits.keyCharsMax) {
    throw new ApiFailure({ code: 'AUTHENTICATION_ERROR' })
  }
  const { keys } = memoryOf(c.get('config'))
  const name = `${scope}:${toHex(sha256(utf8ToBytes(apiKey)))}`
  const known = keys.get(name)
  const now = c.get('now')
  if (known && now - known.atMs < authLimits.keyAgeMsMax) return known.principal
  const principal = await c.get('coordinator').authenticate({ apiKey, scope })
  if (!principal) {
    keys.delete(name)
    throw new ApiFailure({ code: 'AUTHENTICATION_ERROR' })
  }
  remember(keys, name, { principal, atMs: now }, authLimits.keysMax)
  return principal
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
async function countRequest(c: AppContext, principal: Principal, scope: Scope): Promise<void> {
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
