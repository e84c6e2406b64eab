/** Words on the axes and in the readout of a chart. Times are UTC. */
import { dayMs } from '../../../../core/base/time.ts'
import type { Unit, XKind } from './points.ts'

const minuteMs = 60_000
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** A tick of a y axis: short, and exact to the distance of two ticks. */
export function yWords(value: number, step: number): string {
  const [scale, suffix] =
    step >= 1_000_000 ? [1_000_000, ' M'] : step >= 1_000 ? [1_000, ' k'] : [1, '']
  const decimals = Math.max(0, Math.min(6, -Math.floor(Math.log10(step / scale) + 1e-9)))
  const text = (value / scale).toLocaleString('en', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
  return value === 0 ? '0' : `${text}${suffix}`
}

/** A tick of an x axis; `step` is the distance of two ticks. */
export function xWords(kind: XKind, value: number, step: number): string {
  if (kind === 'number') return value.toLocaleString('en')
  const iso = new Date(value).toISOString()
  const date = `${Number(iso.slice(8, 10))} ${months[Number(iso.slice(5, 7)) - 1]}`
  if (step >= 28 * dayMs) return `${months[Number(iso.slice(5, 7)) - 1]} ${iso.slice(0, 4)}`
  if (step >= dayMs || value % dayMs === 0) return date
  return step >= minuteMs ? iso.slice(11, 16) : iso.slice(11, 19)
}

/** One x in full. */
export function xInFull(kind: XKind, value: number): string {
  if (kind === 'number') return value.toLocaleString('en')
  const iso = new Date(value).toISOString()
  return kind === 'day' ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

/** One figure in full, with its unit. */
export function yInFull(value: number | undefined, unit: Unit): string {
  if (value === undefined) return 'not known'
  return `${value.toLocaleString('en', { maximumFractionDigits: 8 })} ${value === 1 ? unit.one : unit.many}`
}
