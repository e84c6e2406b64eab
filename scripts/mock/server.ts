/**
 * The mock as a server: every row of the endpoint table over a memory store, the original's mock
 * coordinator (`/attest/receipt`) and its GPU registry. It checks bodies and keys as a site does, and any
 * key will do. Rules: ../SPEC.md, MOCK.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Endpoint } from '../../core/api/endpoint.ts'
import { endpoints } from '../../core/api/endpoints/table.ts'
import { type ApiError, errorBody, statusOf } from '../../core/api/errors.ts'
import { validated } from '../../core/api/jobs-requests.ts'
import { metricsMediaType, metricsText } from '../../core/api/metrics-text.ts'
import { answerOf } from './answers.ts'
import { openAttestedJobs } from './attested-jobs.ts'
import { randomOf } from './random.ts'
import { openRegistry } from './registry.ts'
import { openStore } from './store.ts'
import { streamOf } from './streams.ts'

const bodyBytesMax = 4_194_304

/** Starts to listen on this machine. Port 0 takes a free one. */
export async function startMock(options: {
  readonly port: number
  readonly seed?: number
  /** Unix milliseconds. */
  readonly now?: () => number
}): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const now = options.now ?? Date.now
  const seed = options.seed ?? 1
  const attested = openAttestedJobs(randomOf(seed))
  const parts: Parts = {
    store: openStore(randomOf(seed + 1), now),
    registry: openRegistry(now),
    attested,
    counts: new Map(),
  }
  let timer: NodeJS.Timeout | undefined
  const addLater = (ms: number): void => {
    timer = setTimeout(() => addLater(attested.add()), ms).unref()
  }
  addLater(1_500)
  const server = createServer((request, response) => {
    void answer(parts, request).then(
      (answered) => send(response, answered),
      () => send(response, failure({ code: 'INTERNAL_ERROR' })),
    )
  })
  await listen(server, options.port)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        clearTimeout(timer)
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Parts = {
  readonly store: ReturnType<typeof openStore>
  readonly registry: ReturnType<typeof openRegistry>
  readonly attested: ReturnType<typeof openAttestedJobs>
  /** Requests by row and status, for `/metrics`. */
  readonly counts: Map<string, { endpoint: string; method: string; count: number }>
}

