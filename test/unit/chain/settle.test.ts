import { expect, test } from 'vitest'
import { feeFloor } from '../../../core/chain/fees.ts'
import { blockExpiredMax } from '../../../core/chain/limits.ts'
import type { SettlementItem } from '../../../core/chain/messages/settle.ts'
import { escrowIdOf, transactionHash } from '../../../core/chain/transaction.ts'
import {
  alice,
  authority,
  bob,
  carol,
  coordinator,
  createGenesis,
  genesis,
  type ItemInput,
  miner,
  type Person,
  person,
  settlementItem,
  sign,
} from '../../support/chain-world.ts'
import { createLedger, itemCodes, type Ledger } from '../../support/ledger.ts'

const N = Number(genesis.parameters.closeNoticeSlots)
const M = Number(genesis.parameters.authorisationLifeSlots)

/** A ledger in which alice's escrow holds 10 000 000 until slot 200; bob is a delegate for 4 000 000. */
function world(of = genesis) {
  const ledger = createLedger(of)
  const bytes = sign({
    by: alice,
    of,
    message: {
      TAG: 'escrow_open',
      data: {
        coordinator: coordinator.publicKey,
        amount: 10_000_000n,
        expiry: 200n,
        delegate: { delegate: bob.publicKey, budget: 4_000_000n, expiry: 150n },
      },
    },
  })
  expect(ledger.block(1, [bytes])).toMatchObject([{ code: 'applied' }])
  const escrow = escrowIdOf(transactionHash(bytes))
  const item = ({ authorisation, ...rest }: Partial<ItemInput> = {}): SettlementItem =>
    settlementItem({ authorisation: { escrow, ...authorisation }, of, ...rest })
  return { ledger, escrow, item }
}

const settle = (ledger: Ledger, slot: number, items: SettlementItem[], by: Person = coordinator) =>
  ledger.one(slot, { by, message: { TAG: 'settle', data: { items } } })

test('SETTLE-1: escrow pays miner and coordinator; the fee comes out of the share of a sender without money', () => {
  const { ledger, escrow, item } = world()
  const fees = ledger.state().account(authority.address)?.balance ?? 0n
  const verdict = settle(ledger, 2, [item()])
  expect(verdict).toMatchObject({ code: 'applied' })
  expect(itemCodes(verdict)).toEqual(['paid'])
  const fee = verdict.outcome?.fee ?? 0n
  expect(verdict.outcome?.feeFromShares).toBeGreaterThan(0n)
  expect(verdict.outcome?.settlements[0]).toMatchObject({
    escrow,
    number: 1n,
    miner: miner.address,
    amount: 1_000_000n,
    minerAmount: 900_000n,
    coordinatorAmount: 100_000n,
  })
  const state = ledger.state()
  expect(state.escrow(escrow)?.balance).toBe(9_000_000n)
  expect(state.account(miner.address)).toEqual({ balance: 900_000n, nonce: 0n })
  expect(state.account(coordinator.address)).toEqual({ balance: 100_000n - fee, nonce: 1n })
  expect(state.account(authority.address)?.balance).toBe(fees + fee)
})

test('SETTLE-2: coordinator, miner or anyone sends it, each standing without money', () => {
  for (const by of [coordinator, miner, carol]) {
    const { ledger, item } = world()
    expect(itemCodes(settle(ledger, 2, [item()], by))).toEqual(['paid'])
    expect(ledger.state().account(by.address)?.nonce).toBe(1n)
  }
})

