/** Reading what callers of `/rpc` send: bodies, pages, hashes and addresses, with the original's texts. */
import type * as z from 'zod'
import { fromHex } from '../../core/base/bytes.ts'
import { formatAddress, isLegacyAddress, parseAddress } from '../../core/crypto/address.ts'
import type { AppContext } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { orThrow, type Readers } from './request.ts'

async function readBody<T>(c: AppContext, schema: z.ZodType<T>): Promise<T> {
  let json: unknown
  const text = await c.req.text()
  try {
    json = JSON.parse(text)
  } catch {
    throw new ApiFailure({ code: 'JSON_INVALID' })
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const details = parsed.error.issues.slice(0, 20).map((issue) => ({
    field: ['body', ...issue.path.map(String)].join('.'),
    message: issue.message,
    code: issue.code,
  }))
  throw new ApiFailure({ code: 'VALIDATION_ERROR', details })
}

/** The query, checked, with the original's texts: what is out of bounds is 400, what is no number 422. */
function readListQuery<T>(c: AppContext, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(c.req.query())
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  if (issue?.code === 'too_small' || issue?.code === 'too_big') throw rangeFailure(issue.message)
  const name = issue?.path.map(String).join('.') ?? ''
  const message = issue?.message ?? 'invalid'
  throw new ApiFailure({
    code: 'VALIDATION_ERROR',
    message: `${name}: ${message}`,
    details: [{ field: `query.${name}`, message, code: 'invalid_type' }],
  })
}

/** Bodies and queries with the original's texts. */
export const originalReaders: Readers = { body: readBody, query: readListQuery }

/** 32 bytes of the path, as hex with or without `0x`. */
export function readHash(text: string, what: string): Uint8Array {
  const hash = fromHex(text, 32)
  if (hash.ok) return hash.value
  throw new ApiFailure({
    code: 'VALIDATION_ERROR',
    message: `${what}: ${hash.error.message}`,
    details: [{ field: `path.${what}`, message: hash.error.message, code: 'invalid' }],
  })
}

/** An address to look something up by. Those of the original network hold nothing here. */
export type Lookup =
  | { readonly kind: 'account'; readonly address: Uint8Array; readonly text: string }
  | { readonly kind: 'legacy'; readonly text: string }

/** An address of the path. Money never moves by it, so the original's form is fine. */
export function readLookup(text: string): Lookup {
  if (isLegacyAddress(text)) return { kind: 'legacy', text }
  const address = readAddress(text)
  return { kind: 'account', address, text: formatAddress(address) }
}

/** An address of the path that has a key here. */
export const readAddress = (text: string): Uint8Array => orThrow(parseAddress(text))

/** A query of the read model; a database that does not answer is told as such. */
export async function fromDatabase<T>(query: Promise<T>): Promise<T> {
  try {
    return await query
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    console.error(JSON.stringify({ msg: 'read model unavailable', error: message }))
    throw new ApiFailure({ code: 'DATABASE_UNAVAILABLE' })
  }
}

export const rangeFailure = (message: string): ApiFailure =>
  new ApiFailure({ code: 'RANGE_INVALID', message })
