/** Seven days of hours in which the site saw a miner, or did not, or did not look. */
import { Disclosure } from '../shared/ui/bits.tsx'
import type { UptimeHour } from './wire.ts'
import { shareWords } from './words.tsx'

const cell = { width: 5, gap: 1, height: 28 } as const

/** What a cell says, by its shape first. */
const stateOf = (seen: number | undefined): 'unwatched' | 'up' | 'down' | 'partly' =>
  seen === undefined ? 'unwatched' : seen >= 0.99 ? 'up' : seen <= 0.01 ? 'down' : 'partly'

export function UptimeStrip({ hours }: { hours: readonly UptimeHour[] }) {
  const step = cell.width + cell.gap
  const days = daysOf(hours)
  return (
    <figure class="uptime" aria-label="Seen in the last seven days">
      <svg
        class="uptime-plot"
        viewBox={`0 0 ${Math.max(1, hours.length * step)} ${cell.height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        focusable="false"
      >
        {hours.map(({ start, seen }, index) => {
          const state = stateOf(seen)
          const height = heights[state] * cell.height
          return (
            <rect
              key={start}
              class={`uptime-${state}`}
              x={index * step}
              y={cell.height - height}
              width={cell.width}
              height={height}
            />
          )
        })}
      </svg>
      <ul class="uptime-legend small">
        <li class="legend-up">seen all hour</li>
        <li class="legend-partly">seen in part</li>
        <li class="legend-down">not seen</li>
        <li class="legend-unwatched">not watched</li>
      </ul>
      <Disclosure summary="As a table">
        <table class="plain-table">
          <caption class="visually-hidden">Share of each day in which the site saw it</caption>
          <thead>
            <tr>
              <th scope="col">Day, UTC</th>
              <th scope="col" class="number">
                Seen
              </th>
              <th scope="col" class="number">
                Hours watched
              </th>
            </tr>
          </thead>
          <tbody>
            {days.map(({ day, share, watched }) => (
              <tr key={day}>
                <td>{day}</td>
                <td class="number figure">{share === undefined ? '' : shareWords(share)}</td>
                <td class="number figure">{watched}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Disclosure>
    </figure>
  )
}

const heights = { up: 1, partly: 0.55, down: 0.2, unwatched: 0.08 } as const

function daysOf(hours: readonly UptimeHour[]) {
  const byDay = new Map<string, number[]>()
  for (const { start, seen } of hours) {
    const day = new Date(start).toISOString().slice(0, 10)
    const known = byDay.get(day) ?? []
    if (seen !== undefined) known.push(seen)
    byDay.set(day, known)
  }
  return [...byDay].reverse().map(([day, seen]) => ({
    day,
    watched: seen.length,
    share: seen.length === 0 ? undefined : seen.reduce((sum, each) => sum + each, 0) / seen.length,
  }))
}
