/** What somebody who sells compute sees: machines, earnings, bookings, bids to quote for, and how to connect. */
import { minerPage } from '../explorer/figures-wire.ts'
import { Title } from '../explorer/parts.tsx'
import { BookingState, HeldOf, PaidOf } from '../marketplace/booking-words.tsx'
import { MarketTabs } from '../marketplace/tabs.tsx'
import { bookingPage, offerPage } from '../marketplace/wire.ts'
import { counted } from '../marketplace/words.tsx'
import { Later } from '../shared/frame/later.tsx'
import { chainEdge, slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { SignedIn } from '../shared/signed-in.tsx'
import { Empty, Loaded } from '../shared/ui/states.tsx'
import { Table } from '../shared/ui/table.tsx'
import { Moment } from '../wallet/moment.tsx'
import { Connect } from './connect.tsx'
import { Earnings } from './earnings.tsx'
import { Machine } from './machine.tsx'

// The form of a quote is more than a first look needs.
const openBids = async () => (await import('./open-bids.tsx')).OpenBids

export function Provider() {
  return (
    <>
      <MarketTabs current="sell" />
      <SignedIn to="see what you sell" heading="Provider">
        {(address) => <Mine key={address} address={address} />}
      </SignedIn>
    </>
  )
}

function Mine({ address }: { address: string }) {
  const query = new URLSearchParams({ q: `provider=${address}`, limit: '100' })
  const machines = useResource(`/api/v1/market/offers?${query}`, offerPage, slowEdge.value)
  const offers = machines.phase === 'ready' ? machines.value.items : []
  const paid = useResource(
    `/api/v1/chain/miners?limit=1&address=${encodeURIComponent(address)}`,
    minerPage,
    chainEdge.value,
  )
  // Whoever earned nothing reads first why.
  const isEarning = paid.phase !== 'ready' || paid.value.items.length > 0
  return (
    <>
      <Title>Provider</Title>
      {isEarning ? <Earnings address={address} paid={paid} /> : null}
      <h2 class="section-title">Machines</h2>
      <Loaded resource={machines} what="your machines">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No machine is paid to this address">
              <span>One appears here by itself once it is connected: see below.</span>
            </Empty>
          ) : (
            items.map((offer) => (
              <Machine key={offer.offer_id} offer={offer} isEarning={isEarning} />
            ))
          )
        }
      </Loaded>
      {isEarning ? null : (
        <>
          <h2 class="section-title">Earnings</h2>
          <Earnings address={address} paid={paid} />
        </>
      )}
      <h2 class="section-title">Bookings of your machines</h2>
      <Bookings />
      <h2 class="section-title">Open bids</h2>
      <Later
        load={openBids}
        of={{ offers: offers.filter(({ status }) => status === 'online') }}
        heading={null}
        part="bids"
      />
      <h2 class="section-title">Connect a machine</h2>
      <Connect address={address} isHere={offers.some(({ status }) => status === 'online')} />
    </>
  )
}

function Bookings() {
  const found = useResource(
    '/api/v1/market/bookings?role=provider&limit=25',
    bookingPage,
    `${chainEdge.value} ${slowEdge.value}`,
  )
  return (
    <Loaded resource={found} what="the bookings">
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No bookings">
            <span>A machine with a price by the hour can be booked.</span>
          </Empty>
        ) : (
          <Table
            caption="Bookings of your machines"
            rows={items}
            keyOf={({ booking_id: id }) => id}
            columns={[
              { label: 'Machine', cell: ({ miner_id: id }) => <span class="name">{id}</span> },
              { label: 'State', cell: ({ state }) => <BookingState state={state} /> },
              {
                label: 'For',
                cell: ({ hours, places }) =>
                  `${counted(hours, 'hour')}, ${counted(places, 'place')}`,
              },
              { label: 'From', cell: ({ start }) => <Moment ms={start} /> },
              { label: 'Held', cell: (each) => <HeldOf booking={each} />, numeric: true },
              {
                label: 'Paid to you',
                cell: (each) => <PaidOf booking={each} />,
                numeric: true,
              },
            ]}
          />
        )
      }
    </Loaded>
  )
}
