/** The original's GPU registry demo: miners by a name in the query, in memory. */
import type { ApiError } from '../../core/api/errors.ts'

type Entry = {
  readonly miner_id: string
  readonly capabilities: unknown
  last_heartbeat: number
}

const entriesMax = 1_000

/** An empty registry. `now`: Unix milliseconds. */
export function openRegistry(now: () => number) {
  const entries = new Map<string, Entry>()
  const gpus = (): unknown[] => [...entries.values()]
  return {
    /** The answer, or undefined for a path that is not the registry's. */
    answer: (
      method: string,
      path: string,
      query: URLSearchParams,
      body: Readonly<Record<string, unknown>>,
    ): { readonly json: unknown } | { readonly error: ApiError } | undefined => {
      const id = query.get('miner_id')?.slice(0, 64) ?? ''
      if (method === 'GET' && path === '/') {
        return { json: { service: 'AITBC mock', miners: entries.size } }
      }
      if (method === 'GET' && path === '/miners/list') return { json: { gpus: gpus() } }
      if (method === 'POST' && (path === '/miners/register' || path === '/miners/heartbeat')) {
        if (id === '') {
          const fault = { field: 'query.miner_id', message: 'Field required', code: 'missing' }
          return { error: { code: 'VALIDATION_ERROR', details: [fault] } }
        }
        const known = entries.get(id)
        if (path === '/miners/heartbeat') {
          if (!known) return { error: { code: 'MINER_NOT_REGISTERED' } }
          known.last_heartbeat = now()
          return { json: { status: 'ok' } }
        }
        if (!known && entries.size >= entriesMax) return { error: { code: 'QUEUE_FULL' } }
        const capabilities = body['capabilities'] ?? {}
        entries.set(id, { miner_id: id, capabilities, last_heartbeat: now() })
        return { json: { status: 'ok', session_token: `mock-${id}` } }
      }
      const one = method === 'GET' ? /^\/miners\/([^/]+)$/.exec(path)?.[1] : undefined
      if (one === undefined) return undefined
      const entry = entries.get(decodeURIComponent(one))
      return entry ? { json: entry } : { error: { code: 'NOT_FOUND' } }
    },
  }
}
