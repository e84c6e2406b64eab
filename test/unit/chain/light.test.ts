/**
 * What a light client believes, and what nobody makes it believe.
 *
 * Long because one network, whose authorities change twice, serves all the rules and is costly to run.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lightAnswerToJson, readLightAnswer } from '../../../core/api/light-json.ts'
import { decodeCanonical } from '../../../core/base/coders.ts'
import { ok } from '../../../core/base/result.ts'
import type { Header } from '../../../core/chain/block.ts'
import { changesBetween } from '../../../core/chain/engine-light.ts'
import { authoritySetHash, genesisHash } from '../../../core/chain/genesis.ts'
import {
  advanceLight,
  type LightState,
  type LightStep,
  startLight,
  startLightAt,
} from '../../../core/chain/light.ts'
import {
  decodeLightState,
  encodeLightState,
  lightAnswerCoder,
} from '../../../core/chain/light-coders.ts'
import {
  checkAnswer,
  type LightAnswer,
  type LightSubject,
  verdictOf,
} from '../../../core/chain/light-fact.ts'
import { escrowIdOf, type Message, transactionHash } from '../../../core/chain/transaction.ts'
import { rememberVerified } from '../../../core/crypto/verified-cache.ts'
import {
  alice,
  bob,
  carol,
  coordinator,
  createGenesis,
  genesis,
  mustOpen,
  nodeVerifier,
  settlementItem,
  sign,
  timeOf,
  transfer,
} from '../../support/chain-world.ts'
import {
  answerOf,
  type certify,
  forgedStep,
  freshClient,
  lightGenesis,
  lightGenesisHash,
  openLightWorld,
  parts,
  setEnds,
  setOf,
  sets,
} from '../../support/light-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'

const { engine, headSlot } = openLightWorld()
/** What was valid once is not computed again. */
const verifier = rememberVerified(nodeVerifier, 4_096)
const client = freshClient()
const way = engine.lightUpdate(0).steps
const [toSecond, toThird, toHead] = way as [LightStep, LightStep, LightStep]

const follow = (steps: readonly LightStep[], from: LightState = client) =>
  advanceLight(from, { steps, more: false }, verifier)
const codeOf = (result: ReturnType<typeof follow>) => (result.ok ? 'taken' : result.error.code)
function mustFollow(steps: readonly LightStep[], from = client): LightState {
  const done = follow(steps, from)
  if (!done.ok) throw new Error(done.error.message)
  return done.value
}
const atHead = mustFollow(way)

const unsent = sign({ by: bob, nonce: 9n, of: lightGenesis, message: transfer(alice.address, 1n) })
const subjects: Readonly<Record<string, LightSubject>> = {
  'a transaction': { kind: 'transaction', hash: transactionHash(parts.paying) },
  'an account': { kind: 'account', address: carol.address },
  'no account': { kind: 'account', address: new Uint8Array(20).fill(9) },
  'an escrow': { kind: 'escrow', id: parts.escrow },
  'no escrow': { kind: 'escrow', id: new Uint8Array(32).fill(9) },
  'no booking': { kind: 'booking', id: new Uint8Array(32).fill(9) },
  'no bond': { kind: 'bond', address: carol.address },
  'a receipt': {
    kind: 'receipt',
    hash: parts.receipt,
    transaction: transactionHash(parts.settling),
  },
  'no transaction': { kind: 'no_transaction', bytes: unsent },
}
const cases = Object.entries(subjects)
const check = (answer: LightAnswer, subject: LightSubject, from = client) =>
  checkAnswer(from, answer, { subject, verifier })

