import { DataList } from '../../shared/list/data-list.tsx'
import type { ListDefinition } from '../../shared/list/definition.ts'
import { flag, integer, object, type ShapeOf, text } from '../../shared/live/shape.ts'
import { Hash } from '../../shared/ui/hash.tsx'
import { heightLink } from '../../shared/ui/links.tsx'
import { Empty } from '../../shared/ui/states.tsx'
import { Finality } from '../../shared/ui/status.tsx'

const row = object({ height: integer(0), hash: text, final: flag, transaction_count: integer(0) })

const blocks: ListDefinition<ShapeOf<typeof row>> = {
  id: 'design-blocks',
  noun: 'blocks',
  source: '/api/v1/chain/blocks',
  item: row,
  keyOf: ({ height }) => String(height),
  heightOf: ({ height }) => height,
  isOpen: ({ final }) => !final,
  columns: [
    { id: 'height', label: 'Height', cell: ({ height }) => heightLink(height) },
    { id: 'state', label: 'State', cell: ({ final }) => <Finality final={final} /> },
    { id: 'count', label: 'Transactions', cell: (b) => b.transaction_count, numeric: true },
    {
      id: 'hash',
      label: 'Hash',
      cell: ({ hash }) => <Hash value={hash} what="block hash" />,
      hidden: true,
    },
  ],
  filters: [
    { kind: 'toggle', id: 'with_transactions', label: 'With transactions only' },
    { kind: 'whole', id: 'height_min', label: 'From block' },
  ],
  empty: () => <Empty title="No blocks yet">The first one appears here.</Empty>,
}

export function ListSample() {
  return <DataList list={blocks} />
}
