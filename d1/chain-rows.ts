/**
 * From finalized blocks to rows of the read model. Pure: the same blocks give the same rows.
 */

import { amountOf, recipientOf, submittedToJson } from '../core/api/rpc-transactions.ts'
import { toHex } from '../core/base/bytes.ts'
import { authorisationHash } from '../core/chain/authorisation.ts'
import type { FinalizedBlock } from '../core/chain/engine-api.ts'
import { outcomeCodes, settlementCodes } from '../core/chain/outcome.ts'
import { escrowIdOf } from '../core/chain/transaction.ts'
import type { TransactionView } from '../core/chain/views.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { concernedBy } from './chain-books.ts'
import type { BlockRow, EscrowRow, SettlementRow, TransactionRow } from './chain-schema.ts'

/** How often an account sent or received, and when it was last touched. */
export type ActivityRow = {
  readonly address: string
  readonly sent: number
  readonly received: number
  readonly lastHeight: number
  readonly lastSlot: number
}

export type ChainRows = {
  readonly blocks: readonly BlockRow[]
  readonly transactions: readonly TransactionRow[]
  readonly escrows: readonly EscrowRow[]
  readonly settlements: readonly SettlementRow[]
  readonly activity: readonly ActivityRow[]
}

/** Who stands behind an escrow that was opened earlier. */
export type EscrowParties = Pick<EscrowRow, 'owner' | 'coordinator'>

/** Ids of escrows that these blocks refer to, besides those that they open themselves. */
export function escrowsNamed(blocks: readonly FinalizedBlock[]): string[] {
  const named = new Set<string>()
  for (const { transactions } of blocks) {
    for (const { message, outcome } of transactions) {
      if (message.TAG === 'escrow_close') named.add(toHex(message.data.escrow))
      for (const item of outcome?.settlements ?? []) {
        if (item.code === settlementCodes.paid) named.add(toHex(item.escrow))
      }
    }
  }
  for (const escrow of blocks.flatMap(escrowsOpened)) named.delete(escrow.id)
  return [...named]
}

/** Builds all rows. `known` holds what `escrowsNamed` asked for. */
export function rowsOf(
  blocks: readonly FinalizedBlock[],
  known: ReadonlyMap<string, EscrowParties>,
): ChainRows {
  const escrows = blocks.flatMap(escrowsOpened)
  const parties = new Map<string, EscrowParties>(known)
  for (const escrow of escrows) parties.set(escrow.id, escrow)
  const activity = new Activity()
  const rows = {
    blocks: blocks.map(blockRow),
    transactions: blocks.flatMap((block) => block.transactions.map(transactionRow)),
    escrows,
    settlements: blocks.flatMap((block) => settlementRows(block, parties)),
  }
  for (const block of blocks) countActivity(activity, block, parties)
  return { ...rows, activity: activity.rows() }
}

function blockRow({ view, outcomes }: FinalizedBlock): BlockRow {
  const { header } = view
  return {
    height: Number(header.height),
    hash: toHex(view.hash),
    parentHash: toHex(header.parent),
    slot: Number(header.slot),
    proposer: toHex(header.proposer),
    stateRoot: toHex(header.stateRoot),
    transactionCount: view.transactionHashes.length,
    fees: Number(outcomes.reduce((sum, outcome) => sum + outcome.fee, 0n)),
  }
}

function transactionRow(view: TransactionView): TransactionRow {
  const { block, outcome, message } = view
  if (!block || !outcome) throw new Error('invariant broken: a final transaction has an outcome')
  const recipient = recipientOf(message)
  return {
    height: block.height,
    position: block.index,
    hash: toHex(view.hash),
    slot: block.slot,
    kind: message.TAG,
    sender: senderOf(view),
    recipient: recipient ? formatAddress(recipient) : null,
    amount: amountOf(message)?.toString() ?? null,
    fee: Number(outcome.fee),
    nonce: Number(view.nonce),
    code: outcome.code,
    payload: JSON.stringify(submittedToJson(view)),
  }
}