test('SETTLE-3: each item stands or falls alone, for a reason of its own', () => {
  const { ledger, item } = world()
  const other = person('another')
  const tampered = item({ authorisation: { escrow: new Uint8Array(32), number: 20n } })
  const cases: [string, SettlementItem][] = [
    ['paid', item()],
    ['already_settled', item()],
    ['escrow_unknown', tampered],
    ['above_limit', item({ authorisation: e({ number: 2n, limit: 999_999n }) })],
    ['expired', item({ authorisation: e({ number: 3n, settleBy: 1n }) })],
    ['settle_by_too_far', item({ authorisation: e({ number: 4n, settleBy: BigInt(3 + M) }) })],
    [
      'release_mismatch',
      item({ authorisation: e({ number: 5n }), release: { authorisation: new Uint8Array(32) } }),
    ],
    ['release_mismatch', item({ authorisation: e({ number: 6n }), release: { amount: 0n } })],
    ['signer_not_allowed', item({ authorisation: e({ number: 7n }), payer: carol })],
    [
      'authorisation_signature_invalid',
      item({ authorisation: e({ number: 8n, signer: alice.publicKey }), payer: other }),
    ],
    ['release_signature_invalid', item({ authorisation: e({ number: 9n }), releaser: other })],
    [
      'budget_exceeded',
      item({
        authorisation: e({ number: 10n, limit: 5_000_000n }),
        release: { amount: 4_000_001n },
        payer: bob,
      }),
    ],
    [
      'escrow_exhausted',
      item({
        authorisation: e({ number: 11n, limit: 10_000_000n }),
        release: { amount: 9_000_001n },
      }),
    ],
    ['paid', item({ authorisation: e({ number: 12n }), payer: bob })],
  ]
  const verdict = settle(
    ledger,
    2,
    cases.map(([, one]) => one),
  )
  expect(itemCodes(verdict)).toEqual(cases.map(([code]) => code))
  const unpaid = verdict.outcome?.settlements.filter(({ code }) => code !== 0) ?? []
  for (const { amount, minerAmount, coordinatorAmount } of unpaid) {
    expect([amount, minerAmount, coordinatorAmount]).toEqual([0n, 0n, 0n])
  }

  function e(change: Partial<ItemInput['authorisation']>) {
    return change as ItemInput['authorisation']
  }
})

test('SETTLE-4: an authorisation signed for another chain, or a release for another, pays nothing', () => {
  const { ledger, escrow } = world()
  const foreign = createGenesis({ chainId: 'elsewhere' })
  const item = settlementItem({ authorisation: { escrow }, of: foreign })
  const rich = settle(ledger, 2, [item], bob)
  expect(rich).toMatchObject({ code: 'nothing_settled' })
  expect(itemCodes(rich)).toEqual(['authorisation_signature_invalid'])
})

test('SETTLE-5: one authorisation pays once, also over blocks and with another release', () => {
  const { ledger, item } = world()
  expect(itemCodes(settle(ledger, 2, [item()]))).toEqual(['paid'])
  const again = item({ release: { amount: 5n, miner: carol.address } })
  expect(itemCodes(settle(ledger, 3, [item(), again], bob))).toEqual([
    'already_settled',
    'already_settled',
  ])
})

test('SETTLE-6: a delegate pays up to its budget, until its expiry, until its revocation takes effect', () => {
  const { ledger, escrow, item } = world()
  const by = (number: bigint, settleBy: bigint) =>
    item({ authorisation: { escrow, number, settleBy }, payer: bob })
  expect(itemCodes(settle(ledger, 2, [by(1n, 15n)]))).toEqual(['paid'])
  expect(ledger.state().delegate(escrow, bob.publicKey)?.budget).toBe(3_000_000n)
  const revoke = {
    by: alice,
    message: { TAG: 'delegate_revoke', data: { escrow, delegate: bob.publicKey } } as const,
  }
  expect(ledger.one(3, revoke)).toMatchObject({ code: 'applied' })
  const last = 3 + N - 1
  expect(itemCodes(settle(ledger, last, [by(2n, BigInt(last + 5))]))).toEqual(['paid'])
  expect(
    itemCodes(settle(ledger, last + 1, [by(3n, BigInt(last + 5))], carolRich(ledger))),
  ).toEqual(['signer_not_allowed'])
  const fresh = world()
  const late = settlementItem({
    authorisation: { escrow: fresh.escrow, settleBy: 150n },
    payer: bob,
  })
  expect(itemCodes(settle(fresh.ledger, 140, [late], alice))).toEqual(['signer_not_allowed'])
})

