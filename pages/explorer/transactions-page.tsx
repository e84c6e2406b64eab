/** All transactions in blocks, newest first. */

import { explorerPath } from '../shared/addresses.ts'
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { transactionList } from '../shared/live/schemas.ts'
import { Empty, Loaded } from '../shared/ui/states.tsx'
import { Table, TableSkeleton } from '../shared/ui/table.tsx'
import { offsetOf, Pager, Title } from './parts.tsx'
import { query } from './router.ts'
import { transactionColumns } from './transaction-columns.tsx'

const limit = 25

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
        loading={<TableSkeleton caption="Transactions" columns={transactionColumns} rows={limit} />}
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
                columns={transactionColumns}
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
