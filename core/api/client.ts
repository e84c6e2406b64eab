/**
 * Calling a site by its endpoint table: types of arguments, answers and refusals come from the rows, and
 * what arrives is checked against them. How a request travels is the caller's: `send` is given method,
 * target and body, and may sign, wait, or give up. Streams are opened by their callers themselves.
 * Rules: SPEC.md, CLIENT.
 */
import type * as z from 'zod'
import { err, ok, type Result } from '../base/result.ts'
import { type Answer, type Endpoint, type EndpointInput, targetOf } from './endpoint.ts'
import type { EndpointId, TableEndpoint } from './endpoints/table.ts'

/** A row of the table, with its own types. */
export type Row<Id extends EndpointId> = Rows[Id]
type Rows = { readonly [R in TableEndpoint as R['id']]: R }
type Inputs = { readonly [Id in EndpointId]: Given<Rows[Id]> }
type Answers = { readonly [Id in EndpointId]: AnswerIn<Rows[Id]['answers'][number]> }
type Codes = { readonly [Id in EndpointId]: Rows[Id]['errors'][number] }

/** A request on its way. `target`: path and query, encoded. */
export type ClientRequest = {
  readonly method: Endpoint['method']
  readonly target: string
  readonly body?: unknown
}

/** What came back: the JSON, or undefined where the body was none. `requestId` finds it in the log. */
export type ClientResponse = {
  readonly status: number
  readonly json: unknown
  readonly requestId?: string | undefined
}

/** Carries one request. It may reject; then the call fails as `UNREACHABLE`. */
export type Send = (request: ClientRequest) => Promise<ClientResponse>

/** What a row takes: placeholders of its path, query, body. */
export type CallInput<Id extends EndpointId> = Inputs[Id]
/** What a row answers when it does not refuse: null where it has no JSON. */
export type CallAnswer<Id extends EndpointId> = Answers[Id]

/** Why a call came to nothing. A code of the row, or one of this side; `status` 0: nothing arrived. */
export type CallError<Id extends EndpointId> = {
  readonly code:
    | Codes[Id]
    | 'UNREACHABLE'
    | 'ANSWER_INVALID'
    /** A refusal with a code that the row does not name, such as one of a newer site. */
    | 'REFUSED'
  readonly status: number
  readonly message: string
  readonly details: unknown
  readonly requestId: string | undefined
  /** What `send` rejected with, of `UNREACHABLE`. */
  readonly cause?: unknown
}

/** As much of a row as a call needs at run time: a page brings a small reader instead of the schemas. */
export type CallRow<Id extends EndpointId> = {
  readonly method: Row<Id>['method']
  readonly path: Row<Id>['path']
  /** Codes that the row names; absent: every code that arrives is taken. */
  readonly errors?: readonly string[]
  /** The answer, when it is one of this row; undefined when it is not. */
  readonly read: (status: number, json: unknown) => { readonly value: CallAnswer<Id> } | undefined
}

/** A row of the table as it stands, with its schemas as the reader. */
export const callRow = <Id extends EndpointId>(row: Row<Id>): CallRow<Id> =>
  plainRow(row as unknown as Endpoint) as unknown as CallRow<Id>

/** Makes one call. Never rejects. */
export const callEndpoint = <Id extends EndpointId>(
  row: CallRow<Id>,
  input: CallInput<Id>,
  send: Send,
): Promise<Result<CallAnswer<Id>, CallError<Id>>> =>
  callPlain(row as unknown as PlainRow, input as Loose, send) as Promise<
    Result<CallAnswer<Id>, CallError<Id>>
  >

/** One function for all endpoints of some rows: `call('getJob', { params: { id } })`. */
export function createClient(
  rows: readonly (Endpoint & { readonly id: string })[],
  send: Send,
): ApiClient {
  const byId = new Map(rows.map((row) => [row.id, plainRow(row)]))
  return ((id: string, input: Loose = {}) =>
    callPlain(byId.get(id) as PlainRow, input, send)) as unknown as ApiClient
}

/** Calls an endpoint by its name. What takes nothing needs no second argument. */
export type ApiClient = <Id extends EndpointId>(
  id: Id,
  ...input: Record<never, never> extends CallInput<Id> ? [CallInput<Id>?] : [CallInput<Id>]
) => Promise<Result<CallAnswer<Id>, CallError<Id>>>

