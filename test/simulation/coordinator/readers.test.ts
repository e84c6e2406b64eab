/** Streams of answers, miners of the original, and writes that fail one by one. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Principal, SubmitJob } from '../../../core/api/coordinator-service.ts'
import { reputationView } from '../../../core/api/reputation-views.ts'
import { verifyLegacyReceipt } from '../../../core/jobs/legacy-receipt.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { coordinatorLimits } from '../../../durable-objects/coordinator/limits.ts'
import { openStreams } from '../../../durable-objects/coordinator/streams.ts'
import { answerOf, createAgent } from '../../support/agent-socket.ts'
import { nodeVerifier } from '../../support/chain-world.ts'
import { worldCoordinator } from '../../support/coordinator-chain.ts'
import { acceptOnly, joinForGood, only } from '../../support/coordinator-miners.ts'
import { createWorld, legacyPayout, type World } from '../../support/coordinator-world.ts'
import { collect } from './campaign.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 })
  // Faults are logged, and here they are meant.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const manual = (name = 'miner-A') => createAgent({ name, onOffer: acceptOnly })

/** Opens a reader that keeps what it has read. */
function reader(world: World, jobId: string) {
  const opened = world.parts().clientJobs.stream(world.whoIs(world.alice), jobId)
  if (!opened.ok) throw new Error(opened.error.code)
  return follow(opened.value)
}

function follow(stream: ReadableStream<Uint8Array>) {
  const seen = { text: '', end: undefined as Record<string, unknown> | undefined }
  const done = collect(stream, (next) => {
    seen.text = next(seen.text)
  }).then((end) => {
    seen.end = end
  })
  return { seen, done }
}

test('STRM-1: a reader gets the answer from its beginning, early, late, and after a restart', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, manual())
  const { jobId } = await world.submit('read me')
  const early = reader(world, jobId)
  await world.pass(10)
  const attempt = only(agent)
  const pieces = answerOf(attempt.offer)
  for (const piece of pieces.slice(0, 4)) agent.token(attempt, piece)
  await world.pass(400)
  const late = reader(world, jobId)
  await world.pass(10)
  expect(early.seen.text).toBe(pieces.slice(0, 4).join(''))
  expect(late.seen.text).toBe(early.seen.text)
  world.restart()
  await world.pass(2_000)
  const afterwards = reader(world, jobId)
  for (const piece of pieces.slice(4)) agent.token(attempt, piece)
  agent.finish(attempt)
  await world.pass(50)
  const last = reader(world, jobId)
  await Promise.all([afterwards.done, last.done])
  for (const { seen } of [afterwards, last]) {
    expect(seen.text).toBe(pieces.join(''))
    expect(seen.end).toMatchObject({ state: 'completed', finish: 'stop', completion_tokens: 8 })
  }
})

test('STRM-1: a second attempt starts the text over', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, manual('first'))
  const { jobId } = await world.submit('again')
  const { seen, done } = reader(world, jobId)
  await world.pass(10)
  agent.token(only(agent), 'half an answer')
  await world.pass(10)
  expect(seen.text).toBe('half an answer')
  await joinForGood(world, createAgent({ name: 'second', priceCompletion: 310_000n }))
  const { attempt_id } = only(agent).offer
  agent.send({ type: 'fail', attempt_id, code: 'ENGINE', message: 'broke', retryable: true })
  await world.pass(100)
  await done
  expect(seen.text).toBe(world.parts().store.result(jobId)?.answer)
  expect(seen.end).toMatchObject({ state: 'completed' })
})

test('STRM-1: a job of somebody else has no stream, no result and no receipt', async () => {
  const world = await createWorld()
  await joinForGood(world, createAgent({ name: 'miner-A' }))
  const { jobId } = await world.submit('private')
  await world.pass(100)
  const { clientJobs } = world.parts()
  const other = world.keyPrincipal('client')
  expect(clientJobs.stream(other, jobId)).toMatchObject({ error: { code: 'JOB_NOT_FOUND' } })
  expect(clientJobs.job(other, jobId)).toMatchObject({ error: { code: 'JOB_NOT_FOUND' } })
  expect(clientJobs.cancel(other, jobId)).toMatchObject({ error: { code: 'JOB_NOT_FOUND' } })
  expect(clientJobs.stored(other, jobId)).toBeUndefined()
  expect(clientJobs.list(other, { limit: 10, offset: 0 })).toEqual({ items: [], total: 0 })
})

