/** Bids: what is wanted on this site and on others, newest first. */
import { Title } from '../explorer/parts.tsx'
import { Step } from '../shared/list/list-pager.tsx'
import { here, query } from '../shared/list/url-state.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { account } from '../shared/signed-in.tsx'
import { Empty, Failed, StaleLine } from '../shared/ui/states.tsx'
import { type Column, Table, TableSkeleton } from '../shared/ui/table.tsx'
import { BidStatus, PriceOf, wantedWords } from './bid-words.tsx'
import { Countdown } from './countdown.tsx'
import { marketPath } from './routes.ts'
import { type Bid, bidPage } from './wire.ts'
import { counted, Unknown } from './words.tsx'

const views = [
  { id: '', label: 'Open' },
  { id: 'all', label: 'All' },
  { id: 'mine', label: 'Mine' },
] as const

export function BidsPage() {
  const view = views.find(({ id }) => id === query('show')) ?? views[0]
  return (
    <>
      <Title>Bids</Title>
      <p class="lead">
        A bid says what you want and at most for how much. Until its time is over offers answer with
        their price and miners may quote lower; then the cheapest take part.
      </p>
      <div class="list-tools">
        <nav class="switch" aria-label="Which bids">
          {views
            .filter(({ id }) => id !== 'mine' || account.value !== '')
            .map(({ id, label }) => (
              <a
                key={id}
                class="button button-small"
                href={id === '' ? marketPath.bids : `${marketPath.bids}?show=${id}`}
                aria-current={id === view.id ? 'true' : undefined}
              >
                {label}
              </a>
            ))}
        </nav>
        <div class="list-actions">
          <a class="button button-primary button-small" href={marketPath.newBid()}>
            Place a bid
          </a>
        </div>
      </div>
      <BidList
        filter={view.id === 'mine' ? { mine: 'true' } : view.id === '' ? { status: 'open' } : {}}
      />
    </>
  )
}

const rows = 25

type BidListProps = { filter: Readonly<Record<string, string>>; brief?: boolean }

/** A page of bids. */
export function BidList({ filter, brief = false }: BidListProps) {
  const cursor = brief ? '' : query('cursor')
  const asked = new URLSearchParams({
    ...filter,
    limit: String(brief ? 5 : rows),
    ...(cursor && { cursor }),
  })
  const found = useResource(`/api/v1/market/bids?${asked}`, bidPage, slowEdge.value)
  if (found.phase === 'loading') {
    return <TableSkeleton caption="Bids" columns={columns} rows={brief ? 2 : 5} />
  }
  if (found.phase === 'failed') {
    return <Failed what="the bids" failure={found.failure} retry={found.retry} />
  }
  const { items, next_cursor: next } = found.value
  if (items.length === 0) {
    return (
      <Empty title={filter['mine'] ? 'You have no bids' : 'No bids'}>
        <span>Say what you want, and let miners come with their prices.</span>
        <a class="button button-small" href={marketPath.newBid()}>
          Place a bid
        </a>
      </Empty>
    )
  }
  const more = new URL(here.value)
  more.searchParams.set('cursor', next ?? '')
  return (
    <>
      {found.stale ? (
        <StaleLine failure={found.stale} atMs={found.atMs} retry={found.retry} />
      ) : null}
      <Table
        caption="Bids, newest first"
        columns={columns}
        rows={items}
        keyOf={(bid) => bid.bid_id}
      />
      {brief ? null : (
        <nav class="list-pager" aria-label="Pages of bids">
          <span class="list-facts muted">{counted(items.length, 'bid')} on this page</span>
          <Step label="Older" href={next === undefined ? undefined : more.pathname + more.search} />
        </nav>
      )}
    </>
  )
}

const columns: readonly Column<Bid>[] = [
  {
    label: 'Wanted',
    cell: (bid) => <a href={marketPath.bid(bid.bid_id)}>{wantedWords(bid)}</a>,
  },
  {
    label: 'Of',
    cell: ({ query: text }) =>
      text === '' ? <Unknown>anybody</Unknown> : <span class="mono name">{text}</span>,
  },
  {
    label: 'At most',
    cell: (bid) => <PriceOf kind={bid.kind} units={bid.price_max} />,
    numeric: true,
  },
  { label: 'Quotes', cell: ({ quotes }) => quotes.length.toLocaleString('en'), numeric: true },
  {
    label: 'Time left',
    cell: ({ status, closes_at: at }) =>
      status === 'open' ? <Countdown untilMs={at} over="closing" /> : <Unknown>over</Unknown>,
    numeric: true,
  },
  { label: 'State', cell: (bid) => <BidStatus bid={bid} /> },
  {
    label: 'Whose',
    cell: ({ own, site }) => (own ? 'yours' : <span class="name">{site}</span>),
  },
]
