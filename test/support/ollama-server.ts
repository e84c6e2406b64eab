/**
 * A server that speaks Ollama's HTTP API and really answers: behind it runs the tiny model, through
 * the embedded engine. Faults can be switched on while it runs.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEmbeddedEngine } from '../../miner-agent/engines/embedded/engine.ts'
import { loadTinyModel, TINY_MODEL } from '../../miner-agent/engines/embedded/model-file.ts'
import type { Turn } from '../../miner-agent/engines/embedded/runtime/chat.ts'
import type { Model } from '../../miner-agent/engines/embedded/runtime/model.ts'
import { type Engine, EngineError, type GenerateRequest } from '../../miner-agent/engines/engine.ts'
import { misbehave, type OllamaFaults } from './ollama-faults.ts'

export type OllamaServerOptions = {
  /** 0 or absent takes a free one. */
  readonly port?: number
  readonly faults?: OllamaFaults
  /** Names that the one model goes by; none makes an empty server. */
  readonly models?: readonly string[]
  /** Names that can be pulled; each becomes another name of the one model. */
  readonly catalogue?: readonly string[]
  /** Added to every model that is listed and shown, such as `remote_host`. */
  readonly extraFields?: Readonly<Record<string, unknown>>
}

export type OllamaCall = { readonly path: string; readonly body: unknown }

export type OllamaServer = {
  readonly url: string
  /** All requests so far, oldest first. */
  readonly calls: readonly OllamaCall[]
  /** Answers being computed now. */
  activeCount(): number
  /** Replaces all faults; none by default. */
  setFaults(faults?: OllamaFaults): void
  close(): Promise<void>
}

/** Of an Ollama that refuses a long prompt when told not to cut it. */
const VERSION = '0.12.6'
const BODY_BYTES_MAX = 8_388_608
const MODIFIED_AT = '2026-01-01T00:00:00Z'
const DETAILS = {
  parent_model: '',
  format: 'gguf',
  family: 'llama',
  families: ['llama'],
  parameter_size: '2.36M',
  quantization_level: 'F16',
}

/** Starts on the loopback address. */
export async function startOllamaServer(options: OllamaServerOptions = {}): Promise<OllamaServer> {
  const loaded = await loadTinyModel()
  if (!loaded.ok) throw new Error(loaded.error.message)
  const state: State = {
    model: loaded.value,
    engine: createEmbeddedEngine({ model: loaded.value }),
    names: [...(options.models ?? [`${TINY_MODEL.name}:latest`])],
    catalogue: options.catalogue ?? [],
    extra: options.extraFields ?? {},
    faults: options.faults ?? {},
    calls: [],
    active: 0,
  }
  const server = createServer((request, response) => {
    void serve(state, request, response).catch(() => response.destroy())
  })
  await listen(server, options.port ?? 0)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    calls: state.calls,
    activeCount: () => state.active,
    setFaults: (faults = {}) => {
      state.faults = faults
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type State = {
  readonly model: Model
  readonly engine: Engine
  readonly names: string[]
  readonly catalogue: readonly string[]
  readonly extra: Readonly<Record<string, unknown>>
  faults: OllamaFaults
  readonly calls: OllamaCall[]
  active: number
}

type Body = Readonly<Record<string, unknown>>

/** An answer other than 200, as Ollama words it. */
class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
}

async function serve(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname
  try {
    const body = request.method === 'POST' ? await readBody(request) : {}
    state.calls.push({ path, body })
    const { reply } = state.faults
    if (reply !== undefined) {
      response.writeHead(reply.status, { 'content-type': reply.type }).end(reply.body)
      return
    }
    await route(state, { method: request.method ?? 'GET', path, body }, response)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    sendJson(response, error.status, { error: error.message })
  }
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    chunks.push(chunk as Buffer)
    size += (chunk as Buffer).length
    if (size > BODY_BYTES_MAX) throw new Refusal(413, 'http: request body too large')
  }
  if (size === 0) throw new Refusal(400, 'missing request body')
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body
  } catch {
    // Falls through: both cases are the client's mistake.
  }
  throw new Refusal(400, 'invalid character in request body')
}