test('STRM-2: a reader that lags too far is dropped, the others read on', async () => {
  const streams = openStreams()
  let canceled = 0
  const slow = streams.open('job', [], () => (canceled += 1))
  const quick = follow(streams.open('job', [], () => (canceled += 1)))
  const text = 'x'.repeat(16_384)
  const pieces = Math.ceil(coordinatorLimits.readerLagBytesMax / text.length) + 3
  for (let index = 0; index < pieces; index += 1) {
    streams.send('job', { type: 'text', text, tokens: 1 })
    await vi.advanceTimersByTimeAsync(1)
  }
  streams.send('job', { type: 'end', state: 'completed' })
  await quick.done
  expect(quick.seen.text.length).toBe(pieces * text.length)
  expect(quick.seen.end).toMatchObject({ state: 'completed' })
  const dropped = follow(slow)
  await dropped.done
  expect(dropped.seen.end).toMatchObject({ error: { code: 'READER_TOO_SLOW' } })
  expect(canceled).toBe(0)
  expect(streams.isRead('job')).toBe(false)
})

test('STRM-3: when the reader of a run goes away the job is canceled', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, manual())
  const { clientJobs } = world.parts()
  const who = world.whoIs(world.alice)
  const run = await clientJobs.run(who, world.jobOf(world.alice, world.aliceEscrow, 'bye'))
  if (!run.ok) throw new Error(run.error.code)
  await world.pass(10)
  const attempt = only(agent)
  const { jobId } = run.value.job
  const bystander = reader(world, jobId)
  await run.value.stream.cancel()
  await world.pass(10)
  await bystander.done
  expect(attempt.isCanceled).toBe(true)
  expect(world.view(jobId)).toMatchObject({ state: 'canceled', paymentStatus: 'refunded' })
  expect(bystander.seen.end).toMatchObject({ state: 'canceled', error: { code: 'JOB_CANCELED' } })
})

test('STRM-3: a reader that leaves after the end, or never asked to run, cancels nothing', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, manual())
  const { jobId } = await world.submit('stay')
  await world.pass(10)
  const opened = world.parts().clientJobs.stream(world.whoIs(world.alice), jobId)
  if (!opened.ok) throw new Error(opened.error.code)
  await opened.value.cancel()
  agent.work(only(agent))
  await world.pass(50)
  expect(world.view(jobId).state).toBe('completed')
})

test('DUR-3: tokens are written in bulk, and what a restart loses is sent again', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, manual())
  const { jobId } = await world.submit('many tokens', { spec: { maxTokens: 400 } })
  await world.pass(300)
  const attempt = only(agent)
  const before = world.writes()
  for (let index = 0; index < 200; index += 1) {
    agent.token(attempt, `t${index} `)
    await world.pass(5)
  }
  const flushes = Math.ceil(1_000 / coordinatorLimits.flushMs) + 2
  expect(world.writes() - before).toBeLessThanOrEqual(2 * flushes)
  for (let index = 200; index < 220; index += 1) agent.token(attempt, `t${index} `)
  await world.pass(2)
  // The last of them are in memory only.
  world.restart()
  await world.pass(3_000)
  agent.finish(attempt)
  await world.pass(100)
  expect(world.view(jobId)).toMatchObject({
    state: 'completed',
    completionTokens: 220,
    attempts: 1,
  })
})

