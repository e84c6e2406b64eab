import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Genesis } from '../../../core/chain/genesis.ts'
import {
  accountName,
  bondName,
  genesisPostings,
  type LedgerAccount,
  type Posting,
  postingsOf,
} from '../../../core/chain/ledger.ts'
import { histories, people, play } from '../../support/chain-history.ts'
import { marketGenesis } from '../../support/chain-market.ts'
import { authority, genesis } from '../../support/chain-world.ts'
import { createLedger, type Ledger, type Verdict } from '../../support/ledger.ts'

/** Books that only ever see postings. */
function openBooks(of: Genesis) {
  const sums = new Map<LedgerAccount, bigint>()
  const enter = (postings: readonly Posting[]): void => {
    for (const { account, amount } of postings)
      sums.set(account, (sums.get(account) ?? 0n) + amount)
  }
  enter(genesisPostings(of))
  return { sums, enter, of: (account: LedgerAccount): bigint => sums.get(account) ?? 0n }
}

function postingsIn(verdict: Verdict): Posting[] {
  if (!verdict.outcome) return []
  const { hash, transaction } = verdict.transaction
  const { sender, message } = transaction.body
  const { outcome, payouts } = verdict
  return postingsOf({ hash, sender, proposer: authority.publicKey, message, outcome, payouts })
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => a + b, 0n)

/** Compares the books with the state, entry by entry. */
function compare(books: ReturnType<typeof openBooks>, ledger: Ledger): void {
  const state = ledger.state()
  const audit = ledger.audit()
  for (const { address } of [...people, authority]) {
    expect(books.of(accountName(address))).toBe(state.account(address)?.balance ?? 0n)
    expect(books.of(bondName(address))).toBe(state.bond(address)?.amount ?? 0n)
  }
  const held = (kind: string) =>
    [...books.sums].filter(([name]) => name.startsWith(`${kind}:`)).map(([, amount]) => amount)
  expect(sum(held('account'))).toBe(audit.balances)
  expect(sum(held('escrow'))).toBe(audit.escrowed)
  expect(sum(held('booking'))).toBe(audit.booked)
  expect(sum(held('bond'))).toBe(audit.bonded)
  for (const kind of ['account', 'escrow', 'booking', 'bond']) {
    expect(held(kind).every((amount) => amount >= 0n)).toBe(true)
  }
  const { minted, burned } = state.supply()
  expect(minted).toBeLessThanOrEqual(burned)
  expect([books.of('minted'), books.of('burned')]).toEqual([-minted, burned])
}

test.each([
  ['without rewards', genesis],
  ['with rewards', marketGenesis],
])(
  'BOOKS-1, BOOKS-2, BOOKS-3, CLAIM-5: %s, postings sum to zero and add up to what the state holds',
  (_, of) => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(histories(60), (acts) => {
        const ledger = createLedger(of)
        const books = openBooks(of)
        play(ledger, acts, (verdicts) => {
          for (const verdict of verdicts) {
            const postings = postingsIn(verdict)
            expect(sum(postings.map(({ amount }) => amount))).toBe(0n)
            books.enter(postings)
            if (verdict.code === 'applied') {
              seen.add(verdict.transaction.transaction.body.message.TAG)
            }
          }
          compare(books, ledger)
        })
      }),
      { numRuns: 60, seed: 20_261_123 },
    )
    // A property over histories in which nothing happens would say nothing.
    const rare = of === genesis ? ['receipt_claim'] : []
    const all = ['transfer', 'faucet', 'escrow_open', 'escrow_top_up', 'escrow_close', 'settle']
    const market = ['bond', 'unbond', 'slash', 'receipt_claim', 'booking_open', 'booking_close']
    const wanted = [...all, ...market, 'delegate_grant', 'delegate_revoke', 'announce']
    expect(wanted.filter((kind) => !seen.has(kind))).toEqual(rare)
  },
)
