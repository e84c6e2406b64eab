/**
 * The OpenAPI 3.1 document of a site, from the table of its endpoints and nothing else: what is sent and
 * received as JSON Schema, shared shapes by name. Rules: SPEC.md, OPENAPI.
 */
import * as z from 'zod'
import type { Endpoint, EndpointStream } from './endpoint.ts'
import { answerExamples } from './endpoints/examples.ts'
import { endpointFamilies } from './endpoints/table.ts'
import { type ErrorCode, errorCodes, messageOf, statusOf } from './errors.ts'
import { ollamaError } from './jobs-ollama.ts'
import { openAiError } from './jobs-openai.ts'
import {
  errorSchema,
  fieldFaultSchema,
  ollamaErrorSchema,
  openAiErrorSchema,
} from './schemas/errors.ts'
import { signedRequestHeaders } from './signed-request.ts'

/** JSON, as it goes into the document. */
export type JsonObject = { readonly [key: string]: unknown }

/** The document. */
export type OpenApiDocument = JsonObject & {
  readonly paths: Readonly<Record<string, JsonObject>>
  readonly components: JsonObject & { readonly schemas: Readonly<Record<string, JsonObject>> }
}

/** Writes the document. `version` is that of the program; the server is whoever serves it. */
export function openApiDocument(version: string): OpenApiDocument {
  const schemas: Schemas = new Map()
  hoist(schemas, errorSchema, 'output')
  hoist(schemas, openAiErrorSchema, 'output')
  hoist(schemas, ollamaErrorSchema, 'output')
  hoist(schemas, fieldFaultSchema, 'output')
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const family of endpointFamilies) {
    for (const each of family.endpoints as readonly Endpoint[]) {
      const methods = paths[each.path] ?? {}
      methods[each.method.toLowerCase()] = operationOf(each, family.id, schemas)
      paths[each.path] = methods
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'AITBC',
      version,
      summary: 'Jobs for miners, and the chain that settles them',
      description: introduction,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The site that serves this document' }],
    tags: endpointFamilies.map(({ id, title, description }) => ({
      name: id,
      description,
      'x-displayName': title,
    })),
    paths,
    components: {
      schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes,
    },
    'x-error-codes': Object.fromEntries(
      errorCodes.map((code) => [code, { status: statusOf(code), message: messageOf({ code }) }]),
    ),
  }
}

/** Statuses of the failures of an endpoint, rising, each with its codes. */
export function failuresOf(given: Endpoint): ReadonlyMap<number, readonly ErrorCode[]> {
  const byStatus = new Map<number, ErrorCode[]>()
  const status = (code: ErrorCode) => {
    if (isOpenAi(given, code)) return openAiError({ code }).status
    return isOllama(given) ? ollamaError({ code }).status : statusOf(code)
  }
  for (const code of new Set(given.errors)) {
    byStatus.set(status(code), [...(byStatus.get(status(code)) ?? []), code])
  }
  return new Map([...byStatus].sort(([a], [b]) => a - b))
}

/** Whether a failure of an endpoint has OpenAI's shape: what the gateway says has the site's there. */
export const isOpenAi = (given: Endpoint, code: ErrorCode): boolean =>
  given.errorShape === 'openai' && !gatewayErrors.has(code)

/** Whether it has Ollama's, whose clients read an error as one text, whoever says it. */
export const isOllama = (given: Endpoint): boolean => given.errorShape === 'ollama'

const gatewayErrors: ReadonlySet<ErrorCode> = new Set([
  'CONFIG_MISSING',
  'CONFIG_INVALID',
  'BODY_TOO_LARGE',
])

const introduction =
  'Failures have one shape, `Error`; routes of OpenAI’s format answer `OpenAiError`, those of Ollama’s `OllamaError`. Amounts named in ' +
  '`Units` are decimal text of base units. `x-aliases` names other spellings of a path that answer alike, ' +
  '`x-stream` what goes over a connection that stays open, `x-errors` the codes behind a status.'

const { publicKey, timestampMs, signature } = signedRequestHeaders

