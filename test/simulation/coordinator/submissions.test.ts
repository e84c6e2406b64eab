/**
 * Submissions beside the plain one: once under a key, many at once, to another model, only asked.
 * Long because each is tried with kills, repeats and writes that fail.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { JobRecord, SubmitJob } from '../../../core/api/coordinator-service.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { coordinatorLimits } from '../../../durable-objects/coordinator/limits.ts'
import { answerOf, createAgent } from '../../support/agent-socket.ts'
import { person } from '../../support/chain-world.ts'
import { acceptOnly, hold, join, joinForGood, only } from '../../support/coordinator-miners.ts'
import { createWorld, type World } from '../../support/coordinator-world.ts'
import { collect } from './campaign.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }))
afterEach(() => void vi.useRealTimers())

const idempotency = { key: 'k1', fingerprint: 'aa'.repeat(32) }
const day = 86_400_000

const asked = (world: World, change: Partial<SubmitJob> = {}): SubmitJob => ({
  ...world.jobOf(world.alice, world.aliceEscrow, 'a question'),
  ...change,
})
const submit = (world: World, job: SubmitJob) =>
  world.parts().clientJobs.submit(world.whoIs(world.alice), job)
const batch = (world: World, jobs: readonly SubmitJob[], once?: typeof idempotency) =>
  world.parts().clientJobs.submitBatch(world.whoIs(world.alice), { jobs, idempotency: once })
const jobsOf = (world: World) => world.rows<{ job_id: string }>('SELECT job_id FROM jobs').length

/** What of the escrow is not promised. */
function free(world: World): bigint {
  const known = world.engine.finalEscrow(world.aliceEscrow)
  if (!known) throw new Error('the escrow is there')
  return world.parts().funds.available(known, world.alice.publicKey).escrow
}

test('ONCE-1: the same key and body get the same answer, also after a kill, and make one job', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A', onOffer: hold })
  const first = await submit(world, asked(world, { idempotency }))
  expect(first.ok).toBe(true)
  await world.pass(50)
  agent.work(only(agent))
  await world.pass(50)
  expect(await submit(world, asked(world, { idempotency }))).toEqual(first)
  world.restart()
  await world.pass(100)
  expect(await submit(world, asked(world, { idempotency }))).toEqual(first)
  expect(jobsOf(world)).toBe(1)
})

test('ONCE-1: who comes while the first is under way gets its answer', async () => {
  const world = await createWorld({ diskMs: 20 })
  await join(world, { name: 'miner-A', onOffer: hold })
  const all = Promise.all(
    Array.from({ length: 8 }, () => submit(world, asked(world, { idempotency }))),
  )
  await world.pass(500)
  const ids = (await all).map((each) => (each.ok ? each.value.jobId : each.error.code))
  expect(new Set(ids).size).toBe(1)
  expect(jobsOf(world)).toBe(1)
})

test.each([86_400_000, -86_400_000])(
  'ONCE-1: a clock that is wrong by %i ms for a while forgets no key',
  async (ms) => {
    const world = await createWorld()
    await join(world, { name: 'miner-A' })
    const first = await submit(world, asked(world, { idempotency }))
    expect(first.ok).toBe(true)
    await world.pass(10_000)
    world.jump(ms)
    await world.pass(120_000)
    world.parts().idempotency.sweep(Date.now())
    world.jump(-ms)
    await world.pass(120_000)
    expect(await submit(world, asked(world, { idempotency }))).toEqual(first)
    expect(jobsOf(world)).toBe(1)
  },
)

test('ONCE-1: another body under the key is refused, for a day', async () => {
  const world = await createWorld()
  await join(world, { name: 'miner-A', onOffer: acceptOnly })
  const other = { ...idempotency, fingerprint: 'bb'.repeat(32) }
  expect((await submit(world, asked(world, { idempotency }))).ok).toBe(true)
  expect(await submit(world, asked(world, { idempotency: other }))).toMatchObject({
    error: { code: 'IDEMPOTENCY_KEY_REUSED' },
  })
  // Somebody else's key of the same name is another one.
  const stranger = await world
    .parts()
    .clientJobs.submit(world.whoIs(person('bob')), asked(world, { idempotency: other }))
  expect(stranger).not.toMatchObject({ error: { code: 'IDEMPOTENCY_KEY_REUSED' } })
  vi.setSystemTime(Date.now() + day)
  expect(await submit(world, asked(world, { idempotency: other }))).not.toMatchObject({
    error: { code: 'IDEMPOTENCY_KEY_REUSED' },
  })
})

