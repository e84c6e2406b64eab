/** The copy of the pages that a running site serves. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { copyPages } from '../../../scripts/setup/served-pages.ts'

const folder = mkdtempSync(join(tmpdir(), 'aitbc-served-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const dist = join(folder, 'dist')
const build = (hash: string) => {
  rmSync(dist, { recursive: true, force: true })
  mkdirSync(join(dist, 'assets'), { recursive: true })
  writeFileSync(join(dist, 'index.html'), `<script src="/assets/main-${hash}.js"></script>`)
  writeFileSync(join(dist, 'assets', `main-${hash}.js`), hash)
}

test('PAGE-10: a build while the site runs changes nothing that it serves, until it starts again', () => {
  build('aaaa')
  const served = copyPages(dist, join(folder, 'state'))
  const page = () => readFileSync(join(served, 'index.html'), 'utf8')
  const script = () => readFileSync(join(served, page().match(/src="\/([^"]+)"/)![1]!), 'utf8')
  expect(script()).toBe('aaaa')
  build('bbbb')
  expect(script()).toBe('aaaa')
  expect(copyPages(dist, join(folder, 'state'))).toBe(served)
  expect(script()).toBe('bbbb')
  // What an earlier start left does not pile up.
  expect(() => readFileSync(join(served, 'assets', 'main-aaaa.js'))).toThrow()
})
