import { expect, test } from 'vitest'
import { authorisationHash } from '../../../core/chain/authorisation.ts'
import { checkTransaction } from '../../../core/chain/check-transaction.ts'
import { type Genesis, genesisHash } from '../../../core/chain/genesis.ts'
import { escrowIdOf, type Message } from '../../../core/chain/transaction.ts'
import { marketGenesis, openEscrow } from '../../support/chain-market.ts'
import {
  alice,
  bob,
  coordinator,
  genesis,
  miner,
  mustOpen,
  nodeVerifier,
  settlementItem,
  sign,
  timeOf,
} from '../../support/chain-world.ts'
import { createLedger, itemCodes, type Ledger } from '../../support/ledger.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'

/** Settled in slot 10: claims count up to slot 40. */
const expiry = 40n
const item = (escrow: Uint8Array, number: bigint, of: Genesis = marketGenesis) =>
  settlementItem({ authorisation: { escrow, number, settleBy: 15n }, of })

/** Settles `count` jobs of 1 000 000 each in slot 10; the hashes of their authorisations. */
function settled(ledger: Ledger, count = 1): Uint8Array[] {
  const of = ledger.genesis
  const opened = ledger.one(1, { by: alice, message: openEscrow(50_000_000n, 900n) })
  const escrow = escrowIdOf(opened.outcome?.transaction as Uint8Array)
  const items = Array.from({ length: count }, (_, n) => item(escrow, BigInt(n + 1), of))
  const verdict = ledger.one(10, { by: coordinator, message: { TAG: 'settle', data: { items } } })
  expect(itemCodes(verdict)).toEqual(items.map(() => 'paid'))
  return items.map(({ authorisation }) => authorisationHash(authorisation))
}
const claim = (
  authorisations: readonly Uint8Array[],
  amount = 10_000n,
  until = expiry,
): Message => ({
  TAG: 'receipt_claim',
  data: {
    claims: authorisations.map((authorisation) => ({ authorisation, expiry: until, amount })),
  },
})
const balance = (ledger: Ledger): bigint => ledger.state().account(miner.address)?.balance ?? 0n

test('CLAIM-1: a settlement burns its part, leaves half of it to be claimed, and shares as without', () => {
  const ledger = createLedger(marketGenesis)
  const [authorisation] = settled(ledger)
  expect(balance(ledger)).toBe(880_000n)
  expect(ledger.state().supply()).toEqual({ minted: 0n, burned: 20_000n })
  expect(ledger.state().claimable({ authorisation: authorisation as Uint8Array, expiry })).toEqual({
    authorisation,
    receipt: settlementItem({ authorisation: { escrow: new Uint8Array(32) } }).release.receiptHash,
    miner: miner.address,
    amount: 10_000n,
    expiry,
  })
})

test('CLAIM-2: anyone sends a claim, and the miner gets it once', () => {
  const ledger = createLedger(marketGenesis)
  const names = settled(ledger)
  expect(ledger.one(11, { by: bob, message: claim(names, 10_001n) }).code).toBe('amount_invalid')
  expect(ledger.one(12, { by: bob, message: claim(names) }).code).toBe('applied')
  expect(balance(ledger)).toBe(890_000n)
  expect(ledger.state().supply()).toEqual({ minted: 10_000n, burned: 20_000n })
  expect(ledger.one(13, { by: bob, message: claim(names) }).code).toBe('claim_unknown')
  expect(ledger.one(13, { by: bob, message: claim(names, 0n) }).refused).toBe('AMOUNT_INVALID')
})

test('CLAIM-2: nobody spoils a claim by sending it for less', () => {
  const ledger = createLedger(marketGenesis)
  const names = settled(ledger)
  for (const amount of [1n, 9_999n]) {
    expect(ledger.one(11, { by: bob, message: claim(names, amount) }).code).toBe('amount_invalid')
  }
  expect(ledger.one(12, { by: bob, message: claim(names) }).code).toBe('applied')
  expect(balance(ledger)).toBe(890_000n)
})

test('CLAIM-2: up to its last slot and not after', () => {
  const inTime = createLedger(marketGenesis)
  expect(inTime.one(10, { by: bob, message: claim([alice.publicKey]) }).code).toBe('claim_unknown')
  const names = settled(inTime)
  expect(inTime.one(40, { by: bob, message: claim(names, 1n, 41n) }).code).toBe('claim_unknown')
  expect(inTime.one(40, { by: bob, message: claim(names) }).code).toBe('applied')
  const late = createLedger(marketGenesis)
  expect(late.one(41, { by: bob, message: claim(settled(late)) }).code).toBe('claim_unknown')
})

test('CLAIM-3: one claim that does not count takes the others with it', () => {
  const ledger = createLedger(marketGenesis)
  const [first, second] = settled(ledger, 2) as [Uint8Array, Uint8Array]
  const before = balance(ledger)
  expect(ledger.one(11, { by: bob, message: claim([first, second, first]) }).code).toBe(
    'claim_unknown',
  )
  expect(ledger.one(11, { by: bob, message: claim([first, alice.publicKey]) }).code).toBe(
    'claim_unknown',
  )
  expect([balance(ledger), ledger.state().supply().minted]).toEqual([before, 0n])
  expect(ledger.one(11, { by: bob, message: claim([first, second]) }).code).toBe('applied')
  expect(balance(ledger) - before).toBe(20_000n)
})

test('CLAIM-3: between one and 128 of them', () => {
  const ledger = createLedger(marketGenesis)
  const many = (count: number) => Array.from({ length: count }, () => alice.publicKey)
  for (const count of [0, 129]) {
    expect(ledger.one(1, { by: bob, message: claim(many(count)) }).refused).toBe('MESSAGE_INVALID')
  }
})

test('CLAIM-4: claimed or lapsed, nothing of it stays in the state', () => {
  const claimed = createLedger(marketGenesis)
  const names = settled(claimed, 3)
  const entries = claimed.entries()
  expect(claimed.one(11, { by: alice, message: claim(names) }).code).toBe('applied')
  expect(claimed.entries()).toBe(entries - 3)
  const lapsed = createLedger(marketGenesis)
  settled(lapsed, 3)
  const before = lapsed.entries()
  lapsed.block(40, [])
  // Three spent authorisations of slot 15 are cleared before, and three claims after.
  expect(lapsed.entries()).toBe(before - 3)
  lapsed.block(41, [])
  expect(lapsed.entries()).toBe(before - 6)
  expect(lapsed.state().supply()).toEqual({ minted: 0n, burned: 60_000n })
})

test('CLAIM-6: a genesis of version 1 burns nothing, and refuses claims', () => {
  const ledger = createLedger(genesis)
  const names = settled(ledger)
  expect(balance(ledger)).toBe(900_000n)
  expect(ledger.state().supply()).toEqual({ minted: 0n, burned: 0n })
  expect(ledger.one(11, { by: bob, message: claim(names) }).code).toBe('claim_unknown')
  const engine = mustOpen({ store: createMemoryChainStore() })
  const bytes = sign({ by: bob, message: claim(names) })
  expect(
    checkTransaction({ genesisHash: genesisHash(genesis), verifier: nodeVerifier }, bytes).ok,
  ).toBe(true)
  const [verdict] = engine.submit([bytes], timeOf(1))
  expect(verdict).toMatchObject({ ok: false, error: { code: 'KIND_NOT_ALLOWED' } })
})
