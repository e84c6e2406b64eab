import { expect, test } from 'vitest'
import { openEngine } from '../../../core/chain/engine.ts'
import { escrowIdOf, transactionHash } from '../../../core/chain/transaction.ts'
import type { SubmitVerdict } from '../../../core/chain/views.ts'
import {
  alice,
  authority,
  bob,
  carol,
  coordinator,
  createGenesis,
  faucet,
  genesis,
  miner,
  mustOpen,
  nodeVerifier,
  person,
  settlementItem,
  sign,
  timeOf,
  transfer,
} from '../../support/chain-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'

const pay = (nonce: number, amount = 5n) =>
  sign({ by: alice, nonce: BigInt(nonce), message: transfer(carol.address, amount) })
const codes = (verdicts: SubmitVerdict[]): string[] =>
  verdicts.map((verdict) => (verdict.ok ? (verdict.known ? 'known' : 'ok') : verdict.error.code))

test('ENGINE-1: a transfer is pooled, put in a block of the current slot, and final at once', () => {
  const engine = mustOpen({ store: createMemoryChainStore() })
  const bytes = pay(0)
  expect(codes(engine.submit([bytes, bytes], timeOf(3)))).toEqual(['ok', 'known'])
  expect(engine.account(alice.address)).toMatchObject({ nonce: 0n, nextNonce: 1n })
  expect(engine.transaction(transactionHash(bytes))).toMatchObject({ block: undefined })
  expect(engine.dueAtMs(timeOf(3))).toBe(timeOf(3))
  const step = engine.tick(timeOf(3) + 7)
  expect(step.finalized).toEqual({ from: 1, to: 1 })
  expect(step.added).toMatchObject([{ height: 1, slot: 3, transactionCount: 1, finalHeight: 1 }])
  expect(step.send.map(({ kind }) => kind)).toEqual(['block', 'certificate'])
  expect(step.dueAtMs).toBe(timeOf(33))
  expect(engine.account(carol.address)).toMatchObject({ balance: 5n, finalBalance: 5n })
  expect(engine.transaction(transactionHash(bytes))).toMatchObject({
    block: { height: 1, index: 0, slot: 3 },
    outcome: { code: 0 },
    final: true,
  })
  expect(codes(engine.submit([bytes], timeOf(3)))).toEqual(['known'])
  expect(engine.status(timeOf(3))).toMatchObject({
    mempoolSize: 0,
    proposing: true,
    fault: undefined,
    supply: { genesis: 11_500_000_000n, held: 11_500_000_000n },
  })
})

test('ENGINE-2: blocks come on demand, in each slot while there is work, else with the heartbeat', () => {
  const engine = mustOpen({ store: createMemoryChainStore() })
  expect(engine.tick(timeOf(29)).added).toEqual([])
  expect(engine.tick(timeOf(31)).added).toMatchObject([{ height: 1, slot: 31 }])
  engine.submit([pay(0)], timeOf(31))
  expect(engine.dueAtMs(timeOf(31))).toBe(timeOf(32))
  expect(engine.tick(timeOf(31) + 900).added).toEqual([])
  expect(engine.tick(timeOf(32)).added).toMatchObject([{ height: 2, slot: 32 }])
  // A transaction whose turn has not come is no work.
  engine.submit([pay(3)], timeOf(32))
  expect(engine.dueAtMs(timeOf(32))).toBe(timeOf(62))
  expect([engine.pool(9).length, engine.waiting(alice.address).length]).toEqual([0, 1])
})

test('ENGINE-3: a restart loses nothing: head, pool, arrival order, no second block in a slot', () => {
  const store = createMemoryChainStore()
  const first = mustOpen({ store })
  first.submit([pay(0)], timeOf(2))
  first.tick(timeOf(2))
  first.submit([pay(1), pay(2)], timeOf(2))
  first.submit([sign({ by: bob, message: transfer(carol.address, 1n) })], timeOf(2))
  const again = mustOpen({ store })
  expect(again.head()).toEqual(first.head())
  expect(again.pool(10)).toEqual(first.pool(10))
  expect(again.account(alice.address)).toEqual(first.account(alice.address))
  expect(again.tick(timeOf(2)).added).toEqual([])
  expect(again.tick(timeOf(3)).added).toMatchObject([{ height: 2, transactionCount: 3 }])
})

