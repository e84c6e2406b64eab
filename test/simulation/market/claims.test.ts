/** Bookings and agreements in dispatch: a real market, coordinator and chain in virtual time. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SubmitJob } from '../../../core/api/coordinator-service.ts'
import type { Agreement } from '../../../core/api/schemas/market.ts'
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import { bookingIdOf } from '../../../core/chain/transaction.ts'
import { trimReviews } from '../../../durable-objects/market/sweep.ts'
import type { Agent, HeldAttempt } from '../../support/agent-socket.ts'
import { acceptOnly, join } from '../../support/coordinator-miners.ts'
import { createMarketWorld, type MarketWorld, must } from '../../support/market-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 23) })
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const offerOf = (world: MarketWorld, minerId: string): string => {
  const [row] = world.rows<{ offer_id: string }>(
    `SELECT offer_id FROM offers WHERE miner_id = '${minerId}'`,
  )
  if (!row) throw new Error('no offer')
  return row.offer_id
}

async function until(world: MarketWorld, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !holds(); tries += 1) await world.pass(500)
  expect(holds()).toBe(true)
}

/** A job of the client's API key. */
const keyJob = (world: MarketWorld, question: string, maxTokens = 64): SubmitJob => ({
  payload: { model: 'test-model', prompt: question },
  constraints: {},
  spec: world.coordinator.specOf(question, { maxTokens }),
  ttlSeconds: 600,
  limit: undefined,
  authorisation: undefined,
})

async function askByKey(world: MarketWorld, question: string, maxTokens?: number) {
  const asked = world.coordinator
    .parts()
    .clientJobs.submit(world.key, keyJob(world, question, maxTokens))
  let isDone = false
  void asked.finally(() => {
    isDone = true
  })
  for (let tries = 0; tries < 300 && !isDone; tries += 1) await world.pass(100)
  return must(await asked)
}

const claimsIn = (world: MarketWorld): number =>
  world.coordinator.rows('SELECT * FROM claims').length

/** A miner with places that the key has booked for an hour. */
async function booked(
  world: MarketWorld,
  options: { places: number; concurrency: number; onOffer?: (a: Agent, h: HeldAttempt) => void },
) {
  const agent = await join(world.coordinator, {
    name: 'miner-A',
    concurrency: options.concurrency,
    priceHour: 18_000_000n,
    ...(options.onOffer && { onOffer: options.onOffer }),
  })
  await world.look()
  const offer = offerOf(world, 'miner-A')
  const booking = must(await world.book(offer, { places: options.places }))
  await until(world, () => claimsIn(world) === 1)
  return { agent, offer, booking }
}

const attemptsOf = (agent: Agent, client: string): HeldAttempt[] =>
  [...agent.held.values()].filter(({ offer }) => offer.client === client)

test('KEPT-1, KEPT-2: booked places take the jobs of whoever booked, and nobody else’s', async () => {
  const world = await createMarketWorld()
  const { agent } = await booked(world, { places: 1, concurrency: 2, onOffer: acceptOnly })
  const other = world.coordinator.whoIs(world.coordinator.alice).publicId
  for (const question of ['one', 'two', 'three']) await world.coordinator.submit(question)
  await world.pass(2_000)
  expect(attemptsOf(agent, other)).toHaveLength(1)
  const waiting = world.coordinator.rows<{ job_id: string }>('SELECT job_id FROM jobs ORDER BY seq')
  const why = must(
    await world.coordinator
      .parts()
      .clientJobs.why(world.coordinator.whoIs(world.coordinator.alice), waiting[1]?.job_id ?? ''),
  )
  expect(why.exclusions).toEqual({ booked: 1 })
  const asked = await askByKey(world, 'mine')
  await until(world, () => attemptsOf(agent, world.key.publicId).length === 1)
  expect(attemptsOf(agent, other)).toHaveLength(1)
  expect(asked.jobId).toBe(attemptsOf(agent, world.key.publicId)[0]?.offer.job_id)
})

