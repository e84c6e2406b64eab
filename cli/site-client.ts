/**
 * The site over HTTP: signed requests under `/api/v1` and the chain under `/rpc`, with bounds on time and
 * size. What goes wrong becomes a `ClientFault` with the exit code that it deserves.
 */

import type {
  AccountView,
  EscrowView,
  StatusView,
  SubmitVerdict,
  TransactionView,
} from '../core/api/chain-service.ts'
import { type ApiClient, createClient, type Send } from '../core/api/client.ts'
import { endpoints } from '../core/api/endpoints/table.ts'
import {
  readAccount,
  readEscrow,
  readStatus,
  readTransaction,
  readVerdicts,
} from '../core/api/rpc-read.ts'
import { signRequest } from '../core/api/signed-request.ts'
import { toHex, toHex0x, utf8ToBytes } from '../core/base/bytes.ts'
import type { Result } from '../core/base/result.ts'
import { type Genesis, parseGenesis } from '../core/chain/genesis.ts'
import { formatAddress } from '../core/crypto/address.ts'
import type { Signer } from '../core/crypto/signature.ts'
import { ClientFault, exitCodeOf, exitCodes } from './exit-codes.ts'

/** Who asks: undefined for what is open to everybody. */
export type Identity = { readonly signer: Signer; readonly genesisHash: Uint8Array }

export type SiteClient = {
  /** JSON of a request under the site; `identity` signs it. */
  json(request: SiteRequest): Promise<unknown>
  /** The response itself, for streams. */
  open(request: SiteRequest): Promise<Response>
  status(): Promise<{ readonly status: StatusView; readonly genesis: Genesis }>
  account(address: Uint8Array): Promise<AccountView>
  /** Undefined where no final escrow has this id. */
  escrow(id: Uint8Array): Promise<EscrowView | undefined>
  transaction(hash: Uint8Array): Promise<TransactionView | undefined>
  submit(transaction: Uint8Array): Promise<SubmitVerdict>
}

export type SiteRequest = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path and query. */
  readonly target: string
  readonly body?: unknown
  readonly identity?: Identity
  /** Calls with an API key instead. */
  readonly apiKey?: string
  readonly signal?: AbortSignal
  /** How long a person who stops still waits for the answer: for what is not to stay half known. */
  readonly graceMs?: number
}

const timeoutMs = 20_000
const answerCharsMax = 8_388_608

/** Opens nothing: each call is one request. `signal` ends them all. */
export function createSiteClient(api: URL, signal: AbortSignal): SiteClient {
  const open = (request: SiteRequest) => send(api, request, signal)
  const json = async (request: SiteRequest) => await bodyOf(await open(request), request.target)
  const call = createCaller(api, signal)
  return {
    json,
    open,
    async status() {
      const answer = takenOf(await call('getStatus'))
      return { status: checked(readStatus(answer)), genesis: checked(parseGenesis(answer.genesis)) }
    },
    account: async (address) => {
      const params = { address: formatAddress(address) }
      return checked(readAccount(takenOf(await call('getBalance', { params }))))
    },
    escrow: async (id) => {
      const answer = await call('getEscrow', { params: { id: toHex0x(id) } })
      return isMissing(answer) ? undefined : checked(readEscrow(takenOf(answer)))
    },
    transaction: async (hash) => {
      const answer = await call('getTransaction', { params: { hash: toHex0x(hash) } })
      return isMissing(answer) ? undefined : checked(readTransaction(takenOf(answer)))
    },
    submit: async (transaction) => {
      const body = { txs: [toHex(transaction)] }
      const answer = takenOf(await call('submitTransactions', { body }))
      return checked(readVerdicts(answer, 1))[0] as SubmitVerdict
    },
  }
}

/** Calls of the endpoint table, as whoever signs them or has a key; without either, as anybody. */
export const createCaller = (api: URL, signal: AbortSignal, who: Caller = {}): ApiClient =>
  createClient(endpoints, carry(api, signal, who))

/** Who calls. */
export type Caller = Pick<SiteRequest, 'identity' | 'apiKey'>

/** Carries a call of the endpoint table: refusals come back as answers, for the client to read. */
const carry =
  (api: URL, signal: AbortSignal, who: Caller): Send =>
  async ({ method, target, body }) => {
    const response = await answerOf(
      api,
      { method, target, ...who, ...(body === undefined ? {} : { body }) },
      signal,
    )
    const text = await response.text()
    if (text.length > answerCharsMax) throw malformed(`${target}: the answer is too long`)
    const requestId = response.headers.get('x-request-id') ?? undefined
    return { status: response.status, json: jsonOf(text), requestId }
  }

