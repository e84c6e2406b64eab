import { expect, test } from 'vitest'
import {
  type Block,
  blockCoder,
  type Certificate,
  commitSigningBytes,
  type Header,
  headerHash,
  headerSigningBytes,
} from '../../../core/chain/block.ts'
import type { Engine, Step } from '../../../core/chain/engine-api.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import { blockBytesMax, blockTransactionsMax } from '../../../core/chain/limits.ts'
import { transactionHash as hashOf } from '../../../core/chain/transaction.ts'
import { listRoot } from '../../../core/crypto/merkle.ts'
import {
  alice,
  authority,
  bob,
  carol,
  genesis,
  mustOpen,
  sign,
  timeOf,
  transfer,
} from '../../support/chain-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'

const pay = (nonce: number, amount = 5n) =>
  sign({ by: alice, nonce: BigInt(nonce), message: transfer(carol.address, amount) })

/** What a step sent: its block and certificate. */
function sent(step: Step): { bytes: Uint8Array; certificate: Certificate | undefined } {
  const block = step.send.find((out) => out.kind === 'block')
  const certified = step.send.find((out) => out.kind === 'certificate')
  if (block?.kind !== 'block') throw new Error('no block was sent')
  return {
    bytes: block.bytes,
    certificate: certified?.kind === 'certificate' ? certified.certificate : undefined,
  }
}

/** A proposer with `count` blocks of one transfer each, and what it sent. */
function proposer(count: number) {
  const engine = mustOpen({ store: createMemoryChainStore() })
  const steps = Array.from({ length: count }, (_, n) => {
    engine.submit([pay(n)], timeOf(n + 1))
    return sent(engine.tick(timeOf(n + 1)))
  })
  return { engine, steps }
}
const follower = () => {
  const store = createMemoryChainStore()
  return { store, engine: mustOpen({ store, signer: undefined }) }
}

/** Signs a changed block as the authority would. */
function forge(bytes: Uint8Array, change: Partial<Header>, transactions?: Uint8Array[]): Block {
  const block = blockCoder.decode(bytes)
  const header: Header = { ...block.signedHeader.header, ...change }
  const signature = authority.sign(headerSigningBytes(genesisHash(genesis), header))
  return { signedHeader: { header, signature }, transactions: transactions ?? block.transactions }
}
const certify = ({ signedHeader: { header } }: Block): Certificate => {
  const commit = {
    authorities: header.authorities,
    slot: header.slot,
    height: header.height,
    block: headerHash(header),
  }
  const signature = authority.sign(commitSigningBytes(genesisHash(genesis), commit))
  return { ...commit, signatures: [{ authority: 0, signature }] }
}
const refused = (engine: Engine, bytes: Uint8Array, slot = 50): string | undefined => {
  const done = engine.importBlock({ bytes, certificate: undefined }, timeOf(slot))
  return done.ok ? undefined : done.error.code
}

test('IMPORT-1: a follower comes to the same head, state and finality', () => {
  const { engine, steps } = proposer(3)
  const copy = follower()
  for (const step of steps) {
    expect(copy.engine.importBlock(step, timeOf(4))).toMatchObject({ ok: true })
  }
  expect(copy.engine.head()).toEqual(engine.head())
  expect(copy.engine.account(carol.address)).toEqual(engine.account(carol.address))
  expect(copy.engine.audit()).toEqual(engine.audit())
  // A block that is held is no error and no step; a restart changes nothing.
  const sizes = copy.store.sizes()
  expect(copy.engine.importBlock(steps[1] ?? steps[0]!, timeOf(4))).toMatchObject({
    ok: true,
    value: { added: [], finalized: undefined },
  })
  expect(copy.store.sizes()).toEqual(sizes)
  expect(mustOpen({ store: copy.store, signer: undefined }).head()).toEqual(engine.head())
})

test('IMPORT-2: without its own certificate a block is final by that of its child', () => {
  const { steps } = proposer(2)
  const { engine } = follower()
  engine.importBlock({ bytes: steps[0]!.bytes, certificate: undefined }, timeOf(4))
  expect(engine.head()).toMatchObject({ height: 1, finalHeight: 0 })
  expect(engine.account(carol.address)).toMatchObject({ balance: 5n, finalBalance: 0n })
  engine.importBlock({ bytes: steps[1]!.bytes, certificate: undefined }, timeOf(4))
  expect(engine.head()).toMatchObject({ height: 2, finalHeight: 1 })
  // And a certificate that arrives later makes a held block final.
  expect(engine.importBlock(steps[1]!, timeOf(4))).toMatchObject({
    ok: true,
    value: { added: [], finalized: { from: 2, to: 2 } },
  })
})

