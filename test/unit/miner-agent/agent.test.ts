import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fromHex } from '../../../core/base/bytes.ts'
import { acceptResult } from '../../../core/jobs/accept-result.ts'
import type { MinerFrame } from '../../../core/jobs/miner-protocol.ts'
import { offerFromFrame, releaseOf } from '../../../core/jobs/outcome.ts'
import { type Agent, createAgent } from '../../../miner-agent/agent.ts'
import type { AgentOptions } from '../../../miner-agent/agent-state.ts'
import { type Engine, EngineError } from '../../../miner-agent/engines/engine.ts'
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

/** An engine that says a word each time it is told to. */
function steppedEngine() {
  const waiting: ((word: string | Error) => void)[] = []
  let started = 0
  const engine: Engine = {
    name: 'stepped',
    listModels: async () => [],
    async *generate(_request, { signal }) {
      started += 1
      let completionTokens = 0
      for (;;) {
        const word = await new Promise<string | Error>((resolve) => {
          waiting.push(resolve)
          signal.addEventListener('abort', () => resolve(new EngineError('ABORTED', 'aborted')))
        })
        if (word instanceof Error) throw word
        if (word === '') {
          const usage = { promptTokens: 5, completionTokens }
          yield { text: '', tokens: 0, finish: 'stop', usage }
          return
        }
        completionTokens += 1
        yield { text: word, tokens: 1 }
      }
    },
  }
  const say = async (word: string | Error) => {
    await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0))
    waiting.shift()?.(word)
  }
  return { engine, say, started: () => started }
}

let folder: string
let journal: Journal
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agent-'))
  journal = await openJournal(join(folder, 'releases.ndjson'))
})
afterEach(async () => {
  await journal.end()
  rmSync(folder, { recursive: true })
})

type Setup = ReturnType<typeof setUp>
function setUp(changes: Partial<AgentOptions> = {}) {
  const frames: MinerFrame[] = []
  const stepped = steppedEngine()
  const log = recordingLogger()
  const tally = newTally()
  let clockMs = 5_000
  const agent = createAgent({
    ...agentOptions,
    engine: stepped.engine,
    journal,
    log,
    tally,
    nowMs: () => clockMs,
    send: (frame) => frames.push(frame),
    ...changes,
  })
  agent.meet({ genesisHash, coordinator: coordinator.publicKey })
  welcome(agent)
  const later = (ms: number) => {
    clockMs += ms
  }
  return { agent, frames, stepped, log, tally, later }
}

function welcome(agent: Agent, resume: { attempt_id: string; next_seq: number }[] = []) {
  agent.take({ type: 'welcome', miner_id: 'miner-A', heartbeat_ms: 10_000, resume })
}

const ofType = <T extends MinerFrame['type']>(frames: readonly MinerFrame[], type: T) =>
  frames.filter((frame): frame is Extract<MinerFrame, { type: T }> => frame.type === type)

async function answer({ stepped, frames }: Setup, words: readonly string[]) {
  const before = ofType(frames, 'result').length
  for (const word of [...words, '']) await stepped.say(word)
  await vi.waitFor(() => expect(ofType(frames, 'result').length).toBe(before + 1))
  return ofType(frames, 'result')[before] as Extract<MinerFrame, { type: 'result' }>
}

/** What the coordinator makes of a result, by its own rules. */
function judge(
  offer: Offer,
  result: Extract<MinerFrame, { type: 'result' }>,
  frames: MinerFrame[],
) {
  const agreed = offerFromFrame(offer, {
    minerId: 'miner-A',
    minerKey: miner.publicKey,
    coordinator: coordinator.publicKey,
  })
  if (!agreed.ok) throw new Error(agreed.error.message)
  const tokens = ofType(frames, 'tokens').filter((each) => each.attempt_id === offer.attempt_id)
  const accepted = acceptResult(
    agreed.value,
    result,
    {
      text: tokens.map(({ text }) => text).join(''),
      tokens: tokens.reduce((sum, { count }) => sum + count, 0),
      offeredAtMs: 1_000,
      nowMs: 10_000,
    },
    { genesisHash, verifier: nodeVerifier() },
  )
  if (!accepted.ok) throw new Error(accepted.error.message)
  const release = releaseOf(agreed.value, accepted.value.built)
  return {
    amount: accepted.value.built.amount,
    release,
    frame: makeRelease({ attemptId: offer.attempt_id, jobId: offer.job_id, release }),
  }
}

