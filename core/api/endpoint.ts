/**
 * What one endpoint of a site is, as data: where it is, who may call it, what it takes and what it answers.
 * From the table of all of them (`endpoints/table.ts`) come the Worker’s routes, the OpenAPI document, the
 * reference page and the test that calls every one. Rules: SPEC.md, OPENAPI.
 */
import type * as z from 'zod'
import type { ErrorCode } from './errors.ts'

/**
 * Who may call. `client`: API key, signed request or session; `client-key`: API key or session; `miner`: a
 * miner's key; `session`: whoever signed in; `owner`: whoever signed in, and clients; `account`: whoever
 * signed in, and signed requests; `admin`: an administrator, in either way, or an admin key.
 */
export type EndpointAuth =
  | 'none'
  | 'client'
  | 'client-key'
  | 'miner'
  | 'session'
  | 'owner'
  | 'account'
  | 'admin'

/** One status that is no failure, and what comes with it. */
export type Answer = {
  readonly status: number
  readonly description: string
  /** The JSON that is sent, as it is; absent for an answer without a JSON body. */
  readonly schema?: z.ZodType
  /** Media type of a body that is not `application/json`. */
  readonly mediaType?: string
}

/** One kind of event or frame of a stream. */
export type StreamMessage = {
  readonly name: string
  readonly description: string
  readonly schema: z.ZodType
}

/** What goes over a connection that stays open. */
export type EndpointStream = {
  readonly kind: 'websocket' | 'sse'
  /** From the site to the caller, and, on a WebSocket, the other way. */
  readonly received: readonly StreamMessage[]
  readonly sent?: readonly StreamMessage[]
  readonly description: string
}

/** An example of a call: values for the placeholders of `path`, the query and the body. */
export type EndpointInput = {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
}

/** One endpoint. Routes are mounted by it and check with its schemas. */
export type Endpoint = {
  /** Unique; the `operationId`, and the anchor in the reference. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Canonical path, with `{name}` for what varies. */
  readonly path: string
  /** Other spellings that answer alike. */
  readonly aliases?: readonly string[]
  /** A few words in the imperative, without a full stop. */
  readonly summary: string
  readonly description?: string
  readonly auth: EndpointAuth
  /** One field for each placeholder of the path. */
  readonly params?: z.ZodObject
  /** The placeholder may hold slashes, encoded or not. It is the last of its path. */
  readonly hasSlashes?: true
  readonly query?: z.ZodObject
  /** Headers that matter here, beside those of authentication. */
  readonly headers?: z.ZodObject
  readonly body?: { readonly schema: z.ZodType; readonly required: boolean }
  /** Of a body that is bytes instead of JSON: what they are. */
  readonly bytes?: string
  readonly answers: readonly Answer[]
  /** Every failure that it can answer with. */
  readonly errors: readonly ErrorCode[]
  /** Failures in the shape of OpenAI, Ollama or JSON-RPC instead of the site's. */
  readonly errorShape?: 'openai' | 'ollama' | 'json_rpc'
  readonly stream?: EndpointStream
  /** For a route kept for programs of the original: what to use instead. */
  readonly legacy?: string
  readonly example: EndpointInput
}

/** Endpoints that belong together, under one heading. */
export type EndpointFamily = {
  /** Unique; the tag, and the anchor in the reference. */
  readonly id: string
  readonly title: string
  readonly description: string
  readonly endpoints: readonly Endpoint[]
}

/** Keeps the literal types of an endpoint, from which clients take theirs. */
export const endpoint = <const E extends Endpoint>(given: E): E => given

/** The placeholders of a path, in order. */
export const placeholdersOf = (path: string): string[] =>
  [...path.matchAll(/\{([a-z_]+)\}/g)].map(([, name]) => name as string)

/** The path and query of a call, encoded. A placeholder without a value stays as it is. */
export function targetOf(path: string, input: EndpointInput): string {
  const filled = path.replace(/\{([a-z_]+)\}/g, (whole, name: string) => {
    const value = input.params?.[name]
    return value === undefined ? whole : encodeURIComponent(value)
  })
  const query = Object.entries(input.query ?? {})
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map((entry) => entry.map((part) => encodeURIComponent(part)).join('='))
    .join('&')
  return query === '' ? filled : `${filled}?${query}`
}

/**
 * A command that makes this call. Keys are taken from the environment: `AITBC_API_KEY`,
 * `AITBC_MINER_KEY` for miners, `AITBC_ADMIN_KEY`, and `AITBC_SESSION`, the token of a session. `origin`
 * without a slash at the end.
 */
export function curlOf(given: Endpoint, input: EndpointInput, origin: string): string {
  const parts = ['curl']
  if (given.stream?.kind === 'sse') parts.push('--no-buffer')
  if (given.method !== 'GET' && !(given.method === 'POST' && input.body !== undefined)) {
    parts.push(`-X ${given.method}`)
  }
  parts.push(quoted(`${origin}${targetOf(given.path, input)}`))
  if (given.auth !== 'none') {
    parts.push(`-H "${credentialsOf[given.auth]}"`)
  }
  if (input.body !== undefined) {
    parts.push("-H 'Content-Type: application/json'")
    parts.push(`-d ${quoted(JSON.stringify(input.body))}`)
  }
  return parts.join(' \\\n  ').replace(/^curl \\\n {2}/, 'curl ')
}

const credentialsOf = {
  client: 'X-Api-Key: $AITBC_API_KEY',
  'client-key': 'X-Api-Key: $AITBC_API_KEY',
  miner: 'X-Api-Key: $AITBC_MINER_KEY',
  session: 'X-Session-Token: $AITBC_SESSION',
  owner: 'X-Api-Key: $AITBC_API_KEY',
  account: 'X-Session-Token: $AITBC_SESSION',
  admin: 'X-Api-Key: $AITBC_ADMIN_KEY',
} as const satisfies Record<Exclude<EndpointAuth, 'none'>, string>

/** A word of a POSIX shell, in quotes where it has to be. */
const quoted = (word: string): string =>
  /^[\w:/.,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
