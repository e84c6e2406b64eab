/**
 * Counting requests without a write a request: each instance counts in memory by route, and tells the
 * coordinator in one write every few seconds. An instance that is killed loses what it counted since it
 * last told: ten seconds at most while requests come. Rules: ../routes/contract-SPEC.md, METRICS.
 */
import type {
  CountReport,
  RequestCount,
  RequestOutcome,
} from '../../core/api/coordinator-figures.ts'
import type { CoordinatorService } from '../../core/api/coordinator-service.ts'

/** Pause between two reports of one instance, milliseconds. */
export const tellEveryMs = 10_000

type Counter = Pick<CoordinatorService, 'countRequests'>
type Memory = {
  requests: Map<string, { readonly labels: Omit<RequestCount, 'count'>; count: number }>
  vitals: Map<string, { count: number; sum: number }>
  /** When something was first counted since the last report; Unix milliseconds. */
  sinceMs: number | undefined
}

/** One memory an environment: that is an instance. */
const memories = new WeakMap<object, Memory>()

/** Counts a request that was answered. `route` is a path of the route table, as `labelOf` makes it. */
export function countRequest(
  env: object,
  request: { readonly route: string; readonly method: string; readonly status: number },
  nowMs: number,
): void {
  const memory = memoryOf(env)
  const outcome: RequestOutcome =
    request.status >= 500 ? 'internal' : request.status >= 400 ? 'invalid_request' : 'ok'
  const method = methodOf(request.method)
  const key = `${method} ${request.route} ${outcome}`
  const known = memory.requests.get(key)
  if (known) known.count += 1
  else {
    memory.requests.set(key, { labels: { endpoint: request.route, method, outcome }, count: 1 })
  }
  memory.sinceMs ??= nowMs
}

/** Counts a measurement of a page. */
export function countVital(env: object, name: string, value: number): void {
  const { vitals } = memoryOf(env)
  const known = vitals.get(name) ?? { count: 0, sum: 0 }
  vitals.set(name, { count: known.count + 1, sum: known.sum + value })
}

/** Whether it is time to tell. */
export function isDue(env: object, nowMs: number): boolean {
  const { sinceMs } = memoryOf(env)
  return sinceMs !== undefined && nowMs - sinceMs >= tellEveryMs
}

/** Tells the coordinator what was counted. What could not be told is counted on. Never rejects. */
export async function tellCounts(env: object, to: Counter, nowMs: number): Promise<void> {
  const memory = memoryOf(env)
  if (memory.requests.size === 0 && memory.vitals.size === 0) return
  const { requests, vitals } = memory
  const report: CountReport = {
    requests: [...requests.values()].map(({ labels, count }) => ({ ...labels, count })),
    vitals: [...vitals].map(([name, { count, sum }]) => ({ name, count, sum })),
  }
  memory.requests = new Map()
  memory.vitals = new Map()
  memory.sinceMs = undefined
  try {
    await to.countRequests(report)
  } catch {
    takeBack(memory, { requests, vitals })
    memory.sinceMs ??= nowMs
  }
}

const labels = new Map<string, string>()

/**
 * The route of a request without what varies: `/api/v1/jobs/:id` and `/v1/jobs/:id` are `/jobs/{id}`.
 * Only paths that the site registers come here, so there are as many labels as routes.
 */
export function labelOf(routePath: string): string {
  const known = labels.get(routePath)
  if (known !== undefined) return known
  const label = routePath
    .replace(/^\/(?:api\/v1|api|v1)(?=\/)/, '')
    .replace(/:([a-z_]+)(?:\{[^}]*\})?/g, '{$1}')
  labels.set(routePath, label)
  return label
}

function takeBack(memory: Memory, lost: Pick<Memory, 'requests' | 'vitals'>): void {
  for (const [key, entry] of lost.requests) {
    const known = memory.requests.get(key)
    if (known) known.count += entry.count
    else memory.requests.set(key, entry)
  }
  for (const [name, { count, sum }] of lost.vitals) {
    const known = memory.vitals.get(name) ?? { count: 0, sum: 0 }
    memory.vitals.set(name, { count: known.count + count, sum: known.sum + sum })
  }
}

function memoryOf(env: object): Memory {
  const known = memories.get(env)
  if (known) return known
  const fresh: Memory = { requests: new Map(), vitals: new Map(), sinceMs: undefined }
  memories.set(env, fresh)
  return fresh
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'])
const methodOf = (method: string): string => (methods.has(method) ? method : 'OTHER')
