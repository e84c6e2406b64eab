/** Jobs that the chain paid the provider of an offer for; each row can be checked in the browser. */
import { type ReceiptRow, receiptRow } from '../explorer/wire.ts'
import type { ListDefinition } from '../shared/list/definition.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { addressLink, heightLink, jobLink, receiptLink } from '../shared/ui/links.tsx'
import { Empty } from '../shared/ui/states.tsx'
import { When } from '../shared/ui/time.tsx'

export const offerReceipts: ListDefinition<ReceiptRow> = {
  id: 'offer-receipts',
  noun: 'paid jobs',
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
    {
      id: 'earned',
      label: 'To the miner',
      cell: (row) => <Amount units={row.miner_amount} />,
      numeric: true,
    },
    { id: 'job', label: 'Job', cell: (row) => jobLink(row.job_hash) },
    { id: 'client', label: 'Client', cell: ({ client }) => addressLink(client, 'client address') },
    { id: 'block', label: 'Block', cell: ({ height }) => heightLink(height), numeric: true },
    { id: 'settled', label: 'Settled', cell: ({ time }) => <When ms={time} ageOnly /> },
  ],
  filters: [],
  empty: () => (
    <Empty title="No paid jobs">
      <span>The chain has not paid this address for a job.</span>
    </Empty>
  ),
}
