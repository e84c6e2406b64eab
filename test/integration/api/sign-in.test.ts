/** Signing in at a whole site: challenges, sessions, users, and everything that must not sign in. */
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountLimits } from '../../../core/api/account-service.ts'
import { chainIdOf } from '../../../core/auth/sign-in.ts'
import { toHex, utf8ToBytes } from '../../../core/base/bytes.ts'
import { formatTime } from '../../../core/base/rfc3339.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import { taggedHash } from '../../../core/crypto/hash.ts'
import { type ApiAnswer, call, expectFailure, type Json, until } from '../../support/api-client.ts'
import { freshSigner, genesisOf, openPayer, type Payer } from '../../support/api-payer.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { addressTextOf, challengeFor, login, loginBody, tokenFor } from '../../support/sign-in.ts'

let site: Harness
let payer: Payer

beforeAll(async () => {
  site = await startHarness()
  payer = await openPayer(site)
})
afterAll(() => site?.dispose())

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const asToken = (token: string) => ({ headers: { 'x-session-token': token } })
const me = (token: string) => call(site, '/api/users/users/me', asToken(token))
const cookieOf = ({ headers }: ApiAnswer) => (headers.get('set-cookie') ?? '').split(';')[0] ?? ''
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Json

describe('signing in', () => {
  test('SESSION-1: a signed challenge begins a session of a day', async () => {
    const signer = freshSigner()
    const answer = await login(site, signer)
    expect(answer.status, answer.text).toBe(200)
    const { session_token: token, ...user } = answer.json
    expect(user).toEqual({
      user_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      email: '',
      username: `user_${addressTextOf(signer).slice(-8)}`,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{15}$/),
      address: addressTextOf(signer),
      expires_at: expect.stringMatching(/Z$/),
    })
    expect(claimsOf(String(token))).toEqual({
      iss: chainIdOf(genesisHash(genesisOf(site))),
      aud: new URL(site.url).host,
      sub: addressTextOf(signer),
      jti: expect.stringMatching(/^[0-9a-f]{32}$/),
      iat: expect.any(Number),
      exp: expect.any(Number),
    })
    const { iat, exp } = claimsOf(String(token)) as { iat: number; exp: number }
    expect([86_399, 86_400, 86_401]).toContain(exp - iat)
    expect((await me(String(token))).json).toEqual(answer.json)
  })

  test('SESSION-2: token by header, bearer or cookie; the cookie is for no script and no other site', async () => {
    const answer = await login(site, freshSigner())
    const token = String(answer.json['session_token'])
    expect(answer.headers.get('set-cookie')).toMatch(
      /^aitbc_session_\d+=eyJ[^;]+; Max-Age=86400; Path=\/; HttpOnly; SameSite=Strict$/,
    )
    const cookie = { cookie: cookieOf(answer) }
    for (const given of [bearer(token), asToken(token), { headers: cookie }]) {
      expect((await call(site, '/v1/users/me', given)).status).toBe(200)
    }
    expect((await call(site, '/v1/users/me', { headers: cookie })).json['session_token']).toBe(null)
    // On the list for programs that bring a token; no browser's cookie is theirs.
    const other = { ...cookie, origin: 'http://localhost:3000' }
    expectFailure(await call(site, '/v1/users/me', { headers: other }), 403, 'ORIGIN_REFUSED')
    const change = { method: 'POST', body: {} }
    for (const origin of [undefined, 'https://evil.example', 'null', `${site.url}.evil.example`]) {
      const headers = { ...cookie, ...(origin && { origin }) }
      const refused = await call(site, '/api/auth/logout', { ...change, headers })
      expectFailure(refused, 403, 'ORIGIN_REFUSED')
    }
    const own = { ...cookie, origin: new URL(site.url).origin }
    const ended = await call(site, '/api/auth/logout', { ...change, headers: own })
    expect([ended.status, ended.json]).toEqual([200, { ended: 1 }])
    expect(ended.headers.get('set-cookie')).toMatch(
      /^aitbc_session_\d+=; Max-Age=0; Path=\/; HttpOnly/,
    )
    expectFailure(await call(site, '/v1/users/me', { headers: cookie }), 401, 'SESSION_REVOKED')
  })

  test('SESSION-2: a page of another site signs nobody’s browser in', async () => {
    const signer = freshSigner()
    for (const [origin, isOurs] of [
      ['https://evil.example', false],
      ['null', false],
      ['http://localhost:3000', false],
      [new URL(site.url).origin, true],
    ] as const) {
      const message = await challengeFor(site, addressTextOf(signer))
      const body = JSON.stringify(loginBody(site, signer, message))
      const headers = { origin, 'content-type': 'text/plain' }
      const answer = await call(site, '/api/users/login', { body, headers })
      const hasCookie = answer.headers.has('set-cookie')
      expect([origin, answer.status, hasCookie]).toEqual([origin, 200, isOurs])
    }
  })

  test('SESSION-3: a token in an address is refused, however good', async () => {
    const token = await tokenFor(site, freshSigner())
    for (const path of ['/api/users/users/me', '/v1/users/logout', '/api/v1/auth/sessions']) {
      const method = path.endsWith('logout') ? 'POST' : 'GET'
      for (const name of ['token', 'session_token', 'access_token']) {
        const answer = await call(site, `${path}?${name}=${token}`, { method, ...asToken(token) })
        expectFailure(answer, 400, 'TOKEN_IN_URL')
      }
    }
    expect((await me(token)).status).toBe(200)
  })

  test('SESSION-1: whatever does not fit signs nobody in, each with its code', async () => {
    const signer = freshSigner()
    const address = addressTextOf(signer)
    const message = await challengeFor(site, address)
    const line = (name: string, value: string) =>
      message.replace(new RegExp(`${name}: .*`), `${name}: ${value}`)
    const at = (shiftMs: number) => formatTime(Date.now() + shiftMs)
    const good = loginBody(site, signer, message)
    const signed = (text: string, given = {}) => loginBody(site, signer, text, given)
    const strange = freshSigner()
    const cases: [string, number, Json][] = [
      ['SIGN_IN_UNSIGNED', 401, { wallet_address: address }],
      ['SIGN_IN_UNSIGNED', 401, { ...good, signature: null }],
      ['SIGN_IN_MALFORMED', 400, signed('Let me in')],
      ['SIGN_IN_MALFORMED', 400, signed(message.replace('moves no money', 'moves all money'))],
      [
        'SIGN_IN_DOMAIN_WRONG',
        401,
        signed(message.replace(new URL(site.url).host, 'evil.example')),
      ],
      ['SIGN_IN_DOMAIN_WRONG', 401, signed(line('URI', 'https://evil.example'))],
      ['SIGN_IN_CHAIN_WRONG', 401, signed(line('Chain ID', `aitbc:${'0'.repeat(32)}`))],
      ['SIGN_IN_ADDRESS_WRONG', 401, { ...good, wallet_address: addressTextOf(strange) }],
      ['SIGN_IN_CLOCK_SKEW', 401, signed(line('Issued At', at(120_000)))],
      ['SIGN_IN_CLOCK_SKEW', 401, signed(line('Expiration Time', at(86_400_000)))],
      ['SIGN_IN_EXPIRED', 401, signed(line('Expiration Time', at(-1)))],
      ['SIGN_IN_NONCE_UNKNOWN', 401, signed(line('Nonce', 'ab'.repeat(32)))],
      ['SIGN_IN_SIGNATURE_INVALID', 401, signed(message, { origin: 'https://evil.example' })],
      ['SIGN_IN_SIGNATURE_INVALID', 401, signed(message, { genesisHash: new Uint8Array(32) })],
      ['SIGN_IN_SIGNATURE_INVALID', 401, { ...good, signature: 'zz' }],
      ['SIGN_IN_SIGNATURE_INVALID', 401, { ...good, public_key: toHex(strange.publicKey) }],
      ['ADDRESS_LEGACY', 422, { ...good, wallet_address: `aitbc1${'0'.repeat(40)}` }],
      ['ADDRESS_INVALID', 422, { ...good, wallet_address: '__proto__' }],
      ['VALIDATION_ERROR', 422, { wallet_address: 7 }],
    ]
    for (const [code, status, body] of cases) {
      expectFailure(await call(site, '/api/users/login', { body }), status, code)
    }
    // None of them has used the nonce up.
    expect((await call(site, '/api/users/login', { body: good })).status).toBe(200)
    expectFailure(await call(site, '/api/users/login', { body: good }), 401, 'SIGN_IN_NONCE_USED')
    await site.evict({ className: 'Account', name: address })
    expectFailure(await call(site, '/api/users/login', { body: good }), 401, 'SIGN_IN_NONCE_USED')
  })

  test('SESSION-1: of ten at once with one message, one signs in', async () => {
    const signer = freshSigner()
    const body = loginBody(site, signer, await challengeFor(site, addressTextOf(signer)))
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call(site, '/api/users/login', { body })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('SESSION-4: asking for challenges stores nothing', async () => {
    const before = (await site.objectIds('Account')).length
    for (let i = 0; i < 20; i++) await challengeFor(site, addressTextOf(freshSigner()))
    expect((await site.objectIds('Account')).length).toBe(before)
  })
})

describe('tokens that do not hold', () => {
  const tokenBy = (secret: string, changes: Json = {}, kid?: string, alg = 'HS256') => {
    const signer = freshSigner()
    const nowSeconds = Math.floor(Date.now() / 1_000)
    const claims = {
      iss: chainIdOf(genesisHash(genesisOf(site))),
      aud: new URL(site.url).host,
      sub: addressTextOf(signer),
      jti: 'ab'.repeat(16),
      iat: nowSeconds,
      exp: nowSeconds + 60,
      ...changes,
    }
    return new SignJWT(claims)
      .setProtectedHeader({ alg, ...(kid && { kid }) })
      .sign(utf8ToBytes(secret))
  }
  const kidOf = (token: string) =>
    String(
      (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Json)['kid'],
    )

  test('SESSION-5: a token that was made up, changed, is over, or is for another site', async () => {
    const good = await tokenFor(site, freshSigner())
    const kid = kidOf(good)
    const secret = site.vars['JWT_SECRET'] ?? ''
    const [head, body, mac] = good.split('.') as [string, string, string]
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid })).toString('base64url')
    const cases: [string, string][] = [
      ['SESSION_INVALID', 'nonsense'],
      ['SESSION_INVALID', 'e'.repeat(5_000)],
      ['SESSION_INVALID', `${head}.${body}.${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`],
      ['SESSION_INVALID', `${none}.${body}.${mac}`],
      ['SESSION_INVALID', await tokenBy('x'.repeat(43), {}, kid)],
      ['SESSION_INVALID', await tokenBy(secret, { aud: 'other.example' }, kid)],
      ['SESSION_INVALID', await tokenBy(secret, { iss: `aitbc:${'0'.repeat(32)}` }, kid)],
      ['SESSION_EXPIRED', await tokenBy(secret, { exp: 1_700_000_000 }, kid)],
      ['SESSION_RETIRED', await tokenBy(secret, {}, 'another')],
      // Signed by the site, and never begun.
      ['SESSION_REVOKED', await tokenBy(secret, {}, kid)],
    ]
    for (const [code, token] of cases) expectFailure(await me(token), 401, code)
    expectFailure(await call(site, '/api/users/me'), 401, 'SIGN_IN_REQUIRED')
    expect((await me(good)).status).toBe(200)
  })

  test('SESSION-6: sessions outlive a new secret beside the old one, and end when the old one goes', async () => {
    const old = site.vars['JWT_SECRET'] ?? ''
    const oldChallenges = site.vars['SESSION_SECRET'] ?? ''
    const signer = freshSigner()
    const before = await tokenFor(site, signer)
    const pending = await challengeFor(site, addressTextOf(signer))
    await site.restart({
      JWT_SECRET: `${'n'.repeat(43)},${old}`,
      SESSION_SECRET: `${'m'.repeat(43)}, ${oldChallenges}`,
    })
    expect((await me(before)).status).toBe(200)
    const body = loginBody(site, signer, pending)
    const after = String((await call(site, '/api/users/login', { body })).json['session_token'])
    expect(kidOf(after)).not.toBe(kidOf(before))
    const late = await challengeFor(site, addressTextOf(signer))
    await site.restart({ JWT_SECRET: 'n'.repeat(43), SESSION_SECRET: 'o'.repeat(43) })
    expectFailure(await me(before), 401, 'SESSION_RETIRED')
    expect((await me(after)).status).toBe(200)
    const refused = await call(site, '/api/users/login', { body: loginBody(site, signer, late) })
    expectFailure(refused, 401, 'SIGN_IN_NONCE_UNKNOWN')
  })
})

