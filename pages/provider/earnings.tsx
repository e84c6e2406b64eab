/** What the chain paid an address: in all, and day by day. */
import { coinsNumber } from '../../core/base/amount.ts'
import type { minerPage } from '../explorer/figures-wire.ts'
import { amount, moment } from '../explorer/wire.ts'
import { counted } from '../marketplace/words.tsx'
import { explorerPath } from '../shared/addresses.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { type Resource, useResource } from '../shared/live/resource.ts'
import { integer, list, object, type ShapeOf } from '../shared/live/shape.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { ChartSkeleton, LazyChart } from '../shared/ui/chart/lazy-chart.tsx'
import { wholeAddress } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Loaded } from '../shared/ui/states.tsx'

const daysAnswer = object({
  items: list(
    object({
      day: moment,
      jobs: integer(0),
      payments: amount,
      bookings: amount,
      rewards: amount,
      total: amount,
    }),
  ),
})
type Day = ShapeOf<typeof daysAnswer>['items'][number]

type EarningsProps = {
  address: string
  /** The address alone, among the miners that were paid. */
  paid: Resource<ShapeOf<typeof minerPage>>
}

export function Earnings({ address, paid }: EarningsProps) {
  return (
    <>
      <Loaded resource={paid} what="what the chain paid">
        {({ items: [row] }) => (
          <Pairs
            pairs={[
              ['Paid at', wholeAddress(address, 'your address')],
              ['Earned with jobs', <Amount units={row?.earned ?? 0n} />],
              [
                'Paid jobs',
                <a href={explorerPath.miner(address)}>{counted(row?.jobs ?? 0, 'job')}</a>,
              ],
              ['Clients', (row?.clients ?? 0).toLocaleString('en')],
            ]}
          />
        )}
      </Loaded>
      <ByDay address={address} />
    </>
  )
}

function ByDay({ address }: { address: string }) {
  const path = `/api/v1/chain/miners/${encodeURIComponent(address)}/days?days=30`
  const found = useResource(path, daysAnswer, slowEdge.value)
  return (
    <Loaded resource={found} what="your days" loading={<ChartSkeleton title="Earned by day" />}>
      {({ items }) => (
        <div class="below">
          <LazyChart
            title="Earned by day"
            kind="bars"
            xKind="day"
            xLabel="Day"
            unit={{ one: 'AITBC', many: 'AITBC' }}
            series={seriesOf(items)}
            empty={{
              title: 'Nothing earned in 30 days',
              text: 'What final blocks pay you stands here, on its day of UTC.',
            }}
          />
        </div>
      )}
    </Loaded>
  )
}

/** One series for each kind of pay that there was: a machine with jobs alone needs no key to its chart. */
function seriesOf(items: readonly Day[]) {
  const kinds = [
    ['Jobs', (day: Day) => day.payments],
    ['Bookings', (day: Day) => day.bookings],
    ['Rewards', (day: Day) => day.rewards],
  ] as const
  return kinds
    .filter(([, of]) => items.some((day) => of(day) > 0n))
    .map(([name, of]) => ({
      name,
      points: items.map((day) => ({ x: day.day, y: coinsNumber(of(day)) })),
    }))
}
