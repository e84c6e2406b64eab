/** Where everything of a chart stands, in pixels. Pure: points and a size in, paths and ticks out. */
import { scaleLinear, scaleUtc } from 'd3-scale'
import { area, line } from 'd3-shape'
import type { ChartKind, ChartPoint, ChartSeries, XKind } from './points.ts'
import { xWords, yWords } from './words.ts'

export type Tick = { readonly at: number; readonly text: string }
export type Bar = {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export type Geometry = {
  /** Edges of the drawing inside its axes. */
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly xTicks: readonly Tick[]
  readonly yTicks: readonly Tick[]
  /** One a series; areas only where the kind asks for them, bars likewise. */
  readonly lines: readonly string[]
  readonly areas: readonly string[]
  readonly bars: readonly (readonly Bar[])[]
  /** Pixel of each x, in order. */
  readonly xs: readonly number[]
  /** Pixel of a figure. */
  readonly yOf: (value: number) => number
}

type Plan = {
  readonly kind: ChartKind
  readonly xKind: XKind
  readonly series: readonly ChartSeries[]
  readonly width: number
  readonly height: number
}

const margins = { top: 8, right: 12, bottom: 24, characterPx: 7.3, gap: 10 } as const
const ticksApart = { xPx: 90, yPx: 44 } as const

export function geometryOf(plan: Plan): Geometry {
  const { kind, xKind, series, width, height } = plan
  const bottom = height - margins.bottom
  const { top } = margins
  const y = scaleLinear().domain(yDomain(kind, series)).range([bottom, top])
  const yCount = Math.max(2, Math.floor((bottom - top) / ticksApart.yPx))
  y.nice(yCount)
  const isCount = series.every(({ points }) => points.every((p) => Number.isInteger(p.y ?? 0)))
  // There is no fifth of a block.
  const yValues = y.ticks(yCount).filter((value) => !isCount || Number.isInteger(value))
  const yStep = stepOf(yValues)
  const yTicks = yValues.map((value) => ({ at: y(value), text: yWords(value, yStep) }))
  const longest = Math.max(...yTicks.map(({ text }) => text.length), 1)
  const left = Math.ceil(longest * margins.characterPx + margins.gap)
  const right = Math.max(left + 1, width - margins.right)
  const points = series[0]?.points ?? []
  const axis =
    kind === 'bars' ? placeAxis(points, left, right, xKind) : flowAxis(points, left, right, xKind)
  const at = (_: ChartPoint, index: number) => axis.xs[index] ?? left
  const isKnown = ({ y: value }: ChartPoint) => value !== undefined
  const drawLine = line<ChartPoint>(at, (point) => y(point.y ?? 0)).defined(isKnown)
  const drawArea = area<ChartPoint>(at, y(y.domain()[0] ?? 0), (point) => y(point.y ?? 0)).defined(
    isKnown,
  )
  return {
    left,
    right,
    top,
    bottom,
    yTicks,
    xTicks: axis.ticks,
    lines: kind === 'bars' ? [] : series.map((one) => drawLine(one.points) ?? ''),
    areas: kind === 'area' ? series.map((one) => drawArea(one.points) ?? '') : [],
    bars: kind === 'bars' ? barsOf(series, axis, y, bottom) : [],
    xs: axis.xs,
    yOf: y,
  }
}

/** The index of the x that is nearest to a pixel; undefined without points. */
export function nearest(xs: readonly number[], at: number): number | undefined {
  let found: number | undefined
  xs.forEach((x, index) => {
    const best = found === undefined ? undefined : xs[found]
    if (best === undefined || Math.abs(x - at) < Math.abs(best - at)) found = index
  })
  return found
}

/** An axis has six decimals; what differs by less looks the same. */
const spanLeast = 1e-5

/** Bars and areas stand on zero; a line may begin higher, as its axis says. */
function yDomain(kind: ChartKind, series: readonly ChartSeries[]): [number, number] {
  const values = series.flatMap(({ points }) => points.flatMap(({ y }) => y ?? []))
  const [low, high] = [Math.min(...values), Math.max(...values)]
  if (values.length === 0) return [0, 1]
  const [bottom, top] = kind === 'line' ? [low, high] : [Math.min(0, low), Math.max(0, high)]
  const size = Math.max(Math.abs(bottom), Math.abs(top))
  if (top - bottom > Math.max(spanLeast, size * spanLeast)) return [bottom, top]
  // All the same, as far as an axis can tell: room on both sides, or above zero.
  return size <= spanLeast ? [0, 1] : [bottom - size / 2, top + size / 2]
}

type Axis = {
  readonly xs: readonly number[]
  readonly ticks: readonly Tick[]
  /** Width of one place, for bars. */
  readonly width: number
}

function flowAxis(points: readonly ChartPoint[], left: number, right: number, xKind: XKind): Axis {
  const [first, last] = [points[0]?.x ?? 0, points.at(-1)?.x ?? 0]
  const domain = first === last ? [first - 1, last + 1] : [first, last]
  const count = Math.max(1, Math.floor((right - left) / ticksApart.xPx))
  if (xKind !== 'number') {
    const scale = scaleUtc().domain(domain).range([left, right])
    const values = scale.ticks(count).map(Number)
    const step = stepOf(values)
    const ticks = values.map((value) => ({ at: scale(value), text: xWords(xKind, value, step) }))
    return { xs: points.map(({ x }) => scale(x)), ticks: inside(ticks, left, right), width: 0 }
  }
  const scale = scaleLinear().domain(domain).range([left, right])
  const isWhole = points.every(({ x }) => Number.isInteger(x))
  const values = scale.ticks(count).filter((value) => !isWhole || Number.isInteger(value))
  const ticks = values.map((value) => ({ at: scale(value), text: xWords(xKind, value, 1) }))
  return { xs: points.map(({ x }) => scale(x)), ticks: inside(ticks, left, right), width: 0 }
}

/** One place of equal width for each bar. */
function placeAxis(points: readonly ChartPoint[], left: number, right: number, xKind: XKind): Axis {
  const place = (right - left) / Math.max(1, points.length)
  const width = place * (points.length > 60 ? 0.9 : 0.7)
  const xs = points.map((_, index) => left + (index + 0.5) * place)
  const every = Math.max(1, Math.ceil((points.length * ticksApart.xPx) / (right - left)))
  const chosen = points.flatMap(({ x }, index) => (index % every === 0 ? [{ x, index }] : []))
  const step = stepOf(chosen.map(({ x }) => x))
  const ticks = chosen.map(({ x, index }) => ({
    at: xs[index] ?? left,
    text: xWords(xKind, x, step),
  }))
  return { xs, ticks: inside(ticks, left, right), width }
}

function barsOf(
  series: readonly ChartSeries[],
  { xs, width }: Axis,
  y: (value: number) => number,
  bottom: number,
): readonly (readonly Bar[])[] {
  const each = width / Math.max(1, series.length)
  const zero = Math.min(bottom, y(0))
  return series.map(({ points }, place) =>
    points.flatMap(({ y: value }, index) => {
      if (value === undefined) return []
      const top = y(value)
      return [
        {
          x: (xs[index] ?? 0) - width / 2 + place * each,
          y: Math.min(top, zero),
          width: Math.max(1, each - (series.length > 1 ? 1 : 0)),
          height: Math.abs(zero - top),
        },
      ]
    }),
  )
}

// A word at the very edge would be cut.
const inside = (ticks: readonly Tick[], left: number, right: number): readonly Tick[] =>
  ticks.filter(({ at, text }) => {
    const half = (text.length * margins.characterPx) / 2
    return at - half >= left - margins.gap && at + half <= right + margins.right
  })

const stepOf = (values: readonly number[]): number => {
  const [first, second] = values
  return first === undefined || second === undefined ? 1 : Math.abs(second - first)
}
