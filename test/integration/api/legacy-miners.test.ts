/** The original's miner programs against a site, as they call: HTTP, an API key, their own spellings. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toBase64Url } from '../../../core/base/bytes.ts'
import {
  call,
  expectFailure,
  finalBalance,
  type Json,
  jobIn,
  supplyOf,
  until,
} from '../../support/api-client.ts'
import { legacyTalk, minerKeys, payoutOf, startLegacySite } from '../../support/api-legacy-site.ts'
import { coordinatorKey } from '../../support/api-payer.ts'
import { checkReceipt } from '../../support/api-receipt.ts'
import type { Harness } from '../../support/harness.ts'
import { hostCapabilities, legacyRequest, startHostMiner } from '../../support/test-miner-legacy.ts'

const { host: hostKey, script: scriptKey, other: otherKey, unpaid: unpaidKey } = minerKeys

let site: Harness

beforeAll(async () => {
  site = await startLegacySite()
})
afterAll(() => site?.dispose())

const { client, submit, script, registerScript } = legacyTalk(() => site)

describe('the host GPU miner', () => {
  test('MINERAPI-1: registers, beats, polls, computes, is paid; its receipt says who signed', async () => {
    const address = payoutOf(hostKey)
    const supply = await supplyOf(site)
    const miner = await startHostMiner({ url: site.url, key: hostKey }, async (prompt) => ({
      response: `You asked: ${prompt} – naïve`,
      eval_count: 7,
    }))
    const payload = { type: 'inference', model: 'llama3.2:latest', prompt: 'Wie geht’s?' }
    const jobId = await submit(payload)
    const job = await jobIn(site, { key: client(), jobId, states: ['COMPLETED'] })
    await until(
      () => miner.answers.length,
      (count) => count > 0,
    )
    expect(miner.jobs).toEqual([
      {
        job_id: jobId,
        payload,
        constraints: {
          gpu: null,
          cuda: null,
          min_vram_gb: null,
          models: null,
          region: null,
          max_price: null,
        },
      },
    ])
    expect(miner.answers[0]).toMatchObject({ status: 200, json: { status: 'ok' } })
    expect(job).toMatchObject({ completion_tokens: 7, prompt_tokens: 0 })

    const receipt = await call(site, `/v1/jobs/${jobId}/receipt`, { key: client() })
    expect(checkReceipt(receipt.text).keys).toEqual([toBase64Url(coordinatorKey(site))])
    expect(receipt.json['attestations']).toBeUndefined()
    expect(receipt.json['metadata']).toMatchObject({
      job_payload: payload,
      miner_signature: 'absent',
      metrics: { gpu_utilization: 91 },
    })
    // The default of the original, 0.02 AITBC a second at 50 tokens/s: 0.4 for 1 000 tokens.
    expect(job['amount']).toBe(String((7n * 40_000_000n) / 1_000n))
    const share = (BigInt(String(job['amount'])) * 500n) / 10_000n
    await until(
      () => finalBalance(site, address),
      (balance) => balance > 0n,
    )
    expect(await finalBalance(site, address)).toBe(BigInt(String(job['amount'])) - share)
    const after = await supplyOf(site)
    expect(after.held).toBe(supply.genesis + after.minted - after.burned)
    await miner.stop()
  })

  test('MINERAPI-4: an error that it sends as a result fails the job and is not paid', async () => {
    const address = payoutOf(hostKey)
    const before = await finalBalance(site, address)
    const miner = await startHostMiner({ url: site.url, key: hostKey }, async () => {
      throw new Error('Ollama error: 500')
    })
    const jobId = await submit({ type: 'inference', prompt: 'x', model: 'm' }, { ttl_seconds: 5 })
    await until(
      () => miner.answers.length,
      (count) => count > 0,
    )
    expect(miner.answers[0]).toMatchObject({ status: 200, json: { status: 'ok', receipt: null } })
    const job = await jobIn(site, { key: client(), jobId, states: ['FAILED', 'EXPIRED'] })
    expect(job).toMatchObject({ amount: null, receipt_id: null, payment_status: 'refunded' })
    const answer = await call(site, `/v1/jobs/${jobId}/receipt`, { key: client() })
    expectFailure(answer, 404, 'RECEIPT_NOT_FOUND')
    await miner.stop()
    expect(await finalBalance(site, address)).toBe(before)
  })
})

describe('the simple script and the command line', () => {
  test('MINERAPI-1: every spelling of register, heartbeat, poll', async () => {
    const program = { key: scriptKey, url: site.url }
    for (const base of ['/v1', '/api', '/api/v1']) {
      const registered = await legacyRequest({ ...program, base }, 'POST', '/miners/register', {
        capabilities: hostCapabilities,
      })
      expect(registered).toMatchObject({
        status: 200,
        json: { status: 'ok', session_token: expect.stringMatching(/^[0-9a-f]{32}$/) },
      })
      for (const body of [{}, undefined, { inflight: 1, status: 'ONLINE', metadata: { a: 1 } }]) {
        const beat = await legacyRequest({ ...program, base }, 'POST', '/miners/heartbeat', body)
        expect(beat).toMatchObject({ status: 200, json: { status: 'ok' } })
      }
      const none = { max_wait_seconds: 0 }
      const polled = await legacyRequest({ ...program, base }, 'POST', '/miners/poll', none)
      expect([polled.status, polled.text]).toEqual([204, ''])
      const got = await legacyRequest({ ...program, base }, 'GET', '/miners/poll?wait=0')
      expect([got.status, got.text]).toEqual([200, 'null'])
    }
  })

  test('MINERAPI-2: a poll that waits is woken by the job; GET and POST hand out the same', async () => {
    await registerScript(scriptKey)
    for (const method of ['POST', 'GET']) {
      const body = method === 'POST' ? { max_wait_seconds: 15, capabilities: {} } : undefined
      const polling = (async () => {
        for (;;) {
          const answer = await script(scriptKey, method, '/miners/poll?max_wait_seconds=15', body)
          if (answer.json) return answer
        }
      })()
      const jobId = await submit({ type: 'inference', prompt: 'hi', model: 'm1' })
      const polled = await polling
      expect(polled).toMatchObject({ status: 200, json: { job_id: jobId } })
      const running = await call(site, `/v1/jobs/${jobId}`, { key: client() })
      expect(running.json).toMatchObject({ state: 'RUNNING', error: null })
      const done = await script(scriptKey, 'POST', `/miners/${jobId}/result`, {
        result: { output: 'hello', status: 'completed' },
        metrics: { duration_ms: 2_500, aitbc_earned: 1_000, units: 9, unit_price: 5 },
      })
      expect(done).toMatchObject({ status: 200, json: { status: 'ok' } })
      // What a miner says that it earned is not what it is paid.
      const { receipt } = done.json as { receipt: Json }
      expect(receipt).toMatchObject({ job_id: jobId, unit_type: 'gpu_seconds', version: '1.0' })
      expect(receipt['price']).toBeLessThan(0.01)
      const text = done.text.slice(done.text.indexOf('"receipt":') + 10, -1)
      expect(checkReceipt(text).keys).toEqual([toBase64Url(coordinatorKey(site))])
    }
  })

  test('MINERAPI-4: a result as text, as the command line sends it', async () => {
    await registerScript(scriptKey)
    const jobId = await submit({ type: 'inference', prompt: 'hi', model: 'm1' })
    await until(
      () => script(scriptKey, 'POST', '/miners/poll', { max_wait_seconds: 1 }),
      ({ status }) => status === 200,
    )
    const done = await script(scriptKey, 'POST', `/miners/${jobId}/result`, {
      result: 'Processed by miner',
      success: true,
    } as Json)
    expect(done.status).toBe(200)
    const { json } = await call(site, `/v1/jobs/${jobId}/result`, { key: client() })
    expect(json).toMatchObject({
      job_id: jobId,
      state: 'COMPLETED',
      result: { status: 'completed', output: 'Processed by miner' },
    })
  })

  test('MINERAPI-1: fail ends the attempt with its words', async () => {
    await registerScript(scriptKey)
    const jobId = await submit({ type: 'inference', prompt: 'hi', model: 'm1' }, { ttl_seconds: 4 })
    await until(
      () => script(scriptKey, 'POST', '/miners/poll', { max_wait_seconds: 1 }),
      ({ status }) => status === 200,
    )
    const failed = await script(scriptKey, 'POST', `/miners/${jobId}/fail`, {
      error_code: 'OOM',
      error_message: 'out of memory',
      metrics: {},
    })
    expect(failed).toMatchObject({ status: 200, json: { status: 'ok' } })
    const again = await call(site, `/v1/miners/${jobId}/fail`, {
      key: scriptKey,
      body: { error_code: 'OOM', error_message: 'out of memory' },
    })
    expectFailure(again, 409, 'LEASE_NOT_HELD')
    const job = await jobIn(site, { key: client(), jobId, states: ['FAILED', 'EXPIRED'] })
    expect(job).toMatchObject({ attempts: 1, payment_status: 'refunded' })
  })

  test('MINERAPI-1: constraints of the original reach the miner that meets them, and no other', async () => {
    // The host miner takes any model: here it would fit what nobody else does.
    await registerScript(hostKey, { capabilities: { models: ['another'] } })
    await registerScript(scriptKey, { region: 'eu' })
    await registerScript(otherKey, { region: 'us' })
    const constraints = {
      region: 'us',
      gpu: 'RTX 4090',
      min_vram_gb: 24,
      cuda: '12',
      models: ['m1'],
    }
    const jobId = await submit({ type: 'inference', prompt: 'hi', model: 'm1' }, { constraints })
    const wrong = await script(scriptKey, 'POST', '/miners/poll', { max_wait_seconds: 0 })
    expect(wrong.status).toBe(204)
    const right = await script(otherKey, 'POST', '/miners/poll', { max_wait_seconds: 1 })
    expect(right.json).toEqual({
      job_id: jobId,
      payload: { type: 'inference', prompt: 'hi', model: 'm1' },
      constraints: { ...constraints, max_price: null },
    })
    await call(site, `/v1/jobs/${jobId}/cancel`, { method: 'POST', key: client() })
    for (const [name, value] of Object.entries({
      region: 'mars',
      gpu: 'RTX 4060',
      min_vram_gb: 25,
      cuda: '13',
      models: ['m1', 'm2'],
      max_price: 0.5,
    })) {
      const answer = await call(site, '/v1/jobs', {
        key: client(),
        body: {
          payload: { type: 'inference', prompt: 'x', model: 'm1' },
          constraints: { [name]: value },
        },
      })
      expect([name, expectFailure(answer, 409, 'NOT_SERVABLE')]).toMatchObject([
        name,
        { reasons: [name] },
      ])
    }
  })
})

describe('who may do what', () => {
  test('MINERAPI-6: a key without an address that is paid', async () => {
    const body = { capabilities: {} }
    for (const path of ['register', 'poll']) {
      const refused = await call(site, `/v1/miners/${path}`, { key: unpaidKey, body })
      expectFailure(refused, 403, 'AUTHORIZATION_ERROR')
      expect(refused.json['detail']).toContain('MINER_PAYOUTS')
    }
  })

  test('MINERAPI-1: heartbeat, poll, result of a miner that never registered', async () => {
    await using fresh = await startLegacySite()
    for (const [path, body] of [
      ['heartbeat', {}],
      ['poll', {}],
      [`${'ab'.repeat(16)}/result`, { result: {} }],
    ] as const) {
      const refused = await call(fresh, `/v1/miners/${path}`, { key: hostKey, body })
      expectFailure(refused, 404, 'MINER_NOT_REGISTERED')
      expect(refused.json['detail']).toBe('miner not registered')
    }
    const unknown = await call(fresh, `/v1/miners/${'ab'.repeat(16)}/fail`, {
      key: hostKey,
      body: { error_code: 'x', error_message: 'y' },
    })
    expectFailure(unknown, 404, 'JOB_NOT_FOUND')
  })
})
