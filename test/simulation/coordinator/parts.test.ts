/** Jobs that end while they are delivered: what is paid of them, and that it is paid once. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { priceOf } from '../../../core/jobs/pricing.ts'
import type { Agent } from '../../support/agent-socket.ts'
import { acceptOnly, join, joinForGood, only } from '../../support/coordinator-miners.ts'
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

/** 30 tokens are worth 30 000 units here, above the least charge. */
const miner = { name: 'miner-A', priceCompletion: 1_000_000n, onOffer: acceptOnly }
const price = { promptPer1000: 100_000n, completionPer1000: 1_000_000n }
const tokens = 30
const pieces = ['a first piece, ', 'and a second, ', 'and a third']
const said = pieces.join('')
const worth = priceOf(price, { promptTokens: 0, completionTokens: tokens })

const available = (world: World): bigint => {
  const escrow = world.engine.finalEscrow(world.aliceEscrow)
  if (!escrow) throw new Error('the escrow is there')
  return world.parts().funds.available(escrow, world.alice.publicKey).escrow
}

/** A job of which 30 tokens in three frames have been delivered. */
async function delivering(
  change: Parameters<World['submit']>[1] = {},
  agent?: Partial<typeof miner>,
) {
  const world = await createWorld()
  const worker = await joinForGood(world, { ...miner, ...agent })
  const job = await world.submit('tell me a lot', { limit: 5_000_000n, ...change })
  await world.pass(10)
  const attempt = only(worker)
  for (const text of pieces) worker.token(attempt, text, 10)
  await world.pass(10)
  return { world, agent: worker, attempt, jobId: job.jobId }
}

const cancel = (world: World, jobId: string) =>
  world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId)

const earned = (world: World, agent: Agent): bigint => world.engine.account(agent.address).balance
const net = (world: World, amount: bigint): bigint =>
  amount - (amount * BigInt(world.genesis.parameters.coordinatorShareBps)) / 10_000n

test('CUT-1, CUT-2: a canceled job pays what was delivered, and the rest is free', async () => {
  const { world, agent, jobId } = await delivering()
  const canceled = cancel(world, jobId)
  expect(canceled).toMatchObject({
    ok: true,
    value: { state: 'canceled', paymentStatus: 'escrowed' },
  })
  expect(available(world)).toBe(10_000_000_000n - 5_000_000n)
  await world.pass(50)
  expect(world.view(jobId)).toMatchObject({
    state: 'canceled',
    paymentStatus: 'released',
    amount: worth,
    completionTokens: tokens,
    promptTokens: 0,
    receiptId: expect.any(String),
  })
  expect(available(world)).toBe(10_000_000_000n - worth)
  await world.pass(120_000)
  expect(earned(world, agent)).toBe(net(world, worth))
  expect(world.view(jobId).settlement).toBeDefined()
  const [row] = world.rows<{ answer: string; finish: string }>('SELECT answer, finish FROM results')
  expect(row).toEqual({ answer: said, finish: 'canceled' })
})

test('CUT-1: a reader who leaves, and the end of its time, pay the part as well', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, miner)
  const asked = world.jobOf(world.alice, world.aliceEscrow, 'read me', { limit: 5_000_000n })
  const run = await world.parts().clientJobs.run(world.whoIs(world.alice), asked)
  if (!run.ok) throw new Error(run.error.code)
  await world.pass(10)
  agent.token(only(agent), said, tokens)
  await world.pass(10)
  await run.value.stream.cancel()
  await world.pass(50)
  expect(world.view(run.value.job.jobId)).toMatchObject({ state: 'canceled', amount: worth })

  const timed = await world.submit('too slow', { limit: 5_000_000n, ttlSeconds: 20 })
  await world.pass(10)
  const attempt = [...agent.held.values()].find((each) => each.offer.job_id === timed.jobId)
  if (!attempt) throw new Error('it was offered')
  agent.token(attempt, said, tokens)
  await world.pass(21_000)
  expect(world.view(timed.jobId)).toMatchObject({ state: 'expired', amount: worth })
  await world.pass(120_000)
  expect(earned(world, agent)).toBe(2n * net(world, worth))
})

test('CUT-1, DISP-3: no more is paid than was delivered, and nothing without a signature', async () => {
  for (const change of [
    { completionTokens: tokens + 1 },
    { completionTokens: tokens - 1 },
    { promptTokens: 1 },
    { text: `${said} and more` },
  ]) {
    const { world, agent, jobId } = await delivering({}, { signsParts: false } as never)
    const attempt = only(agent)
    cancel(world, jobId)
    await world.pass(10)
    agent.send(agent.partOf(attempt, 3, change))
    await world.pass(10)
    expect(agent.refusals.at(-1)?.code).toBe('RESULT_INVALID')
    expect(world.view(jobId)).toMatchObject({ state: 'canceled', paymentStatus: 'refunded' })
    expect(available(world)).toBe(10_000_000_000n)
  }
})