type Call = { readonly method: string; readonly path: string; readonly body: Body }

async function route(state: State, call: Call, response: ServerResponse): Promise<void> {
  switch (`${call.method} ${call.path}`) {
    case 'GET /':
    case 'HEAD /':
      response.writeHead(200, { 'content-type': 'text/plain' }).end('Ollama is running')
      return
    case 'GET /api/version':
      return sendJson(response, 200, { version: VERSION })
    case 'GET /api/tags':
      return sendJson(response, 200, { models: state.names.map((name) => listed(state, name)) })
    case 'POST /api/show':
      requireModel(state, call.body)
      return sendJson(response, 200, shown(state))
    case 'POST /api/pull':
      return pull(state, call.body, response)
    case 'POST /api/chat':
    case 'POST /api/generate':
      return await work(state, call, response)
    default:
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found')
  }
}

function listed(state: State, name: string): Body {
  return {
    name,
    model: name,
    modified_at: MODIFIED_AT,
    size: TINY_MODEL.bytes,
    digest: TINY_MODEL.digest,
    details: DETAILS,
    ...state.extra,
  }
}

function shown(state: State): Body {
  return {
    license: 'MIT',
    modelfile: `FROM ${TINY_MODEL.file}`,
    parameters: 'temperature 0\nnum_ctx 256',
    template: '<|user|>{{ .Prompt }}<|assistant|>',
    details: DETAILS,
    model_info: {
      'general.architecture': 'llama',
      'general.parameter_count': 2_361_024,
      'llama.context_length': state.model.contextTokens,
    },
    capabilities: ['completion'],
    modified_at: MODIFIED_AT,
    ...state.extra,
  }
}

/** A name without a tag means `:latest`, as everywhere in Ollama. */
function requireModel(state: State, body: Body): string {
  const name = body.model ?? body.name
  if (typeof name !== 'string' || name === '') throw new Refusal(400, 'model is required')
  const full = name.includes(':') ? name : `${name}:latest`
  if (!state.names.includes(name) && !state.names.includes(full)) {
    throw new Refusal(404, `model '${name}' not found`)
  }
  return name
}

function pull(state: State, body: Body, response: ServerResponse): void {
  const name = String(body.model ?? body.name ?? '')
  const full = name.includes(':') ? name : `${name}:latest`
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const lines = state.catalogue.includes(name)
    ? ['pulling manifest', 'verifying sha256 digest', 'writing manifest', 'success']
    : ['pulling manifest']
  for (const status of lines) response.write(`${JSON.stringify({ status })}\n`)
  const known = lines.length > 1
  if (known && !state.names.includes(full)) state.names.push(full)
  response.end(known ? '' : '{"error":"pull model manifest: file does not exist"}\n')
}

async function work(state: State, call: Call, response: ServerResponse): Promise<void> {
  const chat = call.path === '/api/chat'
  const model = requireModel(state, call.body)
  const { faults } = state
  if (faults.busy === true || state.active >= (faults.parallelMax ?? Number.POSITIVE_INFINITY)) {
    throw new Refusal(503, 'server busy, please try again.  maximum pending requests exceeded')
  }
  const messages = chat ? messagesOf(call.body) : promptOf(call.body)
  const form: Form = { chat, model, startedAt: process.hrtime.bigint() }
  if (messages.length === 0) return sendJson(response, 200, { ...line(form, ''), ...LOADED })
  const job = prepare(state, messages, call.body)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  state.active += 1
  try {
    if (call.body.stream === false) await answerAtOnce({ state, job, form, response, gone })
    else await answerInLines({ state, job, form, response, gone })
  } finally {
    state.active -= 1
  }
}

const LOADED = { done: true, done_reason: 'load' }

