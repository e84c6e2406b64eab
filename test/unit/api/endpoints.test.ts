/** The endpoint table against what the Worker registers, and the document that is made of it. */
import { Validator } from '@seriousme/openapi-schema-validator'
import { Hono } from 'hono'
import { describe, expect, test, vi } from 'vitest'
import { type Endpoint, placeholdersOf } from '../../../core/api/endpoint.ts'
import { answerExamples } from '../../../core/api/endpoints/examples.ts'
import { reservedFamilies } from '../../../core/api/endpoints/not-built.ts'
import { endpointFamilies, endpoints } from '../../../core/api/endpoints/table.ts'
import { errorCodes, statusOf } from '../../../core/api/errors.ts'
import { failuresOf, isOllama, isOpenAi, openApiDocument } from '../../../core/api/openapi.ts'
import type { FieldFault } from '../../../core/jobs/job-request.ts'
import type { AppEnv } from '../../../workers/context.ts'
import type { ApiFailure } from '../../../workers/failure.ts'
import { routeOf, routeTable, type ServiceName } from '../../../workers/gateway/routes.ts'
import { adminRoutes } from '../../../workers/routes/admin.ts'
import { authRoutes } from '../../../workers/routes/auth.ts'
import { chainListRoutes } from '../../../workers/routes/chain-lists.ts'
import { coordinatorRoutes } from '../../../workers/routes/coordinator.ts'
import { explorerRoutes } from '../../../workers/routes/explorer.ts'
import { healthRoutes } from '../../../workers/routes/health.ts'
import { marketRoutes } from '../../../workers/routes/market.ts'
import { marketplaceRoutes } from '../../../workers/routes/marketplace.ts'
import { mount, rowOfHandler } from '../../../workers/routes/mount.ts'
import { ollamaRoutes } from '../../../workers/routes/ollama.ts'
import { rpcRoutes } from '../../../workers/routes/rpc.ts'
import { metricsRoutes, nodeStatusRoutes } from '../../../workers/routes/status.ts'
import { userRoutes } from '../../../workers/routes/users.ts'
import { walletRoutes } from '../../../workers/routes/wallet.ts'
import { walletRpcRoutes } from '../../../workers/routes/wallet-rpc.ts'

// itty-durable cannot be imported in Node; here routes are looked at, not called.
vi.mock('../../../workers/faucet-cooldown.ts', () => ({ faucetCooldownOf: () => undefined }))

const services: Readonly<Record<ServiceName, Hono<AppEnv>>> = {
  coordinator: coordinatorRoutes,
  ollama: ollamaRoutes,
  rpc: rpcRoutes,
  explorer: explorerRoutes,
  chain: chainListRoutes,
  market: marketRoutes,
  marketplace: marketplaceRoutes,
  health: healthRoutes,
  auth: authRoutes,
  admin: adminRoutes,
  users: userRoutes,
  wallet: walletRoutes,
  walletRpc: walletRpcRoutes,
  status: nodeStatusRoutes,
  metrics: metricsRoutes,
}

const rows: readonly Endpoint[] = endpoints
const document = openApiDocument('1.2.3')
/** As any reader gets it. */
const read = JSON.parse(JSON.stringify(document)) as typeof document

/** Hono's `:name` and `:name{pattern}` as the table writes them. */
const written = (path: string) => path.replace(/:([a-z_]+)(?:\{[^}]*\})?/g, '{$1}')

/** What the Worker answers by program: routes that really are reached, under every base. */
function registered(): string[] {
  const found = routeTable.flatMap(({ path, target }) => {
    if (target.kind === 'text') return [`GET ${path}`]
    if (target.kind === 'page') return path.endsWith('.json') ? [`GET ${path}`] : []
    if (target.kind !== 'service') return []
    const base = path.replace(/\/$/, '')
    return services[target.name].routes
      .filter(({ method }) => method !== 'ALL')
      .map((route) => ({ method: route.method, full: base + route.path.replace(/^\/$/, '') }))
      .filter(({ full }) => routeOf(full.replace(/:[a-z_]+(?:\{[^}]*\})?/g, 'x'))?.path === path)
      .map(({ method, full }) => `${method} ${written(full)}`)
  })
  return [...new Set(found)].sort()
}

