/** Jobs that are canceled while they are delivered, and payments that the site holds, as the agent sees them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import { receiptCoder } from '../../../core/chain/receipt.ts'
import { acceptPart } from '../../../core/jobs/accept-result.ts'
import type { MinerFrame } from '../../../core/jobs/miner-protocol.ts'
import { offerFromFrame, releaseOf } from '../../../core/jobs/outcome.ts'
import { createAgent } from '../../../miner-agent/agent.ts'
import type { Engine } from '../../../miner-agent/engines/engine.ts'
import { type Journal, openJournal } from '../../../miner-agent/journal.ts'
import type { Offer } from '../../../miner-agent/offer.ts'
import { newTally, summary } from '../../../miner-agent/tally.ts'
import { nodeVerifier } from '../../../miner-agent/verifier.ts'
import {
  agentOptions,
  coordinator,
  genesisHash,
  makeOffer,
  makeRelease,
  miner,
  recordingLogger,
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
function setUp(kept: Journal = journal) {
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
    ...agentOptions,
    engine,
    journal: kept,
    log,
    tally,
    nowMs: () => clockMs,
    send: (frame) => frames.push(frame),
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

/** Pairs of receipts that would burn the bond of whoever signed them. */
function evidenceOf(results: readonly Result[]) {
  const receipts = results.map(({ receipt }) => {
    const bytes = fromHex(receipt)
    if (!bytes.ok) throw new Error('a receipt is hex')
    return receiptCoder.decode(bytes.value)
  })
  const kinds = new Map<string, Set<string>>()
  for (const [index, one] of receipts.entries()) {
    const { version, attempt, jobId, authorisation } = one
    const kind = [version, attempt, toHex(jobId), toHex(authorisation)].join(' ')
    kinds.set(kind, (kinds.get(kind) ?? new Set()).add(results[index]?.receipt ?? ''))
  }
  return [...kinds.values()].filter(({ size }) => size > 1)
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
  await vi.waitFor(() => expect(results()).toHaveLength(1))
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
  for (let times = 1; times <= 3; times += 1) {
    agent.take(cancel(offer, 1))
    await vi.waitFor(() => expect(results()).toHaveLength(times))
  }
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
  await vi.waitFor(() => expect(results()).toHaveLength(2))
  expect(results().map(({ finish }) => finish)).toEqual(['stop', 'canceled'])
  expect(evidenceOf(results())).toEqual([])
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
  } satisfies Parameters<typeof agent.take>[0]
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

describe('one receipt of each kind for an attempt, whatever the site asks', () => {
  const afterRestart = async () => {
    await journal.end()
    journal = await openJournal(join(folder, 'releases.ndjson'))
    return setUp()
  }
  const answered = async (setup: ReturnType<typeof setUp>, offer: Offer, text: string) => {
    setup.agent.take(offer)
    await setup.say(text)
    await setup.say('')
    await vi.waitFor(() => expect(setup.results().length).toBeGreaterThan(0))
  }

  test('a part that is asked for again with another end stays as it was signed', async () => {
    const { agent, say, results } = setUp()
    const offer = makeOffer()
    agent.take(offer)
    await say('one ')
    await say('two')
    agent.take(cancel(offer, 1))
    agent.take(cancel(offer, 2))
    await vi.waitFor(() => expect(results()).toHaveLength(1))
    agent.take(cancel(offer, 2))
    expect(results().map(({ text }) => text)).toEqual(['one ', 'one '])
    expect(evidenceOf(results())).toEqual([])
  })

  test('a cancel that meets a whole answer on its way to the disk brings the part alone', async () => {
    const { agent, say, results } = setUp()
    const offer = makeOffer()
    agent.take(offer)
    await say('one')
    await say('')
    await vi.waitFor(() => expect(agent.standing()).toMatchObject({ running: 0 }))
    agent.take(cancel(offer, 1))
    await vi.waitFor(() => expect(results().at(-1)?.finish).toBe('canceled'))
    expect(evidenceOf(results())).toEqual([])
  })

  test('what was signed before a kill is not signed for again after it', async () => {
    const before = setUp()
    const offer = makeOffer()
    await answered(before, offer, 'one answer')
    const after = await afterRestart()
    after.agent.take(offer)
    expect(after.frames).toMatchObject([{ type: 'reject', code: 'OFFER_INVALID' }])
    // Under another name, and in capitals, it is the same attempt.
    after.agent.take({ ...offer, attempt_id: 'ff'.repeat(16) })
    after.agent.take({
      ...offer,
      attempt_id: 'ee'.repeat(16),
      job_id: offer.job_id.toUpperCase(),
    })
    expect(after.frames.map(({ type }) => type)).toEqual(['reject', 'reject', 'reject'])
    // Another attempt at the same job is another receipt.
    const next = { ...offer, attempt_id: 'dd'.repeat(16), attempt: offer.attempt + 1 }
    await answered(after, next, 'another answer')
    expect(evidenceOf([...before.results(), ...after.results()])).toEqual([])
  })

  test('the same attempt twice at one time is signed for once, the other fails', async () => {
    const { agent, say, results, frames } = setUp()
    const offer = makeOffer()
    agent.take(offer)
    agent.take({ ...offer, attempt_id: 'ff'.repeat(16) })
    await say('first')
    await say('')
    await say('second')
    await say('')
    await vi.waitFor(() =>
      expect(frames.filter(({ type }) => type === 'fail')).toMatchObject([
        { attempt_id: 'ff'.repeat(16), code: 'RECEIPT_SIGNED' },
      ]),
    )
    expect(results().map(({ text }) => text)).toEqual(['first'])
  })

  test('a part that was signed before a kill is not cut again after it', async () => {
    const before = setUp()
    const offer = makeOffer()
    before.agent.take(offer)
    await before.say('one ')
    before.agent.take(cancel(offer, 1))
    await vi.waitFor(() => expect(before.results()).toHaveLength(1))
    const after = await afterRestart()
    after.agent.take(offer)
    await after.say('two ')
    after.agent.take(cancel(offer, 1))
    expect(after.results()).toEqual([])
    expect(after.frames.at(-1)).toMatchObject({ type: 'fail', code: 'RECEIPT_SIGNED' })
  })

  test('nothing is signed that the journal could not be told', async () => {
    const broken = { ...journal, sign: () => Promise.reject(new Error('no space left')) }
    const { agent, say, results, frames } = setUp(broken)
    agent.take(makeOffer())
    await say('one')
    await say('')
    await vi.waitFor(() =>
      expect(frames.at(-1)).toMatchObject({ type: 'fail', message: 'no space left' }),
    )
    expect(results()).toEqual([])
  })
})