describe('starting', () => {
  test('LIGHT-1: from genesis, by each change of the authorities, to the newest final block', () => {
    expect(way.map(({ header }) => Number(header.height))).toEqual([...setEnds, 14])
    expect(atHead.head).toEqual({
      hash: engine.head().finalHash,
      height: 14,
      slot: engine.head().finalSlot,
    })
    expect(atHead.authorities).toEqual(sets[2])
    expect(atHead.since).toBe(setEnds[1])
  })

  test('LIGHT-1: not from the genesis of another chain', () => {
    const other = createGenesis({ chainId: 'other' })
    expect(startLight(other, lightGenesisHash)).toMatchObject({
      error: { code: 'CHAIN_DIFFERENT' },
    })
  })

  test('LIGHT-2: from a checkpoint with the set that votes after it', () => {
    const at = mustFollow([toSecond])
    const checkpoint = { ...at.head, authorities: authoritySetHash(sets[1]) }
    const start = (given: object, authorities = sets[1]) =>
      startLightAt(lightGenesis, lightGenesisHash, {
        checkpoint: { ...checkpoint, ...given },
        authorities,
      })
    const started = start({})
    if (!started.ok) throw new Error(started.error.message)
    const rest = engine.lightUpdate(started.value.head.height).steps
    expect(mustFollow(rest, started.value).head).toEqual(atHead.head)
    expect(start({}, sets[0])).toMatchObject({ error: { code: 'AUTHORITIES_INVALID' } })
    expect(start({ authorities: authoritySetHash([]) }, [])).toMatchObject({
      error: { code: 'AUTHORITIES_INVALID' },
    })
    expect(start({ height: -1 })).toMatchObject({ error: { code: 'CHECKPOINT_INVALID' } })
    expect(start({ hash: new Uint8Array(31) })).toMatchObject({
      error: { code: 'CHECKPOINT_INVALID' },
    })
    // A block that is none leads nowhere.
    const wrong = start({ hash: new Uint8Array(32) })
    if (!wrong.ok) throw new Error('a state')
    expect(codeOf(follow(rest, wrong.value))).toBe('NOT_EXTENDED')
  })
})

describe('certificates', () => {
  const forged = (by: Parameters<typeof certify>[1]) =>
    codeOf(follow([forgedStep(toSecond, toSecond.header, by)]))

  test('LIGHT-3: a quorum of the set in force, each once', () => {
    expect(forged({ set: sets[0], signers: [0, 1] })).toBe('taken')
    expect(forged({ set: sets[0], signers: [1, 2] })).toBe('taken')
  })

  test.each([
    ['too few', { set: sets[0], signers: [1] }],
    ['none', { set: sets[0], signers: [] }],
    ['one twice', { set: sets[0], signers: [1, 1] }],
    ['in another order', { set: sets[0], signers: [1, 0] }],
    ['one that the set does not have', { set: sets[0], signers: [1, 7] }],
    ['strangers', { set: [...sets[0]].reverse(), signers: [0, 1] }],
    ['another set', { set: sets[1], signers: [0, 1] }],
    ['a set of nobody', { set: [], signers: [] }],
    ['for another chain', { set: sets[0], signers: [0, 1], chain: new Uint8Array(32) }],
  ] as const)('LIGHT-3: refused: signed by %s', (_, by) => {
    expect(forged(by as Parameters<typeof certify>[1])).toBe('NOT_CERTIFIED')
  })

  test('LIGHT-3: refused: signatures for another height or slot, whoever gave them', () => {
    const by = { set: sets[0], signers: [0, 1, 2] }
    const { height, slot } = toSecond.header
    expect(forged({ ...by, claim: { height: height + 1n } })).toBe('NOT_CERTIFIED')
    expect(forged({ ...by, claim: { slot: slot + 1n } })).toBe('NOT_CERTIFIED')
  })

  test('LIGHT-3: refused: a certificate of another block', () => {
    expect(codeOf(follow([{ ...toSecond, certificate: toThird.certificate }]))).toBe(
      'NOT_CERTIFIED',
    )
  })
})

describe('changes of the authorities', () => {
  test.each([
    ['the set before', { authorities: sets[0] }],
    ['a set that nobody chose', { authorities: setOf(0, 1) }],
    ['nobody', { authorities: [] }],
    ['no set', { authorities: undefined }],
  ])('LIGHT-4: a block that changes the set brings the one it names, not %s', (_, given) => {
    expect(codeOf(follow([{ ...toSecond, ...given }]))).toBe('AUTHORITIES_INVALID')
  })

  test('LIGHT-4: where the set stays, none is brought', () => {
    const authorities = sets[2]
    expect(codeOf(follow([toSecond, toThird, { ...toHead, authorities }]))).toBe(
      'AUTHORITIES_INVALID',
    )
  })

  test('LIGHT-5: what the old set signs counts for nothing above its last block', () => {
    const at = mustFollow([toSecond])
    const step = way[1] as LightStep
    const old = { set: sets[0], signers: [0, 1, 2] }
    expect(codeOf(follow([forgedStep(step, step.header, old)], at))).toBe('NOT_CERTIFIED')
    const claimed: Header = { ...step.header, authorities: authoritySetHash(sets[0]) }
    expect(codeOf(follow([forgedStep(step, claimed, old)], at))).toBe('NOT_CERTIFIED')
  })

  test('LIGHT-5: a change cannot be left out', () => {
    const direct = { ...toHead, path: engine.lightUpdate(0).steps[2]?.path ?? [] }
    expect(codeOf(follow([direct]))).toBe('NOT_CERTIFIED')
    expect(codeOf(follow([toSecond, toHead]))).toBe('NOT_CERTIFIED')
    expect(codeOf(follow([toThird, toHead]))).toBe('NOT_CERTIFIED')
  })
})

