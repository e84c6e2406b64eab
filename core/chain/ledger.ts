/**
 * The books: every final transaction as postings of double entry (SPEC.md, BOOKS rules). They follow from
 * what a block holds and from the payouts that its execution noted, not from the state: adding them up
 * and comparing with the state is a check of both.
 */
import { toHex } from '../base/bytes.ts'
import { unreachable } from '../base/result.ts'
import { addressOf, formatAddress } from '../crypto/address.ts'
import type { Genesis } from './genesis.ts'
import { genesisSupply } from './genesis-block.ts'
import type { Payout } from './message-context.ts'
import { type Outcome, outcomeCodes } from './outcome.ts'
import { bookingIdOf, escrowIdOf, type Message } from './transaction.ts'

/**
 * What a posting is booked on: `account:aitbc1…`, `bond:aitbc1…`, `escrow:<hex>`, `booking:<hex>`, and the
 * three that stand for the outside: `genesis`, `minted` (both below zero) and `burned`.
 */
export type LedgerAccount =
  | `${'account' | 'bond'}:${string}`
  | `${'escrow' | 'booking'}:${string}`
  | 'genesis'
  | 'minted'
  | 'burned'

/** Why something was booked. */
export type PostingReason =
  | 'genesis'
  | 'fee'
  | 'transfer'
  | 'faucet'
  | 'escrow'
  | 'refund'
  | 'payment'
  | 'share'
  | 'burn'
  | 'reward'
  | 'bond'
  | 'slash'
  | 'booking'

/** Base units that an account gains, or loses where `amount` is negative. */
export type Posting = {
  readonly account: LedgerAccount
  readonly amount: bigint
  readonly reason: PostingReason
}

/** A transaction of a block, with what became of it. */
export type PostedTransaction = {
  readonly hash: Uint8Array
  /** Public keys of who sent it and of who made the block. */
  readonly sender: Uint8Array
  readonly proposer: Uint8Array
  readonly message: Message
  readonly outcome: Outcome
  /** As its execution noted them. */
  readonly payouts: readonly Payout[]
}

/** Postings of one transaction: at most one for each account and reason, none of zero, in sum zero. */
export function postingsOf(transaction: PostedTransaction): Posting[] {
  const { sender, proposer, outcome } = transaction
  const fee = [
    posting(accountName(addressOf(sender)), outcome.feeFromShares - outcome.fee, 'fee'),
    posting(accountName(addressOf(proposer)), outcome.fee, 'fee'),
  ]
  const isApplied = outcome.code === outcomeCodes.applied
  return merged(isApplied ? [...fee, ...messagePostings(transaction)] : fee)
}

/** What genesis gives, as postings that sum to zero. */
export const genesisPostings = (genesis: Genesis): Posting[] =>
  merged([
    posting('genesis', -genesisSupply(genesis), 'genesis'),
    ...genesis.accounts.map(({ address, balance }) =>
      posting(accountName(address), balance, 'genesis'),
    ),
  ])

/** The account of a 20-byte address in the books. */
export const accountName = (address: Uint8Array): LedgerAccount =>
  `account:${formatAddress(address)}`

/** The bond of a 20-byte address in the books. */
export const bondName = (address: Uint8Array): LedgerAccount => `bond:${formatAddress(address)}`

/** An escrow in the books, by id. */
export const escrowName = (id: Uint8Array): LedgerAccount => `escrow:${toHex(id)}`

/** A booking in the books, by id. */
export const bookingName = (id: Uint8Array): LedgerAccount => `booking:${toHex(id)}`

/** The books in sum. `begins`: height of their first block; `sums`: by what stands before the colon. */
export type BookSums = {
  readonly begins: number | undefined
  readonly sums: ReadonlyMap<string, bigint>
}

/** Base units of a chain: at genesis, made and destroyed since, and held now. */
export type SupplyCount = {
  readonly genesis: bigint
  readonly minted: bigint
  readonly burned: bigint
  readonly held: bigint
}

