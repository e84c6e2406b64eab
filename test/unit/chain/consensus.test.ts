import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesEqual } from '../../../core/base/bytes.ts'
import type { Certificate } from '../../../core/chain/block.ts'
import {
  type BlockRef,
  type ConsensusInput,
  type ConsensusRules,
  type ConsensusState,
  consensusDueMs,
  initialDurable,
  restoreConsensus,
  slotAt,
  slotStartMs,
  stepConsensus,
  stopReason,
} from '../../../core/chain/consensus.ts'
import { sha256 } from '../../../core/crypto/hash.ts'
import { person } from '../../support/chain-world.ts'

const authorities = [{ publicKey: person('one').publicKey, name: 'one' }]
const rules: ConsensusRules = {
  genesisTimeMs: 1_000_000,
  authorities,
  authoritiesHash: new Uint8Array(32).fill(7),
  heartbeatSlots: 30,
  self: 0,
}
const block = (height: number, slot: number, salt = 0): BlockRef => ({
  hash: sha256(Uint8Array.of(height, slot, salt)),
  height,
  slot,
})
const genesis = block(0, 0)
const start = restoreConsensus(rules, initialDurable(genesis), {
  blocks: [],
  votes: [],
  commits: [],
})
const at = (slot: number, offsetMs = 0): number => slotStartMs(rules, slot) + offsetMs
const on = (parent: BlockRef, ref: BlockRef) => ({ ...ref, parent: parent.hash })
const tick = (slot: number, ready: boolean): ConsensusInput => ({
  kind: 'tick',
  nowMs: at(slot),
  ready,
})

/** Feeds inputs, answering proposals and commits as an engine would. */
function run(state: ConsensusState, inputs: readonly ConsensusInput[], on = rules) {
  const log: string[] = []
  const feed = (input: ConsensusInput): void => {
    const done = stepConsensus(on, state, input)
    state = done.state
    for (const effect of done.effects) {
      log.push(effect.kind)
      if (effect.kind === 'propose') {
        const made = block(effect.parent.height + 1, effect.slot)
        feed({ kind: 'executed', block: { ...made, parent: effect.parent.hash }, own: true })
      }
      if (effect.kind === 'commit') {
        const signature = new Uint8Array(64)
        feed({ kind: 'commit', commit: { authority: 0, commit: effect.commit, signature } })
      }
    }
  }
  for (const input of inputs) feed(input)
  return { state, log }
}

test('CONS-1: one authority proposes in its slot, commits, and its block is final at once', () => {
  const { state, log } = run(start, [tick(3, true)])
  expect(log).toEqual(['propose', 'adopt', 'commit', 'finalize'])
  expect(state.head).toEqual(block(1, 3))
  expect(state.final).toEqual(block(1, 3))
  expect(state.certificate).toMatchObject({
    authorities: rules.authoritiesHash,
    slot: 3n,
    height: 1n,
    block: block(1, 3).hash,
    signatures: [{ authority: 0 }],
  })
})

test('CONS-2: one block a slot, whatever alarm comes between', () => {
  const first = run(start, [tick(3, true), tick(3, true), tick(3, true)])
  expect(first.log.filter((kind) => kind === 'propose')).toHaveLength(1)
  // Also when the proposal was recorded but its block is gone: a crash never signs a slot twice.
  const crashed = { ...start, proposedSlot: 3 }
  expect(run(crashed, [tick(3, true)]).log).toEqual([])
  expect(run(crashed, [tick(4, true)]).log).toContain('propose')
  // And when the clock goes back.
  expect(run(first.state, [tick(2, true), tick(1, true)]).log).toEqual([])
})

test('CONS-3: idle, a block comes with the heartbeat; with work, in the current slot', () => {
  expect(run(start, [tick(29, false)]).log).toEqual([])
  expect(run(start, [tick(30, false)]).log).toContain('propose')
  const due = (ready: boolean, slot: number) =>
    consensusDueMs(rules, start, { nowMs: at(slot, 500), ready })
  expect(due(false, 5)).toBe(at(30))
  expect(due(true, 5)).toBe(at(5, 500))
  expect(due(false, 77)).toBe(at(77, 500))
  const { state } = run(start, [tick(5, true)])
  expect(consensusDueMs(rules, state, { nowMs: at(5, 900), ready: true })).toBe(at(6))
  expect(consensusDueMs(rules, state, { nowMs: at(5, 900), ready: false })).toBe(at(35))
})

