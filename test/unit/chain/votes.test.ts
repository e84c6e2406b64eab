/** Finality among several authorities: votes, locks, commits, and what an honest site never does. */
import { describe, expect, test } from 'vitest'
import { bytesEqual, toHex } from '../../../core/base/bytes.ts'
import {
  type BlockRef,
  type ConsensusEffect,
  type ConsensusInput,
  type ConsensusRules,
  type ConsensusState,
  consensusDueMs,
  initialDurable,
  restoreConsensus,
  slotStartMs,
  stepConsensus,
  stopReason,
} from '../../../core/chain/consensus.ts'
import { messagesPerSlotMax } from '../../../core/chain/limits.ts'
import type { AuthorityCommit, AuthorityVote } from '../../../core/chain/vote.ts'
import { sha256 } from '../../../core/crypto/hash.ts'
import { person } from '../../support/chain-world.ts'

const authorities = ['one', 'two', 'three', 'four'].map((name) => ({
  publicKey: person(name).publicKey,
  name,
}))
const set = new Uint8Array(32).fill(7)
const rules: ConsensusRules = {
  genesisTimeMs: 1_000_000,
  authorities,
  authoritiesHash: set,
  heartbeatSlots: 30,
  self: 0,
}
const watcher: ConsensusRules = { ...rules, self: undefined }

const block = (height: number, slot: number, salt = 0): BlockRef => ({
  hash: sha256(Uint8Array.of(height, slot, salt)),
  height,
  slot,
})
const genesis = block(0, 0)
const nothing = { blocks: [], votes: [], commits: [] }
const fresh = (on = rules) => restoreConsensus(on, initialDurable(genesis), nothing)

const executed = (parent: BlockRef, ref: BlockRef): ConsensusInput => ({
  kind: 'executed',
  block: { ...ref, parent: parent.hash },
  own: false,
})
const voteBy = (authority: number, source: BlockRef, target: BlockRef): AuthorityVote => ({
  authority,
  vote: {
    authorities: set,
    source: { slot: BigInt(source.slot), block: source.hash },
    target: { slot: BigInt(target.slot), height: BigInt(target.height), block: target.hash },
  },
  signature: sha256(Uint8Array.of(authority), source.hash, target.hash),
})
const commitBy = (authority: number, ref: BlockRef, change: object = {}): AuthorityCommit => ({
  authority,
  commit: {
    authorities: set,
    slot: BigInt(ref.slot),
    height: BigInt(ref.height),
    block: ref.hash,
    ...change,
  },
  signature: sha256(Uint8Array.of(authority, 1), ref.hash),
})
const vote = (...of: Parameters<typeof voteBy>): ConsensusInput => ({
  kind: 'vote',
  vote: voteBy(...of),
})
const commit = (...of: Parameters<typeof commitBy>): ConsensusInput => ({
  kind: 'commit',
  commit: commitBy(...of),
})

/** Feeds inputs, signing what this site is asked to sign. */
function run(state: ConsensusState, inputs: readonly ConsensusInput[], on = rules) {
  const effects: ConsensusEffect[] = []
  const feed = (input: ConsensusInput): void => {
    const done = stepConsensus(on, state, input)
    state = done.state
    for (const effect of done.effects) {
      effects.push(effect)
      const signature = new Uint8Array(64)
      if (effect.kind === 'vote') {
        feed({ kind: 'vote', vote: { authority: 0, vote: effect.vote, signature } })
      }
      if (effect.kind === 'commit') {
        feed({ kind: 'commit', commit: { authority: 0, commit: effect.commit, signature } })
      }
    }
  }
  for (const input of inputs) feed(input)
  return { state, effects, log: effects.map(({ kind }) => kind) }
}

const votesOf = (effects: readonly ConsensusEffect[]) =>
  effects.flatMap((effect) => (effect.kind === 'vote' ? [effect.vote] : []))
const commitsOf = (effects: readonly ConsensusEffect[]) =>
  effects.flatMap((effect) => (effect.kind === 'commit' ? [effect.commit] : []))

const [a, b, c] = [block(1, 1), block(2, 2), block(3, 3)]
/** The other branch, from genesis. */
const [x, y] = [block(1, 4), block(2, 5)]

