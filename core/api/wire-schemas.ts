/**
 * Schemas of values on the wire, as readers of answers need them: text in, values out. Of `zod/mini`, since
 * light clients in browsers load them.
 */
import * as z from 'zod/mini'
import { fromHex } from '../base/bytes.ts'
import { type Coder, decodeCanonical } from '../base/coders.ts'
import type { Result } from '../base/result.ts'

/** A height, slot or count. */
export const whole = z.int().check(z.minimum(0))
/** Base units as a decimal string. */
export const units = z.pipe(
  z.string().check(z.regex(/^(?:0|[1-9][0-9]{0,19})$/)),
  z.transform((text: string) => BigInt(text)),
)
/** Hex, of exactly so many bytes where that is given. */
export const bytes = (length?: number) =>
  z.pipe(
    z.string(),
    reading((text) => fromHex(text, length)),
  )
/** Hex of what a coder reads. */
export const canonical = <T>(coder: Coder<T>) =>
  z.pipe(
    bytes(),
    reading((encoded) => decodeCanonical(coder, encoded)),
  )

/** A step that may fail, with the message of its error. */
const reading = <From, To>(read: (input: From) => Result<To, { readonly message: string }>) =>
  z.transform((input: From, context): To => {
    const value = read(input)
    if (value.ok) return value.value
    context.issues.push({ code: 'custom', input, message: value.error.message })
    return z.NEVER
  })
