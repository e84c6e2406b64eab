import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../../core/base/bytes.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import {
  available,
  discharge,
  type EscrowLedger,
  emptyLedger,
  freeHold,
  type Hold,
  ledgerOf,
  owe,
  reserve,
  sumsOf,
} from '../../../core/jobs/reservations.ts'
import { delegate, escrow, owner } from './fixtures.ts'

let next = 0n
function hold(ledger: EscrowLedger, limit: bigint, signer = owner, view = escrow()) {
  const wanted = {
    jobId: String(next),
    escrow: toHex(view.id),
    signer: toHex(signer.publicKey),
    number: next++,
    settleBy: 700,
    limit,
  }
  return reserve(ledger, view, wanted, signer.publicKey)
}
function held(ledger: EscrowLedger, limit: bigint, signer = owner) {
  const done = hold(ledger, limit, signer)
  if (!done.ok) throw new Error(done.error.code)
  return done.value
}

test('HOLD-1: never more than the final escrow has left', () => {
  const first = held(emptyLedger, 600_000n)
  expect(hold(first.ledger, 400_001n)).toMatchObject({
    error: { code: 'ESCROW_EXHAUSTED', details: { available: '400000', limit: '400001' } },
  })
  expect(hold(first.ledger, 400_000n).ok).toBe(true)
})

describe('HOLD-2: budgets', () => {
  test('HOLD-2: a delegate stays within its budget', () => {
    const first = held(emptyLedger, 300_000n, delegate)
    expect(hold(first.ledger, 100_001n, delegate)).toMatchObject({
      error: { code: 'BUDGET_EXCEEDED', details: { available: '100000' } },
    })
    expect(hold(first.ledger, 100_000n, delegate).ok).toBe(true)
    expect(hold(first.ledger, 700_000n, owner).ok).toBe(true)
  })

  test('HOLD-2: a budget is worth no more than the escrow has left', () => {
    const first = held(emptyLedger, 900_000n)
    expect(available(first.ledger, escrow(), delegate.publicKey)).toEqual({
      escrow: 100_000n,
      budget: 100_000n,
    })
  })

  test('HOLD-2: the owner is bounded by the escrow alone', () => {
    expect(available(emptyLedger, escrow(), owner.publicKey).budget).toBe(1_000_000n)
  })
})

describe('HOLD-3: one end', () => {
  test('HOLD-3: freed, and all of it is free again', () => {
    const { ledger, hold: made } = held(emptyLedger, 600_000n)
    expect(freeHold(ledger, made)).toEqual(emptyLedger)
  })

  test('HOLD-3: charged, and the rest is free again', () => {
    const first = held(emptyLedger, 600_000n)
    const { ledger, hold: debt } = owe(first.ledger, first.hold, 100_000n)
    expect(available(ledger, escrow(), owner.publicKey).escrow).toBe(900_000n)
    expect(() => freeHold(ledger, debt)).toThrow('invariant')
    expect(() => owe(ledger, debt, 1n)).toThrow('invariant')
    expect(() => owe(first.ledger, first.hold, 600_001n)).toThrow('invariant')
    expect(() => discharge(first.ledger, first.hold)).toThrow('invariant')
  })
})

test('HOLD-4: a debt is counted until its settlement is final', () => {
  const first = held(emptyLedger, 600_000n)
  const { ledger, hold: debt } = owe(first.ledger, first.hold, 100_000n)
  const settled = escrow({ balance: 900_000n })
  // Between the two writes, too little is promised rather than too much.
  expect(available(ledger, settled, owner.publicKey).escrow).toBe(800_000n)
  expect(available(discharge(ledger, debt), settled, owner.publicKey).escrow).toBe(900_000n)
})

test('HOLD-5: the ledger is the sum of its holds after any events, and never over-promises', () => {
  const action = fc.record({
    kind: fc.constantFrom('reserve', 'free', 'owe', 'settle' as const),
    limit: fc.bigInt(1n, 300_000n),
    part: fc.bigInt(0n, 100n),
    pick: fc.nat(1_000),
    byDelegate: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
      let ledger: EscrowLedger = emptyLedger
      let holds: Hold[] = []
      let view = escrow()
      let paid = 0n
      for (const { kind, limit, part, pick, byDelegate } of actions) {
        const signer = byDelegate ? delegate : owner
        const chosen = holds[pick % (holds.length || 1)]
        const others = holds.filter((each) => each !== chosen)
        if (kind === 'reserve') {
          const done = hold(ledger, limit, signer, view)
          if (!done.ok) continue
          ledger = done.value.ledger
          holds.push(done.value.hold)
        } else if (chosen?.state === 'held' && kind === 'free') {
          ledger = freeHold(ledger, chosen)
          holds = others
        } else if (chosen?.state === 'held' && kind === 'owe') {
          const done = owe(ledger, chosen, (chosen.limit * part) / 100n)
          ledger = done.ledger
          holds = [...others, done.hold]
        } else if (chosen?.state === 'owed' && kind === 'settle') {
          const isDelegate = chosen.signer === toHex(delegate.publicKey)
          view = {
            ...view,
            balance: view.balance - chosen.amount,
            delegates: view.delegates.map((each) => ({
              ...each,
              budget: each.budget - (isDelegate ? chosen.amount : 0n),
            })),
          }
          paid += chosen.amount
          ledger = discharge(ledger, chosen)
          holds = others
        }
        expect(ledger).toEqual(ledgerOf(holds))
        const { held: promised, owed } = sumsOf(ledger)
        expect(promised + owed).toBeLessThanOrEqual(view.balance)
        expect(view.delegates.every((each) => each.budget >= 0n)).toBe(true)
        expect(view.balance + paid).toBe(1_000_000n)
      }
    }),
  )
})

test('HOLD-6: holds on one escrow are limited in number', () => {
  let ledger = emptyLedger
  for (let i = 0; i < jobLimits.holdsPerEscrowMax; i++) ledger = held(ledger, 1n).ledger
  expect(hold(ledger, 1n)).toMatchObject({ error: { code: 'QUOTA_EXCEEDED' } })
})
