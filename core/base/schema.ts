/**
 * Reading values by schemas of `zod/mini`: it weighs little in browsers, and leaves it to whoever calls it
 * to say in words what is wrong.
 */
import * as z from 'zod/mini'
import en from 'zod/v4/locales/en.js'
import { err, ok, type Result } from './result.ts'

const { localeError } = en()

/** What a schema makes of a value, or its first fault as `path: what is wrong`. */
export function readBy<Schema extends z.core.$ZodType>(
  schema: Schema,
  value: unknown,
): Result<z.output<Schema>, string> {
  const parsed = z.safeParse(schema, value, { error: localeError })
  if (parsed.success) return ok(parsed.data)
  const [issue] = parsed.error.issues
  return err(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`)
}