/** The first authority account has fees: lets it give carol some, so that a vain settle can be charged. */
function carolRich(ledger: Ledger): Person {
  ledger.one(50, {
    by: bob,
    message: { TAG: 'transfer', data: { to: carol.address, amount: 1_000_000n } },
  })
  return carol
}

test('SETTLE-7: nothing is paid once a close has taken effect, or beyond the expiry', () => {
  const { ledger, escrow, item } = world()
  ledger.one(3, { by: alice, message: { TAG: 'escrow_close', data: { escrow } } })
  const at = (number: bigint, settleBy: number) =>
    item({ authorisation: { escrow, number, settleBy: BigInt(settleBy) } })
  expect(itemCodes(settle(ledger, 2 + N, [at(1n, 2 + N)]))).toEqual(['paid'])
  expect(itemCodes(settle(ledger, 3 + N, [at(2n, 4 + N)], bob))).toEqual(['escrow_closed'])
  const other = world()
  const beyond = (settleBy: bigint) =>
    settlementItem({ authorisation: { escrow: other.escrow, settleBy } })
  expect(itemCodes(settle(other.ledger, 190, [beyond(200n)], alice))).toEqual(['expired'])
  expect(itemCodes(settle(other.ledger, 190, [beyond(199n)]))).toEqual(['paid'])
})

test('SETTLE-8: a settlement that pays nothing is charged to a sender with money and refused from others', () => {
  const { ledger, item } = world()
  const root = ledger.root()
  const bad = item({ releaser: carol })
  expect(settle(ledger, 2, [bad]).refused).toBe('BALANCE_TOO_LOW')
  expect(ledger.root()).toEqual(root)
  const before = ledger.state().account(bob.address)
  const verdict = settle(ledger, 2, [bad], bob)
  expect(verdict).toMatchObject({ code: 'nothing_settled' })
  expect(itemCodes(verdict)).toEqual(['release_signature_invalid'])
  expect(ledger.state().account(bob.address)).toEqual({
    balance: (before?.balance ?? 0n) - (verdict.outcome?.fee ?? 0n),
    nonce: 1n,
  })
})

test('SETTLE-9: shares bear what is sufficient for what they settled and no more; the sender bears the rest', () => {
  const { ledger, item } = world()
  const good = item()
  const bad = item({ authorisation: { escrow: new Uint8Array(32), number: 9n } })
  const message = { TAG: 'settle', data: { items: [good, bad] } } as const
  const size = sign({ by: bob, message: { TAG: 'settle', data: { items: [good] } } }).length
  // One item: at most a spent authorisation and the accounts of miner, sender and coordinator.
  const payable = feeFloor(genesis.parameters, { size, entries: 4 })
  const verdict = ledger.one(2, {
    by: bob,
    message: { ...message, data: { items: [good, bad] } },
    fee: 90_000n,
  })
  expect(verdict.outcome).toMatchObject({ fee: 90_000n, feeFromShares: payable })
  expect(ledger.state().account(coordinator.address)?.balance).toBe(100_000n - payable)
  expect(ledger.state().account(bob.address)?.balance).toBe(500_000_000n - (90_000n - payable))
})

test('SETTLE-10: shares too small for the fee leave the rest to the sender, or keep it outside', () => {
  const small = { amount: 10_000n }
  const first = world()
  const item = first.item({ release: small })
  expect(settle(first.ledger, 2, [item], carol).refused).toBe('BALANCE_TOO_LOW')
  // The miner pays the rest out of what it has just earned, if that is enough.
  const second = world()
  const enough = second.item({ release: { amount: 20_000n } })
  const verdict = settle(second.ledger, 2, [enough], miner)
  expect(verdict).toMatchObject({ code: 'applied', outcome: { feeFromShares: 2_000n } })
  const fee = verdict.outcome?.fee ?? 0n
  expect(second.ledger.state().account(miner.address)?.balance).toBe(18_000n - (fee - 2_000n))
  expect(second.ledger.state().account(coordinator.address)).toBeUndefined()
})

