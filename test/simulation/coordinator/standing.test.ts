/** What the coordinator has seen of its miners: breakers, speeds, and what a miner may read of it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { breakerLimits } from '../../../core/jobs/breaker.ts'
import { minerWhy } from '../../../durable-objects/coordinator/why.ts'
import type { Agent, HeldAttempt } from '../../support/agent-socket.ts'
import { acceptOnly, hold, join, joinForGood } from '../../support/coordinator-miners.ts'
import { createWorld, type World } from '../../support/coordinator-world.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }))
afterEach(() => void vi.useRealTimers())

const why = (world: World, minerId: string) => {
  const found = minerWhy(world.parts(), minerId)
  if (!found) throw new Error('it is known')
  return found
}

/** Fails what it is offered, at once. */
const failing = (agent: Agent, attempt: HeldAttempt): void =>
  void agent.send({
    type: 'fail',
    attempt_id: attempt.offer.attempt_id,
    code: 'ENGINE',
    message: 'it broke',
    retryable: true,
  })

test('STAND-1: a miner that fails again and again is passed over, tried later, and then trusted', async () => {
  const world = await createWorld()
  let offers = 0
  let isBroken = true
  await join(world, {
    name: 'broken',
    priceCompletion: 100n,
    onOffer: (agent, attempt) => {
      offers += 1
      if (isBroken) failing(agent, attempt)
      else agent.work(attempt)
    },
  })
  await join(world, { name: 'honest', priceCompletion: 300n })
  for (let index = 0; index < 20; index += 1) {
    const { jobId } = await world.submit(`job ${index}`)
    await world.pass(100)
    expect(world.view(jobId).state).toBe('completed')
  }
  // The cheaper one would have had them all.
  expect(offers).toBe(breakerLimits.failuresMax)
  expect(world.parts().standing.breakers()).toMatchObject([
    { minerId: 'broken', state: 'open', reason: 'failed' },
  ])
  expect(why(world, 'broken')).toMatchObject({
    breaker: { state: 'open' },
    recent: { jobs: 20, taken: 0, exclusions: { outbid: 20 } },
  })
  isBroken = false
  await world.pass(breakerLimits.openMs)
  expect(why(world, 'broken').breaker.state).toBe('half_open')
  const { jobId } = await world.submit('the trial')
  await world.pass(100)
  expect(world.view(jobId)).toMatchObject({ state: 'completed', minerId: 'broken' })
  expect(world.parts().standing.breakers()).toEqual([])
})

test('STAND-1: one that fails its trial is left alone for twice as long', async () => {
  const world = await createWorld()
  let offers = 0
  await join(world, {
    name: 'broken',
    priceCompletion: 100n,
    onOffer: (agent, attempt) => {
      offers += 1
      failing(agent, attempt)
    },
  })
  await join(world, { name: 'honest', priceCompletion: 300n })
  const some = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      await world.submit(`job ${index}`)
      await world.pass(100)
    }
  }
  await some(10)
  await world.pass(breakerLimits.openMs)
  await some(10)
  expect(offers).toBe(breakerLimits.failuresMax + 1)
  await world.pass(breakerLimits.openMs)
  await some(10)
  expect(offers).toBe(breakerLimits.failuresMax + 1)
  await world.pass(breakerLimits.openMs)
  await some(10)
  expect(offers).toBe(breakerLimits.failuresMax + 2)
})

test('STAND-1: a new instance passes it over still, and forgets it when it has delivered', async () => {
  const world = await createWorld()
  let offers = 0
  let isBroken = true
  await joinForGood(world, {
    name: 'broken',
    priceCompletion: 100n,
    onOffer: (agent, attempt) => {
      offers += 1
      if (isBroken) failing(agent, attempt)
      else agent.work(attempt)
    },
  })
  await joinForGood(world, { name: 'honest', priceCompletion: 300n })
  const some = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      await world.submit(`job ${index}`)
      await world.pass(100)
    }
  }
  await some(10)
  const before = world.parts().standing.breakers()
  expect(before).toMatchObject([{ minerId: 'broken', state: 'open' }])
  world.restart()
  await world.pass(1_500)
  expect(world.parts().standing.breakers()).toEqual(before)
  await some(10)
  expect(offers).toBe(breakerLimits.failuresMax)
  isBroken = false
  await world.pass(breakerLimits.openMs)
  await some(2)
  expect(world.parts().standing.breakers()).toEqual([])
  expect(world.rows('SELECT * FROM breakers')).toEqual([])
  world.restart()
  expect(world.parts().standing.breakers()).toEqual([])
})

test('STAND-1: jobs that wait for such a miner alone go on when it may be tried', async () => {
  const world = await createWorld()
  let isBroken = true
  await join(world, {
    name: 'alone',
    onOffer: (agent, attempt) => (isBroken ? failing(agent, attempt) : agent.work(attempt)),
  })
  const jobs: string[] = []
  for (let index = 0; index < 7; index += 1) {
    jobs.push((await world.submit(`job ${index}`)).jobId)
    await world.pass(100)
  }
  const who = world.whoIs(world.alice)
  const waiting = world.parts().clientJobs.why(who, jobs[6] ?? '')
  expect(waiting).toMatchObject({ value: { waitsFor: 'place', exclusions: { breaker: 1 } } })
  isBroken = false
  await world.pass(60_000)
  for (const jobId of jobs) expect(world.view(jobId).state).toBe('completed')
})

