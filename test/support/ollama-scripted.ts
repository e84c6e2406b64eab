/**
 * A server that speaks Ollama's HTTP API and answers by rule: what the tiny model cannot do. It calls
 * functions, keeps JSON schemas and makes vectors, each in the form of the real server's lines.
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type ScriptedCall = { readonly path: string; readonly body: Body }

export type ScriptedOllama = {
  readonly url: string
  /** All requests so far, oldest first. */
  readonly calls: readonly ScriptedCall[]
  /** Answers whose connection is open. */
  activeCount(): number
  /** Lets answers go on that a question told to hold on. */
  release(): void
  close(): Promise<void>
}

type Body = Readonly<Record<string, unknown>>
type Message = { readonly role: string; readonly content: string }

/** A model that chats and calls functions, and one that makes vectors of eight numbers. */
export const scriptedModels = { chat: 'scripted:latest', vectors: 'vectors:latest' } as const

const capabilities: Readonly<Record<string, readonly string[]>> = {
  [scriptedModels.chat]: ['completion', 'tools'],
  [scriptedModels.vectors]: ['embedding'],
}

/** Starts on the loopback address. */
export async function startScriptedOllama(): Promise<ScriptedOllama> {
  const calls: ScriptedCall[] = []
  let active = 0
  const held = new Set<() => void>()
  const server = createServer((request, response) => {
    active += 1
    response.once('close', () => {
      active -= 1
    })
    const hold = () => new Promise<void>((resolve) => held.add(resolve))
    void serve(request, response, { calls, hold }).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    activeCount: () => active,
    release: () => {
      for (const go of held) go()
      held.clear()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { calls, hold }: { readonly calls: ScriptedCall[]; readonly hold: () => Promise<void> },
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const body = (text === '' ? {} : JSON.parse(text)) as Body
  const path = request.url ?? '/'
  calls.push({ path, body })
  const json = (value: unknown, status = 200) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  }
  const name = String(body['model'] ?? '')
  if (path === '/api/tags') {
    const models = Object.keys(capabilities).map((each) => ({ name: each, digest: digestOf(each) }))
    return json({ models })
  }
  if (capabilities[name] === undefined) return json({ error: `model '${name}' not found` }, 404)
  if (path === '/api/show') {
    const info = { 'general.architecture': 'llama', 'llama.context_length': 4_096 }
    return json({ model_info: info, capabilities: capabilities[name] })
  }
  if (path === '/api/embed') return json(embedded(body))
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const isHeld = JSON.stringify(body).includes('hold on')
  for (const [index, line] of linesOf(path, body).entries()) {
    if (isHeld && index === 1) await hold()
    response.write(`${JSON.stringify({ model: name, ...line })}\n`)
  }
  // A question that says so is never answered: its reader has to leave.
  if (!JSON.stringify(body).includes('never end')) response.end()
}

function linesOf(path: string, body: Body): Body[] {
  if (path === '/api/generate') {
    const prompt = String(body['prompt'])
    return [
      { response: ' and so on', done: false },
      { response: '', ...lastLine(prompt, 3) },
    ]
  }
  const messages = body['messages'] as readonly Message[]
  const last = messages.at(-1) as Message
  const say = (content: string) => ({ message: { role: 'assistant', content }, done: false })
  const call = (city: string) => ({
    message: {
      role: 'assistant',
      content: '',
      tool_calls: [{ function: { name: 'get_weather', arguments: { city, days: 2 } } }],
    },
    done: false,
  })
  const end = { message: { role: 'assistant', content: '' }, ...lastLine(last.content, 12) }
  if (last.content.includes('never end')) return [say('still ')]
  if (last.role === 'tool') return [say('It is '), say(last.content), end]
  const forced = forcedIn(body['format'])
  // As of a model whose template writes calls in the very form that was forced.
  if (forced !== undefined && last.content.includes('as a call')) return [call('Oslo'), end]
  if (forced !== undefined) {
    const text = JSON.stringify({ name: forced, arguments: { city: 'Oslo', days: 2 } })
    return last.content.includes('break the form')
      ? [say('I would rather not.'), end]
      : last.content.includes('too long')
        ? [say(text.slice(0, 20)), { ...end, done_reason: 'length' }]
        : [say(text.slice(0, 9)), say(text.slice(9)), end]
  }
  if (body['format'] !== undefined) return [say('{"city":'), say('"Oslo","days":2}'), end]
  if (!Array.isArray(body['tools'])) return [say('Plain '), say('words.'), end]
  if (last.content.includes('two cities')) return [call('Oslo'), call('Rome'), end]
  return [say('Let me look. '), call('Oslo'), end]
}

/** The function of the first shape of a schema that is one of calls. */
function forcedIn(format: unknown): string | undefined {
  const { anyOf, properties } = (format ?? {}) as {
    anyOf?: unknown[]
    properties?: { name?: { enum?: string[] }; arguments?: unknown }
  }
  if (Array.isArray(anyOf)) return forcedIn(anyOf[0])
  return properties?.arguments === undefined ? undefined : properties.name?.enum?.[0]
}

const lastLine = (prompt: string, tokens: number): Body => ({
  done: true,
  done_reason: 'stop',
  prompt_eval_count: Math.ceil(prompt.length / 4),
  eval_count: tokens,
})

/** One vector of length 1 for each text, the same for the same text. */
function embedded(body: Body): Body {
  const input = body['input']
  const texts = (Array.isArray(input) ? input : [input]) as readonly string[]
  const dimensions = typeof body['dimensions'] === 'number' ? body['dimensions'] : 8
  const embeddings = texts.map((text) => scriptedVector(text, dimensions))
  return { model: body['model'], embeddings, prompt_eval_count: texts.length * 2 }
}

/** The vector that the server makes of a text. */
export function scriptedVector(text: string, dimensions = 8): number[] {
  const bytes = createHash('sha256').update(text).digest()
  const values = Array.from({ length: dimensions }, (_, at) => (bytes[at % 32] as number) - 127.5)
  const length = Math.hypot(...values)
  return values.map((value) => value / length)
}

const digestOf = (name: string): string => createHash('sha256').update(name).digest('hex')
