/** All blocks, newest first; the first page is live. */
import { explorerPath } from '../shared/addresses.ts'
import { DataList } from '../shared/list/data-list.tsx'
import type { ListDefinition } from '../shared/list/definition.ts'
import { status } from '../shared/live/chain.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { heightLink } from '../shared/ui/links.tsx'
import { Empty } from '../shared/ui/states.tsx'
import { Finality } from '../shared/ui/status.tsx'
import { When } from '../shared/ui/time.tsx'
import { rangeFilters } from './list-filters.ts'
import { Proposer, Title } from './parts.tsx'
import { type BlockRow, blockRow } from './wire.ts'

const blocks: ListDefinition<BlockRow> = {
  id: 'blocks',
  noun: 'blocks',
  source: '/api/v1/chain/blocks',
  item: blockRow,
  keyOf: ({ height }) => String(height),
  heightOf: ({ height }) => height,
  isOpen: ({ final }) => !final,
  proof: {
    asked: (row) => ({ subject: { kind: 'block', hash: row.hash }, shown: row }),
    left: 'The sum of the fees is what the site says.',
  },
  columns: [
    { id: 'height', label: 'Height', cell: ({ height }) => heightLink(height) },
    { id: 'state', label: 'State', cell: ({ final }) => <Finality final={final} /> },
    {
      id: 'transactions',
      label: 'Transactions',
      cell: ({ transaction_count: count }) => count.toLocaleString('en'),
      numeric: true,
    },
    {
      id: 'hash',
      label: 'Hash',
      cell: ({ hash }) => <Hash value={hash} what="block hash" href={explorerPath.block(hash)} />,
    },
    { id: 'proposer', label: 'Proposer', cell: (block) => <Proposer block={block} /> },
    {
      id: 'fees',
      label: 'Fees',
      cell: ({ fees }) =>
        fees === undefined ? <span class="muted">not indexed yet</span> : <Amount units={fees} />,
      numeric: true,
      hidden: true,
    },
    {
      id: 'parent',
      label: 'Parent',
      cell: ({ parent_hash: hash }) => (
        <Hash value={hash} what="parent hash" href={explorerPath.block(hash)} />
      ),
      hidden: true,
    },
    {
      id: 'state_root',
      label: 'State root',
      cell: ({ state_root: root }) => <Hash value={root} what="state root" />,
      hidden: true,
    },
    {
      id: 'slot',
      label: 'Slot',
      cell: ({ slot }) => slot.toLocaleString('en'),
      numeric: true,
      hidden: true,
    },
    { id: 'made', label: 'Made', cell: ({ time }) => <When ms={time} ageOnly /> },
  ],
  filters: [
    { kind: 'toggle', id: 'with_transactions', label: 'With transactions only' },
    {
      kind: 'select',
      id: 'proposer',
      label: 'Proposer',
      choices: () =>
        (status.value?.authorities ?? []).map(({ public_key: value, name: label }) => ({
          value,
          label,
        })),
    },
    ...rangeFilters,
    { kind: 'whole', id: 'slot_min', label: 'From slot' },
    { kind: 'whole', id: 'slot_max', label: 'To slot' },
  ],
  empty: () => (
    <Empty title="No blocks">
      <span>A chain has at least its first block; this site has not read it yet.</span>
    </Empty>
  ),
}

export function BlocksPage() {
  return (
    <>
      <Title>Blocks</Title>
      <DataList list={blocks} />
    </>
  )
}
