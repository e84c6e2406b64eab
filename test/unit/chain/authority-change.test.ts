/** One set of authorities after another, without stopping the chain. */
import { describe, expect, test } from 'vitest'
import { bytesEqual } from '../../../core/base/bytes.ts'
import { blockCoder } from '../../../core/chain/block.ts'
import { openEngine } from '../../../core/chain/engine.ts'
import type { Engine } from '../../../core/chain/engine-api.ts'
import { sufficientFee } from '../../../core/chain/fees.ts'
import {
  type AuthoritySet,
  authoritySetHash,
  genesisHash,
  slotMs,
} from '../../../core/chain/genesis.ts'
import {
  type AuthorityChangeTerms,
  authorityChangeSigningBytes,
} from '../../../core/chain/messages/authority-change.ts'
import { outcomeCodes } from '../../../core/chain/outcome.ts'
import { answerPull, applyPull, pullRequest } from '../../../core/chain/sync.ts'
import { signTransaction, type TransactionBody } from '../../../core/chain/transaction.ts'
import { cheapPerson, cheapVerifier, type Person } from '../../simulation/cluster/keys.ts'
import { clusterGenesis, users } from '../../simulation/cluster/sites.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'

const genesis = clusterGenesis(3)
const hash = genesisHash(genesis)
const at = (slot: number): number => Number(genesis.genesisTimeMs) + slot * slotMs
const authority = (index: number): Person => cheapPerson(`authority ${index}`)
const setOf = (...indexes: number[]): AuthoritySet =>
  indexes.map((index) => ({ publicKey: authority(index).publicKey, name: `site-${index}` }))
const oldSet = genesis.authorities

const open = (index: number | undefined, store = createMemoryChainStore()): Engine => {
  const signer = index === undefined ? undefined : authority(index)
  const opened = openEngine({ store, genesis, verifier: cheapVerifier, signer })
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}

/** Everybody asks everybody, until nobody learns anything. */
function gossip(engines: readonly Engine[], slot: number): void {
  for (let round = 0; round < 4; round++) {
    for (const engine of engines) {
      for (const from of engines) {
        if (from === engine) continue
        const { refused } = applyPull(engine, answerPull(from, pullRequest(engine)), at(slot))
        expect(refused).toEqual([])
      }
    }
  }
}

/** Lets time pass on a network without faults. */
function pass(engines: readonly Engine[], { from, to }: { from: number; to: number }): void {
  for (let slot = from; slot <= to; slot++) {
    for (const engine of engines) engine.tick(at(slot))
    gossip(engines, slot)
  }
}

const [ann = authority(0)] = users

function change(
  terms: Partial<AuthorityChangeTerms> & Pick<AuthorityChangeTerms, 'height'>,
  { by = [0, 1], nonce = 0n }: { by?: readonly number[]; nonce?: bigint } = {},
): Uint8Array {
  const whole: AuthorityChangeTerms = {
    old: authoritySetHash(oldSet),
    set: setOf(1, 2, 3),
    ...terms,
  }
  const message = authorityChangeSigningBytes(hash, whole)
  const signatures = by.map((index) => ({
    authority: index,
    signature: authority(index).sign(message),
  }))
  const draft: TransactionBody = {
    version: 1,
    sender: ann.publicKey,
    nonce,
    fee: 0n,
    validUntil: 5_000n,
    message: { TAG: 'authority_change', data: { terms: whole, signatures } },
  }
  return signTransaction(hash, { ...draft, fee: sufficientFee(genesis.parameters, draft) }, ann)
}

const submit = (engine: Engine, bytes: Uint8Array, slot: number): Uint8Array => {
  const [verdict] = engine.submit([bytes], at(slot))
  if (!verdict?.ok) throw new Error(verdict?.error.message)
  return verdict.hash
}
const outcomeOf = (engine: Engine, transaction: Uint8Array): number | undefined =>
  engine.transaction(transaction)?.outcome?.code
const proposersOf = (engine: Engine, from: number, to: number): string[] =>
  engine.hashesFrom(from, to - from + 1).map((one) => {
    const bytes = engine.blockBytes(one)
    if (!bytes) throw new Error('a block is missing')
    const { proposer } = blockCoder.decode(bytes).signedHeader.header
    return [0, 1, 2, 3]
      .find((index) => bytesEqual(authority(index).publicKey, proposer))!
      .toString()
  })

