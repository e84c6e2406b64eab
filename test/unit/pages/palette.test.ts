/** The command palette: what stands first, and what it keeps. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ranked } from '../../../pages/shared/palette/rank.ts'
import { readPlaces, recentLimits, withPlace } from '../../../pages/shared/palette/recent.ts'

const labels = (query: string, ...entries: readonly { label: string; words?: string }[]) =>
  ranked(entries, query).map(({ label }) => label)

test('UI-16: whole name, beginning, word, inside, scattered, in this order', () => {
  const entries = [
    { label: 'Big lone clouds' },
    { label: 'Sublock list' },
    { label: 'All blocks' },
    { label: 'Blocks' },
    { label: 'Block' },
  ]
  expect(labels('block', ...entries)).toEqual(['Block', 'Blocks', 'All blocks', 'Sublock list'])
  expect(labels('bloc', ...entries).at(-1)).toBe('Big lone clouds')
})

test('UI-16: every word must fit, in any order, and another name stands behind the own one', () => {
  const dark = { label: 'Theme: dark', words: 'night appearance' }
  const docs = { label: 'Night shifts of miners' }
  expect(labels('dark theme', dark, docs)).toEqual(['Theme: dark'])
  expect(labels('night', dark, docs)).toEqual(['Night shifts of miners', 'Theme: dark'])
  expect(labels('dark nothing', dark, docs)).toEqual([])
})

test('UI-16: nothing typed leaves everything, in its order', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ label: fc.string() })), (entries) => {
      expect(ranked(entries, '  ')).toEqual(entries)
    }),
  )
})

test('UI-16: an entry is found by its own name, and by any beginning of it', () => {
  const word = fc.stringMatching(/^[a-z]{3,12}$/)
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), fc.nat(), (parts, cut) => {
      const label = parts.join(' ')
      const beginning = label.slice(0, 1 + (cut % label.length))
      expect(labels(beginning, { label })).toEqual([label])
    }),
  )
})

test('UI-17: the newest place comes first, each once, and few are kept', () => {
  const place = (n: number) => ({ label: `Block ${n}`, href: `/explorer/block/${n}` })
  let places: readonly { label: string; href: string }[] = []
  for (const n of [1, 2, 3, 1, 4, 5, 6, 7]) places = withPlace(places, place(n))
  expect(places).toHaveLength(recentLimits.placesMax)
  expect(places.map(({ label }) => label)).toEqual([7, 6, 5, 4, 1].map((n) => `Block ${n}`))
})

test.each([
  ['no JSON', '{'],
  ['not a list', '{"label":"a","href":"/a"}'],
  ['another site', '[{"label":"a","href":"//evil.example/"}]'],
  ['another site by a backslash', '[{"label":"a","href":"/\\\\evil.example/"}]'],
  ['a script', '[{"label":"a","href":"javascript:alert(1)"}]'],
  ['no label', '[{"label":"","href":"/a"}]'],
  ['a label without end', JSON.stringify([{ label: 'x'.repeat(1_000), href: '/a' }])],
  ['other types', '[null, 7, {"label":1,"href":"/a"}]'],
])('UI-17: a store that holds %s holds no places', (_name, text) => {
  expect(readPlaces(text)).toEqual([])
})

test('UI-17: what was kept comes back, and nothing whatever makes the reading throw', () => {
  const place = { label: 'Blocks', href: '/explorer/blocks' }
  expect(readPlaces(JSON.stringify([place]))).toEqual([place])
  expect(readPlaces(null)).toEqual([])
  fc.assert(fc.property(fc.json(), (text) => void readPlaces(text)))
})