describe('the table', () => {
  test('OPENAPI-1: holds every route that a site answers, in every spelling, and no other', () => {
    const told = rows.flatMap(({ method, path, aliases = [] }) =>
      [path, ...aliases].map((each) => `${method} ${each}`),
    )
    expect(told.length).toBe(new Set(told).size)
    expect(told.sort()).toEqual(registered())
  })

  test('OPENAPI-9: every route that is registered answers by its row', () => {
    const routes = Object.values(services).flatMap((app) => app.routes)
    const plain = routes.filter(({ method }) => method !== 'ALL')
    expect(plain.length).toBeGreaterThan(200)
    for (const { method, path, handler } of plain) {
      // An app with its own words for failures is wrapped when it is joined to another.
      const own =
        (handler as { readonly __COMPOSED_HANDLER?: unknown }).__COMPOSED_HANDLER ?? handler
      const row = rowOfHandler(own)
      const ends = [row?.path, ...(row?.aliases ?? [])].some((each) =>
        each?.endsWith(written(path)),
      )
      expect([method, path, row?.method, ends || path === '/']).toEqual([
        method,
        path,
        method,
        true,
      ])
    }
  })

  test('OPENAPI-9: the readers of a route check by the schemas of its row', async () => {
    const body = { name: 'desk', scopes: ['everything'] }
    const seen: string[] = []
    const app = mount(new Hono<AppEnv>(), {
      createKey: async (c, asked) => c.json(await asked.body(c)),
      getUsage: (c, asked) => c.json(asked.query(c)),
      getKey: (c, asked) => c.text(asked.texts(c).id),
    })
    app.onError((thrown, c) => {
      const { code, details } = (thrown as ApiFailure).error
      for (const { field } of details as FieldFault[]) seen.push(`${code} ${field}`)
      return c.text('', 400)
    })
    const sent = { method: 'POST', body: JSON.stringify(body) }
    expect((await app.request('/account/keys', sent)).status).toBe(400)
    expect((await app.request('/account/usage?group_by=moon')).status).toBe(400)
    expect(seen).toEqual(['VALIDATION_ERROR body.scopes.0', 'VALIDATION_ERROR query.group_by'])
    const good = await app.request('/account/usage?group_by=model')
    expect(await good.json()).toMatchObject({ group_by: 'model' })
    expect(await (await app.request('/account/keys/key_1')).text()).toBe('key_1')
  })

  test('OPENAPI-1: ids, families and placeholders are whole', () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    const families = endpointFamilies.map(({ id }) => id)
    expect(new Set(families).size).toBe(families.length)
    for (const row of rows) {
      const names = Object.keys(row.params?.shape ?? {})
      for (const path of [row.path, ...(row.aliases ?? [])]) {
        expect([row.id, placeholdersOf(path)]).toEqual([row.id, names])
      }
      expect([row.id, row.answers.length + row.errors.length > 0]).toEqual([row.id, true])
      expect(row.summary).toMatch(/^[A-Z].*[^.]$/)
    }
  })

  test('OPENAPI-8: names that are reserved are those to which the gateway answers 501', () => {
    const told = reservedFamilies.flatMap(({ paths }) => paths)
    const programs = /^\/(?:api|v1|rpc|admin|wallet\/(?:v1\/|rpc)|wallet\/$)/
    const missing = routeTable.flatMap(({ path, target }) =>
      target.kind === 'missing' && programs.test(path) ? [path] : [],
    )
    expect([...told].sort()).toEqual([...missing].sort())
  })
})

describe('examples', () => {
  test.each(rows.map((row) => [row.id, row] as const))('OPENAPI-5: those of %s fit', (id, row) => {
    const { params = {}, query = {}, body } = row.example
    expect(row.params?.safeParse(params).error).toBeUndefined()
    expect(row.query?.safeParse(query).error).toBeUndefined()
    if (row.body?.required) expect(body).toBeDefined()
    if (body !== undefined) expect(row.body?.schema.safeParse(body).error).toBeUndefined()
    const answers = row.answers.filter(({ schema, status }) => schema && status < 300)
    const isShown = answers.length > 0 && id !== 'getOpenApi'
    expect([id, answerExamples[id] !== undefined]).toEqual([id, isShown])
    if (!isShown) return
    const fits = answers.map(({ schema }) => schema?.safeParse(answerExamples[id]))
    expect(
      fits.some((each) => each?.success),
      JSON.stringify(fits[0]?.error?.issues),
    ).toBe(true)
  })

  test('OPENAPI-5: there are none of anything else', () => {
    const ids = rows.map(({ id }) => id as string)
    expect(Object.keys(answerExamples).filter((id) => !ids.includes(id))).toEqual([])
  })
})

describe('the document', () => {
  test('OPENAPI-2: is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(read))
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
    expect(read['openapi']).toBe('3.1.0')
    expect(read['info']).toMatchObject({ title: 'AITBC', version: '1.2.3' })
  })

  test('OPENAPI-2: has one operation for each endpoint, with all its failures', () => {
    const operations = Object.entries(read.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        at: `${method.toUpperCase()} ${path}`,
        operation: operation as { operationId: string; responses: Record<string, unknown> },
      })),
    )
    expect(operations.map(({ at }) => at).sort()).toEqual(
      rows.map(({ method, path }) => `${method} ${path}`).sort(),
    )
    for (const { operation } of operations) {
      const row = rows.find(({ id }) => id === operation.operationId)
      const statuses = [
        ...(row?.answers.map(({ status }) => status) ?? []),
        ...failuresOf(row as Endpoint).keys(),
      ]
      const declared = [...new Set(statuses)].map(String).sort()
      expect(Object.keys(operation.responses).sort()).toEqual(declared)
    }
  })

  test('OPENAPI-2: every reference leads to a component, and every component is used', () => {
    const used = new Set<string>()
    const text = JSON.stringify(read)
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) used.add(name)
    const named = Object.keys(read.components.schemas)
    // Said in prose: what stands in the details of a validation error.
    expect([...used, 'FieldFault'].sort()).toEqual(named.sort())
    expect(text).not.toContain('$defs')
  })

  test('OPENAPI-2: every error code is there with its status', () => {
    const codes = read['x-error-codes'] as Record<string, { status: number }>
    expect(Object.keys(codes)).toEqual(errorCodes)
    for (const row of rows) {
      for (const [status, listed] of failuresOf(row)) {
        for (const code of listed) {
          const isOwn = !isOpenAi(row, code) && !isOllama(row)
          if (isOwn) expect(statusOf(code)).toBe(status)
        }
      }
    }
  })
})
