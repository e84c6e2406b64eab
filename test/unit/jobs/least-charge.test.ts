import fc from 'fast-check'
import { expect, test } from 'vitest'
import { feeFloor } from '../../../core/chain/fees.ts'
import { settlementItemBytes } from '../../../core/chain/messages/settle.ts'
import { escrowIdOf } from '../../../core/chain/transaction.ts'
import { leastChargeOf, settlementBytes } from '../../../core/jobs/least-charge.ts'
import { marketGenesis, openEscrow } from '../../support/chain-market.ts'
import { alice, coordinator, genesis, settlementItem, sign } from '../../support/chain-world.ts'
import { createLedger } from '../../support/ledger.ts'

const { parameters } = genesis

/** A real settlement of one job. */
const settlement = sign({
  by: coordinator,
  nonce: 0n,
  message: {
    TAG: 'settle',
    data: { items: [settlementItem({ authorisation: { escrow: new Uint8Array(32) } })] },
  },
})

test('PRICE-3: the size of a settlement is what the rule takes it for', () => {
  expect(settlement).toHaveLength(settlementBytes + settlementItemBytes)
})

test('PRICE-3: the share of it pays a settlement of one job, and of one unit less it does not', () => {
  const amounts = fc.bigInt({ min: 0n, max: 10_000n })
  const changed = fc.record({
    baseFee: amounts,
    feePerByte: amounts,
    feePerEntry: amounts,
    coordinatorShareBps: fc.integer({ min: 1, max: 10_000 }),
  })
  fc.assert(
    fc.property(changed, (change) => {
      const all = { ...parameters, ...change }
      const cost = feeFloor(all, { size: settlement.length, entries: 3 })
      const shareOf = (amount: bigint) => (amount * BigInt(all.coordinatorShareBps)) / 10_000n
      const least = leastChargeOf(all)
      expect(shareOf(least)).toBeGreaterThanOrEqual(cost)
      if (least > 1n) expect(shareOf(least - 1n)).toBeLessThan(cost)
    }),
  )
})

test('PRICE-3: with rewards it pays for the claim that a settlement leaves, too', () => {
  const least = leastChargeOf(marketGenesis.parameters)
  expect(least).toBeGreaterThan(leastChargeOf(parameters))
  const ledger = createLedger(marketGenesis)
  const opened = ledger.one(1, { by: alice, message: openEscrow(least * 2n, 900n) })
  const escrow = escrowIdOf(opened.outcome?.transaction as Uint8Array)
  const items = [
    settlementItem({
      authorisation: { escrow, limit: least },
      release: { amount: least },
      of: marketGenesis,
    }),
  ]
  const size = settlementBytes + settlementItemBytes
  const body = { by: coordinator, message: { TAG: 'settle', data: { items } } as const }
  const fee = feeFloor(marketGenesis.parameters, { size, entries: 4 })
  // Nobody has an account yet but the payer: spent, claim, miner, coordinator.
  expect(ledger.one(10, { ...body, fee: fee - 1n }).refused).toBe('BALANCE_TOO_LOW')
  expect(ledger.one(10, { ...body, fee })).toMatchObject({
    code: 'applied',
    outcome: { feeFromShares: fee },
  })
})

test('PRICE-3: where coordinators have no share the least charge is one unit', () => {
  expect(leastChargeOf({ ...parameters, coordinatorShareBps: 0 })).toBe(1n)
})