describe('sessions', () => {
  test('SESSION-7: one sees and ends one’s own, for good', async () => {
    const signer = freshSigner()
    const [first, second] = [await tokenFor(site, signer), await tokenFor(site, signer)]
    const stranger = await tokenFor(site, freshSigner())
    const { json } = await call(site, '/api/v1/auth/sessions', asToken(second))
    expect(json).toMatchObject({ next_cursor: null, source: 'site' })
    const items = json['items'] as Json[]
    expect(items.map(({ current, agent }) => [current, agent]).sort()).toEqual([
      [false, 'test'],
      [true, 'test'],
    ])
    const firstId = String(items.find(({ current }) => !current)?.['session_id'])
    const end = (token: string) =>
      call(site, `/api/v1/auth/sessions/${firstId}`, { method: 'DELETE', ...asToken(token) })
    expectFailure(await end(stranger), 404, 'SESSION_NOT_FOUND')
    expect((await end(second)).json).toEqual({ ended: 1 })
    expectFailure(await end(second), 404, 'SESSION_NOT_FOUND')
    expectFailure(await me(first), 401, 'SESSION_REVOKED')
    await site.restart()
    expectFailure(await me(first), 401, 'SESSION_REVOKED')
    const third = await tokenFor(site, signer)
    const all = { method: 'POST', body: { all: true }, ...asToken(third) }
    expect((await call(site, '/v1/auth/logout', all)).json).toEqual({ ended: 2 })
    for (const token of [second, third]) expectFailure(await me(token), 401, 'SESSION_REVOKED')
    expect((await me(stranger)).status).toBe(200)
  })

  test('SESSION-7: one more than there may be ends the oldest', async () => {
    const signer = freshSigner()
    const oldest = await tokenFor(site, signer)
    for (let i = 0; i < accountLimits.sessionsMax; i++) await tokenFor(site, signer)
    expectFailure(await me(oldest), 401, 'SESSION_REVOKED')
  })
})

