/** The wallet daemon of a whole site: what it keeps, for whom, how often, and under which keys. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { walletLimits } from '../../../core/api/wallet-service.ts'
import { fromHex, toHex, utf8ToBytes } from '../../../core/base/bytes.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import {
  type ApiAnswer,
  call,
  expectFailure,
  type Json,
  jobIn,
  keyOf,
} from '../../support/api-client.ts'
import { freshSigner, signedCall } from '../../support/api-payer.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { addressTextOf, tokenFor } from '../../support/sign-in.ts'
import { startTestMiner } from '../../support/test-miner.ts'

const password = 'wild geese over a slate roof'
const signer = freshSigner()
const owner = `account:${addressTextOf(signer)}`
const seed = new Uint8Array(randomBytes(32))
const message = utf8ToBytes('a message')

let site: Harness
let token: string

beforeAll(async () => {
  site = await startHarness({
    vars: { CLIENT_API_KEYS: JSON.stringify(['client-key-1', 'client-key-2']) },
  })
  token = await tokenFor(site, signer)
})
afterAll(() => site?.dispose())

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const asOwner = () => ({ headers: { 'x-session-token': token } })
const ask = (path: string, body?: unknown, given: object = asOwner()): Promise<ApiAnswer> =>
  call(site, `/wallet/v1${path}`, { ...given, body })
const rpc = async (method: string, params: Json, given: object = asOwner()) =>
  (await call(site, '/wallet/rpc', { ...given, body: { jsonrpc: '2.0', id: 7, method, params } }))
    .json
const isSigned = (publicKey: unknown, signature: unknown) => {
  const key = fromHex(String(publicKey), 32)
  if (!key.ok) throw new Error('no key')
  const bytes = new Uint8Array(Buffer.from(String(signature), 'base64'))
  return nobleVerifier.verify({ publicKey: key.value, signature: bytes, message })
}
const object = { className: 'WalletDaemon', name: owner }
const rowsIn = (query: string) => site.objectSql(object, query)

let publicKey: unknown

describe('wallets', () => {
  test('WALLETHTTP-1, DAEMON-6: a wallet is made, checked, signs, and outlives every restart', async () => {
    const made = await ask('/wallets', {
      wallet_id: 'savings',
      password,
      metadata: { a: 1, b: 'x' },
    })
    expect([made.status, made.json]).toEqual([
      201,
      {
        wallet: {
          wallet_id: 'savings',
          public_key: expect.stringMatching(/^[0-9a-f]{64}$/),
          metadata: { a: '1', b: 'x' },
        },
      },
    ])
    publicKey = (made.json['wallet'] as Json)['public_key']
    await site.evict(object)
    expect((await ask('/wallets')).json).toEqual({ items: [made.json['wallet']] })
    const unlocked = await ask('/wallets/savings/unlock', { password })
    expect(unlocked.json).toEqual({ wallet_id: 'savings', unlocked: true })
    const signed = await ask('/wallets/savings/sign', { password, message_base64: base64(message) })
    expect(signed.json).toEqual({ wallet_id: 'savings', signature_base64: expect.any(String) })
    expect(isSigned(publicKey, signed.json['signature_base64'])).toBe(true)
  })

  test('WALLETHTTP-2: a seed is imported; what is none, weak or there already is refused in the original’s shape', async () => {
    const given = { wallet_id: 'imported', password, secret_key: base64(seed) }
    const { publicKey: key } = (await import('../../../core/crypto/ed25519.ts')).signerFromSeed(
      seed,
    )
    const made = await ask('/wallets', given)
    expect((made.json['wallet'] as Json)['public_key']).toBe(toHex(key))
    const refused: [Json, string][] = [
      [{ ...given, wallet_id: 'short', secret_key: base64(seed.slice(1)) }, 'secret_invalid'],
      [given, 'wallet_exists'],
      [{ wallet_id: 'weak', password: 'Tr0ub4dor' }, 'password_too_weak'],
      [{ wallet_id: 'weak', password: 'Password123!' }, 'password_too_weak'],
      [{ wallet_id: 'weak', password: 'qwertyuiop123' }, 'password_too_weak'],
      [{ wallet_id: 'correcthorse7', password: 'correcthorse7' }, 'password_too_weak'],
      [{ wallet_id: 'weak', password: 'x'.repeat(1_024) }, 'password_too_weak'],
    ]
    for (const [body, reason] of refused) {
      const { status, json } = await ask('/wallets', body)
      const detail = { reason, min_length: 10, message: expect.stringMatching(/\S/) }
      expect([status, json['detail']], JSON.stringify(body).slice(0, 80)).toEqual([400, detail])
    }
    const bad = await ask('/wallets', { ...given, wallet_id: 'bad', secret_key: '*' })
    expect(expectFailure(bad, 400, 'WALLET_SECRET_INVALID')).toBe(null)
    expect(bad.json['detail']).toBe('invalid base64 secret')
    const { json } = await ask('/wallets')
    expect((json['items'] as Json[]).map(({ wallet_id: id }) => id)).toEqual([
      'savings',
      'imported',
    ])
  })

  test('WALLETHTTP-3, DAEMON-3: a wrong password and an unknown wallet are the same answer', async () => {
    const wrong = 'wild geese over a slate roo'
    for (const [id, word] of [
      ['savings', wrong],
      ['__proto__', password],
      ['no/body', password],
    ] as const) {
      const path = `/wallets/${encodeURIComponent(id)}`
      const unlock = await ask(`${path}/unlock`, { password: word })
      expectFailure(unlock, 401, 'WALLET_CREDENTIALS_INVALID')
      expect(unlock.json['detail']).toBe('invalid credentials')
    }
    const bad = await ask('/wallets/savings/sign', { password, message_base64: '*' })
    expect([bad.status, bad.json['detail']]).toEqual([400, 'invalid base64 message'])
    const long = base64(new Uint8Array(walletLimits.messageBytesMax + 1))
    const tooLong = await ask('/wallets/savings/sign', { password, message_base64: long })
    expectFailure(tooLong, 400, 'WALLET_MESSAGE_INVALID')
  })

  test('DAEMON-5, WALLETHTTP-5: every use is in the ledger, and no secret anywhere', async () => {
    const { json } = await ask('/wallets/savings/ledger')
    const items = json['items'] as Json[]
    expect(items.map(({ event, success }) => [event, success])).toEqual([
      ['unlocked', false],
      ['signed', true],
      ['unlocked', true],
      ['created', true],
    ])
    const first = await ask('/wallets/savings/ledger?limit=3')
    const next = await ask(
      `/wallets/savings/ledger?limit=3&cursor=${String(first.json['next_cursor'])}`,
    )
    expect([...(first.json['items'] as Json[]), ...(next.json['items'] as Json[])]).toEqual(items)
    expect(next.json['next_cursor']).toBe(null)
    expectFailure(await ask('/wallets/nobody/ledger'), 404, 'WALLET_NOT_FOUND')
    const kept = JSON.stringify([
      await rowsIn('SELECT * FROM ledger'),
      await rowsIn('SELECT * FROM wallets'),
    ])
    for (const secret of [password, base64(seed), toHex(seed)]) {
      expect(kept + site.log.join('\n')).not.toContain(secret)
    }
  })
})

describe('owners', () => {
  test('WALLETHTTP-4: whoever says nothing is told what to do; nobody sees another’s wallets', async () => {
    for (const path of ['/wallets', '/wallets/savings/ledger', '/receipts/x']) {
      const answer = await ask(path, undefined, {})
      expectFailure(answer, 401, 'SIGN_IN_REQUIRED')
      expect(answer.json['detail']).toMatch(/sign in/i)
    }
    expectFailure(await ask('/wallets', { wallet_id: 'x', password }, {}), 401, 'SIGN_IN_REQUIRED')
    expectFailure(await call(site, '/wallet/rpc', { body: {} }), 401, 'SIGN_IN_REQUIRED')
    const wrong = { key: 'no-such-key' }
    expectFailure(await ask('/wallets', undefined, wrong), 401, 'AUTHENTICATION_ERROR')
    const stranger = { headers: { 'x-session-token': await tokenFor(site, freshSigner()) } }
    const others = [stranger, { key: 'client-key-1' }, { key: 'client-key-2' }]
    for (const other of others) {
      expect((await ask('/wallets', undefined, other)).json).toEqual({ items: [] })
      const uses = await ask('/wallets/savings/ledger', undefined, other)
      expectFailure(uses, 404, 'WALLET_NOT_FOUND')
    }
    const body = { password, message_base64: base64(message) }
    const refused = await ask('/wallets/savings/sign', body, others[1])
    expectFailure(refused, 401, 'WALLET_CREDENTIALS_INVALID')
  })

  test('WALLETHTTP-4: an account is the same owner signed in and signing its requests', async () => {
    const path = '/wallet/v1/wallets'
    const answer = await signedCall(site, signer, path, { method: 'GET' })
    expect(answer.json).toEqual((await ask('/wallets')).json)
  })
})

test('WALLETRPC-1: the original’s methods, and its errors', async () => {
  const list = await rpc('wallet.list', {})
  expect(list).toEqual({ jsonrpc: '2.0', id: 7, result: (await ask('/wallets')).json })
  const signed = await rpc('wallet.sign', {
    wallet_id: 'savings',
    password,
    message: base64(message),
  })
  const { wallet_id: id, signature } = signed['result'] as Json
  expect([id, isSigned(publicKey, signature)]).toEqual(['savings', true])
  const cases: [string, Json, number][] = [
    ['wallet.steal', {}, -32601],
    ['constructor', {}, -32601],
    ['wallet.unlock', { wallet_id: 'savings' }, -32602],
    ['wallet.unlock', { wallet_id: 'savings', password: 'wrong' }, -32001],
    ['wallet.create', { wallet_id: 'savings', password }, -32602],
    ['wallet.create', { wallet_id: 'weak', password: 'password' }, -32602],
    ['wallet.sign', { wallet_id: 'savings', password, message: '*' }, -32602],
    ['receipts.verify_latest', { job_id: 'none' }, -32004],
  ]
  for (const [method, params, code] of cases) {
    const answer = await rpc(method, params)
    expect([method, (answer['error'] as Json)['code'], answer['id']]).toEqual([method, code, 7])
  }
  expect((await rpc('receipts.verify_history', { job_id: 'none' }))['result']).toEqual({
    items: [],
  })
  for (const [body, code] of [
    ['{"jsonrpc":', -32700],
    ['', -32700],
    [[{ jsonrpc: '2.0', id: 1, method: 'wallet.list' }], -32600],
    [{ id: 1 }, -32600],
    [{ id: 'i'.repeat(300), method: 'wallet.list' }, -32600],
    [{ id: 1, method: { a: 1 } }, -32600],
  ] as const) {
    const { status, json } = await call(site, '/wallet/rpc', { ...asOwner(), body })
    const error = { code, message: expect.stringMatching(/\w/) }
    expect([status, json]).toEqual([200, { jsonrpc: '2.0', id: null, error }])
  }
})

test('WALLETHTTP-6: the signatures of a job’s receipt are checked, for whoever asked for the job', async () => {
  const miner = await startTestMiner(site.url)
  const key = keyOf(site, 'CLIENT')
  const payload = {
    type: 'inference',
    model: 'aitbc-tiny',
    prompt: 'What is the capital of France?',
  }
  const { json: job } = await call(site, '/api/v1/jobs', { key, body: { payload } })
  const jobId = String(job['job_id'])
  await jobIn(site, { key, jobId, states: ['COMPLETED'] })
  await miner.stop()
  const { json: told } = await call(site, `/api/v1/jobs/${jobId}/receipt`, { key })
  const { result } = (await ask(`/receipts/${jobId}`, undefined, { key })).json as { result: Json }
  const keyIdOf = (value: unknown) => (value as Json)['key_id']
  expect(result).toEqual({
    job_id: jobId,
    receipt_id: told['receipt_id'],
    miner_signature: { key_id: keyIdOf(told['signature']), alg: 'Ed25519', valid: true },
    coordinator_attestations: (told['attestations'] as Json[]).map((each) => ({
      ...{ key_id: keyIdOf(each), alg: 'Ed25519', valid: true },
    })),
    all_valid: true,
  })
  const history = await ask(`/receipts/${jobId}/history`, undefined, { key })
  expect(history.json).toEqual({ items: [result] })
  expect((await rpc('receipts.verify_latest', { job_id: jobId }, { key }))['result']).toEqual(
    result,
  )
  const stranger = await ask(`/receipts/${jobId}`)
  expectFailure(stranger, 404, 'RECEIPT_NOT_FOUND')
  expect(stranger.json['detail']).toBe('receipt not found')
})

describe('a new sealing key', () => {
  const keyIds = async () =>
    (await rowsIn('SELECT key_id FROM wallets ORDER BY wallet_id')).map(({ key_id: id }) => id)
  const sign = () => ask('/wallets/savings/sign', { password, message_base64: base64(message) })

  test('DAEMON-2: the cron reaches everybody, and the older key can go', async () => {
    const [before] = await keyIds()
    const old = site.vars['WALLET_ENCRYPTION_KEY'] ?? ''
    const fresh = randomBytes(32).toString('base64url')
    await site.restart({ WALLET_ENCRYPTION_KEY: fresh })
    const locked = await sign()
    expect(expectFailure(locked, 503, 'WALLET_UNSEALABLE')).toEqual({ key_id: before })
    await site.restart({ WALLET_ENCRYPTION_KEY_OLD: old })
    await site.cron()
    const [after, ...rest] = await keyIds()
    expect(after).not.toBe(before)
    expect(new Set([after, ...rest]).size).toBe(1)
    const owners = await site.objectSql(
      { className: 'WalletOwners', name: 'owners' },
      'SELECT * FROM owners',
    )
    expect(owners).toEqual([{ owner, key_id: after }])
    await site.restart({ WALLET_ENCRYPTION_KEY_OLD: undefined })
    const signed = await sign()
    expect(isSigned(publicKey, signed.json['signature_base64'])).toBe(true)
  })
})

test('DAEMON-4: REST and JSON-RPC share one count, which no header gets around and no restart ends', async () => {
  const busy = freshSigner()
  const many = { headers: { 'x-session-token': await tokenFor(site, busy) } }
  for (let i = 0; i < walletLimits.usesPerWindow - 1; i++) {
    expect((await ask('/wallets', undefined, many)).status).toBe(200)
  }
  expect((await rpc('wallet.list', {}, many))['result']).toEqual({ items: [] })
  const forwarded = { headers: { ...many.headers, 'x-forwarded-for': '192.0.2.7' } }
  const refused = await ask('/wallets', undefined, forwarded)
  expectFailure(refused, 429, 'WALLET_LIMIT_EXCEEDED')
  expect(refused.json['detail']).toBe('rate limit exceeded')
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await rpc('wallet.list', {}, many))['error']).toMatchObject({ code: -32005 })
  await site.evict({ className: 'WalletDaemon', name: `account:${addressTextOf(busy)}` })
  expectFailure(await ask('/wallets', undefined, many), 429, 'WALLET_LIMIT_EXCEEDED')
})

test.each([
  ['/wallet/v1/wallets', '{'],
  ['/wallet/v1/wallets', '{"wallet_id":"__proto__","password":{"toString":1}}'],
  ['/wallet/v1/wallets', `{"wallet_id":"../../x","password":"${password}"}`],
  [
    '/wallet/v1/wallets',
    `{"wallet_id":"x","password":"${password}","metadata":{"a":"${'b'.repeat(300)}"}}`,
  ],
  ['/wallet/v1/wallets/savings/unlock', '[]'],
  ['/wallet/v1/wallets/savings/sign', '{"password":null}'],
  [
    '/wallet/v1/wallets',
    `{"wallet_id":"x","password":"${password}","metadata":{"a":${'['.repeat(99_999)}${']'.repeat(99_999)}}}`,
  ],
  ['/api/users/login', `{"wallet_address":"${'a'.repeat(200)}"}`],
  ['/api/v1/auth/challenge', '{"address":{"a":1}}'],
  ['/api/v1/auth/challenge', 'null'],
])('WALLETHTTP-7: %s refuses a hostile body with a clear code', async (path, body) => {
  const answer = await call(site, path, { ...asOwner(), body })
  expect([400, 422], answer.text).toContain(answer.status)
  expect(answer.text).not.toContain(password)
})
