/** Folders are in the architecture page, and imports go where it says. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { inRoot, root } from '../../scripts/setup/paths.ts'
import { type Code, codeFiles, importsOf } from './sources.ts'

/**
 * Levels of core; a module imports its own folder and levels below. The modules just below `api` may
 * also name the types of its seams: their errors and what the chain tells them.
 */
const coreLevels = [
  ['base'],
  ['crypto'],
  ['chain'],
  ['market', 'jobs', 'exchange', 'wallet', 'auth', 'governance'],
  ['api'],
]

/** What each folder may import besides itself; `types` only as types. */
const mayImport: Record<string, { values: string[]; types?: string[] }> = {
  core: { values: [] },
  d1: { values: ['core'] },
  'durable-objects': { values: ['core'] },
  workers: { values: ['core', 'd1'], types: ['durable-objects'] },
  pages: { values: ['core'] },
  'miner-agent': { values: ['core'] },
  cli: { values: ['core'] },
}

const coreLibraries = /^(?:@noble\/|@scure\/|micro-packed$|zod$|zod\/)/

/** Files that are excepted from the table, each with what it may import too. */
const exceptions: Record<string, string[]> = {
  'workers/index.ts': ['durable-objects'],
}

test('every folder is in the table of docs/architecture.md, and every row is a folder', () => {
  const page = readFileSync(inRoot('docs', 'architecture.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `([^`]+)\/` \|/gm)].map(([, name]) => name)
  const generated = ['.git', '.tsbuild', '.wrangler', '.cache', 'node_modules', 'dist', 'coverage']
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !generated.includes(entry.name))
    .map(({ name }) => name)
  expect(rows.sort()).toEqual(folders.sort())
})

test('folders import only what the architecture allows', () => {
  const wrong = codeFiles().flatMap((file) => {
    const folder = topOf(file.path)
    const allowed = mayImport[folder]
    if (allowed === undefined || file.path.endsWith('.config.ts')) return []
    return importsOf(file).flatMap(({ from, types }) => {
      const target = targetOf(file, from)
      const to = target === undefined ? undefined : topOf(target)
      if (to === undefined || to === folder || allowed.values.includes(to)) return []
      if (types && allowed.types?.includes(to)) return []
      if (exceptions[file.path]?.includes(to)) return []
      return [`${file.path} imports ${from}`]
    })
  })
  expect(wrong).toEqual([])
})

test('inside core, imports go down only, and to audited libraries', () => {
  const files = codeFiles().filter(({ path }) => topOf(path) === 'core')
  expect(files.length).toBeGreaterThan(0)
  const wrong = files.flatMap((file) => {
    const own = file.path.split('/')[1] ?? ''
    return importsOf(file).flatMap(({ from, types }) => {
      const target = targetOf(file, from)
      const to = target?.split('/')[1] ?? ''
      const isSeam = types && to === 'api' && levelOf(own) === levelOf('jobs')
      const fine = target === undefined ? coreLibraries.test(from) : isBelow(own, to) || isSeam
      return fine ? [] : [`${file.path} imports ${from}`]
    })
  })
  expect(wrong).toEqual([])
})

test('every folder of core has a level', () => {
  const folders = readdirSync(inRoot('core'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  expect(folders.filter((name) => levelOf(name) < 0)).toEqual([])
})

function isBelow(own: string, other: string): boolean {
  return own === other || levelOf(other) < levelOf(own)
}

function levelOf(folder: string): number {
  return coreLevels.findIndex((level) => level.includes(folder))
}

function topOf(path: string): string {
  return path.split('/')[0] ?? ''
}

/** The project file that an import names; undefined for a package. */
function targetOf(file: Code, from: string): string | undefined {
  if (!from.startsWith('.')) return undefined
  return normalize(join(dirname(file.path), from)).replaceAll('\\', '/')
}
