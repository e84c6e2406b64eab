import { expect, test } from 'vitest'
import { escrowLifeSlotsMax } from '../../../core/chain/limits.ts'
import { escrowIdOf, transactionHash } from '../../../core/chain/transaction.ts'
import {
  alice,
  bob,
  carol,
  coordinator,
  genesis,
  miner,
  type Person,
  sign,
} from '../../support/chain-world.ts'
import { createLedger, type Ledger } from '../../support/ledger.ts'

const N = Number(genesis.parameters.closeNoticeSlots)
const M = Number(genesis.parameters.authorisationLifeSlots)

/** Opens alice's escrow of 10 000 000 in slot 1, expiring in slot 200, and returns its id. */
function open(ledger: Ledger, delegate?: Person) {
  const bytes = sign({
    by: alice,
    nonce: ledger.state().account(alice.address)?.nonce ?? 0n,
    message: {
      TAG: 'escrow_open',
      data: {
        coordinator: coordinator.publicKey,
        amount: 10_000_000n,
        expiry: 200n,
        delegate: delegate && { delegate: delegate.publicKey, budget: 4_000_000n, expiry: 150n },
      },
    },
  })
  expect(ledger.block(1, [bytes])).toMatchObject([{ code: 'applied' }])
  return escrowIdOf(transactionHash(bytes))
}
const close = (escrow: Uint8Array) => ({ TAG: 'escrow_close', data: { escrow } }) as const
const topUp = (escrow: Uint8Array, amount: bigint, expiry = 0n) =>
  ({ TAG: 'escrow_top_up', data: { escrow, amount, expiry } }) as const
const grant = (escrow: Uint8Array, to: Person, budget: bigint, expiry: bigint) =>
  ({
    TAG: 'delegate_grant',
    data: { escrow, terms: { delegate: to.publicKey, budget, expiry } },
  }) as const
const revoke = (escrow: Uint8Array, from: Person) =>
  ({ TAG: 'delegate_revoke', data: { escrow, delegate: from.publicKey } }) as const
const unknown = new Uint8Array(32).fill(1)

test('ESCROW-1: opening locks the amount under an id of its own, with a delegate if asked', () => {
  const ledger = createLedger()
  const before = ledger.state().account(alice.address)?.balance ?? 0n
  const id = open(ledger, bob)
  const state = ledger.state()
  expect(state.escrow(id)).toEqual({
    owner: alice.address,
    coordinator: coordinator.publicKey,
    balance: 10_000_000n,
    expiry: 200n,
    closesAt: 0n,
    delegates: 1,
  })
  expect(state.delegate(id, bob.publicKey)).toEqual({
    escrow: id,
    delegate: bob.publicKey,
    budget: 4_000_000n,
    expiry: 150n,
    revokedAt: 0n,
  })
  expect(before - (state.account(alice.address)?.balance ?? 0n)).toBeGreaterThan(10_000_000n)
  expect(open(createLedger())).not.toEqual(id)
})

test('ESCROW-2: an expiry is no sooner than an authorisation lives and no later than a year', () => {
  const attempt = (expiry: bigint, delegateExpiry?: bigint) =>
    createLedger().one(10, {
      by: alice,
      message: {
        TAG: 'escrow_open',
        data: {
          coordinator: coordinator.publicKey,
          amount: 1n,
          expiry,
          delegate:
            delegateExpiry === undefined
              ? undefined
              : {
                  delegate: bob.publicKey,
                  budget: 1n,
                  expiry: delegateExpiry,
                },
        },
      },
    })
  expect(attempt(10n + BigInt(M) - 1n)).toMatchObject({ code: 'expiry_invalid' })
  expect(attempt(10n + BigInt(M))).toMatchObject({ code: 'applied' })
  expect(attempt(10n + escrowLifeSlotsMax)).toMatchObject({ code: 'applied' })
  expect(attempt(11n + escrowLifeSlotsMax)).toMatchObject({ code: 'expiry_invalid' })
  expect(attempt(100n, 10n)).toMatchObject({ code: 'expiry_invalid' })
  expect(attempt(100n, 11n)).toMatchObject({ code: 'applied' })
})