describe('a change', () => {
  test.each([
    [
      'of another set than that in force',
      { old: authoritySetHash(setOf(0, 1)) },
      {},
      'authority_set_unknown',
    ],
    ['at a height that has passed', { height: 1n }, {}, 'height_invalid'],
    ['at a height too far away', { height: 5_000_000n }, {}, 'height_invalid'],
    ['to nobody', { set: [] }, {}, 'set_invalid'],
    ['to one key twice', { set: setOf(1, 1) }, {}, 'set_invalid'],
    ['signed by too few', {}, { by: [2] }, 'quorum_missing'],
    ['signed twice by one', {}, { by: [1, 1] }, 'quorum_missing'],
    ['signed by strangers', {}, { by: [0, 3] }, 'quorum_missing'],
  ] as const)('AUTH-1: %s does nothing', (_what, terms, by, code) => {
    const engines = [open(0), open(1), open(2)]
    const [first] = engines as [Engine, ...Engine[]]
    const sent = submit(first, change({ height: 9n, ...terms } as never, by), 1)
    pass(engines, { from: 1, to: 6 })
    expect(outcomeOf(first, sent)).toBe(outcomeCodes[code])
    expect(first.status(at(6)).closesAt).toBeUndefined()
  })

  test('AUTH-6: one at a time', () => {
    const engines = [open(0), open(1), open(2)]
    const [first] = engines as [Engine, ...Engine[]]
    const one = submit(first, change({ height: 50n }), 1)
    const two = submit(first, change({ height: 60n }, { nonce: 1n }), 1)
    pass(engines, { from: 1, to: 4 })
    expect([one, two].map((sent) => outcomeOf(first, sent))).toEqual([
      outcomeCodes.applied,
      outcomeCodes.change_pending,
    ])
  })
})

describe('the height of a change', () => {
  const changed = () => {
    const engines = [open(0), open(1), open(2), open(3)]
    const [first] = engines as [Engine, ...Engine[]]
    submit(first, change({ height: 5n }), 1)
    pass(engines, { from: 1, to: 30 })
    return engines as [Engine, Engine, Engine, Engine]
  }

  test('AUTH-2: up to there the old set makes and finalizes, above it the new one', () => {
    const [first, , , fourth] = changed()
    const { height, finalHeight } = first.head()
    // Idle since: the heartbeat is all that is left.
    expect(height).toBeGreaterThan(6)
    expect(finalHeight).toBe(height)
    expect(fourth.head().hash).toEqual(first.head().hash)
    expect(new Set(proposersOf(first, 1, 5))).toEqual(new Set(['0', '1', '2']))
    expect(proposersOf(first, 6, height).every((index) => '123'.includes(index))).toBe(true)
    const names = first.status(at(30)).authorities.map(({ name }) => name)
    expect(names).toEqual(['site-1', 'site-2', 'site-3'])
    const follows = (at: number) => first.blockAt(at)?.header.authorities
    expect(follows(4)).toEqual(authoritySetHash(oldSet))
    expect(follows(5)).toEqual(authoritySetHash(setOf(1, 2, 3)))
    expect(first.head().certificate?.authorities).toEqual(authoritySetHash(setOf(1, 2, 3)))
    // The new member signs, the old one does not any more.
    expect([first, fourth].map((engine) => engine.status(at(30)).proposing)).toEqual([false, true])
  })

  test('AUTH-3: a change is work: blocks come until its height, without transactions', () => {
    const engines = [open(0), open(1), open(2)]
    const [first] = engines as [Engine, ...Engine[]]
    submit(first, change({ height: 8n, set: setOf(0, 1, 2, 3) }), 1)
    pass(engines, { from: 1, to: 10 })
    expect(first.head()).toMatchObject({ height: 8, finalHeight: 8 })
  })

  test('AUTH-3: no block follows the last of a set until that is final', () => {
    const engines = [open(0), open(1), open(2)]
    const [first, second, third] = engines as [Engine, Engine, Engine]
    submit(first, change({ height: 5n, set: setOf(0, 1) }), 1)
    pass(engines, { from: 1, to: 6 })
    expect(first.head()).toMatchObject({ height: 4, finalHeight: 4 })
    // The last one is made while nobody hears of it.
    for (let slot = 7; slot <= 40; slot++) third.tick(at(slot))
    expect(third.head()).toMatchObject({ height: 5, finalHeight: 4 })
    expect(third.dueAtMs(at(41))).toBeGreaterThan(at(41))
    gossip(engines, 41)
    expect(first.head().finalHeight).toBe(5)
    pass([first, second], { from: 42, to: 60 })
    expect(first.head().height).toBeGreaterThan(5)
    expect(first.head().finalHeight).toBe(first.head().height)
  })

  test('AUTH-4: what the old set signs finalizes nothing above', () => {
    const [first, second] = changed()
    const { certificate } = first.head()
    if (!certificate) throw new Error('a certificate')
    const message = new Uint8Array(8)
    const forged = {
      ...certificate,
      height: certificate.height + 1n,
      block: first.head().hash,
      authorities: authoritySetHash(oldSet),
      signatures: [0, 1].map((index) => ({
        authority: index,
        signature: authority(index).sign(message),
      })),
    }
    const done = second.importCertificate(forged, at(31))
    expect(done.ok ? 'taken' : done.error.code).toBe('CERTIFICATE_INVALID')
  })

  test('AUTH-5: who comes later, or comes back, walks through the change', () => {
    const [first] = changed()
    const store = createMemoryChainStore()
    const late = open(undefined, store)
    gossip([late, first], 31)
    expect(late.head()).toMatchObject({
      height: first.head().height,
      finalHeight: first.head().finalHeight,
    })
    const again = open(2, store)
    expect(again.status(at(31)).authorities).toHaveLength(3)
    expect(again.status(at(31)).proposing).toBe(true)
  })
})