describe('one chain', () => {
  const by = { set: sets[2], signers: [0, 1, 2] }
  const above = (given: Partial<Header>): LightStep => {
    const header = { ...toHead.header, height: 15n, slot: toHead.header.slot + 1n, ...given }
    return { ...forgedStep(toHead, header, by), path: [] }
  }

  test('LIGHT-6: a newer block that does not stand on the verified one is refused', () => {
    expect(codeOf(follow([above({})], atHead))).toBe('NOT_EXTENDED')
    const otherPath = { ...toHead, path: toThird.path }
    expect(codeOf(follow([toSecond, toThird, otherPath]))).toBe('NOT_EXTENDED')
    // The path from one block does not do for another.
    expect(codeOf(follow([{ ...toSecond, path: toThird.path }]))).toBe('NOT_EXTENDED')
    expect(codeOf(follow([above({ slot: toHead.header.slot })], atHead))).toBe('NOT_EXTENDED')
  })

  test('LIGHT-6: slots rise, whatever is signed', () => {
    const before = stateAt(13)
    const [step] = engine.lightUpdate(13).steps as [LightStep]
    const header = { ...step.header, slot: BigInt(before.head.slot) }
    expect(
      codeOf(follow([forgedStep(step, { ...header, slot: header.slot + 1n }, by)], before)),
    ).toBe('taken')
    expect(codeOf(follow([forgedStep(step, header, by)], before))).toBe('NOT_EXTENDED')
  })

  test('LIGHT-6: two final blocks at one height are told as what they are', () => {
    const header = { ...toHead.header, slot: toHead.header.slot + 1n }
    expect(codeOf(follow([forgedStep(toHead, header, by)], atHead))).toBe('HEAD_FORKED')
    const unsigned = forgedStep(toHead, header, { set: sets[2], signers: [0] })
    expect(codeOf(follow([unsigned], atHead))).toBe('NOT_CERTIFIED')
  })

  test('LIGHT-6: an older newest block is refused', () => {
    expect(codeOf(follow([toThird], atHead))).toBe('HEAD_OLDER')
    expect(codeOf(follow([], atHead))).toBe('HEAD_OLDER')
    const behind = engine.lightUpdate(99)
    expect(behind.steps).toHaveLength(1)
    expect(codeOf(follow(behind.steps, { ...atHead, head: { ...atHead.head, height: 99 } }))).toBe(
      'HEAD_OLDER',
    )
  })

  test('LIGHT-6: the block that is known already is no news, and needs no proof', () => {
    const [again] = engine.lightUpdate(14).steps as [LightStep]
    expect(mustFollow([again], atHead)).toEqual(atHead)
    expect(codeOf(follow([{ ...again, path: toHead.path }], atHead))).toBe('MALFORMED')
  })
})

