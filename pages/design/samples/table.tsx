import { recentBlocks, slotTimeMs } from '../../shared/live/chain.ts'
import type { BlockSummary } from '../../shared/live/schemas.ts'
import { heightLink } from '../../shared/ui/links.tsx'
import { Finality } from '../../shared/ui/status.tsx'
import { type Column, Table, TableSkeleton } from '../../shared/ui/table.tsx'
import { When } from '../../shared/ui/time.tsx'

const columns: readonly Column<BlockSummary>[] = [
  { label: 'Height', cell: ({ height }) => heightLink(height) },
  { label: 'State', cell: ({ final }) => <Finality final={final} /> },
  { label: 'Transactions', cell: ({ tx_count }) => tx_count, numeric: true },
  { label: 'Made', cell: ({ slot }) => <When ms={slotTimeMs(slot)} ageOnly /> },
]

export function TableSample() {
  const blocks = recentBlocks.value.slice(0, 4)
  return (
    <>
      <Table caption="Newest blocks" columns={columns} rows={blocks} keyOf={(b) => b.height} />
      <TableSkeleton caption="Newest blocks, loading" columns={columns} rows={2} />
    </>
  )
}