describe('votes', () => {
  test('CONS-11: the head just executed is voted for, from its latest justified ancestor', () => {
    const { effects } = run(fresh(), [executed(genesis, a), executed(a, b)])
    expect(votesOf(effects)).toEqual([voteBy(0, genesis, a).vote, voteBy(0, genesis, b).vote])
    const justified = run(fresh(), [
      executed(genesis, a),
      vote(1, genesis, a),
      vote(2, genesis, a),
      executed(a, b),
    ])
    expect(votesOf(justified.effects)[1]).toEqual(voteBy(0, a, b).vote)
  })

  test('CONS-11: one vote a slot, and slots only rise', () => {
    const twin = block(1, 1, 9)
    const { effects } = run(fresh(), [executed(genesis, a), executed(genesis, twin)])
    expect(votesOf(effects)).toHaveLength(1)
    // A head with an earlier slot gets none, however good.
    const late = run(fresh(), [
      executed(genesis, x),
      executed(genesis, a),
      vote(1, genesis, a),
      vote(2, genesis, a),
      vote(3, genesis, a),
      executed(a, b),
    ])
    expect(votesOf(late.effects).map(({ target }) => target.slot)).toEqual([4n])
    expect(late.state.head).toEqual(b)
  })

  test('CONS-12: a quorum of votes justifies, each from a justified block that the target stands on', () => {
    const held = [executed(genesis, a), executed(a, b), executed(genesis, x)]
    const justified = (...votes: ConsensusInput[]) =>
      run(fresh(watcher), [...held, ...votes], watcher).state.tree.justified.has(toHex(b.hash))
    expect(justified(vote(0, genesis, b), vote(1, genesis, b))).toBe(false)
    expect(justified(vote(0, genesis, b), vote(1, genesis, b), vote(2, genesis, b))).toBe(true)
    expect(justified(vote(0, genesis, b), vote(1, genesis, b), vote(1, genesis, b))).toBe(false)
    // From a block that is not justified, or that the target does not stand on, a vote is void.
    expect(justified(vote(0, genesis, b), vote(1, genesis, b), vote(2, a, b))).toBe(false)
    expect(justified(vote(0, genesis, b), vote(1, genesis, b), vote(2, x, b))).toBe(false)
    // As soon as its source is justified it counts.
    const later = [0, 1, 2].map((authority) => vote(authority, genesis, a))
    expect(justified(vote(0, a, b), vote(1, a, b), vote(2, a, b), ...later)).toBe(true)
  })

  test('CONS-13: with a justified block of a later slot the head is on it, however short', () => {
    const { state } = run(
      fresh(watcher),
      [
        executed(genesis, a),
        executed(a, b),
        executed(b, c),
        executed(genesis, x),
        ...[0, 1, 2].map((authority) => vote(authority, genesis, x)),
      ],
      watcher,
    )
    expect(state.head).toEqual(x)
  })

  test('CONS-15: votes and commits that come before their block count when it comes', () => {
    const early = [0, 1, 2].flatMap((authority) => [
      vote(authority, genesis, a),
      commit(authority, a),
    ])
    const waiting = run(fresh(watcher), early, watcher)
    expect(waiting.log).toEqual([])
    expect(run(waiting.state, [executed(genesis, a)], watcher).log).toEqual(['adopt', 'finalize'])
  })
})