describe('facts', () => {
  const shown = (name: string) => {
    const subject = subjects[name] as LightSubject
    const done = check(answerOf(engine, subject), subject)
    return done.ok ? done.value.fact : done.error
  }

  test('LIGHT-7: a transaction with its outcome, a receipt by its payment', () => {
    const at = { height: 1, slot: 1, timeMs: timeOf(1, lightGenesis) }
    expect(shown('a transaction')).toMatchObject({
      kind: 'transaction',
      block: at,
      outcome: { code: 0 },
    })
    expect(shown('a receipt')).toMatchObject({
      receipt: { code: 0, amount: 1_000_000n, receiptHash: parts.receipt },
    })
  })

  test('LIGHT-7: balances and escrows of the newest state, and that there is none', () => {
    const at = { height: 14, slot: headSlot }
    expect(shown('an account')).toMatchObject({
      block: at,
      account: { balance: engine.account(carol.address).finalBalance },
    })
    expect(shown('no account')).toMatchObject({ block: at, account: undefined })
    expect(shown('an escrow')).toMatchObject({ block: at, escrow: { balance: 99_000_000n } })
    expect(shown('no escrow')).toMatchObject({ block: at, escrow: undefined })
  })

  test('LIGHT-7: that a signed transaction is in no block, as long as its nonce shows it', () => {
    expect(shown('no transaction')).toMatchObject({ kind: 'no_transaction', never: false })
    const late = sign({
      by: bob,
      nonce: 9n,
      validUntil: 2n,
      of: lightGenesis,
      message: transfer(alice.address, 1n),
    })
    const absent = (bytes: Uint8Array) => {
      const subject = { kind: 'no_transaction', bytes } as const
      const done = check(answerOf(engine, subject), subject)
      return done.ok ? done.value.fact : done.error
    }
    expect(absent(late)).toMatchObject({ never: true })
    expect(absent(parts.paying)).toMatchObject({ code: 'NOT_INCLUDED' })
    const stranger = sign({ by: carol, of: lightGenesis, message: transfer(alice.address, 1n) })
    expect(absent(stranger)).toMatchObject({ kind: 'no_transaction' })
  })

  test('LIGHT-7: a settlement that did not pay a receipt shows none', () => {
    const subject = {
      kind: 'receipt',
      hash: new Uint8Array(32).fill(7),
      transaction: transactionHash(parts.settling),
    } as const
    expect(check(answerOf(engine, subject), subject)).toMatchObject({
      error: { code: 'NOT_INCLUDED' },
    })
  })

  test('LIGHT-7: a settlement that came too late for a receipt does not show it', () => {
    const chain = mustOpen({ store: createMemoryChainStore() })
    const data = { coordinator: coordinator.publicKey, amount: 100_000_000n, expiry: 900n }
    const opening = sign({ by: alice, message: { TAG: 'escrow_open', data } })
    const escrow = escrowIdOf(transactionHash(opening))
    const item = settlementItem({ authorisation: { escrow } })
    const message: Message = { TAG: 'settle', data: { items: [item] } }
    const settlements = [coordinator, bob].map((by) => sign({ by, message }))
    chain.submit([opening], timeOf(1))
    chain.tick(timeOf(1))
    // The second settlement comes along with the first, which leaves it nothing to pay.
    chain.submit(settlements, timeOf(2))
    chain.tick(timeOf(2))
    const start = startLight(genesis, genesisHash(genesis))
    if (!start.ok) throw new Error(start.error.message)
    const codes = settlements.map((bytes) => {
      const hash = item.release.receiptHash
      const subject = { kind: 'receipt', hash, transaction: transactionHash(bytes) } as const
      const done = check(answerOf(chain, subject), subject, start.value)
      return done.ok ? 'shown' : done.error.code
    })
    expect(codes.sort()).toEqual(['NOT_INCLUDED', 'shown'])
  })

  test('LIGHT-8: a state of an earlier block is not passed off as the newest', () => {
    const chain = mustOpen({ store: createMemoryChainStore() })
    const sent = sign({ by: alice, message: transfer(carol.address, 5n) })
    chain.submit([sent], timeOf(1))
    chain.tick(timeOf(1))
    const subject = { kind: 'account', address: carol.address } as const
    const { fact } = answerOf(chain, subject)
    chain.tick(timeOf(40))
    const placed = answerOf(chain, { kind: 'transaction', hash: transactionHash(sent) })
    const start = startLight(genesis, genesisHash(genesis))
    if (!start.ok) throw new Error(start.error.message)
    expect(placed.path.length).toBeGreaterThan(0)
    expect(check({ ...placed, fact }, subject, start.value)).toMatchObject({
      error: { code: 'MALFORMED' },
    })
  })

  test('LIGHT-8: a proof of one thing shows no other', () => {
    for (const [name, subject] of cases) {
      const answer = answerOf(engine, subject)
      for (const [another, wanted] of cases) {
        if (another !== name)
          expect([name, another, check(answer, wanted).ok]).toEqual([name, another, false])
      }
    }
  })

  test('LIGHT-8: only what stands under the verified block counts, and of states the newest', () => {
    const subject = subjects['an account'] as LightSubject
    const answer = answerOf(engine, subject)
    const older = { ...answer, update: { steps: way.slice(0, 2), more: false } }
    expect(check(older, subject)).toMatchObject({ error: { code: 'NOT_ON_CHAIN' } })
    const nowhere = { ...answer, update: { steps: [], more: false } }
    expect(check(nowhere, subject)).toMatchObject({ error: { code: 'MALFORMED' } })
    const moved = { ...answer, path: toThird.path }
    expect(check(moved, subject).ok).toBe(false)
    const payment = subjects['a transaction'] as LightSubject
    const elsewhere = { ...answerOf(engine, payment), path: [] }
    expect(check(elsewhere, payment)).toMatchObject({ error: { code: 'NOT_ON_CHAIN' } })
  })
})

