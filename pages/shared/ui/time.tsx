/**
 * A moment: its age in words, or its UTC time to the second, as the reader prefers. The preference holds
 * for all pages of the origin, and other tabs follow it.
 */
import { signal } from '@preact/signals'
import { nowMs } from '../live/clock.ts'

/** What comes first: the age, or the UTC time. */
export type TimeStyle = 'relative' | 'utc'

const timeStorageKey = 'aitbc:time'

const asStyle = (text: string | null): TimeStyle => (text === 'utc' ? 'utc' : 'relative')

/** The reader's preference; read it, and change it by `setTimeStyle`. */
export const timeStyle = signal<TimeStyle>(stored())

/** Changes the preference for all pages. */
export function setTimeStyle(style: TimeStyle): void {
  timeStyle.value = style
  try {
    localStorage.setItem(timeStorageKey, style)
  } catch {
    // Storage may be forbidden by the browser; the choice then lasts as long as the page.
  }
}

type WhenProps = {
  ms: number | undefined /** Leaves out what the reader prefers less. */
  ageOnly?: boolean
}

export function When({ ms, ageOnly = false }: WhenProps) {
  if (ms === undefined) return <span class="muted">unknown</span>
  const iso = new Date(ms).toISOString()
  const utc = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
  const age = ageOf(ms, nowMs.value)
  const [first, second] = timeStyle.value === 'utc' ? [utc, age] : [age, utc]
  return (
    <time class="when" dateTime={iso} title={second}>
      {first}
      {ageOnly ? null : <span class="when-utc"> · {second}</span>}
    </time>
  )
}

/** Switches every time on the page between its age and UTC. */
export function TimeSwitch() {
  const isUtc = timeStyle.value === 'utc'
  return (
    <button
      type="button"
      class="button button-small"
      aria-pressed={isUtc}
      onClick={() => setTimeStyle(isUtc ? 'relative' : 'utc')}
    >
      UTC times
    </button>
  )
}

const steps = [
  { unit: 's', seconds: 1, below: 120 },
  { unit: 'min', seconds: 60, below: 7_200 },
  { unit: 'h', seconds: 3_600, below: 172_800 },
  { unit: 'days', seconds: 86_400, below: Number.POSITIVE_INFINITY },
] as const

/** Age in words, such as "12 s ago"; clocks that differ a little are never in the future. */
export function ageOf(ms: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - ms) / 1_000))
  const step = steps.find(({ below }) => seconds < below) ?? steps[3]
  return `${Math.floor(seconds / step.seconds)} ${step.unit} ago`
}

// Outside a browser there is neither a store nor another tab.
function stored(): TimeStyle {
  try {
    return asStyle(localStorage.getItem(timeStorageKey))
  } catch {
    return 'relative'
  }
}

globalThis.addEventListener?.('storage', ({ key }) => {
  if (key === timeStorageKey || key === null) timeStyle.value = stored()
})
