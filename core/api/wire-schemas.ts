/** Schemas of values on the wire, as readers of answers need them: text in, values out. */
import * as z from 'zod'
import { fromHex } from '../base/bytes.ts'
import { type Coder, decodeCanonical } from '../base/coders.ts'

/** A height, slot or count. */
export const whole = z.int().min(0)
/** Base units as a decimal string. */
export const units = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,19})$/)
  .transform(BigInt)
/** Hex, of exactly so many bytes where that is given. */
export const bytes = (length?: number) =>
  z.string().transform((text, context) => {
    const read = fromHex(text, length)
    if (read.ok) return read.value
    context.addIssue({ code: 'custom', message: read.error.message })
    return z.NEVER
  })
/** Hex of what a coder reads. */
export const canonical = <T>(coder: Coder<T>) =>
  bytes().transform((encoded, context) => {
    const read = decodeCanonical(coder, encoded)
    if (read.ok) return read.value
    context.addIssue({ code: 'custom', message: read.error.message })
    return z.NEVER
  })
