import { expect, test } from 'vitest'
import type { Genesis } from '../../../core/chain/genesis.ts'
import {
  bond,
  type EvidenceInput,
  evidence,
  marketGenesis,
  slash,
  unbond,
} from '../../support/chain-market.ts'
import { alice, bob, genesis, person, transfer } from '../../support/chain-world.ts'
import { createLedger, type Ledger } from '../../support/ledger.ts'

/** Notice of an unbond, and the life of authorisations. */
const U = 120
const M = 20n

function bonded(of: Genesis = genesis, amount = 5_000_000n): Ledger {
  const ledger = createLedger(of)
  expect(ledger.one(10, { by: bob, message: bond(amount) })).toMatchObject({ code: 'applied' })
  return ledger
}
const accuse = (ledger: Ledger, slot: number, input: Omit<EvidenceInput, 'accused'> = {}) => {
  const of = ledger.genesis
  return ledger.one(slot, { by: alice, message: slash(evidence({ accused: bob, of, ...input })) })
    .code
}
const balanceOf = (ledger: Ledger) => ledger.state().account(bob.address)?.balance ?? 0n

test('BOND-1: a key bonds for itself, and adds to it', () => {
  const ledger = bonded()
  expect(ledger.one(20, { by: bob, message: bond(1n) })).toMatchObject({ code: 'applied' })
  expect(ledger.state().bond(bob.address)).toEqual({
    owner: bob.address,
    amount: 5_000_001n,
    since: 10n,
    leavesAt: 0n,
    slashedAt: 0n,
  })
  expect(ledger.audit()).toMatchObject({ bonds: 1, bonded: 5_000_001n })
  const tooMuch = ledger.one(21, { by: bob, message: bond(500_000_000n) })
  expect(tooMuch.code).toBe('insufficient_balance')
  expect(ledger.one(22, { by: bob, message: bond(0n) }).refused).toBe('AMOUNT_INVALID')
})

test('BOND-2: an unbond pays the owner after the notice, whoever asks then, and not before', () => {
  const ledger = bonded()
  expect(ledger.one(20, { by: alice, message: unbond(bob) }).code).toBe('not_owner')
  expect(ledger.one(20, { by: alice, message: unbond(alice) }).code).toBe('bond_unknown')
  expect(ledger.one(20, { by: bob, message: unbond(bob) }).code).toBe('applied')
  expect(ledger.state().bond(bob.address)?.leavesAt).toBe(BigInt(20 + U))
  expect(ledger.one(21, { by: bob, message: bond(1n) }).code).toBe('bond_leaving')
  expect(ledger.one(19 + U, { by: bob, message: unbond(bob) }).code).toBe('notice_running')
  expect(ledger.one(19 + U, { by: alice, message: unbond(bob) }).code).toBe('not_owner')
  const before = balanceOf(ledger)
  expect(ledger.one(20 + U, { by: alice, message: unbond(bob) }).code).toBe('applied')
  expect(balanceOf(ledger) - before).toBe(5_000_000n)
  expect(ledger.audit()).toMatchObject({ bonds: 0, bonded: 0n })
  expect(ledger.one(21 + U, { by: alice, message: unbond(bob) }).code).toBe('bond_unknown')
})

test('BOND-2: genesis of version 2 says how long the notice is', () => {
  const ledger = bonded(marketGenesis)
  expect(ledger.one(20, { by: bob, message: unbond(bob) }).code).toBe('applied')
  expect(ledger.state().bond(bob.address)?.leavesAt).toBe(70n)
})

test.each([genesis, marketGenesis])(
  'BOND-3: two receipts for one attempt burn the whole bond',
  (of) => {
    const ledger = bonded(of)
    const held = ledger.audit().held
    expect(accuse(ledger, 11)).toBe('applied')
    expect(ledger.state().bond(bob.address)).toMatchObject({ amount: 0n, slashedAt: 11n })
    expect(ledger.state().supply()).toEqual({ minted: 0n, burned: 5_000_000n })
    expect(ledger.audit()).toMatchObject({ bonded: 0n, held: held - 5_000_000n })
  },
)

test('BOND-3: two parts are no better than two whole answers', () => {
  const change = { version: 2 }
  expect(accuse(bonded(), 11, { first: change, second: change })).toBe('applied')
})

test('BOND-3: during the notice as well', () => {
  const ledger = bonded()
  ledger.one(20, { by: bob, message: unbond(bob) })
  expect(accuse(ledger, 30)).toBe('applied')
  expect(ledger.one(20 + U, { by: bob, message: unbond(bob) }).code).toBe('bond_slashed')
})

const other = person('other')
const faults: Record<string, Omit<EvidenceInput, 'accused'>> = {
  'two keys': { second: { minerKey: other.publicKey }, signers: [bob, other] },
  'two attempts': { second: { attempt: 2 } },
  'a whole answer and the part of it that was delivered': { second: { version: 2 } },
  'two jobs': { second: { jobId: new Uint8Array(16).fill(9) } },
  'two authorisations': { second: { authorisation: new Uint8Array(32).fill(9) } },
  'another authorisation': {
    first: { authorisation: new Uint8Array(32).fill(9) },
    second: { authorisation: new Uint8Array(32).fill(9) },
  },
  'one receipt twice': {
    first: { resultHash: other.publicKey },
    second: { resultHash: other.publicKey },
  },
  'a miner of the original, without a key': {
    first: { minerKey: undefined },
    second: { minerKey: undefined },
  },
  'a signature of somebody else': { signers: [bob, other] },
  'signatures of another chain': { of: marketGenesis },
}
test.each(Object.entries(faults))('BOND-4: %s is no evidence', (_, input) => {
  const ledger = bonded()
  const data = evidence({ accused: bob, ...input })
  expect(ledger.one(11, { by: alice, message: slash(data) }).code).toBe('evidence_invalid')
  expect(ledger.audit().bonded).toBe(5_000_000n)
})

test('BOND-4: who has no bond has nothing to lose', () => {
  expect(accuse(createLedger(), 11)).toBe('bond_unknown')
})

test('BOND-5: evidence counts until U − M slots after the settle-by', () => {
  const last = 15 + U - Number(M)
  expect(accuse(bonded(), last)).toBe('applied')
  expect(accuse(bonded(), last + 1)).toBe('evidence_expired')
  // Of the last slot before an unbond in 20: it counts in every slot before the bond can leave.
  const ledger = bonded()
  ledger.one(20, { by: bob, message: unbond(bob) })
  expect(accuse(ledger, 20 + U, { settleBy: 20n + M })).toBe('applied')
})

test('BOND-6: a burned bond stays empty, and its key bonds no more', () => {
  const ledger = bonded()
  expect(accuse(ledger, 11)).toBe('applied')
  expect(accuse(ledger, 12)).toBe('bond_slashed')
  expect(ledger.one(13, { by: bob, message: bond(1n) }).code).toBe('bond_slashed')
  expect(ledger.one(13, { by: alice, message: transfer(bob.address, 1n) }).code).toBe('applied')
  expect(ledger.state().supply().burned).toBe(5_000_000n)
})
