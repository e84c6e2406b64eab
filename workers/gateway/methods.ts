/** Which methods a path answers to, so that a wrong method is told from a wrong address. */
import type { Hono } from 'hono'
import type { AppEnv } from '../context.ts'

/** Methods registered for a path, in capitals; empty when the path is unknown. Middleware does not count. */
export function methodsAt(app: Hono<AppEnv>, path: string): string[] {
  const methods = app.routes
    .filter((route) => route.method !== 'ALL' && patternFor(route.path).test(path))
    .map((route) => route.method)
  return [...new Set(methods)].sort()
}

const patterns = new Map<string, RegExp>()

/** Hono's path syntax as far as our routes use it: `:name`, `:name{pattern}` and a trailing `*`. */
function patternFor(path: string): RegExp {
  const known = patterns.get(path)
  if (known) return known
  const source = path
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : escapeText(part)))
    .join('/')
  const pattern = new RegExp(`^${source}$`)
  patterns.set(path, pattern)
  return pattern
}

const escapeText = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
