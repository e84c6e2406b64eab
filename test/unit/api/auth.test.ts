import { describe, expect, test } from 'vitest'
import { signedRequestHeaders } from '../../../core/api/signed-request.ts'
import { ok } from '../../../core/base/result.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { authLimits } from '../../../workers/auth.ts'
import { owner, signerOf } from '../jobs/fixtures.ts'
import { app, errorOf, jobId, record } from './app.ts'

const path = `/api/v1/jobs/${jobId}`
const told = { job: async () => ok(record()) }

describe('AUTHN-1: API keys', () => {
  test.each([
    { 'x-api-key': 'client-key-1' },
    { authorization: 'Bearer client-key-1' },
    { authorization: 'bearer  client-key-1 ' },
  ])('AUTHN-1: %j', async (headers) => {
    const { send, calls } = app(told)
    expect((await send(path, { headers: headers as unknown as HeadersInit })).status).toBe(200)
    expect(calls.at(-1)?.args[0]).toEqual({
      kind: 'api_key',
      scope: 'client',
      publicId: 'client-1',
    })
  })

  test.each([
    {},
    { 'x-api-key': '' },
    { 'x-api-key': 'wrong' },
    { 'x-api-key': 'miner-key-1' },
    { 'x-api-key': 'k'.repeat(300) },
    { authorization: 'Basic abc' },
  ])('AUTHN-1: %j is refused in the original’s words', async (headers) => {
    const response = await app(told).send(path, { headers: headers as unknown as HeadersInit })
    expect(await errorOf(response)).toMatchObject({
      status: 401,
      code: 'AUTHENTICATION_ERROR',
      detail: 'invalid api key',
    })
  })
})

describe('AUTHN-2: signed requests', () => {
  test('AUTHN-2: the key pair is the principal', async () => {
    const { signed, calls } = app(told)
    expect((await signed('GET', `${path}?x=1`)).status).toBe(200)
    expect(calls.at(-1)?.args[0]).toEqual({
      kind: 'account',
      publicKey: owner.publicKey,
      publicId: formatAddress(addressOf(owner.publicKey)),
    })
  })

  test.each([
    ['another site', { host: 'aitbc.example' }],
    ['another path', { target: '/api/v1/jobs' }],
    ['another query', { target: `${path}?y=2` }],
    ['another body', { sentBody: { payload: { prompt: 'another' } } }],
  ])('AUTHN-2: a signature over %s is refused', async (_, changes) => {
    const body = 'sentBody' in changes ? { payload: { prompt: 'hi' } } : undefined
    const method = body ? 'POST' : 'GET'
    const target = body ? '/api/v1/jobs' : path
    const response = await app(told).signed(method, target, body, changes)
    expect((await errorOf(response)).code).toBe('REQUEST_SIGNATURE_INVALID')
  })

  test.each([
    [signedRequestHeaders.signature, '00'.repeat(64)],
    [signedRequestHeaders.signature, 'zz'],
    [signedRequestHeaders.publicKey, '00'.repeat(32)],
    [signedRequestHeaders.publicKey, 'ff'.repeat(32)],
    [signedRequestHeaders.publicKey, '1234'],
    [signedRequestHeaders.timestampMs, 'soon'],
    [signedRequestHeaders.timestampMs, '-5'],
  ])('AUTHN-2: %s: %s is refused', async (name, value) => {
    const headers: Record<string, string> = {
      [signedRequestHeaders.publicKey]: '11'.repeat(32),
      [signedRequestHeaders.timestampMs]: String(Date.now()),
      [signedRequestHeaders.signature]: '22'.repeat(64),
      [name]: value,
    }
    const response = await app(told).send(path, { headers })
    expect(await errorOf(response)).toMatchObject({
      status: 401,
      code: 'REQUEST_SIGNATURE_INVALID',
    })
  })
})

test.each([-61_000, 61_000])('AUTHN-3: a request %d ms off is refused', async (offMs) => {
  const response = await app(told).signed('GET', path, undefined, {
    timestampMs: Date.now() + offMs,
  })
  expect(await errorOf(response)).toMatchObject({ status: 401, code: 'REQUEST_EXPIRED' })
})

describe('AUTHN-4: memory', () => {
  test('AUTHN-4: a good key is asked for once', async () => {
    const { call, calls } = app(told)
    for (let i = 0; i < 3; i++) await call('GET', path)
    expect(calls.filter(({ method }) => method === 'authenticate')).toHaveLength(1)
  })

  test('AUTHN-4: a bad key is asked for each time', async () => {
    const { call, calls } = app(told)
    for (let i = 0; i < 3; i++) await call('GET', path, undefined, 'wrong')
    expect(calls.filter(({ method }) => method === 'authenticate')).toHaveLength(3)
  })
})

test('AUTHN-5: above the quota a principal waits', async () => {
  const { call } = app(told)
  const { perMinute } = authLimits
  const statuses = new Map<number, number>()
  for (let i = 0; i < perMinute.client + 5; i++) {
    const { status, headers } = await call('GET', path)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  }
  expect(statuses.get(429)).toBe(5)
  expect(await errorOf(await call('GET', path))).toMatchObject({ code: 'QUOTA_EXCEEDED' })
})

test('AUTHN-6: a signed request opens no miner’s route', async () => {
  const response = await app(told).signed('POST', '/api/v1/miners/heartbeat', {})
  expect(await errorOf(response)).toMatchObject({ status: 403, code: 'AUTHORIZATION_ERROR' })
})

test('AUTHN-7: a new key pair counts against its address, a known one has its quota', async () => {
  const counted: string[] = []
  let left = 1
  const { signed } = app(told, (address) => {
    counted.push(address)
    return left-- > 0
  })
  expect((await signed('GET', path)).status).toBe(200)
  expect((await signed('GET', path)).status).toBe(200)
  expect(counted).toEqual(['unknown'])
  const stranger = await signed('GET', path, undefined, { by: signerOf('stranger') })
  expect(await errorOf(stranger)).toMatchObject({ status: 429, code: 'RATE_LIMIT_EXCEEDED' })
})

test.each(['/site', '/models', '/models/aitbc-tiny', '/miners/ws'])(
  'AUTHN-7: made-up credentials do not spare GET %s the limiter',
  async (open) => {
    const { send, upgrades } = app({}, () => false)
    for (const made of [{ 'x-api-key': 'made up' }, { authorization: 'Bearer made-up' }]) {
      const headers = { ...made, upgrade: 'websocket' } as unknown as HeadersInit
      const response = await send(`/api/v1${open}`, { headers })
      expect(response.status).toBe(429)
      expect(response.headers.get('retry-after')).toBe('60')
    }
    expect(upgrades).toEqual([])
  },
)
