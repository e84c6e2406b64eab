/** All transactions in blocks, newest first. */
import { DataList } from '../shared/list/data-list.tsx'
import { Title } from './parts.tsx'
import { transactionList } from './transaction-list.tsx'

export function TransactionsPage() {
  return (
    <>
      <Title>Transactions</Title>
      <DataList list={transactionList} />
    </>
  )
}
