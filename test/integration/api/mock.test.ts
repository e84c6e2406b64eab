/** A site of a developer whose `/v1/` is the mock: what is invented never reaches the coordinator. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startMock } from '../../../scripts/mock/server.ts'
import { call, expectFailure, keyOf } from '../../support/api-client.ts'
import { type Harness, startHarness } from '../../support/harness.ts'

let site: Harness
let mock: Awaited<ReturnType<typeof startMock>>

beforeAll(async () => {
  mock = await startMock({ port: 0 })
  site = await startHarness({ vars: { V1_UPSTREAM: 'mock', MOCK_URL: mock.url } })
})
afterAll(async () => {
  await site?.dispose()
  await mock?.close()
})

test('GW-15: jobs at /v1/ are the mock’s, and the coordinator knows nothing of them', async () => {
  const key = keyOf(site, 'CLIENT')
  const body = { payload: { model: 'anything', prompt: 'hi' } }
  const taken = await call(site, '/v1/jobs', { key, body })
  expect([taken.status, taken.headers.get('x-upstream')]).toEqual([201, 'mock'])
  const id = String(taken.json['job_id'])
  expect((await call(site, `/v1/jobs/${id}`, { key })).json).toMatchObject({ model: 'anything' })
  expectFailure(await call(site, `/api/v1/jobs/${id}`, { key }), 404, 'JOB_NOT_FOUND')
  const attested = await call(site, '/v1/attest/receipt', { key, body: { job_id: 'job_1' } })
  expect(attested.json).toMatchObject({ exists: true })
})

test('GW-15: health, site and status say that /v1/ is the mock', async () => {
  for (const path of ['/api/v1/health', '/api/v1/site', '/api/v1/status', '/status']) {
    expect([path, (await call(site, path)).json['v1_upstream']]).toEqual([path, 'mock'])
  }
})

test('GW-15: without a mock the site says so, and asks nobody else', async () => {
  await mock.close()
  const answer = await call(site, '/v1/jobs', { key: keyOf(site, 'CLIENT') })
  expectFailure(answer, 503, 'COORDINATOR_UNAVAILABLE')
  expect(answer.text).toContain('npm run mock')
})
