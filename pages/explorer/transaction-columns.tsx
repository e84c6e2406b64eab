/** Columns of a list of transactions. */
import type { ListedTransaction } from '../shared/live/schemas.ts'
import { addressLink, heightLink, transactionLink } from '../shared/ui/links.tsx'
import { TransactionStatus } from '../shared/ui/status.tsx'
import type { Column } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { kindWords } from './kinds.ts'

export const transactionColumns: readonly Column<ListedTransaction>[] = [
  { label: 'Transaction', cell: ({ tx_hash }) => transactionLink(tx_hash) },
  { label: 'Kind', cell: ({ payload }) => kindWords(payload.type) },
  {
    label: 'State',
    cell: ({ status, outcome }) => <TransactionStatus status={status} outcome={outcome} />,
  },
  { label: 'From', cell: ({ sender }) => addressLink(sender, 'sender') },
  {
    label: 'To',
    cell: ({ recipient }) =>
      recipient === '' ? <span class="muted">none</span> : addressLink(recipient, 'recipient'),
  },
  {
    label: 'Block',
    cell: ({ block_height: height }) => (height === undefined ? 'none yet' : heightLink(height)),
    numeric: true,
  },
  { label: 'Made', cell: ({ timestamp_ms: ms }) => <When ms={ms} ageOnly /> },
]
