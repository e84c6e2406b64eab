/** The drawing of a chart: axes, lines or bars, and the cursor. Colours are classes, so that both themes fit. */
import type { Geometry } from './geometry.ts'
import type { ChartSeries } from './points.ts'

type PlotProps = {
  geometry: Geometry
  series: readonly ChartSeries[]
  width: number
  height: number
  /** Index of the point that is read; undefined when none is. */
  cursor: number | undefined
}

export function Plot({ geometry, series, width, height, cursor }: PlotProps) {
  const { lines, areas, bars } = geometry
  return (
    <svg
      class="chart-plot"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
      focusable="false"
    >
      <Axes geometry={geometry} />
      {areas.map((path, place) => (
        <path key={series[place]?.name} class={`chart-area chart-area-${place}`} d={path} />
      ))}
      {bars.map((group, place) => (
        <g key={series[place]?.name} class={`chart-bars chart-bars-${place}`}>
          {group.map((bar) => (
            <rect key={bar.x} x={bar.x} y={bar.y} width={bar.width} height={bar.height} />
          ))}
        </g>
      ))}
      {lines.map((path, place) => (
        <path key={series[place]?.name} class={`chart-line chart-line-${place}`} d={path} />
      ))}
      {cursor === undefined ? null : <Cursor geometry={geometry} series={series} index={cursor} />}
    </svg>
  )
}

function Axes({ geometry }: { geometry: Geometry }) {
  const { left, right, bottom, xTicks, yTicks } = geometry
  return (
    <g class="chart-axes">
      {yTicks.map(({ at, text }) => (
        <g key={at}>
          <path class="chart-rule" d={`M${left} ${Math.round(at) + 0.5}H${right}`} />
          <text x={left - 8} y={at} dy="0.32em" text-anchor="end">
            {text}
          </text>
        </g>
      ))}
      {xTicks.map(({ at, text }) => (
        <g key={at}>
          <path class="chart-tick" d={`M${Math.round(at) + 0.5} ${bottom}v4`} />
          <text x={at} y={bottom + 18} text-anchor="middle">
            {text}
          </text>
        </g>
      ))}
      <path class="chart-base" d={`M${left} ${Math.round(bottom) + 0.5}H${right}`} />
    </g>
  )
}

type CursorProps = { geometry: Geometry; series: readonly ChartSeries[]; index: number }

function Cursor({ geometry, series, index }: CursorProps) {
  const { xs, top, bottom, yOf } = geometry
  const x = xs[index] ?? 0
  return (
    <g class="chart-cursor">
      <path d={`M${Math.round(x) + 0.5} ${top}V${bottom}`} />
      {series.map(({ name, points }) => {
        const value = points[index]?.y
        return value === undefined ? null : <circle key={name} cx={x} cy={yOf(value)} r="4" />
      })}
    </g>
  )
}
