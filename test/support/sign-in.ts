/** Signing in at a site under test, as a wallet does it. */
import { toHex } from '../../core/base/bytes.ts'
import { genesisHash } from '../../core/chain/genesis.ts'
import { addressOf, formatAddress } from '../../core/crypto/address.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import { signedMessageBytes } from '../../core/crypto/signed-message.ts'
import { type ApiAnswer, type ApiSite, call, type Json } from './api-client.ts'
import { genesisOf } from './api-payer.ts'

export const addressTextOf = (signer: Signer): string => formatAddress(addressOf(signer.publicKey))

/** The message of a fresh challenge. */
export async function challengeFor(site: ApiSite, address: string): Promise<string> {
  const { json } = await call(site, '/api/v1/auth/challenge', { body: { address } })
  return String(json['message'])
}

/** The body that signs in with a message; `origin` and chain are the site's unless told otherwise. */
export function loginBody(
  site: ApiSite,
  signer: Signer,
  message: string,
  given: { readonly origin?: string; readonly genesisHash?: Uint8Array } = {},
): Json {
  const bytes = signedMessageBytes({
    genesisHash: given.genesisHash ?? genesisHash(genesisOf(site)),
    origin: given.origin ?? new URL(site.url).origin,
    text: message,
  })
  if (!bytes.ok) throw new Error(bytes.error.message)
  return {
    wallet_address: addressTextOf(signer),
    message,
    public_key: toHex(signer.publicKey),
    signature: toHex(signer.sign(bytes.value)),
  }
}

/** Signs in; the whole answer. */
export async function login(
  site: ApiSite,
  signer: Signer,
  given: { readonly body?: Json; readonly path?: string; readonly agent?: string } = {},
): Promise<ApiAnswer> {
  const message = await challengeFor(site, addressTextOf(signer))
  return call(site, given.path ?? '/api/users/login', {
    body: { ...loginBody(site, signer, message), ...given.body },
    headers: { 'user-agent': given.agent ?? 'test' },
  })
}

/** Signs in; the token. */
export async function tokenFor(site: ApiSite, signer: Signer): Promise<string> {
  const { json, text } = await login(site, signer)
  if (typeof json['session_token'] !== 'string') throw new Error(text)
  return json['session_token']
}