function escrowsOpened({ transactions }: FinalizedBlock): EscrowRow[] {
  return transactions.flatMap(({ hash, message, outcome, block, sender }) =>
    message.TAG === 'escrow_open' && outcome?.code === outcomeCodes.applied
      ? {
          id: toHex(escrowIdOf(hash)),
          owner: formatAddress(addressOf(sender)),
          coordinator: formatAddress(addressOf(message.data.coordinator)),
          openedHeight: block?.height ?? 0,
        }
      : [],
  )
}

function settlementRows(
  { transactions }: FinalizedBlock,
  parties: ReadonlyMap<string, EscrowParties>,
): SettlementRow[] {
  return transactions.flatMap(({ hash, message, outcome, block }) => {
    if (message.TAG !== 'settle' || !outcome || !block) return []
    return outcome.settlements.flatMap((item, index) => {
      const asked = message.data.items[index]
      if (item.code !== settlementCodes.paid || !asked) return []
      const escrow = toHex(item.escrow)
      const { owner, coordinator } = partiesOf(parties, escrow)
      return {
        height: block.height,
        position: block.index,
        item: index,
        slot: block.slot,
        transactionHash: toHex(hash),
        receiptHash: toHex(item.receiptHash),
        jobHash: toHex(asked.authorisation.jobHash),
        authorisation: toHex(authorisationHash(asked.authorisation)),
        escrow,
        number: item.number.toString(),
        owner,
        coordinator,
        miner: formatAddress(item.miner),
        amount: Number(item.amount),
        minerAmount: Number(item.minerAmount),
        coordinatorAmount: Number(item.coordinatorAmount),
        releaseSignature: toHex(asked.releaseSignature),
      }
    })
  })
}

/** Everyone whose balance a block may have changed: at least those, sometimes one more. */
function countActivity(
  activity: Activity,
  block: FinalizedBlock,
  parties: ReadonlyMap<string, EscrowParties>,
): void {
  const at = {
    lastHeight: Number(block.view.header.height),
    lastSlot: Number(block.view.header.slot),
  }
  if (block.transactions.length > 0) {
    activity.add(formatAddress(addressOf(block.view.header.proposer)), at, {})
  }
  for (const [position, view] of block.transactions.entries()) {
    const { message, outcome } = view
    activity.add(senderOf(view), at, { sent: 1 })
    const recipient = recipientOf(message)
    if (recipient && outcome?.code === outcomeCodes.applied) {
      activity.add(formatAddress(recipient), at, { received: 1 })
    }
    if (message.TAG === 'escrow_close' && outcome?.code === outcomeCodes.applied) {
      activity.add(partiesOf(parties, toHex(message.data.escrow)).owner, at, {})
    }
    for (const address of concernedBy(view, block.payouts?.[position] ?? [])) {
      activity.add(address, at, { received: 1 })
    }
    for (const item of outcome?.settlements ?? []) {
      if (item.code !== settlementCodes.paid) continue
      activity.add(formatAddress(item.miner), at, { received: 1 })
      activity.add(partiesOf(parties, toHex(item.escrow)).coordinator, at, {})
    }
  }
}

class Activity {
  readonly #rows = new Map<string, ActivityRow>()

  add(
    address: string,
    at: Pick<ActivityRow, 'lastHeight' | 'lastSlot'>,
    count: { readonly sent?: number; readonly received?: number },
  ): void {
    const before = this.#rows.get(address)
    this.#rows.set(address, {
      address,
      sent: (before?.sent ?? 0) + (count.sent ?? 0),
      received: (before?.received ?? 0) + (count.received ?? 0),
      ...at,
    })
  }

  rows(): ActivityRow[] {
    return [...this.#rows.values()]
  }
}

const senderOf = (view: TransactionView): string => formatAddress(addressOf(view.sender))

function partiesOf(parties: ReadonlyMap<string, EscrowParties>, escrow: string): EscrowParties {
  const found = parties.get(escrow)
  if (!found) throw new Error(`invariant broken: escrow ${escrow} was never opened`)
  return found
}