describe('commits', () => {
  const quorumFor = (source: BlockRef, target: BlockRef) =>
    [1, 2, 3].map((authority) => vote(authority, source, target))

  test('CONS-14: a justified block is committed to, once, and becomes the lock', () => {
    const { state, effects } = run(fresh(), [executed(genesis, a), ...quorumFor(genesis, a)])
    expect(commitsOf(effects)).toEqual([commitBy(0, a).commit])
    expect(state.lock).toEqual({ slot: 1, hash: a.hash })
  })

  test('CONS-14: not to a block that one of its later votes does not stand on', () => {
    // It voted for the branch of slot 4; then the block of slot 1 turns out to be justified.
    const { effects } = run(fresh(), [
      executed(genesis, x),
      executed(genesis, a),
      ...quorumFor(genesis, a),
    ])
    expect(votesOf(effects).map(({ target }) => target.slot)).toEqual([4n])
    expect(commitsOf(effects)).toEqual([])
  })

  test('CONS-14: no vote leaves the lock behind until something later is justified', () => {
    const locked = run(fresh(), [executed(genesis, a), ...quorumFor(genesis, a)]).state
    // A restart forgets the others' votes; the lock stays, and what it names was justified.
    const { head, final, certificate, proposedSlot, votedSlot, lock, stopped } = locked
    const durable = { head, final, certificate, proposedSlot, votedSlot, lock, stopped }
    const blocks = [{ ...a, parent: genesis.hash }]
    const back = restoreConsensus(rules, durable, { blocks, votes: [], commits: [] })
    const beside = run(back, [executed(genesis, x), executed(x, y)])
    expect(votesOf(beside.effects)).toEqual([])
    expect(beside.state.head).toEqual(a)
    // When the others justify the other branch after all, it follows and votes from there.
    const moved = run(beside.state, quorumFor(genesis, y))
    expect(moved.state.head).toEqual(y)
    const z = block(3, 6)
    const next = run(moved.state, [executed(y, z)])
    expect(votesOf(next.effects)).toEqual([voteBy(0, y, z).vote])
    expect(commitsOf(moved.effects)).toEqual([commitBy(0, y).commit])
  })

  test('CONS-10: a quorum of distinct authorities of this set for one block is a certificate', () => {
    const held = run(fresh(watcher), [executed(genesis, a)], watcher).state
    const vain = [
      commit(0, a),
      commit(0, a),
      commit(1, x),
      commit(1, a, { authorities: new Uint8Array(32) }),
      commit(1, a, { height: 9n }),
      commit(2, a),
    ]
    const short = run(held, vain, watcher)
    expect(short.log.filter((kind) => kind !== 'offence')).toEqual([])
    const done = run(short.state, [commit(3, a)], watcher)
    expect(done.log).toEqual(['finalize'])
    expect(done.state.certificate?.signatures.map((one) => one.authority)).toEqual([0, 2, 3])
    expect(done.state.final).toEqual(a)
  })

  test('CONS-10: a quorum of commits finalizes the ancestors too, and needs no successor', () => {
    const commits = [1, 2, 3].map((authority) => commit(authority, c))
    const { state, effects } = run(
      fresh(watcher),
      [executed(genesis, a), executed(a, b), executed(b, c), ...commits],
      watcher,
    )
    expect(effects.at(-1)).toMatchObject({ kind: 'finalize', previous: genesis, block: c })
    expect(state.tree.blocks.size).toBe(0)
    expect(state.votes.size + state.commits.size).toBe(0)
  })
})

describe('a site that may have forgotten', () => {
  const at = (slot: number) => slotStartMs(rules, slot)
  const tick = (slot: number): ConsensusInput => ({ kind: 'tick', nowMs: at(slot), ready: true })
  const met: ConsensusInput = { kind: 'own_signature_met', slot: 8 }

  test('CONS-16: it signs again when the others alone finalize a later block', () => {
    const later = block(1, 9)
    const stopped = run(fresh(), [met, executed(genesis, later)])
    expect(stopReason(rules, stopped.state)).toBe('unremembered_signature')
    expect(votesOf(stopped.effects)).toEqual([])
    const withItself = [0, 1, 2].map((authority) => commit(authority, later))
    expect(run(stopped.state, withItself).state.stopped).toEqual({ slot: 8, passed: false })
    const byOthers = [1, 2, 3].map((authority) => commit(authority, later))
    const passed = run(stopped.state, byOthers).state
    expect(consensusDueMs(rules, passed, { nowMs: at(20), ready: true })).toBe(at(20))
    const again = run(passed, [tick(20)])
    expect(again.log).toEqual([])
    expect(stopReason(rules, again.state)).toBeUndefined()
    // Nothing for a slot up to then, and no vote from a block before it.
    const [d, e] = [block(2, 21), block(3, 22)]
    const next = run(again.state, [executed(later, d), executed(d, e)])
    expect(votesOf(next.effects)).toEqual([])
    const followed = run(next.state, [
      ...[1, 2, 3].map((authority) => vote(authority, later, e)),
      executed(e, block(4, 23)),
    ])
    expect(votesOf(followed.effects)).toEqual([voteBy(0, e, block(4, 23)).vote])
  })

  test('CONS-16: a clock that went back gives no slot and no lock back', () => {
    const passed = { ...fresh(), proposedSlot: 40, votedSlot: 35, lock: { slot: 33, hash: a.hash } }
    const stopped = { ...passed, stopped: { slot: 8, passed: true } }
    const { state } = run(stopped, [tick(20)])
    expect(state).toMatchObject({ proposedSlot: 40, votedSlot: 35, stopped: undefined })
    expect(state.lock).toEqual({ slot: 33, hash: undefined })
  })

  test('CONS-16: an earlier block that others finalize is not enough', () => {
    const byOthers = [1, 2, 3].map((authority) => commit(authority, block(1, 7)))
    const { state } = run(fresh(), [met, executed(genesis, block(1, 7)), ...byOthers])
    expect(state.stopped).toEqual({ slot: 8, passed: false })
  })

  test('CONS-18: a restart keeps slot, lock and own votes, which still bind', () => {
    const before = run(fresh(), [executed(genesis, x)]).state
    const { head, final, certificate, proposedSlot, votedSlot, lock, stopped } = before
    const own = [...before.votes.values()].flat()
    const back = restoreConsensus(
      rules,
      { head, final, certificate, proposedSlot, votedSlot, lock, stopped },
      { blocks: [{ ...x, parent: genesis.hash }], votes: own, commits: [] },
    )
    expect(back.head).toEqual(before.head)
    const { effects } = run(back, [
      executed(genesis, a),
      ...[1, 2, 3].map((authority) => vote(authority, genesis, a)),
    ])
    expect(votesOf(effects)).toEqual([])
    expect(commitsOf(effects)).toEqual([])
  })
})

