/** All receipts: one for each job that was paid, newest first. */
import { DataList } from '../shared/list/data-list.tsx'
import type { ListColumn, ListDefinition } from '../shared/list/definition.ts'
import { Amount } from '../shared/ui/amount.tsx'
import {
  addressLink,
  escrowLink,
  heightLink,
  jobLink,
  minerLink,
  receiptLink,
  transactionLink,
} from '../shared/ui/links.tsx'
import { Empty } from '../shared/ui/states.tsx'
import { When } from '../shared/ui/time.tsx'
import { addressFilter, rangeFilters } from './list-filters.ts'
import { NoReceipts } from './overview.tsx'
import { Title } from './parts.tsx'
import { type ReceiptRow, receiptRow } from './wire.ts'

const money = (
  id: 'amount' | 'miner_amount' | 'coordinator_amount',
  label: string,
): ListColumn<ReceiptRow> => ({
  id,
  label,
  cell: (row) => <Amount units={row[id]} />,
  numeric: true,
  hidden: id !== 'amount',
})

const receipts: ListDefinition<ReceiptRow> = {
  id: 'receipts',
  noun: 'receipts',
  source: '/api/v1/chain/receipts',
  item: receiptRow,
  keyOf: ({ height, position, item }) => `${height}.${position}.${item}`,
  heightOf: ({ height }) => height,
  proof: {
    asked: (row) => ({
      subject: { kind: 'receipt', hash: row.receipt_hash, transaction: row.transaction_hash },
      shown: row,
    }),
    left: 'Whether the list leaves any out, no proof tells.',
  },
  columns: [
    { id: 'receipt', label: 'Receipt', cell: (row) => receiptLink(row.receipt_hash) },
    money('amount', 'Paid'),
    money('miner_amount', 'To the miner'),
    money('coordinator_amount', 'To the coordinator'),
    { id: 'miner', label: 'Miner', cell: ({ miner }) => minerLink(miner) },
    { id: 'client', label: 'Client', cell: ({ client }) => addressLink(client, 'client address') },
    {
      id: 'coordinator',
      label: 'Coordinator',
      cell: ({ coordinator }) => addressLink(coordinator, 'coordinator address'),
      hidden: true,
    },
    {
      id: 'job',
      label: 'Job',
      cell: (row) => jobLink(row.job_hash),
      hidden: true,
    },
    {
      id: 'transaction',
      label: 'Settled by',
      cell: (row) => transactionLink(row.transaction_hash),
      hidden: true,
    },
    {
      id: 'escrow',
      label: 'Escrow',
      cell: ({ escrow }) => escrowLink(escrow),
      hidden: true,
    },
    {
      id: 'number',
      label: 'Number',
      cell: ({ number }) => number,
      numeric: true,
      hidden: true,
    },
    { id: 'block', label: 'Block', cell: ({ height }) => heightLink(height), numeric: true },
    { id: 'settled', label: 'Settled', cell: ({ time }) => <When ms={time} ageOnly /> },
  ],
  filters: [
    addressFilter('miner', 'Miner'),
    addressFilter('client', 'Client'),
    { kind: 'text', id: 'job', label: 'Job hash', example: '0x…' },
    ...rangeFilters,
  ],
  empty: () => <NoReceipts />,
}

/** The same by what was asked. */
export const paidJobs: ListDefinition<ReceiptRow> = {
  ...receipts,
  id: 'jobs',
  noun: 'jobs',
  columns: columnsOf(['job', 'amount', 'miner', 'client', 'receipt', 'block', 'settled']),
}

/** Those of one miner: the page around the list says which. */
export const minerReceipts: ListDefinition<ReceiptRow> = {
  ...receipts,
  id: 'miner-receipts',
  columns: columnsOf(['job', 'miner_amount', 'client', 'receipt', 'block', 'settled']),
  filters: receipts.filters.filter(({ id }) => id !== 'miner'),
  empty: () => (
    <Empty title="No paid jobs">
      <span>The chain has not paid this address for a job.</span>
    </Empty>
  ),
}

/** Those that the owner of an escrow paid. */
export const escrowReceipts: ListDefinition<ReceiptRow> = {
  ...receipts,
  id: 'escrow-receipts',
  columns: columnsOf(['job', 'amount', 'escrow', 'miner', 'receipt', 'block', 'settled']),
  filters: receipts.filters.filter(({ id }) => id !== 'client'),
  empty: () => (
    <Empty title="No paid jobs">
      <span>Nothing has been paid out of this owner’s escrows yet.</span>
    </Empty>
  ),
}

/** These columns first and shown; the others can be chosen. */
function columnsOf(shown: readonly string[]): readonly ListColumn<ReceiptRow>[] {
  const { columns } = receipts
  const first = shown.flatMap((id) => columns.filter((column) => column.id === id))
  const others = columns.filter(({ id }) => !shown.includes(id))
  return [
    ...first.map((column) => ({ ...column, hidden: false })),
    ...others.map((column) => ({ ...column, hidden: true })),
  ]
}

export function ReceiptsPage() {
  return (
    <>
      <Title>Receipts</Title>
      <DataList list={receipts} />
    </>
  )
}
