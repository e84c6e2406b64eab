import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../../../core/base/bytes.ts'
import { type CheckedTransaction, checkTransaction } from '../../../core/chain/check-transaction.ts'
import { costOf } from '../../../core/chain/engine-core.ts'
import type { Account } from '../../../core/chain/entries.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import {
  admit,
  advancePool,
  compareFees,
  createMempool,
  hasReady,
  inOrder,
  type Mempool,
  nextNonce,
  type Pooled,
  type PoolLimits,
  type PoolView,
  removePooled,
} from '../../../core/chain/mempool.ts'
import { addressOf } from '../../../core/crypto/address.ts'
import { alice, bob, carol, genesis, person, sign, transfer } from '../../support/chain-world.ts'

const limits: PoolLimits = { count: 6, bytes: 100_000, perSender: 4 }
const accounts = new Map<string, Account>()
const rich = (name: Uint8Array, nonce = 0n): void =>
  void accounts.set(toHex(name), { balance: 10_000_000n, nonce })
for (const one of [alice, bob, carol]) rich(one.address)

const view: PoolView = {
  parameters: genesis.parameters,
  slot: 10n,
  account: (address) => accounts.get(toHex(address)),
  entriesOf: () => 0,
  costOf,
}

const trusting = { genesisHash: genesisHash(genesis), verifier: { verify: () => true } }

/** A transfer by somebody, checked; the signature is not looked at. */
function make(
  by: { publicKey: Uint8Array },
  given: { nonce?: bigint; fee?: bigint; amount?: bigint; validUntil?: bigint } = {},
): CheckedTransaction {
  const { nonce = 0n, fee = 1_000n, amount = 1n, validUntil = 100n } = given
  const signer = { publicKey: by.publicKey, sign: () => new Uint8Array(64) }
  const bytes = sign({ by: signer, nonce, fee, validUntil, message: transfer(bob.address, amount) })
  const checked = checkTransaction(trusting, bytes)
  if (!checked.ok) throw new Error(checked.error.message)
  return checked.value
}

const offer = (pool: Mempool, one: CheckedTransaction, on: Partial<PoolView> = {}): string => {
  const done = admit(pool, one, { ...view, ...on }, limits)
  return done.ok ? (done.value.added ? 'added' : 'known') : done.error.code
}

/** The order in which a block would take everything that is ready. */
function order(pool: Mempool): Pooled[] {
  const taken: Pooled[] = []
  const all = inOrder(pool)
  for (let next = all.next(); !next.done; next = all.next('take')) taken.push(next.value)
  return taken
}

test('POOL-1: each refusal has its code, and a refused transaction leaves no trace', () => {
  const pool = createMempool()
  rich(carol.address, 5n)
  const cases: [string, CheckedTransaction][] = [
    ['FEE_TOO_LOW', make(alice, { fee: 399n })],
    ['VALIDITY_EXPIRED', make(alice, { validUntil: 9n })],
    ['VALIDITY_TOO_FAR', make(alice, { validUntil: 10n + 43_201n })],
    ['NONCE_STALE', make(carol, { nonce: 4n })],
    ['NONCE_TOO_FAR', make(carol, { nonce: 9n })],
    ['BALANCE_TOO_LOW', make(alice, { amount: 9_999_001n })],
    ['BALANCE_TOO_LOW', make(person('nobody'))],
  ]
  for (const [code, one] of cases) expect(offer(pool, one)).toBe(code)
  expect(pool.byHash.size).toBe(0)
  expect(pool.bytes).toBe(0)
  expect(offer(pool, make(alice), { entriesOf: () => 1 })).toBe('added')
  expect(offer(pool, make(bob), { entriesOf: () => 2 })).toBe('FEE_TOO_LOW')
  expect(offer(pool, make(alice))).toBe('known')
  rich(carol.address)
})

test('POOL-2: what waits is counted against the balance', () => {
  const pool = createMempool()
  expect(offer(pool, make(alice, { amount: 6_000_000n }))).toBe('added')
  expect(offer(pool, make(alice, { nonce: 1n, amount: 4_000_000n }))).toBe('BALANCE_TOO_LOW')
  expect(offer(pool, make(alice, { nonce: 1n, amount: 3_000_000n }))).toBe('added')
})

