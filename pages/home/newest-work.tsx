/** The newest jobs that were paid, each with its evidence. */
import { explorerPath } from '../shared/addresses.ts'
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { receiptList } from '../shared/live/schemas.ts'
import { receiptColumns } from '../shared/ui/receipts.tsx'
import { Empty, Loaded } from '../shared/ui/states.tsx'
import { Table, TableSkeleton } from '../shared/ui/table.tsx'
import { newestReceipts, newestRows } from './newest.ts'

export function NewestWork() {
  const list = useResource(newestReceipts, receiptList, chainEdge.value)
  return (
    <Loaded
      resource={list}
      what="the receipts"
      loading={
        <TableSkeleton caption="Newest paid work" columns={receiptColumns} rows={newestRows} />
      }
    >
      {({ receipts }) =>
        receipts.length === 0 ? (
          <Empty title="No job has been paid on this chain yet">
            <span>
              It takes one command: <a href="#buy">buy an answer</a>, then look here and in the{' '}
              <a href={explorerPath.receipts}>explorer</a>.
            </span>
          </Empty>
        ) : (
          <Table
            caption="Newest paid work"
            columns={receiptColumns}
            rows={receipts}
            keyOf={(receipt) => receipt.receipt_id}
          />
        )
      }
    </Loaded>
  )
}
