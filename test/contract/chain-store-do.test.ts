/** The chain's store as the Durable Object keeps it: the code that ships, over SQLite. */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../core/base/bytes.ts'
import { openEngine } from '../../core/chain/engine.ts'
import type { Engine } from '../../core/chain/engine-api.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import { type Genesis, genesisHash, parseGenesis, slotMs } from '../../core/chain/genesis.ts'
import { type ChainStore, chainStoreWrites } from '../../core/chain/store.ts'
import { signTransaction, type TransactionBody } from '../../core/chain/transaction.ts'
import { signerFromSeed } from '../../core/crypto/ed25519.ts'
import { openSqliteChainStore } from '../../durable-objects/chain/sqlite-chain-store.ts'
import { createNativeVerifier } from '../../durable-objects/native-ed25519.ts'
import { makeGenesis } from '../../scripts/setup/genesis.ts'
import { createSqliteStorage } from '../support/sqlite-storage.ts'

const [authority, coordinator, faucet] = [1, 2, 3].map((byte) =>
  signerFromSeed(new Uint8Array(32).fill(byte)),
)
if (!authority || !coordinator || !faucet) throw new Error('three signers')

const genesis = ((): Genesis => {
  const site = {
    name: 'site-a',
    authority: authority.publicKey,
    coordinator: coordinator.publicKey,
    faucet: faucet.publicKey,
  }
  const json = makeGenesis({ chainId: 'contract', nowMs: 1_700_000_000_000, sites: [site] })
  const parsed = parseGenesis(json)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
})()
const startMs = Number(genesis.genesisTimeMs)

/** A store whose n-th write fails; counts all writes by name. */
function failingStore(store: ChainStore, failAt: number) {
  const counts = new Map<string, number>()
  let calls = 0
  const wrapped = Object.fromEntries(
    chainStoreWrites.map((name) => [
      name,
      (...input: unknown[]) => {
        counts.set(name, (counts.get(name) ?? 0) + 1)
        if (calls++ === failAt) throw new Error(`injected: ${name}`)
        return (store[name] as (...input: unknown[]) => unknown)(...input)
      },
    ]),
  )
  return { store: { ...store, ...wrapped } as ChainStore, counts }
}

function open(store: ChainStore): Engine {
  const verifier = createNativeVerifier()
  const opened = openEngine({ store, genesis, verifier, signer: authority })
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}

function transfer(nonce: number, fee = 0n): Uint8Array {
  const body: TransactionBody = {
    version: 1,
    sender: (coordinator as NonNullable<typeof coordinator>).publicKey,
    nonce: BigInt(nonce),
    fee,
    validUntil: 1_000n,
    message: { TAG: 'transfer', data: { to: new Uint8Array(20).fill(nonce + 10), amount: 1_000n } },
  }
  const paid = { ...body, fee: sufficientFee(genesis.parameters, body) + fee }
  return signTransaction(genesisHash(genesis), paid, coordinator as NonNullable<typeof coordinator>)
}

/** Two blocks with transfers, a replacement in the pool, and a heartbeat: every kind of write. */
const steps: readonly ((engine: Engine) => void)[] = [
  (engine) => void engine.submit([transfer(0), transfer(1)], startMs + 1),
  (engine) => void engine.tick(startMs + slotMs),
  (engine) => void engine.submit([transfer(2)], startMs + slotMs + 1),
  (engine) => void engine.submit([transfer(2, 900_000n)], startMs + slotMs + 2),
  (engine) => void engine.tick(startMs + 2 * slotMs),
  (engine) => void engine.tick(startMs + 100 * slotMs),
]

const summary = (engine: Engine) => {
  const { head, supply, mempoolSize } = engine.status(startMs + 100 * slotMs)
  const { hash, stateRoot, height, finalHeight } = head
  return { hash: toHex(hash), root: toHex(stateRoot), height, finalHeight, supply, mempoolSize }
}

describe('HOST-5: a write that fails', () => {
  const plain = failingStore(openSqliteChainStore(createSqliteStorage()), -1)
  const unharmed = open(plain.store)
  for (const step of steps) step(unharmed)
  const expected = summary(unharmed)
  const total = [...plain.counts.values()].reduce((sum, count) => sum + count, 0)

  test('HOST-5: the run writes through most of the port', () => {
    expect(expected).toMatchObject({ height: 3, finalHeight: 3, mempoolSize: 0 })
    const unused = chainStoreWrites.filter((name) => !plain.counts.has(name))
    // One authority is final at once: no branch is ever left, and nothing signed is left open.
    expect(unused).toEqual([
      'deleteBlock',
      'deleteHeightsAbove',
      'deletePlaces',
      'writeMessages',
      'deleteMessagesUpTo',
      // Nothing is postponed while no snapshot is made.
      'writeNote',
      'deleteNotes',
      'writePostponed',
      'deletePostponed',
    ])
  })

  test('HOST-5: at every single write, in this engine and in one opened anew', () => {
    expect(total).toBeGreaterThan(20)
    for (let failAt = 0; failAt < total; failAt++) {
      for (const reopen of [false, true]) {
        const storage = createSqliteStorage()
        const faulty = failingStore(openSqliteChainStore(storage), failAt)
        let failures = 0
        let engine: Engine | undefined
        const current = () => {
          engine ??= open(faulty.store)
          return engine
        }
        for (const step of [() => undefined, ...steps]) {
          try {
            step(current())
          } catch (error) {
            failures += 1
            expect(String(error)).toContain('injected')
            if (reopen) engine = undefined
            step(current())
          }
        }
        expect([failAt, reopen, failures]).toEqual([failAt, reopen, 1])
        expect(summary(current())).toEqual(expected)
        expect(summary(open(openSqliteChainStore(storage)))).toEqual(expected)
      }
    }
  })
})

test('HOST-1: a write outside atomically and a nested atomically are bugs and throw', () => {
  const store = openSqliteChainStore(createSqliteStorage())
  expect(() => store.writeHead(Uint8Array.of(1))).toThrow('outside atomically')
  expect(() => store.atomically(() => store.atomically(() => 1))).toThrow('nested')
  store.atomically(() => store.writeHead(Uint8Array.of(2)))
  expect(store.readHead()).toEqual(Uint8Array.of(2))
})

test('HOST-1: what was written is there when the store is opened again', () => {
  const storage = createSqliteStorage()
  const store = openSqliteChainStore(storage)
  store.atomically(() => {
    store.writeNodes([{ id: 7, bytes: Uint8Array.of(1, 2) }])
    store.writeHeight(3, new Uint8Array(32).fill(3))
  })
  const again = openSqliteChainStore(storage)
  expect(again.readNode(7)).toEqual(Uint8Array.of(1, 2))
  expect(again.readHeight(3)).toEqual(new Uint8Array(32).fill(3))
})