test('ONCE-1: a refusal keeps nothing: the same request may succeed later', async () => {
  const world = await createWorld()
  expect(await submit(world, asked(world, { idempotency }))).toMatchObject({
    error: { code: 'MODEL_NOT_SERVED' },
  })
  await join(world, { name: 'miner-A', onOffer: hold })
  expect((await submit(world, asked(world, { idempotency }))).ok).toBe(true)
})

test('ONCE-1: a write that fails keeps neither job nor answer', async () => {
  const world = await createWorld()
  await join(world, { name: 'miner-A', onOffer: hold })
  const whole = free(world)
  for (const failAt of [1, 2, 3]) {
    const from = world.writes()
    world.failWrites((count) => {
      if (count === from + failAt) throw new Error('injected')
    })
    await expect(submit(world, asked(world, { idempotency }))).rejects.toThrow('injected')
    world.failWrites(undefined)
    expect(jobsOf(world)).toBe(0)
    expect(free(world)).toBe(whole)
  }
  expect((await submit(world, asked(world, { idempotency }))).ok).toBe(true)
})

/** 30 of its tokens are worth more than the least charge. */
const dear = { name: 'miner-A', priceCompletion: 1_000_000n, onOffer: acceptOnly }

/** A run with a stream. */
async function run(world: World, job: SubmitJob) {
  const opened = await world.parts().clientJobs.run(world.whoIs(world.alice), job)
  if (!opened.ok) throw new Error(opened.error.code)
  const { job: record, stream } = opened.value
  return { jobId: record.jobId, stream }
}

async function answerIn(world: World, stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  const done = collect(stream, (next) => {
    text = next(text)
  })
  await world.pass(1_000)
  const end = await done
  return end?.['state'] === 'completed' ? text : String(end?.['state'])
}

describe('ONCE-2: a run under a key', () => {
  test('ONCE-2: its reader may leave and come back, while it runs and when it is done', async () => {
    const world = await createWorld()
    const agent = await joinForGood(world, createAgent({ name: 'miner-A', onOffer: acceptOnly }))
    const first = await run(world, asked(world, { idempotency }))
    await world.pass(10)
    const attempt = only(agent)
    const answer = answerOf(attempt.offer).join('')
    await first.stream.cancel()
    await world.pass(10)
    expect(world.view(first.jobId).state).toBe('running')
    const second = await run(world, asked(world, { idempotency }))
    expect(second.jobId).toBe(first.jobId)
    agent.work(attempt)
    expect(await answerIn(world, second.stream)).toBe(answer)
    world.restart()
    await world.pass(100)
    const third = await run(world, asked(world, { idempotency }))
    expect(third.jobId).toBe(first.jobId)
    expect(await answerIn(world, third.stream)).toBe(answer)
    expect(jobsOf(world)).toBe(1)
  })

  test('ONCE-2: many at once read one job, and those beyond its readers are told so', async () => {
    const world = await createWorld({ diskMs: 20 })
    const agent = await joinForGood(world, createAgent({ name: 'miner-A', onOffer: acceptOnly }))
    const job = asked(world, { idempotency })
    const many = Array.from({ length: coordinatorLimits.readersPerJobMax + 1 }, () =>
      world.parts().clientJobs.run(world.whoIs(world.alice), job),
    )
    const all = Promise.all(many)
    await world.pass(1_000)
    const opened = await all
    const streams = opened.flatMap((each) => (each.ok ? [each.value.stream] : []))
    expect(opened.flatMap((each) => (each.ok ? [] : [each.error.code]))).toEqual(['QUOTA_EXCEEDED'])
    const attempt = only(agent)
    agent.work(attempt)
    const answers = await Promise.all(streams.map((stream) => answerIn(world, stream)))
    expect(new Set(answers)).toEqual(new Set([answerOf(attempt.offer).join('')]))
    expect(jobsOf(world)).toBe(1)
  })

  test('ONCE-2: one that ended without an answer and without a charge is done anew', async () => {
    const world = await createWorld()
    const agent = await joinForGood(world, createAgent({ name: 'miner-A', onOffer: acceptOnly }))
    const first = await run(world, asked(world, { idempotency }))
    await world.pass(10)
    world.parts().clientJobs.cancel(world.whoIs(world.alice), first.jobId)
    await world.pass(10)
    const fresh = world.jobOf(world.alice, world.aliceEscrow, 'a question')
    const second = await run(world, { ...fresh, idempotency })
    expect(second.jobId).not.toBe(first.jobId)
    await world.pass(10)
    agent.work(only(agent))
    await world.pass(50)
    expect(world.view(second.jobId).state).toBe('completed')
  })

  test('ONCE-2: one whose delivered part is to be paid is not done anew', async () => {
    const world = await createWorld()
    const agent = await joinForGood(world, createAgent(dear))
    const job = world.jobOf(world.alice, world.aliceEscrow, 'tell me a lot', { limit: 5_000_000n })
    const first = await run(world, { ...job, idempotency })
    await world.pass(10)
    const attempt = only(agent)
    agent.token(attempt, 'a first piece', 30)
    await world.pass(10)
    world.parts().clientJobs.cancel(world.whoIs(world.alice), first.jobId)
    expect(world.parts().partials.isOpen(first.jobId)).toBe(true)
    const second = await run(world, { ...job, idempotency })
    expect(second.jobId).toBe(first.jobId)
    expect(await answerIn(world, second.stream)).toBe('canceled')
    expect(jobsOf(world)).toBe(1)
  })
})

