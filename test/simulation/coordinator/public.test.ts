/** What a coordinator tells everybody, over the real parts in virtual time. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { onlineMinersView, publicJobView } from '../../../core/api/coordinator-public.ts'
import { onlineMinersSchema, publicJobSchema } from '../../../core/api/schemas/public.ts'
import { toHex0x } from '../../../core/base/bytes.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { onlineMiners } from '../../../durable-objects/coordinator/site-view.ts'
import { acceptOnly, join } from '../../support/coordinator-miners.ts'
import { createWorld, type World } from '../../support/coordinator-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

const online = (world: World) =>
  onlineMinersView(onlineMiners(world.parts().dispatcher.live(Date.now())), Date.now())

test('SITE-3: who is here is listed with what it offers, and goes when it leaves', async () => {
  const world = await createWorld()
  expect(online(world)).toMatchObject({ miners: [], total: 0 })
  const agent = await join(world, { name: 'miner-A', onOffer: acceptOnly })
  const list = onlineMinersSchema.parse(online(world))
  expect(list.miners).toMatchObject([
    { miner_id: 'miner-A', kind: 'agent', busy: 0, draining: false },
  ])
  expect(list.miners[0]?.address).toBe(formatAddress(addressOf(agent.publicKey)))
  const ask = world.jobOf(world.alice, world.aliceEscrow, 'question')
  await world.parts().clientJobs.submit(world.whoIs(world.alice), ask)
  await world.pass(20)
  expect(onlineMinersSchema.parse(online(world)).miners[0]?.busy).toBe(1)
  vi.clearAllTimers()
  await world.pass(600_000)
  expect(online(world)).toMatchObject({ total: 0 })
})

test('SITE-4: of a job there are state and times, and hashes only when they are on the chain', async () => {
  const world = await createWorld()
  await join(world, { name: 'miner-A' })
  const { clientJobs } = world.parts()
  const ask = world.jobOf(world.alice, world.aliceEscrow, 'a secret question')
  const submitted = await clientJobs.submit(world.whoIs(world.alice), ask)
  if (!submitted.ok) throw new Error(submitted.error.code)
  const { jobId } = submitted.value
  const seen = (id: string) => {
    const job = clientJobs.publicJob(id)
    return job && publicJobSchema.parse(publicJobView(job))
  }
  expect(seen(jobId)).toMatchObject({ job_id: jobId, settlement: null, ended_at: null })
  await world.pass(20_000)
  const own = clientJobs.job(world.whoIs(world.alice), jobId)
  if (!own.ok || !own.value.receiptHash || !own.value.receiptId) throw new Error('not done')
  const paid = seen(jobId)
  expect(paid).toMatchObject({
    state: 'completed',
    settlement: { receipt_hash: toHex0x(own.value.receiptHash) },
  })
  expect(seen(own.value.receiptId)).toEqual(paid)
  expect(JSON.stringify(paid)).not.toContain('secret')
  expect(clientJobs.publicJob('f'.repeat(32))).toBeUndefined()
})
