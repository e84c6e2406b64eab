/** Money that comes to its end while, or after, it was promised: escrows, delegates, and small change. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { escrowIdOf } from '../../../core/chain/transaction.ts'
import { authority, person } from '../../support/chain-world.ts'
import { worldCoordinator } from '../../support/coordinator-chain.ts'
import { acceptOnly, joinForGood, only } from '../../support/coordinator-miners.ts'
import { createWorld, type World } from '../../support/coordinator-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 })
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const slotMs = 2_000
const prices = { pricePrompt: 0n, priceCompletion: 30_000_000n }

/** An escrow of alice that ends so many slots from now. */
async function shortEscrow(world: World, slots: number): Promise<Uint8Array> {
  const expiry = BigInt(world.slot() + slots)
  const { publicKey: coordinator } = worldCoordinator
  const data = { coordinator, amount: 50_000_000n, expiry, delegate: undefined }
  return escrowIdOf(await world.transact(world.alice, { TAG: 'escrow_open', data }))
}

const submit = (
  world: World,
  escrow: Uint8Array,
  question: string,
  change: Parameters<World['jobOf']>[3] = {},
  by = world.alice,
) => world.parts().clientJobs.submit(world.whoIs(by), world.jobOf(by, escrow, question, change))

test('PAY-7: an expired escrow gives everything back, with coordinator and miner gone', async () => {
  const world = await createWorld({ parameters: { authorisationLifeSlots: 200n } })
  const escrow = await shortEscrow(world, 220)
  const agent = await joinForGood(world, { name: 'miner-A', ...prices })
  const settleBy = world.slot() + 180
  const paid = await submit(world, escrow, 'paid', { limit: 10_000_000n, ttlSeconds: 60, settleBy })
  expect(paid.ok).toBe(true)
  await world.pass(10_000)
  const { amount = 0n, settlement } = world.view(paid.ok ? paid.value.jobId : '')
  expect(settlement?.final).toBe(true)

  // The next one is computed and released, and nobody brings it to the chain.
  world.setChainDown(true)
  const late = await submit(world, escrow, 'late', { limit: 10_000_000n, ttlSeconds: 60, settleBy })
  await world.pass(2_000)
  expect(late.ok && world.view(late.value.jobId).paymentStatus).toBe('released')
  agent.disconnect()
  world.kill()
  world.setChainDown(false)
  await world.pass(221 * slotMs)

  const before = world.engine.account(world.alice.address).balance
  await world.transact(authority, { TAG: 'escrow_close', data: { escrow } })
  expect(world.engine.account(world.alice.address).balance - before).toBe(50_000_000n - amount)
  expect(world.engine.finalEscrow(escrow)).toBeUndefined()

  // Whoever comes back finds that it is over, and promises nothing of it.
  world.start()
  await world.pass(60_000)
  const [payment] = world.rows<{ state: string; reason: string }>(
    "SELECT state, reason FROM payments WHERE state <> 'settled'",
  )
  expect(payment).toEqual({ state: 'unpayable', reason: 'expired' })
  const again = await submit(world, escrow, 'after', { limit: 10_000_000n })
  expect(again).toMatchObject({ ok: false, error: { code: 'ESCROW_REQUIRED' } })
  expect(world.engine.status(Date.now()).supply.held).toBe(world.initialSupply)
})

test('PAY-7: an escrow that has paid here is closed for its owner, who does nothing', async () => {
  const world = await createWorld({ parameters: { authorisationLifeSlots: 200n } })
  const escrow = await shortEscrow(world, 220)
  const unused = await shortEscrow(world, 220)
  await joinForGood(world, { name: 'miner-A', ...prices })
  const settleBy = world.slot() + 180
  const job = await submit(world, escrow, 'paid', { limit: 10_000_000n, ttlSeconds: 60, settleBy })
  await world.pass(10_000)
  const { amount = 0n } = world.view(job.ok ? job.value.jobId : '')
  const before = world.engine.account(world.alice.address).balance
  // A restart in between, and not one call: the clock alone brings the money back.
  world.restart()
  await world.pass(225 * slotMs)
  await world.pass(60_000)
  expect(world.engine.finalEscrow(escrow)).toBeUndefined()
  expect(world.engine.account(world.alice.address).balance - before).toBe(50_000_000n - amount)
  // One that never brought anything is its owner's to close.
  expect(world.engine.finalEscrow(unused)).toBeDefined()
  await world.pass(300_000)
  expect(world.rows('SELECT * FROM escrows')).toEqual([])
  expect(world.rows('SELECT * FROM posts')).toHaveLength(1)
})