describe('whatever is changed', () => {
  const isTaken = (bytes: Uint8Array, subject: LightSubject, from: LightState) => {
    const decoded = decodeCanonical(lightAnswerCoder, bytes)
    return decoded.ok && check(decoded.value, subject, from).ok
  }
  const expectBound = (subject: LightSubject, from: LightState) => {
    const bytes = lightAnswerCoder.encode(answerOf(engine, subject, from.head.height))
    expect(isTaken(bytes, subject, from)).toBe(true)
    const taken: number[] = []
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.map((byte, index) => (index === at ? byte ^ (1 << (at % 8)) : byte))
      if (isTaken(changed, subject, from)) taken.push(at)
    }
    expect(taken).toEqual([])
  }

  test.each(cases)('LIGHT-9: %s: with any byte changed the answer is refused', (_, subject) => {
    expectBound(subject, stateAt(13))
  })

  test('LIGHT-9: with any byte of a way through both changes altered nothing is believed', () => {
    expectBound(subjects['a transaction'] as LightSubject, client)
  })

  test('LIGHT-9: cut off, lengthened or spliced it is refused', () => {
    const subject = subjects['a transaction'] as LightSubject
    const bytes = lightAnswerCoder.encode(answerOf(engine, subject))
    const refused = (given: Uint8Array) => expect(isTaken(given, subject, client)).toBe(false)
    for (let length = 0; length < bytes.length; length++) refused(bytes.subarray(0, length))
    refused(Uint8Array.of(...bytes, 0))
    const more = fc.uint8Array({ minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), more, (at, extra) => {
        refused(Uint8Array.of(...bytes.subarray(0, at), ...extra, ...bytes.subarray(at)))
      }),
    )
  })

  test('LIGHT-9: the genesis and the state that it begins with are bound too', () => {
    const subject = subjects['an account'] as LightSubject
    const answer = answerOf(engine, subject)
    const otherwise: LightState[] = [
      { ...client, genesisHash: new Uint8Array(32) },
      { ...client, authorities: sets[1] },
      { ...client, head: { ...client.head, hash: new Uint8Array(32) } },
      { ...client, head: { ...client.head, height: 1 } },
    ]
    for (const state of otherwise) expect(check(answer, subject, state).ok).toBe(false)
  })

  test('LIGHT-9: rubbish is refused and never throws', () => {
    const subject = subjects['an account'] as LightSubject
    const answer = answerOf(engine, subject)
    const rubbish = [
      null,
      7,
      {},
      { update: null },
      { ...answer, fact: {} },
      { ...answer, path: [7] },
    ]
    for (const given of rubbish) expect(check(given as never, subject).ok).toBe(false)
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        expect(check(anything as never, subject).ok).toBe(false)
        expect(check({ ...answer, fact: anything } as never, subject).ok).toBe(false)
        expect(readLightAnswer(anything).ok).toBe(false)
      }),
    )
  })

  test.each(cases)('LIGHT-9: %s comes through JSON as it is', (_, subject) => {
    const answer = answerOf(engine, subject)
    const json = JSON.parse(JSON.stringify(lightAnswerToJson(answer))) as unknown
    const read = readLightAnswer(json)
    if (!read.ok) throw new Error(read.error.message)
    expect(lightAnswerCoder.encode(read.value)).toEqual(lightAnswerCoder.encode(answer))
  })
})

