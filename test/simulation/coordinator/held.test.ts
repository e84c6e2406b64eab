/** Results that are not plausible: delivered, and paid only when somebody has released them. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { priceOf } from '../../../core/jobs/pricing.ts'
import type { Agent, HeldAttempt } from '../../support/agent-socket.ts'
import { acceptOnly, joinForGood, only } from '../../support/coordinator-miners.ts'
import { createWorld, type World } from '../../support/coordinator-world.ts'
import { collect } from './campaign.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 })
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const balance = 10_000_000_000n
const tokens = 400
const words = Array.from({ length: tokens }, (_, index) => `word${index} `).join('')
const price = { promptPer1000: 0n, completionPer1000: 1_000_000n }
const charged = priceOf(price, { promptTokens: 0, completionTokens: tokens })

/** 400 tokens in no time at all: no machine is as fast. */
const tooFast = (agent: Agent, attempt: HeldAttempt): void => {
  agent.accept(attempt)
  agent.token(attempt, words, tokens)
  agent.finish(attempt)
}

async function holding(onOffer = tooFast) {
  const world = await createWorld()
  const agent = await joinForGood(world, {
    name: 'miner-A',
    pricePrompt: 0n,
    priceCompletion: 1_000_000n,
    onOffer,
  })
  const job = await world.submit('quick', { limit: 5_000_000n, spec: { maxTokens: 1_000 } })
  await world.pass(20)
  return { world, agent, jobId: job.jobId }
}

const available = (world: World): bigint => {
  const escrow = world.engine.finalEscrow(world.aliceEscrow)
  if (!escrow) throw new Error('the escrow is there')
  return world.parts().funds.available(escrow, world.alice.publicKey).escrow
}
const earned = (world: World, agent: Agent) => world.engine.account(agent.address).balance
const net = (world: World) =>
  charged - (charged * BigInt(world.genesis.parameters.coordinatorShareBps)) / 10_000n

const decide = (world: World, jobId: string, decision: 'released' | 'refused') =>
  world.parts().held.decide({ jobId, decision, by: 'admin_0123456789abcdef', why: 'looked at it' })

test('HELD-1, HELD-2: the answer is there, its money waits, and both sides read why', async () => {
  const { world, agent, jobId } = await holding()
  const view = world.view(jobId)
  expect(view).toMatchObject({
    state: 'completed',
    paymentStatus: 'escrowed',
    amount: undefined,
    receiptId: undefined,
    held: { decision: undefined, amount: charged, reasons: [{ code: 'RATE_CEILING' }] },
  })
  expect(available(world)).toBe(balance - charged)
  const [frame] = agent.holds.values()
  expect(frame).toMatchObject({ job_id: jobId, reasons: [{ code: 'RATE_CEILING' }] })
  expect(frame?.until_ms).toBe(view.held?.untilMs)
  expect(agent.releases.size).toBe(0)
  const listed = world.parts().held.list({ minerId: 'miner-A', onlyOpen: true, limit: 10 })
  expect(listed.map((each) => each.jobId)).toEqual([jobId])
  expect(world.parts().held.list({ minerId: 'miner-B', onlyOpen: false, limit: 10 })).toEqual([])
  const [row] = world.rows<{ release_signature: Uint8Array }>('SELECT * FROM results')
  expect(row?.release_signature).toHaveLength(0)

  const opened = world.parts().clientJobs.stream(world.whoIs(world.alice), jobId)
  if (!opened.ok) throw new Error(opened.error.code)
  let text = ''
  const end = await collect(opened.value, (next) => {
    text = next(text)
  })
  expect(text).toBe(words)
  expect(end).toMatchObject({ state: 'completed', held: [{ code: 'RATE_CEILING' }] })
  // Nothing was sent to the chain.
  await world.pass(60_000)
  expect(earned(world, agent)).toBe(0n)
})

test('HELD-3: released, it is paid like any other, once', async () => {
  const { world, agent, jobId } = await holding()
  expect(decide(world, jobId, 'released')).toMatchObject({
    ok: true,
    value: { decision: 'released', decidedBy: 'admin_0123456789abcdef', why: 'looked at it' },
  })
  await world.pass(10)
  expect(agent.releases.size).toBe(1)
  expect(decide(world, jobId, 'released').ok).toBe(true)
  expect(decide(world, jobId, 'refused')).toMatchObject({
    ok: false,
    error: { code: 'HELD_DECIDED' },
  })
  await world.pass(120_000)
  expect(earned(world, agent)).toBe(net(world))
  expect(available(world)).toBe(balance - charged)
  expect(world.view(jobId)).toMatchObject({ paymentStatus: 'released', amount: charged })
})

test('HELD-3: refused, its money is free, and the miner reads who said why', async () => {
  const { world, agent, jobId } = await holding()
  expect(decide(world, jobId, 'refused').ok).toBe(true)
  await world.pass(10)
  expect(agent.refusals.at(-1)).toMatchObject({
    code: 'RESULT_REFUSED',
    message: 'not paid: looked at it',
  })
  expect(available(world)).toBe(balance)
  expect(world.view(jobId)).toMatchObject({ state: 'completed', paymentStatus: 'refunded' })
  await world.pass(120_000)
  expect(earned(world, agent)).toBe(0n)
  expect(decide(world, 'f'.repeat(32), 'refused')).toMatchObject({
    ok: false,
    error: { code: 'HELD_NOT_FOUND' },
  })
})

