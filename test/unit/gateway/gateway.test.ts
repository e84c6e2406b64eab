/**
 * The gateway: routes, headers, refusals, limits.
 * Long because every rule of the gateway is tried here on one set of routes.
 */
import { createServer } from 'node:http'
import { Hono } from 'hono'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { AppEnv } from '../../../workers/context.ts'
import type { Env } from '../../../workers/env.ts'
import { ApiFailure } from '../../../workers/failure.ts'
import { createGateway } from '../../../workers/gateway/gateway.ts'
import { gatewayLimits } from '../../../workers/gateway/limits.ts'
import { routeOf, routeTable } from '../../../workers/gateway/routes.ts'
import { routeSecrets } from '../../support/route-env.ts'

const otherServices = [
  ...new Set(routeTable.flatMap(({ target }) => (target.kind === 'service' ? [target.name] : []))),
].filter((name) => name !== 'health')

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})

const context = {} as Parameters<ReturnType<typeof createGateway>>[2]

const files: Readonly<Record<string, string>> = {
  '/index.html': 'home',
  '/404.html': 'page not found',
  '/not-built.html': 'page not built',
  '/explorer/index.html': 'explorer shell',
  '/docs/index.html': 'docs',
  '/docs/getting-started.html': 'getting started',
  '/csp-hashes.json': JSON.stringify({ scriptSrc: ["'sha256-abc'"] }),
}

function site(overrides: Record<string, unknown> = {}, limit = () => true) {
  const limited: string[] = []
  const env = {
    ...routeSecrets,
    ASSETS: {
      fetch: async (input: Request | string) => {
        const path = new URL(typeof input === 'string' ? input : input.url).pathname
        const text = files[path]
        return text === undefined ? new Response(null, { status: 404 }) : new Response(text)
      },
    },
    ANONYMOUS_LIMIT: {
      limit: async ({ key }: { key: string }) => {
        limited.push(key)
        return { success: limit() }
      },
    },
    ...overrides,
  } as unknown as Env
  const echo = (name: string) =>
    new Hono<AppEnv>()
      .get('/thing', (c) => c.json({ name, path: c.req.path }))
      .post('/thing', async (c) => c.json({ bytes: (await c.req.text()).length }))
      .get('/locked', () => {
        throw new ApiFailure({ code: 'AUTHENTICATION_ERROR' })
      })
      .get('/broken', () => {
        throw new Error('a secret detail')
      })
  const echoes = <N extends string>(...names: N[]) =>
    Object.fromEntries(names.map((name) => [name, echo(name)])) as Record<N, Hono<AppEnv>>
  const health = new Hono<AppEnv>()
    .get('/', (c) => c.json({ status: 'ok' }))
    .get('/live', (c) => c.json({ status: 'alive' }))
    .get('/ready', (c) => c.json({ status: 'ready' }))
  const gateway = createGateway({
    provide: () => undefined,
    services: { ...echoes(...otherServices), health },
  })
  const get = (path: string, init: RequestInit = {}, origin = 'http://127.0.0.1:18000') =>
    gateway(new Request(`${origin}${path}`, { redirect: 'manual', ...init }), env, context)
  return { get, limited }
}

const page = { headers: { accept: 'text/html,*/*' } }

