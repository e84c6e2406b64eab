/** What a watched search calls news, and what a model is offered to start from. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { startPointsOf } from '../../../pages/marketplace/start-points.ts'
import {
  asWatched,
  type KnownPrices,
  newsOf,
  newsWords,
} from '../../../pages/marketplace/watch-news.ts'

const price = fc.option(fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String))
const prices = fc.tuple(price, price, price) satisfies fc.Arbitrary<KnownPrices>
const known = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[0-9a-f]{32}$/), prices), {
  selector: ([id]) => id,
  maxLength: 20,
})

test('MARKETPAGE-14: what was known is no news, also after it was kept, gone or dearer', () => {
  fc.assert(
    fc.property(known, fc.nat(), (offers, count) => {
      const quiet = { fresh: 0, cheaper: 0 }
      const kept = asWatched(JSON.parse(JSON.stringify({ query: 'q', atMs: 1, known: offers })))
      expect(kept).toEqual({ query: 'q', atMs: 1, known: offers })
      const left = offers.slice(0, count % (offers.length + 1))
      expect(newsOf(offers, left)).toEqual(quiet)
      expect(newsOf(left, offers)).toEqual({ fresh: offers.length - left.length, cheaper: 0 })
      const dearer = offers.map(([id, all]) => {
        const more = all.map((each) => each && String(BigInt(each) + 1n))
        return [id, more as unknown as KnownPrices] as const
      })
      expect(newsOf(offers, dearer)).toEqual(quiet)
      const priced = offers.filter(([, all]) => all.some((each) => each !== null)).length
      expect(newsOf(dearer, offers)).toEqual({ fresh: 0, cheaper: priced })
    }),
  )
})

test('MARKETPAGE-14: prices are compared as numbers, and only with a price that was there', () => {
  const of = (...all: KnownPrices) => [['a', all] as const]
  expect(newsOf(of('10', null, null), of('9', null, null)).cheaper).toBe(1)
  expect(newsOf(of('9', '5', null), of('10', '5', '1')).cheaper).toBe(0)
  expect(newsWords({ fresh: 2, cheaper: 1 })).toBe('2 new, 1 cheaper')
  expect(newsWords({ fresh: 0, cheaper: 0 })).toBe('')
})

test('MARKETPAGE-14: whatever stands in the storage is read or left out', () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (whole, part) => {
      asWatched(whole)
      const read = asWatched({ query: 'q', atMs: 1, known: [part] })
      expect(newsOf(read?.known ?? [], read?.known ?? [])).toEqual({ fresh: 0, cheaper: 0 })
    }),
  )
})

const names = (features: string[], engines = ['ollama'], context = 4_096) =>
  startPointsOf({ features, engines, context_tokens: context }).map(({ name }) => name)

test('MARKETPAGE-13: a model is offered what it can serve', () => {
  const plain = ['Summarise a text', 'Translate', 'Explain code']
  expect(names(['chat', 'completion'])).toEqual(plain)
  expect(names(['chat'], ['original'], 0)).toEqual(plain)
  expect(names(['chat', 'json'])).toContain('Extract fields as JSON')
  expect(names(['embeddings'])).toEqual([])
  expect(names(['chat'], ['ollama'], 256)).toEqual([])
  expect(names(['chat', 'embeddings'], ['embedded'], 256)).toEqual(['Ask for a capital'])
})