test('ESCROW-3: opening needs the money', () => {
  const verdict = createLedger().one(1, {
    by: bob,
    message: {
      TAG: 'escrow_open',
      data: { coordinator: coordinator.publicKey, amount: 500_000_000n, expiry: 200n },
    },
  })
  expect(verdict).toMatchObject({ code: 'insufficient_balance' })
})

test('ESCROW-4: anyone tops up; the expiry only grows; a closing or expired escrow takes no money', () => {
  const ledger = createLedger()
  const id = open(ledger)
  expect(ledger.one(2, { by: bob, message: topUp(id, 5n) })).toMatchObject({ code: 'applied' })
  expect(ledger.state().escrow(id)).toMatchObject({ balance: 10_000_005n, expiry: 200n })
  expect(ledger.one(3, { by: bob, message: topUp(id, 5n, 300n) })).toMatchObject({
    code: 'applied',
  })
  expect(ledger.state().escrow(id)?.expiry).toBe(300n)
  for (const expiry of [299n, 4n + escrowLifeSlotsMax + 1n]) {
    expect(ledger.one(4, { by: bob, message: topUp(id, 5n, expiry) })).toMatchObject({
      code: 'expiry_invalid',
    })
  }
  expect(ledger.one(5, { by: bob, message: topUp(id, 600_000_000n) })).toMatchObject({
    code: 'insufficient_balance',
  })
  expect(ledger.one(6, { by: bob, message: topUp(unknown, 5n) })).toMatchObject({
    code: 'escrow_unknown',
  })
  expect(ledger.one(300, { by: bob, message: topUp(id, 5n, 400n) })).toMatchObject({
    code: 'escrow_expired',
  })
  expect(ledger.one(7, { by: alice, message: close(id) })).toMatchObject({ code: 'applied' })
  expect(ledger.one(8, { by: bob, message: topUp(id, 5n) })).toMatchObject({
    code: 'escrow_closing',
  })
})

test('ESCROW-5: a close takes effect N slots later; then anyone may finish it and the owner is paid', () => {
  const ledger = createLedger()
  const id = open(ledger, bob)
  expect(ledger.one(10, { by: bob, message: close(id) })).toMatchObject({ code: 'not_owner' })
  expect(ledger.one(10, { by: alice, message: close(id) })).toMatchObject({ code: 'applied' })
  expect(ledger.state().escrow(id)?.closesAt).toBe(10n + BigInt(N))
  for (const by of [alice, bob]) {
    expect(ledger.one(9 + N, { by, message: close(id) })).toMatchObject({
      code: by === alice ? 'notice_running' : 'not_owner',
    })
  }
  const before = ledger.state().account(alice.address)?.balance ?? 0n
  const entries = ledger.entries()
  expect(ledger.one(10 + N, { by: bob, message: close(id) })).toMatchObject({ code: 'applied' })
  expect(ledger.state().account(alice.address)?.balance).toBe(before + 10_000_000n)
  expect(ledger.state().escrow(id)).toBeUndefined()
  expect(ledger.state().delegate(id, bob.publicKey)).toBeUndefined()
  // Escrow and delegate have left the state.
  expect(ledger.entries()).toBe(entries - 2)
  expect(ledger.one(11 + N, { by: bob, message: close(id) })).toMatchObject({
    code: 'escrow_unknown',
  })
})

test('ESCROW-6: from the expiry on anyone closes, without notice', () => {
  const ledger = createLedger()
  const id = open(ledger)
  expect(ledger.one(199, { by: bob, message: close(id) })).toMatchObject({ code: 'not_owner' })
  expect(ledger.one(200, { by: bob, message: close(id) })).toMatchObject({ code: 'applied' })
  expect(ledger.state().escrow(id)).toBeUndefined()
})

test('ESCROW-7: one block can open, fill, share and close what has ended', () => {
  const ledger = createLedger()
  const id = open(ledger)
  const verdicts = ledger.block(210, [
    { by: carolFunded(ledger), message: close(id) },
    { by: bob, message: topUp(id, 1n) },
  ])
  expect(verdicts).toMatchObject([{ code: 'applied' }, { code: 'escrow_unknown' }])
})

