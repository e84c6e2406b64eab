/** Rows of the chain's lists as JSON, and which of the newest ones a filter wants. */
import type {
  ListedBlock,
  ListedPosting,
  ListedReceipt,
  ListedTransaction,
} from '../../core/api/chain-lists.ts'
import type { TransactionView } from '../../core/api/chain-service.ts'
import {
  amountOf,
  outcomeName,
  recipientOf,
  type SubmittedJson,
} from '../../core/api/rpc-transactions.ts'
import { type BlockSummary, slotTimeMs } from '../../core/api/rpc-views.ts'
import { toHex, toHex0x } from '../../core/base/bytes.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { addressOf, formatAddress } from '../../core/crypto/address.ts'
import type { LedgerRow } from '../../d1/chain-books.ts'
import type { BlockFilter, ListRange, TransactionFilter } from '../../d1/chain-lists.ts'
import type { BlockRow, SettlementRow, TransactionRow } from '../../d1/chain-schema.ts'

/** Whether a block that the read model lacks belongs to the list. */
export const isBlockWanted = (
  block: BlockSummary,
  range: ListRange,
  filter: BlockFilter,
): boolean =>
  isInRange(range, block) &&
  (filter.proposer === undefined || toHex(block.proposer) === filter.proposer) &&
  (!filter.withTransactions || block.transactionCount > 0)

/** Whether a transaction that the read model lacks belongs to the list. */
export function isTransactionWanted(
  view: TransactionView,
  range: ListRange,
  filter: TransactionFilter,
): boolean {
  const { block, outcome, message } = view
  if (!block || !outcome || !isInRange(range, block)) return false
  const { kind, sender, recipient, address } = filter
  const from = formatAddress(addressOf(view.sender))
  const to = recipientOf(message)
  const toText = to && formatAddress(to)
  const paid = () => outcome.settlements.some((item) => isPaidTo(item, address ?? ''))
  return (
    (kind === undefined || message.TAG === kind) &&
    (sender === undefined || from === sender) &&
    (recipient === undefined || toText === recipient) &&
    (address === undefined || from === address || toText === address || paid()) &&
    (filter.outcome === undefined ||
      (filter.outcome === 'failed' ? outcome.code !== 0 : outcome.code === filter.outcome))
  )
}

const isPaidTo = (
  item: { readonly code: number; readonly miner: Uint8Array },
  address: string,
): boolean => item.code === 0 && formatAddress(item.miner) === address

const isInRange = (
  range: ListRange,
  { height, slot }: { readonly height: number; readonly slot: number },
): boolean =>
  height >= (range.heightMin ?? 0) &&
  height <= (range.heightMax ?? height) &&
  slot >= (range.slotMin ?? 0) &&
  slot <= (range.slotMax ?? slot)

const timeOf = (slot: number, genesisMs: number): string => formatTime(slotTimeMs(genesisMs, slot))

export const blockOfRow = (row: BlockRow, genesisMs: number): ListedBlock => ({
  height: row.height,
  hash: `0x${row.hash}`,
  parent_hash: `0x${row.parentHash}`,
  slot: row.slot,
  time: timeOf(row.slot, genesisMs),
  proposer: row.proposer,
  state_root: `0x${row.stateRoot}`,
  transaction_count: row.transactionCount,
  fees: String(row.fees),
  final: true,
})

export const blockOfSummary = (block: BlockSummary, genesisMs: number): ListedBlock => ({
  height: block.height,
  hash: toHex0x(block.hash),
  parent_hash: toHex0x(block.parent),
  slot: block.slot,
  time: timeOf(block.slot, genesisMs),
  proposer: toHex(block.proposer),
  state_root: toHex0x(block.stateRoot),
  transaction_count: block.transactionCount,
  fees: null,
  final: block.final,
})

export const transactionOfRow = (row: TransactionRow, genesisMs: number): ListedTransaction => ({
  hash: `0x${row.hash}`,
  height: row.height,
  position: row.position,
  slot: row.slot,
  time: timeOf(row.slot, genesisMs),
  kind: row.kind,
  sender: row.sender,
  recipient: row.recipient,
  amount: row.amount,
  fee: String(row.fee),
  nonce: row.nonce,
  valid_until: (JSON.parse(row.payload) as SubmittedJson).valid_until,
  outcome: outcomeName(row.code),
  final: true,
})

/** Of a transaction in a block. */
export function transactionOfView(view: TransactionView, genesisMs: number): ListedTransaction {
  const { block, outcome, message } = view
  if (!block || !outcome) throw new Error('invariant broken: a listed transaction is in a block')
  const recipient = recipientOf(message)
  return {
    hash: toHex0x(view.hash),
    height: block.height,
    position: block.index,
    slot: block.slot,
    time: timeOf(block.slot, genesisMs),
    kind: message.TAG,
    sender: formatAddress(addressOf(view.sender)),
    recipient: recipient ? formatAddress(recipient) : null,
    amount: amountOf(message)?.toString() ?? null,
    fee: outcome.fee.toString(),
    nonce: Number(view.nonce),
    valid_until: Number(view.validUntil),
    outcome: outcomeName(outcome.code),
    final: view.final,
  }
}

export const receiptOfRow = (row: SettlementRow, genesisMs: number): ListedReceipt => ({
  receipt_hash: `0x${row.receiptHash}`,
  job_hash: `0x${row.jobHash}`,
  transaction_hash: `0x${row.transactionHash}`,
  height: row.height,
  position: row.position,
  item: row.item,
  slot: row.slot,
  time: timeOf(row.slot, genesisMs),
  client: row.owner,
  miner: row.miner,
  coordinator: row.coordinator,
  amount: String(row.amount),
  miner_amount: String(row.minerAmount),
  coordinator_amount: String(row.coordinatorAmount),
  escrow: `0x${row.escrow}`,
  number: row.number,
  authorisation: `0x${row.authorisation}`,
  release_signature: row.releaseSignature,
})

export const postingOfRow = (row: LedgerRow, genesisMs: number): ListedPosting => ({
  height: row.height,
  position: row.position,
  item: row.item,
  slot: row.slot,
  time: timeOf(row.slot, genesisMs),
  transaction_hash: row.transactionHash === null ? null : `0x${row.transactionHash}`,
  account: row.account,
  amount: String(row.amount),
  unit: 'base units',
  reason: row.reason,
})
