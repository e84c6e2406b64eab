/** Looks after watched searches while a page of the marketplace is open. Fetched where there are any. */
import { effect, signal } from '@preact/signals'
import { announce } from '../shared/frame/announce.ts'
import { nowMs } from '../shared/live/clock.ts'
import { getJson } from '../shared/live/request.ts'
import { readKept, storedSearches, watchedKey, watchNews, writeKept } from './kept.ts'
import {
  asWatched,
  knownOf,
  type News,
  newsOf,
  newsWords,
  type WatchedSearch,
  watchLimits,
} from './watch-news.ts'
import { offerPage } from './wire.ts'

/** What the newest look at a search found. `failed`: nothing, for this reason. */
export type Look =
  | { readonly state: 'found'; readonly news: News; readonly now: Known }
  | { readonly state: 'too_many' }
  | { readonly state: 'failed'; readonly message: string }
type Known = NonNullable<WatchedSearch['known']>

const periodMs = 60_000

export const watched = signal(read())
/** By the text of the search; nothing before the first look of this visit. */
export const looks = signal<ReadonlyMap<string, Look>>(new Map())

const isFull = (): boolean => watched.value.length >= watchLimits.watchedMax

/** Begins or ends the watch over a saved search. False: there are as many as there may be. */
export function toggleWatch(query: string): boolean {
  const others = watched.value.filter((each) => each.query !== query)
  const isIn = others.length < watched.value.length
  if (!isIn && isFull()) return false
  keep(isIn ? others : [...others, { query }])
  forgetLook(query)
  if (!isIn) void look({ query })
  return true
}

/** Takes what the newest look found as known. */
export function markSeen(query: string): void {
  const found = looks.value.get(query)
  if (found?.state !== 'found') return
  remember(query, found.now)
  setLook(query, { ...found, news: { fresh: 0, cheaper: 0 } })
}

let isOn = false

/** Looks now and once a minute, until the page is left. */
export function startWatching(): void {
  if (isOn) return
  isOn = true
  addEventListener('storage', ({ key }) => {
    // What was seen in another tab is seen here.
    if (key === watchedKey) {
      watched.value = read()
      lookAtAll()
    }
  })
  const turn = signal(0)
  effect(() => {
    turn.value = Math.floor(nowMs.value / periodMs)
  })
  effect(() => {
    if (turn.value > 0) lookAtAll()
  })
}

function lookAtAll(): void {
  for (const each of watched.peek()) void look(each)
}

async function look({ query }: WatchedSearch): Promise<void> {
  const asked = new URLSearchParams({ q: query, limit: String(watchLimits.offersMax) })
  const answer = await getJson(`/api/v1/market/offers?${asked}`, offerPage)
  // Forgotten, or seen, while the answer was on its way.
  const watch = watched.peek().find((each) => each.query === query)
  if (!watch) return
  if (!answer.ok) return setLook(query, { state: 'failed', message: answer.error.message })
  const { items, next_cursor: next } = answer.value.value
  // Of a part it could not be told what is new and what has only moved up.
  if (next !== undefined) return setLook(query, { state: 'too_many' })
  const now = knownOf(items)
  if (!watch.known) remember(query, now)
  setLook(query, { state: 'found', now, news: newsOf(watch.known ?? now, now) })
}

function remember(query: string, known: Known): void {
  keep(
    watched
      .peek()
      .map((each) => (each.query === query ? { query, atMs: Date.now(), known } : each)),
  )
}

function keep(all: readonly WatchedSearch[]): void {
  watched.value = all
  writeKept(watchedKey, all)
}

function setLook(query: string, found: Look): void {
  const before = wordsIn(looks.peek().get(query))
  looks.value = new Map(looks.peek()).set(query, found)
  tell()
  const words = wordsIn(found)
  if (words !== '' && words !== before) announce(`In a search that you watch: ${words}`)
}

function forgetLook(query: string): void {
  const rest = new Map(looks.peek())
  rest.delete(query)
  looks.value = rest
  tell()
}

const wordsIn = (found: Look | undefined): string =>
  found?.state === 'found' ? newsWords(found.news) : ''

/** The sum, for who has not opened the list. */
function tell(): void {
  const sum = { fresh: 0, cheaper: 0 }
  for (const found of looks.peek().values()) {
    if (found.state !== 'found') continue
    sum.fresh += found.news.fresh
    sum.cheaper += found.news.cheaper
  }
  watchNews.value = newsWords(sum)
}

/** Only what is still saved. */
function read(): readonly WatchedSearch[] {
  const saved = new Set(storedSearches())
  return readKept(watchedKey, asWatched, watchLimits.watchedMax).filter(({ query }) =>
    saved.has(query),
  )
}