describe('work and bounds', () => {
  const at = (slot: number) => slotStartMs(rules, slot)

  test('CONS-17: a head that is not final is work, ever less while no quorum is heard', () => {
    const due = (state: ConsensusState) => {
      const nowMs = at(state.head.slot)
      const slot =
        (consensusDueMs(rules, state, { nowMs, ready: false }) - rules.genesisTimeMs) / 2_000
      return slot - state.head.slot
    }
    let state = fresh()
    let parent = genesis
    const waits: number[] = []
    for (const slot of [1, 9, 33, 101, 401]) {
      const next = block(parent.height + 1, slot)
      state = run(state, [executed(parent, next)], watcher).state
      parent = next
      waits.push(due(state))
    }
    // The first own slot after 1, 1, 4, 12 and 30 slots of patience.
    expect(waits).toEqual([3, 3, 7, 15, 31])
  })

  test('CONS-19: what one authority says for one slot is bounded, and others lose nothing by it', () => {
    const many = Array.from({ length: 20 }, (_, salt) => vote(3, genesis, block(1, 1, salt)))
    const { state } = run(fresh(watcher), [...many, vote(1, genesis, a)], watcher)
    expect(state.votes.get(1)).toHaveLength(messagesPerSlotMax + 1)
  })
})

describe('offences', () => {
  const offencesOf = (inputs: readonly ConsensusInput[]) =>
    run(fresh(watcher), inputs, watcher).effects.flatMap((effect) =>
      effect.kind === 'offence' ? [effect.offence] : [],
    )

  test('EVID-1: two blocks for one slot', () => {
    const inputs = [executed(genesis, a), executed(genesis, block(1, 1, 5))]
    expect(offencesOf(inputs)).toEqual([{ kind: 'double_block', authority: 1, slot: 1 }])
  })

  test('EVID-2: two votes, or two commits, for one slot', () => {
    const other = block(1, 1, 5)
    expect(offencesOf([vote(2, genesis, a), vote(2, genesis, other)])).toEqual([
      { kind: 'double_vote', authority: 2, slot: 1 },
    ])
    expect(offencesOf([commit(2, a), commit(2, other)])).toEqual([
      { kind: 'double_commit', authority: 2, slot: 1 },
    ])
    expect(offencesOf([vote(2, genesis, a), vote(2, genesis, a), vote(1, genesis, other)])).toEqual(
      [],
    )
  })

  test('EVID-3: a vote across its own commit, whichever comes first', () => {
    const held = [executed(genesis, a), executed(genesis, x)]
    const offence = { kind: 'crossed', authority: 2, slot: 4 }
    expect(offencesOf([...held, commit(2, a), vote(2, genesis, x)])).toEqual([offence])
    expect(offencesOf([...held, vote(2, genesis, x), commit(2, a)])).toEqual([offence])
    // Not by another authority, not on the same branch, not from the lock itself.
    expect(offencesOf([...held, commit(1, a), vote(2, genesis, x)])).toEqual([])
    expect(offencesOf([...held, executed(a, b), commit(2, a), vote(2, genesis, b)])).toEqual([])
    expect(offencesOf([...held, commit(2, a), vote(2, a, x)])).toEqual([])
  })

  test('EVID-4: both signatures are kept', () => {
    const { effects } = run(fresh(watcher), [commit(2, a), commit(2, block(1, 1, 5))], watcher)
    const found = effects.find((effect) => effect.kind === 'offence')
    expect(found).toMatchObject({ first: { commit: { authority: 2 } } })
    const second =
      found?.kind === 'offence' && 'commit' in found.second ? found.second.commit : undefined
    expect(second && bytesEqual(second.commit.block, block(1, 1, 5).hash)).toBe(true)
  })
})
