/** Charts: where things stand, what the axes say, and figures that are missing or odd. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { geometryOf, nearest } from '../../../pages/shared/ui/chart/geometry.ts'
import {
  boundedSeries,
  type ChartKind,
  type ChartPoint,
  chartLimits,
  type XKind,
} from '../../../pages/shared/ui/chart/points.ts'
import { xInFull, xWords, yInFull, yWords } from '../../../pages/shared/ui/chart/words.ts'

const kinds = fc.constantFrom<ChartKind>('line', 'area', 'bars')
const xKinds = fc.constantFrom<XKind>('time', 'day', 'number')
const figure = fc.oneof(
  fc.integer({ min: 0, max: 1_000_000 }),
  fc.double({ min: -1e6, max: 1e9, noNaN: true }),
)
/** Places in order, each once. */
const points = fc
  .uniqueArray(fc.integer({ min: 0, max: 2_000_000_000_000 }), { maxLength: 80 })
  .chain((xs) =>
    fc
      .array(fc.option(figure, { nil: undefined }), {
        minLength: xs.length,
        maxLength: xs.length,
      })
      .map((ys) => xs.sort((a, b) => a - b).map((x, index) => ({ x, y: ys[index] }))),
  )

const plan = (kind: ChartKind, series: readonly ChartPoint[], xKind: XKind = 'number') => ({
  kind,
  xKind,
  series: [{ name: 'Jobs', points: series }],
  width: 600,
  height: 220,
})

const of = (...ys: readonly (number | undefined)[]) => ys.map((y, x) => ({ x, y }))

test('UI-5: ticks are in order, inside the drawing and apart from each other', () => {
  fc.assert(
    fc.property(kinds, xKinds, points, fc.integer({ min: 240, max: 1_400 }), (...args) => {
      const [kind, xKind, series, width] = args
      const drawn = geometryOf({ ...plan(kind, series, xKind), width })
      const across = drawn.xTicks.map(({ at }) => at)
      expect(across).toEqual([...across].sort((a, b) => a - b))
      for (const at of across) expect(at).toBeGreaterThanOrEqual(drawn.left - 10)
      for (const at of across) expect(at).toBeLessThanOrEqual(drawn.right)
      const up = drawn.yTicks.map(({ at }) => at)
      expect(up).toEqual([...up].sort((a, b) => b - a))
      for (const at of up) expect(at).toBeGreaterThanOrEqual(drawn.top - 1)
      for (const at of up) expect(at).toBeLessThanOrEqual(drawn.bottom + 1)
      up.slice(1).forEach((at, index) => {
        expect((up[index] ?? 0) - at).toBeGreaterThan(12)
      })
      expect(new Set(drawn.yTicks.map(({ text }) => text)).size).toBe(drawn.yTicks.length)
    }),
  )
})

test('UI-5: counts have no fractions on their axis, other figures may', () => {
  const texts = (...ys: readonly number[]) =>
    geometryOf(plan('bars', of(...ys))).yTicks.map(({ text }) => text)
  expect(texts(0, 1, 1)).toEqual(['0', '1'])
  expect(texts(0.1, 0.4)).toContain('0.2')
})

test('UI-6: bars and areas stand on zero, whatever the figures are', () => {
  fc.assert(
    fc.property(fc.constantFrom<ChartKind>('bars', 'area'), points, (kind, series) => {
      const { yTicks } = geometryOf(plan(kind, series))
      expect(yTicks.map(({ text }) => text)).toContain('0')
    }),
  )
})

test('UI-6: what is not known is a gap in a line and no bar', () => {
  const gap = of(1, 2, undefined, 4, 5)
  expect(geometryOf(plan('line', gap)).lines[0]?.match(/M/g)).toHaveLength(2)
  expect(geometryOf(plan('area', gap)).areas[0]?.match(/M/g)).toHaveLength(2)
  expect(geometryOf(plan('bars', gap)).bars[0]).toHaveLength(4)
  expect(yInFull(undefined, { one: 'job', many: 'jobs' })).toBe('not known')
})