/** How money was made or lost, in words; undefined while every unit is accounted for. */
export function conservationFault(supply: SupplyCount, books: BookSums): string | undefined {
  const { genesis, minted, burned, held } = supply
  const due = genesis + minted - burned
  if (held !== due) return `${held} base units are held, and ${due} should be`
  if (minted > burned) return `${minted} base units were minted, and only ${burned} burned`
  const sum = [...books.sums.values()].reduce((a, b) => a + b, 0n)
  if (sum !== 0n) return `the books do not sum to zero but to ${sum} base units`
  const entered = -(books.sums.get('genesis') ?? 0n)
  return books.begins === 0 && entered !== genesis
    ? `the books begin with ${entered} base units, and genesis with ${genesis}`
    : undefined
}

function messagePostings(transaction: PostedTransaction): Posting[] {
  const { hash, message, payouts } = transaction
  const from = accountName(addressOf(transaction.sender))
  switch (message.TAG) {
    case 'transfer':
    case 'faucet':
      return move(from, accountName(message.data.to), message.data.amount, message.TAG)
    case 'escrow_open':
      return move(from, escrowName(escrowIdOf(hash)), message.data.amount, 'escrow')
    case 'escrow_top_up':
      return move(from, escrowName(message.data.escrow), message.data.amount, 'escrow')
    case 'escrow_close':
      return payOut(escrowName(message.data.escrow), payouts, 'refund')
    case 'settle':
      return settlePostings(transaction)
    case 'bond':
      return move(from, bondName(addressOf(transaction.sender)), message.data.amount, 'bond')
    case 'unbond':
      return payOut(bondName(message.data.owner), payouts, 'bond')
    case 'slash': {
      const { minerKey } = message.data.first.receipt
      return minerKey ? payOut(bondName(addressOf(minerKey)), payouts, 'slash') : []
    }
    case 'receipt_claim':
      return payOut('minted', payouts, 'reward')
    case 'booking_open': {
      const { price, slots } = message.data
      return move(from, bookingName(bookingIdOf(hash)), price * slots, 'booking')
    }
    case 'booking_close':
      return payOut(bookingName(message.data.booking), payouts, 'booking')
    case 'delegate_grant':
    case 'delegate_revoke':
    case 'authority_change':
    case 'announce':
      return []
    default:
      return unreachable(message)
  }
}

/** The shares of coordinators are payouts: they come without what they bore of the fee. */
function settlePostings({ outcome, payouts }: PostedTransaction): Posting[] {
  const items = outcome.settlements.flatMap((item) => {
    const { escrow, miner, amount, minerAmount, coordinatorAmount } = item
    return [
      posting(escrowName(escrow), -amount, 'payment'),
      posting(accountName(miner), minerAmount, 'payment'),
      posting('burned', amount - minerAmount - coordinatorAmount, 'burn'),
    ]
  })
  const shares = payouts.map(({ to, amount }) => posting(payeeName(to), amount, 'share'))
  return [...items, ...shares]
}

const move = (
  from: LedgerAccount,
  to: LedgerAccount,
  amount: bigint,
  reason: PostingReason,
): Posting[] => [posting(from, -amount, reason), posting(to, amount, reason)]

const payOut = (
  from: LedgerAccount,
  payouts: readonly Payout[],
  reason: PostingReason,
): Posting[] => payouts.flatMap(({ to, amount }) => move(from, payeeName(to), amount, reason))

const payeeName = (to: Uint8Array | undefined): LedgerAccount =>
  to === undefined ? 'burned' : accountName(to)

const posting = (account: LedgerAccount, amount: bigint, reason: PostingReason): Posting => ({
  account,
  amount,
  reason,
})

function merged(postings: readonly Posting[]): Posting[] {
  const sums = new Map<string, Posting>()
  for (const one of postings) {
    const name = `${one.account} ${one.reason}`
    const before = sums.get(name)
    sums.set(name, before ? { ...one, amount: before.amount + one.amount } : one)
  }
  return [...sums.values()].filter(({ amount }) => amount !== 0n)
}
