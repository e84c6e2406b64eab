/** Jobs that are canceled while they are delivered, and payments that the site holds, as the agent sees them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { acceptPart } from '../../../core/jobs/accept-result.ts'
import type { MinerFrame } from '../../../core/jobs/miner-protocol.ts'
import { offerFromFrame, releaseOf } from '../../../core/jobs/outcome.ts'
import { createAgent } from '../../../miner-agent/agent.ts'
import { deliver } from '../../../miner-agent/deliver.ts'
import type { Engine } from '../../../miner-agent/engines/engine.ts'
import { type Journal, openJournal } from '../../../miner-agent/journal.ts'
import type { Offer } from '../../../miner-agent/offer.ts'
import { newTally, summary } from '../../../miner-agent/tally.ts'
import { nodeVerifier } from '../../../miner-agent/verifier.ts'
import {
  coordinator,
  genesisHash,
  makeOffer,
  makeRelease,
  miner,
  recordingLogger,
  tinyCard,
} from './fixtures.ts'

let folder: string
let journal: Journal
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agent-parts-'))
  journal = await openJournal(join(folder, 'releases.ndjson'))
})
afterEach(async () => {
  await journal.end()
  rmSync(folder, { recursive: true })
})

type Result = Extract<MinerFrame, { type: 'result' }>

/** An agent whose engine says a word whenever it is told to, and ends when the word is empty. */
function setUp() {
  const frames: MinerFrame[] = []
  const waiting: ((word: string) => void)[] = []
  let stopped = 0
  const engine: Engine = {
    name: 'stepped',
    listModels: async () => [],
    async *generate(_request, { signal }) {
      signal.addEventListener('abort', () => {
        stopped += 1
        waiting.shift()?.('')
      })
      for (;;) {
        const word = await new Promise<string>((resolve) => waiting.push(resolve))
        if (word === '') {
          yield {
            text: '',
            tokens: 0,
            finish: 'stop',
            usage: { promptTokens: 5, completionTokens: 0 },
          }
          return
        }
        yield { text: word, tokens: 1 }
      }
    },
  }
  let clockMs = 5_000
  const log = recordingLogger()
  const tally = newTally()
  const agent = createAgent({
    api: '127.0.0.1:18000',
    engine,
    gpuLock: undefined,
    verifier: nodeVerifier(),
    journal,
    log,
    tally,
    concurrency: 1,
    queueMax: 1,
    tokenTimeoutMs: 60_000,
    unreleasedMax: 100_000_000n,
    unsettledMax: 100_000_000n,
    nowMs: () => clockMs,
    models: () => [tinyCard],
    send: (frame) => frames.push(frame),
    deliver: (attempt, outcome, site) => deliver({ attempt, outcome, site, signer: miner }),
    onChange: () => undefined,
  })
  agent.meet({ genesisHash, coordinator: coordinator.publicKey })
  agent.take({ type: 'welcome', miner_id: 'miner-A', heartbeat_ms: 10_000, resume: [] })
  const results = () => frames.filter((frame): frame is Result => frame.type === 'result')
  const tokens = () => frames.filter(({ type }) => type === 'tokens')
  const say = async (word: string) => {
    const before = tokens().length
    await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0))
    waiting.shift()?.(word)
    // Words are sent together when they come quickly: here each has its own frame.
    if (word !== '') await vi.waitFor(() => expect(tokens().length).toBe(before + 1))
  }
  return {
    agent,
    frames,
    tally,
    log,
    say,
    results,
    stopped: () => stopped,
    later: (ms: number) => {
      clockMs += ms
    },
  }
}

/** What the coordinator makes of a part, by its own rules. */
function judge(offer: Offer, result: Result, delivered: { text: string; tokens: number }) {
  const agreed = offerFromFrame(offer, {
    minerId: 'miner-A',
    minerKey: miner.publicKey,
    coordinator: coordinator.publicKey,
  })
  if (!agreed.ok) throw new Error(agreed.error.message)
  const seen = { ...delivered, offeredAtMs: 1_000, nowMs: 10_000 }
  const accepted = acceptPart(agreed.value, result, seen, {
    genesisHash,
    verifier: nodeVerifier(),
  })
  if (!accepted.ok) throw new Error(accepted.error.message)
  const { amount } = accepted.value.built
  const release = releaseOf(agreed.value, accepted.value.built)
  const { attempt_id: attemptId, job_id: jobId } = offer
  return { amount, frame: makeRelease({ attemptId, jobId, release }) }
}