/** The value of an answer; a refusal is thrown as what the command line says of it. */
export function takenOf<T>(answer: Result<T, Refused>): T {
  if (answer.ok) return answer.value
  const { code, status, message, details, cause } = answer.error
  if (cause instanceof ClientFault) throw cause
  if (code === 'ANSWER_INVALID') throw malformed(message)
  const said = code === 'REFUSED' ? `HTTP_${status}` : code
  throw new ClientFault(exitCodeOf(status), said, message, details)
}

type Refused = {
  readonly code: string
  readonly status: number
  readonly message: string
  readonly details: unknown
  readonly cause?: unknown
}

const isMissing = (answer: Result<unknown, Refused>): boolean =>
  !answer.ok && exitCodeOf(answer.error.status) === exitCodes.notFound

/** JSON, or undefined for a body that is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The response, where the site did not refuse. */
async function send(api: URL, request: SiteRequest, signal: AbortSignal): Promise<Response> {
  const response = await answerOf(api, request, signal)
  if (response.ok) return response
  throw await failureOf(response, request.target)
}

async function answerOf(api: URL, request: SiteRequest, signal: AbortSignal): Promise<Response> {
  const { method = 'GET', target, body, identity, apiKey } = request
  const url = new URL(target, api)
  const text = body === undefined ? '' : JSON.stringify(body)
  const headers: Record<string, string> = { accept: 'application/json, text/event-stream' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (apiKey !== undefined) headers['x-api-key'] = apiKey
  if (identity !== undefined) {
    const signed = signRequest(identity.genesisHash, identity.signer, {
      host: url.host,
      method,
      target: url.pathname + url.search,
      body: utf8ToBytes(text),
      timestampMs: Date.now(),
    })
    Object.assign(headers, signed)
  }
  const stop = request.graceMs === undefined ? signal : delayed(signal, request.graceMs)
  const limits = [stop, request.signal ?? AbortSignal.timeout(timeoutMs)]
  try {
    return await fetch(url, {
      method,
      headers,
      redirect: 'error',
      signal: AbortSignal.any(limits),
      ...(body === undefined ? {} : { body: text }),
    })
  } catch (error) {
    throw faultOf(error, api, signal)
  }
}

/** A signal that fires so much later, unless the first has fired already. */
function delayed(signal: AbortSignal, ms: number): AbortSignal {
  if (signal.aborted) return signal
  const late = new AbortController()
  signal.addEventListener('abort', () => setTimeout(() => late.abort(), ms).unref(), { once: true })
  return late.signal
}

/** Turns whatever a request threw into a fault. */
export function faultOf(error: unknown, api: URL, signal: AbortSignal): ClientFault {
  if (error instanceof ClientFault) return error
  if (signal.aborted) return new ClientFault(exitCodes.interrupt, 'INTERRUPTED', 'interrupted')
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new ClientFault(exitCodes.timeout, 'TIMEOUT', `${api.host} did not answer in time`)
  }
  if (error instanceof Error && 'syscall' in error && 'path' in error) {
    return new ClientFault(exitCodes.generic, 'FILE_UNUSABLE', error.message)
  }
  const cause = error instanceof Error ? (error.cause ?? error) : error
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ClientFault(exitCodes.network, 'UNREACHABLE', `${api.host}: ${reason}`)
}

async function bodyOf(response: Response, target: string): Promise<unknown> {
  const text = await response.text()
  if (text.length > answerCharsMax) throw malformed(`${target}: the answer is too long`)
  try {
    return JSON.parse(text)
  } catch {
    throw malformed(`${target}: the answer is not JSON`)
  }
}

async function failureOf(response: Response, target: string): Promise<ClientFault> {
  const text = (await response.text().catch(() => '')).slice(0, 16_384)
  try {
    const { error } = JSON.parse(text) as {
      readonly error?: {
        readonly code?: unknown
        readonly message?: unknown
        readonly details?: unknown
      }
    }
    if (typeof error?.code === 'string' && typeof error.message === 'string') {
      const exitCode = exitCodeOf(response.status)
      return new ClientFault(exitCode, error.code, error.message, error.details)
    }
  } catch {
    // Not from a site of this network; its status has to do.
  }
  const message = `${target}: the site answered ${response.status}`
  return new ClientFault(exitCodeOf(response.status), `HTTP_${response.status}`, message)
}

function checked<T>(result: Result<T, { readonly message: string }>): T {
  if (result.ok) return result.value
  throw malformed(result.error.message)
}

function malformed(message: string): ClientFault {
  return new ClientFault(exitCodes.server, 'ANSWER_INVALID', message)
}
