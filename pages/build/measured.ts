/**
 * What has been measured, for the home page: one group of table rows for each kept result of a
 * benchmark (`bench/results`), read when the pages are built. Nothing here is typed in by hand.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { escapeHtml } from './html.ts'
import { icons } from './icons.ts'

/** Stands in a page's HTML where the rows belong. */
export const measuredMark = '<!-- measured -->'

/** One figure as a benchmark reports it; `cause`: why its goal was missed. */
export type MeasuredFigure = {
  readonly name: string
  readonly unit: string
  readonly value: number
  readonly goal?: string
  readonly met?: boolean
  readonly cause?: string
}

/** A kept result, as far as the page shows it. `at`: ISO time of the run. */
export type BenchResult = {
  readonly bench: string
  readonly at: string
  readonly machine: {
    readonly cores: number
    readonly cpu: string
    readonly memoryGib: number
    readonly node: string
    readonly workerd: string
  }
  readonly figures: readonly MeasuredFigure[]
}

/** The rows for all results that are kept under `folder`, in order of their names. */
export function measuredRows(folder: string): string {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  if (names.length === 0) throw new Error(`no benchmark is kept in ${folder}`)
  return names
    .sort()
    .map((name) => groupOf(JSON.parse(readFileSync(join(folder, name), 'utf8')) as BenchResult))
    .join('\n')
}

/** One result: a heading row with date and machine, then a row for each figure. */
export function groupOf({ bench, at, machine, figures }: BenchResult): string {
  const { cores, cpu, memoryGib, node, workerd } = machine
  const day = at.slice(0, 10)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || figures.length === 0) {
    throw new Error(`the result of ${bench} is not one that this page can show`)
  }
  const where = `${cores} cores, ${cpu}, ${memoryGib} GiB, Node ${node}, workerd ${workerd}`
  const head = `<tr class="measured-run"><th scope="rowgroup" colspan="4"><span>${escapeHtml(bench)}</span> <span class="muted"><time datetime="${escapeHtml(at)}">${day}</time>, ${escapeHtml(where)}</span></th></tr>`
  return `<tbody>\n${[head, ...figures.map(rowOf)].join('\n')}\n</tbody>`
}

function rowOf({ name, unit, value, goal, met, cause }: MeasuredFigure): string {
  const why =
    cause === undefined
      ? ''
      : `<details><summary>Why</summary><p>${escapeHtml(capital(cause))}</p></details>`
  const state =
    met === undefined
      ? ''
      : met
        ? `<span class="status status-good">${icons.met}Met</span>`
        : `<span class="status status-caution">${icons.missed}Missed</span>`
  return [
    `<tr><td data-label="What"><div>${escapeHtml(capital(name))}${why}</div></td>`,
    `<td data-label="Measured" class="number"><span>${threeDigits(value)}<span class="amount-unit">${escapeHtml(unit)}</span></span></td>`,
    `<td data-label="Goal" class="number">${escapeHtml(goal ?? '–')}</td>`,
    `<td data-label="Result">${state}</td></tr>`,
  ].join('')
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** Three significant digits, whole from 100 on: 1.62, 3.00, 405, 12 400. */
export const threeDigits = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en').replaceAll(',', ' ') : value.toPrecision(3)
