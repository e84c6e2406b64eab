/** What the engine stores, prunes and keeps, and that a write which fails leaves nothing of its step. */
import { expect, test } from 'vitest'
import { deferBlocks } from '../../../core/chain/engine-head.ts'
import {
  historyConsistencyPath,
  historyInclusionPath,
  verifyConsistency,
} from '../../../core/crypto/history.ts'
import { emptyListHash, verifyInclusion } from '../../../core/crypto/merkle.ts'
import { alice, carol, mustOpen, sign, timeOf, transfer } from '../../support/chain-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'

const pay = (nonce: number, amount = 5n) =>
  sign({ by: alice, nonce: BigInt(nonce), message: transfer(carol.address, amount) })

test('ENGINE-8: nodes, pool and staled state are pruned: the store grows by blocks alone', () => {
  const store = createMemoryChainStore()
  const engine = mustOpen({ store })
  engine.submit([pay(0)], timeOf(1))
  engine.tick(timeOf(1))
  const before = store.sizes()
  for (let n = 1; n <= 20; n++) {
    engine.submit([pay(n)], timeOf(n + 1))
    engine.tick(timeOf(n + 1))
  }
  const after = store.sizes()
  expect(after.nodes).toBe(before.nodes)
  expect(after.pooled).toBe(0)
  expect(after.blocks).toBe((before.blocks ?? 0) + 20)
  // An idle block changes no state and writes no node.
  engine.tick(timeOf(60))
  expect(store.sizes().nodes).toBe(before.nodes)
})

test('ENGINE-8: finality sees the blocks of its own step, which are not stored yet', () => {
  const store = createMemoryChainStore()
  const block = {
    hash: new Uint8Array(32).fill(1),
    height: 3,
    slot: 5,
    parent: new Uint8Array(32),
    block: new Uint8Array(1),
    outcomes: new Uint8Array(1),
    execution: new Uint8Array(1),
  }
  store.atomically(() => {
    const table = deferBlocks(store)
    table.writeBlock(block)
    expect(table.listBlocksAt(3)).toEqual([block.hash])
    table.deleteBlock(block.hash)
    expect(table.listBlocksAt(3)).toEqual([])
    table.writeBlock(block)
    table.flush()
    expect(table.listBlocksAt(3)).toEqual([block.hash])
  })
  expect(store.listBlocksAt(3)).toEqual([block.hash])
})

test('ENGINE-9: a failure at any write keeps nothing, and the chain goes on without loss', () => {
  const failures = new Set<string>()
  for (let at = 0; ; at++) {
    const store = createMemoryChainStore()
    const engine = mustOpen({ store })
    engine.submit([pay(0)], timeOf(1))
    engine.tick(timeOf(1))
    let count = 0
    let failed: string | undefined
    store.fault = (write) => {
      if (count++ === at) {
        failed = write
        throw new Error(`no ${write}`)
      }
    }
    const attempt = (action: () => unknown): void => {
      const before = { head: engine.head(), pool: engine.pool(9), sizes: store.sizes() }
      try {
        action()
      } catch (error) {
        expect((error as Error).message).toBe(`no ${failed}`)
        expect({ head: engine.head(), pool: engine.pool(9), sizes: store.sizes() }).toEqual(before)
        action()
      }
    }
    attempt(() => engine.submit([pay(1)], timeOf(2)))
    attempt(() =>
      engine.submit(
        [sign({ by: alice, nonce: 1n, fee: 9_000n, message: transfer(carol.address, 7n) })],
        timeOf(2),
      ),
    )
    attempt(() => engine.tick(timeOf(2)))
    expect(engine.account(carol.address).balance).toBe(12n)
    expect(engine.head()).toMatchObject({ height: 2, finalHeight: 2 })
    expect(mustOpen({ store }).audit().held).toBe(11_500_000_000n)
    if (failed === undefined) break
    failures.add(failed)
  }
  expect([...failures].sort()).toEqual([
    'commit',
    'deleteNodes',
    'deletePooled',
    'writeBlock',
    'writeHead',
    'writeHeight',
    'writeHistoryNodes',
    'writeNodes',
    'writePlaces',
    'writePooled',
  ])
})

test('ENGINE-10: the read model gets final blocks in order, with outcomes and certificate', () => {
  const engine = mustOpen({ store: createMemoryChainStore() })
  for (const n of [0, 1, 2]) {
    engine.submit([pay(n)], timeOf(n + 1))
    engine.tick(timeOf(n + 1))
  }
  const blocks = engine.finalizedFrom(0, 3)
  expect(blocks.map(({ view }) => Number(view.header.height))).toEqual([0, 1, 2])
  expect(blocks[0]?.certificate).toBeUndefined()
  for (const { view, certificate, transactions, outcomes } of blocks.slice(1)) {
    expect(view.final).toBe(true)
    expect(certificate?.block).toEqual(view.hash)
    expect(outcomes.map((outcome) => outcome.transaction)).toEqual(
      transactions.map((transaction) => transaction.hash),
    )
  }
  expect(engine.finalizedFrom(3, 9).map(({ certificate }) => certificate !== undefined)).toEqual([
    true,
  ])
  expect(engine.finalizedFrom(4, 9)).toEqual([])
  expect(engine.blockAt(2)?.hash).toEqual(blocks[2]?.view.hash)
  expect(engine.block(blocks[2]?.view.hash ?? new Uint8Array())?.final).toBe(true)
  expect(engine.blockAt(9)).toBeUndefined()
})

test('ENGINE-12: from what is stored, ancestors are proved and heads shown to extend each other', () => {
  const store = createMemoryChainStore()
  const engine = mustOpen({ store })
  for (let n = 1; n <= 11; n++) engine.tick(timeOf(n * 30))
  const read = (level: number, index: number): Uint8Array => {
    const hash = store.readHistoryNode(level, index)
    if (!hash) throw new Error(`no subtree ${level}/${index}`)
    return hash
  }
  const rootAt = (height: number): Uint8Array => {
    const view = engine.blockAt(height)
    if (!view) throw new Error('no block')
    return view.header.historyRoot
  }
  for (let size = 1; size <= 11; size++) {
    const root = rootAt(size)
    for (let index = 0; index < size; index++) {
      const entry = engine.blockAt(index)?.hash ?? new Uint8Array()
      const path = historyInclusionPath(read, { size, index })
      expect(verifyInclusion({ root, count: size, index, entry, path })).toBe(true)
      const consistency = historyConsistencyPath(read, { from: index, to: size })
      const fromRoot = index === 0 ? emptyListHash : rootAt(index)
      const sizes = { fromSize: index, toSize: size }
      expect(verifyConsistency({ ...sizes, fromRoot, toRoot: root, path: consistency })).toBe(true)
    }
  }
})