test('ENGINE-4: a store of another genesis or a damaged one is not opened', () => {
  const store = createMemoryChainStore()
  mustOpen({ store })
  const other = createGenesis({ chainId: 'other' })
  const options = { store, verifier: nodeVerifier, signer: authority }
  expect(openEngine({ ...options, genesis: other })).toMatchObject({
    error: { code: 'GENESIS_MISMATCH' },
  })
  store.atomically(() => store.deleteNodes([1, 2, 3, 4, 5, 6, 7, 8, 9]))
  expect(openEngine({ ...options, genesis })).toMatchObject({ error: { code: 'STORE_CORRUPT' } })
  const torn = createMemoryChainStore()
  torn.atomically(() => torn.writeHead(Uint8Array.of(1, 2, 3)))
  expect(openEngine({ ...options, store: torn, genesis })).toMatchObject({
    error: { code: 'STORE_CORRUPT' },
  })
})

test('ENGINE-5: each bad submission has its code; nothing of it is kept', () => {
  const store = createMemoryChainStore()
  const engine = mustOpen({ store })
  const foreign = createGenesis({ chainId: 'elsewhere' })
  const good = pay(0)
  const cases: [string, Uint8Array][] = [
    ['ENCODING_INVALID', Uint8Array.of(1, 2, 3)],
    ['ENCODING_INVALID', Uint8Array.of(...good, 0)],
    ['TRANSACTION_TOO_LARGE', new Uint8Array(70_000)],
    ['SIGNATURE_INVALID', good.map((byte, at) => (at === good.length - 1 ? byte ^ 1 : byte))],
    ['SIGNATURE_INVALID', sign({ by: alice, of: foreign, message: transfer(carol.address, 5n) })],
    ['AMOUNT_INVALID', pay(0, 0n)],
    ['AMOUNT_INVALID', pay(0, 2n ** 64n - 1n)],
    ['NONCE_TOO_FAR', pay(256)],
    ['BALANCE_TOO_LOW', pay(0, 1_000_000_000n)],
    ['BALANCE_TOO_LOW', sign({ by: carol, message: transfer(alice.address, 1n) })],
    ['FEE_TOO_LOW', sign({ by: alice, fee: 10n, message: transfer(carol.address, 1n) })],
    ['FEE_TOO_LOW', sign({ by: alice, fee: 899n, message: transfer(carol.address, 1n) })],
    ['VALIDITY_EXPIRED', sign({ by: alice, validUntil: 3n, message: transfer(carol.address, 1n) })],
    [
      'VALIDITY_TOO_FAR',
      sign({ by: alice, validUntil: 50_000n, message: transfer(carol.address, 1n) }),
    ],
    [
      'KIND_NOT_ALLOWED',
      sign({ by: alice, message: { TAG: 'faucet', data: { to: bob.address, amount: 1n } } }),
    ],
    [
      'AMOUNT_INVALID',
      sign({
        by: faucet,
        message: { TAG: 'faucet', data: { to: bob.address, amount: 5_000_001n } },
      }),
    ],
    ['MESSAGE_INVALID', sign({ by: bob, message: { TAG: 'settle', data: { items: [] } } })],
    [
      'MESSAGE_INVALID',
      sign({
        by: bob,
        message: {
          TAG: 'settle',
          data: { items: [settlementItem({ authorisation: { escrow: new Uint8Array(32) } })] },
        },
      }),
    ],
  ]
  const before = store.sizes()
  const verdicts = engine.submit(
    cases.map(([, bytes]) => bytes),
    timeOf(4),
  )
  expect(codes(verdicts)).toEqual(cases.map(([code]) => code))
  for (const verdict of verdicts) if (!verdict.ok) expect(verdict.error.message).not.toBe('')
  expect(store.sizes()).toEqual(before)
  engine.submit([pay(0)], timeOf(4))
  engine.tick(timeOf(4))
  expect(codes(engine.submit([pay(0, 6n)], timeOf(4)))).toEqual(['NONCE_STALE'])
})