const securitySchemes = {
  apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'A client’s API key' },
  bearer: { type: 'http', scheme: 'bearer', description: 'The same key as a bearer token' },
  minerKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'A miner’s API key' },
  minerBearer: { type: 'http', scheme: 'bearer', description: 'The same key as a bearer token' },
  adminKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Api-Key',
    description: 'A key of scope admin, for programs. People sign in with a listed account.',
  },
  adminBearer: { type: 'http', scheme: 'bearer', description: 'The same key as a bearer token' },
  sessionToken: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Session-Token',
    description: 'The token of a session, from POST /api/v1/users/login. Good for a day.',
  },
  sessionBearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The same token as a bearer token',
  },
  sessionCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-aitbc_session',
    description:
      'The same token, as browsers send it. What changes something wants an Origin of the site.',
  },
  signedRequest: {
    type: 'apiKey',
    in: 'header',
    name: signature,
    description: `An Ed25519 signature over host, method, path with query, body and time, in hex; with ${publicKey} (the public key) and ${timestampMs} (Unix milliseconds). Good for a minute.`,
  },
} as const

const securityOf = {
  none: [],
  client: [
    { apiKey: [] },
    { bearer: [] },
    { signedRequest: [] },
    { sessionToken: [] },
    { sessionCookie: [] },
  ],
  'client-key': [{ apiKey: [] }, { bearer: [] }, { sessionToken: [] }, { sessionCookie: [] }],
  miner: [{ minerKey: [] }, { minerBearer: [] }],
  session: [{ sessionToken: [] }, { sessionBearer: [] }, { sessionCookie: [] }],
  owner: [
    { sessionToken: [] },
    { sessionBearer: [] },
    { sessionCookie: [] },
    { apiKey: [] },
    { bearer: [] },
    { signedRequest: [] },
  ],
  account: [
    { sessionToken: [] },
    { sessionBearer: [] },
    { sessionCookie: [] },
    { signedRequest: [] },
  ],
  admin: [
    { adminKey: [] },
    { adminBearer: [] },
    { sessionToken: [] },
    { sessionBearer: [] },
    { sessionCookie: [] },
    { signedRequest: [] },
  ],
} as const

function operationOf(given: Endpoint, tag: string, schemas: Schemas): JsonObject {
  const { body, stream } = given
  const text = [given.description, given.legacy].filter((part) => part !== undefined).join('\n\n')
  return {
    operationId: given.id,
    tags: [tag],
    summary: given.summary,
    ...(text === '' ? {} : { description: text }),
    ...(given.legacy === undefined ? {} : { deprecated: true }),
    security: securityOf[given.auth],
    parameters: [
      ...parametersOf(given.params, 'path', given.example.params),
      ...parametersOf(given.query, 'query', given.example.query),
      ...parametersOf(given.headers, 'header'),
    ],
    ...(given.bytes === undefined ? {} : { requestBody: bytesBody(given.bytes) }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.required,
            content: {
              'application/json': {
                schema: hoist(schemas, body.schema, 'input'),
                example: given.example.body,
              },
            },
          },
        }),
    responses: responsesOf(given, schemas),
    ...(given.aliases === undefined ? {} : { 'x-aliases': given.aliases }),
    ...(stream === undefined ? {} : { 'x-stream': streamOf(stream, schemas) }),
  }
}

/** A body of canonical bytes. */
const bytesBody = (description: string): JsonObject => ({
  required: true,
  description,
  content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
})

/** Parameters of one place, as the document lists them. */
export function parametersOf(
  schema: z.ZodObject | undefined,
  where: 'path' | 'query' | 'header',
  example: Readonly<Record<string, string | undefined>> = {},
): JsonObject[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => {
    const { description, ...json } = parameterSchema(field as z.ZodType)
    const required = where === 'path' || !(field as z.ZodType).safeParse(undefined).success
    return {
      name,
      in: where,
      required,
      ...(description === undefined ? {} : { description }),
      schema: json,
      ...(example[name] === undefined ? {} : { example: typed(json, example[name]) }),
    }
  })
}

/** What comes out of the text of a parameter, such as a number; where that is no JSON, the text. */
function parameterSchema(field: z.ZodType): JsonObject {
  const outcome = plain(field, 'output')
  const isKnown = 'type' in outcome || 'anyOf' in outcome || 'enum' in outcome
  return isKnown ? outcome : { ...plain(field, 'input'), ...outcome }
}

/** The example of a parameter in the type that its schema has. */
const typed = (schema: JsonObject, text: string): unknown =>
  schema['type'] === 'integer' || schema['type'] === 'number' ? Number(text) : text

