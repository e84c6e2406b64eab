/**
 * Small canonical coders shared by every wire object. Integers are big-endian; the order of the fields
 * of a struct is the wire order.
 */
import * as P from 'micro-packed'
import { bytesEqual } from './bytes.ts'
import { err, ok, type Result } from './result.ts'

/** Turns a value into its one canonical form and back; throws on others, hence `decodeCanonical`. */
export type Coder<T> = P.CoderType<T>
/** Bytes that are no canonical encoding. */
export type DecodeError = { readonly code: 'ENCODING_INVALID'; readonly message: string }

/** 32 bytes: a hash or a public key. */
export const bytes32: Coder<Uint8Array> = P.bytes(32)

/** 20 bytes: an address. */
export const bytes20: Coder<Uint8Array> = P.bytes(20)

/** 64 bytes: a signature. */
export const bytes64: Coder<Uint8Array> = P.bytes(64)

/** Unsigned 64-bit integer as `bigint`: amounts, nonces, slots, heights. */
export const u64: Coder<bigint> = P.U64BE

/** Unsigned 8, 16 and 32-bit integers as `number`. */
export const u8: Coder<number> = P.U8
export const u16: Coder<number> = P.U16BE
export const u32: Coder<number> = P.U32BE

/** The same 64 bits as a safe integer: heights, slots and ids where they are counted with. */
export const count: Coder<number> = P.apply(P.U64BE, P.coders.numberBigint)

/** Optional value behind a presence byte of exactly 0 or 1. */
export const optional = <T>(inner: Coder<T>): Coder<T | undefined> => P.optional(P.bool, inner)

/** Array with a 16-bit length. */
export const listOf = <T>(inner: Coder<T>): Coder<T[]> => P.array(P.U16BE, inner)

/** Text as UTF-8 with a 16-bit length in bytes. */
export const text: Coder<string> = P.string(P.U16BE)

/**
 * Decodes canonical bytes: no throw, no trailing bytes, and encoding the value again must give the same
 * bytes, so that one object has one encoding.
 */
export function decodeCanonical<T>(coder: Coder<T>, bytes: Uint8Array): Result<T, DecodeError> {
  try {
    const value = coder.decode(bytes)
    if (bytesEqual(coder.encode(value), bytes)) return ok(value)
    return err({ code: 'ENCODING_INVALID', message: 'encoding is not canonical' })
  } catch (error) {
    return err(malformed(error))
  }
}

/** The same without encoding again, for who compares the bytes with an encoding of its own. */
export function decodeUnchecked<T>(coder: Coder<T>, bytes: Uint8Array): Result<T, DecodeError> {
  try {
    return ok(coder.decode(bytes))
  } catch (error) {
    return err(malformed(error))
  }
}

const malformed = (error: unknown): DecodeError => ({
  code: 'ENCODING_INVALID',
  message: error instanceof Error ? error.message : 'malformed bytes',
})