const cancel = ({ attempt_id }: Offer, paid_seq?: number) =>
  ({ type: 'cancel', attempt_id, reason: 'canceled', ...(paid_seq && { paid_seq }) }) as const

test('a cancel that names what is paid is answered with a receipt over exactly that', async () => {
  const { agent, say, results, tally, stopped } = setUp()
  const offer = makeOffer()
  agent.take(offer)
  for (const word of ['Par', 'is ', 'is']) await say(word)
  // The third frame was under way when the job ended: the coordinator has not got it.
  agent.take(cancel(offer, 2))
  const [part] = results()
  expect(part).toMatchObject({
    text: 'Paris ',
    finish: 'canceled',
    prompt_tokens: 0,
    completion_tokens: 2,
  })
  expect(stopped()).toBe(1)
  const { amount, frame } = judge(offer, part as Result, { text: 'Paris ', tokens: 2 })
  expect(amount).toBe(6_000n)
  expect(agent.standing()).toMatchObject({ running: 0, unreleased: 1 })
  agent.take(frame)
  expect(journal.openAmount()).toBe(amount)
  expect(tally).toMatchObject({ canceled: 1, parts: 1, released: 1, completionTokens: 2 })
  // The engine that was stopped brings no second result.
  await say('').catch(() => undefined)
  expect(results()).toHaveLength(1)
})

test('the same cancel again brings the same part, and is counted once', async () => {
  const { agent, say, results, tally } = setUp()
  const offer = makeOffer()
  agent.take(offer)
  await say('word')
  for (let times = 0; times < 3; times += 1) agent.take(cancel(offer, 1))
  expect(results()).toHaveLength(3)
  expect(new Set(results().map(({ receipt }) => receipt)).size).toBe(1)
  expect(tally).toMatchObject({ canceled: 1, parts: 1 })
  expect(agent.resumable()).toEqual([offer.attempt_id])
})

test('a whole result that crossed the cancel is replaced by the part', async () => {
  const { agent, say, results } = setUp()
  const offer = makeOffer()
  agent.take(offer)
  await say('one ')
  await say('two')
  await say('')
  await vi.waitFor(() => expect(results()).toHaveLength(1))
  agent.take(cancel(offer, 2))
  expect(results().map(({ finish }) => finish)).toEqual(['stop', 'canceled'])
  judge(offer, results()[1] as Result, { text: 'one two', tokens: 2 })
})

test('nothing is signed for frames that were never sent, nor for a cancel that pays nothing', async () => {
  const { agent, say, results, tally } = setUp()
  const first = makeOffer()
  agent.take(first)
  await say('word')
  agent.take(cancel(first, 9))
  const second = makeOffer()
  agent.take(second)
  agent.take(cancel(second))
  agent.take(cancel(second, 1))
  expect(results()).toEqual([])
  expect(tally).toMatchObject({ canceled: 2, parts: 0 })
  expect(agent.resumable()).toEqual([])
})

test('a held payment is told once in words, kept for its release, and does not count as lost', async () => {
  const { agent, say, results, tally, log, later } = setUp()
  const offer = makeOffer()
  agent.take(offer)
  await say('word')
  await say('')
  await vi.waitFor(() => expect(results()).toHaveLength(1))
  const held = {
    type: 'held',
    attempt_id: offer.attempt_id,
    job_id: offer.job_id,
    reasons: [{ code: 'RATE_CEILING', message: '96000 tokens a second.' }],
    until_ms: 2_000_000,
  } as const
  agent.take(held)
  agent.take(held)
  expect(tally.held).toBe(1)
  const lines = log.lines.filter(({ event }) => event.includes('holds a payment'))
  expect(lines).toHaveLength(1)
  expect(lines[0]?.fields).toMatchObject({
    codes: 'RATE_CEILING',
    reason: '96000 tokens a second.',
  })
  expect(agent.standing()).toMatchObject({ unreleased: 0, held: 1 })
  const standing = { connected: true, models: 1, unsettledAmount: 0n, ...agent.standing() }
  expect(summary(tally, standing)['why']).toContain('payments are held')
  later(1_900_000)
  agent.sweep()
  expect(agent.resumable()).toEqual([offer.attempt_id])
  const { attempt_id } = offer
  agent.take({ type: 'refused', attempt_id, code: 'RESULT_REFUSED', message: 'not paid: no' })
  expect(agent.standing().held).toBe(0)
  expect(tally).toMatchObject({ unpaid: 1 })
})
