/** All transactions in blocks, newest first. */
import { explorerPath } from '../shared/addresses.ts'
import { DataList } from '../shared/list/data-list.tsx'
import { Title } from './parts.tsx'
import { transactionList } from './transaction-list.tsx'

export function TransactionsPage() {
  return (
    <>
      <Title
        beside={
          <a class="small" href={explorerPath.broadcast}>
            Send a signed transaction
          </a>
        }
      >
        Transactions
      </Title>
      <DataList list={transactionList} />
    </>
  )
}
