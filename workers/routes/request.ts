/**
 * Reading requests and writing answers, as all coordinator routes do.
 */
import type * as z from 'zod'
import type { ApiError } from '../../core/api/errors.ts'
import { validated } from '../../core/api/jobs-requests.ts'
import type { Result } from '../../core/base/result.ts'
import type { AppContext } from '../context.ts'
import { ApiFailure } from '../failure.ts'

/** The value of a result; an error is thrown to the gateway. */
export function orThrow<T>(result: Result<T, ApiError>): T {
  if (!result.ok) throw new ApiFailure(result.error)
  return result.value
}

/** How bodies and queries are read, and how their faults are worded. Given to `mount`. */
export type Readers = {
  /** `empty` stands in for an absent body where one is tolerated. */
  readonly body: <T>(
    c: AppContext,
    schema: z.ZodType<T>,
    options: { readonly empty?: unknown },
  ) => Promise<T>
  readonly query: <T>(c: AppContext, schema: z.ZodType<T>) => T
}

/** As all of the site but `/rpc` and the explorer's lists of the original. */
export const siteReaders: Readers = {
  body: async (c, schema, options) =>
    orThrow(validated(schema, await readJson(c, options), 'body')),
  query: (c, schema) => orThrow(validated(schema, c.req.query(), 'query')),
}

/** The body as JSON, of whatever shape. */
export async function readJson(
  c: AppContext,
  options: { readonly empty?: unknown } = {},
): Promise<unknown> {
  // A large body is bounded by the gateway; bytes that are no UTF-8 are no JSON either.
  const bytes = await c.req.arrayBuffer()
  if (bytes.byteLength === 0 && options.empty !== undefined) return options.empty
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes))
  } catch {
    throw new ApiFailure({ code: 'JSON_INVALID' })
  }
}

/** JSON that is text already: its numbers must keep their spelling. */
export const jsonText = (text: string, status = 200): Response =>
  new Response(text, { status, headers: { 'content-type': 'application/json' } })

/** Whether a path segment can be a job's id. Anything else is an unknown job. */
export const jobIdOf = (c: AppContext): string => {
  const id = (c.req.param('id') ?? '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(id)) throw new ApiFailure({ code: 'JOB_NOT_FOUND' })
  return id
}
