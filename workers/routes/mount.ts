/**
 * Routes are rows of the endpoint table. A row is registered in each of its spellings under the service
 * that the gateway's table names for it, and its handler reads what was sent through the row's own
 * schemas: there is no other way to a body or a query. Handlers read when they want to, because who asks
 * is looked at first. Rules: ../../core/api/SPEC.md, OPENAPI-9.
 */
import type { Context, Hono } from 'hono'
import type * as z from 'zod'
import type { Row } from '../../core/api/client.ts'
import type { Endpoint } from '../../core/api/endpoint.ts'
import { type EndpointId, endpoints } from '../../core/api/endpoints/table.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { routeOf } from '../gateway/routes.ts'
import { type Readers, siteReaders } from './request.ts'

/** What was sent to an endpoint, by the schemas of its row. Refusals are thrown. */
export type Asked<Id extends EndpointId> = {
  /** The JSON of the body; `{}` where none came and none is required. */
  readonly body: (c: AppContext) => Promise<BodyIn<Row<Id>>>
  readonly query: (c: AppContext) => PartIn<Row<Id>, 'query'>
  /** What stands in the path, as text: what a hash or an address is, its decoder knows and says. */
  readonly texts: (c: AppContext) => Readonly<Record<keyof PartIn<Row<Id>, 'params'>, string>>
}

/** What answers an endpoint. */
export type Handler<Id extends EndpointId> = (
  c: AppContext,
  asked: Asked<Id>,
) => Response | Promise<Response>

/** Handlers by the names of their endpoints. */
export type Handlers = { readonly [Id in EndpointId]?: Handler<Id> }

/** Registers endpoints in an app, the fixed paths before those with placeholders. */
export function mount(
  app: Hono<AppEnv>,
  handlers: Handlers,
  readers: Readers = siteReaders,
): Hono<AppEnv> {
  const routes = Object.entries(handlers).flatMap(([id, handle]) => {
    const row = rows.get(id) as Endpoint
    const asked = askedOf(row, readers)
    const handler: Mounted = (c) => (handle as Handler<EndpointId>)(c as AppContext, asked)
    mounted.set(handler, row)
    return pathsOf(row).map((path) => ({ method: row.method, path, handler }))
  })
  routes.sort((a, b) => (orderOf(a.path) < orderOf(b.path) ? -1 : 1))
  for (const { method, path, handler } of routes) app.on(method, [path], handler)
  return app
}

/** The row that a registered handler answers for; undefined where it was not mounted here. */
export const rowOfHandler = (handler: unknown): Endpoint | undefined =>
  mounted.get(handler as Mounted)

type Mounted = (c: Context<AppEnv>) => Response | Promise<Response>

type BodyIn<R> = R extends { readonly body: { readonly schema: infer S extends z.ZodType } }
  ? z.output<S>
  : never
type PartIn<R, Part extends 'query' | 'params'> = R extends {
  readonly [P in Part]: infer S extends z.ZodType
}
  ? z.output<S>
  : never

const rows: ReadonlyMap<string, Endpoint> = new Map(endpoints.map((row) => [row.id, row]))
const mounted = new WeakMap<Mounted, Endpoint>()

/** All schemas are looked up here, once. */
function askedOf(row: Endpoint, readers: Readers): Asked<EndpointId> {
  const { body, query } = row
  const missing = (part: string) => () => {
    throw new Error(`invariant broken: the row of ${row.id} has no ${part}`)
  }
  const empty = body?.required === false ? { empty: {} } : {}
  return {
    body: body ? (c) => readers.body(c, body.schema, empty) : missing('body'),
    query: query ? (c) => readers.query(c, query) : missing('query'),
    texts: (c) => c.req.param(),
  } as Asked<EndpointId>
}

/** The paths of a row as they are under the service that answers them, in Hono's spelling. */
function pathsOf({ path, aliases = [], hasSlashes }: Endpoint): string[] {
  const paths = [path, ...aliases].map((spelling) => {
    const route = routeOf(spelling)
    if (route?.target.kind !== 'service') {
      throw new Error(`invariant broken: no service answers ${spelling}`)
    }
    const rest = spelling.slice(route.path.replace(/\/$/, '').length)
    return (rest === '' ? '/' : rest).replace(/\{([a-z_]+)\}/g, `:$1${hasSlashes ? '{.+}' : ''}`)
  })
  return [...new Set(paths)]
}

/** Text that sorts placeholders behind whatever else may stand in their place. */
const orderOf = (path: string): string => path.replaceAll(':', '\u{10ffff}')
