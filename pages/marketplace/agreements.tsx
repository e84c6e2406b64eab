/** What a bid led to: who serves how much at which price, and the way to take it up. */
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { Empty, Loaded } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { type Column, Table, TableSkeleton } from '../shared/ui/table.tsx'
import { Moment } from '../wallet/moment.tsx'
import { agreementStates, capacityWords, PriceOf } from './bid-words.tsx'
import { marketPath } from './routes.ts'
import { type Agreement, agreementPage } from './wire.ts'

const columns: readonly Column<Agreement>[] = [
  {
    label: 'Miner',
    cell: ({ offer_id: offer, miner_id: miner }) => (
      <a class="name" href={marketPath.offer(offer)}>
        {miner}
      </a>
    ),
  },
  {
    label: 'Price',
    cell: ({ kind, price }) => <PriceOf kind={kind} units={price} />,
    numeric: true,
  },
  {
    label: 'For',
    cell: ({ kind, capacity }) => capacityWords(kind, capacity),
    numeric: true,
  },
  { label: 'Until', cell: ({ expires_at: at }) => <Moment ms={at} /> },
  {
    label: 'State',
    cell: ({ state }) => (
      <Status tone={agreementStates[state][0]} word={agreementStates[state][1]} />
    ),
  },
  { label: 'Next', cell: (agreement) => <Next agreement={agreement} /> },
]

function Next({ agreement }: { agreement: Agreement }) {
  const { state, kind, offer_id: offer, hours, capacity, booking_id: made } = agreement
  if (made !== undefined) return <a href={marketPath.booking(made)}>To the booking</a>
  if (state !== 'open') return null
  if (kind === 'tokens') return <a href={marketPath.offer(offer)}>To the offer</a>
  const place = new URLSearchParams({
    hours: String(hours ?? 1),
    places: String(capacity),
    agreement: agreement.agreement_id,
  })
  return <a href={`${marketPath.book(offer)}?${place}`}>Book at this price</a>
}

/** Agreements of the reader, of one bid where it is named. */
export function Agreements({ bid }: { bid?: string }) {
  const found = useResource('/api/v1/market/agreements?limit=50', agreementPage, slowEdge.value)
  return (
    <Loaded
      resource={found}
      what="your agreements"
      loading={<TableSkeleton caption="Agreements" columns={columns} rows={2} />}
    >
      {({ items }) => {
        const shown = items.filter((each) => bid === undefined || each.bid_id === bid)
        return shown.length === 0 ? (
          <Empty title="No agreements">
            <span>A bid that is matched leads to one with each miner that takes part.</span>
          </Empty>
        ) : (
          <Table
            caption="Agreements"
            columns={columns}
            rows={shown}
            keyOf={({ agreement_id: id }) => id}
          />
        )
      }}
    </Loaded>
  )
}