test('ENGINE-6: a settlement is judged by its shares: a miner without money has it paid', () => {
  const engine = mustOpen({ store: createMemoryChainStore() })
  const open = sign({
    by: alice,
    message: {
      TAG: 'escrow_open',
      data: { coordinator: coordinator.publicKey, amount: 10_000_000n, expiry: 200n },
    },
  })
  engine.submit([open], timeOf(1))
  engine.tick(timeOf(1))
  const escrow = escrowIdOf(transactionHash(open))
  expect(engine.finalEscrow(escrow)).toMatchObject({ balance: 10_000_000n, delegates: [] })
  expect(engine.finalEscrow(new Uint8Array(32))).toBeUndefined()
  const settle = (number: bigint, nonce: bigint) =>
    sign({
      by: miner,
      nonce,
      message: {
        TAG: 'settle',
        data: { items: [settlementItem({ authorisation: { escrow, number } })] },
      },
    })
  const batch = [settle(1n, 0n), settle(2n, 1n)]
  expect(codes(engine.submit(batch, timeOf(1)))).toEqual(['ok', 'ok'])
  engine.tick(timeOf(2))
  expect(engine.account(miner.address)).toMatchObject({ balance: 1_800_000n, nonce: 2n })
  expect(codes(engine.submit([settle(1n, 2n)], timeOf(2)))).toEqual(['MESSAGE_INVALID'])
  expect(engine.audit()).toMatchObject({ escrows: 1, escrowed: 8_000_000n })
})

test('ENGINE-7: what a block cannot hold any more leaves the pool instead of stopping it', () => {
  const engine = mustOpen({ store: createMemoryChainStore() })
  const open = sign({
    by: alice,
    message: {
      TAG: 'escrow_open',
      data: { coordinator: coordinator.publicKey, amount: 10_000_000n, expiry: 200n },
    },
  })
  engine.submit([open], timeOf(1))
  engine.tick(timeOf(1))
  const item = settlementItem({ authorisation: { escrow: escrowIdOf(transactionHash(open)) } })
  const settle = (by: typeof miner) =>
    sign({ by, message: { TAG: 'settle', data: { items: [item] } } })
  // Two settle the same item: both are admitted, one is paid, the other cannot pay for being late.
  expect(codes(engine.submit([settle(miner), settle(carol)], timeOf(1)))).toEqual(['ok', 'ok'])
  expect(engine.tick(timeOf(2)).added).toMatchObject([{ transactionCount: 1 }])
  expect(engine.status(timeOf(2)).mempoolSize).toBe(0)
  expect(engine.tick(timeOf(3)).added).toEqual([])
})

const trusting = { verify: () => true }

test('ENGINE-11: a block has bounds; what does not fit waits for the next one', () => {
  const senders = Array.from({ length: 8 }, (_, n) => person(`sender-${n}`))
  const of = createGenesis({
    accounts: senders
      .map(({ address }) => ({ address, balance: 1_000_000_000n }))
      .sort((a, b) => Buffer.compare(a.address, b.address)),
  })
  const engine = mustOpen({ store: createMemoryChainStore(), genesis: of, verifier: trusting })
  for (const by of senders) {
    const unsigned = { publicKey: by.publicKey, sign: () => new Uint8Array(64) }
    const all = Array.from({ length: 256 }, (_, nonce) =>
      sign({
        by: unsigned,
        of,
        nonce: BigInt(nonce),
        message: transfer(senders[0]?.address ?? by.address, 1n),
      }),
    )
    for (const from of [0, 100, 200]) {
      engine.submit(all.slice(from, from + 100), timeOf(1, of))
    }
  }
  expect(engine.status(timeOf(1, of)).mempoolSize).toBe(2_048)
  expect(engine.tick(timeOf(1, of)).added).toMatchObject([{ transactionCount: 2_000 }])
  expect(engine.dueAtMs(timeOf(1, of))).toBe(timeOf(2, of))
  expect(engine.tick(timeOf(2, of)).added).toMatchObject([{ transactionCount: 48 }])
})
