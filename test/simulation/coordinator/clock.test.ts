/** Clocks that are set while jobs are under way: forward and back, by hours. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Agent, HeldAttempt } from '../../support/agent-socket.ts'
import { hold, join, joinForGood, only } from '../../support/coordinator-miners.ts'
import { createWorld } from '../../support/coordinator-world.ts'

const start = 1_790_000_000_000
beforeEach(() => void vi.useFakeTimers({ now: start }))
afterEach(() => void vi.useRealTimers())

const hour = 3_600_000

const paidOnce = (world: Awaited<ReturnType<typeof createWorld>>): void => {
  const rows = world.rows<{ job_id: string }>('SELECT job_id FROM payments')
  expect(new Set(rows.map((row) => row.job_id)).size).toBe(rows.length)
}

test.each([-300_000, -60_000, -1])(
  'DISP-8: set back by %i ms, work goes on and is paid once',
  async (ms) => {
    const world = await createWorld()
    const agent = await join(world, { name: 'miner-A', concurrency: 2, onOffer: hold })
    const { jobId } = await world.submit('before')
    await world.pass(50)
    world.jump(ms)
    // An honest miner's receipt must not be from the future: it has the same clock.
    const attempt = only(agent)
    agent.work({ ...attempt, startedAtMs: Date.now() })
    await world.pass(5_000)
    const later = await world.submit('after')
    await world.pass(5_000)
    for (const held of agent.held.values()) if (!held.result) agent.work(held)
    await world.pass(120_000)
    for (const held of agent.held.values()) if (!held.result) agent.work(held)
    await world.pass(5_000)
    expect(world.view(jobId).state).toBe('completed')
    expect(world.view(later.jobId).state).toBe('completed')
    paidOnce(world)
  },
)

test('DISP-8: set forward beyond every lease, an attempt lapses and the job goes elsewhere, once', async () => {
  const world = await createWorld()
  const first = await join(world, { name: 'first', onOffer: hold })
  const { jobId } = await world.submit('leased')
  await world.pass(50)
  const attempt = only(first)
  first.accept(attempt)
  await world.pass(50)
  await joinForGood(world, { name: 'second', priceCompletion: 310_000n })
  world.jump(120_000)
  await world.pass(60_000)
  expect(world.view(jobId)).toMatchObject({ state: 'completed', minerId: 'second' })
  first.work(attempt)
  await world.pass(5_000)
  paidOnce(world)
  expect(first.releases.size).toBe(0)
})

test('DISP-8: set forward beyond its life, a job expires and its money is free', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A', concurrency: 1, onOffer: hold })
  await world.submit('in hand')
  const { jobId } = await world.submit('waiting')
  await world.pass(50)
  world.jump(2 * hour)
  await world.pass(30_000)
  expect(world.view(jobId)).toMatchObject({ state: 'expired', paymentStatus: 'refunded' })
  expect(agent.held.size).toBeLessThanOrEqual(1)
  paidOnce(world)
})

test('DISP-8: a clock that jumps to and fro while jobs run shares no attempt and pays none twice', async () => {
  const world = await createWorld()
  const offered = new Map<string, string[]>()
  const working = (agent: Agent, attempt: HeldAttempt): void => {
    const { job_id: jobId, attempt_id: attemptId } = attempt.offer
    offered.set(attemptId, [...(offered.get(attemptId) ?? []), agent.minerId()])
    agent.accept(attempt)
    setTimeout(() => agent.work(attempt), jobId.charCodeAt(0) * 5)
  }
  for (const name of ['a', 'b', 'c']) {
    await joinForGood(world, { name, concurrency: 4, onOffer: working })
  }
  const jobs: string[] = []
  const jumps = [5_000, -5_000, 60_000, -61_000, 20_000, -300_000, 290_000, -9_000]
  for (let index = 0; index < 40; index += 1) {
    const who = world.whoIs(world.alice)
    const asked = world.jobOf(world.alice, world.aliceEscrow, `job ${index}`)
    const pending = world.parts().clientJobs.submit(who, asked)
    await world.pass(150)
    const taken = await pending
    if (taken.ok) jobs.push(taken.value.jobId)
    // A clock that went forward makes every miner look silent, until it comes back.
    else await world.pass(3_000)
    world.jump(jumps[index % jumps.length] ?? 0)
  }
  await world.pass(900_000)
  expect(jobs.length).toBeGreaterThan(20)
  for (const miners of offered.values()) expect(new Set(miners).size).toBe(1)
  const states = jobs.map((jobId) => world.view(jobId).state)
  expect(states.filter((state) => !['completed', 'failed', 'expired'].includes(state))).toEqual([])
  expect(states.filter((state) => state === 'completed').length).toBeGreaterThan(20)
  paidOnce(world)
})
