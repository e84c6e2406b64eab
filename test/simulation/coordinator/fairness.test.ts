/** Whose turn it is: clients, priorities, miners, and thousands of polls at once. */
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SubmitJob } from '../../../core/api/coordinator-service.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import type { HeldAttempt } from '../../support/agent-socket.ts'
import { type Person, person } from '../../support/chain-world.ts'
import { acceptOnly, hold, join } from '../../support/coordinator-miners.ts'
import { createWorld, type World } from '../../support/coordinator-world.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }))
afterEach(() => void vi.useRealTimers())

type Client = { readonly who: Person; readonly escrow: Uint8Array }

async function clientOf(world: World, name: string): Promise<Client> {
  const who = person(name)
  const message = { TAG: 'transfer', data: { to: who.address, amount: 1_500_000_000n } } as const
  await world.transact(world.alice, message)
  return { who, escrow: await world.openEscrow(who, 1_400_000_000n) }
}

async function ask(world: World, { who, escrow }: Client, change: Partial<SubmitJob> = {}) {
  const job = { ...world.jobOf(who, escrow, 'a question'), ...change }
  return await world.parts().clientJobs.submit(world.whoIs(who), job)
}

/** Submits so many for each client, the first client's first. */
async function fill(world: World, clients: readonly [Client, number][]): Promise<void> {
  for (const [client, count] of clients) {
    for (let index = 0; index < count; index += 1) {
      const kept = await ask(world, client)
      if (!kept.ok) throw new Error(kept.error.code)
    }
  }
}

/** A miner with one place, and whose jobs it was given, in order. */
async function oneByOne(world: World, jobs: number): Promise<string[]> {
  const served: string[] = []
  await join(world, {
    name: 'miner-A',
    concurrency: 1,
    onOffer: (agent, attempt) => {
      served.push(attempt.offer.client)
      agent.work(attempt)
    },
  })
  for (let rounds = 0; rounds < 200 && served.length < jobs; rounds += 1) await world.pass(50)
  return served
}

/** Everything waits: a miner is there, so that jobs are admitted, and takes none. */
async function busyMiner(world: World) {
  const agent = await join(world, { name: 'busy', concurrency: 1, onOffer: acceptOnly })
  await world.submit('keeps it busy')
  await world.pass(50)
  return agent
}

test('FAIR-1: a client that asks for much cannot keep out one that asks for little', async () => {
  const world = await createWorld()
  const [much, little] = [await clientOf(world, 'much'), await clientOf(world, 'little')]
  const agent = await busyMiner(world)
  await fill(world, [
    [much, 40],
    [little, 5],
  ])
  agent.disconnect()
  const served = await oneByOne(world, 40)
  const own = world.whoIs(little.who).publicId
  const places = served.flatMap((client, place) => (client === own ? [place] : []))
  expect(places).toHaveLength(5)
  // Every other turn is its own, whatever stands before it.
  expect(places.at(-1)).toBeLessThanOrEqual(11)
})

test('FAIR-1: what counts is tokens, not jobs', async () => {
  const world = await createWorld()
  const [long, short] = [await clientOf(world, 'long'), await clientOf(world, 'short')]
  const agent = await busyMiner(world)
  for (let index = 0; index < 10; index += 1) {
    for (const [{ who, escrow }, maxTokens] of [
      [long, 1_000],
      [short, 100],
    ] as const) {
      const job = world.jobOf(who, escrow, 'q', { spec: { maxTokens }, limit: 5_000_000n })
      expect((await world.parts().clientJobs.submit(world.whoIs(who), job)).ok).toBe(true)
    }
  }
  agent.disconnect()
  const served = await oneByOne(world, 20)
  const own = world.whoIs(short.who).publicId
  // Ten short jobs weigh less than two long ones.
  expect(served.slice(0, 12).filter((client) => client === own)).toHaveLength(10)
})

test('FAIR-2: who was away has saved nothing up, and is not behind either', async () => {
  const world = await createWorld()
  const [first, second] = [await clientOf(world, 'first'), await clientOf(world, 'second')]
  const agent = await busyMiner(world)
  await fill(world, [[first, 10]])
  agent.disconnect()
  const order: string[] = []
  let latest: HeldAttempt | undefined
  const miner = await join(world, {
    name: 'miner-A',
    concurrency: 1,
    onOffer: (_, attempt) => {
      order.push(attempt.offer.client)
      latest = attempt
    },
  })
  const workOn = async () => {
    if (latest) miner.work(latest)
    await world.pass(50)
  }
  for (let turn = 0; turn < 5; turn += 1) await workOn()
  await fill(world, [[second, 10]])
  for (let turn = 0; turn < 8; turn += 1) await workOn()
  const since = order.slice(6)
  const own = world.whoIs(second.who).publicId
  const share = since.filter((client) => client === own).length
  expect(share).toBeGreaterThanOrEqual(3)
  expect(share).toBeLessThanOrEqual(5)
})

test('FAIR-3: high before normal before low, and none of them starves', async () => {
  const world = await createWorld()
  const clients = { low: await clientOf(world, 'l'), normal: await clientOf(world, 'n') }
  const high = [await clientOf(world, 'h1'), await clientOf(world, 'h2')]
  const agent = await busyMiner(world)
  for (let index = 0; index < 20; index += 1) {
    expect((await ask(world, clients.low, { priority: 'low' })).ok).toBe(true)
    expect((await ask(world, clients.normal)).ok).toBe(true)
  }
  for (const client of high) {
    for (let index = 0; index < 16; index += 1) {
      expect((await ask(world, client, { priority: 'high' })).ok).toBe(true)
    }
  }
  agent.disconnect()
  const served = await oneByOne(world, 32)
  const count = (client: Client) =>
    served.slice(0, 32).filter((each) => each === world.whoIs(client.who).publicId).length
  expect(served.slice(0, 4)).not.toContain(world.whoIs(clients.normal.who).publicId)
  expect(count(clients.normal)).toBe(6)
  expect(count(clients.low)).toBe(2)
})

