/**
 * A chart: drawn as SVG, read point by point with the pointer or the arrow keys, and always there as a
 * table too. Pages load it through `LazyChart`, so that those that draw nothing pay nothing.
 */
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import '../../styles/chart.css'
import { Empty } from '../states.tsx'
import { type Geometry, geometryOf, nearest } from './geometry.ts'
import { Plot } from './plot.tsx'
import { boundedSeries, type ChartProps, type ChartSeries } from './points.ts'
import { xInFull, yInFull } from './words.ts'

const heightPx = 220
/** Until the first measure. */
const widthPx = 600

export function Chart(props: ChartProps) {
  const { title, empty } = props
  const series = boundedSeries(props.series)
  const id = useId()
  const [asTable, setAsTable] = useState(false)
  if (!series.some(({ points }) => points.some(({ y }) => y !== undefined))) {
    return (
      <figure class="chart" aria-labelledby={id}>
        <figcaption class="chart-title" id={id}>
          {title}
        </figcaption>
        <div class="chart-box chart-box-empty">
          <Empty title={empty.title}>
            <span>{empty.text}</span>
          </Empty>
        </div>
      </figure>
    )
  }
  return (
    <figure class="chart" aria-labelledby={id}>
      <div class="chart-head">
        <figcaption class="chart-title" id={id}>
          {title}
        </figcaption>
        <button
          type="button"
          class="text-button"
          aria-pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        >
          Show as table
        </button>
      </div>
      {asTable ? null : <Reader {...props} series={series} />}
      <Figures {...props} series={series} shown={asTable} />
    </figure>
  )
}

/** The drawing with its cursor and the readout above it. */
function Reader(props: ChartProps) {
  const { kind, xKind, xLabel, series, title } = props
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const [index, setIndex] = useState<number>()
  const last = (series[0]?.points.length ?? 1) - 1
  const at = index === undefined ? last : Math.min(index, last)
  const geometry = geometryOf({ kind, xKind, series, width, height: heightPx })
  const words = pointWords(props, at)
  return (
    <>
      <Readout {...props} at={at} isLatest={index === undefined} />
      <div
        ref={box}
        class="chart-box"
        role="slider"
        tabIndex={0}
        aria-label={`${xLabel} to read in ${title}`}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={at}
        aria-valuetext={`${words.x}: ${words.figures.join(', ')}`}
        onKeyDown={(event) => {
          const next = keyTarget(event.key, at, last)
          if (next === undefined) return
          event.preventDefault()
          setIndex(next)
        }}
        onPointerMove={(event) => setIndex(indexAt(event, geometry))}
        onPointerDown={(event) => setIndex(indexAt(event, geometry))}
        onPointerLeave={() => setIndex(undefined)}
        onBlur={() => setIndex(undefined)}
      >
        <Plot
          geometry={geometry}
          series={series}
          width={width}
          height={heightPx}
          cursor={index === undefined ? undefined : at}
        />
      </div>
    </>
  )
}

function indexAt(event: PointerEvent, { xs }: Geometry): number | undefined {
  const box = event.currentTarget as HTMLElement
  return nearest(xs, event.clientX - box.getBoundingClientRect().left)
}

function keyTarget(key: string, at: number, last: number): number | undefined {
  const leap = Math.max(1, Math.round(last / 10))
  const targets: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowDown: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at + 1,
    PageDown: at - leap,
    PageUp: at + leap,
    Home: 0,
    End: last,
  }
  const target = targets[key]
  return target === undefined ? undefined : Math.max(0, Math.min(last, target))
}

function pointWords({ series, xKind, unit }: ChartProps, at: number) {
  const x = series[0]?.points[at]?.x ?? 0
  const figures = series.map(({ name, points }) => {
    const text = yInFull(points[at]?.y, unit)
    return series.length === 1 ? text : `${name} ${text}`
  })
  return { x: xInFull(xKind, x), figures }
}

function Readout(props: ChartProps & { at: number; isLatest: boolean }) {
  const { series, unit, xKind, xLabel, at, isLatest } = props
  const x = series[0]?.points[at]?.x ?? 0
  return (
    <div class="chart-readout" aria-hidden="true">
      {series.map(({ name, points }, place) => (
        <span key={name} class="chart-reading">
          {series.length === 1 ? null : <Key place={place} name={name} />}
          <span class="figure">{yInFull(points[at]?.y, unit)}</span>
        </span>
      ))}
      <span class="muted">
        {isLatest ? 'Latest: ' : ''}
        {xLabel.toLowerCase()} {xInFull(xKind, x)}
      </span>
    </div>
  )
}

/** The stroke of a series beside its name. */
function Key({ place, name }: { place: number; name: string }) {
  return (
    <span class="chart-key">
      <svg width="20" height="8" viewBox="0 0 20 8" aria-hidden="true" focusable="false">
        <path class={`chart-line chart-line-${place}`} d="M0 4H20" />
      </svg>
      {name}
    </span>
  )
}

type FiguresProps = ChartProps & { series: readonly ChartSeries[]; shown: boolean }

/** The same figures as a table: for screen readers always, for eyes on demand. */
function Figures({ title, xLabel, xKind, series, unit, shown }: FiguresProps) {
  const rows = series[0]?.points ?? []
  const table = (
    <table class="chart-table">
      <caption class="visually-hidden">{title}</caption>
      <thead>
        <tr>
          <th scope="col">{xLabel}</th>
          {series.map(({ name }) => (
            <th scope="col" class="number" key={name}>
              {name.toLowerCase() === unit.many ? name : `${name}, ${unit.many}`}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ x }, index) => (
          <tr key={x}>
            <th scope="row">{xInFull(xKind, x)}</th>
            {series.map(({ name, points }) => (
              <td class="number" key={name}>
                {points[index]?.y?.toLocaleString('en', { maximumFractionDigits: 8 }) ??
                  'not known'}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
  if (!shown) return <div class="visually-hidden">{table}</div>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be in reach of the keyboard
    <section class="chart-figures" tabIndex={0} aria-label={`${title} as a table`}>
      {table}
    </section>
  )
}

function useWidth(box: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(widthPx)
  useEffect(() => {
    const element = box.current
    if (!element) return
    const measure = () => setWidth(Math.max(1, Math.round(element.clientWidth)))
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return width
}
