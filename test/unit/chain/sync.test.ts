/** Two sites that catch up with each other. */
import { expect, test } from 'vitest'
import { blockCoder } from '../../../core/chain/block.ts'
import type { Engine } from '../../../core/chain/engine-api.ts'
import { slotMs } from '../../../core/chain/genesis.ts'
import { pullBlocksMax } from '../../../core/chain/limits.ts'
import { answerPull, applyPull, pullRequest } from '../../../core/chain/sync.ts'
import { clusterGenesis, openSite, openSites } from '../../simulation/cluster/sites.ts'

const genesis = clusterGenesis(3)
/** First byte of a vote; a commit begins with another. */
const voteTag = 1
const at = (slot: number): number => Number(genesis.genesisTimeMs) + slot * slotMs

/** Engines of three authorities that know nothing of each other. */
const three = (): [Engine, Engine, Engine] => {
  const [a, b, c] = openSites({ seed: 0, sites: 3, slots: 0 }, genesis)
  if (!a || !b || !c) throw new Error('three sites')
  return [a.engine, b.engine, c.engine]
}

/** Lets a site alone make blocks in its own slots from one slot on. */
function make(engine: Engine, { from, blocks }: { from: number; blocks: number }): void {
  let made = 0
  for (let slot = from; made < blocks; slot++) made += engine.tick(at(slot)).added.length
}

const catchUp = (engine: Engine, from: Engine, slot: number) =>
  applyPull(engine, answerPull(from, pullRequest(engine)), at(slot))

test('SYNC-1: an answer begins above the newest common block, on whatever branch the asker is', () => {
  const [a, b] = three()
  make(a, { from: 1, blocks: 3 })
  expect(catchUp(b, a, 300).refused).toEqual([])
  expect(b.head().hash).toEqual(a.head().hash)
  const { slot } = a.head()
  make(a, { from: slot + 1, blocks: 1 })
  make(b, { from: slot + 1, blocks: 2 })
  const answer = answerPull(b, pullRequest(a))
  expect(answer.blocks.map((bytes) => blockCoder.decode(bytes).signedHeader.header.height)).toEqual(
    [4n, 5n],
  )
  expect(applyPull(a, answer, at(900)).refused).toEqual([])
  expect(a.head().height).toBe(5)
  // Who has everything gets nothing.
  expect(answerPull(b, pullRequest(a)).blocks).toEqual([])
})

test('SYNC-2: an answer is bounded, and says when there is more', () => {
  const [a, b] = three()
  make(a, { from: 1, blocks: pullBlocksMax + 5 })
  const first = catchUp(b, a, 20_000)
  expect(first).toMatchObject({ refused: [], more: true })
  expect(b.head().height).toBe(pullBlocksMax)
  expect(catchUp(b, a, 20_000)).toMatchObject({ refused: [], more: false })
  expect(b.head().hash).toEqual(a.head().hash)
})

test('SYNC-3: votes and commits come along, and make final what they meet', () => {
  const [a, b, c] = three()
  make(a, { from: 1, blocks: 1 })
  catchUp(b, a, 200)
  expect(b.head().finalHeight).toBe(0)
  // a has not heard of b: one vote of its own, none of the others.
  catchUp(a, b, 200)
  catchUp(b, a, 200)
  catchUp(a, b, 200)
  expect([a.head().finalHeight, b.head().finalHeight]).toEqual([1, 1])
  // To one who was away, the certificate is enough.
  catchUp(c, a, 200)
  expect(c.head().finalHeight).toBe(1)
  expect(c.head().certificate?.signatures).toHaveLength(2)
})

test('CONS-18: a restart keeps the votes of others that justify the lock, and tells them on', () => {
  const sites = openSites({ seed: 0, sites: 3, slots: 0 }, genesis)
  const [a, b, c] = sites
  if (!a || !b || !c) throw new Error('three sites')
  make(a.engine, { from: 1, blocks: 1 })
  catchUp(b.engine, a.engine, 200)
  // With b's vote a commits; b's commit is lost, and b is heard of no more.
  const votes = b.engine.openMessages().filter((bytes) => bytes[0] === voteTag)
  a.engine.receive(votes, at(200))
  expect(a.engine.openMessages()).toHaveLength(3)
  expect(a.engine.head().finalHeight).toBe(0)
  const reopened = openSite(genesis, a)
  expect(reopened.openMessages()).toEqual(a.engine.openMessages())
  // c sees that what a is locked on is justified: it commits too, and that is final.
  catchUp(c.engine, reopened, 200)
  expect(c.engine.head().finalHeight).toBe(1)
})

test('SYNC-4: nothing is believed: a changed block, certificate or message is refused, and named', () => {
  const [a, b] = three()
  make(a, { from: 1, blocks: 2 })
  catchUp(b, a, 200)
  catchUp(a, b, 200)
  catchUp(a, b, 200)
  make(a, { from: 40, blocks: 1 })
  const [, , fresh] = three()
  const answer = answerPull(a, pullRequest(fresh))
  const flip = (bytes: Uint8Array, at: number) =>
    bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
  const codes = (change: Partial<typeof answer>) =>
    applyPull(fresh, { ...answer, ...change }, at(200)).refused.map(({ code }) => code)
  const [first = new Uint8Array()] = answer.blocks
  for (let place = 0; place < first.length; place += 7) {
    const changed = { blocks: [flip(first, place)], certificate: undefined, messages: [] }
    expect([place, ...codes(changed)]).toHaveLength(2)
  }
  expect(fresh.head().height).toBe(0)
  const messages = answer.messages.map((bytes) => flip(bytes, bytes.length - 1))
  expect(new Set(codes({ blocks: [], certificate: undefined, messages }))).toEqual(
    new Set(['SIGNATURE_INVALID']),
  )
  const { certificate } = answer
  const signatures = certificate?.signatures.slice(0, 1) ?? []
  const short = certificate && { ...certificate, signatures }
  expect(codes({ blocks: answer.blocks.slice(0, 2), certificate: short, messages: [] })).toEqual([
    'CERTIFICATE_INVALID',
  ])
  expect(codes({})).toEqual([])
  expect(fresh.head().hash).toEqual(a.head().hash)
})