test('POOL-3: a replacement pays a tenth more; the old one leaves', () => {
  const pool = createMempool()
  const old = make(alice, { fee: 1_000n })
  offer(pool, old)
  expect(offer(pool, make(alice, { fee: 1_100n }))).toBe('REPLACEMENT_UNDERPRICED')
  const fresh = make(alice, { fee: 1_101n })
  const done = admit(pool, fresh, view, limits)
  expect(done).toMatchObject({ ok: true, value: { removed: [{ hash: old.hash }] } })
  expect([...pool.byHash.keys()]).toEqual([toHex(fresh.hash)])
})

test('POOL-4: a sender has a bounded number, with gaps no wider than that', () => {
  const pool = createMempool()
  for (const nonce of [3n, 1n, 2n]) expect(offer(pool, make(alice, { nonce }))).toBe('added')
  expect(hasReady(pool)).toBe(false)
  expect(nextNonce(pool, alice.address, 0n)).toBe(0n)
  expect(offer(pool, make(alice, { nonce: 0n }))).toBe('added')
  expect(hasReady(pool)).toBe(true)
  expect(nextNonce(pool, alice.address, 0n)).toBe(4n)
  expect(offer(pool, make(alice, { nonce: 4n }))).toBe('NONCE_TOO_FAR')
  const full = { ...limits, perSender: 2 }
  const other = createMempool()
  for (const nonce of [0n, 1n]) admit(other, make(bob, { nonce }), view, full)
  rich(bob.address, 1n)
  expect(admit(other, make(bob, { nonce: 2n }), view, full)).toMatchObject({
    error: { code: 'MEMPOOL_FULL' },
  })
  rich(bob.address)
})

test('POOL-5: a full pool gives way to a better fee only, from the cheapest queue end', () => {
  const pool = createMempool()
  const senders = ['p', 'q', 'r', 's', 't', 'u', 'v'].map(person)
  for (const one of senders) rich(one.address)
  const fees = [900n, 500n, 700n, 600n, 800n, 1_000n]
  fees.forEach((fee, n) => {
    expect(offer(pool, make(senders[n] ?? alice, { fee }))).toBe('added')
  })
  const newcomer = senders[6] ?? alice
  expect(offer(pool, make(newcomer, { fee: 500n }))).toBe('MEMPOOL_FULL')
  expect(offer(pool, make(newcomer, { fee: 501n }))).toBe('added')
  expect(pool.byHash.size).toBe(6)
  const left = [...pool.byHash.values()].map((entry) => entry.transaction.body.fee)
  expect(left.sort()).toEqual([1_000n, 501n, 600n, 700n, 800n, 900n].sort())
  // A sender cannot push out its own earlier transactions to make room for later ones.
  const bytes = { ...limits, bytes: 250 }
  const tight = createMempool()
  admit(tight, make(alice, { fee: 500n }), view, bytes)
  expect(admit(tight, make(alice, { nonce: 1n, fee: 9_000n }), view, bytes)).toMatchObject({
    error: { code: 'MEMPOOL_FULL' },
  })
})

test('POOL-6: order is by fee for each byte, within a sender by nonce, between equals by arrival', () => {
  const pool = createMempool()
  offer(pool, make(alice, { nonce: 0n, fee: 600n }))
  offer(pool, make(alice, { nonce: 1n, fee: 9_000n }))
  offer(pool, make(bob, { fee: 700n }))
  offer(pool, make(carol, { fee: 700n }))
  const got = order(pool).map((entry) => [toHex(entry.sender), entry.transaction.body.nonce])
  expect(got).toEqual([
    [toHex(bob.address), 0n],
    [toHex(carol.address), 0n],
    [toHex(alice.address), 0n],
    [toHex(alice.address), 1n],
  ])
  const skipping = inOrder(pool)
  skipping.next()
  skipping.next('skip')
  expect(skipping.next('skip')).toMatchObject({ done: false, value: { sender: alice.address } })
  expect(skipping.next('skip').done).toBe(true)
})

