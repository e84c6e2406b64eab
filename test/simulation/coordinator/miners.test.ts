/** Miners that do not what they should, and what becomes of their jobs. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { minerCloseCodes, minerProtocolLimits } from '../../../core/jobs/miner-protocol.ts'
import { coordinatorLimits } from '../../../durable-objects/coordinator/limits.ts'
import {
  type Agent,
  type AgentOptions,
  answerOf,
  createAgent,
  type HeldAttempt,
} from '../../support/agent-socket.ts'
import { createWorld, type World } from '../../support/coordinator-world.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }))
afterEach(() => void vi.useRealTimers())

const hold = () => undefined

/** A miner that is connected and keeps sending heartbeats. */
async function join(world: World, options: AgentOptions): Promise<Agent> {
  const agent = createAgent(options)
  world.connect(agent)
  setInterval(() => agent.send({ type: 'heartbeat', inflight: 0, queued: 0 }), 5_000)
  await world.pass(20)
  return agent
}

const only = (agent: Agent): HeldAttempt => {
  const [attempt] = agent.held.values()
  if (!attempt) throw new Error(`${agent.minerId()} holds nothing`)
  return attempt
}

test('SOCK-1: a challenge that another key signed, or a card that was changed, closes the socket', async () => {
  const world = await createWorld()
  for (const change of [
    { public_key: '11'.repeat(32) },
    { card: '{"engine":"x"}' },
    { miner_id: 'somebody-else' },
  ]) {
    const agent = createAgent({ name: 'liar' })
    world.connect({
      ...agent,
      attach: (wire) => {
        const changing = {
          ...wire,
          send: (text: string) => wire.send(JSON.stringify({ ...JSON.parse(text), ...change })),
        }
        return agent.attach(changing)
      },
    })
    await world.pass(20)
    expect(agent.closed()?.code).toBe(minerCloseCodes.unauthenticated)
  }
  expect(world.parts().miners.count()).toBe(0)
})

test('SOCK-2: a second socket of one key replaces the first', async () => {
  const world = await createWorld()
  const first = await join(world, { name: 'miner-A' })
  const second = await join(world, { name: 'miner-A' })
  expect(first.closed()?.code).toBe(minerCloseCodes.replaced)
  expect(second.isConnected()).toBe(true)
  expect(world.parts().miners.count()).toBe(1)
  await world.submit('who works?')
  await world.pass(100)
  expect(second.releases.size).toBe(1)
})

test('SOCK-2: another key under the same name gets an id of its own', async () => {
  const world = await createWorld()
  const first = await join(world, { name: 'miner-A' })
  const other = await join(world, { name: 'miner-A', key: 'another key' })
  expect(first.isConnected()).toBe(true)
  expect(other.minerId()).toMatch(/^miner-A\.[0-9a-f]{16}$/)
  expect(world.parts().miners.count()).toBe(2)
})

test('SOCK-3: a flood of sockets is refused, and does not keep an honest miner out', async () => {
  const world = await createWorld()
  const flood = Array.from({ length: 200 }, (_, index) => {
    const agent = createAgent({ name: `flood-${index}` })
    // Never answers the challenge.
    world.connect({ ...agent, attach: (wire) => agent.attach({ ...wire, send: hold }) }, 'evil')
    return agent
  })
  await world.pass(20)
  const refused = flood.filter((agent) => agent.closed()?.code === minerCloseCodes.tooManySockets)
  expect(refused).toHaveLength(200 - coordinatorLimits.pendingPerAddressMax)
  const honest = createAgent({ name: 'honest' })
  world.connect(honest, 'elsewhere')
  await world.pass(20)
  expect(honest.isConnected()).toBe(true)
})

test('SOCK-4: garbage is counted, the fifth bad frame closes the socket, nothing else happens', async () => {
  const world = await createWorld()
  const other = await join(world, { name: 'other' })
  const garbage = [
    'not json',
    '[]',
    '{"type":"tokens","attempt_id":"zz","seq":-1}',
    '{"type":"result"}',
    `{"type":"heartbeat","inflight":${'9'.repeat(400)}}`,
  ]
  const agent = await join(world, { name: 'garbage' })
  for (const text of garbage) agent.sendRaw(text)
  await world.pass(20)
  expect(agent.closed()?.code).toBe(minerCloseCodes.protocol)
  const huge = await join(world, { name: 'huge' })
  huge.sendRaw('x'.repeat(minerProtocolLimits.frameBytesMax + 1))
  await world.pass(20)
  expect(huge.frames.at(-1)).toMatchObject({ type: 'error', code: 'FRAME_TOO_LARGE' })
  const { jobId } = await world.submit('still there?')
  await world.pass(100)
  expect(world.view(jobId)).toMatchObject({ state: 'completed' })
  expect(other.isConnected()).toBe(true)
})