type PlainRow = {
  readonly method: Endpoint['method']
  readonly path: string
  readonly errors?: readonly string[]
  readonly read: (status: number, json: unknown) => { readonly value: unknown } | undefined
}
type PlainError = {
  readonly code: string
  readonly status: number
  readonly message: string
  readonly details: unknown
  readonly requestId: string | undefined
  readonly cause?: unknown
}

type Loose = {
  readonly params?: EndpointInput['params']
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
}

type Given<R> = ParamsIn<R> & QueryIn<R> & BodyIn<R>
type ParamsIn<R> = R extends { readonly params: infer P extends z.ZodType }
  ? { readonly params: Readonly<Record<keyof z.input<P> & string, string>> }
  : unknown
type QueryIn<R> = R extends { readonly query: infer Q extends z.ZodType }
  ? {
      readonly query?: { readonly [K in keyof z.input<Q>]?: string | number | boolean | undefined }
    }
  : unknown
type BodyIn<R> = R extends {
  readonly body: { readonly schema: infer S extends z.ZodType; readonly required: infer Q }
}
  ? Q extends true
    ? { readonly body: z.input<S> }
    : { readonly body?: z.input<S> }
  : unknown
type AnswerIn<A> = A extends { readonly status: infer S }
  ? S extends 503
    ? never
    : A extends { readonly schema: infer T extends z.ZodType }
      ? z.output<T>
      : null
  : never

const plainRow = (row: Endpoint): PlainRow => ({
  method: row.method,
  path: row.path,
  errors: row.errors,
  read: (status, json) => {
    for (const { status: declared, schema } of row.answers as readonly Answer[]) {
      if (declared !== status) continue
      if (schema === undefined) return { value: null }
      const parsed = schema.safeParse(json)
      if (parsed.success) return { value: parsed.data }
      if (parsed.error.issues.every(isUnknownField)) return { value: json }
    }
    return undefined
  },
})

/** A newer site may answer fields more than this table knows: they are no reason to stop. */
function isUnknownField(issue: z.core.$ZodIssue): boolean {
  if (issue.code === 'unrecognized_keys') return true
  return (
    issue.code === 'invalid_union' &&
    issue.errors.some((branch) => branch.length > 0 && branch.every(isUnknownField))
  )
}

function callPlain(
  row: PlainRow,
  { params, query, body }: Loose,
  send: Send,
): Promise<Result<unknown, PlainError>> {
  const target = targetOf(row.path, { ...(params && { params }), query: texts(query) })
  const request = { method: row.method, target, ...(body === undefined ? {} : { body }) }
  return send(request).then(
    (response) => readResponse(row, response),
    (error: unknown) => err(unreachable(error)),
  )
}

function readResponse(row: PlainRow, response: ClientResponse): Result<unknown, PlainError> {
  const { status, json, requestId } = response
  if (status >= 400) return err(refusal(row, response))
  const read = row.read(status, json)
  if (read) return ok(read.value)
  const message = `${row.path}: the site answered in a shape that is not known`
  return err({ code: 'ANSWER_INVALID', status, message, details: null, requestId })
}

/** The site's own shape of a failure, or OpenAI's, or a bare `detail`. */
function refusal(row: PlainRow, { status, json, requestId }: ClientResponse): PlainError {
  const body = (typeof json === 'object' && json !== null ? json : {}) as {
    readonly error?: { readonly [name: string]: unknown } | null
    readonly detail?: unknown
  }
  const said = body.error?.['message'] ?? body.detail
  const code = String(body.error?.['code'] ?? '').toUpperCase()
  const isKnown = code !== '' && (row.errors?.includes(code) ?? true)
  return {
    code: isKnown ? code : 'REFUSED',
    status,
    message: typeof said === 'string' ? said : `${row.path}: the site answered ${status}`,
    details: body.error?.['details'] ?? null,
    requestId: requestId ?? textOf(body.error?.['request_id']),
  }
}

const unreachable = (error: unknown): PlainError => ({
  code: 'UNREACHABLE',
  status: 0,
  message: error instanceof Error ? error.message : 'The site cannot be reached.',
  details: null,
  requestId: undefined,
  cause: error,
})

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined

/** The query as text; what is undefined is left out. */
const texts = (query: Loose['query'] = {}): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(query).map(([name, value]) => [
      name,
      value === undefined ? undefined : String(value),
    ]),
  )