type Answered = {
  readonly status: number
  readonly type: string
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

async function answer(parts: Parts, request: IncomingMessage): Promise<Answered> {
  const url = new URL(request.url ?? '/', 'http://mock.invalid')
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET')
  const body = await readAll(request)
  if (body === undefined) return failure({ code: 'BODY_TOO_LARGE' })
  const extra = ofOriginal(parts, { method, url, body })
  if (extra) return extra
  const matches = table.filter(({ pattern }) => pattern.test(url.pathname))
  const found = matches.find(({ row }) => row.method === method)
  if (!found) {
    if (matches.length === 0) return failure({ code: 'NOT_FOUND' })
    const allow = [...new Set(matches.map(({ row }) => row.method))].sort().join(', ')
    return { ...failure({ code: 'METHOD_NOT_ALLOWED' }), headers: { allow } }
  }
  const { row, pattern } = found
  count(parts, row, method)
  const who = keyOf(request)
  if (row.auth !== 'none' && who === '') {
    const isForPeople = row.auth === 'session' || row.auth === 'owner' || row.auth === 'account'
    return failure({ code: isForPeople ? 'SIGN_IN_REQUIRED' : 'AUTHENTICATION_ERROR' })
  }
  const params = decoded(pattern.exec(url.pathname)?.groups ?? {})
  const query = Object.fromEntries(url.searchParams)
  return ofRow(parts, row, { params, query, who, body })
}

function ofRow(
  { store }: Parts,
  row: (typeof endpoints)[number],
  call: {
    readonly params: Record<string, string>
    readonly query: Record<string, string>
    readonly who: string
    readonly body: string
  },
): Answered {
  if (row.stream?.kind === 'websocket') return failure({ code: 'UPGRADE_REQUIRED' })
  let body: unknown = {}
  if (row.body !== undefined && (call.body !== '' || row.body.required)) {
    try {
      body = JSON.parse(call.body)
    } catch {
      return failure({ code: 'JSON_INVALID' })
    }
    const checked = validated(row.body.schema, body, 'body')
    if (!checked.ok) return failure(checked.error)
  }
  const asked = { ...call, body: body as Record<string, unknown> }
  const stream = streamOf(row.id, asked, store)
  if (stream !== undefined) return { status: 200, type: 'text/event-stream', text: stream }
  const answered = answerOf(row, asked, store)
  if ('error' in answered) return failure(answered.error)
  const { status, json } = answered
  const { mediaType } = row.answers.find((each) => each.status === status) ?? {}
  if (json === undefined) return { status, type: mediaType ?? 'text/plain', text: '' }
  return { status, type: 'application/json', text: JSON.stringify(json) }
}

/** The original's mock coordinator and registry: at the root, where the table has nothing. */
function ofOriginal(
  { attested, registry, counts, store }: Parts,
  { method, url, body }: { readonly method: string; readonly url: URL; readonly body: string },
): Answered | undefined {
  const path = url.pathname.replace(/^\/v1(?=\/attest\/)/, '')
  if (method === 'GET' && path === '/health') return json({ status: 'ok' })
  if (method === 'GET' && path === '/metrics') return metrics(counts, store.jobs().length)
  if (method === 'POST' && path === '/attest/receipt') {
    const { job_id: id } = parsed(body)
    if (typeof id === 'string') return json(attested.attest(id))
    const fault = { field: 'body.job_id', message: 'Field required', code: 'missing' }
    return failure({ code: 'VALIDATION_ERROR', details: [fault] })
  }
  const answered = registry.answer(method, path, url.searchParams, parsed(body))
  if (answered === undefined) return undefined
  return 'error' in answered ? failure(answered.error) : json(answered.json)
}

function metrics(counts: Parts['counts'], jobs: number): Answered {
  const samples = [...counts.values()].map(({ endpoint, method, count: value }) => ({
    labels: { endpoint, method },
    value,
  }))
  const text = metricsText([
    { name: 'marketplace_requests_total', type: 'counter', help: 'Requests by route', samples },
    { name: 'mock_jobs', type: 'gauge', help: 'Jobs in memory', samples: [{ value: jobs }] },
  ])
  return { status: 200, type: metricsMediaType, text }
}

/** Rows by their paths, what is fixed before what varies. */
const table = endpoints
  .flatMap((row) =>
    [row.path, ...(row.aliases ?? [])].map((path) => ({ row, path, pattern: patternOf(path) })),
  )
  .sort((a, b) => placeholders(a.path) - placeholders(b.path))

function patternOf(path: string): RegExp {
  const source = path
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    // A model's name may hold slashes.
    .replace(/\{name\}$/, '(?<name>.+)')
    .replace(/\{([a-z_]+)\}/g, '(?<$1>[^/]+)')
  return new RegExp(`^${source}$`)
}

function placeholders(path: string): number {
  return path.split('{').length - 1
}

const decoded = (groups: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decode(text)]))

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function count({ counts }: Parts, { path }: Endpoint, method: string): void {
  const key = `${method} ${path}`
  const known = counts.get(key) ?? { endpoint: path, method, count: 0 }
  known.count += 1
  counts.set(key, known)
}

/** Any key will do: who sends none is nobody. */
function keyOf({ headers }: IncomingMessage): string {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const key = headers['x-api-key'] ?? headers['x-session-token'] ?? bearer
  const signed = headers['x-aitbc-public-key']
  return String(key ?? signed ?? '').slice(0, 256)
}

async function readAll(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > bodyBytesMax) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const json = (value: unknown): Answered => ({
  status: 200,
  type: 'application/json',
  text: JSON.stringify(value),
})

function failure(error: ApiError): Answered {
  const context = { requestId: 'mock', timestamp: new Date().toISOString() }
  const text = JSON.stringify(errorBody(error, context))
  return { status: statusOf(error.code), type: 'application/json', text }
}

function send(response: ServerResponse, { status, type, text, headers }: Answered): void {
  response.writeHead(status, { 'content-type': type, 'x-upstream': 'mock', ...headers })
  response.end(status === 204 ? undefined : text)
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
