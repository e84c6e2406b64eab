/** A site whose clock is a day wrong for a while, on a chain that keeps the time. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { join, joinForGood, only } from '../../support/coordinator-miners.ts'
import { createWorld, type World } from '../../support/coordinator-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 })
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const minute = 60_000
const day = 86_400_000

/** How far a job has come when the clock is set. */
const points = ['queued', 'offered', 'running', 'delivered', 'sent'] as const

async function bring(world: World, point: (typeof points)[number]): Promise<string> {
  const isHeld = { current: true }
  const agent = await join(world, {
    name: 'miner-A',
    concurrency: point === 'queued' ? 1 : 4,
    onOffer: (self, attempt) => {
      if (!isHeld.current) self.work(attempt)
    },
  })
  if (point === 'queued') {
    // Its one place is taken by another job, which it goes on with later.
    await world.submit('in the way')
    await world.pass(50)
  }
  const { jobId } = await world.submit('asked before')
  await world.pass(50)
  const attempt = only(agent)
  if (point === 'running') agent.accept(attempt)
  if (point === 'delivered' || point === 'sent') agent.work(attempt)
  await world.pass(20)
  if (point === 'sent') await world.pass(1_200)
  isHeld.current = false
  setInterval(() => {
    for (const held of agent.held.values()) {
      if (!held.result && !held.isCanceled) agent.work({ ...held, startedAtMs: Date.now() })
    }
  }, 10_000)
  return jobId
}

describe.each(points)('DISP-8: a clock that is a day wrong while a job is %s', (point) => {
  test.each([
    ['ahead', day],
    ['behind', -day],
    ['a quarter of an hour ahead', 15 * minute],
    ['a quarter of an hour behind', -15 * minute],
  ])('%s, and then right: it ends, is paid once, and the next one is served', async (_, ms) => {
    const world = await createWorld()
    const jobId = await bring(world, point)
    world.jump(ms)
    await world.pass(3 * minute)
    world.jump(-ms)
    await joinForGood(world, { name: 'miner-B', priceCompletion: 310_000n })
    await world.pass(6 * minute)
    const { state, paymentStatus } = world.view(jobId)
    const isDelivered = point === 'delivered' || point === 'sent'
    const ends = isDelivered ? ['completed released'] : ['completed released', 'expired refunded']
    expect(ends).toContain(`${state} ${paymentStatus}`)
    const next = await world.submit('asked after')
    await world.pass(minute)
    expect(world.view(next.jobId).state).toBe('completed')
    const rows = world.rows<{ job_id: string; state: string }>('SELECT * FROM payments')
    const results = world.rows('SELECT job_id FROM results')
    expect(rows.map((row) => row.state)).toEqual(results.map(() => 'settled'))
    expect(new Set(rows.map((row) => row.job_id)).size).toBe(rows.length)
    expect(world.rows('SELECT job_id FROM lives WHERE open = 1')).toEqual([])
  })
})
