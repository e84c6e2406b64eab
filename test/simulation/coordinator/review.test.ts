/** What a stranger, or an unlucky moment, must not be able to do to a coordinator. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Agent, createAgent } from '../../support/agent-socket.ts'
import { createWorld, type World } from '../../support/coordinator-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 })
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

async function join(world: World, name: string): Promise<Agent> {
  const agent = createAgent({ name })
  world.connect(agent)
  setInterval(() => agent.send({ type: 'heartbeat', inflight: 0, queued: 0 }), 5_000)
  await world.pass(20)
  return agent
}

test('PAY-1: a payment that becomes final while a submission waits for the disk is not promised again', async () => {
  const world = await createWorld({ diskMs: 20_000 })
  const escrow = await world.openEscrow(world.alice, 2_000_000n)
  await join(world, 'miner-A')
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
  await join(world, 'miner-A')
  const job = { ...world.jobOf(world.alice, world.aliceEscrow, 'dear'), authorisation: undefined }
  const asked = world.parts().clientJobs.submit(world.keyPrincipal('client'), { ...job, limit })
  const outcome = asked.catch((error: unknown) => error)
  await world.pass(30_000)
  expect(await outcome).toMatchObject({ ok: false, error: { code: 'ESCROW_EXHAUSTED' } })
})