test('STAND-1: what is nobody’s fault opens nothing: rejections, cancels, jobs that cannot be done', async () => {
  const world = await createWorld()
  const refusals: ((agent: Agent, attempt: HeldAttempt) => void)[] = [
    (agent, { offer }) =>
      void agent.send({
        type: 'reject',
        attempt_id: offer.attempt_id,
        code: 'BUSY',
        message: 'no',
      }),
    (agent, { offer }) =>
      void agent.send({
        type: 'fail',
        attempt_id: offer.attempt_id,
        code: 'PROMPT',
        message: 'not such a prompt',
        retryable: false,
      }),
    acceptOnly,
  ]
  let turn = 0
  await join(world, {
    name: 'picky',
    concurrency: 64,
    onOffer: (agent, attempt) => refusals[turn++ % 3]?.(agent, attempt),
  })
  for (let index = 0; index < 30; index += 1) {
    const { jobId } = await world.submit(`job ${index}`)
    await world.pass(100)
    world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId)
    await world.pass(2_100)
  }
  expect(turn).toBeGreaterThanOrEqual(30)
  expect(world.parts().standing.breakers()).toEqual([])
})

test('STAND-1: a miner that dies with its hands full is passed over when it is back', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'dies', concurrency: 8, onOffer: acceptOnly })
  for (let index = 0; index < 8; index += 1) await world.submit(`job ${index}`)
  await world.pass(100)
  agent.disconnect()
  await world.pass(20_000)
  expect(world.parts().standing.breakerOf('dies')).toMatchObject({ reason: 'lapsed' })
  expect(world.parts().standing.breakerOf('dies').failures).toBeGreaterThanOrEqual(5)
})

test('STAND-2: speed is measured from streams and outlives a restart', async () => {
  const world = await createWorld()
  const slowly = (agent: Agent, attempt: HeldAttempt): void => {
    agent.accept(attempt)
    setTimeout(() => agent.work(attempt), 400)
  }
  await join(world, { name: 'miner-A', onOffer: slowly })
  for (let index = 0; index < 3; index += 1) {
    await world.submit(`job ${index}`)
    await world.pass(1_000)
  }
  const speed = world.parts().standing.speedOf('miner-A', 'test-model')
  expect(speed?.samples).toBe(3)
  expect(speed?.firstTokenMs).toBeGreaterThanOrEqual(400)
  expect(speed?.firstTokenMs).toBeLessThan(500)
  // Eight tokens of a text that came as a whole, from the offer on.
  expect(speed?.tokensPerSecond).toBeGreaterThan(15)
  expect(speed?.tokensPerSecond).toBeLessThan(21)
  await world.pass(15_000)
  world.restart()
  expect(world.parts().standing.speedOf('miner-A', 'test-model')).toEqual(speed)
  expect(world.parts().standing.speedOf('miner-A', 'other')).toBeUndefined()
})

test('WHY-2: a miner reads what kept it from work, its price rank and what waits', async () => {
  const world = await createWorld()
  await join(world, { name: 'dear', region: 'us', priceCompletion: 900_000n, onOffer: hold })
  await join(world, {
    name: 'cheap',
    region: 'eu',
    priceCompletion: 100n,
    concurrency: 1,
    onOffer: acceptOnly,
  })
  await join(world, { name: 'other', models: ['other-model'], onOffer: hold })
  await world.submit('for the cheapest', { limit: 900_000_000n })
  for (let index = 0; index < 3; index += 1) {
    const job = world.jobOf(world.alice, world.aliceEscrow, 'q')
    const asked = { ...job, constraints: { region: 'eu' } }
    expect((await world.parts().clientJobs.submit(world.whoIs(world.alice), asked)).ok).toBe(true)
  }
  await world.pass(100)
  expect(why(world, 'dear')).toMatchObject({
    state: 'ready',
    recent: { jobs: 4, taken: 0, exclusions: { outbid: 1, region: 3 } },
    models: [{ name: 'test-model', queued: 3, priceRank: 2, offers: 2 }],
  })
  expect(why(world, 'cheap')).toMatchObject({
    state: 'busy',
    freePlaces: 0,
    recent: { taken: 1, exclusions: { waits: 3 } },
    models: [{ priceRank: 1 }],
  })
  expect(why(world, 'other').recent.exclusions).toEqual({ model: 4 })
  // Nothing of clients in it.
  const text = JSON.stringify(['dear', 'cheap', 'other'].map((minerId) => why(world, minerId)))
  expect(text).not.toContain(world.whoIs(world.alice).publicId)
  expect(minerWhy(world.parts(), 'nobody')).toBeUndefined()
  world.restart()
  expect(why(world, 'dear')).toMatchObject({ state: 'gone', models: [] })
})
