/** The chain at a glance: head, finality, newest blocks, newest paid work. */
import { explorerPath } from '../shared/addresses.ts'
import {
  chainEdge,
  failure,
  recentBlocks,
  refresh,
  slotTimeMs,
  slowEdge,
  status,
} from '../shared/live/chain.ts'
import { type Resource, useResource } from '../shared/live/resource.ts'
import {
  type BlockSummary,
  receiptList,
  type SiteState,
  siteState,
  transactionList,
} from '../shared/live/schemas.ts'
import { receiptColumns } from '../shared/ui/receipts.tsx'
import { Empty, Failed, Loaded } from '../shared/ui/states.tsx'
import { Table, TableSkeleton } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { ChainVerdict } from './chain-verdict.tsx'
import { supplyAnswer } from './figures-wire.ts'
import { NextBlock } from './next-block.tsx'
import { blockColumns, SectionHead, Tile, Title, WholeCoins } from './parts.tsx'

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
        <Tile label="Head block" below={<HeadAge head={head} />}>
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
        <MoreTiles authorities={known?.authorities.length} />
      </div>
      <ChainVerdict />
      <p class="small muted below">
        Counts and sums are what the site says: no proof covers them. Every block, transaction and
        receipt can be verified on its page and in its list.
      </p>
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
        <TableSkeleton brief caption="Newest blocks" columns={blockColumns} rows={rows} />
      )}
      <SectionHead title="Newest receipts" href="/explorer/receipts" more="All receipts" />
      <Loaded
        resource={receipts}
        what="the receipts"
        loading={
          <TableSkeleton brief caption="Newest receipts" columns={receiptColumns} rows={rows} />
        }
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

function HeadAge({ head }: { head: BlockSummary | undefined }) {
  if (!head) return null
  return (
    <>
      <When ms={slotTimeMs(head.slot)} ageOnly />, <NextBlock />
    </>
  )
}

/** What leads to the other views. */
function MoreTiles({ authorities }: { authorities: number | undefined }) {
  const site = useResource('/api/v1/site', siteState, slowEdge.value)
  const supply = useResource('/rpc/status', supplyAnswer, chainEdge.value)
  return (
    <>
      <Tile label="Miners" href={explorerPath.miners} below="online at this site">
        {ofSite(site, ({ miners_online: online }) => online)}
      </Tile>
      <Tile label="Jobs" href={explorerPath.jobs} below="waiting or at work here">
        {ofSite(site, ({ queued, running }) => queued + running)}
      </Tile>
      <Tile label="Authorities" href={explorerPath.nodes} below="and the sites of this chain">
        {authorities?.toLocaleString('en')}
      </Tile>
      <Tile label="Supply" href={explorerPath.stats} below="and figures by hour and day">
        {supply.phase === 'ready' ? (
          <WholeCoins units={supply.value.supply.held} />
        ) : supply.phase === 'failed' ? (
          <span class="muted">not known</span>
        ) : undefined}
      </Tile>
    </>
  )
}

const ofSite = (site: Resource<SiteState>, of: (state: SiteState) => number) =>
  site.phase === 'ready' ? (
    of(site.value).toLocaleString('en')
  ) : site.phase === 'failed' ? (
    <span class="muted">not known</span>
  ) : undefined

const lagWords = (behind: number): string =>
  behind === 0 ? 'level with the head' : `${behind} behind the head`