describe('the agent', () => {
  test('offer, tokens, result and release, accepted by the coordinator’s own rules', async () => {
    const setup = setUp()
    const offer = makeOffer()
    setup.agent.take(offer)
    expect(setup.frames).toEqual([{ type: 'accept', attempt_id: offer.attempt_id }])
    const result = await answer(setup, ['Par', 'is'])
    expect(result.text).toBe('Paris')
    const { frame, amount } = judge(offer, result, setup.frames)
    expect(amount).toBe((5n * 1_000_000n + 2n * 3_000_000n) / 1_000n)
    setup.agent.take(frame)
    expect(journal.open()).toHaveLength(1)
    expect(journal.openAmount()).toBe(amount)
    expect(journal.open()[0]).toMatchObject({ job_id: offer.job_id, release: frame.release })
    expect(setup.agent.resumable()).toEqual([])
    setup.agent.take(frame)
    expect(setup.tally.released).toBe(1)
  })

  test('a release that does not hold is not kept', async () => {
    const setup = setUp()
    const offer = makeOffer()
    setup.agent.take(offer)
    const result = await answer(setup, ['x'])
    const { release, frame } = judge(offer, result, setup.frames)
    const names = { attemptId: offer.attempt_id, jobId: offer.job_id }
    const lies = [
      makeRelease({ ...names, release: { ...release, amount: release.amount - 1n } }),
      makeRelease({ ...names, release: { ...release, miner: new Uint8Array(20) } }),
      makeRelease({ ...names, release: { ...release, receiptHash: new Uint8Array(32) } }),
      makeRelease({ ...names, release: { ...release, authorisation: new Uint8Array(32) } }),
      makeRelease({ ...names, release, signer: miner }),
      { ...frame, release: '00' },
    ]
    for (const lie of lies) setup.agent.take(lie)
    expect(journal.open()).toEqual([])
    expect(setup.tally.releasesRefused).toBe(lies.length)
    setup.agent.take(frame)
    expect(journal.open()).toHaveLength(1)
  })

  test('what does not fit now is rejected with its reason', async () => {
    const setup = setUp()
    setup.agent.take(makeOffer())
    setup.agent.take(makeOffer())
    setup.agent.take(makeOffer())
    setup.agent.take(makeOffer({ change: { price_prompt: '1' } }))
    const codes = ofType(setup.frames, 'reject').map(({ code }) => code)
    expect(codes).toEqual(['QUEUE_FULL', 'PRICE_CHANGED'])
    expect(setup.agent.standing()).toMatchObject({ running: 1, waiting: 1 })
    const standing = { connected: true, models: 1, unsettledAmount: 0n, ...setup.agent.standing() }
    expect(summary(setup.tally, standing)['rejected']).toBe('QUEUE_FULL:1,PRICE_CHANGED:1')
  })

  test('work without releases is bounded, but one job may always be worth more', async () => {
    const setup = setUp({ unreleasedMax: 1n, concurrency: 4 })
    setup.agent.take(makeOffer())
    expect(ofType(setup.frames, 'accept')).toHaveLength(1)
    setup.agent.take(makeOffer())
    expect(ofType(setup.frames, 'reject').map(({ code }) => code)).toEqual(['UNRELEASED_LIMIT'])
  })

  test('released work without settlements is bounded too', async () => {
    const setup = setUp({ unsettledMax: 1n })
    const offer = makeOffer()
    setup.agent.take(offer)
    const result = await answer(setup, ['x'])
    setup.agent.take(judge(offer, result, setup.frames).frame)
    setup.agent.take(makeOffer())
    expect(ofType(setup.frames, 'reject').map(({ code }) => code)).toEqual(['UNSETTLED_LIMIT'])
  })

  test('after a reconnect the missing frames go out again, and what was given away stops', async () => {
    const setup = setUp({ concurrency: 2 })
    const [kept, lost] = [makeOffer(), makeOffer()]
    setup.agent.take(kept)
    await setup.stepped.say('one ')
    await vi.waitFor(() => expect(ofType(setup.frames, 'tokens')).toHaveLength(1))
    await setup.stepped.say('two ')
    await vi.waitFor(() => expect(ofType(setup.frames, 'tokens')).toHaveLength(2))
    setup.agent.take(lost)
    setup.frames.length = 0
    welcome(setup.agent, [{ attempt_id: kept.attempt_id, next_seq: 1 }])
    expect(setup.frames.slice(0, 2)).toEqual([
      { type: 'accept', attempt_id: kept.attempt_id },
      { type: 'tokens', attempt_id: kept.attempt_id, seq: 1, text: 'two ', count: 1 },
    ])
    expect(setup.agent.resumable()).toEqual([kept.attempt_id])
  })

  test('a release that was missed still comes after the reconnect; without it, patience ends', async () => {
    const setup = setUp()
    const offer = makeOffer()
    setup.agent.take(offer)
    const result = await answer(setup, ['x'])
    const { frame } = judge(offer, result, setup.frames)
    welcome(setup.agent)
    expect(setup.agent.resumable()).toEqual([offer.attempt_id])
    setup.agent.take(frame)
    expect(setup.tally.released).toBe(1)

    const second = makeOffer()
    setup.agent.take(second)
    await answer(setup, ['y'])
    welcome(setup.agent)
    setup.later(31_000)
    setup.agent.sweep()
    expect(setup.agent.resumable()).toEqual([])
    expect(setup.tally.unpaid).toBe(1)
  })

  test('a cancel stops the engine and frees the place', async () => {
    const setup = setUp({ queueMax: 0 })
    const offer = makeOffer()
    setup.agent.take(offer)
    await vi.waitFor(() => expect(setup.stepped.started()).toBe(1))
    setup.agent.take({ type: 'cancel', attempt_id: offer.attempt_id, reason: 'canceled' })
    await vi.waitFor(() => expect(setup.agent.standing().running).toBe(0))
    setup.agent.take(makeOffer())
    expect(ofType(setup.frames, 'accept')).toHaveLength(2)
    expect(ofType(setup.frames, 'fail')).toEqual([])
  })

  test('an engine’s failure is told, and told again after a reconnect', async () => {
    const setup = setUp()
    const offer = makeOffer()
    setup.agent.take(offer)
    await setup.stepped.say(new EngineError('ENGINE_FAILED', 'out of memory'))
    await vi.waitFor(() => expect(ofType(setup.frames, 'fail')).toHaveLength(1))
    expect(ofType(setup.frames, 'fail')[0]).toMatchObject({
      code: 'ENGINE_FAILED',
      retryable: true,
    })
    welcome(setup.agent, [{ attempt_id: offer.attempt_id, next_seq: 0 }])
    expect(ofType(setup.frames, 'fail')).toHaveLength(2)
  })

  test('draining ends what runs, gives back what waits and takes nothing new', async () => {
    const setup = setUp()
    const [running, waiting] = [makeOffer(), makeOffer()]
    setup.agent.take(running)
    setup.agent.take(waiting)
    setup.agent.drain()
    expect(ofType(setup.frames, 'drain')).toHaveLength(1)
    expect(ofType(setup.frames, 'fail')).toMatchObject([
      { attempt_id: waiting.attempt_id, code: 'DRAINING', retryable: true },
    ])
    setup.agent.take(makeOffer())
    expect(ofType(setup.frames, 'reject')[0]?.code).toBe('DRAINING')
    const result = await answer(setup, ['done'])
    setup.agent.take(judge(running, result, setup.frames).frame)
    expect(setup.agent.standing()).toMatchObject({ running: 0, waiting: 0, unreleased: 0 })
  })

  test('no log line holds prompt or answer', async () => {
    const setup = setUp()
    const offer = makeOffer()
    setup.agent.take(offer)
    const result = await answer(setup, ['Zanzibar'])
    setup.agent.take(judge(offer, result, setup.frames).frame)
    const text = JSON.stringify(setup.log.lines, (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    expect(setup.log.lines.length).toBeGreaterThan(2)
    expect(text).not.toContain('Zanzibar')
    expect(text).not.toContain('capital')
    expect(text).not.toContain(offer.spec)
  })

  test('an offer that comes twice is accepted twice and computed once', async () => {
    const setup = setUp({ concurrency: 2 })
    const offer = makeOffer()
    setup.agent.take(offer)
    setup.agent.take(offer)
    expect(ofType(setup.frames, 'accept')).toHaveLength(2)
    await answer(setup, ['x'])
    expect(setup.stepped.started()).toBe(1)
    expect(fromHex(offer.spec).ok).toBe(true)
  })
})
