/** All blocks, newest first; the first page is live. */

import { explorerPath } from '../shared/addresses.ts'
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { blockList } from '../shared/live/schemas.ts'
import { Loaded } from '../shared/ui/states.tsx'
import { Table, TableSkeleton } from '../shared/ui/table.tsx'
import { blockColumns, offsetOf, Pager, Title } from './parts.tsx'
import { query } from './router.ts'

const limit = 25

export function BlocksPage() {
  const offset = offsetOf(query('offset'))
  const path = `/rpc/blocks?limit=${limit}&offset=${offset}`
  const list = useResource(path, blockList, chainEdge.value)
  return (
    <>
      <Title>Blocks</Title>
      <Loaded
        resource={list}
        what="the blocks"
        loading={<TableSkeleton caption="Blocks" columns={blockColumns} rows={limit} />}
      >
        {({ blocks, total }) => (
          <>
            <Table
              key={offset}
              caption="Blocks, newest first"
              columns={blockColumns}
              rows={blocks}
              keyOf={(block) => block.height}
            />
            <Pager
              path={explorerPath.blocks}
              offset={offset}
              limit={limit}
              total={total}
              what="blocks"
            />
          </>
        )}
      </Loaded>
    </>
  )
}
