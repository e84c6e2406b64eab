/** Edits that facets make in a query: the market's own reader must understand what comes of them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseQuery } from '../../../core/market/query.ts'
import { valuesOf, withToggled, withValues } from '../../../pages/marketplace/query-terms.ts'

const value = fc.stringMatching(/^[A-Za-z0-9 :.,_-]{1,20}$/).filter((text) => text.trim() === text)
const kept = fc.constantFrom(
  '',
  'quick brown',
  'vram>=24',
  'gpu~"rtx 4090" region=eu',
  'price<=0.02 online=true sort=price',
)

test('MARKETPAGE-2: what a facet writes is read back, and the rest stays as it was', () => {
  fc.assert(
    fc.property(kept, fc.uniqueArray(value, { minLength: 1, maxLength: 4 }), (rest, values) => {
      const query = withValues(rest, 'model', values)
      expect(valuesOf(query, 'model')).toEqual(values)
      expect(parseQuery(query).ok).toBe(true)
      expect(withValues(query, 'model', [])).toBe(rest)
    }),
  )
})

test('MARKETPAGE-2: a value that is pressed twice is as before, whatever its case', () => {
  fc.assert(
    fc.property(kept, value, (rest, chosen) => {
      const once = withToggled(rest, 'model', chosen)
      expect(withToggled(once, 'model', chosen.toUpperCase())).toBe(rest)
    }),
  )
})

test.each([
  ['vram >= 24  sort = price', 'vram', '>=', ['24']],
  ['model = "a b",c', 'model', '=', ['a b', 'c']],
  ['MODEL=llama3', 'model', '=', ['llama3']],
  ['vram>=24', 'vram', '<=', []],
] as const)('MARKETPAGE-2: %s has for %s%s %j', (query, name, operator, values) => {
  expect(valuesOf(query, name, operator)).toEqual(values)
})

test('MARKETPAGE-2: a changed term stays where it stood', () => {
  expect(withValues('online=true price<=1 sort=price', 'price', ['0.5'], '<=')).toBe(
    'online=true price<=0.5 sort=price',
  )
})
