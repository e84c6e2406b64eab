/**
 * The coordinator on the real runtime: sockets, hibernation, SIGKILL, disconnecting readers. What each
 * rule means in every detail is tested in virtual time (test/simulation/coordinator).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { formatAddress } from '../../../core/crypto/address.ts'
import { minerCloseCodes } from '../../../core/jobs/miner-protocol.ts'
import { coordinatorLimits } from '../../../durable-objects/coordinator/limits.ts'
import { type Agent, answerOf, connectAgent, createAgent } from '../../support/agent-socket.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { startTestSite } from '../../support/site.ts'

type Site = { readonly url: string; readonly vars: Readonly<Record<string, string>> }

const keyOf = ({ vars }: Site, name = 'CLIENT_API_KEYS'): string =>
  (JSON.parse(vars[name] ?? '[]') as string[])[0] ?? ''

async function call(site: Site, method: string, path: string, body?: unknown) {
  const response = await fetch(`${site.url}/api/v1${path}`, {
    method,
    headers: { 'x-api-key': keyOf(site), 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const submit = async (site: Site, prompt: string, more: Record<string, unknown> = {}) => {
  const payload = { type: 'inference', model: 'test-model', prompt, max_tokens: 64 }
  const { status, body } = await call(site, 'POST', '/jobs', { payload, ...more })
  expect(body).toMatchObject({ job_id: expect.any(String) })
  expect(status).toBe(201)
  return String(body['job_id'])
}

/** Asks until the answer is as wanted; the test's own time limit ends it. */
async function until(
  site: Site,
  path: string,
  isDone: (body: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  for (;;) {
    const { body } = await call(site, 'GET', path).catch(() => ({ body: {} }))
    if (isDone(body)) return body
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const isSettled = (agent: Agent, count: number) => () => agent.settled.size >= count

describe('one site', () => {
  let site: Harness & AsyncDisposable
  beforeAll(async () => {
    site = await startHarness()
  })
  afterAll(() => site.dispose())

  test('DISP-1: a job of an API key is computed, and its payment becomes final', async () => {
    const agent = createAgent({ name: 'miner-A' })
    await connectAgent(agent, site.url)
    const jobId = await submit(site, 'hello')
    const done = await until(site, `/jobs/${jobId}`, (body) => body['state'] === 'COMPLETED')
    expect(done).toMatchObject({ assigned_miner_id: 'miner-A', payment_status: 'released' })
    await agent.until(isSettled(agent, 1))
    const result = await call(site, 'GET', `/jobs/${jobId}/result`)
    const [attempt] = agent.frames.filter((frame) => frame.type === 'offer')
    const output = attempt && answerOf(attempt).join('')
    expect(result.body).toMatchObject({ result: { output }, receipt: { job_id: jobId } })
    agent.disconnect()
  })

  test('SOCK-3: a flood of real sockets is refused', async () => {
    const count = coordinatorLimits.pendingPerAddressMax + 40
    const codes = await Promise.all(
      Array.from({ length: count }, () => {
        const socket = new WebSocket(`${site.url.replace('http', 'ws')}/api/v1/miners/ws`)
        socket.on('error', () => undefined)
        return new Promise<number>((resolve) => {
          socket.on('close', (code) => resolve(code))
          // Those that are let in would stay until the time for a hello is over.
          socket.on('message', () => setTimeout(() => socket.close(4000), 2_000))
        })
      }),
    )
    const refused = codes.filter((code) => code === minerCloseCodes.tooManySockets)
    expect(codes.length - refused.length).toBe(coordinatorLimits.pendingPerAddressMax)
    const honest = createAgent({ name: 'honest' })
    await new Promise((resolve) => setTimeout(resolve, 500))
    await connectAgent(honest, site.url)
    expect(honest.isConnected()).toBe(true)
    honest.disconnect()
  })

  test('SOCK-6: a miner that hibernates with its socket is offered work after it', async () => {
    const agent = createAgent({ name: 'sleeper' })
    await connectAgent(agent, site.url)
    await site.evict({ className: 'Coordinator', name: 'default' }, 'hibernate')
    expect(agent.isConnected()).toBe(true)
    const jobId = await submit(site, 'wake up')
    const done = await until(site, `/jobs/${jobId}`, (body) => body['state'] === 'COMPLETED')
    expect(done).toMatchObject({ assigned_miner_id: 'sleeper' })
    agent.disconnect()
  })

  test('STRM-3: a client that hangs up cancels the job at the miner', async () => {
    const agent = createAgent({
      name: 'endless',
      models: ['endless-model'],
      onOffer: (one, held) => {
        one.accept(held)
        const talking = setInterval(() => {
          if (held.isCanceled || !one.isConnected()) clearInterval(talking)
          else one.token(held, 'and ')
        }, 100)
      },
    })
    await connectAgent(agent, site.url)
    const leaving = new AbortController()
    const response = await fetch(`${site.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keyOf(site)}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'endless-model',
        stream: true,
        messages: [{ role: 'user', content: 'talk for ever' }],
      }),
      signal: leaving.signal,
    })
    expect(response.status).toBe(200)
    const reader = response.body?.getReader()
    await reader?.read()
    leaving.abort()
    await agent.until(() => agent.frames.some((frame) => frame.type === 'cancel'))
    agent.disconnect()
  })
})

/** Instants of the kill after the offer, in milliseconds: from a seed, so that a failure can be repeated. */
const instants = [0, 3, 11, 40, 90, 180, 350, 700]

describe('a site that is killed', () => {
  test('DUR-1: SIGKILL at seeded instants loses no job and pays none twice', async () => {
    await using site = await startTestSite()
    const paceMs = 40
    const agent = createAgent({
      name: 'survivor',
      concurrency: 8,
      onOffer: (one, held) => {
        one.accept(held)
        const pieces = answerOf(held.offer)
        pieces.forEach((piece, index) => {
          setTimeout(() => !held.isCanceled && one.token(held, piece), paceMs * (index + 1))
        })
        setTimeout(() => !held.isCanceled && one.finish(held), paceMs * (pieces.length + 1))
      },
    })
    const stayConnected = setInterval(() => {
      if (!agent.isConnected()) void connectAgent(agent, site.url).catch(() => undefined)
    }, 300)
    try {
      await connectAgent(agent, site.url)
      const warm = await submit(site, 'warm up')
      await until(site, `/jobs/${warm}`, (body) => body['state'] === 'COMPLETED')
      const jobs: string[] = [warm]
      for (const instantMs of instants) {
        // Until its miner is back a site refuses at once what nobody can serve.
        await until(site, '/models', (body) => JSON.stringify(body).includes('test-model'))
        jobs.push(await submit(site, `kill after ${instantMs} ms`))
        await new Promise((resolve) => setTimeout(resolve, instantMs))
        await site.site.killRuntime()
        // Nothing wakes an object that was killed but a request, or the cron trigger.
        await site.site.cron()
      }
      for (const jobId of jobs) {
        const done = await until(site, `/jobs/${jobId}`, (body) => body['state'] === 'COMPLETED')
        expect(done).toMatchObject({ state: 'COMPLETED' })
      }
      let earned = 0n
      for (const jobId of jobs) {
        const receipt = await call(site, 'GET', `/jobs/${jobId}/receipt`)
        expect(receipt.status).toBe(200)
        const units = BigInt(Math.round(Number(receipt.body['price']) * 100_000_000))
        earned += units - (units * 500n) / 10_000n
      }
      for (const jobId of jobs) {
        await until(site, `/jobs/${jobId}/payment`, (body) => body['transaction_hash'] !== null)
      }
      const account = await fetch(`${site.url}/rpc/getBalance/${formatAddress(agent.address)}`)
      expect(await account.json()).toMatchObject({ balance: Number(earned) })
    } finally {
      clearInterval(stayConnected)
      agent.disconnect()
    }
  })
})