test('IMPORT-3: each fault has its code, and nothing of a refused block is kept', () => {
  const { steps } = proposer(2)
  const { engine, store } = follower()
  engine.importBlock(steps[0]!, timeOf(4))
  const second = steps[1]!.bytes
  const encode = (block: Block) => blockCoder.encode(block)
  const plain = blockCoder.decode(second)
  const { header } = plain.signedHeader
  const flip = (bytes: Uint8Array) => bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte))
  const unsigned = {
    ...plain,
    signedHeader: { header, signature: flip(plain.signedHeader.signature) },
  }
  const stranger = {
    ...plain,
    signedHeader: { header: { ...header, proposer: bob.publicKey }, signature: new Uint8Array(64) },
  }
  const badTransaction = sign({ by: alice, nonce: 7n, message: transfer(carol.address, 5n) })
  const list = [badTransaction]
  const hash = listRoot([])
  const old = certify(forge(steps[0]!.bytes, {}))
  const cases: [string, Uint8Array][] = [
    ['ENCODING_INVALID', Uint8Array.of(1, 2, 3)],
    ['ENCODING_INVALID', Uint8Array.of(...second, 0)],
    ['BLOCK_TOO_LARGE', new Uint8Array(1_100_000)],
    ['SIGNATURE_INVALID', encode(unsigned)],
    ['PROPOSER_INVALID', encode(stranger)],
    ['HEADER_INVALID', encode(forge(second, { version: 2 }))],
    ['HEIGHT_INVALID', encode(forge(second, { height: 3n, slot: 9n }))],
    ['HEIGHT_INVALID', encode(forge(second, { height: 99n }))],
    ['SLOT_INVALID', encode(forge(second, { slot: 2n ** 60n }))],
    ['HEADER_INVALID', encode(forge(second, { authorities: new Uint8Array(32) }))],
    ['PARENT_UNKNOWN', encode(forge(second, { parent: new Uint8Array(32) }))],
    ['BEHIND_FINAL', encode(forge(second, { height: 1n }))],
    ['ROOT_MISMATCH', encode(forge(second, { stateRoot: new Uint8Array(32) }))],
    ['ROOT_MISMATCH', encode(forge(second, { outcomesRoot: hash }))],
    ['ROOT_MISMATCH', encode(forge(second, { historyRoot: hash }))],
    ['ROOT_MISMATCH', encode(forge(second, { transactionsRoot: hash }))],
    ['ROOT_MISMATCH', encode(forge(second, {}, []))],
    ['TRANSACTION_INVALID', encode(forge(second, {}, [Uint8Array.of(1)]))],
    [
      'TRANSACTION_INVALID',
      encode(forge(second, { transactionsRoot: listRoot([hashOf(badTransaction)]) }, list)),
    ],
    ['CERTIFICATE_INVALID', encode(forge(second, { certificate: { ...old, height: 2n } }))],
    [
      'CERTIFICATE_INVALID',
      encode(forge(second, { certificate: { ...old, block: new Uint8Array(32) } })),
    ],
    ['CERTIFICATE_INVALID', encode(forge(second, { certificate: { ...old, signatures: [] } }))],
  ]
  const before = { head: engine.head(), sizes: store.sizes() }
  for (const [code, bytes] of cases) expect([code, refused(engine, bytes)]).toEqual([code, code])
  expect(refused(engine, second, 1)).toBe('BLOCK_EARLY')
  const wrong = { ...certify(plain), signatures: [{ authority: 0, signature: new Uint8Array(64) }] }
  expect(engine.importBlock({ bytes: second, certificate: wrong }, timeOf(9))).toMatchObject({
    error: { code: 'CERTIFICATE_INVALID' },
  })
  expect({ head: engine.head(), sizes: store.sizes() }).toEqual(before)
  expect(refused(engine, second, 2)).toBeUndefined()
})