test('UI-6: a bar is as high as its figure', () => {
  const { bars } = geometryOf(plan('bars', of(0, 5, 10)))
  const [none, half, whole] = (bars[0] ?? []).map(({ height }) => height)
  expect(none).toBe(0)
  expect(whole).toBeCloseTo(2 * (half ?? 0))
})

test('UI-7: words are exact to the distance of two ticks', () => {
  expect([0, 0.25, 0.5].map((value) => yWords(value, 0.25))).toEqual(['0', '0.3', '0.5'])
  expect([0, 500, 1_000].map((value) => yWords(value, 500))).toEqual(['0', '500', '1,000'])
  expect([20_000, 1_500_000].map((value) => yWords(value, 10_000))).toEqual(['20 k', '1,500 k'])
  expect(yWords(3_000_000, 1_000_000)).toBe('3 M')
  expect(yInFull(1, { one: 'job', many: 'jobs' })).toBe('1 job')
  expect(yInFull(1_234.5, { one: 'job', many: 'jobs' })).toBe('1,234.5 jobs')
})

test('UI-7: times are UTC, and no finer than they need to be', () => {
  const atMs = Date.UTC(2026, 10, 23, 14, 5, 9)
  expect(xWords('time', atMs, 1_000)).toBe('14:05:09')
  expect(xWords('time', atMs, 60_000)).toBe('14:05')
  expect(xWords('time', atMs, 86_400_000)).toBe('23 Nov')
  expect(xWords('time', Date.UTC(2026, 10, 24), 3_600_000)).toBe('24 Nov')
  expect(xWords('time', atMs, 31 * 86_400_000)).toBe('Nov 2026')
  expect(xWords('number', 12_345, 1)).toBe('12,345')
  expect(xInFull('time', atMs)).toBe('2026-11-23 14:05:09 UTC')
})

test('UI-8: a chart takes the newest points of the first lines only', () => {
  const many = Array.from({ length: chartLimits.pointsMax + 5 }, (_, x) => ({ x, y: x }))
  const series = Array.from({ length: chartLimits.seriesMax + 2 }, (_, index) => ({
    name: `${index}`,
    points: many,
  }))
  const bounded = boundedSeries(series)
  expect(bounded).toHaveLength(chartLimits.seriesMax)
  expect(bounded[0]?.points).toHaveLength(chartLimits.pointsMax)
  expect(bounded[0]?.points.at(-1)).toEqual(many.at(-1))
})

test('UI-8: what is no figure is not known, and so is what no axis can show', () => {
  const odd = of(1, Number.NaN, Number.POSITIVE_INFINITY, -1e300, 2)
  const [series] = boundedSeries([{ name: 'Jobs', points: odd }])
  expect(series?.points.map(({ y }) => y)).toEqual([1, undefined, undefined, undefined, 2])
})

test('UI-8: no figures whatever leave the drawing', () => {
  fc.assert(
    fc.property(kinds, xKinds, points, (kind, xKind, series) => {
      const drawn = geometryOf(plan(kind, series, xKind))
      const paths = [...drawn.lines, ...drawn.areas].join(' ')
      expect(paths).not.toMatch(/NaN|Infinity/)
      for (const { height, width, x, y } of drawn.bars.flat()) {
        expect([height, width, x, y].every(Number.isFinite)).toBe(true)
        expect(height).toBeGreaterThanOrEqual(0)
      }
    }),
  )
})

test('UI-9: the point that is read is the nearest one', () => {
  expect(nearest([10, 20, 40], 0)).toBe(0)
  expect(nearest([10, 20, 40], 29)).toBe(1)
  expect(nearest([10, 20, 40], 31)).toBe(2)
  expect(nearest([], 5)).toBeUndefined()
})
