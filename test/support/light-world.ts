/**
 * A small network whose authorities change twice, with the keys at hand to forge what an attacker would:
 * one transfer, one escrow, one settlement, then idle blocks.
 */
import {
  type Certificate,
  commitSigningBytes,
  type Header,
  headerHash,
} from '../../core/chain/block.ts'
import type { Engine } from '../../core/chain/engine-api.ts'
import { type AuthoritySet, authoritySetHash, genesisHash } from '../../core/chain/genesis.ts'
import type { LightState, LightStep } from '../../core/chain/light.ts'
import { startLight } from '../../core/chain/light.ts'
import type { LightAnswer, LightSubject } from '../../core/chain/light-fact.ts'
import { proofSubjectOf } from '../../core/chain/light-fact.ts'
import {
  type AuthorityChangeTerms,
  authorityChangeSigningBytes,
} from '../../core/chain/messages/authority-change.ts'
import { answerPull, applyPull, pullRequest } from '../../core/chain/sync.ts'
import { escrowIdOf, transactionHash } from '../../core/chain/transaction.ts'
import {
  alice,
  bob,
  carol,
  coordinator,
  createGenesis,
  mustOpen,
  type Person,
  person,
  settlementItem,
  sign,
  timeOf,
  transfer,
} from './chain-world.ts'
import { createMemoryChainStore } from './memory-chain-store.ts'

const keys = [0, 1, 2, 3, 4].map((index) => person(`authority ${index}`))

/** The key of an authority. */
export const authorityKey = (index: number): Person => keys[index] as Person

/** A set of authorities by their numbers. */
export const setOf = (...indexes: number[]): AuthoritySet =>
  indexes.map((index) => ({ publicKey: authorityKey(index).publicKey, name: `site-${index}` }))

export const lightGenesis = createGenesis({ authorities: setOf(0, 1, 2) })
export const lightGenesisHash = genesisHash(lightGenesis)

/** The sets, and the heights at which each of the first two ends. */
export const sets = [setOf(0, 1, 2), setOf(1, 2, 3), setOf(2, 3, 4)] as const
export const setEnds = [6, 10] as const

/** Signs for the chain of this world. */
const signed = (input: Parameters<typeof sign>[0]) => sign({ of: lightGenesis, ...input })

const opening = signed({
  by: alice,
  message: {
    TAG: 'escrow_open',
    data: { coordinator: coordinator.publicKey, amount: 100_000_000n, expiry: 900n },
  },
})
const paying = signed({ by: bob, message: transfer(carol.address, 5_000n) })
const item = settlementItem({
  of: lightGenesis,
  authorisation: { escrow: escrowIdOf(transactionHash(opening)) },
})
const settling = signed({ by: coordinator, message: { TAG: 'settle', data: { items: [item] } } })

/** What the subjects of the tests are made of. */
export const parts = {
  opening,
  paying,
  settling,
  escrow: escrowIdOf(transactionHash(opening)),
  receipt: item.release.receiptHash,
}

const change = (index: 0 | 1, by: readonly number[], nonce: bigint): Uint8Array => {
  const terms: AuthorityChangeTerms = {
    old: authoritySetHash(sets[index]),
    set: sets[index + 1] as AuthoritySet,
    height: BigInt(setEnds[index]),
  }
  const message = authorityChangeSigningBytes(lightGenesisHash, terms)
  const signatures = by.map((place) => ({
    authority: place,
    signature: authorityKey(place + index).sign(message),
  }))
  const data = { terms, signatures }
  return signed({ by: bob, nonce, message: { TAG: 'authority_change', data } })
}

/** Runs the network for 14 blocks; all its sites hold the same chain at the end. */
export function openLightWorld(): { readonly engine: Engine; readonly headSlot: number } {
  const engines = keys.map((signer) =>
    mustOpen({ store: createMemoryChainStore(), genesis: lightGenesis, signer }),
  )
  const [engine] = engines as [Engine]
  const at = (slot: number) => timeOf(slot, lightGenesis)
  // To all, so that whoever's turn it is has it.
  const submit = (bytes: Uint8Array, slot: number) => {
    for (const each of engines) {
      const [verdict] = each.submit([bytes], at(slot))
      if (!verdict?.ok) throw new Error(verdict?.error.message)
    }
  }
  const plan: Readonly<Record<number, readonly Uint8Array[]>> = {
    1: [opening, paying],
    3: [settling, change(0, [0, 2], 1n)],
    9: [change(1, [0, 1], 2n)],
  }
  let slot = 0
  while (engine.head().finalHeight < 14) {
    slot += 1
    for (const bytes of plan[slot] ?? []) submit(bytes, slot)
    // Something to do in every slot, so that blocks come.
    if (slot > 14)
      submit(
        signed({ by: alice, nonce: BigInt(slot - 14), message: transfer(carol.address, 5n) }),
        slot,
      )
    for (const each of engines) each.tick(at(slot))
    gossip(engines, at(slot))
    if (slot > 100) throw new Error(`stuck at ${engine.head().finalHeight}`)
  }
  return { engine, headSlot: engine.head().finalSlot }
}

function gossip(engines: readonly Engine[], nowMs: number): void {
  for (let round = 0; round < 3; round++) {
    for (const engine of engines) {
      for (const from of engines) {
        if (from === engine) continue
        const { refused } = applyPull(engine, answerPull(from, pullRequest(engine)), nowMs)
        if (refused.length > 0) throw new Error(JSON.stringify(refused))
      }
    }
  }
}

/** A client that knows genesis and nothing else. */
export function freshClient(): LightState {
  const started = startLight(lightGenesis, lightGenesisHash)
  if (!started.ok) throw new Error(started.error.message)
  return started.value
}

/** An honest site's answer. */
export function answerOf(engine: Engine, subject: LightSubject, from = 0): LightAnswer {
  const wanted = proofSubjectOf(subject)
  if (!wanted) throw new Error('a subject')
  const answer = engine.lightProof(wanted, from)
  if ('code' in answer) throw new Error(answer.message)
  return answer
}

/** A certificate as those with these keys can make it, for whatever header. */
export function certify(
  header: Header,
  by: {
    readonly set: AuthoritySet
    readonly signers: readonly number[]
    readonly chain?: Uint8Array
    /** What the signatures name instead of the header's own. */
    readonly claim?: { readonly height?: bigint; readonly slot?: bigint }
  },
): Certificate {
  const commit = {
    authorities: authoritySetHash(by.set),
    slot: header.slot,
    height: header.height,
    block: headerHash(header),
    ...by.claim,
  }
  const message = commitSigningBytes(by.chain ?? lightGenesisHash, commit)
  const signatures = by.signers.map((authority) => {
    const key = keys.find(({ publicKey }) => publicKey === by.set[authority]?.publicKey)
    return { authority, signature: (key ?? carol).sign(message) }
  })
  return { ...commit, signatures }
}

/** A step with another header, certified by whoever is given. */
export const forgedStep = (
  step: LightStep,
  header: Header,
  by: Parameters<typeof certify>[1],
): LightStep => ({ ...step, header, certificate: certify(header, by) })