test('KEPT-2, CLAIM-1: a job within a booking costs the least charge, and names the booking', async () => {
  const world = await createMarketWorld()
  const { agent, booking } = await booked(world, { places: 1, concurrency: 1 })
  const { jobId } = await askByKey(world, 'mine')
  await until(world, () => [...agent.releases.values()].length === 1)
  const [held] = [...agent.held.values()]
  const opened = fromHex(booking.escrow?.opened_by.slice(2) ?? '')
  expect(held?.offer).toMatchObject({
    price_prompt: '0',
    price_completion: '0',
    booking: toHex(bookingIdOf(must(opened))),
  })
  const [row] = world.coordinator.rows<{ amount: number }>(
    `SELECT amount FROM results WHERE job_id = '${jobId}'`,
  )
  expect(row?.amount).toBe(Number(world.coordinator.parts().settings.chargeMin))
})

test('MATCH-10: when all is booked, others are refused at once and told so', async () => {
  const world = await createMarketWorld()
  await booked(world, { places: 2, concurrency: 2 })
  const { coordinator } = world
  const asked = coordinator.jobOf(coordinator.alice, coordinator.aliceEscrow, 'q')
  const refused = await coordinator
    .parts()
    .clientJobs.submit(coordinator.whoIs(coordinator.alice), asked)
  expect(refused).toMatchObject({
    ok: false,
    error: { code: 'NOT_SERVABLE', details: { reasons: ['booked'] } },
  })
})

test('KEPT-3: a restart gives no kept place away, and attempts keep their terms', async () => {
  const world = await createMarketWorld()
  const { agent } = await booked(world, { places: 1, concurrency: 1, onOffer: acceptOnly })
  await askByKey(world, 'mine')
  await until(world, () => agent.held.size === 1)
  world.coordinator.restart()
  agent.disconnect()
  world.coordinator.connect(agent)
  await world.pass(2_000)
  const { coordinator } = world
  const asked = coordinator.jobOf(coordinator.alice, coordinator.aliceEscrow, 'q')
  const refused = await coordinator
    .parts()
    .clientJobs.submit(coordinator.whoIs(coordinator.alice), asked)
  expect(refused).toMatchObject({ ok: false, error: { details: { reasons: ['booked'] } } })
  const [live] = [...coordinator.parts().dispatcher.all()]
  expect([...(live?.terms.values() ?? [])]).toMatchObject([
    { completionPer1000: 0n, claim: { kind: 'booking' } },
  ])
})

test('KEPT-5, MKT-12: when a booking is ended, what waits goes on', async () => {
  const world = await createMarketWorld()
  const { agent, booking } = await booked(world, {
    places: 1,
    concurrency: 2,
    onOffer: acceptOnly,
  })
  for (const question of ['one', 'two']) await world.coordinator.submit(question)
  await world.pass(1_000)
  expect(agent.held.size).toBe(1)
  must(await world.cancel(booking.booking_id))
  await until(world, () => agent.held.size === 2)
})

/** An agreement of the key's at miner-A, at less than it lists. */
async function agreed(world: MarketWorld, tokens: number): Promise<Agreement> {
  await join(world.coordinator, { name: 'miner-A', concurrency: 4 })
  await world.look()
  const { bids } = world.parts()
  const bid = must(
    bids.submit(world.key, {
      kind: 'tokens',
      query: 'model=test-model',
      tokens,
      price_max: '300000',
      closes_in_s: 5,
    }),
  )
  await world.pass(8_000)
  const { items } = bids.agreements(world.key, { before: Number.MAX_SAFE_INTEGER, limit: 10 })
  const found = items.find(({ bid_id: id }) => id === bid.bid_id)
  if (!found) throw new Error('no agreement')
  return found
}