test('BATCH-1: a batch is taken whole and offered', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A', concurrency: 8, onOffer: hold })
  const jobs = Array.from({ length: 20 }, () => asked(world))
  const taken = await batch(world, jobs, idempotency)
  if (!taken.ok) throw new Error(taken.error.code)
  expect(new Set(taken.value.map(({ jobId }) => jobId)).size).toBe(20)
  await world.pass(50)
  expect(agent.held.size).toBe(8)
  expect(await batch(world, jobs, idempotency)).toEqual(taken)
  expect(jobsOf(world)).toBe(20)
  for (let round = 0; round < 20; round += 1) {
    for (const attempt of agent.held.values()) if (!attempt.result) agent.work(attempt)
    await world.pass(50)
  }
  const states = taken.value.map(({ jobId }) => world.view(jobId).state)
  expect(new Set(states)).toEqual(new Set(['completed']))
})

test('BATCH-1: a refusal names each fault at its place, and takes and holds nothing', async () => {
  const world = await createWorld()
  await join(world, { name: 'miner-A', onOffer: hold })
  const whole = free(world)
  const good = () => asked(world)
  const unserved = () =>
    world.jobOf(world.alice, world.aliceEscrow, 'q', { spec: { model: 'no-such' } })
  const low = () => world.jobOf(world.alice, world.aliceEscrow, 'q', { limit: 1n })
  expect(await batch(world, [good(), unserved(), good(), low()])).toMatchObject({
    error: {
      code: 'BATCH_REFUSED',
      details: {
        items: [
          { index: 1, code: 'MODEL_NOT_SERVED' },
          { index: 3, code: 'PRICE_TOO_LOW' },
        ],
      },
    },
  })
  // What only shows when all are held together: one number twice, and more than the escrow has.
  const same = good()
  expect(await batch(world, [same, good(), same])).toMatchObject({
    error: { details: { items: [{ index: 2, code: 'AUTHORISATION_USED' }] } },
  })
  const dear = () => world.jobOf(world.alice, world.aliceEscrow, 'q', { limit: 4_000_000_000n })
  expect(await batch(world, [dear(), dear(), dear()])).toMatchObject({
    error: { details: { items: [{ index: 2, code: 'ESCROW_EXHAUSTED' }] } },
  })
  expect(jobsOf(world)).toBe(0)
  expect(free(world)).toBe(whole)
})

