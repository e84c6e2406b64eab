/** What a chart is made from. */

/** `y` is undefined where it is not known: the drawing then has a gap, never a guess. */
export type ChartPoint = { readonly x: number; readonly y: number | undefined }

export type ChartSeries = {
  /** Heads its column, and stands in the readout. */
  readonly name: string
  readonly points: readonly ChartPoint[]
}

export type Unit = { readonly one: string; readonly many: string }

/** `time`: x is Unix milliseconds; `day`: those of its midnight, UTC. `number`: any, such as a height. */
export type XKind = 'time' | 'day' | 'number'

export type ChartKind = 'line' | 'area' | 'bars'

export type ChartProps = {
  /** What it shows, as its heading says: "Blocks a minute". */
  title: string
  kind: ChartKind
  xKind: XKind
  /** Heads the column of x: "Minute". */
  xLabel: string
  /** At most `seriesMax`, all with the same x. */
  series: readonly ChartSeries[]
  /** Behind every figure: `{ one: 'block', many: 'blocks' }`. */
  unit: Unit
  /** What would be here, and how to make it so. */
  empty: { readonly title: string; readonly text: string }
}

export const chartLimits = {
  /** More lines than these cannot be told apart by their strokes. */
  seriesMax: 3,
  /** More points than pixels help nobody; the newest stay. */
  pointsMax: 400,
  /** What is greater has no place on an axis that people read. */
  figureMax: 1e15,
} as const

/** The series as far as a chart takes them. */
export const boundedSeries = (series: readonly ChartSeries[]): readonly ChartSeries[] =>
  series.slice(0, chartLimits.seriesMax).map(({ name, points }) => ({
    name,
    points: points.slice(-chartLimits.pointsMax).map(({ x, y }) => ({ x, y: drawable(y) })),
  }))

const drawable = (y: number | undefined): number | undefined =>
  y !== undefined && Math.abs(y) <= chartLimits.figureMax ? y : undefined
