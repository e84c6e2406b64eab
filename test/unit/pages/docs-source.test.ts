import { expect, test } from 'vitest'
import { docsHref, docsNavigation, docsPages } from '../../../pages/build/docs-map.ts'
import { parseDocsSource } from '../../../pages/build/docs-source.ts'
import { parseFence } from '../../../pages/build/fence.ts'

const head = {
  title: 'A page',
  description: 'What this page is about, in a sentence.',
  group: 'Parts',
  order: '3',
}

function page(change: Record<string, string | undefined> = {}, body = 'Text.\n'): string {
  const lines = Object.entries({ ...head, ...change })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\n`)
  return `---\n${lines.join('')}---\n\n${body}`
}

test('DOC-1: front matter and body come apart, and lines keep their numbers', () => {
  const source = parseDocsSource('a-page.md', page({ needs: 'site' }, 'First.\n'))
  expect(source).toMatchObject({ ...head, order: 3, needs: 'site', name: 'a-page' })
  const line = source.markdown.split('\n').indexOf('First.') + source.firstLine
  expect(page({ needs: 'site' }, 'First.\n').split('\n')[line - 1]).toBe('First.')
})

test.each([
  ['a title that is missing', page({ title: undefined }), 'title'],
  ['a group that is none', page({ group: 'Other' }), 'group'],
  ['an order that is no number', page({ order: 'first' }), 'order'],
  ['a description that says nothing', page({ description: 'Short' }), 'description'],
  ['a need that is none', page({ needs: 'luck' }), 'needs'],
  ['a field that means nothing', page({ author: 'me' }), 'author'],
  ['YAML that is none', page({ title: '"open' }), 'front matter'],
  ['no front matter', 'Text.\n', 'front matter'],
  ['a second heading of the first level', page({}, 'Text.\n\n# Title\n'), 'first level'],
] as const)('DOC-1: %s is refused by file and field', (_, text, field) => {
  expect(() => parseDocsSource('a-page.md', text)).toThrow(/^pages\/docs\/content\/a-page\.md: /)
  expect(() => parseDocsSource('a-page.md', text)).toThrow(field)
})

test('DOC-1: a comment in a listing is no heading', () => {
  const text = page({}, '```sh shown\n# not a heading\nls\n```\n')
  expect(parseDocsSource('a-page.md', text).markdown).toContain('# not a heading')
})

test('DOC-1: a file name that is no address is refused', () => {
  expect(() => parseDocsSource('A page.md', page())).toThrow('not a name for an address')
})

test('DOC-1: every page has an address of its own and stands in the navigation once', () => {
  const hrefs = docsPages.map(({ name }) => docsHref(name))
  expect(new Set(hrefs).size).toBe(hrefs.length)
  expect(docsNavigation.flatMap(({ pages }) => pages)).toEqual(
    docsPages.filter(({ below }) => below === undefined),
  )
  expect(docsPages[0]?.name).toBe('index')
})

test('DOC-2: the words of a fence are read, and what is not of their form is refused', () => {
  const fence = parseFence('sh run site with="a b" exit=2')
  expect(fence?.language).toBe('sh')
  expect([...(fence?.words ?? [])]).toEqual(['run', 'site'])
  expect(Object.fromEntries(fence?.values ?? [])).toEqual({ with: 'a b', exit: '2' })
  expect(parseFence('')?.language).toBe('')
  expect(parseFence('sh run with="open')).toBeUndefined()
  expect(parseFence('sh RUN')).toBeUndefined()
})