test('BATCH-1: a write that fails in the middle takes nothing', async () => {
  const world = await createWorld()
  await join(world, { name: 'miner-A', onOffer: hold })
  const whole = free(world)
  const from = world.writes()
  world.failWrites((count) => {
    if (count === from + 7) throw new Error('injected')
  })
  const jobs = Array.from({ length: 5 }, () => asked(world))
  await expect(batch(world, jobs, idempotency)).rejects.toThrow('injected')
  world.failWrites(undefined)
  expect(jobsOf(world)).toBe(0)
  expect(free(world)).toBe(whole)
  expect((await batch(world, jobs, idempotency)).ok).toBe(true)
})

test('BATCH-1: a batch has to fit the bounds of its client as a whole', async () => {
  const world = await createWorld()
  await join(world, { name: 'miner-A', onOffer: hold })
  const jobs = Array.from({ length: jobLimits.openJobsPerClientMax + 1 }, () => asked(world))
  expect(await batch(world, jobs)).toMatchObject({ error: { code: 'QUOTA_EXCEEDED' } })
  const high = Array.from({ length: jobLimits.highJobsPerClientMax + 1 }, () =>
    asked(world, { priority: 'high' }),
  )
  expect(await batch(world, high)).toMatchObject({ error: { code: 'QUOTA_EXCEEDED' } })
  expect(jobsOf(world)).toBe(0)
})

/** A job of the site's own key, which signs nothing itself. */
async function keyed(world: World, change: Partial<SubmitJob>): Promise<JobRecord> {
  const { authorisation: _, ...plain } = asked(world, change)
  const job = { ...plain, authorisation: undefined }
  const pending = world.parts().clientJobs.submit(world.keyPrincipal('client'), job)
  await world.pass(15_000)
  const taken = await pending
  if (!taken.ok) throw new Error(`${taken.error.code} ${taken.error.message ?? ''}`)
  return taken.value
}

test('FALL-1: a job goes to the first of its models that has a free place', async () => {
  const world = await createWorld()
  await join(world, {
    name: 'second',
    models: ['other-model'],
    concurrency: 1,
    onOffer: acceptOnly,
  })
  const routing = { models: ['no-such', 'other-model'] }
  expect((await keyed(world, { routing })).model).toBe('other-model')
  // Nobody has a place now: the first that is served at all.
  const first = await join(world, { name: 'first', concurrency: 1, onOffer: acceptOnly })
  expect((await keyed(world, { routing })).model).toBe('test-model')
  expect(first.held.size).toBe(1)
  const [offered] = first.held.values()
  expect(offered?.offer.payload['model']).toBe('test-model')
  expect((await keyed(world, { routing })).model).toBe('test-model')
})

test('FALL-1: who signed for one model names no other', async () => {
  const world = await createWorld()
  await join(world, { name: 'miner-A', onOffer: hold })
  expect(await submit(world, asked(world, { routing: { models: ['other'] } }))).toMatchObject({
    error: { code: 'AUTHORISATION_INVALID' },
  })
})

test('ASKED-1: an estimate says what a submission would meet, and changes nothing', async () => {
  const world = await createWorld()
  const who = world.whoIs(world.alice)
  const estimate = () => world.parts().clientJobs.estimate(who, asked(world))
  expect(estimate()).toMatchObject({
    refusal: { code: 'MODEL_NOT_SERVED' },
    price: undefined,
    miners: 0,
  })
  const agent = await join(world, { name: 'miner-A', concurrency: 1, onOffer: hold })
  expect(estimate()).toMatchObject({
    refusal: undefined,
    model: 'test-model',
    miners: 1,
    places: 1,
    freePlaces: 1,
    queuePosition: 0,
    startMs: undefined,
  })
  const { price } = estimate()
  if (!price) throw new Error('it can be served')
  expect(price.least).toBeLessThanOrEqual(price.cheapest)
  expect(price.cheapest).toBe(price.dearest)
  expect(jobsOf(world)).toBe(0)
  await world.submit('first')
  await world.pass(1_000)
  agent.work(only(agent))
  await world.pass(100)
  // Now it has been measured.
  expect(estimate().startMs).toBeGreaterThan(0)
  await world.submit('second')
  await world.submit('third')
  await world.submit('fourth')
  const busy = estimate()
  expect(busy).toMatchObject({ freePlaces: 0, queuePosition: 2 })
  expect(busy.endMs).toBeGreaterThan(busy.startMs ?? Number.POSITIVE_INFINITY)
})

