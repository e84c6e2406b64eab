/** Columns of a list of receipts. */
import { explorerPath } from '../addresses.ts'
import type { Receipt } from '../live/schemas.ts'
import { Amount } from './amount.tsx'
import { Hash } from './hash.tsx'
import { addressLink, heightLink } from './links.tsx'
import { Status } from './status.tsx'
import type { Column } from './table.tsx'
import { readTimeMs, When } from './time.tsx'

export const receiptColumns: readonly Column<Receipt>[] = [
  {
    label: 'Receipt',
    cell: ({ receipt_id }) => (
      <Hash value={receipt_id} what="receipt id" href={explorerPath.receipt(receipt_id)} />
    ),
  },
  { label: 'Paid', cell: ({ amount }) => <Amount units={amount} />, numeric: true },
  { label: 'Miner', cell: ({ miner }) => addressLink(miner, 'miner address') },
  {
    label: 'Block',
    cell: ({ block_height: height }) =>
      typeof height === 'number' ? (
        heightLink(height)
      ) : (
        <Status tone="neutral" word="Not settled yet" />
      ),
    numeric: true,
  },
  {
    label: 'Recorded',
    cell: ({ recorded_at: at }) => <When ms={readTimeMs(at)} ageOnly />,
  },
]
