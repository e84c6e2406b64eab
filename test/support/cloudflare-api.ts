/**
 * A stand-in of Cloudflare's HTTP API on loopback, for the real wrangler: it answers what the commands
 * of a deployment ask, keeps what was uploaded, and runs D1 on SQLite. What it does not know it refuses
 * and lists in `unknown`, for a test to fail on.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bearerOf, type Call, CloudflareFault, type Handler } from './cloudflare-call.ts'
import { d1Handlers, type RemoteDatabase } from './cloudflare-d1.ts'
import { type PagesState, pagesHandlers } from './cloudflare-pages.ts'
import { type WorkersState, workersHandlers } from './cloudflare-workers.ts'

/** An answer in place of the usual one, for requests that look like `request`. */
export type Fault = {
  /** Matched against `METHOD /path`. */
  readonly request: RegExp
  readonly status: number
  readonly code: number
  readonly message: string
  /** How many requests it answers; all of them when absent. */
  times?: number
}

export type CloudflareApi = AsyncDisposable & {
  readonly url: string
  /** Variables with which a wrangler process talks to this account and to nothing else. */
  readonly env: Readonly<Record<string, string>>
  readonly uploads: WorkersState & PagesState & { readonly databases: Map<string, RemoteDatabase> }
  /** Every request as `METHOD /path`, oldest first. */
  readonly requests: readonly string[]
  /** Requests that nothing here answers. */
  readonly unknown: readonly string[]
  /** What goes wrong from now on. */
  faults: Fault[]
}

export type CloudflareOptions = {
  /** Zones of the account; `example.org` when absent. */
  readonly zones?: readonly string[]
}

const apiToken = 'token-of-the-operator'
const accountId = '0123456789abcdef0123456789abcdef'
const account = { id: accountId, name: "The operator's account", type: 'standard' }

/** Starts an account without Workers, databases and projects. */
export async function startCloudflareApi(options: CloudflareOptions = {}): Promise<CloudflareApi> {
  const uploads: CloudflareApi['uploads'] = {
    workers: new Map(),
    scripts: [],
    assets: new Map(),
    zones: options.zones ?? ['example.org'],
    projects: new Map(),
    files: new Map(),
    databases: new Map(),
  }
  const handlers = compile({
    ...accountHandlers,
    ...d1Handlers(uploads.databases),
    ...workersHandlers(uploads),
    ...pagesHandlers(uploads),
  })
  const requests: string[] = []
  const unknown: string[] = []
  // The upload token of the stand-in holds the manifest: one hash a file.
  const server = createServer({ maxHeaderSize: 262_144 }, (request, response) => {
    void answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  // Neither a login nor a remembered project of this machine may reach the program under test.
  const folder = mkdtempSync(join(tmpdir(), 'aitbc-cloudflare-'))
  const api: CloudflareApi = {
    url,
    env: {
      CLOUDFLARE_API_BASE_URL: url,
      CLOUDFLARE_API_TOKEN: apiToken,
      CLOUDFLARE_ACCOUNT_ID: accountId,
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_CACHE_DIR: join(folder, 'cache'),
      XDG_CONFIG_HOME: join(folder, 'config'),
    },
    uploads,
    requests,
    unknown,
    faults: [],
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      for (const { sqlite } of uploads.databases.values()) sqlite.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    const method = request.method ?? 'GET'
    const name = `${method} ${pathname}`
    requests.push(name)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const call = {
      method,
      path: pathname,
      query: searchParams,
      headers: new Headers(request.headers as Record<string, string>),
      body: Buffer.concat(chunks),
      origin: url,
    }
    try {
      refuseIfFaulty(api.faults, name)
      if (!isAllowed({ ...call, params: {} })) {
        throw new CloudflareFault(401, 10_000, 'Authentication error')
      }
      const found = handlers.find(({ pattern }) => pattern.test(name))
      if (!found) {
        unknown.push(name)
        throw new CloudflareFault(404, 7_003, `The stand-in does not know ${name}`)
      }
      const params = { ...(found.pattern.exec(name)?.groups ?? {}) }
      send(response, 200, await found.handler({ ...call, params }), [])
    } catch (error) {
      if (!(error instanceof CloudflareFault)) throw error
      send(response, error.status, null, [{ code: error.code, message: error.message }])
    }
  }
  return api
}

const accountHandlers: Readonly<Record<string, Handler>> = {
  'GET /user': () => ({ id: 'operator', email: 'operator@example.org' }),
  'GET /user/tokens/verify': () => ({ id: 'token', status: 'active' }),
  'GET /accounts': () => [account],
  'GET /accounts/:account': () => account,
  'GET /memberships': () => [{ id: 'membership', account }],
}

function compile(handlers: Readonly<Record<string, Handler>>) {
  return Object.entries(handlers).map(([name, handler]) => {
    const source = name.replaceAll(/:([a-z]+)/g, '(?<$1>[^/]+)')
    return { pattern: new RegExp(`^${source}$`), handler }
  })
}

function refuseIfFaulty(faults: Fault[], name: string): void {
  const fault = faults.find(({ request, times = 1 }) => times > 0 && request.test(name))
  if (!fault) return
  if (fault.times !== undefined) fault.times -= 1
  throw new CloudflareFault(fault.status, fault.code, fault.message)
}

/** Uploads carry the token of their session, everything else the operator's. */
function isAllowed(call: Call): boolean {
  if (call.path.startsWith('/uploads/')) return true
  const isUpload = /\/assets\/(?:upload|check-missing|upsert-hashes)$/.test(call.path)
  const bearer = bearerOf(call)
  return isUpload ? bearer.split('.').length === 3 : bearer === apiToken
}

function send(
  response: ServerResponse,
  status: number,
  result: unknown,
  errors: { code: number; message: string }[],
): void {
  const etag = (result as { etag?: unknown } | null)?.etag
  const count = Array.isArray(result) ? result.length : 0
  response.writeHead(status, {
    'content-type': 'application/json',
    // Where a file was put, its hash proves that it arrived.
    ...(typeof etag === 'string' ? { etag: `"${etag}"` } : {}),
  })
  response.end(
    JSON.stringify({
      success: errors.length === 0,
      errors,
      messages: [],
      result,
      result_info: { page: 1, per_page: 100, count, total_count: count, total_pages: 1 },
    }),
  )
}
