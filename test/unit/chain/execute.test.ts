import fc from 'fast-check'
import { expect, test } from 'vitest'
import { feeFloor, sufficientFee } from '../../../core/chain/fees.ts'
import {
  alice,
  authority,
  bob,
  carol,
  createGenesis,
  faucet,
  genesis,
  person,
  sign,
  transfer,
} from '../../support/chain-world.ts'
import { createLedger } from '../../support/ledger.ts'

const { parameters } = genesis

test('EXEC-1: a transfer moves the amount, charges the fee and pays it to the proposer', () => {
  const ledger = createLedger()
  const verdict = ledger.one(1, { by: alice, message: transfer(bob.address, 250n) })
  expect(verdict).toMatchObject({ code: 'applied', outcome: { feeFromShares: 0n } })
  const fee = verdict.outcome?.fee ?? 0n
  expect(fee).toBeGreaterThan(0n)
  const state = ledger.state()
  expect(state.account(alice.address)).toEqual({ balance: 1_000_000_000n - 250n - fee, nonce: 1n })
  expect(state.account(bob.address)).toEqual({ balance: 500_000_250n, nonce: 0n })
  expect(state.account(authority.address)).toEqual({ balance: fee, nonce: 0n })
})

test('EXEC-1: sender, recipient and proposer may be one and the same', () => {
  const ledger = createLedger()
  ledger.one(1, { by: alice, message: transfer(authority.address, 1_000_000n) })
  const before = ledger.state().account(authority.address)
  ledger.one(2, { by: authority, message: transfer(authority.address, 10n) })
  expect(ledger.state().account(authority.address)).toEqual({ ...before, nonce: 1n })
})

test('EXEC-2: a nonce is used once, in order; a stale or early one has no place in a block', () => {
  const ledger = createLedger()
  const first = sign({ by: alice, message: transfer(bob.address, 1n) })
  expect(ledger.block(1, [first, first])).toMatchObject([
    { code: 'applied' },
    { refused: 'NONCE_STALE' },
  ])
  const root = ledger.root()
  expect(ledger.block(2, [first])).toMatchObject([{ refused: 'NONCE_STALE' }])
  expect(ledger.one(2, { by: alice, nonce: 2n, message: transfer(bob.address, 1n) })).toEqual({
    refused: 'NONCE_TOO_FAR',
  })
  expect(ledger.root()).toEqual(root)
})

test('EXEC-3: whoever cannot pay the fee, offers less than the floor or is too late stays outside', () => {
  const ledger = createLedger()
  const poor = person('poor')
  expect(ledger.one(1, { by: poor, message: transfer(bob.address, 1n) }).refused).toBe(
    'BALANCE_TOO_LOW',
  )
  const size = sign({ by: alice, message: transfer(bob.address, 1n) }).length
  const floor = feeFloor(parameters, { size, entries: 0 })
  const cheap = { by: alice, message: transfer(bob.address, 1n), fee: floor - 1n }
  expect(ledger.one(1, cheap).refused).toBe('FEE_TOO_LOW')
  expect(ledger.one(1, { ...cheap, fee: floor })).toMatchObject({ code: 'applied' })
  const late = { by: alice, message: transfer(bob.address, 1n), validUntil: 5n }
  expect(ledger.one(6, late).refused).toBe('VALIDITY_EXPIRED')
  expect(ledger.one(5, late)).toMatchObject({ code: 'applied' })
})

test('EXEC-4: a message that fails is charged and changes nothing else', () => {
  const ledger = createLedger()
  const before = ledger.state().account(alice.address)
  const verdict = ledger.one(1, { by: alice, message: transfer(bob.address, 999_999_999n) })
  expect(verdict).toMatchObject({ code: 'insufficient_balance' })
  const fee = verdict.outcome?.fee ?? 0n
  expect(ledger.state().account(alice.address)).toEqual({
    balance: (before?.balance ?? 0n) - fee,
    nonce: 1n,
  })
  expect(ledger.state().account(bob.address)).toEqual({ balance: 500_000_000n, nonce: 0n })
  expect(ledger.state().account(authority.address)?.balance).toBe(fee)
})