describe('what a site shows', () => {
  test('LIGHT-10: from any height on the way to the newest block', () => {
    for (let from = 0; from <= 14; from++) {
      const start = from === 0 ? client : stateAt(from)
      const subject = subjects['a transaction'] as LightSubject
      const done = check(answerOf(engine, subject, from), subject, start)
      expect([from, done.ok && done.value.state.head.height]).toEqual([from, 14])
    }
  })

  test('LIGHT-10: to any final block that is asked for, and nowhere else', () => {
    for (let to = 1; to <= 14; to++) {
      const reached = advanceLight(client, engine.lightUpdate(0, to), verifier)
      expect([to, reached.ok && reached.value.head.hash]).toEqual([to, engine.blockAt(to)?.hash])
    }
    expect(advanceLight(stateAt(7), engine.lightUpdate(7, 7), verifier)).toEqual(ok(stateAt(7)))
    for (const to of [0, 15]) {
      expect(engine.lightUpdate(3, to)).toEqual({ steps: [], more: false })
    }
    const own = engine.lightState()
    expect(own).toMatchObject({ head: stateAt(14).head, authorities: stateAt(14).authorities })
    expect(own?.genesisHash).toEqual(client.genesisHash)
  })

  test('LIGHT-10: the way names the changes that are needed, wherever they are', () => {
    const eras = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 9 })), { minLength: 1 })
    fc.assert(
      fc.property(eras, fc.nat(), fc.integer({ min: 1, max: 20 }), (lengths, start, limit) => {
        const setAt = lengths.flatMap(([set, length]) => Array<number>(length).fill(set))
        const to = setAt.length - 1
        const from = start % setAt.length
        const read = (height: number) => Uint8Array.of(setAt[height] as number)
        const found = changesBetween(read, { from, to, limit })
        let current = setAt[from]
        for (const height of found) {
          // Each stands right behind a block of the set that the client has by then.
          expect(setAt[height - 1]).toBe(current)
          expect(setAt[height]).not.toBe(current)
          current = setAt[height]
        }
        expect(found).toEqual([...found].sort((a, b) => a - b))
        if (found.length < limit) expect(current).toBe(setAt[to])
      }),
    )
  })

  test('LIGHT-10: a way that is too long is walked in pieces', () => {
    const first = { steps: [toSecond], more: true }
    const half = advanceLight(client, first, verifier)
    if (!half.ok) throw new Error(half.error.message)
    expect(half.value.head.height).toBe(setEnds[0])
    const subject = subjects['an account'] as LightSubject
    const answer = { update: first, fact: undefined, path: [] }
    expect(check(answer, subject)).toMatchObject({ value: { fact: undefined } })
    // It has to lead on, or it would never end.
    expect(advanceLight(half.value, first, verifier)).toMatchObject({
      error: { code: 'MALFORMED' },
    })
    expect(advanceLight(client, { steps: [], more: true }, verifier).ok).toBe(false)
  })

  test('LIGHT-10: nothing is shown while nothing is final', () => {
    const fresh = mustOpen({ store: createMemoryChainStore(), genesis: lightGenesis })
    expect(fresh.lightUpdate(0)).toEqual({ steps: [], more: false })
    const account = { kind: 'account', address: alice.address } as const
    expect(fresh.lightProof(account, 0)).toMatchObject({ code: 'NOT_FINAL' })
    fresh.submit([parts.paying], timeOf(1, lightGenesis))
    const waiting = { kind: 'transaction', hash: transactionHash(parts.paying) } as const
    expect(fresh.lightProof(waiting, 0)).toMatchObject({ code: 'NOT_FINAL' })
  })
})

describe('what is told and remembered', () => {
  test('LIGHT-11: a verdict says where the fact stands, under which block, and how old that is', () => {
    const subject = subjects['a transaction'] as LightSubject
    const done = check(answerOf(engine, subject), subject)
    if (!done.ok || !done.value.fact) throw new Error('a finding')
    const found = { ok: true, value: { ...done.value, fact: done.value.fact } } as const
    expect(verdictOf(found, headSlot + 7)).toMatchObject({
      state: 'verified',
      fact: { block: { height: 1 } },
      headHeight: 14,
      ageSlots: 7,
    })
    // A clock that is behind makes nothing younger than now.
    expect(verdictOf(found, 0)).toMatchObject({ ageSlots: 0 })
    const fault = follow([toThird], atHead)
    expect(verdictOf(fault as never, 0)).toMatchObject({
      state: 'unverifiable',
      code: 'HEAD_OLDER',
      reason: expect.stringContaining('block 14 was verified before'),
    })
  })

  test('LIGHT-12: a state is remembered in bytes, for its own chain alone', () => {
    const bytes = encodeLightState(atHead)
    expect(decodeLightState(lightGenesis, bytes)).toEqual(atHead)
    expect(decodeLightState(createGenesis(), bytes)).toBeUndefined()
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeLightState(lightGenesis, bytes.subarray(0, length))).toBeUndefined()
    }
  })
})

/** What a client knows that has followed the chain up to a height. */
function stateAt(height: number): LightState {
  const header = engine.blockAt(height)
  if (!header) throw new Error('a block')
  const [authorities, since] =
    height >= setEnds[1]
      ? [sets[2], setEnds[1]]
      : height >= setEnds[0]
        ? [sets[1], setEnds[0]]
        : [sets[0], 0]
  const head = { hash: header.hash, height, slot: Number(header.header.slot) }
  return { ...client, authorities, since, head }
}
