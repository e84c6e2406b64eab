/** The coordinator's routes behind the real gateway, over a coordinator of which a test says what it answers. */
import { Hono } from 'hono'
import type {
  CoordinatorService,
  JobRecord,
  SiteView,
} from '../../../core/api/coordinator-service.ts'
import { signRequest } from '../../../core/api/signed-request.ts'
import { utf8ToBytes } from '../../../core/base/bytes.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import type { Signer } from '../../../core/crypto/signature.ts'
import type { AppEnv } from '../../../workers/context.ts'
import type { Env } from '../../../workers/env.ts'
import { createGateway } from '../../../workers/gateway/gateway.ts'
import { routeTable, type ServiceName } from '../../../workers/gateway/routes.ts'
import { coordinatorRoutes } from '../../../workers/routes/coordinator.ts'
import { ollamaRoutes } from '../../../workers/routes/ollama.ts'
import { routeGenesis, routeSecrets } from '../../support/route-env.ts'
import { coordinator as coordinatorKey, owner } from '../jobs/fixtures.ts'

export const genesis = routeGenesis

const env = () => ({
  ...routeSecrets,
  ASSETS: { fetch: async () => new Response(null, { status: 404 }) },
})

export const jobId = 'ab'.repeat(16)

export const record = (changes: Partial<JobRecord> = {}): JobRecord => ({
  jobId,
  state: 'queued',
  client: 'client-1',
  model: 'aitbc-tiny',
  minerId: undefined,
  attempts: 0,
  requestedAtMs: 1_770_000_000_123,
  expiresAtMs: 1_770_000_900_123,
  completedAtMs: undefined,
  error: undefined,
  paymentStatus: 'escrowed',
  limit: 250_000_000n,
  amount: undefined,
  promptTokens: undefined,
  completionTokens: undefined,
  receiptId: undefined,
  receiptHash: undefined,
  settlement: undefined,
  isPaidElsewhere: false,
  ...changes,
})

export const site: SiteView = {
  coordinatorKey: coordinatorKey.publicKey,
  models: [
    {
      name: 'dear/model:7b',
      contextTokens: 8_192,
      miners: 1,
      pricePrompt: 5n,
      priceCompletion: 9n,
      engines: ['ollama'],
    },
    {
      name: 'aitbc-tiny',
      contextTokens: 2_048,
      miners: 2,
      pricePrompt: 1n,
      priceCompletion: 2n,
      engines: ['embedded'],
    },
  ],
  minersOnline: 3,
  queued: 1,
  running: 2,
  notice: undefined,
  dispatching: true,
  fault: undefined,
  settleMarginSlots: 60,
  chargeMin: 17_000n,
  authorisationLifeSlots: 400,
}

/** A family for every name in the route table, none of which answers anything. */
function emptyServices(): Record<ServiceName, Hono<AppEnv>> {
  const names = routeTable.flatMap(({ target }) => (target.kind === 'service' ? target.name : []))
  const entries = [...new Set(names)].map((name) => [name, new Hono<AppEnv>()] as const)
  return Object.fromEntries(entries) as Record<ServiceName, Hono<AppEnv>>
}

/** Calls of the coordinator, in order: method and arguments. */
export type Calls = { readonly method: string; readonly args: readonly unknown[] }[]

const keys: Readonly<Record<string, string>> = {
  'client-key-1': 'client',
  'miner-key-1': 'miner',
  'admin-key-1': 'admin',
}

/**
 * An app whose coordinator answers as told; methods that were not told about fail the request. `isFree`
 * is the platform's limiter: whether an address may go on.
 */
export function app(
  answers: Partial<CoordinatorService> = {},
  isFree: (address: string) => boolean = () => true,
) {
  const calls: Calls = []
  const told: Partial<CoordinatorService> = {
    authenticate: async ({ apiKey, scope }) =>
      keys[apiKey] === scope ? { kind: 'api_key', scope, publicId: `${scope}-1` } : undefined,
    site: async () => site,
    ...answers,
  }
  const service = new Proxy(told, {
    get:
      (target, name) =>
      (...args: unknown[]) => {
        const method = String(name)
        calls.push({ method, args })
        const answer = target[method as keyof CoordinatorService] as
          | ((...all: unknown[]) => unknown)
          | undefined
        if (!answer) throw new Error(`the test says nothing about ${method}`)
        return answer(...args)
      },
  }) as CoordinatorService
  const upgrades: Request[] = []
  const bindings = {
    ...env(),
    ANONYMOUS_LIMIT: { limit: async ({ key }: { key: string }) => ({ success: isFree(key) }) },
  } as unknown as Env
  const gateway = createGateway({
    provide: (c) => {
      c.set('coordinator', service)
      c.set('coordinatorFetch', async (request) => {
        upgrades.push(request)
        return new Response('handed over')
      })
    },
    services: {
      ...emptyServices(),
      coordinator: coordinatorRoutes,
      ollama: ollamaRoutes,
    },
  })
  const context = { waitUntil: () => undefined } as unknown as Parameters<typeof gateway>[2]
  const origin = 'http://127.0.0.1:18000'
  /** As it is, wherever it says that it goes. */
  const sendTo = (request: Request) => gateway(request, bindings, context)
  const send = (path: string, init: RequestInit = {}) => sendTo(new Request(origin + path, init))
  return {
    calls,
    upgrades,
    send,
    sendTo,
    /** With a client's key, and a body as JSON unless it is text. */
    call: (method: string, path: string, body?: unknown, key = 'client-key-1') =>
      send(path, { method, headers: { 'x-api-key': key }, ...bodyOf(body) }),
    /** Signed by an account's key pair. */
    signed: (
      method: string,
      path: string,
      body?: unknown,
      changes: {
        timestampMs?: number
        host?: string
        target?: string
        sentBody?: unknown
        by?: Signer
      } = {},
    ) => {
      const bytes = utf8ToBytes(bodyOf(body).body ?? '')
      const headers = signRequest(genesisHash(genesis), changes.by ?? owner, {
        host: changes.host ?? new URL(origin).host,
        method,
        target: changes.target ?? path,
        body: bytes,
        timestampMs: changes.timestampMs ?? Date.now(),
      })
      return send(path, { method, headers, ...bodyOf(changes.sentBody ?? body) })
    },
  }
}

/** A coordinator's byte stream of these events; `onCancel` hears that the reader has left. */
export function jobStream(
  events: readonly unknown[],
  options: { readonly staysOpen?: boolean; readonly onCancel?: () => void } = {},
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let next = 0
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const event = events[next++]
      if (event !== undefined) controller.enqueue(encoder.encode(`${JSON.stringify(event)}\n`))
      else if (!options.staysOpen) controller.close()
      return event === undefined && options.staysOpen ? new Promise(() => undefined) : undefined
    },
    cancel: () => options.onCancel?.(),
  })
}

/** A promise and what keeps it. */
export function pledge(): { readonly kept: Promise<void>; readonly keep: () => void } {
  let keep: () => void = () => undefined
  const kept = new Promise<void>((resolve) => {
    keep = resolve
  })
  return { kept, keep }
}

/** Everything that an asynchronous list holds. */
export async function allOf<T>(list: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const each of list) all.push(each)
  return all
}

/** The parts of an error that callers act on. */
export async function errorOf(response: Response) {
  const body = (await response.json()) as {
    error: { code: string; message: string; status: number; details: unknown }
    detail: string
  }
  return { status: response.status, code: body.error.code, detail: body.detail, error: body.error }
}

function bodyOf(body: unknown): { body?: string } {
  if (body === undefined) return {}
  return { body: typeof body === 'string' ? body : JSON.stringify(body) }
}
