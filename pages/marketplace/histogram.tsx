/** How many offers ask which price: drawn, and as a table for those who read. */
import { useId } from 'preact/hooks'
import { amountWords } from '../shared/ui/amount-text.ts'
import { Disclosure } from '../shared/ui/bits.tsx'
import { Empty } from '../shared/ui/states.tsx'
import type { PricesAnswer } from './wire.ts'
import { counted } from './words.tsx'

type Bucket = PricesAnswer['histogram'][number]

const size = { width: 600, height: 96, gap: 2 } as const

export function Histogram({ title, buckets }: { title: string; buckets: readonly Bucket[] }) {
  const id = useId()
  const most = Math.max(0, ...buckets.map(({ count }) => count))
  const [first] = buckets
  const last = buckets.at(-1)
  if (!first || !last || most === 0) {
    return (
      <Empty title="No prices to draw">
        <span>Prices stand here once an offer that fits is online.</span>
      </Empty>
    )
  }
  if (first.from === last.to) {
    // One bar as wide as the page says nothing.
    return (
      <p class="small">
        {counted(most, 'offer')}, {most === 1 ? 'at' : 'all at'}{' '}
        <span class="figure">{amountWords(first.from)}</span> for 1,000 tokens of an answer.
      </p>
    )
  }
  const step = size.width / buckets.length
  return (
    <figure class="histogram" aria-labelledby={id}>
      <figcaption class="chart-title" id={id}>
        {title}
      </figcaption>
      <svg
        class="histogram-plot"
        viewBox={`0 0 ${size.width} ${size.height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        focusable="false"
      >
        {buckets.map(({ from, count }, index) => {
          const height = Math.max(count === 0 ? 1 : 3, (count / most) * size.height)
          return (
            <rect
              key={`${from}`}
              class={count === 0 ? 'histogram-none' : 'histogram-bar'}
              x={index * step + size.gap / 2}
              y={size.height - height}
              width={Math.max(1, step - size.gap)}
              height={height}
            />
          )
        })}
      </svg>
      <div class="histogram-ends small" aria-hidden="true">
        <span class="figure">{amountWords(first.from)}</span>
        <span class="figure">{amountWords(last.to)}</span>
      </div>
      <Disclosure summary="As a table">
        <table class="plain-table">
          <caption class="visually-hidden">{title}</caption>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col" class="number">
                Offers
              </th>
            </tr>
          </thead>
          <tbody>
            {buckets
              .filter(({ count }) => count > 0)
              .map(({ from, to, count }) => (
                <tr key={`${from}`}>
                  <td class="figure">{amountWords(from)}</td>
                  <td class="figure">{amountWords(to)}</td>
                  <td class="number figure">{count.toLocaleString('en')}</td>
                </tr>
              ))}
          </tbody>
        </table>
        <p class="small muted">
          {counted(
            buckets.reduce((sum, { count }) => sum + count, 0),
            'price',
          )}{' '}
          in all, for 1,000 tokens of an answer.
        </p>
      </Disclosure>
    </figure>
  )
}
