/** What a first visit costs, by size-limit; its budgets stand in `.size-limit.mjs`. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { sitePages } from '../../pages/build/site-map.ts'
import { binary, inRoot } from '../../scripts/setup/paths.ts'
import { run } from '../../scripts/setup/run.ts'

/** One line of size-limit's JSON: bytes, compressed. */
type Measured = {
  readonly name: string
  readonly passed: boolean
  readonly size: number
  readonly sizeLimit: number
}

const dist = inRoot('pages', 'dist')
const scripts = readdirSync(join(dist, 'assets')).filter((name) => name.endsWith('.js'))
const textOf = (script: string) => readFileSync(join(dist, 'assets', script), 'utf8')
const namesOf = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, path]) => basename(path!))

const staticImports = /\b(?:import|from)\s*[`'"](\.{1,2}\/[^`'"]+\.js)[`'"]/g
const laterImports = /\bimport\(\s*[`'"](\.{1,2}\/[^`'"]+\.js)[`'"]/g

let measured: readonly Measured[]

beforeAll(async () => {
  const { output } = await run(binary('size-limit'), ['--json'], { capture: true })
  measured = JSON.parse(output) as Measured[]
})

test('PAGE-7: every page and every later script stays within its budget', () => {
  const over = measured
    .filter(({ passed }) => !passed)
    .map(({ name, size, sizeLimit }) => `${name}: ${size} of ${sizeLimit} bytes`)
  expect(over).toEqual([])
  for (const { name, size } of measured)
    expect([name, size]).toEqual([name, expect.toSatisfy((n) => n > 0)])
})

test('PAGE-7: no page is left out, and the budgets are these', () => {
  const budgets = new Map(measured.map(({ name, sizeLimit }) => [name, sizeLimit]))
  const budgetOf = (file: string) => {
    if (file.startsWith('docs/design/')) return 60_000
    if (file.startsWith('wallet/')) return 34_000
    if (file.startsWith('marketplace/')) return 40_000
    if (file.startsWith('account/')) return 30_000
    if (file.startsWith('provider/')) return 42_000
    if (file.startsWith('admin/')) return 28_000
    return file.startsWith('docs/') ? 30_000 : file.startsWith('explorer/') ? 50_000 : 25_000
  }
  for (const { file } of sitePages) {
    expect([file, budgets.get(`${file}: script`)]).toEqual([file, budgetOf(file)])
    expect([file, budgets.get(`${file}: style`)]).toEqual([file, 12_000])
  }
})

test('PAGE-7: no view of the marketplace takes more than 60 kB, all its scripts together', () => {
  const views = measured.filter(({ name }) => name.startsWith('marketplace: '))
  expect(views.map(({ sizeLimit }) => sizeLimit)).toEqual(Array(10).fill(60_000))
  expect(views.filter(({ passed }) => !passed)).toEqual([])
})

test('PAGE-7: every script is of a first load or has a budget of its own', () => {
  const first = new Set(
    sitePages.flatMap(({ file }) =>
      namesOf(readFileSync(join(dist, file), 'utf8'), /\s(?:src|href)="\/assets\/([^"]+\.js)"/g),
    ),
  )
  // What the HTML does not name is no first load: imports of a first load must be named too.
  const unnamed = [...first].flatMap((script) =>
    namesOf(textOf(script), staticImports).filter((name) => !first.has(name)),
  )
  expect(unnamed).toEqual([])
  const later = new Set(scripts.flatMap((script) => namesOf(textOf(script), laterImports)))
  const budgeted = new Set(
    measured
      .filter(({ name }) => name.endsWith(': later'))
      .map(({ name }) => basename(name.split(':')[0]!)),
  )
  expect([...later].filter((script) => !budgeted.has(script))).toEqual([])
  const workers = measured
    .filter(({ name }) => name.endsWith(': worker'))
    .map(({ name }) => basename(name.split(':')[0]!))
  expect(workers).toHaveLength(2)
  // Every import() names its target in plain text, or this test could not see it.
  const hidden = scripts.flatMap((script) =>
    [...textOf(script).matchAll(/\bimport\((?!\s*[`'"]\.{1,2}\/)[^)]{0,40}/g)].map(
      ([call]) => call,
    ),
  )
  expect(hidden).toEqual([])
  // A script that comes with a later one counts as later too.
  const known = new Set([...first, ...later, ...workers])
  for (const script of known)
    for (const name of namesOf(textOf(script), staticImports)) known.add(name)
  expect(scripts.filter((script) => !known.has(script))).toEqual([])
})

test('PAGE-8: no built file names another host', () => {
  const texts = readdirSync(join(dist, 'assets'))
    .filter((name) => /\.(?:js|css)$/.test(name))
    .map(textOf)
  // Namespaces are names, not addresses, and an example in a message is asked for nothing.
  const foreign = texts.flatMap((text) => [
    ...text.matchAll(
      /https?:\/\/(?!www\.w3\.org\/|json-schema\.org\/|edge\.example\.org\b|127\.0\.0\.1|\[)[^\s"'`)]+/g,
    ),
  ])
  expect(foreign.map(([address]) => address)).toEqual([])
})
