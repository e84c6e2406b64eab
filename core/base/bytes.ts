/**
 * Byte strings and their text forms. Hex is lower case; base64url has no padding (RFC 4648, 5).
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { base64, base64urlnopad, utf8 } from '@scure/base'
import { err, ok, type Result } from './result.ts'

/** Why text is no byte string. */
export type BytesError = { readonly code: 'BYTES_INVALID'; readonly message: string }

/** Encodes bytes as lower-case hex without a prefix. */
export const toHex = (bytes: Uint8Array): string => bytesToHex(bytes)

/** Encodes bytes as `0x`-prefixed lower-case hex, the spelling of hashes on the wire. */
export const toHex0x = (bytes: Uint8Array): string => `0x${bytesToHex(bytes)}`

/** Encodes bytes as base64url without padding. */
export const toBase64Url = (bytes: Uint8Array): string => base64urlnopad.encode(bytes)

/** Encodes bytes as base64 with padding. */
export const toBase64 = (bytes: Uint8Array): string => base64.encode(bytes)

/** Encodes text as UTF-8. */
export const utf8ToBytes = (text: string): Uint8Array => utf8.decode(text)

/** Whether every surrogate has its other half: UTF-8 would lose those that have not. */
export const isWellFormed = (text: string): boolean =>
  !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)

/** Decodes hex, with or without `0x`, of exactly `length` bytes when that is given. */
export function fromHex(text: string, length?: number): Result<Uint8Array, BytesError> {
  const digits = text.startsWith('0x') ? text.slice(2) : text
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(digits)) return invalid('not hex')
  return sized(hexToBytes(digits.toLowerCase()), length)
}

/** Decodes base64url without padding of exactly `length` bytes when that is given. */
export function fromBase64Url(text: string, length?: number): Result<Uint8Array, BytesError> {
  try {
    return sized(base64urlnopad.decode(text), length)
  } catch {
    return invalid('not base64url without padding')
  }
}

/** Decodes base64 with padding. */
export function fromBase64(text: string): Result<Uint8Array, BytesError> {
  try {
    return ok(base64.decode(text))
  } catch {
    return invalid('not base64')
  }
}

/** Whether two byte strings are equal. Not constant time: for public values only. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  // A loop: `every` costs a call for each byte, and this is asked of every decoded object.
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lexicographic order of byte strings: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = a.length < b.length ? a.length : b.length
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function sized(bytes: Uint8Array, length: number | undefined): Result<Uint8Array, BytesError> {
  if (length !== undefined && bytes.length !== length) {
    return invalid(`expected ${length} bytes, got ${bytes.length}`)
  }
  return ok(bytes)
}

function invalid(message: string): Result<never, BytesError> {
  return err({ code: 'BYTES_INVALID', message })
}
