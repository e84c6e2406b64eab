/** All receipts: one for each job that was paid, newest first. */

import { explorerPath } from '../shared/addresses.ts'
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { receiptList } from '../shared/live/schemas.ts'
import { receiptColumns } from '../shared/ui/receipts.tsx'
import { Loaded } from '../shared/ui/states.tsx'
import { Table, TableSkeleton } from '../shared/ui/table.tsx'
import { NoReceipts } from './overview.tsx'
import { offsetOf, Pager, Title } from './parts.tsx'
import { query } from './router.ts'

const limit = 25

export function ReceiptsPage() {
  const offset = offsetOf(query('offset'))
  const path = `/rpc/receipts?limit=${limit}&offset=${offset}`
  const list = useResource(path, receiptList, chainEdge.value)
  return (
    <>
      <Title>Receipts</Title>
      <Loaded
        resource={list}
        what="the receipts"
        loading={<TableSkeleton caption="Receipts" columns={receiptColumns} rows={limit} />}
      >
        {({ receipts, total }) =>
          total === 0 ? (
            <NoReceipts />
          ) : (
            <>
              <Table
                key={offset}
                caption="Receipts, newest first"
                columns={receiptColumns}
                rows={receipts}
                keyOf={(receipt) => receipt.receipt_id}
              />
              <Pager
                path={explorerPath.receipts}
                offset={offset}
                limit={limit}
                total={total}
                what="receipts"
              />
            </>
          )
        }
      </Loaded>
    </>
  )
}
