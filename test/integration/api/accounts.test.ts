/** Accounts and administration on a whole site: keys, sessions as clients, scopes, audit. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { targetOf } from '../../../core/api/endpoint.ts'
import { endpoints } from '../../../core/api/endpoints/table.ts'
import { scopeNeeded } from '../../../core/auth/key-scopes.ts'
import { fromHex, toHex, toHex0x } from '../../../core/base/bytes.ts'
import { escrowIdOf } from '../../../core/chain/transaction.ts'
import {
  type ApiCall,
  call,
  expectFailure,
  type Json,
  jobIn,
  keyOf,
  until,
} from '../../support/api-client.ts'
import {
  coordinatorKey,
  freshSigner,
  openPayer,
  type Payer,
  send,
  signedCall,
  slotNow,
} from '../../support/api-payer.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { addressTextOf, login, tokenFor } from '../../support/sign-in.ts'
import { startTestMiner, type TestMiner } from '../../support/test-miner.ts'

const admin = freshSigner()
const question = {
  type: 'inference',
  model: 'aitbc-tiny',
  prompt: 'What is the capital of France?',
}

let site: Harness
let miner: TestMiner
let payer: Payer
let token: string
let adminToken: string

beforeAll(async () => {
  site = await startHarness({ vars: { ADMIN_ADDRESSES: addressTextOf(admin) } })
  miner = await startTestMiner(site.url)
  payer = await openPayer(site)
  token = await tokenFor(site, payer.signer)
  adminToken = await tokenFor(site, admin)
})
afterAll(async () => {
  await miner?.stop()
  await site?.dispose()
})

const withSession = (of: string) => ({ headers: { 'x-session-token': of } })
const mine = (path: string, given: ApiCall = {}) =>
  call(site, `/api/v1/account${path}`, { ...withSession(token), ...given })
const administer = (path: string, given: ApiCall = {}) =>
  call(site, `/api/v1/admin${path}`, { ...withSession(adminToken), ...given })

async function makeKey(body: Json = {}): Promise<{ id: string; secret: string; key: Json }> {
  const wanted = { name: 'of a test', scopes: ['jobs:read', 'jobs:submit'], ...body }
  const { json, text } = await mine('/keys', { body: wanted })
  if (typeof json['secret'] !== 'string') throw new Error(text)
  const key = json['key'] as Json
  return { id: String(key['key_id']), secret: json['secret'], key }
}

const keyIs = (id: string, state: string) =>
  until(
    () => mine(`/keys/${id}`),
    ({ json }) => json['state'] === state,
  )

let nonce = 1n

/** Opens an escrow of the payer for a key; its hash, not linked yet. */
async function openEscrowFor(key: Json): Promise<Uint8Array> {
  const { delegate: text } = key['funding'] as Json
  const delegate = fromHex(String(text), 32)
  if (!delegate.ok) throw new Error('no delegate')
  const expiry = BigInt(slotNow(site) + 50_000)
  const terms = { delegate: delegate.value, budget: 500_000_000n, expiry }
  const data = { coordinator: coordinatorKey(site), amount: 500_000_000n, expiry, delegate: terms }
  return send(site, payer.signer, { nonce: nonce++, message: { TAG: 'escrow_open', data } })
}