describe('routes', () => {
  test('GW-1: exact wins over prefix, then the longest prefix', () => {
    expect(routeOf('/docs/')?.target).toEqual({ kind: 'page', file: '/docs/index.html' })
    expect(routeOf('/api/v1/health')?.target).toEqual({ kind: 'service', name: 'health' })
    expect(routeOf('/api/v1/explorer/blocks')?.target).toEqual({
      kind: 'service',
      name: 'explorer',
    })
    expect(routeOf('/api/v1/jobs')?.path).toBe('/api/v1/')
    expect(routeOf('/api/jobs')?.path).toBe('/api/')
  })

  test('GW-1: no path stands in the table twice', () => {
    const keys = routeTable.map(({ path, target }) => `${path} ${target.kind === 'page'}`)
    expect(new Set(keys).size).toBe(keys.length)
  })

  test.each([
    ['/', 200, 'home'],
    ['/explorer/', 200, 'explorer shell'],
    ['/explorer/block/12', 200, 'explorer shell'],
    ['/docs/', 200, 'docs'],
    ['/docs/getting-started.html', 200, 'getting started'],
    ['/health', 200, 'OK'],
  ])('GW-2: %s is served', async (path, status, text) => {
    const response = await site().get(path, page)
    expect(response.status).toBe(status)
    expect(await response.text()).toBe(text)
  })

  test.each([
    ['/api/v1/thing', 'coordinator'],
    ['/api/thing', 'coordinator'],
    ['/v1/thing', 'coordinator'],
    ['/api/v1/explorer/thing', 'explorer'],
    ['/api/explorer/thing', 'explorer'],
    ['/api/v1/chain/thing', 'chain'],
    ['/api/chain/thing', 'chain'],
    ['/rpc/thing', 'rpc'],
  ])('GW-2: %s reaches %s', async (path, name) => {
    expect(await (await site().get(path)).json()).toEqual({ name, path })
  })

  test.each([
    ['/exchange?x=1', '/Exchange?x=1'],
    ['/Marketplace', '/marketplace/'],
    ['/redoc', '/docs/api.html'],
    ['/BrowserWallet', '/docs/browser-wallet.html'],
    ['/wallet', '/wallet/'],
  ])('GW-3: %s moves to %s', async (path, to) => {
    const response = await site().get(path)
    expect(response.status).toBe(301)
    expect(response.headers.get('location')).toBe(to)
  })

  test.each([
    '/Exchange',
    '/api/v1/governance/proposals',
    '/v1/zk/status',
    '/api/trades/recent',
    '/api/orders/orderbook',
    '/api/partners/register',
  ])('GW-4: %s says that it is not built', async (path) => {
    const json = await site().get(path)
    expect(json.status).toBe(501)
    expect(((await json.json()) as { error: { code: string } }).error.code).toBe('NOT_BUILT')
    const html = await site().get(path, page)
    expect(html.status).toBe(501)
    expect(await html.text()).toBe('page not built')
  })

  test('GW-15: with V1_UPSTREAM=mock only /v1/ stays away from the coordinator', async () => {
    const { get } = site({ V1_UPSTREAM: 'mock', MOCK_URL: 'http://127.0.0.1:9' })
    const mocked = await get('/v1/thing')
    const { error } = (await mocked.json()) as { error: { code: string; message: string } }
    expect([mocked.status, error.code]).toEqual([503, 'COORDINATOR_UNAVAILABLE'])
    expect(error.message).toMatch(/npm run mock/)
    expect((await get('/api/v1/thing')).status).toBe(200)
    expect((await site().get('/v1/thing')).status).toBe(200)
  })

  test('GW-15: what the mock answers comes through, and says that it is the mock', async () => {
    const asked: { url: string | undefined; cookie: string | undefined; body: string }[] = []
    const mock = createServer((request, response) => {
      const { url, headers } = request
      request.setEncoding('utf8')
      let body = ''
      request.on('data', (part) => (body += part))
      request.on('end', () => {
        asked.push({ url, cookie: headers.cookie, body })
        response.writeHead(418, { 'set-cookie': 'a=b', 'content-type': 'text/plain' }).end('mocked')
      })
    })
    await new Promise<void>((resolve) => mock.listen(0, '127.0.0.1', resolve))
    const { port } = mock.address() as { port: number }
    const { get } = site({ V1_UPSTREAM: 'mock', MOCK_URL: `http://127.0.0.1:${port}` })
    const given = { method: 'POST', body: '{}', headers: { cookie: 'session=x' } }
    const answer = await get('/v1/jobs?limit=1', given)
    expect([answer.status, await answer.text()]).toEqual([418, 'mocked'])
    expect(answer.headers.get('x-upstream')).toBe('mock')
    expect(answer.headers.get('set-cookie')).toBe(null)
    expect(asked).toEqual([{ url: '/v1/jobs?limit=1', cookie: undefined, body: '{}' }])
    mock.closeAllConnections()
    await new Promise((resolve) => mock.close(resolve))
  })

  test('GW-15: a mock is refused in production, off this machine and on another one', async () => {
    const mock = { V1_UPSTREAM: 'mock' }
    const refused = async (vars: Record<string, string>, origin?: string) => {
      const answer = await site({ ...mock, ...vars }).get('/v1/thing', {}, origin)
      const { error } = (await answer.json()) as { error: { code: string; details: unknown } }
      return [answer.status, error.code, error.details]
    }
    const invalid = (name: string) => [503, 'CONFIG_INVALID', { names: [name] }]
    expect(await refused({ APP_ENV: 'production' })).toEqual(invalid('V1_UPSTREAM'))
    expect(await refused({}, 'https://aitbc.example')).toEqual(invalid('V1_UPSTREAM'))
    expect(await refused({ MOCK_URL: 'http://10.0.0.1:8090' })).toEqual(invalid('MOCK_URL'))
    expect(await refused({ MOCK_URL: 'file:///etc' })).toEqual(invalid('MOCK_URL'))
  })

  test('GW-5: an unknown address is 404 in the caller’s format', async () => {
    const html = await site().get('/nowhere', page)
    expect([html.status, await html.text()]).toEqual([404, 'page not found'])
    const json = await site().get('/api/v1/nowhere')
    expect(json.status).toBe(404)
    expect(((await json.json()) as { detail: string }).detail).toMatch(/nothing at this address/)
    expect((await site().get('/explorer/missing.js', page)).status).toBe(404)
    expect((await site().get('/csp-hashes.json')).status).toBe(404)
  })

  test('GW-6: a wrong method is 405 and names the right ones', async () => {
    const response = await site().get('/rpc/thing', { method: 'DELETE' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, POST')
    const asset = await site().get('/', { method: 'POST' })
    expect([asset.status, asset.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test('GW-7: plain HTTP goes to HTTPS, loopback stays', async () => {
    const response = await site().get('/docs/?a=b', {}, 'http://aitbc.example')
    expect(response.status).toBe(308)
    expect(response.headers.get('location')).toBe('https://aitbc.example/docs/?a=b')
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      expect((await site().get('/health', {}, `http://${host}:18000`)).status).toBe(200)
    }
    expect((await site().get('/health', {}, 'http://127.evil.example')).status).toBe(308)
  })
})

describe('headers', () => {
  test('GW-16: the policy is exactly this', async () => {
    const { headers } = await site().get('/')
    expect(headers.get('content-security-policy')?.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self' 'sha256-abc'",
      "style-src 'self'",
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self' ws://127.0.0.1:18000",
      "manifest-src 'self'",
      "worker-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "object-src 'none'",
      "require-trusted-types-for 'script'",
      'trusted-types aitbc-worker',
    ])
  })

  test('GW-8: security headers stand on pages, APIs, redirects and errors', async () => {
    for (const path of ['/', '/rpc/thing', '/exchange', '/nowhere', '/api/v1/broken']) {
      const { headers } = await site().get(path)
      const csp = headers.get('content-security-policy') ?? ''
      expect(csp).toContain("default-src 'none'")
      expect(csp).toContain("script-src 'self' 'sha256-abc';")
      expect(csp).toContain("frame-ancestors 'none'")
      expect(csp).not.toContain('unsafe')
      expect(headers.get('strict-transport-security')).toMatch(/max-age=\d{8}/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  test('GW-8: a well-formed request id is kept, another is replaced', async () => {
    const kept = await site().get('/api/v1/nowhere', { headers: { 'x-request-id': 'abc-1' } })
    expect(kept.headers.get('x-request-id')).toBe('abc-1')
    expect(((await kept.json()) as { error: { request_id: string } }).error.request_id).toBe(
      'abc-1',
    )
    const replaced = await site().get('/health', { headers: { 'x-request-id': '<script>' } })
    expect(replaced.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('GW-9: only origins on the list are answered', async () => {
    const { get } = site({ CORS_ORIGINS: 'https://app.example, https://b.example' })
    const origin = async (value: string, init: RequestInit = {}) => {
      const response = await get('/rpc/thing', {
        ...init,
        headers: { ...init.headers, origin: value },
      })
      return response.headers.get('access-control-allow-origin')
    }
    expect(await origin('http://localhost:3000')).toBe('http://localhost:3000')
    expect(await origin('https://app.example')).toBe('https://app.example')
    expect(await origin('https://evil.example')).toBeNull()
    expect(await origin('http://localhost:3001')).toBeNull()
    const asked = { method: 'OPTIONS', headers: { 'access-control-request-method': 'POST' } }
    expect(await origin('https://b.example', asked)).toBe('https://b.example')
    expect(await origin('https://evil.example', asked)).toBeNull()
  })

  test('GW-9: extensions may ask the chain, without credentials, and nothing else', async () => {
    const { get } = site()
    const extensions = [
      `chrome-extension://${'abcdefghijklmnop'.repeat(2)}`,
      'moz-extension://7f3c9a52-0d5b-4b1c-9a3e-2f6d1c8e4b70',
    ]
    const headersOf = async (path: string, origin: string, init: RequestInit = {}) =>
      (await get(path, { ...init, headers: { ...init.headers, origin } })).headers
    const asked = { method: 'OPTIONS', headers: { 'access-control-request-method': 'POST' } }
    for (const origin of extensions) {
      for (const init of [{}, asked]) {
        const headers = await headersOf('/rpc/thing', origin, init)
        expect(headers.get('access-control-allow-origin')).toBe(origin)
        expect(headers.get('access-control-allow-credentials')).toBeNull()
      }
      for (const path of ['/api/v1/thing', '/', '/rpc']) {
        expect((await headersOf(path, origin)).get('access-control-allow-origin')).toBeNull()
      }
    }
    for (const origin of [
      'chrome-extension://short',
      `chrome-extension://${'z'.repeat(32)}`,
      `https://chrome-extension.example`,
      `moz-extension://evil.example/${'a'.repeat(23)}`,
    ]) {
      expect((await headersOf('/rpc/thing', origin)).get('access-control-allow-origin')).toBeNull()
    }
  })
})

describe('configuration', () => {
  test('GW-10: what is missing is named and nothing else', async () => {
    const { get } = site({ JWT_SECRET: undefined, CLIENT_API_KEYS: '' })
    const response = await get('/api/v1/thing')
    expect(response.status).toBe(503)
    const { error } = (await response.json()) as { error: { code: string; details: unknown } }
    expect(error.code).toBe('CONFIG_MISSING')
    expect(error.details).toEqual({ names: ['JWT_SECRET', 'CLIENT_API_KEYS'] })
    expect(await (await get('/health')).text()).toBe('OK')
    expect((await get('/health/live')).status).toBe(200)
    expect((await get('/health/ready')).status).toBe(503)
    expect((await get('/', page)).status).toBe(200)
  })

  test.each([
    ['AUTHORITY_KEY', 'not hex'],
    ['WALLET_ENCRYPTION_KEY', 'AAAA'],
    ['CLIENT_API_KEYS', 'plain text'],
    ['GENESIS_JSON', '{"version":2}'],
    ['CHAIN_UPSTREAM', 'ftp://x'],
    ['PEERS', 'http://a.example'],
  ])('GW-10: an unusable %s is named without its value', async (name, value) => {
    const response = await site({ [name]: value }).get('/api/v1/thing')
    const body = await response.text()
    expect(response.status).toBe(503)
    expect(JSON.parse(body).error).toMatchObject({
      code: 'CONFIG_INVALID',
      details: { names: [name] },
    })
    expect(body).not.toContain(value)
  })
})

describe('limits', () => {
  test('GW-11: anonymous API requests are counted by address; keyed ones and pages are not', async () => {
    const { get, limited } = site()
    const from = { 'cf-connecting-ip': '192.0.2.7' }
    await get('/api/v1/thing', { headers: from })
    await get('/api/v1/thing', { headers: { ...from, 'x-api-key': 'client-key-1' } })
    await get('/api/v1/thing', { headers: { ...from, authorization: 'Bearer x' } })
    await get('/', { headers: from })
    expect(limited).toEqual(['192.0.2.7'])
  })

  test.each([
    { 'x-api-key': 'made up' },
    { authorization: 'Bearer made-up' },
    { 'x-aitbc-key': 'made up' },
  ])('GW-11: where no credential is checked, %j spares nobody the limiter', async (made) => {
    const { get, limited } = site()
    const headers = { 'cf-connecting-ip': '192.0.2.7', ...made } as unknown as HeadersInit
    for (const path of ['/rpc/thing', '/api/explorer/thing', '/health/ready']) {
      await get(path, { headers })
    }
    expect(limited).toEqual(['192.0.2.7', '192.0.2.7', '192.0.2.7'])
    const full = await site({}, () => false).get('/rpc/thing', { headers })
    expect(full.status).toBe(429)
  })

  test('GW-11: an announcement that is signed is counted by its route, any other by address', async () => {
    const { get, limited } = site()
    const from = { 'cf-connecting-ip': '192.0.2.7' }
    const path = '/rpc/sync/announce'
    await get(path, { method: 'POST', headers: { ...from, 'x-aitbc-key': 'looked at there' } })
    expect(limited).toEqual([])
    await get(path, { method: 'POST', headers: from })
    await get('/rpc/sync/pull', { method: 'POST', headers: { ...from, 'x-aitbc-key': 'unread' } })
    expect(limited).toEqual(['192.0.2.7', '192.0.2.7'])
  })

  test('GW-11: over the limit is 429 with Retry-After, also for refused credentials', async () => {
    const { get } = site({}, () => false)
    const response = await get('/rpc/thing')
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '60'])
    const guessed = await get('/rpc/locked', { headers: { 'x-api-key': 'guess' } })
    expect(guessed.status).toBe(429)
  })

  test('GW-11: the switch for tests works on loopback only', async () => {
    const { get } = site({ RATE_LIMIT: 'off' }, () => false)
    expect((await get('/rpc/thing')).status).toBe(200)
    expect((await get('/rpc/thing', {}, 'https://aitbc.example')).status).toBe(429)
  })

  test('GW-12: a body over the limit reaches no route', async () => {
    const body = 'x'.repeat(gatewayLimits.bodyBytesMax + 1)
    const response = await site().get('/rpc/thing', { method: 'POST', body })
    expect(response.status).toBe(413)
    const fits = await site().get('/rpc/thing', { method: 'POST', body: 'four' })
    expect(await fits.json()).toEqual({ bytes: 4 })
  })
})

describe('failures', () => {
  test('GW-13: the one error shape, complete', async () => {
    const response = await site().get('/api/v1/locked')
    expect(response.status).toBe(401)
    const body = (await response.json()) as Record<string, unknown>
    expect(Object.keys(body).sort()).toEqual(['detail', 'error', 'timestamp'])
    expect(body.detail).toBe('invalid api key')
    expect(body.error).toMatchObject({
      code: 'AUTHENTICATION_ERROR',
      message: 'invalid api key',
      status: 401,
      details: null,
      request_id: response.headers.get('x-request-id'),
    })
  })

  test('GW-13: what is not foreseen says nothing of the inside, and is logged under its id', async () => {
    const response = await site().get('/api/v1/broken')
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(text).not.toContain('secret detail')
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'INTERNAL_ERROR', details: null } })
    const line = JSON.parse(String(vi.mocked(console.error).mock.lastCall?.[0]))
    expect(line).toMatchObject({
      request_id: response.headers.get('x-request-id'),
      path: '/api/v1/broken',
      error: 'a secret detail',
    })
  })
})