test('SOCK-4: frames about attempts that are not held do no harm', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A' })
  const attempt_id = 'ab'.repeat(16)
  agent.send({ type: 'accept', attempt_id })
  agent.send({ type: 'progress', attempt_id })
  agent.send({ type: 'tokens', attempt_id, seq: 0, text: 'x', count: 1 })
  agent.send({ type: 'reject', attempt_id, code: 'X', message: 'x' })
  agent.send({ type: 'fail', attempt_id, code: 'X', message: 'x', retryable: true })
  await world.pass(20)
  const canceled = agent.frames.filter((frame) => frame.type === 'cancel')
  expect(canceled).toHaveLength(5)
  expect(agent.isConnected()).toBe(true)
})

test('SOCK-5: sockets without hello and miners without a sign of life are closed', async () => {
  const world = await createWorld()
  const mute = createAgent({ name: 'mute' })
  world.connect({ ...mute, attach: (wire) => mute.attach({ ...wire, send: hold }) })
  const silent = createAgent({ name: 'silent' })
  world.connect(silent)
  await world.pass(minerProtocolLimits.helloTimeoutMs + 2_000)
  expect(mute.closed()?.code).toBe(minerCloseCodes.unauthenticated)
  expect(silent.isConnected()).toBe(true)
  await world.pass(coordinatorLimits.minerSilentMsMax)
  expect(silent.closed()?.code).toBe(minerCloseCodes.goingAway)
  expect(world.parts().miners.count()).toBe(0)
})

test('SOCK-6: after a reconnect the answer goes on where it was', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A', onOffer: hold })
  const { jobId } = await world.submit('go on')
  await world.pass(10)
  const attempt = only(agent)
  const pieces = answerOf(attempt.offer)
  agent.accept(attempt)
  for (const piece of pieces.slice(0, 3)) agent.token(attempt, piece)
  await world.pass(10)
  agent.disconnect()
  await world.pass(500)
  // Made while there was no socket.
  for (const piece of pieces.slice(3)) agent.token(attempt, piece)
  world.connect(agent)
  await world.pass(50)
  agent.finish(attempt)
  await world.pass(50)
  expect(world.view(jobId)).toMatchObject({ state: 'completed', attempts: 1, completionTokens: 8 })
})

test('SOCK-6: a release that was lost with the socket is sent again', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A' })
  await world.submit('lost release')
  // The frames are under way: the result arrives, the release does not.
  const [attempt] = await vi.waitUntil(() => agent.held.size > 0 && [...agent.held.values()], {
    interval: 1,
  })
  await world.pass(1)
  const releases = agent.releases
  releases.clear()
  agent.disconnect()
  await world.pass(10)
  world.connect(agent)
  await world.pass(100)
  expect(attempt && releases.has(attempt.offer.attempt_id)).toBe(true)
})

test('SOCK-6: an attempt that the miner has lost goes elsewhere at once', async () => {
  const world = await createWorld()
  const forgetful = await join(world, {
    name: 'miner-A',
    onOffer: (agent, held) => agent.accept(held),
  })
  const { jobId } = await world.submit('forgotten')
  await world.pass(10)
  const other = await join(world, { name: 'miner-B', priceCompletion: 310_000n })
  forgetful.held.clear()
  forgetful.disconnect()
  await world.pass(10)
  world.connect(forgetful)
  await world.pass(100)
  expect(world.view(jobId)).toMatchObject({ state: 'completed', attempts: 2, minerId: 'miner-B' })
  expect(other.releases.size).toBe(1)
})

test('DISP-1: a job is offered in the call that submits it', async () => {
  const world = await createWorld()
  await join(world, { name: 'miner-A', onOffer: hold })
  const height = world.engine.head().height
  const kept = await world.submit('now')
  expect(kept.state).toBe('assigned')
  expect(world.engine.head().height).toBe(height)
})

