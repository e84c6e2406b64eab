/** How the prices of one model went, day by day; fetched when one model is looked for. */
import { coinsNumber } from '../../core/base/amount.ts'
import { dayMs } from '../../core/base/time.ts'
import { LazyChart } from '../shared/ui/chart/lazy-chart.tsx'
import { Empty } from '../shared/ui/states.tsx'
import type { PricesAnswer } from './wire.ts'

type Day = PricesAnswer['history'][number]

/** The lowest and the median price of each day; a day without an offer is a gap. */
export function PricesByDay({ model, days }: { model: string; days: readonly Day[] }) {
  const title = `Price of 1,000 answer tokens by day, ${model}`
  const [first] = days
  const last = days.at(-1)
  if (!first || !last || first === last) {
    return (
      <Empty title="No prices of other days yet">
        <span>
          The site keeps the lowest and the median price of each day; the line begins with the
          second day on which somebody offers {model}.
        </span>
      </Empty>
    )
  }
  const found = new Map(days.map((day) => [day.start, day]))
  const starts = Array.from(
    { length: Math.round((last.start - first.start) / dayMs) + 1 },
    (_, index) => first.start + index * dayMs,
  )
  const seriesOf = (name: string, of: (day: Day) => bigint) => ({
    name,
    points: starts.map((x) => {
      const day = found.get(x)
      return { x, y: day && coinsNumber(of(day)) }
    }),
  })
  return (
    <LazyChart
      title={title}
      kind="line"
      xKind="day"
      xLabel="Day"
      unit={{ one: 'AITBC', many: 'AITBC' }}
      series={[seriesOf('Lowest', ({ min }) => min), seriesOf('Median', ({ median }) => median)]}
      empty={{ title: 'No prices of other days yet', text: '' }}
    />
  )
}
