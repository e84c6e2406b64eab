/** Lists of transactions: of the whole chain, and of one address. */
import type { Asked } from '../shared/light/messages.ts'
import type { Filter, ListColumn, ListDefinition } from '../shared/list/definition.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { addressLink, heightLink, transactionLink } from '../shared/ui/links.tsx'
import { Empty } from '../shared/ui/states.tsx'
import { Finality, Status } from '../shared/ui/status.tsx'
import { When } from '../shared/ui/time.tsx'
import { fieldWords, kinds, kindWords } from './kinds.ts'
import { addressFilter, rangeFilters } from './list-filters.ts'
import { type TransactionRow, transactionRow } from './wire.ts'

type Column = ListColumn<TransactionRow>

const none = <span class="muted">none</span>

const hash: Column = {
  id: 'hash',
  label: 'Transaction',
  cell: (row) => transactionLink(row.hash),
}
const kind: Column = { id: 'kind', label: 'Kind', cell: (row) => kindWords(row.kind) }
const state: Column = {
  id: 'state',
  label: 'State',
  cell: ({ outcome, final }) =>
    outcome === 'applied' ? (
      <Finality final={final} />
    ) : (
      <Status tone="bad" word={final ? 'Failed, final' : 'Failed, not yet final'} />
    ),
}
const amount: Column = {
  id: 'amount',
  label: 'Amount',
  cell: ({ amount: units }) => (units === undefined ? none : <Amount units={units} />),
  numeric: true,
}
const block: Column = {
  id: 'block',
  label: 'Block',
  cell: ({ height }) => heightLink(height),
  numeric: true,
}
const made: Column = { id: 'made', label: 'Made', cell: ({ time }) => <When ms={time} ageOnly /> }

const figure = (id: 'nonce' | 'valid_until' | 'slot' | 'position', label: string): Column => ({
  id,
  label,
  cell: (row) => row[id].toLocaleString('en'),
  numeric: true,
  hidden: true,
})

/** Not shown until somebody asks. */
const more: readonly Column[] = [
  {
    id: 'outcome',
    label: 'Outcome',
    cell: ({ outcome }) => fieldWords(outcome),
    hidden: true,
  },
  {
    id: 'fee',
    label: 'Fee',
    cell: ({ fee }) => <Amount units={fee} />,
    numeric: true,
    hidden: true,
  },
  figure('nonce', 'Nonce'),
  figure('position', 'Position'),
  figure('slot', 'Slot'),
  figure('valid_until', 'Valid until slot'),
]

const filters: readonly Filter[] = [
  {
    kind: 'select',
    id: 'kind',
    label: 'Kind',
    choices: () => Object.entries(kinds).map(([value, label]) => ({ value, label })),
  },
  {
    kind: 'select',
    id: 'outcome',
    label: 'Outcome',
    choices: () => [
      { value: 'applied', label: 'Applied' },
      { value: 'failed', label: 'Failed' },
    ],
  },
]

const common = {
  noun: 'transactions',
  source: '/api/v1/chain/transactions',
  item: transactionRow,
  keyOf: (row: TransactionRow) => row.hash,
  heightOf: ({ height }: TransactionRow) => height,
  isOpen: ({ final }: TransactionRow) => !final,
  proof: {
    asked: (row: TransactionRow): Asked => ({
      subject: { kind: 'transaction', hash: row.hash },
      shown: row,
    }),
    left: 'Whether the list leaves any out, no proof tells.',
  },
} as const

/** Every transaction of the chain. */
export const transactionList: ListDefinition<TransactionRow> = {
  ...common,
  id: 'transactions',
  columns: [
    hash,
    kind,
    state,
    { id: 'from', label: 'From', cell: ({ sender }) => addressLink(sender, 'sender') },
    {
      id: 'to',
      label: 'To',
      cell: ({ recipient }) =>
        recipient === undefined ? none : addressLink(recipient, 'recipient'),
    },
    amount,
    block,
    ...more,
    made,
  ],
  filters: [
    ...filters,
    addressFilter('sender', 'From address'),
    addressFilter('recipient', 'To address'),
    addressFilter('address', 'Any address'),
    ...rangeFilters,
  ],
  empty: () => (
    <Empty title="No transactions yet">
      <span>The first one appears here as soon as a block holds it.</span>
    </Empty>
  ),
}

/** What one address sent, received, or was paid by. */
export const transactionsOf = (address: string): ListDefinition<TransactionRow> => ({
  ...common,
  id: 'address-transactions',
  columns: [
    hash,
    {
      id: 'direction',
      label: 'Direction',
      cell: ({ sender }) => (sender === address ? 'Sent' : 'Received'),
    },
    kind,
    state,
    {
      id: 'with',
      label: 'With',
      cell: ({ sender, recipient }) => {
        const other = sender === address ? recipient : sender
        return other === undefined ? none : addressLink(other)
      },
    },
    amount,
    block,
    ...more,
    made,
  ],
  filters: [
    ...filters,
    addressFilter('sender', 'From address'),
    addressFilter('recipient', 'To address'),
    ...rangeFilters,
  ],
  empty: () => (
    <Empty title="No transactions">
      <span>This address has neither sent nor received anything on this chain.</span>
    </Empty>
  ),
})