describe('keys', () => {
  test('ACCTHTTP-1: from creation by the wallet’s escrow to a paid job and its sums', async () => {
    const { id, secret, key } = await makeKey({ budget: '400000000' })
    expect([key['state'], key['spent']]).toEqual(['unfunded', '0'])
    expect(key['funding']).toMatchObject({ coordinator: toHex(coordinatorKey(site)), by: null })
    const unpaid = await call(site, '/v1/jobs', { key: secret, body: { payload: question } })
    expectFailure(unpaid, 402, 'ESCROW_REQUIRED')
    const hash = await openEscrowFor(key)
    const body = { tx_hash: toHex0x(hash) }
    const linked = await mine(`/keys/${id}/escrow`, { method: 'PUT', body })
    expect(linked.json['funding']).toMatchObject({ escrow: toHex0x(escrowIdOf(hash)) })
    await keyIs(id, 'active')
    const { json } = await call(site, '/v1/jobs', { key: secret, body: { payload: question } })
    const done = await jobIn(site, { key: secret, jobId: json['job_id'], states: ['COMPLETED'] })
    expect(done['client']).toBe(id)
    const usage = await mine('/usage?group_by=key')
    expect(usage.json['items']).toEqual([
      expect.objectContaining({ key_id: id, key_name: 'of a test', spent: done['amount'] }),
    ])
    const { json: after } = await mine(`/keys/${id}`)
    expect([after['spent'], after['last_used_at']]).toEqual([done['amount'], expect.any(String)])
    // The session sees what its keys asked; another key does not.
    const path = `/api/v1/jobs/${String(json['job_id'])}`
    expect((await call(site, path, withSession(token))).status).toBe(200)
    const other = await makeKey()
    expectFailure(await call(site, path, { key: other.secret }), 404, 'JOB_NOT_FOUND')
  })

  test('ACCTHTTP-1: a signed request manages keys too; nobody else’s exist', async () => {
    const { id } = await makeKey()
    const own = await signedCall(site, payer.signer, `/api/v1/account/keys/${id}`)
    expect([own.status, own.json['key_id']]).toEqual([200, id])
    const stranger = freshSigner()
    for (const [method, rest, body] of [
      ['GET', '', undefined],
      ['PUT', '', { name: 'mine' }],
      ['DELETE', '', undefined],
      ['POST', '/rotate', {}],
      ['PUT', '/escrow', { escrow: toHex0x(payer.escrow) }],
    ] as const) {
      const path = `/api/v1/account/keys/${id}${rest}`
      const answer = await signedCall(site, stranger, path, { method, body })
      expectFailure(answer, 404, 'KEY_NOT_FOUND')
    }
    const { json } = await signedCall(site, stranger, '/api/v1/account/keys')
    expect(json['items']).toEqual([])
  })

  test('ACCTHTTP-2: a secret is told once, to nobody else', async () => {
    const wanted = { name: 'secret', scopes: ['jobs:read'] }
    const made = await mine('/keys', { body: wanted })
    expect(made.headers.get('cache-control')).toBe('no-store')
    const secret = String(made.json['secret'])
    const keyId = String((made.json['key'] as Json)['key_id'])
    await call(site, '/v1/jobs', { key: secret })
    const rotated = await mine(`/keys/${keyId}/rotate`, { method: 'POST' })
    expect(rotated.headers.get('cache-control')).toBe('no-store')
    const told = await Promise.all([
      mine(''),
      mine('/keys'),
      mine(`/keys/${keyId}`),
      administer('/keys'),
      administer('/audit'),
    ])
    const texts = [...told.map(({ text }) => text), ...site.log].join('\n')
    for (const each of [secret, String(rotated.json['secret'])]) {
      expect(texts).not.toContain(each.slice(6))
    }
    const rows = await site.objectSql(
      { className: 'Coordinator', name: 'default' },
      'SELECT digest, hint FROM account_secrets',
    )
    expect(JSON.stringify(rows)).not.toContain(secret.slice(6, -4))
  })

  test('ACCTHTTP-5: revoked, rotated and expired hold at the next call', async () => {
    const { id, secret } = await makeKey()
    const jobs = (key: string) => call(site, '/v1/jobs', { key })
    expect((await jobs(secret)).status).toBe(200)
    const { json } = await mine(`/keys/${id}/rotate`, { body: { grace_seconds: 0 } })
    expectFailure(await jobs(secret), 401, 'KEY_ROTATED')
    const second = String(json['secret'])
    expect((await jobs(second)).status).toBe(200)
    const soon = new Date(Date.now() + 1_500).toISOString()
    await mine(`/keys/${id}`, { method: 'PUT', body: { expires_at: soon } })
    const expired = await until(
      () => jobs(second),
      ({ status }) => status !== 200,
    )
    expectFailure(expired, 401, 'KEY_EXPIRED')
    await mine(`/keys/${id}`, { method: 'PUT', body: { expires_at: null } })
    expect((await jobs(second)).status).toBe(200)
    await mine(`/keys/${id}`, { method: 'DELETE' })
    expectFailure(await jobs(second), 401, 'KEY_REVOKED')
    // Also where nobody remembers it, and in the shape of OpenAI.
    const messages = [{ role: 'user', content: 'hi' }]
    const chat = await call(site, '/v1/chat/completions', {
      headers: { authorization: `Bearer ${second}` },
      body: { model: 'aitbc-tiny', messages },
    })
    expect([chat.status, (chat.json['error'] as Json)['code']]).toEqual([401, 'invalid_api_key'])
    expect(chat.text).toContain('revoked')
  })

  test('ACCTHTTP-6: a miner’s program works with a key of scope miner', async () => {
    const payout = addressTextOf(freshSigner())
    const { id, secret } = await makeKey({ scopes: ['miner'], payout })
    const body = { capabilities: { models: ['m-own'] }, concurrency: 1 }
    const registered = await call(site, '/api/v1/miners/register', { key: secret, body })
    expect(registered.status, registered.text).toBe(200)
    expectFailure(await call(site, '/v1/jobs', { key: secret }), 403, 'SCOPE_MISSING')
    const { json } = await administer(`/miners/${id}`)
    expect([json['status'], json['payout']]).toEqual(['ONLINE', payout])
    await mine(`/keys/${id}`, { method: 'DELETE' })
    const poll = await call(site, '/api/v1/miners/poll', { key: secret, body: {} })
    expectFailure(poll, 401, 'KEY_REVOKED')
  })
})

