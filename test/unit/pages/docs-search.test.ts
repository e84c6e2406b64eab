import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { articleOf, searchedPages } from '../../../pages/build/docs-articles.ts'
import { docsHref } from '../../../pages/build/docs-map.ts'
import { sectionsOf } from '../../../pages/build/docs-sections.ts'
import { buildSearchIndex } from '../../../pages/build/search-index.ts'
import { searchDocs, suggestPages } from '../../../pages/shared/search/docs-search.ts'
import { excerptOf, piecesOf } from '../../../pages/shared/search/excerpt.ts'
import { indexPath } from '../../../pages/shared/search/index-options.ts'

let isAway = true
let requests = 0

beforeAll(() => {
  const index = buildSearchIndex(searchedPages.map((page) => ({ page, article: articleOf(page) })))
  vi.stubGlobal('fetch', async (path: string) => {
    expect(path).toBe(indexPath)
    requests += 1
    if (isAway) throw new TypeError('away')
    return new Response(index)
  })
})

afterAll(() => {
  vi.unstubAllGlobals()
})

async function found(query: string) {
  const result = await searchDocs(query, 10)
  return result.ok ? result.value : []
}

describe('the search of the docs', () => {
  test('DOC-8: an index that cannot be fetched is said, and the next question asks again', async () => {
    const failed = await searchDocs('escrow', 5)
    expect(failed).toMatchObject({ ok: false, error: { code: 'UNREACHABLE' } })
    isAway = false
    expect((await found('escrow')).length).toBeGreaterThan(0)
    const before = requests
    await found('miner')
    expect(requests).toBe(before)
  })

  test('DOC-7: words of a body, the beginning of one and one with a slip lead to a section', async () => {
    for (const query of ['escrow', 'escr', 'ecsrow settlement', 'ESCROW']) {
      const hits = await found(query)
      expect(hits.length, query).toBeGreaterThan(0)
    }
    for (const { href } of await found('escrow')) {
      const [path, anchor = ''] = href.split('#')
      const page = searchedPages.find(({ name }) => docsHref(name) === path)!
      const sections = sectionsOf(articleOf(page))
      expect(sections.map((section) => section.anchor)).toContain(anchor)
    }
  })

  test('DOC-7: every title leads to its page first', async () => {
    for (const { title, name } of searchedPages) {
      const [first] = await found(title)
      expect(first?.href.split('#')[0], title).toBe(docsHref(name))
    }
  })

  test('DOC-8: what fits no page finds nothing, and one of its words is a suggestion', async () => {
    expect(await found('')).toEqual([])
    expect(await found('zzzzqqqq')).toEqual([])
    expect(await found('escrow zzzzqqqq')).toEqual([])
    expect((await suggestPages('escrow zzzzqqqq', 3)).length).toBeGreaterThan(0)
  })

  test('DOC-9: no query breaks the search', async () => {
    const query = fc.oneof(fc.string(), fc.constantFrom('<img src=x>', '__proto__', '.*', '\\'))
    await fc.assert(
      fc.asyncProperty(query, async (text) => {
        expect((await searchDocs(text, 3)).ok).toBe(true)
      }),
    )
  })
})

describe('excerpts', () => {
  const words = fc.array(fc.constantFrom('escrow', 'a', 'miner.', '<b>', 'Receipt', '…'))
  const text = words.map((list) => list.join(' '))
  const terms = fc.array(fc.constantFrom('escrow', 'receipt', 'b', '.*', ''))

  test('DOC-9: pieces are the text again, and only whole words are marked', () => {
    fc.assert(
      fc.property(text, terms, (whole, list) => {
        const pieces = piecesOf(whole, list)
        expect(pieces.map((piece) => piece.text).join('')).toBe(whole)
        for (const piece of pieces.filter(({ isMatch }) => isMatch)) {
          expect(list).toContain(piece.text.toLowerCase())
        }
      }),
    )
  })

  test('DOC-7: an excerpt is a short part of the text around what was found', () => {
    fc.assert(
      fc.property(text, terms, (whole, list) => {
        const excerpt = excerptOf(whole, list)
        expect(excerpt.length).toBeLessThanOrEqual(164)
        expect(whole).toContain(excerpt.replace(/^… | …$/g, ''))
      }),
    )
    const long = `${'before '.repeat(60)}escrow ${'after '.repeat(60)}`
    expect(excerptOf(long, ['escrow'])).toContain('escrow')
  })
})
