/**
 * Every point of the protocol, one after the other: there the miner dies for good, loses its socket, the
 * client cancels or leaves, or the object is replaced. Whatever happens where, the job has one end, every
 * unit one exit, nobody is paid twice or above what was delivered, and a reader is told how it ended.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { MinerFrame, ServerFrame } from '../../../core/jobs/miner-protocol.ts'
import { priceOf } from '../../../core/jobs/pricing.ts'
import { type Agent, answerOf, createAgent, type HeldAttempt } from '../../support/agent-socket.ts'
import { joinForGood } from '../../support/coordinator-miners.ts'
import { createWorld, type World } from '../../support/coordinator-world.ts'
import { collect } from './campaign.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 })
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const balance = 10_000_000_000n
/** A token here is worth more than a settlement, so that parts of any length are paid. */
const prices = { pricePrompt: 0n, priceCompletion: 30_000_000n }
const price = { promptPer1000: 0n, completionPer1000: 30_000_000n }
const pieces = 8

/** What the miner is about to send, or has just been sent. */
type Point = MinerFrame['type'] | `after ${ServerFrame['type']}` | `tokens ${number}`

const points: readonly Point[] = [
  'hello',
  'after welcome',
  'after offer',
  'accept',
  ...Array.from({ length: pieces }, (_, index): Point => `tokens ${index}`),
  'result',
  'after release',
  'after settled',
]

type Run = {
  readonly world: World
  readonly jobId: string
  readonly victim: Agent
  readonly readerSaw: { text: string; end: Record<string, unknown> | undefined }
}

type Disturb = (at: {
  readonly world: World
  readonly victim: Agent
  readonly jobId: () => string | undefined
  readonly leave: () => void
}) => void

/** Plays one job, and once, at the point, the disturbance; then lets everything come to rest. */
async function play(point: Point, disturb: Disturb, hasSpare: boolean): Promise<Run> {
  const world = await createWorld()
  let jobId: string | undefined
  let leave = (): void => undefined
  let isDone = false
  const victim = createAgent({ name: 'miner-A', ...prices, onOffer: inSteps })
  const reach = (reached: Point): void => {
    if (isDone || reached !== point) return
    isDone = true
    disturb({ world, victim, jobId: () => jobId, leave: () => leave() })
  }
  watch(victim, reach)
  await joinForGood(world, victim)
  if (hasSpare) {
    // Dearer, so that it is second.
    await joinForGood(world, { name: 'miner-B', ...prices, priceCompletion: 31_000_000n })
  }
  // What happens before the job is asked for has happened by now.
  await world.pass(5_000)
  const asked = world.jobOf(world.alice, world.aliceEscrow, 'a question', { limit: 50_000_000n })
  const readerSaw: Run['readerSaw'] = { text: '', end: undefined }
  const run = await untilTaken(world, asked)
  jobId = run.job.jobId
  const reader = (run.stream as ReadableStream<Uint8Array>).getReader()
  leave = () => void reader.cancel()
  const seen = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await reader.read()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
  void collect(seen, (next) => {
    readerSaw.text = next(readerSaw.text)
  }).then(
    (end) => {
      readerSaw.end = end
    },
    () => undefined,
  )
  await world.pass(1_000_000)
  expect(isDone, `${point} was reached`).toBe(true)
  return { world, jobId, victim, readerSaw }
}

/** Asks until there is a miner: one that lost its socket comes back. */
async function untilTaken(world: World, asked: ReturnType<World['jobOf']>) {
  for (let attempt = 0; attempt < 30; attempt += 1) {
    const run = await world.parts().clientJobs.run(world.whoIs(world.alice), asked)
    if (run.ok) return run.value
    if (run.error.code !== 'MODEL_NOT_SERVED') throw new Error(run.error.code)
    await world.pass(1_000)
  }
  throw new Error('no miner came back')
}

/** Eight tokens, a step of virtual time between each. */
function inSteps(agent: Agent, attempt: HeldAttempt): void {
  const steps = [
    () => agent.accept(attempt),
    ...answerOf(attempt.offer).map((text) => () => agent.token(attempt, text)),
    () => agent.finish(attempt),
  ]
  for (const [index, step] of steps.entries()) {
    setTimeout(() => attempt.isCanceled || step(), 20 * (index + 1))
  }
}

/** Calls `reach` just before the miner sends a frame and just after it got one. */
function watch(agent: Agent, reach: (point: Point) => void): void {
  const { attach } = agent
  agent.attach = (opened) => {
    const ends = attach({
      ...opened,
      send: (text) => {
        const frame = JSON.parse(text) as MinerFrame
        reach(frame.type === 'tokens' ? `tokens ${frame.seq}` : frame.type)
        if (agent.isConnected()) opened.send(text)
      },
    })
    return {
      ...ends,
      receive: (text) => {
        ends.receive(text)
        reach(`after ${(JSON.parse(text) as ServerFrame).type}`)
      },
    }
  }
}

