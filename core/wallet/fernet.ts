/**
 * Fernet tokens, version 0x80 (github.com/fernet/spec): AES-128-CBC, then HMAC-SHA256 over everything
 * before it, as URL-safe base64 with padding. Time and IV enter as arguments.
 */
import { cbc } from '@noble/ciphers/aes.js'
import { equalBytes } from '@noble/ciphers/utils.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { base64url } from '@scure/base'
import { u64 } from '../base/coders.ts'
import { err, ok, type Result } from '../base/result.ts'

/** Bytes of a key (16 that sign, then 16 that encrypt) and of an IV. */
export const fernetKeyBytes = 32
export const fernetIvBytes = 16

/** An opened token: what it held, and when it was made, in Unix seconds. */
export type FernetContent = { readonly plain: Uint8Array; readonly timeSeconds: bigint }

/** Why a token does not open: no token at all, or not one under this key. */
export type FernetError =
  | { readonly code: 'FERNET_MALFORMED'; readonly message: string }
  | { readonly code: 'FERNET_REFUSED'; readonly message: string }

const version = 0x80
const headBytes = 1 + 8 + fernetIvBytes
const macBytes = 32
const blockBytes = 16

/** Seals bytes. `key`: 32 bytes; `iv`: 16 fresh random bytes; `timeSeconds`: Unix time. */
export function sealFernet(input: {
  readonly key: Uint8Array
  readonly plain: Uint8Array
  readonly iv: Uint8Array
  readonly timeSeconds: number
}): string {
  const { key, plain, iv, timeSeconds } = input
  const head = concatBytes(Uint8Array.of(version), u64.encode(BigInt(timeSeconds)), iv)
  const signed = concatBytes(head, cbc(key.slice(blockBytes), iv).encrypt(plain))
  return base64url.encode(concatBytes(signed, macOf(key, signed)))
}

/** Opens a token. Says nothing about its age. */
export function openFernet(key: Uint8Array, token: string): Result<FernetContent, FernetError> {
  const bytes = decode(token)
  const length = (bytes?.length ?? 0) - headBytes - macBytes
  if (bytes === undefined || length < blockBytes || length % blockBytes !== 0) return malformed()
  if (bytes[0] !== version) return malformed()
  const signed = bytes.subarray(0, -macBytes)
  // In constant time, and before anything is decrypted: no oracle for padding.
  if (!equalBytes(macOf(key, signed), bytes.subarray(-macBytes))) {
    return err({ code: 'FERNET_REFUSED', message: 'the token was not made with this key' })
  }
  const iv = bytes.slice(9, headBytes)
  try {
    const plain = cbc(key.slice(blockBytes), iv).decrypt(signed.slice(headBytes))
    return ok({ plain, timeSeconds: u64.decode(bytes.slice(1, 9)) })
  } catch {
    return malformed()
  }
}

/** Whether text has the form of a token, whoever made it. */
export const isFernetToken = (token: string): boolean => decode(token)?.[0] === version

const macOf = (key: Uint8Array, signed: Uint8Array): Uint8Array =>
  hmac(sha256, key.subarray(0, blockBytes), signed)

function decode(token: string): Uint8Array | undefined {
  try {
    return base64url.decode(token)
  } catch {
    return undefined
  }
}

const malformed = (): Result<never, FernetError> =>
  err({ code: 'FERNET_MALFORMED', message: 'not a Fernet token' })
