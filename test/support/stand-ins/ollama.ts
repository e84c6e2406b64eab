/**
 * Stands in for the `ollama` program: the documented subcommands, spoken to a server at OLLAMA_HOST;
 * `serve` is such a server, behind which the tiny model answers. Everything else is refused.
 */
import { startOllamaServer } from '../ollama-server.ts'

/** Names of the public library that may be pulled here. */
const library = [
  'gemma3',
  'gemma3:1b',
  'llama3.2',
  'llama3.2:1b',
  'llama3.2:3b',
  'mistral',
  'phi4-mini',
  'qwen3',
  'qwen3:0.6b',
  'qwen3:4b',
]

const host = process.env['OLLAMA_HOST'] || '127.0.0.1:11434'
const url = new URL(host.includes('://') ? host : `http://${host}`)

const [command = '', ...args] = process.argv.slice(2)
const flags = args.filter((text) => text.startsWith('-'))
const names = args.filter((text) => !text.startsWith('-'))

const commands: Readonly<Record<string, () => Promise<void>>> = {
  serve,
  pull,
  list,
  ls: list,
  ps: async () => console.log('NAME    ID    SIZE    PROCESSOR    CONTEXT    UNTIL'),
  run: generate,
  show: async () => {
    await ask('/api/show', { model: oneName() })
    console.log('  Model\n    architecture        llama\n    context length      256')
  },
  '--version': async () => {
    const response = await ask('/api/version')
    console.log(`ollama version is ${((await response.json()) as { version: string }).version}`)
  },
}

const run = commands[command]
if (!run) fail(`unknown command "${command}" for "ollama"`)
if (flags.length > 0 && !(command === 'run' && flags.every((flag) => flag === '--verbose'))) {
  fail(`unknown flag: ${flags[0]}`)
}
await run()

async function serve(): Promise<void> {
  const port = Number(url.port || 11_434)
  const server = await startOllamaServer({ port, models: [], catalogue: library })
  console.error(`time=${new Date().toISOString()} level=INFO msg="Listening on ${url.host}"`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => void server.close().then(() => process.exit(0)))
  }
}

async function pull(): Promise<void> {
  const response = await ask('/api/pull', { model: oneName() })
  for (const line of (await response.text()).trim().split('\n')) {
    const { status, error } = JSON.parse(line) as { status?: string; error?: string }
    if (error !== undefined) fail(error)
    console.error(status)
  }
}

async function list(): Promise<void> {
  const { models } = (await (await ask('/api/tags')).json()) as { models: Model[] }
  console.log('NAME                ID              SIZE      MODIFIED')
  for (const { name, digest, size } of models) {
    const id = digest.slice(0, 12)
    console.log(`${name.padEnd(20)}${id}    ${Math.round(size / 1e6)} MB      3 seconds ago`)
  }
}

type Model = { readonly name: string; readonly digest: string; readonly size: number }

async function generate(): Promise<void> {
  const [model = '', ...words] = names
  if (words.length === 0) fail('nobody is here to talk to: give the prompt as an argument')
  const body = { model, prompt: words.join(' '), stream: false }
  const answer = (await (await ask('/api/generate', body)).json()) as { response: string }
  console.log(answer.response)
}

function oneName(): string {
  const [name] = names
  if (name === undefined || names.length > 1) fail(`accepts 1 arg(s), received ${names.length}`)
  return name
}

async function ask(path: string, body?: unknown): Promise<Response> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const response = await fetch(new URL(path, url), init).catch(() => undefined)
  if (!response) fail('ollama server not responding - could not find ollama app')
  if (!response.ok) fail(((await response.json()) as { error: string }).error)
  return response
}

function fail(message: string): never {
  console.error(`Error: ${message}`)
  process.exit(1)
}