test('DISP-2: a miner that accepts and then says nothing loses the job to another', async () => {
  const world = await createWorld()
  await join(world, { name: 'silent', onOffer: (agent, held) => agent.accept(held) })
  const { jobId } = await world.submit('anybody?')
  await world.pass(1_000)
  const honest = await join(world, { name: 'honest', priceCompletion: 310_000n })
  await world.pass(jobLimits.leaseMs + 1_000)
  expect(world.view(jobId)).toMatchObject({ state: 'completed', minerId: 'honest', attempts: 2 })
  expect(honest.releases.size).toBe(1)
})

test('DISP-2: a job that nobody ever finishes fails after its attempts, and costs nothing', async () => {
  const world = await createWorld()
  for (const name of ['a', 'b', 'c']) {
    await join(world, { name, onOffer: (agent, held) => agent.accept(held) })
  }
  const { jobId } = await world.submit('never')
  await world.pass(590_000)
  expect(world.view(jobId)).toMatchObject({
    state: 'failed',
    attempts: 3,
    paymentStatus: 'refunded',
  })
  const known = world.engine.finalEscrow(world.aliceEscrow)
  expect(known && world.parts().funds.available(known, world.alice.publicKey).escrow).toBe(
    known?.balance,
  )
})

test('DISP-3: a result that is repeated gets its release again and is paid once', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A', onOffer: hold })
  const { jobId } = await world.submit('twice')
  await world.pass(10)
  const attempt = only(agent)
  agent.work(attempt)
  if (!attempt.result) throw new Error('the work makes a result')
  agent.send(attempt.result)
  await world.pass(20)
  agent.send(attempt.result)
  await world.pass(5_000)
  const releases = agent.frames.filter((frame) => frame.type === 'release')
  expect(releases).toHaveLength(3)
  expect(new Set(releases.map((frame) => JSON.stringify(frame))).size).toBe(1)
  const amount = world.view(jobId).amount as bigint
  const share = (amount * BigInt(world.genesis.parameters.coordinatorShareBps)) / 10_000n
  expect(world.engine.account(agent.address).balance).toBe(amount - share)
})

test('DISP-3: a stranger cannot finish the job of another miner', async () => {
  const world = await createWorld()
  const holder = await join(world, { name: 'holder', onOffer: (agent, held) => agent.accept(held) })
  const { jobId } = await world.submit('whose?')
  await world.pass(10)
  const stranger = await join(world, { name: 'stranger', priceCompletion: 400_000n })
  const stolen = stranger.resultOf(
    { ...only(holder), frames: [] },
    { text: 'mine', completionTokens: 1 },
  )
  stranger.send(stolen)
  await world.pass(20)
  expect(stranger.refusals).toMatchObject([{ code: 'LEASE_NOT_HELD' }])
  expect(world.view(jobId)).toMatchObject({ state: 'running', minerId: 'holder' })
  holder.work(only(holder))
  await world.pass(20)
  expect(world.view(jobId)).toMatchObject({ state: 'completed', minerId: 'holder' })
  stranger.send(stolen)
  await world.pass(20)
  expect(stranger.releases.size).toBe(0)
})

test('DISP-3: a result after a cancel is refused, and the money is free', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A', onOffer: (one, held) => one.accept(held) })
  const { jobId } = await world.submit('never mind')
  await world.pass(10)
  const attempt = only(agent)
  for (const piece of answerOf(attempt.offer)) agent.token(attempt, piece)
  await world.pass(10)
  expect(world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId).ok).toBe(true)
  agent.finish(attempt)
  await world.pass(20)
  expect(attempt.isCanceled).toBe(true)
  expect(agent.refusals).toMatchObject([{ code: 'LEASE_NOT_HELD' }])
  expect(world.view(jobId)).toMatchObject({ state: 'canceled', paymentStatus: 'refunded' })
  const again = world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId)
  expect(again).toMatchObject({ ok: false, error: { code: 'JOB_NOT_CANCELABLE' } })
})

