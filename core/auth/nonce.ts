/**
 * Nonces of challenges: 32 bytes that carry their time and a mac over whom they are for, so that asking
 * for one stores nothing. That one is used once is the account object's business. Rules: SPEC.md, SIGNIN.
 */
import { equalBytes } from '@noble/ciphers/utils.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { fromHex, toHex, utf8ToBytes } from '../base/bytes.ts'
import { bytes32, text, u64 } from '../base/coders.ts'
import { err, ok, type Result } from '../base/result.ts'
import { signInLimits } from './sign-in.ts'

/** Random bytes in a nonce. */
export const nonceRandomBytes = 8

/** Whom a nonce is for. */
export type NonceScope = {
  /** Host and port of the site. */
  readonly domain: string
  readonly genesisHash: Uint8Array
  /** `aitbc1…` */
  readonly address: string
}

/** Why a nonce cannot be used. */
export type NonceError = { readonly code: 'SIGN_IN_NONCE_UNKNOWN' | 'SIGN_IN_EXPIRED' }

const macBytes = 16

const scopeCoder = P.struct({ tag: text, domain: text, genesisHash: bytes32, address: text })

/** Makes a nonce, 64 hex digits. `random`: `nonceRandomBytes` fresh random bytes. */
export function makeNonce(
  given: NonceScope & {
    readonly secret: string
    readonly random: Uint8Array
    readonly nowMs: number
  },
): string {
  const head = concatBytes(u64.encode(BigInt(given.nowMs)), given.random)
  return toHex(concatBytes(head, macOf(given, given.secret, head)))
}

/**
 * Checks a nonce against any of the secrets.
 *
 * @returns When it can no longer be used, Unix milliseconds.
 */
export function checkNonce(
  given: NonceScope & {
    readonly nonce: string
    readonly secrets: readonly string[]
    readonly nowMs: number
  },
): Result<{ readonly expiresAtMs: number }, NonceError> {
  const bytes = fromHex(given.nonce, 8 + nonceRandomBytes + macBytes)
  if (!bytes.ok) return err({ code: 'SIGN_IN_NONCE_UNKNOWN' })
  const head = bytes.value.subarray(0, 8 + nonceRandomBytes)
  const mac = bytes.value.subarray(8 + nonceRandomBytes)
  const isOurs = given.secrets.some((secret) => equalBytes(macOf(given, secret, head), mac))
  if (!isOurs) return err({ code: 'SIGN_IN_NONCE_UNKNOWN' })
  const expiresAtMs = Number(u64.decode(head.subarray(0, 8))) + signInLimits.challengeMs
  return expiresAtMs > given.nowMs ? ok({ expiresAtMs }) : err({ code: 'SIGN_IN_EXPIRED' })
}

const macOf = (scope: NonceScope, secret: string, head: Uint8Array): Uint8Array => {
  const { domain, genesisHash, address } = scope
  const named = scopeCoder.encode({ tag: 'aitbc/sign-in-nonce/1', domain, genesisHash, address })
  return hmac(sha256, utf8ToBytes(secret), concatBytes(named, head)).subarray(0, macBytes)
}
