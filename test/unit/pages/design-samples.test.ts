/** The page of the design system leaves no part out and shows the code that it runs. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { inRoot } from '../../../scripts/setup/paths.ts'

const readAll = (...path: readonly string[]) =>
  readdirSync(inRoot(...path))
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => ({ name, text: readFileSync(inRoot(...path, name), 'utf8') }))

const parts = [
  { name: 'data-list.tsx', text: 'export function DataList' },
  ...readAll('pages', 'shared', 'ui'),
  ...readAll('pages', 'shared', 'ui', 'form'),
  ...readAll('pages', 'shared', 'ui', 'chart'),
]
const samples = readAll('pages', 'design', 'samples')
const demos = readFileSync(inRoot('pages', 'design', 'demos.ts'), 'utf8')
const legend = readFileSync(inRoot('pages', 'design', 'legend.tsx'), 'utf8')

/** Parts of parts: shown by what they belong to. */
const inner = [
  // The two halves of every field, and the box of every dialog.
  'FieldFrame',
  'FieldNotes',
  'Modal',
  // Drawn by `Loaded`, `LazyChart` and `toast`.
  'Failed',
  'StaleLine',
  'Chart',
  'Plot',
  'ToastList',
]

test('UI-20: every component is in a sample', () => {
  const components = parts.flatMap(({ text }) =>
    [...text.matchAll(/^export (?:function|const) ([A-Z]\w+)/gm)].map(([, name]) => name!),
  )
  expect(components.length).toBeGreaterThan(30)
  const shown = samples.map(({ text }) => text).join('\n')
  // All drawings are shown by going through their module.
  const drawings = /(?:Icon|Shape)$/
  const missing = components.filter(
    (name) =>
      !drawings.test(name) &&
      !inner.includes(name) &&
      name !== 'FormContext' &&
      !new RegExp(`<${name}\\b`).test(shown),
  )
  expect(missing).toEqual([])
})

test('UI-20: every sample is on the page, with its own text beside it', () => {
  for (const { name, text } of samples) {
    const component = /export function (\w+Sample)/.exec(text)?.[1]
    expect(component, name).toBeDefined()
    if (name === 'finality-line.tsx') {
      expect(legend).toContain(`<${component} />`)
      continue
    }
    const code = `${name.replace('.tsx', '')}Code`
    expect(demos).toContain(`import ${code} from './samples/${name}?raw'`)
    expect(demos).toMatch(new RegExp(`view: ${component},\\s+code: ${code},`))
  }
})