test('FAIR-3: high priority is bounded for a client, and for a batch', async () => {
  const world = await createWorld()
  const client = await clientOf(world, 'hasty')
  await busyMiner(world)
  for (let index = 0; index < jobLimits.highJobsPerClientMax; index += 1) {
    expect((await ask(world, client, { priority: 'high' })).ok).toBe(true)
  }
  expect(await ask(world, client, { priority: 'high' })).toMatchObject({
    error: { code: 'QUOTA_EXCEEDED' },
  })
  expect((await ask(world, client)).ok).toBe(true)
})

test('FAIR-4: jobs that do not fit a miner lose no turn to it', async () => {
  const world = await createWorld()
  const client = await clientOf(world, 'elsewhere')
  const agent = await busyMiner(world)
  await join(world, { name: 'far', region: 'us', concurrency: 1, onOffer: hold })
  for (let index = 0; index < 3; index += 1) {
    expect((await ask(world, client, { constraints: { region: 'us' } })).ok).toBe(true)
  }
  await world.submit('here')
  agent.disconnect()
  const near = await join(world, { name: 'near', region: 'eu', onOffer: hold })
  await world.pass(100)
  const clients = [...near.held.values()].map(({ offer }) => offer.client)
  expect(clients).toContain(world.whoIs(world.alice).publicId)
  expect(clients).not.toContain(world.whoIs(client.who).publicId)
})

test('FAIR-1: no miner starves among equals', async () => {
  const world = await createWorld()
  const served = new Map<string, number>()
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await join(world, {
      name,
      concurrency: 4,
      onOffer: (agent, attempt) => {
        served.set(name, (served.get(name) ?? 0) + 1)
        agent.work(attempt)
      },
    })
  }
  for (let index = 0; index < 100; index += 1) {
    await world.submit(`job ${index}`)
    await world.pass(20)
  }
  expect([...served.values()]).toEqual([20, 20, 20, 20, 20])
})

type Race = typeof races extends fc.Arbitrary<infer Value> ? Value : never

/** Which poll comes beside which job, who polls and how long: all that a race is made of. */
const races = fc.record({
  jobs: fc.integer({ min: 20, max: 80 }),
  turns: fc.array(
    fc.record({
      miner: fc.nat({ max: 39 }),
      waitMs: fc.constantFrom(0, 0, 1, 100, 4_000),
      before: fc.boolean(),
    }),
    { minLength: 5, maxLength: 20 },
  ),
  passEvery: fc.integer({ min: 1, max: 20 }),
  passMs: fc.constantFrom(0, 1, 50, 250),
})

test('FAIR-5, MINERAPI-3: thousands of polls at once never share a job, in whatever order', async () => {
  const keys = Array.from({ length: 40 }, (_, index) => `miner-key-number-${index}-of-the-race`)
  const payouts = Object.fromEntries(
    keys.map((key) => [key, 'aitbc1clqm3rtn88ggfs23nvnjz2plffny0ml47dwhax']),
  )
  let polled = 0
  const race = async ({ jobs, turns, passEvery, passMs }: Race): Promise<void> => {
    vi.clearAllTimers()
    const world = await createWorld({
      env: { MINER_API_KEYS: JSON.stringify(keys), MINER_PAYOUTS: JSON.stringify(payouts) },
    })
    const { legacyMiners, apiKeys } = world.parts()
    const miners = keys.map((key) => ({
      kind: 'api_key' as const,
      scope: 'miner' as const,
      publicId: apiKeys.publicIdOf(key, 'miner') ?? '',
    }))
    for (const who of miners) {
      const capabilities = { models: ['test-model'], price: 0.001 }
      const stated = { minerId: undefined, capabilities, concurrency: 64, region: undefined }
      expect((await legacyMiners.register(who, stated)).ok).toBe(true)
    }
    const handed: string[] = []
    const polls: Promise<void>[] = []
    const poll = (index: number, waitMs: number): void => {
      polled += 1
      const asked = async () => {
        const got = await legacyMiners.poll(miners[index % miners.length] as Miner, { waitMs })
        if (got.ok && got.value) handed.push(got.value.job_id)
      }
      polls.push(asked())
    }
    type Miner = (typeof miners)[number]
    const submitted: string[] = []
    for (let index = 0; index < jobs; index += 1) {
      // Some polls wait already, some come with the job, some after it; a miner's own overtake each other.
      for (const turn of turns) if (turn.before) poll(turn.miner + index * 7, turn.waitMs)
      const asked = world.submit(`job ${index}`, { limit: 50_000_000n })
      for (const turn of turns) if (!turn.before) poll(turn.miner + index * 7, turn.waitMs)
      submitted.push((await asked).jobId)
      if (index % passEvery === 0) await world.pass(passMs)
    }
    for (let round = 0; round < 20 && handed.length < jobs; round += 1) {
      for (const [index] of miners.entries()) poll(index, 100)
      await world.pass(200)
    }
    await world.pass(5_000)
    await Promise.all(polls)
    expect(new Set(handed).size).toBe(handed.length)
    expect([...handed].sort()).toEqual([...submitted].sort())
  }
  await fc.assert(fc.asyncProperty(races, race), { numRuns: 40, endOnFailure: true })
  expect(polled).toBeGreaterThanOrEqual(3_000)
})