test('IMPORT-3: slots rise, and a block holds neither more transactions nor more bytes than it may', () => {
  const engine = mustOpen({ store: createMemoryChainStore() })
  const [first, second] = [5, 6].map((slot, nonce) => {
    engine.submit([pay(nonce)], timeOf(slot))
    return sent(engine.tick(timeOf(slot)))
  })
  const copy = follower().engine
  copy.importBlock(first!, timeOf(9))
  const many = Array.from({ length: blockTransactionsMax + 1 }, () => Uint8Array.of(1))
  const cases: [string, Block][] = [
    ['SLOT_INVALID', forge(second!.bytes, { slot: 5n })],
    ['SLOT_INVALID', forge(second!.bytes, { slot: 4n })],
    ['TOO_MANY_TRANSACTIONS', forge(second!.bytes, {}, many)],
    ['BLOCK_TOO_LARGE', forge(second!.bytes, {}, [new Uint8Array(blockBytesMax + 1)])],
    // As many as may be are looked at.
    ['TRANSACTION_INVALID', forge(second!.bytes, {}, many.slice(1))],
  ]
  for (const [code, block] of cases) {
    expect([code, refused(copy, blockCoder.encode(block))]).toEqual([code, code])
  }
  expect(refused(copy, second!.bytes)).toBeUndefined()
})

test('IMPORT-4: a block without a certificate that its parent knew is refused', () => {
  const { steps } = proposer(3)
  const { engine } = follower()
  for (const step of steps.slice(0, 2)) engine.importBlock(step, timeOf(9))
  const third = steps[2]!.bytes
  expect(refused(engine, blockCoder.encode(forge(third, { certificate: undefined })))).toBe(
    'CERTIFICATE_INVALID',
  )
})

test('IMPORT-5: a certified branch replaces the head; what only the deserted one held is pooled again', () => {
  const { steps } = proposer(1)
  const { engine, store } = follower()
  // Two authorities' worth of trouble by one key: a second block 1, and a block 2 on it.
  engine.importBlock({ bytes: steps[0]!.bytes, certificate: undefined }, timeOf(9))
  expect(engine.account(carol.address).balance).toBe(5n)
  const rival = mustOpen({ store: createMemoryChainStore() })
  rival.submit([sign({ by: bob, message: transfer(carol.address, 7n) })], timeOf(3))
  const first = sent(rival.tick(timeOf(3)))
  rival.submit([sign({ by: bob, nonce: 1n, message: transfer(carol.address, 7n) })], timeOf(4))
  const second = sent(rival.tick(timeOf(4)))

  const moved = engine.importBlock(first, timeOf(9))
  expect(moved).toMatchObject({ ok: true, value: { finalized: { from: 1, to: 1 } } })
  expect(engine.head().hash).toEqual(rival.blockAt(1)?.hash)
  expect(engine.account(carol.address)).toMatchObject({ balance: 7n, finalBalance: 7n })
  expect(engine.pool(5)).toMatchObject([{ sender: alice.publicKey, nonce: 0n }])
  expect(engine.importBlock(second, timeOf(9))).toMatchObject({ ok: true })
  expect(engine.head()).toEqual(rival.head())
  // The deserted block and its nodes are gone: the store is as if it had never come.
  expect(store.listBlocksAt(1)).toHaveLength(1)
  const again = mustOpen({ store, signer: undefined })
  expect(again.audit()).toEqual(rival.audit())
  expect(again.status(timeOf(9)).mempoolSize).toBe(1)
})

test('IMPORT-6: an authority that meets its own signature unremembered imports but signs no more', () => {
  const { steps } = proposer(2)
  // The same key on an old backup: here, an empty store.
  const restored = mustOpen({ store: createMemoryChainStore() })
  for (const step of steps)
    expect(restored.importBlock(step, timeOf(9))).toMatchObject({ ok: true })
  expect(restored.head()).toMatchObject({ height: 2, finalHeight: 2 })
  expect(restored.status(timeOf(9))).toMatchObject({ proposing: false })
  expect(restored.status(timeOf(9)).fault).toContain('own signature')
  restored.submit([pay(2)], timeOf(9))
  expect(restored.tick(timeOf(9)).added).toEqual([])
  restored.resumeSigning(timeOf(9))
  expect(restored.tick(timeOf(9)).added).toEqual([])
  expect(restored.tick(timeOf(10)).added).toMatchObject([{ height: 3, finalHeight: 3 }])
})

test('IMPORT-7: the restored authority stops also when it has gone another way already', () => {
  const { steps } = proposer(2)
  const restored = mustOpen({ store: createMemoryChainStore() })
  restored.submit([pay(0, 99n)], timeOf(5))
  restored.tick(timeOf(5))
  expect(refused(restored, steps[1]!.bytes)).toBe('PARENT_UNKNOWN')
  expect(restored.status(timeOf(9))).toMatchObject({ proposing: false })
  expect(restored.tick(timeOf(60)).added).toEqual([])
})