test('WHY-1: a job says what it waits for, and how it ended', async () => {
  const world = await createWorld()
  const who = world.whoIs(world.alice)
  const why = (jobId: string) => {
    const found = world.parts().clientJobs.why(who, jobId)
    if (!found.ok) throw new Error(found.error.code)
    return found.value
  }
  const agent = await join(world, {
    name: 'miner-A',
    region: 'eu',
    concurrency: 1,
    onOffer: acceptOnly,
  })
  await join(world, { name: 'far', region: 'us', onOffer: hold })
  await join(world, { name: 'other', region: 'eu', models: ['other-model'], onOffer: hold })
  const constraints = { region: 'eu' }
  const first = await submit(world, asked(world, { constraints }))
  const second = await submit(world, asked(world, { constraints }))
  const third = await submit(world, asked(world, { constraints }))
  if (!first.ok || !second.ok || !third.ok) throw new Error('they are taken')
  await world.pass(50)
  expect(why(first.value.jobId)).toMatchObject({
    waitsFor: 'answer',
    queuePosition: undefined,
    attempts: [{ number: 1, minerId: 'miner-A', state: 'running' }],
  })
  expect(why(third.value.jobId)).toMatchObject({
    state: 'queued',
    waitsFor: 'place',
    queuePosition: 1,
    minersHere: 3,
    minersFitting: 1,
    exclusions: { busy: 1, region: 1, model: 1 },
  })
  agent.disconnect()
  await world.pass(100)
  expect(why(third.value.jobId)).toMatchObject({ waitsFor: 'miner', minersFitting: 0 })
  world.parts().clientJobs.cancel(who, third.value.jobId)
  expect(why(third.value.jobId)).toMatchObject({
    state: 'canceled',
    waitsFor: undefined,
    error: 'canceled by client',
  })
  const stranger = world.parts().clientJobs.why(world.keyPrincipal('client'), first.value.jobId)
  expect(stranger).toMatchObject({ error: { code: 'JOB_NOT_FOUND' } })
})

test('DISP-6: a cancel ends a job in every state, frees its money, and nothing is paid', async () => {
  const world = await createWorld()
  const who = world.whoIs(world.alice)
  const whole = free(world)
  const agent = await join(world, { name: 'miner-A', concurrency: 1, onOffer: hold })
  const cancel = (jobId: string) => world.parts().clientJobs.cancel(who, jobId)
  // Offered.
  const offered = await world.submit('offered')
  expect(offered.state).toBe('assigned')
  // Queued behind it.
  const queued = await world.submit('queued')
  expect(queued.state).toBe('queued')
  expect(cancel(queued.jobId)).toMatchObject({ value: { state: 'canceled' } })
  expect(cancel(offered.jobId)).toMatchObject({ value: { state: 'canceled' } })
  // Accepted, and without a word yet.
  const running = await world.submit('running')
  await world.pass(20)
  agent.accept(only(agent))
  await world.pass(20)
  expect(world.view(running.jobId).state).toBe('running')
  expect(cancel(running.jobId)).toMatchObject({ value: { state: 'canceled' } })
  // Back in the queue after its miner was lost.
  const again = await world.submit('again')
  await world.pass(20)
  agent.accept(only(agent))
  await world.pass(20)
  agent.disconnect()
  await world.pass(15_000)
  expect(world.view(again.jobId).state).toBe('queued')
  expect(cancel(again.jobId)).toMatchObject({ value: { state: 'canceled' } })
  for (const { jobId } of [offered, queued, running, again]) {
    expect(cancel(jobId)).toMatchObject({ error: { code: 'JOB_NOT_CANCELABLE' } })
    expect(world.view(jobId)).toMatchObject({ amount: undefined })
  }
  await world.pass(60_000)
  expect(free(world)).toBe(whole)
})
