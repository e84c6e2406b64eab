/** The edge on the production bundle: headers, CORS, HTTPS, WebSockets, both spellings, what is not built. */
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { type ApiAnswer, call, expectFailure, keyOf } from '../../support/api-client.ts'
import { freshSigner, signedCall } from '../../support/api-payer.ts'
import { type Harness, startHarness } from '../../support/harness.ts'

let site: Harness

const ownOrigin = 'https://app.example.org'

beforeAll(async () => {
  site = await startHarness({ vars: { CORS_ORIGINS: `${ownOrigin}, https://two.example.org` } })
})
afterAll(() => site?.dispose())

/** A request as if it had come to another host name. */
function askHost(host: string, path: string, method = 'GET') {
  return new Promise<{ status: number | undefined; location: string | undefined }>((done, fail) => {
    const sent = request(`${site.url}${path}`, { method, headers: { host } }, (answer) => {
      answer.resume()
      done({ status: answer.statusCode, location: answer.headers.location })
    })
    sent.on('error', fail)
    sent.end()
  })
}

describe('headers', () => {
  test.each([
    ['/', 200],
    ['/explorer/', 200],
    ['/docs/', 200],
    ['/nothing-here', 404],
    ['/marketplace/', 200],
    ['/Exchange', 501],
    ['/health', 200],
    ['/api/v1/health', 200],
    ['/api/v1/jobs', 401],
    ['/v1/models', 200],
    ['/rpc/head', 200],
    ['/exchange', 301],
  ])('GW-8: %s answers %i with every security header', async (path, status) => {
    for (const accept of ['text/html', 'application/json']) {
      const answer = await call(site, path, { headers: { accept } })
      expect([accept, answer.status]).toEqual([accept, status])
      const header = (name: string) => answer.headers.get(name)
      expect(header('strict-transport-security')).toMatch(/^max-age=\d{8}/)
      expect(header('x-content-type-options')).toBe('nosniff')
      expect(header('x-frame-options')).toBe('DENY')
      expect(header('referrer-policy')).toBe('strict-origin-when-cross-origin')
      expect(header('cross-origin-opener-policy')).toBe('same-origin')
      expect(header('permissions-policy')).toContain('camera=()')
      expect(header('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
      const csp = header('content-security-policy') ?? ''
      expect(csp).toContain("default-src 'none'")
      expect(csp).toContain("frame-ancestors 'none'")
      expect(csp).toContain("object-src 'none'")
      expect(csp).toContain("base-uri 'none'")
      expect(csp).not.toMatch(/unsafe-inline|unsafe-eval|\*/)
      expect(csp).toMatch(/script-src 'self' 'sha256-/)
    }
  })

  test('GW-8: nothing keeps answers of the API; built files are kept for good', async () => {
    for (const path of ['/api/v1/health', '/rpc/head', '/v1/models', '/api/v1/jobs']) {
      expect((await call(site, path)).headers.get('cache-control')).toBe('no-store')
    }
    const home = await call(site, '/')
    const asset = /\/assets\/[\w.-]+\.(?:js|css)/.exec(home.text)?.[0] ?? 'none'
    const built = await call(site, asset)
    expect([built.status, built.headers.get('cache-control')]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ])
    const gone = await call(site, asset.replace(/-[\w-]{8}\./, '-00000000.'))
    expect([gone.status, gone.headers.get('cache-control')]).toEqual([404, 'no-cache'])
    for (const path of ['/', '/assets/fonts-license.txt', '/explorer/']) {
      const kept = await call(site, path)
      expect([path, kept.status]).toEqual([path, 200])
      expect(kept.headers.get('cache-control')).toMatch(/no-cache|max-age=0/)
    }
  })
})

describe('CORS', () => {
  const allowed = [
    'http://localhost:3000',
    'http://localhost:8080',
    'http://localhost:8000',
    'http://localhost:8011',
    ownOrigin,
    'https://two.example.org',
  ]
  const refused = [
    'http://localhost:3001',
    'https://localhost:3000',
    'https://example.org',
    'https://app.example.org.evil.test',
    'null',
  ]
  const corsOf = (headers: Headers) =>
    [...headers.keys()].filter((name) => name.startsWith('access-control-'))

  test('GW-9: preflight of allowed origins: methods and headers that they may use', async () => {
    for (const origin of allowed) {
      for (const path of ['/api/v1/jobs', '/rpc/transactions', '/v1/chat/completions']) {
        const { status, headers } = await call(site, path, {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'x-api-key, content-type',
          },
        })
        expect([origin, status]).toEqual([origin, 204])
        expect(headers.get('access-control-allow-origin')).toBe(origin)
        expect(headers.get('access-control-allow-credentials')).toBe('true')
        const methods = headers.get('access-control-allow-methods')?.split(/,\s*/).sort()
        expect(methods).toEqual(['DELETE', 'GET', 'OPTIONS', 'POST', 'PUT'])
        expect(headers.get('access-control-allow-headers')).toContain('x-api-key')
      }
    }
  })

  test('GW-9: answers and errors are readable for allowed origins only', async () => {
    for (const path of ['/api/v1/health', '/api/v1/jobs', '/rpc/nothing', '/v1/models']) {
      for (const origin of allowed) {
        const { headers } = await call(site, path, { headers: { origin } })
        expect([path, headers.get('access-control-allow-origin')]).toEqual([path, origin])
        expect(headers.get('vary')).toContain('Origin')
        expect(headers.get('access-control-expose-headers')).toContain('x-request-id')
      }
      for (const origin of refused) {
        const { headers } = await call(site, path, { headers: { origin } })
        expect([origin, corsOf(headers)]).toEqual([origin, []])
        expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      }
    }
  })

  test('GW-9: preflight of any other origin carries no permission', async () => {
    for (const origin of refused) {
      const { headers } = await call(site, '/api/v1/jobs', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
      expect([origin, headers.get('access-control-allow-origin')]).toEqual([origin, null])
      expect(headers.get('access-control-allow-credentials')).toBe(null)
    }
  })
})

describe('HTTPS', () => {
  test('GW-7: plain HTTP to any other host is redirected, method kept, query kept', async () => {
    for (const [path, method] of [
      ['/', 'GET'],
      ['/api/v1/jobs?limit=2&offset=1', 'GET'],
      ['/v1/chat/completions', 'POST'],
      ['/rpc/ws/blocks', 'GET'],
      ['/health', 'GET'],
    ] as const) {
      expect(await askHost('aitbc.example.org', path, method)).toEqual({
        status: 308,
        location: `https://aitbc.example.org${path}`,
      })
    }
    const named = await askHost('localhost.example.org', '/health')
    expect(named.status).toBe(308)
  })

  test('GW-7: loopback is served as it is', async () => {
    for (const host of ['localhost', 'localhost:18000', '127.0.0.1', '127.8.9.1:80', '[::1]:80']) {
      expect([host, (await askHost(host, '/health')).status]).toEqual([host, 200])
    }
  })
})

describe('WebSockets', () => {
  /** Opens a socket; its first frame and the headers of the hand-over. */
  function open(
    path: string,
    { headers = {}, onOpen }: { headers?: Record<string, string>; onOpen?: () => void } = {},
  ) {
    return new Promise<{ frame: Record<string, unknown>; headers: Record<string, unknown> }>(
      (done, fail) => {
        const socket = new WebSocket(`${site.url.replace('http', 'ws')}${path}`, { headers })
        let upgrade: Record<string, unknown> = {}
        socket.on('upgrade', (answer) => {
          upgrade = answer.headers
        })
        socket.on('message', (data) => {
          socket.terminate()
          done({ frame: JSON.parse(String(data)) as Record<string, unknown>, headers: upgrade })
        })
        socket.on('error', fail)
        if (onOpen) socket.on('open', onOpen)
      },
    )
  }

  test.each(['/api/v1', '/api', '/v1'])('GW-14: the miners’ socket under %s', async (base) => {
    const { frame, headers } = await open(`${base}/miners/ws`, {
      headers: { origin: 'https://example.org' },
    })
    expect(frame).toMatchObject({
      type: 'challenge',
      version: 1,
      nonce: expect.stringMatching(/^[0-9a-f]{64}$/),
      genesis_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      // What the miner signs names the host that it asked for, so nobody can pass its answer on.
      site: new URL(site.url).host,
    })
    expect(headers).toMatchObject({
      upgrade: 'websocket',
      'sec-websocket-accept': expect.any(String),
    })
    // The hand-over passes as it came: a header set on it would be a new response without the socket.
    const added = Object.keys(headers).filter((name) => /^(content-sec|x-|strict|cache)/.test(name))
    expect(added).toEqual([])
  })

  test('GW-14: the chain’s streams', async () => {
    // A transaction may be in a block at once, so the listener comes first.
    const { promise: isOpen, resolve: onOpen } = Promise.withResolvers<void>()
    const next = open('/rpc/ws/blocks', { onOpen })
    await isOpen
    const address = formatAddress(addressOf(freshSigner().publicKey))
    const gift = await call(site, '/rpc/admin/mintFaucet', { body: { address, amount: '100' } })
    expect(gift.status, gift.text).toBe(200)
    const { frame } = await next
    expect(frame).toMatchObject({ height: expect.any(Number), hash: expect.any(String) })
  })

  test('GW-14: without an upgrade they say what they speak', async () => {
    for (const path of ['/api/v1/miners/ws', '/api/miners/ws', '/rpc/ws/blocks']) {
      expectFailure(await call(site, path), 426, 'UPGRADE_REQUIRED')
    }
  })
})

describe('routes', () => {
  test('GW-2: both spellings of what the site says of itself', async () => {
    const key = keyOf(site, 'CLIENT')
    for (const rest of ['site', 'models', 'jobs', 'health']) {
      const answers = await Promise.all(
        ['/api/v1/', '/api/', '/v1/'].map((base) => call(site, `${base}${rest}`, { key })),
      )
      expect([rest, ...answers.map(({ status }) => status)]).toEqual([rest, 200, 200, 200])
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    }
  })

  test('GW-3: old addresses, with their query', async () => {
    for (const [path, to] of [
      ['/exchange?a=1', '/Exchange?a=1'],
      ['/Marketplace', '/marketplace/'],
      ['/BrowserWallet', '/docs/browser-wallet.html'],
      ['/explorer?x=y', '/explorer/?x=y'],
    ] as const) {
      const { status, headers } = await call(site, path)
      expect([path, status, headers.get('location')]).toEqual([path, 301, to])
    }
  })

  test('GW-4: what is not built says so: JSON to programs, a page to people', async () => {
    for (const path of [
      '/api/v1/governance/proposals',
      '/api/partners/register',
      '/api/trades/recent',
      '/api/orders/orderbook',
      '/v1/exchange/create-payment',
      '/v1/zk/status',
    ]) {
      expectFailure(await call(site, path), 501, 'NOT_BUILT')
      expectFailure(await call(site, path, { method: 'POST', body: {} }), 501, 'NOT_BUILT')
    }
    for (const path of ['/Exchange']) {
      const page = await call(site, path, { headers: { accept: 'text/html' } })
      expect([path, page.status]).toEqual([path, 501])
      expect(page.headers.get('content-type')).toContain('text/html')
    }
  })

  test('GW-5: an unknown address: a page for people, JSON for programs', async () => {
    const page = await call(site, '/no/such/page', { headers: { accept: 'text/html' } })
    expect([page.status, page.headers.get('content-type')]).toEqual([
      404,
      expect.stringContaining('text/html'),
    ])
    expectFailure(await call(site, '/no/such/page'), 404, 'NOT_FOUND')
    expectFailure(await call(site, `/${'x'.repeat(3_000)}`), 404, 'NOT_FOUND')
  })
})

const jobId = 'ab'.repeat(16)

describe('addresses and methods', () => {
  test('GW-5: unknown addresses', async () => {
    for (const path of [
      '/api/v1/nothing',
      '/api/nothing',
      '/v1/nothing',
      '/v1/',
      '/api/',
      '/v1/jobs/',
      `/v1/jobs/${jobId}/nothing`,
      '/v2/jobs',
      '/rpc/nothing',
      '/nothing',
      '/.env',
      '/.dev.vars',
      '/genesis.json',
      '/..%2f..%2fetc/passwd',
      '/api/v1/miners/../../admin',
    ]) {
      const answer = await call(site, path, { key: keyOf(site, 'CLIENT') })
      expect([path, [404, 501]]).toEqual([path, expect.arrayContaining([answer.status])])
      expectFailure(answer, answer.status, answer.status === 404 ? 'NOT_FOUND' : 'NOT_BUILT')
    }
  })

  test.each([
    ['/v1/jobs', ['PUT', 'PATCH', 'DELETE'], 'GET, POST'],
    [`/v1/jobs/${jobId}`, ['POST', 'PUT', 'PATCH'], 'DELETE, GET'],
    [`/v1/jobs/${jobId}/cancel`, ['GET', 'DELETE'], 'POST'],
    [`/v1/jobs/${jobId}/result`, ['POST'], 'GET'],
    ['/api/v1/miners/register', ['GET', 'PUT'], 'DELETE, POST'],
    ['/api/miners/poll', ['PUT'], 'DELETE, GET, POST'],
    ['/v1/chat/completions', ['GET', 'PUT'], 'POST'],
    ['/v1/models', ['POST', 'DELETE'], 'GET'],
    ['/api/v1/site', ['POST'], 'GET'],
    ['/api/v1/health', ['POST'], 'GET'],
    ['/rpc/head', ['POST'], 'GET'],
    ['/rpc/sendTx', ['GET'], 'POST'],
  ])('GW-6: a wrong method on %s', async (path, methods, allow) => {
    for (const method of methods) {
      const answer = await call(site, path, { method, key: keyOf(site, 'CLIENT') })
      expectFailure(answer, 405, 'METHOD_NOT_ALLOWED')
      expect([method, answer.headers.get('allow')]).toEqual([method, allow])
    }
  })
})

describe('limits by address', () => {
  test('DAEMON-4: new owners at one address share its uses of the wallet daemon, by either protocol', async () => {
    await site.restart({ RATE_LIMIT: undefined })
    const list = () => signedCall(site, freshSigner(), '/wallet/v1/wallets', { method: 'GET' })
    const answers: ApiAnswer[] = []
    // 30 a minute, which may turn once while this runs.
    while (answers.length < 62 && answers.at(-1)?.status !== 429) answers.push(await list())
    expect(new Set(answers.slice(0, -1).map(({ status }) => status))).toEqual(new Set([200]))
    expectFailure(answers.at(-1) as ApiAnswer, 429, 'WALLET_LIMIT_EXCEEDED')
    expect(answers.at(-1)?.headers.get('retry-after')).toBe('60')
    const body = { jsonrpc: '2.0', id: 1, method: 'wallet.list' }
    const answer = await call(site, '/wallet/rpc', { body, key: keyOf(site, 'CLIENT') })
    expect(answer.json['error']).toMatchObject({ code: -32005 })
  })

  test('GW-11: they and guesses of keys are limited, those who sign or hold a key are not', async () => {
    const statuses = new Map<string, Set<number>>()
    const ask = async (name: string, key?: string) => {
      const { status } = await call(site, name === 'open' ? '/v1/models' : '/v1/jobs', { key })
      statuses.set(name, (statuses.get(name) ?? new Set()).add(status))
    }
    const key = keyOf(site, 'CLIENT')
    // 600 a minute: the minute may turn while this runs, but not twice as often as it is exceeded.
    for (let round = 0; round < 40; round++) {
      await Promise.all(Array.from({ length: 40 }, () => ask('open')))
      if (statuses.get('open')?.has(429)) break
    }
    await Promise.all(Array.from({ length: 30 }, () => ask('guess', 'a_wrong_key')))
    await Promise.all(Array.from({ length: 200 }, () => ask('keyed', key)))
    expect([...(statuses.get('open') ?? [])].sort()).toEqual([200, 429])
    expect([...(statuses.get('guess') ?? [])].every((each) => [401, 429].includes(each))).toBe(true)
    expect([...(statuses.get('keyed') ?? [])]).toEqual([200])
    const limited = await call(site, '/v1/jobs', { key: 'a_wrong_key' })
    if (limited.status === 429) {
      expectFailure(limited, 429, 'RATE_LIMIT_EXCEEDED')
      expect(limited.headers.get('retry-after')).toBe('60')
    }
  })
})