test('DUR-2: each write of a whole job fails once, and the job still ends and is paid once', async () => {
  const measure = await createWorld()
  const base = measure.writes()
  await joinForGood(measure, createAgent({ name: 'miner-A' }))
  await measure.submit('measured')
  await measure.pass(10_000)
  const total = measure.writes() - base
  expect(total).toBeGreaterThan(8)
  for (let failing = 1; failing <= total; failing += 1) {
    vi.clearAllTimers()
    const world = await createWorld()
    const start = world.writes()
    let failed = 0
    world.failWrites((count) => {
      if (count - start !== failing) return
      failed += 1
      throw new Error('injected')
    })
    const agent = await joinForGood(world, createAgent({ name: 'miner-A' }))
    await world.pass(3_000)
    const asked = world.jobOf(world.alice, world.aliceEscrow, 'once only')
    const submit = () => world.parts().clientJobs.submit(world.whoIs(world.alice), asked)
    const kept = await submit().catch(submit)
    expect(kept).toMatchObject({ ok: true })
    await world.pass(60_000)
    expect(failed).toBe(1)
    const jobs = world.rows<{ open: number }>('SELECT open FROM lives')
    expect(jobs).toMatchObject([{ open: 0 }])
    expect(world.rows('SELECT state FROM payments')).toMatchObject([{ state: 'settled' }])
    const [{ amount = 0 } = {}] = world.rows<{ amount: number }>('SELECT amount FROM results')
    const share = Math.floor((amount * world.genesis.parameters.coordinatorShareBps) / 10_000)
    expect(world.engine.account(agent.address).balance).toBe(BigInt(amount - share))
  }
})

const legacyJob = (world: World) =>
  world.jobOf(world.alice, world.aliceEscrow, 'old ways', {
    limit: 100_000_000n,
  })

async function register(world: World): Promise<Principal> {
  const who = world.keyPrincipal('miner')
  const registered = await world.parts().legacyMiners.register(who, {
    minerId: undefined,
    capabilities: { models: ['test-model'], gpus: [{ name: 'RTX', memory_mb: 8_192 }] },
    concurrency: 2,
    region: undefined,
  })
  expect(registered.ok).toBe(true)
  return who
}

test('POLL-1: two polls never get one job, and a poll that waits is answered at once', async () => {
  const world = await createWorld()
  const who = await register(world)
  const { legacyMiners, clientJobs } = world.parts()
  expect(await legacyMiners.poll(who, { waitMs: 0 })).toEqual({ ok: true, value: null })
  const waiting = legacyMiners.poll(who, { waitMs: 4_000 })
  const submitted = Date.now()
  const kept = await clientJobs.submit(world.whoIs(world.alice), legacyJob(world))
  const answer = await waiting
  expect(Date.now()).toBe(submitted)
  expect(answer).toMatchObject({ ok: true, value: { job_id: kept.ok && kept.value.jobId } })
  expect(await legacyMiners.poll(who, { waitMs: 0 })).toEqual({ ok: true, value: null })
})

test('POLL-2: a miner key without a payout address is refused, with the name of the setting', async () => {
  const world = await createWorld({ env: { MINER_PAYOUTS: '{}' } })
  const who = world.keyPrincipal('miner')
  const card = { minerId: undefined, capabilities: {}, concurrency: 1, region: undefined }
  const refused = await world.parts().legacyMiners.register(who, card)
  expect(refused).toMatchObject({ ok: false, error: { code: 'AUTHORIZATION_ERROR' } })
  expect(!refused.ok && refused.error.message).toContain('MINER_PAYOUTS')
})

test('POLL-3: a legacy result is paid to the payout address, and the receipt says who signed', async () => {
  const world = await createWorld()
  const who = await register(world)
  const { legacyMiners, clientJobs } = world.parts()
  const kept = await clientJobs.submit(world.whoIs(world.alice), legacyJob(world))
  if (!kept.ok) throw new Error(kept.error.code)
  const { jobId } = kept.value
  await legacyMiners.poll(who, { waitMs: 0 })
  await world.pass(1_500)
  const done = { jobId, result: { output: 'as ever' }, metrics: { completion_tokens: 2 } }
  const finished = await legacyMiners.finish(who, done)
  expect(finished).toMatchObject({ ok: true, value: { receipt: { job_id: jobId } } })
  const text = world.parts().store.result(jobId)?.legacy_text ?? ''
  const verified = verifyLegacyReceipt(text, nodeVerifier)
  if (!verified.ok) throw new Error(verified.error.reasons.join())
  expect(verified.value.key).toEqual(worldCoordinator.publicKey)
  expect(verified.value.text).toContain('"miner_signature":"absent"')
  expect(await legacyMiners.finish(who, done)).toEqual(finished)
  await world.pass(5_000)
  const amount = world.view(jobId).amount as bigint
  const share = (amount * BigInt(world.genesis.parameters.coordinatorShareBps)) / 10_000n
  expect(amount).toBeGreaterThan(0n)
  expect(world.engine.account(legacyPayout.address).balance).toBe(amount - share)
})