test('CUT-2: nobody signs: the money is free again after a while, and the question forgotten', async () => {
  const { world, jobId } = await delivering({}, { signsParts: false } as never)
  cancel(world, jobId)
  await world.pass(29_000)
  expect(world.view(jobId).paymentStatus).toBe('escrowed')
  await world.pass(2_000)
  expect(world.view(jobId)).toMatchObject({ paymentStatus: 'refunded', amount: undefined })
  expect(available(world)).toBe(10_000_000_000n)
  expect(world.rows('SELECT * FROM parts')).toEqual([])
  expect(world.rows('SELECT * FROM attempt_text')).toEqual([])
  expect(world.rows<{ ask: string }>('SELECT ask FROM jobs')[0]?.ask).not.toContain('a lot')
})

test('CUT-3: a part below the least charge is freed at once, and its miner told nothing of money', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, miner)
  const job = await world.submit('tell me a little', { limit: 5_000_000n })
  await world.pass(10)
  agent.token(only(agent), 'one', 1)
  await world.pass(10)
  cancel(world, job.jobId)
  await world.pass(10)
  expect(available(world)).toBe(10_000_000_000n)
  expect(agent.frames.findLast((frame) => frame.type === 'cancel')).not.toHaveProperty('paid_seq')
  expect(agent.held.size).toBe(0)
})

test('CUT-4: the same part signed again brings its release again, and is paid once', async () => {
  const { world, agent, attempt, jobId } = await delivering()
  cancel(world, jobId)
  await world.pass(50)
  for (let times = 0; times < 3; times += 1) agent.send(agent.partOf(attempt, 3))
  await world.pass(120_000)
  expect(agent.refusals).toEqual([])
  expect(earned(world, agent)).toBe(net(world, worth))
  expect(world.rows('SELECT * FROM results')).toHaveLength(1)
})

test('CUT-4: a whole result that crossed the cancel becomes the part that was delivered', async () => {
  const { world, agent, attempt, jobId } = await delivering()
  agent.finish(attempt)
  cancel(world, jobId)
  await world.pass(50)
  expect(world.view(jobId)).toMatchObject({ state: 'canceled', amount: worth })
  expect(agent.releases.size).toBe(1)
})

test('CUT-4, HELD-5: a kill between the cancel and the signature loses neither', async () => {
  const { world, agent, jobId } = await delivering()
  agent.disconnect()
  cancel(world, jobId)
  world.kill()
  world.start()
  expect(world.view(jobId)).toMatchObject({ state: 'canceled', paymentStatus: 'escrowed' })
  expect(available(world)).toBe(10_000_000_000n - 5_000_000n)
  await world.pass(5_000)
  expect(world.view(jobId)).toMatchObject({ paymentStatus: 'released', amount: worth })
  await world.pass(120_000)
  expect(earned(world, agent)).toBe(net(world, worth))
})

test('CUT-4: every write of an end with a part may fail or be the last one before a kill', async () => {
  // Counted first, so that the loop below meets each of them.
  const { world: counted, jobId: first } = await delivering()
  const before = counted.writes()
  cancel(counted, first)
  await counted.pass(50)
  const writes = counted.writes() - before
  expect(writes).toBeGreaterThan(4)
  for (let failing = 1; failing <= writes; failing += 1) {
    const { world, agent, jobId } = await delivering()
    const from = world.writes()
    world.failWrites((count) => {
      if (count === from + failing) throw new Error('injected')
    })
    try {
      cancel(world, jobId)
    } catch {
      // As the caller would see it: an error, and it asks again.
    }
    await world.pass(20)
    world.failWrites(undefined)
    world.restart()
    await world.pass(3_000)
    cancel(world, jobId)
    await world.pass(180_000)
    const view = world.view(jobId)
    expect(view.state, `write ${failing}`).toBe('canceled')
    expect(view.amount, `write ${failing}`).toBe(worth)
    expect(earned(world, agent)).toBe(net(world, worth))
    expect(available(world)).toBe(10_000_000_000n - worth)
  }
})

test('CUT-5: a reader of the part reads what was paid, and how it ended', async () => {
  const { world, jobId } = await delivering()
  cancel(world, jobId)
  await world.pass(50)
  const opened = world.parts().clientJobs.stream(world.whoIs(world.alice), jobId)
  if (!opened.ok) throw new Error(opened.error.code)
  let text = ''
  const end = await collect(opened.value, (next) => {
    text = next(text)
  })
  expect(text).toBe(said)
  expect(end).toMatchObject({
    type: 'end',
    state: 'canceled',
    finish: 'canceled',
    amount: String(worth),
    error: { code: 'JOB_CANCELED' },
  })
})

test('CUT-1: a miner that refuses to sign gives the money back at once', async () => {
  const world = await createWorld()
  const agent = await join(world, { ...miner, signsParts: false })
  const job = await world.submit('tell me', { limit: 5_000_000n })
  await world.pass(10)
  const attempt = only(agent)
  agent.token(attempt, said, tokens)
  await world.pass(10)
  cancel(world, job.jobId)
  const attempt_id = attempt.offer.attempt_id
  agent.send({ type: 'fail', attempt_id, code: 'NO', message: 'no', retryable: false })
  await world.pass(10)
  expect(available(world)).toBe(10_000_000_000n)
  expect(world.view(job.jobId).paymentStatus).toBe('refunded')
})