test('PAY-7: one that was prolonged is left alone until its new end', async () => {
  const world = await createWorld({ parameters: { authorisationLifeSlots: 200n } })
  const escrow = await shortEscrow(world, 220)
  await joinForGood(world, { name: 'miner-A', ...prices })
  const settleBy = world.slot() + 180
  await submit(world, escrow, 'paid', { limit: 10_000_000n, ttlSeconds: 60, settleBy })
  await world.pass(10_000)
  const expiry = BigInt(world.slot() + 400)
  const data = { escrow, amount: 1_000_000n, expiry }
  await world.transact(world.alice, { TAG: 'escrow_top_up', data })
  await world.pass(230 * slotMs)
  expect(world.engine.finalEscrow(escrow)).toBeDefined()
  expect(world.rows('SELECT * FROM posts')).toEqual([])
  await world.pass(220 * slotMs)
  expect(world.engine.finalEscrow(escrow)).toBeUndefined()
})

test('PAY-8: a close in mid-job leaves the job its money, and the owner the rest', async () => {
  const world = await createWorld({ parameters: { closeNoticeSlots: 1_200n } })
  const escrow = await shortEscrow(world, 5_000)
  const agent = await joinForGood(world, { name: 'miner-A', ...prices, onOffer: acceptOnly })
  const job = await submit(world, escrow, 'long', { limit: 10_000_000n })
  await world.pass(10)
  await world.transact(world.alice, { TAG: 'escrow_close', data: { escrow } })
  agent.work(only(agent))
  await world.pass(20_000)
  const view = world.view(job.ok ? job.value.jobId : '')
  expect(view).toMatchObject({ state: 'completed', settlement: { final: true } })
  expect(agent.settled.size).toBe(1)
  const before = world.engine.account(world.alice.address).balance
  await world.pass(1_250 * slotMs)
  const left = 50_000_000n - (view.amount ?? 0n)
  expect(world.engine.account(world.alice.address).balance - before).toBe(left)
})

test('PAY-8: a delegate that runs out, is revoked or ends in mid-job still pays what it promised', async () => {
  const world = await createWorld()
  const delegate = person('delegate')
  const grant = (budget: bigint, slots: number) =>
    world.transact(world.alice, {
      TAG: 'delegate_grant',
      data: {
        escrow: world.aliceEscrow,
        terms: {
          delegate: delegate.publicKey,
          budget,
          expiry: BigInt(world.slot() + slots),
        },
      },
    })
  await grant(15_000_000n, 700)
  const agent = await joinForGood(world, { name: 'miner-A', ...prices, onOffer: acceptOnly })
  const ask = (question: string, change: Parameters<World['jobOf']>[3] = {}) =>
    submit(world, world.aliceEscrow, question, { limit: 10_000_000n, ...change }, delegate)
  const first = await ask('first')
  expect(first.ok).toBe(true)
  // What the first holds is not there for a second, though the escrow has plenty.
  expect(await ask('second')).toMatchObject({ ok: false, error: { code: 'BUDGET_EXCEEDED' } })
  await world.pass(10)
  const revoke = { escrow: world.aliceEscrow, delegate: delegate.publicKey }
  await world.transact(world.alice, { TAG: 'delegate_revoke', data: revoke })
  agent.work(only(agent))
  await world.pass(20_000)
  const [payment] = world.rows<{ state: string }>('SELECT state FROM payments')
  expect(payment?.state).toBe('settled')
  // The notice binds the next one at once.
  await ask('third', { limit: 2_000_000n })
  await world.pass(100)
  expect(await ask('fourth', { limit: 2_000_000n })).toMatchObject({
    ok: false,
    error: { code: 'DELEGATE_EXPIRED' },
  })
})

test('PAY-9: a job whose limit does not pay for its settlement is refused, with what it takes', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, { name: 'miner-A', pricePrompt: 0n, priceCompletion: 1n })
  const least = world.parts().settings.chargeMin
  const low = await submit(world, world.aliceEscrow, 'cheap', { limit: least - 1n })
  expect(low).toMatchObject({
    ok: false,
    error: { code: 'PRICE_TOO_LOW', details: { reason: 'settlement', needed: String(least) } },
  })
  // One that may cost enough is charged it, however few its tokens.
  const job = await submit(world, world.aliceEscrow, 'cheap', { limit: least })
  await world.pass(10)
  expect(world.view(job.ok ? job.value.jobId : '').amount).toBe(least)
  const coordinatorBefore = world.engine.account(worldCoordinator.address).balance
  await world.pass(20_000)
  expect(agent.settled.size).toBe(1)
  // The settlement, alone in its batch, has cost its sender nothing.
  expect(world.engine.account(worldCoordinator.address).balance).toBeGreaterThanOrEqual(
    coordinatorBefore,
  )
})

test('STORE-5: what the site has posted is forgotten in the end, what waits is not', async () => {
  const world = await createWorld()
  const { database } = world.parts()
  database.sql.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10050)
    INSERT INTO posts (id, message, batch) SELECT 'post ' || i, x'00', iif(i = 7, NULL, 1) FROM n`)
  await world.parts().adminDesk.execute({ actor: 'test', reason: 'old' }, 'sweep', undefined)
  const ids = world.rows<{ id: string }>('SELECT id FROM posts ORDER BY seq').map(({ id }) => id)
  expect(ids).toHaveLength(10_002)
  expect(ids[0]).toBe('post 7')
})