test('POLL-3: a result that says it failed, and a stranger’s result, pay nothing', async () => {
  const world = await createWorld()
  const who = await register(world)
  const { legacyMiners, clientJobs } = world.parts()
  const kept = await clientJobs.submit(world.whoIs(world.alice), legacyJob(world))
  if (!kept.ok) throw new Error(kept.error.code)
  const { jobId } = kept.value
  const failed = { jobId, result: { status: 'failed', error: 'no GPU' }, metrics: {} }
  expect(await legacyMiners.finish(who, failed)).toMatchObject({
    error: { code: 'LEASE_NOT_HELD' },
  })
  await legacyMiners.poll(who, { waitMs: 0 })
  expect(await legacyMiners.finish(who, failed)).toEqual({ ok: true, value: { receipt: null } })
  expect(world.view(jobId)).toMatchObject({ state: 'queued', attempts: 1 })
  const unknown = { ...failed, jobId: 'ab'.repeat(16) }
  expect(await legacyMiners.finish(who, unknown)).toMatchObject({
    error: { code: 'JOB_NOT_FOUND' },
  })
  expect(
    await legacyMiners.fail(who, { jobId, code: 'X', message: 'not mine any more' }),
  ).toMatchObject({ error: { code: 'LEASE_NOT_HELD' } })
})

test('POLL-4: heartbeats keep a lease, silence loses it, and a restart keeps both', async () => {
  const world = await createWorld()
  const who = await register(world)
  const kept = await world.parts().clientJobs.submit(world.whoIs(world.alice), legacyJob(world))
  if (!kept.ok) throw new Error(kept.error.code)
  const { jobId } = kept.value
  await world.parts().legacyMiners.poll(who, { waitMs: 0 })
  for (let index = 0; index < 4; index += 1) {
    await world.pass(jobLimits.legacyLeaseMs - 20_000)
    if (index === 1) world.restart()
    const beat = { inflight: 1, status: 'ONLINE' }
    expect(await world.parts().legacyMiners.heartbeat(who, beat)).toMatchObject({ ok: true })
    expect(world.view(jobId)).toMatchObject({ state: 'running', attempts: 1 })
  }
  await world.pass(jobLimits.legacyLeaseMs + 1_000)
  expect(world.view(jobId).state).toBe('queued')
})

test('REPUTE-2: a miner of the original has receipts, no reputation, and work', async () => {
  const world = await createWorld()
  const who = await register(world)
  const { legacyMiners, clientJobs } = world.parts()
  const byReputation: SubmitJob = { ...legacyJob(world), routing: { sort: 'reputation' } }
  for (const asked of [legacyJob(world), byReputation]) {
    const kept = await clientJobs.submit(world.whoIs(world.alice), asked)
    if (!kept.ok) throw new Error(kept.error.code)
    await legacyMiners.poll(who, { waitMs: 0 })
    await world.pass(1_500)
    const { jobId } = kept.value
    const done = { jobId, result: { output: 'as ever' }, metrics: { completion_tokens: 2 } }
    expect(await legacyMiners.finish(who, done)).toMatchObject({ ok: true })
    await world.pass(60_000)
  }
  const { reputations, miners } = world.parts()
  const minerId = [...miners.all()][0]?.card.minerId ?? ''
  expect(reputations.receipts(minerId, { before: undefined, limit: 10 })).toHaveLength(2)
  expect(reputations.scoreOf(minerId)).toBeUndefined()
  const { reputation } = reputations.read(minerId)
  expect(reputation).toMatchObject({ receipts: 0, clients: 0, amount: 0n, models: [] })
  expect(reputation.unsigned).toMatchObject({ receipts: 2 })
  const shown = reputationView(minerId, { reputation, asOfMs: Date.now() }, 500)
  expect(shown).toMatchObject({ score: null, why_none: 'NOT_SIGNED' })
})
