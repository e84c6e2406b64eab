/**
 * A seeded campaign: a few miners, honest and not, two clients, and bad days (kills, lost sockets, a chain
 * that is away, writes that fail). Then everything is added up.
 */
import { expect, vi } from 'vitest'
import type { Principal, SubmitJob } from '../../../core/api/coordinator-service.ts'
import { toHex } from '../../../core/base/bytes.ts'
import { type Agent, answerOf, createAgent, type HeldAttempt } from '../../support/agent-socket.ts'
import { createWorld, type World } from '../../support/coordinator-world.ts'

export type Campaign = {
  readonly seed: number
  readonly jobs: number
  readonly kills: number
  readonly outages: number
  /** One write in so many fails; 0: none. */
  readonly failOneWriteIn: number
}

const busyMs = 60_000
const quietMs = 900_000

/** Runs one campaign and fails the test if anything was lost, or paid twice. */
export async function runCampaign(campaign: Campaign): Promise<void> {
  const random = randomOf(campaign.seed)
  const below = (n: number) => Math.floor(random() * n)
  const world = await createWorld({ diskMs: 3 })
  let isBusy = true
  const at = (ms: number, action: () => unknown) => void setTimeout(action, ms)

  const agents = ['miner-A', 'miner-B', 'miner-C'].map((name, index) =>
    createAgent({
      name,
      concurrency: 1 + below(3),
      ...(index > 0 && { framesMax: 64 }),
      priceCompletion: 300_000n + BigInt(index) * 50_000n,
      onOffer: (agent, attempt) => behave(agent, attempt, isBusy ? random() : 0, below),
    }),
  )
  const keepConnected = (agent: Agent) => {
    if (world.isUp() && !agent.isConnected()) world.connect(agent)
  }
  for (const agent of agents) setInterval(() => keepConnected(agent), 1_000)
  for (const agent of agents) {
    setInterval(() => agent.send({ type: 'heartbeat', inflight: 0, queued: 0 }), 5_000)
  }
  await vi.advanceTimersByTimeAsync(2_000)

  const readers: { jobId: string; text: () => string }[] = []
  for (let index = 0; index < campaign.jobs; index += 1) {
    const isKey = index % 3 === 2
    at(below(busyMs / 2), () => void submitUntilKept(world, isKey, `question ${index}`, readers))
  }
  for (let index = 0; index < 4; index += 1) {
    at(below(busyMs), () => agents[below(agents.length)]?.disconnect())
    at(below(busyMs), () => cancelOne(world, below))
  }
  for (let index = 0; index < campaign.outages; index += 1) {
    const from = below(busyMs - 20_000)
    at(from, () => world.setChainDown(true))
    at(from + 1_000 + below(19_000), () => world.setChainDown(false))
  }
  for (let index = 0; index < campaign.kills; index += 1) {
    at(below(busyMs), () => {
      world.kill()
      at(below(8_000), () => world.isUp() || world.start())
    })
  }
  if (campaign.failOneWriteIn > 0) {
    world.failWrites(() => {
      if (isBusy && below(campaign.failOneWriteIn) === 0) throw new Error('injected')
    })
  }
  await vi.advanceTimersByTimeAsync(busyMs)
  isBusy = false
  world.setChainDown(false)
  if (!world.isUp()) world.start()
  await vi.advanceTimersByTimeAsync(quietMs)
  checkAccounts(world, agents)
  await checkReaders(world, readers)
}

/** What a miner does with an offer; 0 is honest and quick. */
function behave(
  agent: Agent,
  attempt: HeldAttempt,
  mood: number,
  below: (n: number) => number,
): void {
  if (mood < 0.55) {
    agent.accept(attempt)
    const pieces = answerOf(attempt.offer)
    const paceMs = mood === 0 ? 5 : below(600)
    pieces.forEach((piece, index) => {
      setTimeout(() => !attempt.isCanceled && agent.token(attempt, piece), paceMs * (index + 1))
    })
    setTimeout(() => !attempt.isCanceled && agent.finish(attempt), paceMs * (pieces.length + 1))
  } else if (mood < 0.65) {
    agent.accept(attempt)
  } else if (mood < 0.7) {
    return
  } else if (mood < 0.78) {
    const attempt_id = attempt.offer.attempt_id
    agent.held.delete(attempt_id)
    agent.send({ type: 'reject', attempt_id, code: 'BUSY', message: 'no room' })
  } else if (mood < 0.86) {
    const attempt_id = attempt.offer.attempt_id
    agent.accept(attempt)
    agent.token(attempt, 'half an ')
    agent.held.delete(attempt_id)
    agent.send({ type: 'fail', attempt_id, code: 'ENGINE', message: 'it broke', retryable: true })
  } else if (mood < 0.93) {
    agent.accept(attempt)
    agent.token(attempt, 'two words')
    agent.send(agent.resultOf(attempt, { completionTokens: 60 }))
  } else {
    agent.accept(attempt)
    agent.sendRaw('{"type":"nonsense"')
    agent.work(attempt)
  }
}

