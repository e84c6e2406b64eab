/** Who holds a job of the original's miners, and who is paid for it: one of them, once, in every race. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectAgent, createAgent } from '../../support/agent-socket.ts'
import { call, expectFailure, finalBalance, until } from '../../support/api-client.ts'
import { legacyTalk, minerKeys, payoutOf, startLegacySite } from '../../support/api-legacy-site.ts'
import { openPayer } from '../../support/api-payer.ts'
import type { Harness } from '../../support/harness.ts'

const { host: hostKey, script: scriptKey, other: otherKey, single: singleKey } = minerKeys

let site: Harness

beforeAll(async () => {
  site = await startLegacySite()
})
afterAll(() => site?.dispose())

const { client, submit, script, registerScript } = legacyTalk(() => site)

const cancel = (jobId: string) =>
  call(site, `/v1/jobs/${jobId}/cancel`, { method: 'POST', key: client() })

describe('a job and its holder', () => {
  test('MINERAPI-5: completed and paid once, by and to the miner that holds it', async () => {
    const models = { models: ['m-single'] }
    await registerScript(singleKey, { capabilities: models })
    await registerScript(otherKey)
    const jobId = await submit({ type: 'inference', prompt: 'hi', model: 'm-single' })
    await until(
      () => script(singleKey, 'POST', '/miners/poll', { max_wait_seconds: 1 }),
      ({ status }) => status === 200,
    )
    const path = `/v1/miners/${jobId}/result`
    const by = (key: string, output: string) =>
      call(site, path, { key, body: { result: { output } } })
    expectFailure(await by(otherKey, 'stolen'), 409, 'LEASE_NOT_HELD')
    const results = await Promise.all([1, 2, 3, 4].map(() => by(singleKey, 'mine')))
    expect(results.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(new Set(results.map(({ text }) => text)).size).toBe(1)
    expectFailure(await by(otherKey, 'stolen'), 409, 'ALREADY_COMPLETED')
    expect((await by(singleKey, 'something else')).text).toBe(results[0]?.text)
    const { json } = await call(site, `/v1/jobs/${jobId}/result`, { key: client() })
    expect(json).toMatchObject({ result: { output: 'mine' } })
    const items = await call(site, `/v1/jobs/${jobId}/receipts`, { key: client() })
    expect(items.json['items']).toMatchObject([{ job_id: jobId }])
    const job = await until(
      () => call(site, `/v1/jobs/${jobId}`, { key: client() }),
      (answer) => answer.json['settlement'] !== null,
    )
    const amount = BigInt(String(job.json['amount']))
    const paid = amount - (amount * 500n) / 10_000n
    expect(await finalBalance(site, payoutOf(singleKey))).toBe(paid)
    // Another result, and two blocks later still the same money.
    expect((await by(singleKey, 'once more')).status).toBe(200)
    await openPayer(site)
    expect(await finalBalance(site, payoutOf(singleKey))).toBe(paid)
  })

  test('MINERAPI-5: nothing is taken after a cancel', async () => {
    await registerScript(scriptKey)
    const jobId = await submit({ type: 'inference', prompt: 'hi', model: 'm1' })
    await until(
      () => script(scriptKey, 'POST', '/miners/poll', { max_wait_seconds: 1 }),
      ({ status }) => status === 200,
    )
    const canceled = await cancel(jobId)
    expect(canceled.json).toMatchObject({ state: 'CANCELED', error: 'canceled by client' })
    const body = { result: { output: 'too late' } }
    const late = await call(site, `/v1/miners/${jobId}/result`, { key: scriptKey, body })
    expectFailure(late, 409, 'LEASE_NOT_HELD')
    const result = await call(site, `/v1/jobs/${jobId}/result`, { key: client() })
    expectFailure(result, 409, 'JOB_CANCELED')
    const view = await call(site, `/v1/jobs/${jobId}`, { key: client() })
    expect(view.json).toMatchObject({ state: 'CANCELED', amount: null, assigned_miner_id: null })
    // Its place is free again.
    const next = await submit({ type: 'inference', prompt: 'hi', model: 'm1' })
    const polled = await until(
      () => script(scriptKey, 'POST', '/miners/poll', { max_wait_seconds: 1 }),
      ({ status }) => status === 200,
    )
    expect(polled.json).toMatchObject({ job_id: next })
    await call(site, `/v1/miners/${next}/result`, { key: scriptKey, body })
  })
})

describe('miners that begin anew', () => {
  test('MINERAPI-7, POLL-5: registering frees the places; what was held goes back to the queue', async () => {
    await registerScript(scriptKey, { capabilities: { models: ['m-anew'] } })
    const jobId = await submit({ type: 'inference', prompt: 'hi', model: 'm-anew' })
    const first = await script(scriptKey, 'POST', '/miners/poll', { max_wait_seconds: 1 })
    expect(first.json).toMatchObject({ job_id: jobId })
    const full = await script(scriptKey, 'POST', '/miners/poll', { max_wait_seconds: 0 })
    expect(full.status).toBe(204)
    // The program was killed and starts again.
    await registerScript(scriptKey, { capabilities: { models: ['m-anew'] } })
    const waiting = await call(site, `/v1/jobs/${jobId}`, { key: client() })
    expect(waiting.json).toMatchObject({ state: 'QUEUED', attempts: 1 })
    const next = await submit({ type: 'inference', prompt: 'hi', model: 'm-anew' })
    const second = await script(scriptKey, 'POST', '/miners/poll', { max_wait_seconds: 1 })
    expect(second.json).toMatchObject({ job_id: next })
    for (const each of [jobId, next]) {
      await call(site, `/v1/jobs/${each}/cancel`, { method: 'POST', key: client() })
    }
  })
})

describe('races', () => {
  test('MINERAPI-3: thousands of polls at once never share a job', {
    timeout: 120_000,
  }, async () => {
    const miners = [hostKey, scriptKey, otherKey]
    for (const key of miners) await registerScript(key, { concurrency: 0 })
    const handed: string[] = []
    const agent = createAgent({
      name: 'agent',
      models: ['m1'],
      concurrency: 64,
      pricePrompt: 4_000_000n,
      priceCompletion: 40_000_000n,
      onOffer: (self, attempt) => {
        handed.push(attempt.offer.job_id)
        self.accept(attempt)
      },
    })
    await connectAgent(agent, site.url)
    let polls = 0
    const poll = async (turn: number): Promise<void> => {
      polls += 1
      const base = turn % 2 === 0 ? '/v1' : '/api/v1'
      const key = miners[turn % miners.length] as string
      const body = { max_wait_seconds: turn % 10 === 0 ? 1 : 0 }
      const { status, json } = await call(site, `${base}/miners/poll`, { key, body })
      expect([200, 204]).toContain(status)
      if (status === 200) handed.push(String(json['job_id']))
    }
    // Nobody works on them: a job that was handed out ends before its lease can lapse and it goes to another.
    let ended = 0
    const endHanded = async (): Promise<void> => {
      const held = handed.slice(ended)
      ended = handed.length
      await Promise.all(held.map((jobId) => cancel(jobId)))
    }
    const waves = 24
    const perWave = 125
    const wanted: string[] = []
    let slow: Promise<void>[] = []
    for (let wave = 0; wave < waves; wave += 1) {
      const payload = { type: 'inference', prompt: `hi ${wave}`, model: 'm1', max_tokens: 8 }
      const jobs = Array.from({ length: 10 }, () => submit(payload, { limit: '2000000' }))
      const all = Array.from({ length: perWave }, (_, index) => poll(wave * perWave + index))
      wanted.push(...(await Promise.all(jobs)))
      // Polls that wait go on into the next wave.
      slow = [...slow, ...all.filter((_, index) => index % 10 === 0)]
      await Promise.all(all.filter((_, index) => index % 10 !== 0))
      await endHanded()
    }
    await Promise.all(slow)
    for (let turn = 0; handed.length < wanted.length && turn < 200; turn += 1) await poll(turn)
    await endHanded()
    expect(polls).toBeGreaterThanOrEqual(3_000)
    expect(handed.length).toBe(new Set(handed).size)
    expect(handed.sort()).toEqual(wanted.sort())
    agent.disconnect()
  })

  test('MINERAPI-3: a poll that another one ends does not get that one’s job', async () => {
    // Who serves the model does not poll, so the job waits.
    await registerScript(otherKey, { capabilities: { models: ['m-late'] } })
    await registerScript(scriptKey)
    const jobId = await submit({ type: 'inference', prompt: 'hi', model: 'm-late' })
    const first = script(scriptKey, 'POST', '/miners/poll', { max_wait_seconds: 4 })
    // In the middle of that poll the miner learns the model, and polls again.
    await script(scriptKey, 'POST', '/miners/heartbeat', {})
    await registerScript(scriptKey, { capabilities: { models: ['m-late'] } })
    const second = await script(scriptKey, 'POST', '/miners/poll', { max_wait_seconds: 0 })
    const both = [await first, second]
    expect(both.map(({ status }) => status).sort()).toEqual([200, 204])
    expect(both.find(({ status }) => status === 200)?.json).toMatchObject({ job_id: jobId })
    await cancel(jobId)
  })

  test('MINERAPI-5: results of all miners at the same time: one is taken', async () => {
    const miners = [hostKey, scriptKey, otherKey]
    for (const key of miners) await registerScript(key, { concurrency: 1 })
    for (let round = 0; round < 10; round++) {
      const jobId = await submit({ type: 'inference', prompt: 'hi', model: 'm1' })
      const polls = await Promise.all(
        miners.map((key) => script(key, 'POST', '/miners/poll', { max_wait_seconds: 0 })),
      )
      const holders = polls.filter(({ status }) => status === 200)
      expect(holders.length).toBe(1)
      const sent = await Promise.all(
        miners.map((key) =>
          script(key, 'POST', `/miners/${jobId}/result`, { result: { output: `by ${key}` } }),
        ),
      )
      const taken = sent.map(({ status }) => status).sort()
      expect(taken).toEqual([200, 409, 409])
    }
  })
})