test('KEPT-4, MKT-12, AGREE-2: tokens under an agreement are counted once, and fulfil it', async () => {
  const world = await createMarketWorld()
  const agreement = await agreed(world, 100)
  expect(agreement).toMatchObject({ models: ['test-model'], used: 0, state: 'open' })
  await until(world, () => claimsIn(world) === 1)
  const { jobId } = await askByKey(world, 'mine')
  const used = () =>
    world.coordinator.rows<{ tokens: number }>(
      'SELECT tokens FROM claim_uses WHERE job_id IS NOT NULL',
    )
  await until(world, () => used().length === 1)
  const [result] = world.coordinator.rows<{ completion_tokens: number }>(
    `SELECT completion_tokens FROM results WHERE job_id = '${jobId}'`,
  )
  const tokens = result?.completion_tokens ?? 0
  expect(tokens).toBeGreaterThan(0)
  await world.parts().claims.sync()
  await world.parts().claims.sync()
  const now = () => must(world.parts().bids.agreement(world.key, agreement.agreement_id))
  expect(now()).toMatchObject({ used: tokens, state: 'open' })
  // What is left is too little for a job of 100 tokens: that costs what is listed, and counts nothing.
  await askByKey(world, 'too long', 100)
  await world.pass(3_000)
  expect(used()).toHaveLength(1)
  world.rows(`UPDATE agreements SET expires_at_ms = ${Date.now()}`)
  await world.look()
  expect(now()).toMatchObject({ used: tokens, state: 'fulfilled' })
})

test('AGREE-2: an agreement that nobody uses lapses', async () => {
  const world = await createMarketWorld()
  const agreement = await agreed(world, 100)
  world.rows(`UPDATE agreements SET expires_at_ms = ${Date.now()}`)
  await world.look()
  const over = must(world.parts().bids.agreement(world.key, agreement.agreement_id))
  expect(over).toMatchObject({ used: 0, state: 'lapsed' })
  expect(claimsIn(world)).toBe(0)
})

test('MKT-13: what is over leaves after its time, and what is not over stays', async () => {
  const world = await createMarketWorld()
  const agreement = await agreed(world, 100)
  const shelf = world.list({ minerId: 'shelf', pricePerHour: 0n })
  const done = must(await world.book(shelf, { places: 1 }))
  must(await world.cancel(done.booking_id))
  const live = must(await world.book(shelf, { places: 1, hours: 720 }))
  const ninetyDaysMs = 90 * 86_400_000
  world.rows(`UPDATE bids SET closes_at_ms = closes_at_ms - ${ninetyDaysMs}`)
  world.rows(`UPDATE bookings SET created_at_ms = created_at_ms - ${ninetyDaysMs} - 1`)
  // Reviews: one offer has more than are kept, all of them old, another a single old one.
  const old = Date.now() - 61 * 86_400_000
  world.rows(`INSERT INTO reviews (review_id, offer_id, receipt_id, owner, reviewer, rating, comment,
    created_at_ms) SELECT 'r' || value, 'many', 'x' || value, 'o', 'o', 5, '', ${old}
    FROM json_each('[${Array.from({ length: 1_003 }, (_, at) => at).join(',')}]')`)
  world.rows(`INSERT INTO reviews (review_id, offer_id, receipt_id, owner, reviewer, rating, comment,
    created_at_ms) VALUES ('one', 'few', 'y', 'o', 'o', 5, '', ${old})`)
  await world.look()
  for (const offer of ['many', 'few']) trimReviews(world.database, offer, Date.now())
  expect(world.rows('SELECT * FROM bids')).toEqual([])
  expect(world.rows('SELECT * FROM quotes')).toEqual([])
  expect(world.rows('SELECT agreement_id FROM agreements')).toEqual([
    { agreement_id: agreement.agreement_id },
  ])
  expect(world.rows('SELECT booking_id FROM bookings')).toEqual([{ booking_id: live.booking_id }])
  expect(world.rows("SELECT * FROM reviews WHERE offer_id = 'many'")).toHaveLength(1_000)
  expect(world.rows("SELECT * FROM reviews WHERE offer_id = 'few'")).toHaveLength(1)
})

test('MKT-12: a miner of the original is told of as soon as it registers', async () => {
  const world = await createMarketWorld()
  const { coordinator } = world
  let told = 0
  coordinator.onMinersChanged(() => {
    told += 1
  })
  must(
    await coordinator.parts().legacyMiners.register(coordinator.keyPrincipal('miner'), {
      minerId: undefined,
      capabilities: { models: ['test-model'] },
      concurrency: 1,
      region: undefined,
    }),
  )
  expect(told).toBe(1)
  await world.look()
  const id = coordinator.keyPrincipal('miner').publicId
  expect(world.rows(`SELECT status FROM offers WHERE miner_id = '${id}'`)).toEqual([
    { status: 'online' },
  ])
})