test('CONS-4: nothing is due in the past, and a tick at the due time has an effect', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 200_000 })), fc.boolean(), (times, ready) => {
      let state = start
      for (const time of times.sort((a, b) => a - b)) {
        const nowMs = rules.genesisTimeMs - 5_000 + time
        const dueMs = consensusDueMs(rules, state, { nowMs, ready })
        expect(dueMs).toBeGreaterThanOrEqual(nowMs)
        const early = run(state, [{ kind: 'tick', nowMs: dueMs - 1, ready }])
        if (dueMs > nowMs) expect(early.log).toEqual([])
        const done = run(state, [{ kind: 'tick', nowMs: dueMs, ready }])
        expect(done.log).toContain('propose')
        state = done.state
      }
    }),
  )
})

test('CONS-5: before genesis nothing happens', () => {
  expect(slotAt(rules, rules.genesisTimeMs - 1)).toBe(-1)
  expect(run(start, [{ kind: 'tick', nowMs: 5, ready: true }]).log).toEqual([])
  expect(consensusDueMs(rules, start, { nowMs: 5, ready: true })).toBe(at(1))
})

test('CONS-6: a site that meets its own signature unremembered signs nothing until it is told to', () => {
  const met = run(start, [{ kind: 'own_signature_met', slot: 50 }])
  expect(stopReason(rules, met.state)).toBe('unremembered_signature')
  expect(run(met.state, [tick(60, true)]).log).toEqual([])
  expect(consensusDueMs(rules, met.state, { nowMs: at(60), ready: true })).toBe(at(90))
  const again = run(met.state, [{ kind: 'resume', nowMs: at(60, 5) }])
  expect(stopReason(rules, again.state)).toBeUndefined()
  // Not in a slot in which the other copy may have signed.
  expect(run(again.state, [tick(60, true)]).log).toEqual([])
  expect(run(again.state, [tick(61, true)]).log).toContain('propose')
})

test('CONS-7: without a key a site signs nothing', () => {
  const follower = { ...rules, self: undefined }
  expect(run(start, [tick(60, true)], follower).log).toEqual([])
  expect(stopReason(follower, start)).toBeUndefined()
})

const executed = (parent: BlockRef, ref: BlockRef): ConsensusInput => ({
  kind: 'executed',
  block: on(parent, ref),
  own: false,
})

test('CONS-8: above the final block the longer chain is better, then the lower hash', () => {
  const follower = { ...rules, self: undefined }
  const take = (state: ConsensusState, parent: BlockRef, ref: BlockRef) =>
    run(state, [executed(parent, ref)], follower)
  const one = take(start, genesis, block(1, 3))
  expect(one.log).toEqual(['adopt'])
  const siblings = [block(1, 4), block(1, 5), block(1, 6)]
  for (const sibling of siblings) {
    const lower = Buffer.compare(sibling.hash, one.state.head.hash) < 0
    expect(take(one.state, genesis, sibling).log).toEqual(lower ? ['adopt'] : [])
  }
  const other = take(one.state, genesis, block(1, 4)).state
  expect(take(other, block(1, 4), block(2, 9)).state.head).toEqual(block(2, 9))
  // What stands on nothing that is held is nobody's head.
  expect(take(one.state, block(8, 8), block(9, 9)).state).toBe(one.state)
})

const certificateOf = (ref: BlockRef): Certificate => ({
  authorities: rules.authoritiesHash,
  slot: BigInt(ref.slot),
  height: BigInt(ref.height),
  block: ref.hash,
  signatures: [{ authority: 0, signature: new Uint8Array(64) }],
})

test('CONS-9: a certificate makes final, moves the head to its branch, and never goes back', () => {
  const follower = { ...rules, self: undefined }
  const [first, second] = [block(1, 3), block(1, 9)]
  const held = run(start, [executed(genesis, first), executed(genesis, second)], follower).state
  const certified = (ref: BlockRef): ConsensusInput => ({
    kind: 'certified',
    certificate: certificateOf(ref),
  })
  const [head, other] = bytesEqual(held.head.hash, first.hash) ? [first, second] : [second, first]
  expect(run(held, [certified(head)], follower).log).toEqual(['finalize'])
  const moved = run(held, [certified(other)], follower)
  expect(moved.log).toEqual(['adopt', 'finalize'])
  expect(moved.state.head).toEqual(other)
  expect(run(moved.state, [certified(head)], follower).log).toEqual([])
  expect(run(moved.state, [executed(head, block(2, 10))], follower).log).toEqual([])
})