/** One end, one exit for every unit, and a reader that knows. */
function check({ world, jobId, victim }: Run, others: readonly Agent[] = []): void {
  const view = world.view(jobId)
  expect(['completed', 'failed', 'canceled', 'expired']).toContain(view.state)
  const paid = view.amount ?? 0n
  const delivered = { promptTokens: 0, completionTokens: view.completionTokens ?? 0 }
  // The spare is dearer by a thirtieth at most.
  expect(paid).toBeLessThanOrEqual((priceOf(price, delivered) * 31n) / 30n)
  expect(view.completionTokens ?? 0).toBeLessThanOrEqual(pieces)
  const escrow = world.engine.finalEscrow(world.aliceEscrow)
  expect(escrow?.balance).toBe(balance - paid)
  expect(escrow && world.parts().funds.available(escrow, world.alice.publicKey).escrow).toBe(
    balance - paid,
  )
  const share = (paid * BigInt(world.genesis.parameters.coordinatorShareBps)) / 10_000n
  const earned = [victim, ...others].map(({ address }) => world.engine.account(address).balance)
  expect(earned.reduce((sum, each) => sum + each, 0n)).toBeLessThanOrEqual(paid - share)
  expect(world.engine.status(Date.now()).supply.held).toBe(world.initialSupply)
  expect(world.rows('SELECT * FROM parts')).toEqual([])
  expect(world.rows("SELECT * FROM payments WHERE state IN ('due', 'sent', 'held')")).toEqual([])
  expect(world.parts().dispatcher.counts()).toEqual({ queued: 0, running: 0 })
  expect([...world.parts().miners.all()].every(({ inflight }) => inflight === 0)).toBe(true)
}

const dies: Disturb = ({ victim }) => {
  victim.disconnect()
  // Nobody picks the socket up again, and nothing is sent any more.
  victim.attach = (opened) => {
    opened.close()
    return { receive: () => undefined, onClose: () => undefined }
  }
}

describe('CUT-5: the miner dies for good', () => {
  // Before the offer it is not there to be given anything.
  test.each(points.slice(2))('CUT-5: at %s, and nobody else is there', async (point) => {
    const run = await play(point, dies, false)
    check(run)
    const { state } = run.world.view(run.jobId)
    const isDone = point === 'after release' || point === 'after settled'
    expect(state).toBe(isDone ? 'completed' : 'expired')
    expect(run.readerSaw.end).toMatchObject({ type: 'end', state })
  })

  test.each(points)('CUT-5: at %s, and another one does the work', async (point) => {
    const run = await play(point, dies, true)
    check(run)
    const view = run.world.view(run.jobId)
    expect(view).toMatchObject({ state: 'completed', completionTokens: pieces })
    const isDone = point === 'after release' || point === 'after settled'
    expect(view.minerId).toBe(isDone ? 'miner-A' : 'miner-B')
    expect(run.readerSaw.end).toMatchObject({ type: 'end', state: 'completed' })
    expect(run.readerSaw.text).toBe(
      run.world.rows<{ answer: string }>('SELECT answer FROM results')[0]?.answer,
    )
  })
})

test.each(points)('CUT-5: the miner loses its socket at %s and comes back', async (point) => {
  const run = await play(point, ({ victim }) => victim.disconnect(), false)
  check(run)
  expect(run.world.view(run.jobId)).toMatchObject({
    state: 'completed',
    minerId: 'miner-A',
    completionTokens: pieces,
    paymentStatus: 'released',
  })
  expect(run.readerSaw.end).toMatchObject({ type: 'end', state: 'completed' })
})

describe('CUT-5: the client', () => {
  const jobPoints = points.slice(2)
  const cancels: Disturb = ({ world, jobId }) => {
    const id = jobId()
    // An offer can reach its miner before the answer reaches the client.
    if (id === undefined) setTimeout(() => cancels({ world, jobId } as never), 1)
    else world.parts().clientJobs.cancel(world.whoIs(world.alice), id)
  }

  test.each(jobPoints)('CUT-5: cancels at %s', async (point) => {
    const run = await play(point, cancels, true)
    check(run)
    expectPart(run, point)
  })

  test.each(jobPoints)('CUT-5: leaves at %s', async (point) => {
    const leaves: Disturb = ({ leave, jobId, ...rest }) => {
      if (jobId() === undefined) setTimeout(() => leaves({ leave, jobId, ...rest }), 1)
      else leave()
    }
    const run = await play(point, leaves, true)
    check(run)
    expectPart(run, point)
  })

  /** Paid is what had been taken before, to the token. */
  function expectPart(run: Run, point: Point): void {
    const view = run.world.view(run.jobId)
    if (point === 'after release' || point === 'after settled') {
      expect(view).toMatchObject({ state: 'completed', completionTokens: pieces })
      return
    }
    expect(view.state).toBe('canceled')
    const before = point === 'result' ? pieces : Number(/^tokens (\d)$/.exec(point)?.[1] ?? 0)
    const row = run.world.rows<{ finish: string; answer: string }>('SELECT * FROM results')[0]
    // The frame of this very point may have come in first.
    const counts = [before, before + 1].map((tokens) => Math.min(tokens, pieces))
    expect(counts).toContain(view.completionTokens ?? 0)
    if (!row) return
    expect(row.finish).toBe('canceled')
    expect(view.amount).toBe(
      priceOf(price, { promptTokens: 0, completionTokens: view.completionTokens ?? 0 }),
    )
  }
})

describe('CUT-5, DUR-1: a new instance', () => {
  test.each(points)(
    'CUT-5: at %s: the job goes on, and readers who come again read all of it',
    async (point) => {
      const run = await play(point, ({ world }) => world.restart(), false)
      check(run)
      const view = run.world.view(run.jobId)
      expect(view).toMatchObject({ state: 'completed', completionTokens: pieces })
      // The old reader was cut off or has read it to the end: half an answer is never called whole.
      const { answer } = run.world.rows<{ answer: string }>('SELECT answer FROM results')[0] ?? {}
      if (run.readerSaw.end) expect(run.readerSaw.text).toBe(answer)
      const again = run.world.parts().clientJobs.stream(run.world.whoIs(run.world.alice), run.jobId)
      if (!again.ok) throw new Error(again.error.code)
      let text = ''
      const end = await collect(again.value, (next) => {
        text = next(text)
      })
      expect(text).toBe(answer)
      expect(end).toMatchObject({ type: 'end', state: 'completed', amount: String(view.amount) })
    },
  )
})
