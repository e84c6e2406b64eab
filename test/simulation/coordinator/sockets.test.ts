/** Sockets of miners: proofs, floods, garbage, and coming back. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { minerCloseCodes, minerProtocolLimits } from '../../../core/jobs/miner-protocol.ts'
import { coordinatorLimits } from '../../../durable-objects/coordinator/limits.ts'
import { answerOf, createAgent } from '../../support/agent-socket.ts'
import { acceptOnly, hold, join, only } from '../../support/coordinator-miners.ts'
import { createWorld } from '../../support/coordinator-world.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }))
afterEach(() => void vi.useRealTimers())

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

test('SOCK-1: nothing that follows a refused hello in its message is read', async () => {
  const world = await createWorld()
  const agent = createAgent({ name: 'liar' })
  world.connect({
    ...agent,
    attach: (wire) => {
      const send = (text: string) => {
        const sound = JSON.parse(text)
        wire.send(JSON.stringify([{ ...sound, public_key: '11'.repeat(32) }, sound]))
      }
      return agent.attach({ ...wire, send })
    },
  })
  await world.pass(20)
  expect(agent.closed()?.code).toBe(minerCloseCodes.unauthenticated)
  expect(agent.frames.some(({ type }) => type === 'welcome')).toBe(false)
  expect(world.rows('SELECT * FROM hellos')).toEqual([])
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

test('SOCK-7: frames of a turn travel together, both ways, to a miner that says so', async () => {
  const world = await createWorld()
  const messages: { readonly out: string[]; readonly in: string[] } = { out: [], in: [] }
  const agent = createAgent({ name: 'miner-A', framesMax: 64 })
  await join(world, {
    ...agent,
    attach: (wire) => {
      const send = (text: string) => {
        messages.out.push(text)
        wire.send(text)
      }
      const ends = agent.attach({ ...wire, send })
      const receive = (text: string) => {
        messages.in.push(text)
        ends.receive(text)
      }
      return { ...ends, receive }
    },
  })
  const jobs = await Promise.all(['one?', 'two?', 'three?'].map((text) => world.submit(text)))
  await world.pass(200)
  for (const { jobId } of jobs) expect(world.view(jobId)).toMatchObject({ state: 'completed' })
  expect(agent.releases.size).toBe(3)
  const whole = messages.out.map((text) => JSON.parse(text)).find(Array.isArray)
  const types = whole?.map((frame: { type: string }) => frame.type)
  expect([types?.[0], types?.[1], types?.at(-1)]).toEqual(['accept', 'tokens', 'result'])
  expect(messages.in.some((text) => Array.isArray(JSON.parse(text)))).toBe(true)
})

test('SOCK-7: a miner that does not say so gets each frame alone, and may send several all the same', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A', onOffer: hold })
  const { jobId } = await world.submit('how?')
  await world.pass(50)
  const attempt = only(agent)
  const { attempt_id } = attempt.offer
  const text = answerOf(attempt.offer).join('')
  const tokens = { type: 'tokens', attempt_id, seq: 0, text, count: 8 } as const
  attempt.frames.push(tokens)
  const result = agent.resultOf(attempt)
  agent.sendRaw(JSON.stringify([{ type: 'accept', attempt_id }, tokens, result, result]))
  await world.pass(100)
  expect(world.view(jobId)).toMatchObject({ state: 'completed' })
  expect(agent.releases.size).toBe(1)
  expect(agent.frames.filter(({ type }) => type === 'release')).toHaveLength(2)
})

test('SOCK-7: an array that is empty or too long is one bad frame, and bad frames in one count each', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A' })
  const beats = Array.from({ length: 65 }, () => ({ type: 'heartbeat', inflight: 0, queued: 0 }))
  agent.sendRaw('[]')
  agent.sendRaw(JSON.stringify(beats))
  agent.sendRaw(JSON.stringify(beats.slice(1)))
  await world.pass(20)
  const errors = () => agent.frames.filter(({ type }) => type === 'error').length
  expect(errors()).toBe(2)
  agent.sendRaw(JSON.stringify([{}, ...beats.slice(10), []]))
  await world.pass(20)
  expect(errors()).toBe(4)
  expect(agent.isConnected()).toBe(true)
  agent.sendRaw(JSON.stringify([...beats.slice(10), 7]))
  await world.pass(20)
  expect(agent.closed()?.code).toBe(minerCloseCodes.protocol)
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

test('SOCK-6: a miner has time to come back after a site was away for longer than its lease', async () => {
  const world = await createWorld()
  const agent = await join(world, { name: 'miner-A', onOffer: acceptOnly })
  const { jobId } = await world.submit('away')
  await world.pass(1_000)
  const attempt = only(agent)
  world.kill()
  await world.pass(2 * jobLimits.leaseMs)
  world.start()
  await world.pass(3_000)
  world.connect(agent)
  await world.pass(50)
  agent.work(attempt)
  await world.pass(50)
  expect(world.view(jobId)).toMatchObject({ state: 'completed', attempts: 1 })
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
    onOffer: acceptOnly,
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
