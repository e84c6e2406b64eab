/**
 * Full-text search over the docs, in the browser. The search library and the index are fetched at the
 * first question and kept.
 */
import type MiniSearch from 'minisearch'
import { err, ok, type Result } from '../../../core/base/result.ts'
import { getJson, type RequestFailure } from '../live/request.ts'
import { anything, object, type Shape, text } from '../live/shape.ts'
import { excerptOf } from './excerpt.ts'
import { indexOptions, indexPath } from './index-options.ts'

/** `terms`: words of the index that fit the query, to be marked in heading and excerpt. */
export type DocsHit = {
  readonly href: string
  readonly page: string
  readonly heading: string
  readonly excerpt: string
  readonly terms: readonly string[]
}

const queryCharactersMax = 200

/** Every word must fit; a beginning of it, or one with a slip of the finger, is enough. */
const queryOptions = {
  combineWith: 'AND',
  boost: { page: 3, heading: 5 },
  prefix: (term: string) => term.length > 1,
  fuzzy: (term: string) => (term.length > 4 ? 0.25 : false),
} as const

const stored = object({ href: text, page: text, heading: text, text })

/** The best `limit` sections, best first. An empty query finds nothing. Never throws. */
export async function searchDocs(
  query: string,
  limit: number,
): Promise<Result<readonly DocsHit[], RequestFailure>> {
  const words = query.slice(0, queryCharactersMax).trim()
  if (words === '') return ok([])
  const index = await loadIndex()
  if (!index.ok) return index
  const found = index.value.search(words, queryOptions).slice(0, limit)
  return ok(
    found.map((result) => {
      const { text: body, ...section } = stored(result, '')
      return { ...section, excerpt: excerptOf(body, result.terms), terms: result.terms }
    }),
  )
}

/** Pages that one word of the query leads to, for a query that as a whole finds nothing. */
export async function suggestPages(query: string, limit: number): Promise<readonly DocsHit[]> {
  const index = await loadIndex()
  if (!index.ok) return []
  const options = { ...queryOptions, combineWith: 'OR', fuzzy: 0.35 } as const
  const pages = new Map<string, DocsHit>()
  for (const result of index.value.search(query.slice(0, queryCharactersMax), options)) {
    const { href, page } = stored(result, '')
    if (pages.has(page)) continue
    const address = href.split('#')[0] ?? href
    pages.set(page, { href: address, page, heading: page, excerpt: '', terms: [] })
    if (pages.size === limit) break
  }
  return [...pages.values()]
}

type Loaded = Result<MiniSearch, RequestFailure>

let loaded: Promise<Loaded> | undefined

/** A failed attempt is forgotten, so that the next question tries again. */
async function loadIndex(): Promise<Loaded> {
  loaded ??= fetchIndex()
  const index = await loaded
  if (!index.ok) loaded = undefined
  return index
}

async function fetchIndex(): Promise<Loaded> {
  const [library, answer] = await Promise.all([importLibrary(), getJson(indexPath, isIndex)])
  if (!library.ok) return library
  if (!answer.ok) return answer
  try {
    return ok(library.value.loadJS(answer.value.raw as IndexJson, indexOptions))
  } catch {
    return err({ code: 'SHAPE_UNKNOWN', message: 'The search index cannot be read.' })
  }
}

type IndexJson = Parameters<(typeof MiniSearch)['loadJS']>[0]

const isIndex: Shape<unknown> = object({ documentIds: anything, index: anything })

async function importLibrary(): Promise<Result<typeof MiniSearch, RequestFailure>> {
  try {
    return ok((await import('minisearch')).default)
  } catch {
    return err({ code: 'UNREACHABLE', message: 'The search program cannot be fetched.' })
  }
}