/** Submits, and submits the same again after any error, as a client does whose connection broke. */
async function submitUntilKept(
  world: World,
  isKey: boolean,
  question: string,
  readers: { jobId: string; text: () => string }[],
): Promise<void> {
  const job: SubmitJob = world.jobOf(world.alice, world.aliceEscrow, question)
  for (let attempt = 0; attempt < 20; attempt += 1) {
    try {
      const who = isKey ? world.keyPrincipal('client') : world.whoIs(world.alice)
      const asked = isKey ? { ...job, authorisation: undefined } : job
      const kept = await world.parts().clientJobs.submit(who, asked)
      if (kept.ok) {
        readers.push(read(world, who, kept.value.jobId))
        return
      }
      if (kept.error.code === 'AUTHORISATION_USED') return
    } catch {
      // Killed, or a write failed: tried again below.
    }
    await new Promise((resolve) => setTimeout(resolve, 3_000))
  }
}

/** Reads a job's stream; a reader whose site was killed simply stops. */
function read(world: World, who: Principal, jobId: string): { jobId: string; text: () => string } {
  let text = ''
  const opened = world.parts().clientJobs.stream(who, jobId)
  if (opened.ok) void collect(opened.value, (next) => (text = next(text))).catch(() => undefined)
  return { jobId, text: () => text }
}

/** Follows a stream of events as a client does. */
export async function collect(
  stream: ReadableStream<Uint8Array>,
  change: (next: (text: string) => string) => void,
): Promise<Record<string, unknown> | undefined> {
  let end: Record<string, unknown> | undefined
  let pending = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    pending += decoder.decode(chunk, { stream: true })
    const lines = pending.split('\n')
    pending = lines.pop() ?? ''
    for (const line of lines) {
      const event = JSON.parse(line) as Record<string, unknown>
      if (event['type'] === 'text') change((text) => text + String(event['text']))
      if (event['type'] === 'reset') change(() => '')
      if (event['type'] === 'end') end = event
    }
  }
  return end
}

function cancelOne(world: World, below: (n: number) => number): void {
  if (!world.isUp()) return
  const open = world.rows<{ job_id: string }>('SELECT job_id FROM lives WHERE open = 1')
  const chosen = open[below(Math.max(1, open.length))]
  try {
    if (chosen) world.parts().clientJobs.cancel(world.whoIs(world.alice), chosen.job_id)
  } catch {
    // The write failed, as it may.
  }
}

type EndedRow = {
  readonly job_id: string
  readonly escrow: string
  readonly open: number
  readonly life: string
  readonly amount: number | null
  readonly miner_id: string | null
  readonly answer: string | null
  readonly state: string | null
  readonly reason: string | null
}

/** Every job has one end, every unit one exit, and nobody was paid twice. */
function checkAccounts(world: World, agents: readonly Agent[]): void {
  const rows = world.rows<EndedRow>(
    `SELECT jobs.job_id, escrow, open, life, results.amount, miner_id, answer, state, reason
     FROM jobs JOIN lives USING (job_id) LEFT JOIN results USING (job_id)
     LEFT JOIN payments USING (job_id)`,
  )
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.filter((row) => row.open === 1)).toEqual([])
  const completed = rows.filter((row) => row.amount !== null)
  for (const row of rows) {
    const { state, attempts } = JSON.parse(row.life) as { state: string; attempts: unknown[] }
    expect(state === 'completed').toBe(row.amount !== null)
    expect(attempts.length).toBeGreaterThan(state === 'completed' ? 0 : -1)
  }
  expect(completed.filter((row) => row.state !== 'settled')).toEqual([])

  // Money: what left the escrows is what the completed jobs cost, and each miner has its share of it.
  const share = BigInt(world.genesis.parameters.coordinatorShareBps)
  for (const agent of agents) {
    const own = completed.filter((row) => row.miner_id === agent.minerId())
    const earned = own.reduce((sum, row) => {
      const amount = BigInt(row.amount as number)
      return sum + amount - (amount * share) / 10_000n
    }, 0n)
    expect(world.engine.account(agent.address).balance).toBe(earned)
  }
  const spent = completed
    .filter((row) => row.escrow === toHex(world.aliceEscrow))
    .reduce((sum, row) => sum + BigInt(row.amount as number), 0n)
  const left = world.engine.finalEscrow(world.aliceEscrow)
  expect(left?.balance).toBe(10_000_000_000n - spent)
  expect(world.engine.status(Date.now()).supply.held).toBe(world.initialSupply)

  // Nothing is promised any more.
  const { funds } = world.parts()
  expect(left && funds.available(left, world.alice.publicKey).escrow).toBe(left?.balance)
  expect(world.parts().dispatcher.counts()).toEqual({ queued: 0, running: 0 })
  expect([...world.parts().miners.all()].map((miner) => miner.inflight)).toEqual(
    [...world.parts().miners.all()].map(() => 0),
  )
}

/** Whoever comes late reads the same answer that the receipt is about. */
async function checkReaders(
  world: World,
  readers: readonly { jobId: string; text: () => string }[],
): Promise<void> {
  for (const { jobId } of readers) {
    const job = world.parts().store.load(jobId)
    const row = world.parts().store.result(jobId)
    if (!job || !row) continue
    const who = { kind: 'api_key', scope: 'client', publicId: job.ask.client } as const
    const opened = world.parts().clientJobs.stream(who, jobId)
    if (!opened.ok) throw new Error(opened.error.code)
    let text = ''
    const end = await collect(opened.value, (next) => {
      text = next(text)
    })
    expect(text).toBe(row.answer)
    expect(end).toMatchObject({ type: 'end', state: 'completed', receipt_id: row.receipt_id })
  }
}

/** A small generator of numbers from 0 to 1: the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
