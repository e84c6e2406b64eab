/** Votes, commits and certificates that are forged, replayed, of elsewhere or before their time. */
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../../core/chain/engine-api.ts'
import { authoritySetHash, genesisHash, slotMs } from '../../../core/chain/genesis.ts'
import { answerPull, applyPull, pullRequest } from '../../../core/chain/sync.ts'
import {
  type FinalityMessage,
  finalityMessageCoder,
  messageSigningBytes,
} from '../../../core/chain/vote.ts'
import { authorityOf, clusterGenesis, openSite, openSites } from '../../simulation/cluster/sites.ts'

const genesis = clusterGenesis(3)
const chain = genesisHash(genesis)
const authorities = authoritySetHash(genesis.authorities)
/** A slot after that of the one block. */
const now = 13
const at = (slot: number): number => Number(genesis.genesisTimeMs) + slot * slotMs

/** Three engines that hold one block, and have said nothing about it yet. */
function three() {
  const sites = openSites({ seed: 0, sites: 3, slots: 0 }, genesis)
  const [a, b, c] = sites as [(typeof sites)[0], (typeof sites)[0], (typeof sites)[0]]
  for (let slot = 1; a.engine.head().height === 0; slot++) a.engine.tick(at(slot))
  const answer = { ...answerPull(a.engine, pullRequest(b.engine)), messages: [] }
  for (const { engine } of [b, c]) {
    expect(applyPull(engine, answer, at(now)).refused).toEqual([])
  }
  return { a, b, c, block: a.engine.head() }
}

const { b, block } = three()

const vote: FinalityMessage = {
  TAG: 'vote',
  data: {
    authority: 0,
    vote: {
      authorities,
      source: { slot: 0n, block: b.engine.hashesFrom(0, 1)[0] as Uint8Array },
      target: { slot: BigInt(block.slot), height: 1n, block: block.hash },
    },
    signature: new Uint8Array(64),
  },
}
const commit: FinalityMessage = {
  TAG: 'commit',
  data: {
    authority: 0,
    commit: { authorities, slot: BigInt(block.slot), height: 1n, block: block.hash },
    signature: new Uint8Array(64),
  },
}

/** Signs as one authority and says that it is by one. */
function signed(
  message: FinalityMessage,
  { by = 0, says = by, of = chain }: { by?: number; says?: number; of?: Uint8Array } = {},
): Uint8Array {
  const signature = authorityOf(by).sign(messageSigningBytes(of, message))
  const data = { ...message.data, authority: says, signature }
  return finalityMessageCoder.encode({ ...message, data } as FinalityMessage)
}

/** The same by another set, or for another slot. */
function changed(message: FinalityMessage, to: { set?: Uint8Array; slot?: bigint }) {
  const { set = authorities, slot = BigInt(block.slot) } = to
  if (message.TAG === 'commit') {
    const { data } = message
    return { ...message, data: { ...data, commit: { ...data.commit, authorities: set, slot } } }
  }
  const { vote: given } = message.data
  const target = { ...given.target, slot }
  return { ...message, data: { ...message.data, vote: { ...given, authorities: set, target } } }
}

const codeOf = (engine: Engine, bytes: Uint8Array, slot = now) =>
  engine.receive([bytes], at(slot)).refused[0]?.code
const flip = (bytes: Uint8Array) =>
  bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte))

describe.each([
  ['a vote', vote],
  ['a commit', commit],
] as const)('%s', (_, message) => {
  const good = signed(message)
  const cases: [string, string, Uint8Array][] = [
    ['unreadable', 'ENCODING_INVALID', good.slice(1)],
    ['longer', 'ENCODING_INVALID', Uint8Array.of(...good, 0)],
    ['by nobody of the set', 'AUTHORITY_UNKNOWN', signed(message, { says: 3 })],
    ['of another set', 'AUTHORITY_UNKNOWN', signed(changed(message, { set: block.hash }))],
    ['forged', 'SIGNATURE_INVALID', flip(good)],
    ['by another than it names', 'SIGNATURE_INVALID', signed(message, { by: 1, says: 0 })],
    ['of another chain', 'SIGNATURE_INVALID', signed(message, { of: block.hash })],
    ['from the future', 'MESSAGE_EARLY', signed(changed(message, { slot: BigInt(now + 2) }))],
    ['beyond any slot', 'MESSAGE_EARLY', signed(changed(message, { slot: 2n ** 60n }))],
    ['of a final slot', 'BEHIND_FINAL', signed(changed(message, { slot: 0n }))],
  ]
  test.each(cases)('SYNC-6: %s is %s, and changes nothing', (_kind, code, bytes) => {
    const before = [b.engine.head(), b.engine.openMessages(), b.store.sizes()]
    expect(codeOf(b.engine, bytes)).toBe(code)
    expect([b.engine.head(), b.engine.openMessages(), b.store.sizes()]).toEqual(before)
  })
})

test('SYNC-6: what is sent again changes nothing, before finality and after it', () => {
  const { b: site, c, a: first } = three()
  const said = signed(vote)
  expect(codeOf(site.engine, said)).toBeUndefined()
  const once = [site.engine.head(), site.engine.openMessages()]
  expect(codeOf(site.engine, said)).toBeUndefined()
  expect([site.engine.head(), site.engine.openMessages()]).toEqual(once)
  // Two of three are a quorum, one twice is not; c itself is the other.
  const committed = signed(commit)
  for (const bytes of [committed, committed]) expect(codeOf(c.engine, bytes)).toBeUndefined()
  expect(c.engine.head().finalHeight).toBe(0)
  expect(codeOf(c.engine, said)).toBeUndefined()
  expect(c.engine.head().finalHeight).toBe(1)
  for (const bytes of [said, committed]) expect(codeOf(c.engine, bytes)).toBe('BEHIND_FINAL')
  // The certificate, again and again, at who has it and at who has not.
  const { certificate } = c.engine.head()
  if (!certificate) throw new Error('a final block has its certificate')
  const before = [c.engine.head(), c.store.sizes()]
  expect(c.engine.importCertificate(certificate, at(now))).toMatchObject({
    ok: true,
    value: { added: [], finalized: undefined },
  })
  expect([c.engine.head(), c.store.sizes()]).toEqual(before)
  const forged = {
    ...certificate,
    signatures: certificate.signatures.map((each) => ({
      ...each,
      signature: flip(each.signature),
    })),
  }
  const short = { ...certificate, signatures: certificate.signatures.slice(1) }
  const twice = {
    ...certificate,
    signatures: [certificate.signatures[0], certificate.signatures[0]] as typeof short.signatures,
  }
  for (const wrong of [forged, short, twice]) {
    expect(first.engine.importCertificate(wrong, at(now))).toMatchObject({
      error: { code: 'CERTIFICATE_INVALID' },
    })
    expect(first.engine.head().finalHeight).toBe(0)
  }
  expect(first.engine.importCertificate(certificate, at(now)).ok).toBe(true)
  expect(first.engine.head().finalHeight).toBe(1)
  expect(openSite(genesis, first).head().finalHeight).toBe(1)
})
