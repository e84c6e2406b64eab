/** What a stranger, or an unlucky moment, must not be able to do to a coordinator. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createAgent } from '../../support/agent-socket.ts'
import { acceptOnly, join } from '../../support/coordinator-miners.ts'
import { createWorld } from '../../support/coordinator-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 })
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test('PAY-1: a payment that becomes final while a submission waits for the disk is not promised again', async () => {
  const world = await createWorld({ diskMs: 20_000 })
  const escrow = await world.openEscrow(world.alice, 2_000_000n)
  await join(world, { name: 'miner-A' })
  const ask = (question: string, limit: bigint) =>
    world
      .parts()
      .clientJobs.submit(
        world.whoIs(world.alice),
        world.jobOf(world.alice, escrow, question, { limit }),
      )
  const first = await ask('one', 1_000_000n)
  if (!first.ok) throw new Error(first.error.code)
  // Its result is written after the disk has synced; then the next sync begins.
  await world.pass(20_100)
  const paid = world.view(first.value.jobId)
  expect(paid).toMatchObject({ state: 'completed', settlement: undefined })
  const second = ask('two', 2_000_000n)
  await world.pass(10_000)
  expect(world.view(first.value.jobId).settlement?.final).toBe(true)
  await world.pass(15_000)
  expect(await second).toMatchObject({ ok: false, error: { code: 'ESCROW_EXHAUSTED' } })
})

test('PAY-6: a limit that no amount can hold is refused, not an exception', async () => {
  const world = await createWorld()
  const limit = 10n ** 20n - 1n
  await join(world, { name: 'miner-A' })
  const job = { ...world.jobOf(world.alice, world.aliceEscrow, 'dear'), authorisation: undefined }
  const asked = world.parts().clientJobs.submit(world.keyPrincipal('client'), { ...job, limit })
  const outcome = asked.catch((error: unknown) => error)
  await world.pass(30_000)
  expect(await outcome).toMatchObject({ ok: false, error: { code: 'ESCROW_EXHAUSTED' } })
})

test('STORE-1: a job that ended without a result keeps nothing of its question', async () => {
  const world = await createWorld()
  const agent = createAgent({ name: 'miner-A', onOffer: acceptOnly })
  world.connect(agent)
  await world.pass(20)
  const { jobId } = await world.submit('a very private question')
  const { clientJobs } = world.parts()
  expect(clientJobs.cancel(world.whoIs(world.alice), jobId).ok).toBe(true)
  const stored = world.rows<{ ask: string; spec: Uint8Array }>('SELECT ask, spec FROM jobs')
  expect(stored).toHaveLength(1)
  expect(stored[0]?.ask).not.toContain('private')
  expect(Buffer.from(stored[0]?.spec ?? []).toString('latin1')).not.toContain('private')
  expect(world.view(jobId)).toMatchObject({
    state: 'canceled',
    model: 'test-model',
    limit: 1_000_000n,
    paymentStatus: 'refunded',
  })
  // Its number stays used up.
  const again = world.jobOf(world.alice, world.aliceEscrow, 'a very private question', {
    number: 1n,
  })
  expect(await clientJobs.submit(world.whoIs(world.alice), again)).toMatchObject({
    error: { code: 'AUTHORISATION_USED', details: { job_id: jobId } },
  })
})

test('STORE-2: what is past its time leaves as fast as it came', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A' })
  await world.submit('paid')
  await world.pass(8_000)
  expect(agent.settled.size).toBe(1)
  const idle = createAgent({ name: 'miner-A', onOffer: acceptOnly })
  world.connect(idle)
  await world.pass(20)
  for (let index = 0; index < 250; index += 1) {
    const { jobId } = await world.submit(`job ${index}`)
    world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId)
  }
  vi.setSystemTime(Date.now() + 31 * 24 * 3_600_000)
  await world.parts().work()
  await world.pass(5_000)
  for (const table of ['jobs', 'lives', 'results', 'payments', 'parts', 'attempt_text']) {
    expect(world.rows(`SELECT 1 FROM ${table}`), table).toEqual([])
  }
  // What is new is the close of the escrow, whose time is over by now.
  expect(world.rows("SELECT 1 FROM batches WHERE jobs <> '[]'")).toEqual([])
})

test('STORE-3: jobs without a result leave after a day, or before when there are too many', async () => {
  const world = await createWorld()
  const idle = createAgent({ name: 'miner-A', onOffer: acceptOnly })
  world.connect(idle)
  await world.pass(20)
  const ids: string[] = []
  for (let index = 0; index < 6; index += 1) {
    const { jobId } = await world.submit(`job ${index}`)
    world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId)
    ids.push(jobId)
    await world.pass(10)
  }
  const { store } = world.parts()
  const past = { endedAtMs: 0, slot: 0, rows: 200 }
  expect(store.sweep({ ...past, unpaidEndedAtMs: 0, unpaidKept: 4 })).toBe(2)
  expect(ids.map((jobId) => store.load(jobId) !== undefined)).toEqual([
    ...[false, false],
    ...[true, true, true, true],
  ])
  expect(store.sweep({ ...past, unpaidEndedAtMs: Date.now() + 1, unpaidKept: 4 })).toBe(4)
})

test('STORE-4: open jobs are bounded by what they weigh, for one client and in all', async () => {
  const world = await createWorld()
  const agent = createAgent({ name: 'miner-A', onOffer: acceptOnly })
  world.connect(agent)
  await world.pass(20)
  const heavy = (question: string) => ({
    ...world.jobOf(world.alice, world.aliceEscrow, question),
    payload: { prompt: question, note: 'x'.repeat(60_000) },
  })
  const codes: string[] = []
  for (let index = 0; index < 100 && !codes.includes('QUOTA_EXCEEDED'); index += 1) {
    const asked = await world
      .parts()
      .clientJobs.submit(world.whoIs(world.alice), heavy(`job ${index}`))
    codes.push(asked.ok ? 'ok' : asked.error.code)
  }
  expect(codes.at(-1)).toBe('QUOTA_EXCEEDED')
  const light = world.jobOf(world.alice, world.aliceEscrow, 'light')
  expect((await world.parts().clientJobs.submit(world.whoIs(world.alice), light)).ok).toBe(true)
  // The same after a restart: what stands on the disk is what weighs.
  world.restart()
  await world.pass(1_000)
  expect(world.parts().dispatcher.hasRoom('somebody', weighing(16)).ok).toBe(false)
  for (const { job_id: jobId } of world.rows<{ job_id: string }>('SELECT job_id FROM jobs')) {
    world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId)
  }
  expect(world.parts().dispatcher.hasRoom('somebody', weighing(4)).ok).toBe(true)
})

/** One more job of so many MiB. */
const weighing = (mib: number) => ({ jobs: 1, high: 0, bytes: mib * 1_048_576 })
