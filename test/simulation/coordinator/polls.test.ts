/** Miners of the original that die at every point of their protocol: another one does the work, once paid. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { formatAddress } from '../../../core/crypto/address.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { person } from '../../support/chain-world.ts'
import { createWorld } from '../../support/coordinator-world.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }))
afterEach(() => void vi.useRealTimers())

const people = [person('first'), person('second')] as const
const keys = ['miner-key-of-the-first', 'miner-key-of-the-second'] as const

type Polling = Awaited<ReturnType<typeof createPolling>>

/** Two miners of the original, with an address each, and a job that either can do. */
async function createPolling() {
  const payouts = keys.map((key, at) => [
    key,
    formatAddress(people[at]?.address ?? new Uint8Array()),
  ])
  const world = await createWorld({
    env: {
      MINER_API_KEYS: JSON.stringify(keys),
      MINER_PAYOUTS: JSON.stringify(Object.fromEntries(payouts)),
    },
  })
  const desk = () => world.parts().legacyMiners
  const whoOf = (at: 0 | 1) => {
    const publicId = world.parts().apiKeys.publicIdOf(keys[at], 'miner')
    if (publicId === undefined) throw new Error('the key is known')
    return { kind: 'api_key', scope: 'miner', publicId } as const
  }
  const minerOf = (at: 0 | 1) => {
    const who = whoOf(at)
    return {
      id: who.publicId,
      register: () =>
        desk().register(who, {
          minerId: undefined,
          capabilities: { models: ['test-model'] },
          concurrency: 1,
          region: undefined,
        }),
      poll: async (waitMs = 0) => {
        const got = await desk().poll(who, { waitMs })
        return got.ok ? got.value?.job_id : got.error.code
      },
      beat: () => desk().heartbeat(who, { inflight: 1, status: 'ONLINE' }),
      finish: async (jobId: string) => {
        const result = { output: `by ${at}` }
        const done = await desk().finish(who, { jobId, result, metrics: { completion_tokens: 2 } })
        return done.ok ? 'taken' : done.error.code
      },
      balance: () => world.engine.account(people[at]?.address ?? new Uint8Array()).balance,
    }
  }
  const [first, second] = [minerOf(0), minerOf(1)]
  await first.register()
  const submit = async () => (await world.submit('old ways', { limit: 100_000_000n })).jobId
  return { world, first, second, submit }
}

/** The lease and the grace of whoever is silent are over. */
const leaseMs = jobLimits.legacyLeaseMs + 1_000
const graceMs = jobLimits.graceMs + 1_000

/** The first miner goes so far with the job, and is not heard of again. */
const points: Readonly<Record<string, (of: Polling) => Promise<string>>> = {
  'before it polls': ({ submit }) => submit(),
  'while its poll waits': async ({ first, submit }) => {
    // Its program is gone, but nobody has told the site yet: the job is handed to the poll.
    void first.poll(4_000)
    return submit()
  },
  'when it has polled': async ({ first, submit }) => {
    const jobId = await submit()
    expect(await first.poll()).toBe(jobId)
    return jobId
  },
  'after a sign of life': async ({ world, first, submit }) => {
    const jobId = await submit()
    await first.poll()
    await world.pass(60_000)
    await first.beat()
    return jobId
  },
  'when this object was replaced after its poll': async ({ world, first, submit }) => {
    const jobId = await submit()
    await first.poll()
    world.restart()
    return jobId
  },
  'when it has begun anew': async ({ first, submit }) => {
    const jobId = await submit()
    await first.poll()
    await first.register()
    return jobId
  },
  'when it has reported a failure': async ({ world, first, submit }) => {
    const jobId = await submit()
    await first.poll()
    const { legacyMiners } = world.parts()
    const who = { kind: 'api_key', scope: 'miner', publicId: first.id } as const
    const failed = { jobId, result: { status: 'failed', error: 'no GPU' }, metrics: {} }
    expect(await legacyMiners.finish(who, failed)).toMatchObject({ ok: true })
    return jobId
  },
}

const paidOnce = async ({ world, first, second }: Polling, jobId: string, to: 0 | 1) => {
  await world.pass(10_000)
  const { state, amount = 0n, minerId } = world.view(jobId)
  expect([state, minerId]).toEqual(['completed', [first.id, second.id][to]])
  const share = (amount * BigInt(world.genesis.parameters.coordinatorShareBps)) / 10_000n
  const paid = [amount - share, 0n]
  expect([first.balance(), second.balance()]).toEqual(to === 0 ? paid : paid.reverse())
  expect(world.rows('SELECT state FROM payments')).toMatchObject([{ state: 'settled' }])
}

describe('POLL-6: a miner of the original dies', () => {
  test.each(Object.keys(points))('%s: another one does the work, and is paid once', async (at) => {
    const polling = await createPolling()
    const { world, first, second } = polling
    const jobId = await (points[at] as (typeof points)[string])(polling)
    await world.pass(leaseMs)
    await second.register()
    let got: string | undefined
    for (let tries = 0; tries < 40 && got !== jobId; tries += 1) {
      await second.beat()
      got = await second.poll()
      await world.pass(1_000)
    }
    expect(got).toBe(jobId)
    await world.pass(1_000)
    expect(await second.finish(jobId)).toBe('taken')
    // What the dead one left comes late: it is told so, and changes nothing.
    await first.register()
    expect(await first.finish(jobId)).toBe('ALREADY_COMPLETED')
    expect(await second.finish(jobId)).toBe('taken')
    await paidOnce(polling, jobId, 1)
  })

  test('and is back within the grace: its late result is taken, if nobody was sooner', async () => {
    const polling = await createPolling()
    const { world, first, submit } = polling
    const jobId = await submit()
    await first.poll()
    await world.pass(leaseMs)
    expect(world.view(jobId).state).toBe('queued')
    expect(await first.finish(jobId)).toBe('taken')
    await paidOnce(polling, jobId, 0)
  })

  test('and is back after the grace: what it held is not its own any longer', async () => {
    const polling = await createPolling()
    const { world, first, submit } = polling
    const jobId = await submit()
    await first.poll()
    await world.pass(leaseMs + graceMs)
    await first.register()
    expect(await first.finish(jobId)).toBe('LEASE_NOT_HELD')
    expect(await first.poll()).toBe(jobId)
    await world.pass(1_000)
    expect(await first.finish(jobId)).toBe('taken')
    await paidOnce(polling, jobId, 0)
  })

  test('while its result is on the way: sent again, it is the same result', async () => {
    const polling = await createPolling()
    const { world, first, submit } = polling
    const jobId = await submit()
    await first.poll()
    await world.pass(1_000)
    const answers = await Promise.all([1, 2, 3].map(() => first.finish(jobId)))
    expect(answers).toEqual(['taken', 'taken', 'taken'])
    world.restart()
    await first.register()
    expect(await first.finish(jobId)).toBe('taken')
    await paidOnce(polling, jobId, 0)
  })
})