test('SETTLE-11: entries that a settlement creates are part of its floor', () => {
  const { ledger, item } = world()
  const items = [item()]
  const message = { TAG: 'settle', data: { items } } as const
  const size = sign({ by: bob, message: { TAG: 'settle', data: { items } } }).length
  const fee = feeFloor(genesis.parameters, { size, entries: 3 })
  expect(
    ledger.one(2, { by: bob, message: { ...message, data: { items } }, fee: fee - 1n }),
  ).toMatchObject({
    code: 'entries_unpaid',
  })
  expect(ledger.state().account(miner.address)).toBeUndefined()
  expect(ledger.one(3, { by: bob, message: { ...message, data: { items } }, fee })).toMatchObject({
    code: 'applied',
  })
})

test('SETTLE-12: a spent authorisation leaves the state after its settle-by, and cannot be settled again', () => {
  const { ledger, escrow, item } = world()
  const good = item()
  const entries = ledger.entries()
  settle(ledger, 2, [good])
  // Spent authorisation, miner and coordinator.
  expect(ledger.entries()).toBe(entries + 3)
  ledger.block(15, [])
  expect(ledger.state().spent({ escrow, number: 1n, settleBy: 15n })).toBeDefined()
  const vain = settle(ledger, 15, [good], bob)
  expect(itemCodes(vain)).toEqual(['already_settled'])
  ledger.block(16, [])
  expect(ledger.state().spent({ escrow, number: 1n, settleBy: 15n })).toBeUndefined()
  expect(ledger.entries()).toBe(entries + 2)
  expect(itemCodes(settle(ledger, 17, [good], bob))).toEqual(['expired'])
})

test('SETTLE-13: clearing takes the oldest first and catches up with whatever blocks can add', () => {
  const { ledger, escrow } = world(
    createGenesis({ accounts: [{ address: alice.address, balance: 2n ** 52n }] }),
  )
  const state = ledger.state()
  for (let n = 0; n < 30; n++) {
    state.putSpent({ escrow, number: BigInt(n), settleBy: BigInt(50 - n) })
  }
  // On the overlay nothing is stored yet, so there is nothing to clear.
  expect(state.clearSpent(100n, 5)).toBe(0)
  expect(blockExpiredMax).toBeGreaterThanOrEqual(2_048)

  const of = createGenesis({
    parameters: { ...genesis.parameters, authorisationLifeSlots: 28n },
    accounts: [{ address: alice.address, balance: 2n ** 52n }],
  })
  const real = world(of)
  const items = Array.from({ length: 20 }, (_, n) =>
    settlementItem({
      authorisation: {
        escrow: real.escrow,
        number: BigInt(n),
        settleBy: BigInt(29 - n),
        limit: 1_000n,
      },
      release: { amount: 1_000n },
      of,
    }),
  )
  expect(settle(real.ledger, 2, items, alice)).toMatchObject({ code: 'applied' })
  const stored = real.ledger.state()
  expect(stored.clearSpent(30n, 5)).toBe(5)
  for (let n = 0; n < 20; n++) {
    const name = { escrow: real.escrow, number: BigInt(n), settleBy: BigInt(29 - n) }
    expect(stored.spent(name) === undefined).toBe(n >= 15)
  }
  real.ledger.block(30, [])
  for (let n = 0; n < 20; n++) {
    const name = { escrow: real.escrow, number: BigInt(n), settleBy: BigInt(29 - n) }
    expect(real.ledger.state().spent(name)).toBeUndefined()
  }
})