function responsesOf(given: Endpoint, schemas: Schemas): JsonObject {
  const responses: Record<string, { description: string; content?: Record<string, JsonObject> }> =
    {}
  for (const answer of given.answers) {
    const entry = responses[answer.status] ?? { description: answer.description }
    const type = answer.mediaType ?? 'application/json'
    if (answer.schema) {
      const example = answerExamples[given.id]
      const schema = hoist(schemas, answer.schema, 'output')
      const shown = answer.status < 300 && example !== undefined ? { example } : {}
      entry.content = { ...entry.content, [type]: { schema, ...shown } }
    } else if (answer.mediaType) {
      entry.content = { ...entry.content, [type]: { schema: { type: 'string' } } }
    }
    responses[answer.status] = entry
  }
  for (const [status, codes] of failuresOf(given)) {
    const known = responses[status]
    const description = codes.join(', ')
    const content = { 'application/json': { schema: errorRef(given, codes) } }
    // A status with two shapes, such as health's own 503, keeps its own.
    if (known) known.description += `; ${description}`
    else responses[status] = { description, content, ...{ 'x-errors': codes } }
  }
  return responses
}

function errorRef(given: Endpoint, codes: readonly ErrorCode[]): JsonObject {
  const shapeOf = (code: ErrorCode) =>
    isOpenAi(given, code) ? 'OpenAiError' : isOllama(given) ? 'OllamaError' : 'Error'
  const shapes = new Set(codes.map(shapeOf))
  const refs = [...shapes].map((shape) => ({ $ref: `#/components/schemas/${shape}` }))
  return refs.length === 1 ? (refs[0] as JsonObject) : { anyOf: refs }
}

const streamOf = (stream: EndpointStream, schemas: Schemas): JsonObject => ({
  kind: stream.kind,
  description: stream.description,
  received: stream.received.map((each) => ({
    ...each,
    schema: hoist(schemas, each.schema, 'output'),
  })),
  ...(stream.sent
    ? {
        sent: stream.sent.map((each) => ({
          ...each,
          schema: hoist(schemas, each.schema, 'input'),
        })),
      }
    : {}),
})

/** A schema as the document has it: what has a name is a reference to a component. */
export const jsonSchemaOf = (schema: z.ZodType, io: 'input' | 'output'): JsonObject =>
  hoist(new Map(), schema, io)

type Schemas = Map<string, JsonObject>

/** A schema as JSON, with what has a name moved to the components. */
function hoist(schemas: Schemas, schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $defs = {}, ...json } = convert(schema, io)
  for (const [name, definition] of Object.entries($defs as Record<string, JsonObject>)) {
    keep(schemas, name, definition)
  }
  const { id, ...rest } = json
  if (typeof id !== 'string') return rest
  keep(schemas, id, rest)
  return { $ref: `#/components/schemas/${id}` }
}

function keep(schemas: Schemas, name: string, given: JsonObject): void {
  const { id: _id, ...definition } = given
  const known = schemas.get(name)
  if (known && JSON.stringify(known) !== JSON.stringify(definition)) {
    throw new Error(`invariant broken: two schemas are named ${name}`)
  }
  schemas.set(name, definition)
}

/** Without names: for parameters, which read better whole. */
function plain(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $defs = {}, ...json } = convert(schema, io)
  const names = $defs as Record<string, JsonObject>
  const ref = typeof json['$ref'] === 'string' ? json['$ref'].split('/').at(-1) : undefined
  const { id: _id, ...rest } =
    ref === undefined ? json : { ...names[ref], ...json, $ref: undefined }
  return rest as JsonObject
}

const safe = Number.MAX_SAFE_INTEGER

/** JSON Schema without what only says that a number is exact in JavaScript. */
function convert(schema: z.ZodType, io: 'input' | 'output'): JsonObject & { $defs?: unknown } {
  const json = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // The format says the same in a word.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern
      if (jsonSchema.maximum === safe) delete jsonSchema.maximum
      if (jsonSchema.minimum === -safe) delete jsonSchema.minimum
    },
  })
  const { $schema: _schema, ...rest } = json
  return moved(rest) as JsonObject
}

/** References of a schema by itself become those of the document. */
function moved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(moved)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string'
        ? inner.replace('#/$defs/', '#/components/schemas/')
        : moved(inner),
    ]),
  )
}
