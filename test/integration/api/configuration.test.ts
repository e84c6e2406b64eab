/** A site without its configuration: names are said, values never, and health tells the truth. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, expectFailure, keyOf } from '../../support/api-client.ts'
import { type Harness, startHarness } from '../../support/harness.ts'

let site: Harness
let whole: Readonly<Record<string, string>>

beforeAll(async () => {
  site = await startHarness()
  whole = site.vars
})
afterAll(() => site?.dispose())

const required = [
  'JWT_SECRET',
  'SESSION_SECRET',
  'WALLET_ENCRYPTION_KEY',
  'AUTHORITY_KEY',
  'COORDINATOR_KEY',
  'CLIENT_API_KEYS',
  'MINER_API_KEYS',
  'ADMIN_API_KEYS',
  'GENESIS_JSON',
]

/** Every variable's value is a secret here, and so is every part of it that could be one. */
function expectNoValue(text: string, vars: Readonly<Record<string, string>>): void {
  const values = required.map((name) => vars[name] ?? '').filter((value) => value.length > 3)
  const keys = ['CLIENT_API_KEYS', 'MINER_API_KEYS', 'ADMIN_API_KEYS'].map((name) =>
    (vars[name] ?? '').replace(/[^\w]/g, ''),
  )
  for (const value of [...values, ...keys.filter((key) => key !== '')]) {
    expect(text).not.toContain(value)
  }
}

const apiPaths = [
  '/api/v1/jobs',
  '/api/jobs',
  '/v1/models',
  '/v1/chat/completions',
  '/api/v1/site',
  '/rpc/head',
  '/rpc/status',
  '/api/explorer/blocks',
]

/** What a site says while it cannot work. */
async function expectUnusable(code: string, names: readonly string[]): Promise<void> {
  for (const path of apiPaths) {
    const answer = await call(site, path)
    expect([path, expectFailure(answer, 503, code)]).toEqual([path, { names }])
    for (const name of names) expect(answer.json['detail']).toContain(name)
    expectNoValue(answer.text, whole)
  }
  const ok = await call(site, '/health')
  expect([ok.status, ok.text]).toEqual([200, 'OK'])
  expect((await call(site, '/health/live')).json).toEqual({ status: 'alive' })
  for (const path of ['/health/ready', '/api/v1/health', '/v1/health']) {
    const health = await call(site, path)
    expect([path, health.status, health.json['status']]).toEqual([path, 503, 'not ready'])
    expectNoValue(health.text, whole)
  }
  const page = await call(site, '/', { headers: { accept: 'text/html' } })
  expect([page.status, page.headers.get('content-type')]).toEqual([
    200,
    expect.stringContaining('text/html'),
  ])
}

test('GW-10: without any configuration: every name, no value', async () => {
  await site.restart(Object.fromEntries(required.map((name) => [name, undefined])))
  await expectUnusable('CONFIG_MISSING', required)
  await site.cron()
  await site.restart(whole)
})

test.each(required)('GW-10: without %s', async (name) => {
  await site.restart({ [name]: undefined })
  const answer = await call(site, '/api/v1/jobs', {
    key: keyOf({ ...site, vars: whole }, 'CLIENT'),
  })
  expect(expectFailure(answer, 503, 'CONFIG_MISSING')).toEqual({ names: [name] })
  expectNoValue(answer.text, whole)
  expect((await call(site, '/health')).text).toBe('OK')
  expect((await call(site, '/health/ready')).status).toBe(503)
  await site.restart(whole)
})

test('GW-10: values that cannot be used are named and not shown', async () => {
  const wrong: Record<string, string> = {
    JWT_SECRET: 'too-short',
    WALLET_ENCRYPTION_KEY: 'not base64url of 32 bytes',
    AUTHORITY_KEY: 'f00d',
    COORDINATOR_KEY: `${'g'.repeat(64)}`,
    CLIENT_API_KEYS: 'my_own_key, another_key',
    MINER_API_KEYS: '["short"]',
    ADMIN_API_KEYS: '{"a":"b_key_of_an_admin"}',
    GENESIS_JSON: '{"chain_id":"half a genesis"}',
  }
  await site.restart(wrong)
  await expectUnusable('CONFIG_INVALID', Object.keys(wrong))
  for (const path of [...apiPaths, '/health/ready']) {
    const { text } = await call(site, path)
    for (const value of Object.values(wrong)) expect(text).not.toContain(value)
    expect(text).not.toContain('my_own_key')
  }
  const log = site.log.join('\n')
  for (const value of [...Object.values(wrong), 'my_own_key', 'b_key_of_an_admin']) {
    expect(log).not.toContain(value)
  }
  await site.restart(whole)
})

test('GW-10: with all of it the site works, and health says so', async () => {
  const ready = await call(site, '/health/ready')
  expect([ready.status, ready.json]).toMatchObject([
    200,
    { status: 'ready', database: 'connected' },
  ])
  expect((await call(site, '/api/v1/health')).json).toMatchObject({ status: 'ok', env: 'test' })
  const jobs = await call(site, '/api/v1/jobs', { key: keyOf(site, 'CLIENT') })
  expect(jobs.json).toMatchObject({ items: [], total: 0 })
})

test('GW-10: the database away: said by health, and jobs go on', async () => {
  await site.breakDatabase()
  const ready = await call(site, '/health/ready')
  expect([ready.status, ready.json['status']]).toEqual([503, 'not ready'])
  const jobs = await call(site, '/api/v1/jobs', { key: keyOf(site, 'CLIENT') })
  expect(jobs.status).toBe(200)
  await site.restoreDatabase()
  expect((await call(site, '/health/ready')).status).toBe(200)
})
