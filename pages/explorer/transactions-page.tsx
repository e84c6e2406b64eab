/** All transactions in blocks, newest first. */

import { explorerPath } from '../shared/addresses.ts'
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { type ListedTransaction, transactionList } from '../shared/live/schemas.ts'
import { addressLink, heightLink, transactionLink } from '../shared/ui/links.tsx'
import { Empty, Loaded } from '../shared/ui/states.tsx'
import { type Column, Table, TableSkeleton } from '../shared/ui/table.tsx'
import { kindWords } from './kinds.ts'
import { offsetOf, Pager, Title } from './parts.tsx'
import { query } from './router.ts'

const limit = 25

const columns: readonly Column<ListedTransaction>[] = [
  { label: 'Transaction', cell: ({ tx_hash }) => transactionLink(tx_hash) },
  { label: 'Kind', cell: ({ payload }) => kindWords(payload.kind) },
  { label: 'From', cell: ({ sender }) => addressLink(sender, 'sender') },
  {
    label: 'To',
    cell: ({ recipient }) =>
      recipient ? addressLink(recipient, 'recipient') : <span class="muted">none</span>,
  },
  {
    label: 'Block',
    cell: ({ block_height: height }) =>
      typeof height === 'number' ? heightLink(height) : 'pending',
    numeric: true,
  },
]

export function TransactionsPage() {
  const offset = offsetOf(query('offset'))
  const path = `/rpc/transactions?limit=${limit}&offset=${offset}`
  const list = useResource(path, transactionList, chainEdge.value)
  return (
    <>
      <Title>Transactions</Title>
      <Loaded
        resource={list}
        what="the transactions"
        loading={<TableSkeleton caption="Transactions" columns={columns} rows={limit} />}
      >
        {({ transactions, total }) =>
          total === 0 ? (
            <Empty title="No transactions yet">
              <span>The first one appears here as soon as a block holds it.</span>
            </Empty>
          ) : (
            <>
              <Table
                key={offset}
                caption="Transactions, newest first"
                columns={columns}
                rows={transactions}
                keyOf={(transaction) => transaction.tx_hash}
              />
              <Pager
                path={explorerPath.transactions}
                offset={offset}
                limit={limit}
                total={total}
                what="transactions"
              />
            </>
          )
        }
      </Loaded>
    </>
  )
}