test('EXEC-5: each entry created is paid for; whoever offers too little for it is charged in vain', () => {
  const ledger = createLedger()
  const message = transfer(carol.address, 1n)
  const size = sign({ by: alice, message }).length
  const bare = feeFloor(parameters, { size, entries: 0 })
  expect(ledger.one(1, { by: alice, message, fee: bare })).toMatchObject({ code: 'entries_unpaid' })
  expect(ledger.state().account(carol.address)).toBeUndefined()
  expect(ledger.one(2, { by: alice, message, fee: bare + parameters.feePerEntry })).toMatchObject({
    code: 'applied',
  })
  // The entry is there now, and the same transfer costs the bare floor.
  expect(ledger.one(3, { by: alice, message, fee: bare })).toMatchObject({ code: 'applied' })
})

test('EXEC-6: amounts of nothing or beyond all supply are refused before any state is read', () => {
  const ledger = createLedger()
  for (const amount of [0n, 2n ** 53n, 2n ** 64n - 1n]) {
    expect(ledger.one(1, { by: alice, message: transfer(bob.address, amount) }).refused).toBe(
      'AMOUNT_INVALID',
    )
  }
  const greedy = { by: alice, message: transfer(bob.address, 1n), fee: 2n ** 64n - 1n }
  expect(ledger.one(1, greedy).refused).toBe('AMOUNT_INVALID')
})

test('EXEC-7: only a faucet of genesis gives, at most the cap, and only what it has', () => {
  const ledger = createLedger()
  const gift = (amount: bigint) => ({ TAG: 'faucet', data: { to: carol.address, amount } }) as const
  expect(ledger.one(1, { by: alice, message: gift(5n) })).toMatchObject({ code: 'not_faucet' })
  expect(ledger.one(1, { by: faucet, message: gift(5_000_001n) })).toMatchObject({
    code: 'limit_exceeded',
  })
  expect(ledger.one(1, { by: faucet, message: gift(5_000_000n) })).toMatchObject({
    code: 'applied',
  })
  expect(ledger.state().account(carol.address)?.balance).toBe(5_000_000n)
  const dry = createLedger(
    createGenesis({ accounts: [{ address: faucet.address, balance: 10_000n }] }),
  )
  expect(dry.one(1, { by: faucet, message: gift(9_999n) })).toMatchObject({
    code: 'insufficient_balance',
  })
})

test('EXEC-8: the fee that clients compute without knowing the state is enough', () => {
  const draft = {
    version: 1,
    sender: alice.publicKey,
    nonce: 0n,
    fee: 0n,
    validUntil: 9n,
    message: transfer(carol.address, 1n),
  }
  const fee = sufficientFee(parameters, draft)
  const ledger = createLedger()
  expect(ledger.one(1, { by: alice, message: draft.message, fee })).toMatchObject({
    code: 'applied',
  })
  expect(createLedger().one(1, { by: alice, message: draft.message, fee: fee - 1n })).toMatchObject(
    { code: 'entries_unpaid' },
  )
})

test('EXEC-9: the same transactions give the same state, and money is neither made nor lost', () => {
  const people = ['a', 'b', 'c', 'd', 'e'].map(person)
  const rich = createGenesis({
    accounts: people
      .slice(0, 3)
      .map(({ address }) => ({ address, balance: 50_000n }))
      .sort((a, b) => Buffer.compare(a.address, b.address)),
  })
  const actions = fc.array(
    fc.record({
      from: fc.nat({ max: 4 }),
      to: fc.nat({ max: 4 }),
      amount: fc.bigInt({ min: 1n, max: 60_000n }),
      fee: fc.bigInt({ min: 0n, max: 3_000n }),
      slotStep: fc.integer({ min: 1, max: 5 }),
    }),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(actions, (steps) => {
      const ledgers = [createLedger(rich), createLedger(rich)]
      // The ledger itself adds up the whole state after each block.
      const runs = ledgers.map((ledger) => {
        let slot = 0
        return steps.map(({ from, to, amount, fee, slotStep }) => {
          slot += slotStep
          const [by, payee] = [people[from], people[to]]
          if (!by || !payee) throw new Error('person')
          const message = transfer(payee.address, amount)
          return ledger.one(slot, { by, message, fee, validUntil: 30n })
        })
      })
      expect(runs[0]).toEqual(runs[1])
      expect(ledgers[0]?.root()).toEqual(ledgers[1]?.root())
    }),
    { numRuns: 40 },
  )
})
