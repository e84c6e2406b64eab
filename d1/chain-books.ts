/**
 * The books of the chain and its announcements, from finalized blocks to rows. Pure: the same blocks give
 * the same rows.
 */
import { toHex } from '../core/base/bytes.ts'
import type { FinalizedBlock } from '../core/chain/engine-api.ts'
import { type BookSums, type Posting, postingsOf } from '../core/chain/ledger.ts'
import { outcomeCodes } from '../core/chain/outcome.ts'
import type { TransactionView } from '../core/chain/views.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import type { Columns } from './chain-columns.ts'

/** One posting. `transactionHash`: null for what genesis gave. */
export type LedgerRow = {
  readonly height: number
  readonly position: number
  readonly item: number
  readonly slot: number
  readonly transactionHash: string | null
  readonly account: string
  readonly amount: number
  readonly reason: string
}

/** An announcement of a final block; `body` is hex. */
export type AnnouncementRow = {
  readonly height: number
  readonly position: number
  readonly slot: number
  readonly txHash: string
  readonly sender: string
  readonly topic: number
  readonly body: string
}

/** Somebody whom a transaction concerns beside sender, recipient and paid miners. */
export type ParticipantRow = {
  readonly address: string
  readonly height: number
  readonly position: number
}

export const ledgerColumns: Columns = {
  height: 'height',
  position: 'position',
  item: 'item',
  slot: 'slot',
  transaction_hash: 'transactionHash',
  account: 'account',
  amount: 'amount',
  reason: 'reason',
}

export const announcementColumns: Columns = {
  height: 'height',
  position: 'position',
  slot: 'slot',
  tx_hash: 'txHash',
  sender: 'sender',
  topic: 'topic',
  body: 'body',
}

export const bookColumns: Columns = { kind: 'kind', amount: 'amount' }

export const participantColumns: Columns = {
  address: 'address',
  height: 'height',
  position: 'position',
}

/** Postings of blocks whose payouts are known. */
export const ledgerRows = (blocks: readonly FinalizedBlock[]): LedgerRow[] =>
  blocks.flatMap(({ view, transactions, payouts }) =>
    payouts === undefined
      ? []
      : transactions.flatMap((transaction, position) => {
          const { hash, sender, message, outcome } = transaction
          if (!outcome) throw new Error('invariant broken: a final transaction has an outcome')
          const { proposer } = view.header
          const paid = payouts[position] ?? []
          return rowsAt(
            postingsOf({ hash, sender, proposer, message, outcome, payouts: paid }),
            { height: Number(view.header.height), slot: Number(view.header.slot), position },
            toHex(hash),
          )
        }),
  )

/** What postings add to the sum of each kind of account. */
export function bookRows(rows: readonly LedgerRow[]): { kind: string; amount: number }[] {
  const sums = new Map<string, number>()
  for (const { account, amount } of rows) {
    const kind = account.split(':')[0] ?? account
    sums.set(kind, (sums.get(kind) ?? 0) + amount)
  }
  return [...sums].map(([kind, amount]) => ({ kind, amount }))
}

/** Sums of the books, as they stand in the read model. */
export async function readBooks(db: D1Database): Promise<BookSums> {
  const [meta, sums] = await db.batch<Record<string, unknown>>([
    db.prepare('SELECT ledger_from AS begins FROM chain_meta WHERE id = 1'),
    db.prepare('SELECT kind, amount FROM chain_books'),
  ])
  const begins = meta?.results[0]?.['begins']
  return {
    begins: typeof begins === 'number' ? begins : undefined,
    sums: new Map(
      (sums?.results ?? []).map(({ kind, amount }) => [String(kind), BigInt(Number(amount))]),
    ),
  }
}

/** What genesis gave, as rows of block 0. */
export const genesisRows = (postings: readonly Posting[]): LedgerRow[] =>
  rowsAt(postings, { height: 0, slot: 0, position: 0 }, null)

/** First height whose postings these blocks bring; undefined when they bring none. */
export const ledgerFrom = (blocks: readonly FinalizedBlock[]): number | undefined => {
  const first = blocks.find(({ payouts }) => payouts !== undefined)
  return first && Number(first.view.header.height)
}

/** Announcements that were included: each of them was paid for, so each is applied. */
export const announcementRows = (blocks: readonly FinalizedBlock[]): AnnouncementRow[] =>
  blocks.flatMap(({ transactions }) =>
    transactions.flatMap(({ hash, sender, message, block, outcome }) =>
      message.TAG === 'announce' && block && outcome?.code === outcomeCodes.applied
        ? {
            height: block.height,
            position: block.index,
            slot: block.slot,
            txHash: toHex(hash),
            sender: formatAddress(addressOf(sender)),
            topic: message.data.topic,
            body: toHex(message.data.body),
          }
        : [],
    ),
  )

/** Everybody else whom these blocks concern. */
export const participantRows = (blocks: readonly FinalizedBlock[]): ParticipantRow[] =>
  blocks.flatMap(({ view, transactions, payouts }) =>
    transactions.flatMap((transaction, position) =>
      concernedBy(transaction, payouts?.[position] ?? []).map((address) => ({
        address,
        height: Number(view.header.height),
        position,
      })),
    ),
  )

/** Addresses that a transaction pays or accuses, without its sender. */
export function concernedBy(
  { sender, message, outcome }: TransactionView,
  payouts: NonNullable<FinalizedBlock['payouts']>[number],
): string[] {
  if (outcome?.code !== outcomeCodes.applied || message.TAG === 'settle') return []
  const paid = payouts.flatMap(({ to }) => to ?? [])
  const accused = message.TAG === 'slash' ? (message.data.first.receipt.minerKey ?? []) : []
  const named = accused instanceof Uint8Array ? [addressOf(accused)] : []
  if (message.TAG === 'unbond') named.push(message.data.owner)
  const others = new Set([...paid, ...named].map(formatAddress))
  others.delete(formatAddress(addressOf(sender)))
  return [...others]
}

const rowsAt = (
  postings: readonly Posting[],
  place: Pick<LedgerRow, 'height' | 'slot' | 'position'>,
  transactionHash: string | null,
): LedgerRow[] =>
  postings.map(({ account, amount, reason }, item) => ({
    ...place,
    item,
    transactionHash,
    account,
    // Below 2^53, the bound of the supply.
    amount: Number(amount),
    reason,
  }))
