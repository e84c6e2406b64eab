/** Columns of a list of receipts. */
import { explorerPath } from '../addresses.ts'
import type { Receipt } from '../live/schemas.ts'
import { Amount } from './amount.tsx'
import { Hash } from './hash.tsx'
import { addressLink, heightLink } from './links.tsx'
import type { Column } from './table.tsx'
import { When } from './time.tsx'

export const receiptColumns: readonly Column<Receipt>[] = [
  {
    label: 'Receipt',
    cell: ({ receipt_id }) => (
      <Hash value={receipt_id} what="receipt hash" href={explorerPath.receipt(receipt_id)} />
    ),
  },
  { label: 'Paid', cell: ({ payload }) => <Amount units={payload.amount} />, numeric: true },
  { label: 'Miner', cell: ({ payload }) => addressLink(payload.miner, 'miner address') },
  { label: 'Client', cell: ({ payload }) => addressLink(payload.client, 'client address') },
  { label: 'Block', cell: ({ payload }) => heightLink(payload.block_height), numeric: true },
  { label: 'Settled', cell: ({ timestamp_ms: ms }) => <When ms={ms} ageOnly /> },
]
