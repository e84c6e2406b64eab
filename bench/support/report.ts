/** What a benchmark prints: text for people on stderr, one JSON object as the last line of stdout. */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { inRoot } from '../../scripts/setup/paths.ts'

/** One figure with its goal. `value` in `unit`. */
export type Figure = {
  readonly name: string
  readonly unit: string
  readonly value: number
  /** `≤` or `≥` and the number. */
  readonly goal: string
  readonly met: boolean
  /** Why a goal was missed, from what was measured in the same run. */
  readonly cause?: string
}

export type Machine = {
  readonly cores: number
  readonly cpu: string
  readonly memoryGib: number
  readonly os: string
  readonly node: string
  readonly workerd: string
  readonly miniflare: string
}

export type Report = {
  readonly bench: string
  readonly at: string
  readonly machine: Machine
  /** How the site ran, so that nobody compares it with something else. */
  readonly runtime: string
  readonly seconds: number
  readonly figures: readonly Figure[]
  readonly details: Readonly<Record<string, unknown>>
}

/** A goal that is met by values up to, or from, a number. */
export function figure(
  input: Omit<Figure, 'goal' | 'met' | 'cause'> & {
    readonly goal: { readonly atMost: number } | { readonly atLeast: number }
    /** Told only when the goal is missed. */
    readonly cause: () => string
  },
): Figure {
  const { goal, cause, ...rest } = input
  const met = 'atMost' in goal ? rest.value <= goal.atMost : rest.value >= goal.atLeast
  const text = 'atMost' in goal ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`
  return { ...rest, goal: text, met, ...(met ? {} : { cause: cause() }) }
}

/** The machine that measured. */
export function machine(): Machine {
  const all = cpus()
  return {
    cores: all.length,
    cpu: all[0]?.model ?? 'unknown',
    memoryGib: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()}`,
    node: process.versions.node,
    workerd: versionOf('workerd'),
    miniflare: versionOf('miniflare'),
  }
}

/** A line for people. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`)

/** A table for people: the first row is its head; numbers stand at the right. */
export function sayTable(rows: readonly (readonly (string | number)[])[]): void {
  const cells = rows.map((row) => row.map(String))
  const widths = (cells[0] ?? []).map((_, at) =>
    Math.max(...cells.map((row) => row[at]?.length ?? 0)),
  )
  say('')
  for (const row of cells) {
    say(row.map((cell, at) => cell[at === 0 ? 'padEnd' : 'padStart'](widths[at] ?? 0)).join('  '))
  }
}

/** Prints figures for people and the whole report for programs; `save` keeps it in `results/` too. */
export function printReport(report: Report, save: boolean): void {
  say('')
  for (const { name, value, unit, goal, met, cause } of report.figures) {
    say(`${met ? 'met   ' : 'MISSED'}  ${name}: ${value} ${unit} (goal ${goal})`)
    if (cause !== undefined) say(`        ${cause}`)
  }
  if (save) {
    const path = inRoot('bench', 'results', `${report.bench}.json`)
    writeFileSync(path, `${JSON.stringify(report, undefined, 2)}\n`)
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

function versionOf(name: string): string {
  const path = inRoot('node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
