/** One block: what it holds, who made it, whether it is final. */
import { explorerPath } from '../shared/addresses.ts'
import { chainEdge, slotTimeMs } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { type Block, block, type TransactionSummary } from '../shared/live/schemas.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { addressLink, transactionLink } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Loaded } from '../shared/ui/states.tsx'
import { Finality, TransactionStatus } from '../shared/ui/status.tsx'
import { type Column, Table } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { kindWords } from './kinds.ts'
import { Missing, PageSkeleton } from './missing.tsx'
import { Proposer, RawAnswer, Title } from './parts.tsx'

export function BlockPage({ id }: { id: string }) {
  const path = `/rpc/blocks/${encodeURIComponent(id)}`
  const found = useResource(path, block, chainEdge.value)
  if (found.phase === 'failed' && found.failure.code === 'NOT_FOUND') {
    return <Missing title="No such block" id={id} />
  }
  return (
    <Loaded resource={found} what="this block" loading={<PageSkeleton title="Block" />}>
      {(value) => (
        <>
          <Title beside={<Finality final={value.final} />}>
            Block <span class="mono">{value.height.toLocaleString('en')}</span>
          </Title>
          <Neighbours block={value} />
          <BlockFacts block={value} />
          <h2 class="section-title">Transactions</h2>
          <Transactions block={value} />
          {found.phase === 'ready' ? <RawAnswer raw={found.raw} path={path} /> : null}
        </>
      )}
    </Loaded>
  )
}

function Neighbours({ block: { height } }: { block: Block }) {
  return (
    <nav class="neighbours" aria-label="Neighbouring blocks">
      {height > 0 ? (
        <a class="button button-small" href={explorerPath.block(height - 1)}>
          Previous
        </a>
      ) : null}
      <a class="button button-small" href={explorerPath.block(height + 1)}>
        Next
      </a>
    </nav>
  )
}

function BlockFacts({ block: value }: { block: Block }) {
  return (
    <Pairs
      pairs={[
        ['Hash', <Hash value={value.hash} what="block hash" whole />],
        [
          'Parent',
          value.height === 0 ? (
            'none: this is genesis'
          ) : (
            <Hash
              value={value.parent_hash}
              what="parent hash"
              href={explorerPath.block(value.parent_hash)}
            />
          ),
        ],
        ['Slot', <span class="mono">{value.slot.toLocaleString('en')}</span>],
        ['Made', <When ms={slotTimeMs(value.slot)} />],
        ['Proposer', <Proposer value={value.proposer} />],
        ['Transactions', <span class="mono">{value.tx_count}</span>],
        ['State root', <Hash value={value.state_root} what="state root" />],
        value.tx_root
          ? ['Transactions root', <Hash value={value.tx_root} what="root" />]
          : undefined,
      ]}
    />
  )
}

type Row = TransactionSummary & { readonly final: boolean }

const columns: readonly Column<Row>[] = [
  { label: 'Transaction', cell: ({ tx_hash }) => transactionLink(tx_hash) },
  { label: 'Kind', cell: ({ kind }) => kindWords(kind) },
  {
    label: 'State',
    cell: ({ status, final }) => <TransactionStatus status={status} final={final} />,
  },
  { label: 'From', cell: ({ sender }) => addressLink(sender, 'sender') },
  {
    label: 'Amount',
    cell: ({ amount }) =>
      typeof amount === 'bigint' ? <Amount units={amount} /> : <span class="muted">none</span>,
    numeric: true,
  },
]

function Transactions({ block: value }: { block: Block }) {
  if (value.transactions.length === 0) {
    return (
      <Empty title="No transactions">
        <span>
          {value.height === 0
            ? 'The first block of a chain holds none.'
            : 'A heartbeat: it shows that the chain is alive while there is nothing to do.'}
        </span>
      </Empty>
    )
  }
  const rows = value.transactions.map((transaction) => ({ ...transaction, final: value.final }))
  return (
    <Table
      caption={`Transactions of block ${value.height}`}
      columns={columns}
      rows={rows}
      keyOf={(row) => row.tx_hash}
    />
  )
}