describe('sessions and scopes', () => {
  test('ACCTHTTP-3: a session asks and chats as its console, which the faucet funds', async () => {
    const person = await tokenFor(site, freshSigner())
    const opened = await call(site, '/api/v1/account/console', {
      method: 'POST',
      ...withSession(person),
    })
    expect(['pending', 'active']).toContain(opened.json['state'])
    const { json } = await until(
      () => call(site, '/v1/jobs', { ...withSession(person), body: { payload: question } }),
      ({ status }) => status !== 409,
    )
    expect(json['client']).toBe(opened.json['key_id'])
    const messages = [{ role: 'user', content: 'hi' }]
    const chat = await call(site, '/v1/chat/completions', {
      headers: { authorization: `Bearer ${person}` },
      body: { model: 'aitbc-tiny', messages },
    })
    expect(chat.status, chat.text).toBe(200)
    const list = await call(site, '/v1/jobs', withSession(person))
    expect(list.json['total']).toBe(2)
    const { json: account } = await call(site, '/api/v1/account', withSession(person))
    expect(account['console']).toMatchObject({ state: 'active', funding: { by: 'faucet' } })
  })

  test('ACCTHTTP-3: with a cookie only pages of the site may ask', async () => {
    const { headers } = await login(site, payer.signer)
    const cookie = (headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    const ask = (origin: Record<string, string>) =>
      call(site, '/v1/jobs', { headers: { cookie, ...origin }, body: {} })
    expectFailure(await ask({}), 403, 'ORIGIN_REFUSED')
    expectFailure(await ask({ origin: 'https://elsewhere.example' }), 403, 'ORIGIN_REFUSED')
    expectFailure(await ask({ origin: new URL(site.url).origin }), 422, 'VALIDATION_ERROR')
    expect((await call(site, '/v1/jobs', { headers: { cookie } })).status).toBe(200)
    const ended = await call(site, '/api/v1/auth/logout', withSession(token))
    expect(ended.status).not.toBe(500)
    token = await tokenFor(site, payer.signer)
  })

  const clientRows = endpoints.filter(
    ({ auth, stream }) =>
      ['client', 'client-key', 'owner'].includes(auth) && stream?.kind !== 'websocket',
  )

  test.each(clientRows.map((row) => [row.id, row] as const))(
    'ACCTHTTP-4: %s wants a scope',
    async (_id, row) => {
      readOnly ??= await makeKey({ scopes: ['jobs:read'] })
      const { secret } = readOnly
      const params = Object.fromEntries(
        Object.keys(row.params?.shape ?? {}).map((name) => [name, 'f'.repeat(32)]),
      )
      for (const path of [row.path, ...(row.aliases ?? [])]) {
        const answer = await call(site, targetOf(path, { params }), {
          method: row.method,
          key: secret,
        })
        const need = scopeNeeded({ method: row.method, path: new URL(path, site.url).pathname })
        const isRefused = /SCOPE_MISSING|lacks the scope/i.test(answer.text)
        expect([path, isRefused && answer.status]).toEqual([
          path,
          need === 'jobs:read' ? false : 403,
        ])
      }
    },
  )
})

let readOnly: Awaited<ReturnType<typeof makeKey>> | undefined

describe('administration', () => {
  test('ADMINHTTP-1: by role, by signature, by key; nobody else', async () => {
    expect((await administer('/stats')).status).toBe(200)
    expect((await signedCall(site, admin, '/admin/stats')).status).toBe(200)
    expect((await call(site, '/v1/admin/stats', { key: keyOf(site, 'ADMIN') })).status).toBe(200)
    expectFailure(await call(site, '/admin/stats'), 401, 'SIGN_IN_REQUIRED')
    expectFailure(await call(site, '/admin/stats', withSession(token)), 403, 'ADMIN_REQUIRED')
    const client = await call(site, '/admin/stats', { key: keyOf(site, 'CLIENT') })
    expectFailure(client, 401, 'AUTHENTICATION_ERROR')
    const { json } = await call(site, '/api/v1/account', withSession(adminToken))
    expect(json['role']).toBe('admin')
    expect((await mine('')).json['role']).toBe('user')
  })

  test('ADMINHTTP-2: a person says why, a program need not; both are written down', async () => {
    const { id } = await makeKey()
    const spare = await makeKey()
    expectFailure(await administer(`/keys/${id}`, { method: 'DELETE' }), 422, 'REASON_REQUIRED')
    const reason = 'leaked <b>"somewhere"</b>'
    const done = await administer(`/keys/${id}`, { method: 'DELETE', body: { reason } })
    expect([done.status, done.json['state']]).toEqual([200, 'revoked'])
    const path = `/admin/keys/${spare.id}`
    const byProgram = await call(site, path, { method: 'DELETE', key: keyOf(site, 'ADMIN') })
    expect(byProgram.status).toBe(200)
    const { json } = await administer('/audit?action=key.revoke&limit=2')
    expect(json['items']).toMatchObject([
      { actor: expect.stringMatching(/^key:admin:admin_/), target: spare.id, reason: '' },
      { actor: `account:${addressTextOf(admin)}`, target: id, reason },
    ])
    for (const bad of ['a\nb', 'x'.repeat(501), 'a\u202eb']) {
      const answer = await administer(`/keys/${id}`, { method: 'DELETE', body: { reason: bad } })
      expectFailure(answer, 422, 'VALIDATION_ERROR')
    }
  })

  test('ADMINHTTP-3: the original’s figures, in all spellings', async () => {
    for (const base of ['/api/v1/admin', '/api/admin', '/v1/admin', '/admin']) {
      const key = keyOf(site, 'ADMIN')
      const { json: stats } = await call(site, `${base}/stats`, { key })
      expect(stats).toEqual({
        total_jobs: expect.any(Number),
        active_jobs: expect.any(Number),
        online_miners: 1,
        avg_miner_job_duration_ms: expect.any(Number),
      })
      const { json: jobs } = await call(site, `${base}/jobs`, { key })
      expect((jobs['items'] as Json[])[0]).toMatchObject({
        job_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        state: 'COMPLETED',
        client_id: expect.any(String),
        assigned_miner_id: miner.id,
        requested_at: expect.stringMatching(/\.\d{6}$/),
      })
    }
  })

  test('ADMINHTTP-4: no answer holds a secret of the site', async () => {
    const secrets = Object.entries(site.vars)
      .filter(([name]) => /KEY|SECRET/.test(name))
      .flatMap(([, value]) => value.split(/[",[\]]/).filter(({ length }) => length >= 8))
    const reads = endpoints.filter(({ auth, method }) => auth === 'admin' && method === 'GET')
    for (const { path } of reads.filter(({ params }) => params === undefined)) {
      const answer = await call(site, path, withSession(adminToken))
      expect([path, answer.status]).toEqual([path, 200])
      for (const secret of secrets) expect(answer.text).not.toContain(secret)
    }
    const { json } = await administer('/config')
    expect(json['items']).toContainEqual({
      name: 'COORDINATOR_KEY',
      set: true,
      secret: true,
      value: null,
    })
  })

  test('ADMIN-3: a miner that is suspended stays so over a restart of the site', async () => {
    const path = `/miners/${miner.id}`
    const body = { mode: 'suspend', reason: 'strange answers' }
    await administer(`${path}/deactivate`, { body })
    await site.restart()
    const { json } = await until(
      () => administer(path),
      (answer) => answer.status === 200,
    )
    expect([json['status'], json['standing_reason']]).toEqual(['SUSPENDED', 'strange answers'])
    const refused = await call(site, '/v1/jobs', {
      key: keyOf(site, 'CLIENT'),
      body: { payload: question },
    })
    expect(refused.status).toBe(404)
    await administer(`${path}/activate`, { body: { reason: 'looked at' } })
    await until(
      () => administer(path),
      (answer) => answer.json['status'] === 'ONLINE',
    )
  })

  test('ADMINHTTP-1: a list with anything but addresses is named at the start', async () => {
    await site.restart({ ADMIN_ADDRESSES: `${addressTextOf(admin)}, somebody` })
    const answer = await call(site, '/api/v1/site')
    expect(expectFailure(answer, 503, 'CONFIG_INVALID')).toEqual({ names: ['ADMIN_ADDRESSES'] })
  })
})
