// What a first visit may cost: script and style of every built page, compressed, and each piece of
// script that is fetched later. `npm run build`, then `npx size-limit`; kB are 1 000 bytes.

import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('pages/dist', import.meta.url))

/** Script of a first load, by the beginning of a page's name; the first that fits counts. */
const scriptBudgets = [
  ['docs/design/', '60 kB'],
  ['docs/', '30 kB'],
  ['explorer/', '50 kB'],
  ['marketplace/', '40 kB'],
  ['account/', '30 kB'],
  ['provider/', '42 kB'],
  ['admin/', '28 kB'],
  ['wallet/', '34 kB'],
  ['', '25 kB'],
]
const styleBudget = '12 kB'
/**
 * Workers, by the beginning of their names. The light client: codecs, curves and checks, fetched when a page
 * first shows a fact. The keeper of keys: curves, ciphers, words, fetched by the wallet alone.
 */
const workerBudgets = [
  ['assets/keeper-', '56 kB'],
  ['', '50 kB'],
]
/** Scripts that are fetched later; the library of scales alone is most of a chart. */
const laterBudgets = [
  ['assets/chart-', '22 kB'],
  // Dictionaries, fetched only where a password is chosen.
  ['assets/password-strength-', '850 kB'],
  ['', '20 kB'],
]

const names = readdirSync(dist, { recursive: true }).map((name) => name.replaceAll('\\', '/'))
const text = (name) => readFileSync(join(dist, name), 'utf8')

/** Files of one kind that a page's HTML names: entries, preloaded imports, style sheets. */
const named = (html, ending) => [
  ...new Set(
    [...html.matchAll(/\s(?:src|href)="\/(assets\/[^"]+)"/g)]
      .map(([, name]) => name)
      .filter((name) => name.endsWith(ending)),
  ),
]

/** Scripts that some script imports only when it needs them. */
const later = new Set(
  names
    .filter((name) => name.startsWith('assets/') && name.endsWith('.js'))
    .flatMap((name) =>
      [...text(name).matchAll(/\bimport\(\s*[`'"]([^`'"]+)[`'"]/g)].map(([, target]) =>
        join('assets', basename(target)),
      ),
    ),
)

const check = (name, files, limit) => ({
  name,
  path: files.map((file) => `pages/dist/${file}`),
  limit,
  gzip: true,
})

/** Views of the marketplace by the names of their scripts; none may take more than this, first load and all. */
const marketViewBudget = '60 kB'
const marketViews = /^assets\/(?:[a-z]+-page|playground|new-bid)-[^/]+\.js$/

/** What views of the marketplace load, one check each. */
function marketChecks() {
  const first = named(text('marketplace/index.html'), '.js')
  const [entry] = first.filter((name) => /marketplace-index/.test(name))
  return [...text(entry).matchAll(/\bimport\(\s*[`'"]([^`'"]+)[`'"]/g)]
    .map(([, target]) => join('assets', basename(target)))
    .filter((name) => marketViews.test(name))
    .map((name) =>
      check(
        `marketplace: ${basename(name)} with all it needs`,
        [...new Set([...first, ...withImports(name)])],
        marketViewBudget,
      ),
    )
}

/** A script with all that it imports at once, itself first. */
function withImports(file) {
  const all = new Set([file])
  for (const each of all) {
    for (const [, target] of text(each).matchAll(
      /\b(?:import|from)\s*[`'"](\.{1,2}\/[^`'"]+\.js)[`'"]/g,
    )) {
      all.add(join('assets', basename(target)))
    }
  }
  return [...all]
}

const pages = names.filter((name) => name.endsWith('.html')).sort()

export default [
  ...pages.flatMap((page) => {
    const html = text(page)
    const [, scripts] = scriptBudgets.find(([beginning]) => page.startsWith(beginning))
    return [
      check(`${page}: script`, named(html, '.js'), scripts),
      check(`${page}: style`, named(html, '.css'), styleBudget),
    ]
  }),
  ...marketChecks(),
  ...[...later].sort().map((file) => {
    const [, limit] = laterBudgets.find(([beginning]) => file.startsWith(beginning))
    return check(`${file}: later`, [file], limit)
  }),
  ...names
    .filter((name) => /^assets\/(?:worker|keeper)-worker-.*\.js$/.test(name))
    .map((file) => {
      const [, limit] = workerBudgets.find(([beginning]) => file.startsWith(beginning))
      return check(`${file}: worker`, withImports(file), limit)
    }),
]
