/** Miners that do not what they should, and what becomes of their jobs. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { answerOf } from '../../support/agent-socket.ts'
import { acceptOnly, hold, join, only } from '../../support/coordinator-miners.ts'
import { createWorld } from '../../support/coordinator-world.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }))
afterEach(() => void vi.useRealTimers())

test('DISP-1: a job is offered in the call that submits it', async () => {
  const world = await createWorld()
  await join(world, { name: 'miner-A', onOffer: hold })
  const height = world.engine.head().height
  const kept = await world.submit('now')
  expect(kept.state).toBe('assigned')
  expect(world.engine.head().height).toBe(height)
})

test('DISP-2: a miner that accepts and then says nothing loses the job to another', async () => {
  const world = await createWorld()
  await join(world, { name: 'silent', onOffer: acceptOnly })
  const { jobId } = await world.submit('anybody?')
  await world.pass(1_000)
  const honest = await join(world, { name: 'honest', priceCompletion: 310_000n })
  await world.pass(jobLimits.leaseMs + 1_000)
  expect(world.view(jobId)).toMatchObject({ state: 'completed', minerId: 'honest', attempts: 2 })
  expect(honest.releases.size).toBe(1)
})

test('DISP-2: a job that nobody ever finishes fails after its attempts, and costs nothing', async () => {
  const world = await createWorld()
  for (const name of ['a', 'b', 'c']) {
    await join(world, { name, onOffer: acceptOnly })
  }
  const { jobId } = await world.submit('never')
  await world.pass(590_000)
  expect(world.view(jobId)).toMatchObject({
    state: 'failed',
    attempts: 3,
    paymentStatus: 'refunded',
  })
  const known = world.engine.finalEscrow(world.aliceEscrow)
  expect(known && world.parts().funds.available(known, world.alice.publicKey).escrow).toBe(
    known?.balance,
  )
})

test('DISP-3: a result that is repeated gets its release again and is paid once', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A', onOffer: hold })
  const { jobId } = await world.submit('twice')
  await world.pass(10)
  const attempt = only(agent)
  agent.work(attempt)
  if (!attempt.result) throw new Error('the work makes a result')
  agent.send(attempt.result)
  await world.pass(20)
  agent.send(attempt.result)
  await world.pass(5_000)
  const releases = agent.frames.filter((frame) => frame.type === 'release')
  expect(releases).toHaveLength(3)
  expect(new Set(releases.map((frame) => JSON.stringify(frame))).size).toBe(1)
  const amount = world.view(jobId).amount as bigint
  const share = (amount * BigInt(world.genesis.parameters.coordinatorShareBps)) / 10_000n
  expect(world.engine.account(agent.address).balance).toBe(amount - share)
})

test('DISP-3: a stranger cannot finish the job of another miner', async () => {
  const world = await createWorld()
  const holder = await join(world, { name: 'holder', onOffer: acceptOnly })
  const { jobId } = await world.submit('whose?')
  await world.pass(10)
  const stranger = await join(world, { name: 'stranger', priceCompletion: 400_000n })
  const stolen = stranger.resultOf(
    { ...only(holder), frames: [] },
    { text: 'mine', completionTokens: 1 },
  )
  stranger.send(stolen)
  await world.pass(20)
  expect(stranger.refusals).toMatchObject([{ code: 'LEASE_NOT_HELD' }])
  expect(world.view(jobId)).toMatchObject({ state: 'running', minerId: 'holder' })
  holder.work(only(holder))
  await world.pass(20)
  expect(world.view(jobId)).toMatchObject({ state: 'completed', minerId: 'holder' })
  stranger.send(stolen)
  await world.pass(20)
  expect(stranger.releases.size).toBe(0)
})

test('DISP-3: a result after a cancel is refused, and the money is free', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A', onOffer: acceptOnly })
  const { jobId } = await world.submit('never mind')
  await world.pass(10)
  const attempt = only(agent)
  for (const piece of answerOf(attempt.offer)) agent.token(attempt, piece)
  await world.pass(10)
  expect(world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId).ok).toBe(true)
  agent.finish(attempt)
  await world.pass(20)
  expect(attempt.isCanceled).toBe(true)
  expect(agent.refusals).toMatchObject([{ code: 'LEASE_NOT_HELD' }])
  expect(world.view(jobId)).toMatchObject({ state: 'canceled', paymentStatus: 'refunded' })
  const again = world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId)
  expect(again).toMatchObject({ ok: false, error: { code: 'JOB_NOT_CANCELABLE' } })
})

test.each([
  ['more tokens than were delivered', { completionTokens: 60 }],
  ['another text than was streamed', { text: 'another text' }],
  ['a prompt longer than it was', { promptTokens: 4_000_000 }],
  ['work that took an hour', { completedAtMs: 1_790_003_600_000 }],
] as const)(
  'DISP-4: a miner that lies about %s is not paid, and the job is done elsewhere',
  async (_, lie) => {
    const world = await createWorld()
    const liar = await join(world, {
      name: 'liar',
      onOffer: (agent, held) => {
        agent.accept(held)
        for (const piece of answerOf(held.offer)) agent.token(held, piece)
        agent.send(agent.resultOf(held, lie))
      },
    })
    const honest = await join(world, { name: 'honest', priceCompletion: 310_000n })
    const { jobId } = await world.submit('the truth')
    await world.pass(5_000)
    expect(liar.refusals).toMatchObject([{ code: 'RESULT_INVALID' }])
    expect(liar.releases.size).toBe(0)
    expect(world.view(jobId)).toMatchObject({ state: 'completed', minerId: 'honest', attempts: 2 })
    expect(world.engine.account(liar.address).balance).toBe(0n)
    expect(honest.settled.size).toBe(1)
  },
)

test('DISP-4: a gap in the tokens is an error, not a hole in the answer', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A', onOffer: acceptOnly })
  const { jobId } = await world.submit('mind the gap')
  await world.pass(10)
  const { offer } = only(agent)
  agent.send({ type: 'tokens', attempt_id: offer.attempt_id, seq: 1, text: 'second', count: 1 })
  await world.pass(10)
  expect(agent.frames.at(-1)).toMatchObject({ type: 'error', code: 'SEQ_GAP' })
  expect(world.view(jobId).state).toBe('running')
})

test('DISP-5: a result that is late is taken while nobody else has finished', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'slow', onOffer: acceptOnly })
  const { jobId } = await world.submit('slowly')
  await world.pass(10)
  const attempt = only(agent)
  const [first = '', ...rest] = answerOf(attempt.offer)
  agent.token(attempt, first)
  await world.pass(jobLimits.leaseMs + 2_000)
  expect(world.view(jobId).state).toBe('queued')
  for (const piece of rest) agent.token(attempt, piece)
  agent.finish(attempt)
  await world.pass(20)
  expect(world.view(jobId)).toMatchObject({
    state: 'completed',
    minerId: 'slow',
    completionTokens: 8,
  })
})

test('DISP-6: jobs wait for a place in the order in which they came', async () => {
  const world = await createWorld()
  const done: string[] = []
  const agent = await join(world, {
    name: 'one-at-a-time',
    concurrency: 1,
    onOffer: (one, held) => {
      done.push(held.offer.job_id)
      setTimeout(() => one.work(held), 100)
    },
  })
  const ids: string[] = []
  for (let index = 0; index < 5; index += 1) ids.push((await world.submit(`job ${index}`)).jobId)
  expect(world.parts().dispatcher.counts()).toEqual({ queued: 4, running: 1 })
  await world.pass(2_000)
  expect(done).toEqual(ids)
  expect(agent.releases.size).toBe(5)
})

test('DISP-6: a job that nobody has a place for expires at its time and frees its hold', async () => {
  const world = await createWorld()
  await join(world, { name: 'busy', concurrency: 1, onOffer: acceptOnly })
  await world.submit('first', { ttlSeconds: 600 })
  const { jobId } = await world.submit('second', { ttlSeconds: 5 })
  await world.pass(6_000)
  expect(world.view(jobId)).toMatchObject({ state: 'expired', paymentStatus: 'refunded' })
})

test('DISP-7: while the final head is too old nothing is admitted', async () => {
  const world = await createWorld()
  await join(world, { name: 'miner-A' })
  await world.submit('before')
  world.setChainDown(true)
  const { closeNoticeSlots, authorisationLifeSlots } = world.genesis.parameters
  await world.pass(Number(closeNoticeSlots - authorisationLifeSlots) * 2_000 + 10_000)
  const asked = world.jobOf(world.alice, world.aliceEscrow, 'blind')
  const refused = await world.parts().clientJobs.submit(world.whoIs(world.alice), asked)
  expect(refused).toMatchObject({ ok: false, error: { code: 'CHAIN_UNAVAILABLE' } })
  world.setChainDown(false)
  const { jobId } = await world.submit('after')
  await world.pass(100)
  expect(world.view(jobId).state).toBe('completed')
})
