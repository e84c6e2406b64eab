/** When a machine was there, what of it is free, and when it is booked. */
import { UptimeStrip } from '../marketplace/uptime-strip.tsx'
import { type Offer, offerDetail, offerUptime } from '../marketplace/wire.ts'
import { counted } from '../marketplace/words.tsx'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { Loaded } from '../shared/ui/states.tsx'
import { Moment } from '../wallet/moment.tsx'

export function Availability({ offer }: { offer: Offer }) {
  const path = `/api/v1/market/offers/${encodeURIComponent(offer.offer_id)}`
  const uptime = useResource(`${path}/uptime`, offerUptime, slowEdge.value)
  const detail = useResource(path, offerDetail, slowEdge.value)
  const { free_places: free, concurrency } = offer
  return (
    <section aria-label={`Availability of ${offer.miner_id}`}>
      <h4>Availability</h4>
      <p class="small">
        {concurrency === 0
          ? 'No bound on jobs at a time. '
          : free === undefined
            ? `${counted(concurrency, 'place')}. `
            : `${free} of ${counted(concurrency, 'place')} free now. `}
        {offer.price_per_hour === undefined ? 'Without a price by the hour nobody books it.' : ''}
      </p>
      <Loaded resource={uptime} what="when it was seen">
        {({ hours }) => <UptimeStrip hours={hours} />}
      </Loaded>
      {offer.price_per_hour === undefined ? null : (
        <Loaded resource={detail} what="the booked times">
          {({ booked }) =>
            booked.length === 0 ? (
              <p class="small">Not booked.</p>
            ) : (
              <ul class="small">
                {booked.map(({ start, end, places }) => (
                  <li key={`${start} ${end} ${places}`}>
                    Booked: {counted(places, 'place')}, from <Moment ms={start} /> to{' '}
                    <Moment ms={end} />
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      )}
    </section>
  )
}