test('HELD-4: when nobody decides in time nothing is paid, whatever is said afterwards', async () => {
  const { world, agent, jobId } = await holding()
  const untilMs = world.view(jobId).held?.untilMs ?? 0
  const settleByMs = Number(world.genesis.genesisTimeMs) + (world.slot() + 500) * 2_000
  expect(untilMs).toBeLessThanOrEqual(settleByMs - 120_000)
  await world.pass(untilMs - Date.now() - 1)
  expect(world.view(jobId).paymentStatus).toBe('escrowed')
  // The clock counts, also where the alarm is late.
  vi.setSystemTime(untilMs)
  expect(decide(world, jobId, 'released')).toMatchObject({
    ok: false,
    error: { code: 'HELD_DECIDED', details: { decision: 'lapsed' } },
  })
  await world.pass(300_000)
  expect(earned(world, agent)).toBe(0n)
  expect(available(world)).toBe(balance)
  expect(agent.refusals.at(-1)?.message).toContain('nobody released it in time')
})

test('HELD-4: the alarm ends it where nobody asks', async () => {
  const { world, jobId } = await holding()
  const untilMs = world.view(jobId).held?.untilMs ?? 0
  await world.pass(untilMs - Date.now() + 2_000)
  expect(world.view(jobId)).toMatchObject({
    paymentStatus: 'refunded',
    held: { decision: 'lapsed', decidedBy: undefined },
  })
  expect(available(world)).toBe(balance)
})

test('HELD-5, HELD-2: a restart loses nothing, and the miner is told again', async () => {
  const { world, agent, jobId } = await holding()
  agent.holds.clear()
  world.restart()
  await world.pass(3_000)
  expect([...agent.holds.values()]).toMatchObject([{ job_id: jobId }])
  expect(available(world)).toBe(balance - charged)
  decide(world, jobId, 'released')
  world.restart()
  await world.pass(120_000)
  expect(agent.releases.size).toBe(1)
  expect(earned(world, agent)).toBe(net(world))
})

test('HELD-5: each write of a held result and of its decision may fail, or be the last', async () => {
  for (let failing = 1; failing <= 10; failing += 1) {
    const { world, agent } = await holding(acceptOnly)
    const attempt = only(agent)
    const jobId = attempt.offer.job_id
    const from = world.writes()
    world.failWrites((count) => {
      if (count === from + failing) throw new Error('injected')
    })
    agent.token(attempt, words, tokens)
    agent.finish(attempt)
    await world.pass(5)
    try {
      decide(world, jobId, 'released')
    } catch {
      // The write failed: whoever decides is told, and decides again.
    }
    world.failWrites(undefined)
    world.restart()
    await world.pass(8_000)
    decide(world, jobId, 'released')
    await world.pass(180_000)
    const { amount } = world.view(jobId)
    expect(amount, `write ${failing}`).toBe(charged)
    expect(earned(world, agent)).toBe(net(world))
    expect(available(world)).toBe(balance - charged)
  }
})

test('HELD-1: a part can be held like a whole answer', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, {
    name: 'miner-A',
    priceCompletion: 1_000_000n,
    onOffer: (self, attempt) => {
      self.accept(attempt)
      self.token(attempt, words, tokens)
    },
  })
  const job = await world.submit('quick', { limit: 5_000_000n, spec: { maxTokens: 1_000 } })
  await world.pass(2)
  world.parts().clientJobs.cancel(world.whoIs(world.alice), job.jobId)
  await world.pass(3)
  expect(world.view(job.jobId)).toMatchObject({
    state: 'canceled',
    paymentStatus: 'escrowed',
    held: { reasons: [{ code: 'RATE_CEILING' }] },
  })
  expect(available(world)).toBe(balance - charged)
  decide(world, job.jobId, 'refused')
  await world.pass(120_000)
  expect(available(world)).toBe(balance)
  expect(earned(world, agent)).toBe(0n)
})

const breakerOf = (world: World) => world.parts().standing.breakerOf('miner-A')
const again = async (world: World, spec: Parameters<World['specOf']>[1] = {}) => {
  await world.submit('again', { limit: 5_000_000n, spec: { maxTokens: 1_000, ...spec } })
  await world.pass(20)
}

test('HELD-6: what cannot be true measures no speed, and several open the breaker', async () => {
  const { world } = await holding()
  expect(breakerOf(world).failures).toBeGreaterThan(0)
  expect(world.parts().standing.speedOf('miner-A', 'test-model')).toBeUndefined()
  await again(world)
  expect(breakerOf(world).state).toBe('open')
})

test('HELD-6: an answer that its client can bring about blames no miner', async () => {
  // Asked to say one word, and to stop before it.
  const { world } = await holding((agent, attempt) => {
    agent.accept(attempt)
    agent.finish(attempt)
  })
  const [held] = world.parts().held.list({ onlyOpen: true, limit: 10 })
  expect(held).toBeUndefined()
  const priced = await createWorld()
  const dear = { name: 'miner-A', pricePrompt: 5_000_000n, priceCompletion: 1_000_000n }
  await joinForGood(priced, {
    ...dear,
    onOffer: (agent, attempt) => {
      agent.accept(attempt)
      agent.finish(attempt)
    },
  })
  for (let times = 0; times < 3; times += 1) await again(priced, { stop: ['yes'] })
  const list = priced.parts().held.list({ onlyOpen: true, limit: 10 })
  expect(list.map(({ reasons }) => reasons[0]?.code)).toEqual(Array(3).fill('EMPTY_CHARGED'))
  expect(breakerOf(priced)).toMatchObject({ state: 'closed', failures: 0 })
})
