/**
 * What is wrong with a request in OpenAI's format, with the field that is at fault, and how the schemas'
 * and the limits' words become it.
 */
import type * as z from 'zod'
import type { ApiError } from '../api/errors.ts'
import { err, type Result } from '../base/result.ts'

/** `param` names the field, as OpenAI does. Status 400. */
export type OpenAiFault = {
  readonly message: string
  readonly param: string | null
  readonly code:
    | 'invalid_value'
    | 'unsupported_parameter'
    | 'missing_required_parameter'
    | 'unsupported_feature'
  /** What to do instead, where something is known. */
  readonly details?: unknown
}

/** A field that would change the answer and that this network does not have. */
export const unsupported = (param: string, message: string): Result<never, OpenAiFault> =>
  err({ message, param, code: 'unsupported_parameter' })

/** A field that makes no sense as it is. */
export const invalid = (param: string, message: string): Result<never, OpenAiFault> =>
  err({ message, param, code: 'invalid_value' })

/** The first thing that a schema finds. */
export function shapeFault(error: z.ZodError, body: unknown): OpenAiFault {
  const issue = error.issues[0]
  const param = issue && issue.path.length > 0 ? issue.path.join('.') : null
  const isMissing =
    issue?.path.length === 1 &&
    (body as Record<PropertyKey, unknown> | null)?.[issue.path[0] as PropertyKey] === undefined
  return {
    message: isMissing
      ? `${param} is required`
      : `${param ?? 'body'}: ${issue?.message ?? 'invalid'}`,
    param,
    code: isMissing ? 'missing_required_parameter' : 'invalid_value',
  }
}

/** The first bound of a specification that a request breaks. */
export function boundFault(error: ApiError): OpenAiFault {
  const [first] = (error.details ?? []) as readonly { field: string; message: string }[]
  const param = first?.field ?? null
  return {
    message: `${param ?? 'body'} ${first?.message ?? 'invalid'}`,
    param,
    code: 'invalid_value',
  }
}