test.each([
  ['more tokens than were delivered', { completionTokens: 60 }],
  ['another text than was streamed', { text: 'another text' }],
  ['a prompt longer than it was', { promptTokens: 4_000_000 }],
  ['work that took an hour', { completedAtMs: 1_790_003_600_000 }],
] as const)(
  'DISP-4: a miner that lies about %s is not paid, and the job is done elsewhere',
  async (_, lie) => {
    const world = await createWorld()
    const liar = await join(world, {
      name: 'liar',
      onOffer: (agent, held) => {
        agent.accept(held)
        for (const piece of answerOf(held.offer)) agent.token(held, piece)
        agent.send(agent.resultOf(held, lie))
      },
    })
    const honest = await join(world, { name: 'honest', priceCompletion: 310_000n })
    const { jobId } = await world.submit('the truth')
    await world.pass(5_000)
    expect(liar.refusals).toMatchObject([{ code: 'RESULT_INVALID' }])
    expect(liar.releases.size).toBe(0)
    expect(world.view(jobId)).toMatchObject({ state: 'completed', minerId: 'honest', attempts: 2 })
    expect(world.engine.account(liar.address).balance).toBe(0n)
    expect(honest.settled.size).toBe(1)
  },
)

test('DISP-4: a gap in the tokens is an error, not a hole in the answer', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A', onOffer: (one, held) => one.accept(held) })
  const { jobId } = await world.submit('mind the gap')
  await world.pass(10)
  const { offer } = only(agent)
  agent.send({ type: 'tokens', attempt_id: offer.attempt_id, seq: 1, text: 'second', count: 1 })
  await world.pass(10)
  expect(agent.frames.at(-1)).toMatchObject({ type: 'error', code: 'SEQ_GAP' })
  expect(world.view(jobId).state).toBe('running')
})

test('DISP-5: a result that is late is taken while nobody else has finished', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'slow', onOffer: (one, held) => one.accept(held) })
  const { jobId } = await world.submit('slowly')
  await world.pass(10)
  const attempt = only(agent)
  const [first = '', ...rest] = answerOf(attempt.offer)
  agent.token(attempt, first)
  await world.pass(jobLimits.leaseMs + 2_000)
  expect(world.view(jobId).state).toBe('queued')
  for (const piece of rest) agent.token(attempt, piece)
  agent.finish(attempt)
  await world.pass(20)
  expect(world.view(jobId)).toMatchObject({
    state: 'completed',
    minerId: 'slow',
    completionTokens: 8,
  })
})

test('DISP-6: jobs wait for a place in the order in which they came', async () => {
  const world = await createWorld()
  const done: string[] = []
  const agent = await join(world, {
    name: 'one-at-a-time',
    concurrency: 1,
    onOffer: (one, held) => {
      done.push(held.offer.job_id)
      setTimeout(() => one.work(held), 100)
    },
  })
  const ids: string[] = []
  for (let index = 0; index < 5; index += 1) ids.push((await world.submit(`job ${index}`)).jobId)
  expect(world.parts().dispatcher.counts()).toEqual({ queued: 4, running: 1 })
  await world.pass(2_000)
  expect(done).toEqual(ids)
  expect(agent.releases.size).toBe(5)
})

test('DISP-6: a job that nobody has a place for expires at its time and frees its hold', async () => {
  const world = await createWorld()
  await join(world, { name: 'busy', concurrency: 1, onOffer: (one, held) => one.accept(held) })
  await world.submit('first', { ttlSeconds: 600 })
  const { jobId } = await world.submit('second', { ttlSeconds: 5 })
  await world.pass(6_000)
  expect(world.view(jobId)).toMatchObject({ state: 'expired', paymentStatus: 'refunded' })
})

test('DISP-7: while the final head is too old nothing is admitted', async () => {
  const world = await createWorld()
  await join(world, { name: 'miner-A' })
  await world.submit('before')
  world.setChainDown(true)
  const { closeNoticeSlots, authorisationLifeSlots } = world.genesis.parameters
  await world.pass(Number(closeNoticeSlots - authorisationLifeSlots) * 2_000 + 10_000)
  const asked = world.jobOf(world.alice, world.aliceEscrow, 'blind')
  const refused = await world.parts().clientJobs.submit(world.whoIs(world.alice), asked)
  expect(refused).toMatchObject({ ok: false, error: { code: 'CHAIN_UNAVAILABLE' } })
  world.setChainDown(false)
  const { jobId } = await world.submit('after')
  await world.pass(100)
  expect(world.view(jobId).state).toBe('completed')
})
