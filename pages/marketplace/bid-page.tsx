/** One bid: its countdown, the quotes as they come, what was agreed in the end. */
import { useState } from 'preact/hooks'
import { PairsSkeleton } from '../explorer/detail.tsx'
import { Title } from '../explorer/parts.tsx'
import { slowEdge } from '../shared/live/chain.ts'
import { nowMs } from '../shared/live/clock.ts'
import { useResource } from '../shared/live/resource.ts'
import { sendJson } from '../shared/live/send.ts'
import { heightLink, transactionLink } from '../shared/ui/links.tsx'
import { type Pair, Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Failed, StaleLine } from '../shared/ui/states.tsx'
import { type Column, Table } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { type Trouble, TroubleNote } from '../shared/ui/trouble.tsx'
import { Moment } from '../wallet/moment.tsx'
import { Agreements } from './agreements.tsx'
import { BidStatus, capacityWords, PriceOf, wantedWords } from './bid-words.tsx'
import { Countdown } from './countdown.tsx'
import { marketPath } from './routes.ts'
import { type Bid, bid, type Quote } from './wire.ts'

/** An auction that is about to end is read more often. */
const nearMs = 60_000
const quickMs = 3_000

export function BidPage({ id }: { id: string }) {
  const [changed, setChanged] = useState(0)
  const [closesAt, setClosesAt] = useState(0)
  const path = `/api/v1/market/bids/${encodeURIComponent(id)}`
  const isNear = closesAt > 0 && Math.abs(nowMs.value - closesAt) < nearMs
  const edge = isNear ? `q${Math.floor(nowMs.value / quickMs)}` : slowEdge.value
  const found = useResource(path, bid, `${edge} ${changed}`)
  if (found.phase === 'loading') {
    return (
      <>
        <Title>Bid</Title>
        <PairsSkeleton rows={6} />
      </>
    )
  }
  if (found.phase === 'failed') {
    return (
      <>
        <Title>Bid</Title>
        <Failed what="this bid" failure={found.failure} retry={found.retry} />
      </>
    )
  }
  const value = found.value
  if (value.status === 'open' && value.closes_at !== closesAt) setClosesAt(value.closes_at)
  return (
    <>
      {found.stale ? (
        <StaleLine failure={found.stale} atMs={found.atMs} retry={found.retry} />
      ) : null}
      <Whole bid={value} path={path} onChanged={() => setChanged(changed + 1)} />
    </>
  )
}

function Whole({ bid: value, path, onChanged }: { bid: Bid; path: string; onChanged: () => void }) {
  const isOpen = value.status === 'open'
  return (
    <>
      <Title beside={<BidStatus bid={value} />}>Bid for {wantedWords(value)}</Title>
      <p class="section-figure">
        {isOpen ? (
          <>
            Closes in <Countdown untilMs={value.closes_at} over="a moment" />
          </>
        ) : (
          <>
            <span class="figure">{capacityWords(value.kind, value.filled)}</span> under agreements
          </>
        )}
      </p>
      <Pairs pairs={pairsOf(value)} />
      {value.own && isOpen ? <Decide bid={value} path={path} onChanged={onChanged} /> : null}
      <h2 class="section-title">Quotes</h2>
      {value.quotes.length === 0 ? (
        <Empty title="No quotes">
          <span>
            {isOpen
              ? 'Offers that fit answer by themselves, and miners may quote until the time is over.'
              : 'No offer fitted at this price.'}
          </span>
        </Empty>
      ) : (
        <Table
          caption="Quotes, cheapest first"
          columns={quoteColumns(value)}
          rows={value.quotes}
          keyOf={({ quote_id: quote }) => quote}
        />
      )}
      {value.own && value.agreements.length > 0 ? (
        <>
          <h2 class="section-title">Agreed</h2>
          <Agreements bid={value.bid_id} />
        </>
      ) : null}
    </>
  )
}

const pairsOf = (value: Bid): readonly (Pair | undefined)[] => [
  [
    'Of',
    value.query === '' ? (
      'anybody'
    ) : (
      <a class="mono break" href={marketPath.offers(value.query)}>
        {value.query}
      </a>
    ),
  ],
  ['At most', <PriceOf kind={value.kind} units={value.price_max} />],
  value.notes === undefined ? undefined : ['Notes', <span class="review-text">{value.notes}</span>],
  ['Opened', <When ms={value.opened_at} />],
  ['Closes', <Moment ms={value.closes_at} />],
  ['Site', <span class="break">{value.site}</span>],
  value.announced && [
    'Announced',
    <>
      {transactionLink(value.announced.tx_hash)} in block {heightLink(value.announced.height)}
    </>,
  ],
]

const quoteColumns = ({ kind }: Bid): readonly Column<Quote>[] => [
  {
    label: 'Miner',
    cell: ({ offer_id: offer, miner_id: miner }) => (
      <a class="name" href={marketPath.offer(offer)}>
        {miner}
      </a>
    ),
  },
  { label: 'Price', cell: ({ price }) => <PriceOf kind={kind} units={price} />, numeric: true },
  { label: 'For', cell: ({ capacity }) => capacityWords(kind, capacity), numeric: true },
  {
    label: 'Came',
    cell: ({ automatic }) => (automatic ? 'its listed price' : 'quoted by the miner'),
  },
  { label: 'When', cell: ({ at }) => <When ms={at} ageOnly /> },
]

/** What its owner can do while it is open. */
function Decide({
  bid: value,
  path,
  onChanged,
}: {
  bid: Bid
  path: string
  onChanged: () => void
}) {
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
  const act = async (what: 'award' | 'cancel') => {
    if (busy) return
    setBusy(true)
    const sent = await sendJson(`${path}/${what}`, {}, bid)
    setBusy(false)
    if (!sent.ok) {
      return setTrouble({
        happened: sent.error.message,
        money: 'A bid moves no money.',
        remedy: 'Load the page again: it may be over already.',
      })
    }
    setTrouble(undefined)
    onChanged()
  }
  return (
    <section class="below" aria-label="Decide">
      {trouble ? <TroubleNote trouble={trouble} /> : null}
      <div class="form-foot">
        <button
          type="button"
          class="button button-primary"
          aria-disabled={busy || value.quotes.length === 0}
          onClick={() => value.quotes.length > 0 && void act('award')}
        >
          Take what is offered now
        </button>
        <button
          type="button"
          class="button button-danger"
          aria-disabled={busy}
          onClick={() => void act('cancel')}
        >
          Take the bid back
        </button>
        <span class="cost">A bid moves no money; a booking does</span>
      </div>
    </section>
  )
}