test('POOL-7: when the head moves, what it settled or outlived leaves', () => {
  const pool = createMempool()
  for (const nonce of [0n, 1n, 2n]) offer(pool, make(alice, { nonce }))
  offer(pool, make(bob, { validUntil: 20n }))
  const head = {
    slot: 21n,
    account: (address: Uint8Array) =>
      toHex(address) === toHex(alice.address) ? { balance: 1n, nonce: 2n } : undefined,
  }
  const gone = advancePool(pool, head)
  expect(gone).toHaveLength(3)
  expect(order(pool).map((entry) => entry.transaction.body.nonce)).toEqual([2n])
  expect(advancePool(pool, head)).toEqual([])
})

/** Whether every nonce below one of a sender's waits in `held`: accounts here begin at nonce 0. */
const runnable = (
  held: readonly Pooled[],
  nonce: bigint,
  { sender }: { readonly sender: Uint8Array },
): boolean => {
  const nonces = held
    .filter((entry) => toHex(entry.sender) === toHex(sender))
    .map((entry) => entry.transaction.body.nonce)
  return nonces.filter((one) => one < nonce).length === Number(nonce)
}

test('POOL-8: bounds, sums and orders hold whatever comes', () => {
  const senders = [alice, bob, carol]
  const steps = fc.array(
    fc.record({
      who: fc.nat({ max: 2 }),
      nonce: fc.bigInt({ min: 0n, max: 5n }),
      fee: fc.bigInt({ min: 450n, max: 2_000n }),
      amount: fc.bigInt({ min: 1n, max: 6_000_000n }),
      remove: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(steps, (list) => {
      const pool = createMempool()
      for (const { who, remove, ...given } of list) {
        const one = make(senders[who] ?? alice, given)
        const before = [...pool.byHash.values()]
        if (remove) removePooled(pool, one.hash)
        else {
          const done = admit(pool, one, view, limits)
          if (!done.ok) expect([...pool.byHash.values()]).toEqual(before)
          else {
            const runs = runnable(before, given.nonce, one)
            for (const gone of done.value.removed) {
              // POOL-9: what waits behind a gap makes room for what can run, whatever either pays.
              if (runs && !runnable(before, gone.transaction.body.nonce, gone)) continue
              expect(compareFees(gone, one)).toBeLessThan(0)
            }
          }
        }
        const held = [...pool.byHash.values()]
        expect(held.length).toBeLessThanOrEqual(limits.count)
        expect(pool.bytes).toBe(held.reduce((sum, entry) => sum + entry.bytes.length, 0))
        for (const sender of senders) {
          const owed = held
            .filter((entry) => toHex(entry.sender) === toHex(addressOf(sender.publicKey)))
            .reduce((sum, entry) => sum + entry.cost, 0n)
          expect(owed).toBeLessThanOrEqual(10_000_000n)
        }
      }
      const seen = new Map<string, bigint>()
      for (const entry of order(pool)) {
        const name = toHex(entry.sender)
        expect(entry.transaction.body.nonce).toBe(seen.get(name) ?? 0n)
        seen.set(name, entry.transaction.body.nonce + 1n)
      }
      expect(hasReady(pool)).toBe(seen.size > 0)
    }),
    { numRuns: 60 },
  )
})

test('POOL-9: what cannot run yet gives way to what can, whatever fee it promises', () => {
  const pool = createMempool()
  const [hoarder, other] = [person('hoarder'), person('other hoarder')]
  for (const one of [hoarder, other]) rich(one.address)
  // Nonce 0 never comes, so none of these ever pays what it promises.
  for (const by of [hoarder, other]) {
    for (const nonce of [1n, 2n, 3n]) {
      expect(offer(pool, make(by, { nonce, fee: 1_000_000n }))).toBe('added')
    }
  }
  expect(offer(pool, make(alice, { fee: 400n }))).toBe('added')
  expect(offer(pool, make(bob, { fee: 400n }))).toBe('added')
  expect(order(pool)).toHaveLength(2)
  expect(pool.byHash.size).toBe(limits.count)
})

test('POOL-9: what cannot run yet displaces nothing that can', () => {
  const pool = createMempool()
  for (const by of [alice, bob]) {
    for (const nonce of [0n, 1n, 2n]) expect(offer(pool, make(by, { nonce }))).toBe('added')
  }
  expect(offer(pool, make(carol, { nonce: 1n, fee: 1_000_000n }))).toBe('MEMPOOL_FULL')
  expect(offer(pool, make(carol, { nonce: 0n, fee: 1_001n }))).toBe('added')
})
