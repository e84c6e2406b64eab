/** The chain at a glance: head, finality, newest blocks, newest paid work. */
import type { ComponentChildren } from 'preact'
import {
  chainEdge,
  failure,
  recentBlocks,
  refresh,
  slotTimeMs,
  status,
} from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { receiptList, transactionList } from '../shared/live/schemas.ts'
import { receiptColumns } from '../shared/ui/receipts.tsx'
import { Empty, Failed, Loaded, Skeleton } from '../shared/ui/states.tsx'
import { Table, TableSkeleton } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { blockColumns, Title } from './parts.tsx'

const rows = 8

export function Overview() {
  const receipts = useResource(`/rpc/receipts?limit=${rows}&offset=0`, receiptList, chainEdge.value)
  const transactions = useResource(
    '/rpc/transactions?limit=1&offset=0',
    transactionList,
    chainEdge.value,
  )
  const known = status.value
  const head = recentBlocks.value[0]
  const blocks = recentBlocks.value.slice(0, rows)
  return (
    <>
      <Title>Explorer</Title>
      <div class="tiles">
        <Tile label="Head block" below={head ? <When ms={slotTimeMs(head.slot)} ageOnly /> : null}>
          {known?.head_height.toLocaleString('en')}
        </Tile>
        <Tile
          label="Final block"
          below={known ? lagWords(known.head_height - known.final_height) : null}
        >
          {known?.final_height.toLocaleString('en')}
        </Tile>
        <Tile label="Transactions" below="since genesis">
          {transactions.phase === 'ready'
            ? transactions.value.total.toLocaleString('en')
            : undefined}
        </Tile>
        <Tile label="Receipts" below="jobs paid on this chain">
          {receipts.phase === 'ready' ? receipts.value.total.toLocaleString('en') : undefined}
        </Tile>
      </div>
      <SectionHead title="Newest blocks" href="/explorer/blocks" more="All blocks" />
      {known ? (
        <Table
          brief
          caption="Newest blocks"
          columns={blockColumns}
          rows={blocks}
          keyOf={(b) => b.height}
        />
      ) : failure.value ? (
        <Failed what="the chain" failure={failure.value} retry={() => void refresh()} />
      ) : (
        <TableSkeleton caption="Newest blocks" columns={blockColumns} rows={rows} />
      )}
      <SectionHead title="Newest receipts" href="/explorer/receipts" more="All receipts" />
      <Loaded
        resource={receipts}
        what="the receipts"
        loading={<TableSkeleton caption="Newest receipts" columns={receiptColumns} rows={rows} />}
      >
        {({ receipts: list }) =>
          list.length === 0 ? (
            <NoReceipts />
          ) : (
            <Table
              brief
              caption="Newest receipts"
              columns={receiptColumns}
              rows={list}
              keyOf={(r) => r.receipt_id}
            />
          )
        }
      </Loaded>
    </>
  )
}

/** What a chain without paid work says. */
export function NoReceipts() {
  return (
    <Empty title="No receipts yet">
      <span>
        A receipt appears here when a job has been paid.{' '}
        <a href="/docs/getting-started.html">Run a first job</a>.
      </span>
    </Empty>
  )
}

const lagWords = (behind: number): string =>
  behind === 0 ? 'level with the head' : `${behind} behind the head`

function Tile(props: { label: string; below: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="tile">
      <span class="tile-label">{props.label}</span>
      <span class="tile-value figure">{props.children ?? <Skeleton size={4} />}</span>
      <span class="tile-below">{props.below}</span>
    </div>
  )
}

function SectionHead({ title, href, more }: { title: string; href: string; more: string }) {
  return (
    <div class="section-head">
      <h2>{title}</h2>
      <a class="small" href={href}>
        {more}
      </a>
    </div>
  )
}
