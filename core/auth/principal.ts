/**
 * Who calls, however that was proved: by a session, by a key pair that signs each request, or by an API
 * key. Rules: SPEC.md, SIGNIN.
 */
import { toHex } from '../base/bytes.ts'
import { parseAddress } from '../crypto/address.ts'
import { taggedHash } from '../crypto/hash.ts'
import type { KeyScopeName } from './key-scopes.ts'

/** What an API key may be used for. */
export type KeyScope = 'client' | 'miner' | 'admin'

/** An API key; `publicId` is what others may see. What is optional is there for keys of an account. */
export type ApiKeyPrincipal = {
  readonly kind: 'api_key'
  readonly scope: KeyScope
  readonly publicId: string
  /** Address of the account that it belongs to; absent for keys that the operator sets. */
  readonly account?: string
  /** What it may be used for; absent: all of `scope`. */
  readonly scopes?: readonly KeyScopeName[]
  /** Which of its secrets was shown, since each ends by itself; absent for a session's console key. */
  readonly secretId?: string
}

/** A key pair that signed this request; `publicId` is its address. */
export type AccountPrincipal = {
  readonly kind: 'account'
  readonly publicKey: Uint8Array
  readonly publicId: string
}

/** Somebody who signed in; `publicId` is the address of the account. */
export type SessionPrincipal = {
  readonly kind: 'session'
  readonly publicId: string
  readonly sessionId: string
  /** Unix milliseconds. */
  readonly expiresAtMs: number
}

/** Who calls. */
export type Principal = ApiKeyPrincipal | AccountPrincipal | SessionPrincipal

/** The name under which a principal owns things at a site. */
export const ownerOf = (principal: Principal): string =>
  principal.kind === 'api_key'
    ? `key:${principal.scope}:${principal.publicId}`
    : `account:${principal.publicId}`

/** The user id of an account: a UUID (version 8, RFC 9562) of its address on this chain. */
export function userIdOf(genesisHash: Uint8Array, address: string): string {
  const parsed = parseAddress(address)
  const named = parsed.ok ? parsed.value : new Uint8Array()
  const bytes = taggedHash('aitbc/user-id/1', genesisHash, named).slice(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
