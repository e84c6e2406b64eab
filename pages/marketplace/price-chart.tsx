/** How a price went over days: the least and the median, drawn as steps, and as a table. */
import { useId } from 'preact/hooks'
import { amountWords } from '../shared/ui/amount-text.ts'
import { Disclosure } from '../shared/ui/bits.tsx'
import { Empty } from '../shared/ui/states.tsx'

/** `atMs`: since when. `units`: undefined where nothing was offered. */
export type PricePoint = { readonly atMs: number; readonly units: bigint | undefined }

type PriceChartProps = {
  title: string
  /** Oldest first; each price holds until the next. */
  points: readonly PricePoint[]
  untilMs: number
}

const size = { width: 600, height: 120, pad: 6 } as const

export function PriceChart({ title, points, untilMs }: PriceChartProps) {
  const id = useId()
  const known = points.flatMap(({ units }) => units ?? [])
  const [first] = points
  if (!first || known.length === 0) {
    return (
      <Empty title="No price yet">
        <span>The site writes prices down from the moment it first sees an offer.</span>
      </Empty>
    )
  }
  const top = known.reduce((most, units) => (units > most ? units : most))
  const low = known.reduce((least, units) => (units < least ? units : least))
  return (
    <figure class="price-chart" aria-labelledby={id}>
      <figcaption class="chart-title" id={id}>
        {title}
      </figcaption>
      <svg
        class="price-plot"
        viewBox={`0 0 ${size.width} ${size.height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        focusable="false"
      >
        <path class="price-line" d={pathOf(points, untilMs, { low, top })} />
      </svg>
      <div class="histogram-ends small" aria-hidden="true">
        <span>{dayOf(first.atMs)}</span>
        <span class="figure">
          {low === top ? amountWords(low) : `${amountWords(low)} to ${amountWords(top)}`}
        </span>
        <span>{dayOf(untilMs)}</span>
      </div>
      <Disclosure summary="As a table">
        <table class="plain-table">
          <caption class="visually-hidden">{title}</caption>
          <thead>
            <tr>
              <th scope="col">Since</th>
              <th scope="col" class="number">
                Price
              </th>
            </tr>
          </thead>
          <tbody>
            {[...points].reverse().map(({ atMs, units }) => (
              <tr key={atMs}>
                <td>{momentWords(atMs)}</td>
                <td class="number figure">
                  {units === undefined ? 'not offered' : amountWords(units)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Disclosure>
    </figure>
  )
}

type Range = { readonly low: bigint; readonly top: bigint }

/** Steps, with a gap where there was no price. */
function pathOf(points: readonly PricePoint[], untilMs: number, { low, top }: Range): string {
  const fromMs = points[0]?.atMs ?? untilMs
  const spanMs = Math.max(1, untilMs - fromMs)
  const x = (ms: number) => (((ms - fromMs) / spanMs) * size.width).toFixed(1)
  const inner = size.height - 2 * size.pad
  const y = (units: bigint) =>
    low === top
      ? (size.height / 2).toFixed(1)
      : (size.pad + inner - (Number(units - low) / Number(top - low)) * inner).toFixed(1)
  const pieces: string[] = []
  let isOpen = false
  points.forEach(({ atMs, units }, index) => {
    const endMs = points[index + 1]?.atMs ?? untilMs
    if (units !== undefined) {
      pieces.push(`${isOpen ? 'V' : `M${x(atMs)} `}${y(units)}H${x(endMs)}`)
    }
    isOpen = units !== undefined
  })
  return pieces.join('')
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const momentWords = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