function messagesOf(body: Body): readonly Turn[] {
  const messages = body.messages ?? []
  if (!Array.isArray(messages)) throw new Refusal(400, 'json: cannot unmarshal messages')
  return messages.map((message: unknown) => {
    const { role, content } = (message ?? {}) as { role?: unknown; content?: unknown }
    const known = role === 'system' || role === 'user' || role === 'assistant'
    if (!known || typeof content !== 'string') throw new Refusal(400, 'invalid message')
    return { role, content }
  })
}

function promptOf(body: Body): readonly Turn[] {
  const { prompt = '' } = body
  if (typeof prompt !== 'string') throw new Refusal(400, 'json: cannot unmarshal prompt')
  return prompt === '' ? [] : [{ role: 'user', content: prompt }]
}

/** Checks the options as Ollama does and fits the request into `num_ctx`. */
function prepare(state: State, messages: readonly Turn[], body: Body): GenerateRequest {
  const options = (body.options ?? {}) as Body
  const number = (name: string): number | undefined => {
    const value = options[name]
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'number') throw new Refusal(400, `option "${name}" must be a number`)
    return value
  }
  const context = Math.min(number('num_ctx') ?? 4_096, state.model.contextTokens)
  const probe = state.model.answer({ turns: messages })
  const promptTokens = probe.ok ? probe.value.promptTokens : context
  if (probe.ok) probe.value.close()
  if (promptTokens >= context) {
    throw new Refusal(400, 'the input length exceeds the context length')
  }
  const predict = number('num_predict') ?? -1
  const room = context - promptTokens
  const seed = number('seed')
  return {
    model: TINY_MODEL.name,
    messages,
    maxTokens: predict > 0 ? Math.min(predict, room) : room,
    temperature: number('temperature') ?? 0,
    topP: number('top_p') ?? 1,
    stop: Array.isArray(options.stop)
      ? options.stop.filter((stop) => typeof stop === 'string')
      : [],
    ...(seed === undefined ? {} : { seed }),
  }
}

type Form = { readonly chat: boolean; readonly model: string; readonly startedAt: bigint }

type Work = {
  readonly state: State
  readonly job: GenerateRequest
  readonly form: Form
  readonly response: ServerResponse
  readonly gone: AbortController
}

async function answerAtOnce({ state, job, form, response, gone }: Work): Promise<void> {
  let text = ''
  try {
    for await (const delta of state.engine.generate(job, { signal: gone.signal })) {
      text += delta.text
      if (delta.finish === undefined) continue
      const end = lastLine(state, form, delta)
      sendJson(response, 200, { ...line(form, text), ...end })
    }
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ABORTED') return
    throw error
  }
}

async function answerInLines({ state, job, form, response, gone }: Work): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const write = (body: Body): void => void response.write(`${JSON.stringify(body)}\n`)
  let sent = 0
  try {
    for await (const delta of state.engine.generate(job, { signal: gone.signal })) {
      if (await misbehave(state.faults, { sent, response, gone })) return
      if (delta.text !== '') write(line(form, delta.text))
      if (delta.finish !== undefined) write({ ...line(form, ''), ...lastLine(state, form, delta) })
      sent += delta.tokens
    }
    response.end()
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ABORTED') return
    throw error
  }
}

function line(form: Form, text: string): Body {
  const head = { model: form.model, created_at: new Date().toISOString() }
  return form.chat
    ? { ...head, message: { role: 'assistant', content: text }, done: false }
    : { ...head, response: text, done: false }
}

type Ending = {
  readonly finish: string
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number }
}

function lastLine(state: State, form: Form, { finish, usage }: Ending): Body {
  const elapsed = Number(process.hrtime.bigint() - form.startedAt)
  return {
    done: true,
    done_reason: finish,
    total_duration: elapsed,
    load_duration: 0,
    prompt_eval_count: usage.promptTokens,
    eval_count: state.faults.evalCount ?? usage.completionTokens,
    eval_duration: elapsed,
  }
}

function sendJson(response: ServerResponse, status: number, body: Body): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(body))
}