/** Gives carol money for a fee and returns her. */
function carolFunded(ledger: Ledger): Person {
  ledger.one(2, {
    by: bob,
    message: { TAG: 'transfer', data: { to: carol.address, amount: 100_000n } },
  })
  return carol
}

test('DELEGATE-1: only the owner of an open escrow grants, and not into the past', () => {
  const ledger = createLedger()
  const id = open(ledger)
  const cases = [
    [bob, grant(id, miner, 5n, 100n), 'not_owner'],
    [alice, grant(unknown, miner, 5n, 100n), 'escrow_unknown'],
    [alice, grant(id, miner, 5n, 2n), 'expiry_invalid'],
    [alice, grant(id, miner, 5n, 3n), 'applied'],
  ] as const
  for (const [by, message, code] of cases) {
    expect(ledger.one(2, { by, message })).toMatchObject({ code })
  }
  expect(ledger.one(200, { by: alice, message: grant(id, bob, 5n, 300n) })).toMatchObject({
    code: 'escrow_expired',
  })
  ledger.one(3, { by: alice, message: close(id) })
  expect(ledger.one(4, { by: alice, message: grant(id, bob, 5n, 300n) })).toMatchObject({
    code: 'escrow_closing',
  })
})

test('DELEGATE-2: while a delegate can be charged its terms only grow; afterwards they are free', () => {
  const ledger = createLedger()
  const id = open(ledger)
  const steps = [
    [2, grant(id, bob, 1_000n, 100n), 'applied'],
    [3, grant(id, bob, 999n, 100n), 'amount_invalid'],
    [3, grant(id, bob, 1_000n, 99n), 'expiry_invalid'],
    [4, grant(id, bob, 2_000n, 120n), 'applied'],
    [120, grant(id, bob, 1n, 130n), 'applied'],
  ] as const
  for (const [slot, message, code] of steps) {
    expect(ledger.one(slot, { by: alice, message })).toMatchObject({ code })
  }
  expect(ledger.state().delegate(id, bob.publicKey)?.budget).toBe(1n)
  expect(ledger.state().escrow(id)?.delegates).toBe(1)
})

test('DELEGATE-3: a revocation takes effect N slots later; then another one removes the entry', () => {
  const ledger = createLedger()
  const id = open(ledger, bob)
  const steps = [
    [2, bob, revoke(id, bob), 'not_owner'],
    [2, alice, revoke(id, carol), 'delegate_unknown'],
    [2, alice, revoke(unknown, bob), 'escrow_unknown'],
    [2, alice, revoke(id, bob), 'applied'],
    [1 + N, alice, revoke(id, bob), 'notice_running'],
  ] as const
  for (const [slot, by, message, code] of steps) {
    expect(ledger.one(slot, { by, message })).toMatchObject({ code })
  }
  expect(ledger.state().delegate(id, bob.publicKey)?.revokedAt).toBe(2n + BigInt(N))
  expect(ledger.one(2 + N, { by: alice, message: revoke(id, bob) })).toMatchObject({
    code: 'applied',
  })
  expect(ledger.state().delegate(id, bob.publicKey)).toBeUndefined()
  expect(ledger.state().escrow(id)?.delegates).toBe(0)
})

test('DELEGATE-4: an escrow has at most 256 delegates, and a close removes them all', () => {
  const ledger = createLedger()
  const id = open(ledger)
  const start = ledger.entries()
  const key = (n: number): Uint8Array => new Uint8Array(32).fill(n & 255, 1).fill(n >> 8, 0, 1)
  const grants = Array.from({ length: 257 }, (_, n) => ({
    by: alice,
    message: {
      TAG: 'delegate_grant',
      data: { escrow: id, terms: { delegate: key(n), budget: 1n, expiry: 100n } },
    } as const,
  }))
  const verdicts = ledger.block(2, grants)
  expect(verdicts.slice(0, 256).every(({ outcome }) => outcome?.code === 0)).toBe(true)
  expect(verdicts[256]).toMatchObject({ code: 'limit_exceeded' })
  expect(ledger.entries()).toBe(start + 256)
  // Some of them in the very block that closes, so that overlay and tree are both walked.
  expect(ledger.block(200, [{ by: bob, message: close(id) }])).toMatchObject([{ code: 'applied' }])
  expect(ledger.entries()).toBe(start - 1)
})
