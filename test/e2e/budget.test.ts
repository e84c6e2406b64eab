/** What a first visit costs: script and style of each page, compressed as the edge sends them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { inRoot } from '../../scripts/setup/paths.ts'

const dist = inRoot('pages', 'dist')

/** Budgets in kB of 1 000 bytes. */
const budgets = [
  { file: 'index.html', scriptKb: 25 },
  { file: 'docs/index.html', scriptKb: 30 },
  { file: 'docs/getting-started.html', scriptKb: 30 },
  { file: 'explorer/index.html', scriptKb: 50 },
  { file: '404.html', scriptKb: 25 },
] as const
const styleKb = 12

const compressedKb = (paths: readonly string[]) =>
  paths.reduce((sum, path) => sum + gzipSync(readFileSync(join(dist, path))).length, 0) / 1_000

const filesIn = (html: string, ending: string) =>
  [
    ...new Set([...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, path]) => path!)),
  ].filter((path) => path.endsWith(ending))

test.each(budgets)('$file stays within $scriptKb kB of script', ({ file, scriptKb }) => {
  const html = readFileSync(join(dist, file), 'utf8')
  const scripts = filesIn(html, '.js')
  expect(scripts.length).toBeGreaterThan(0)
  expect(compressedKb(scripts)).toBeLessThanOrEqual(scriptKb)
  expect(compressedKb(filesIn(html, '.css'))).toBeLessThanOrEqual(styleKb)
})

test('nothing is fetched from elsewhere, and no chunk stays out of sight', () => {
  const assets = readdirSync(join(dist, 'assets'))
  const texts = assets
    .filter((name) => /\.(?:js|css)$/.test(name))
    .map((name) => readFileSync(join(dist, 'assets', name), 'utf8'))
  // Namespaces are names, not addresses.
  const foreign = texts.flatMap((text) => [
    ...text.matchAll(/https?:\/\/(?!www\.w3\.org\/|127\.0\.0\.1)[^\s"'`)]+/g),
  ])
  expect(foreign.map(([address]) => address)).toEqual([])
  expect(texts.filter((text) => /\bimport\(/.test(text))).toEqual([])
})