describe('users', () => {
  test('USERS-1: every spelling of the original answers', async () => {
    const signer = freshSigner()
    for (const base of ['/api/v1/users', '/api/users', '/v1/users']) {
      for (const path of [base, `${base}/users`]) {
        const { json } = await login(site, signer, { path: `${path}/login` })
        const given = asToken(String(json['session_token']))
        expect([path, (await call(site, `${path}/me`, given)).status]).toEqual([path, 200])
        const ended = await call(site, `${path}/logout`, { method: 'POST', ...given })
        expect(ended.json).toEqual({ message: 'Logged out successfully' })
        expectFailure(await call(site, `${path}/me`, given), 401, 'SESSION_REVOKED')
      }
    }
  })

  test('USERS-2: balance and transactions are the chain’s, and one’s own alone', async () => {
    const { json: user } = await login(site, payer.signer)
    const given = asToken(String(user['session_token']))
    const path = `/api/users/${String(user['user_id'])}`
    const { json: chain } = await call(site, `/rpc/getBalance/${payer.address}`)
    const { json: balance } = await call(site, `${path}/balance`, given)
    expect(balance).toMatchObject({ user_id: user['user_id'], address: payer.address })
    expect(balance['balance']).toBe(chain['balance'])
    expect(balance['balance']).not.toBe(0)
    const { json } = await until(
      () => call(site, `${path}/transactions`, given),
      ({ json: each }) => Number(each['total']) >= 2,
    )
    const list = json['transactions'] as Json[]
    expect(list.map(({ direction }) => direction)).toEqual(
      expect.arrayContaining(['sent', 'received']),
    )
    const stranger = await tokenFor(site, freshSigner())
    for (const rest of ['balance', 'transactions']) {
      const answer = await call(site, `${path}/${rest}`, asToken(stranger))
      expectFailure(answer, 404, 'WALLET_NOT_FOUND')
      expectFailure(await call(site, `${path}/${rest}`), 401, 'SIGN_IN_REQUIRED')
    }
  })

  const register = (signer: ReturnType<typeof freshSigner>, body: Json) =>
    login(site, signer, { path: '/api/users/register', body: { password: 'p4ss', ...body } })
  /** Lets the time pass for which a claim stands without its account's word. */
  const passTime = (kind: 'email' | 'username', name: string) =>
    claimSql(kind, name, 'UPDATE claim SET since_ms = 0')
  const claimSql = (kind: 'email' | 'username', name: string, query: string) => {
    const hash = toHex(taggedHash(`aitbc/name/${kind}/1`, utf8ToBytes(name)))
    return site.objectSql({ className: 'NameClaim', name: `${kind}:${hash}` }, query)
  }

  test('USERS-3: names belong to who took them first; a password is not kept', async () => {
    const [one, two, third] = [freshSigner(), freshSigner(), freshSigner()]
    const first = await register(one, { email: 'Mira@example.org', username: 'mira' })
    expect(first.json).toMatchObject({ email: 'Mira@example.org', username: 'mira' })
    await passTime('email', 'mira@example.org')
    await passTime('username', 'mira')
    const taken = await register(two, { email: 'mira@EXAMPLE.org', username: 'other' })
    expectFailure(taken, 400, 'EMAIL_TAKEN')
    for (const username of ['MIRA', '\uff4dira']) {
      const second = await register(two, { email: 'b@example.org', username })
      expect(second.json['detail']).toBe('Username already taken')
    }
    // What was claimed on the way, or is shown no more, is free again.
    const retry = { email: 'b@example.org', username: 'other' }
    expectFailure(await register(third, retry), 400, 'EMAIL_TAKEN')
    await passTime('email', 'b@example.org')
    expect((await register(third, retry)).status).toBe(200)
    await register(one, { email: 'new@example.org', username: 'mira' })
    expect(await claimSql('email', 'mira@example.org', 'SELECT * FROM claim')).toEqual([])
    expect(await claimSql('username', 'mira', 'SELECT * FROM claim')).toHaveLength(1)
    expect((await register(two, { email: 'mira@example.org', username: 'two' })).status).toBe(200)
    const unsigned = { email: 'c@example.org', username: 'c', wallet_address: addressTextOf(third) }
    expectFailure(
      await call(site, '/v1/users/register', { body: unsigned }),
      401,
      'SIGN_IN_UNSIGNED',
    )
    for (const username of ['', ' x', 'a\u202eb', 'a\u2028b', '\u3164', 'x'.repeat(65)]) {
      const bad = await register(third, { email: 'd@example.org', username })
      expectFailure(bad, 422, 'VALIDATION_ERROR')
    }
    expect(site.log.join('\n')).not.toMatch(/p4ss|eyJ/)
  })

  test('USERS-3: sent twice at once, a registration keeps its names', async () => {
    const [signer, rival] = [freshSigner(), freshSigner()]
    const names = { email: 'twice@example.org', username: 'twice' }
    const message = await challengeFor(site, addressTextOf(signer))
    const body = { ...loginBody(site, signer, message), ...names }
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => call(site, '/api/users/register', { body })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    await passTime('email', names.email)
    const late = await register(rival, { ...names, username: 'rival' })
    expectFailure(late, 400, 'EMAIL_TAKEN')
  })
})
