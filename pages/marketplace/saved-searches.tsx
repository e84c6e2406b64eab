/** Searches that were saved, and what is new in those that are watched. */
import { useEffect } from 'preact/hooks'
import { announce } from '../shared/frame/announce.ts'
import { Badge } from '../shared/ui/bits.tsx'
import { When } from '../shared/ui/time.tsx'
import { forgetSearch, savedSearches } from './kept.ts'
import { marketPath } from './routes.ts'
import { looks, markSeen, startWatching, toggleWatch, watched } from './watch.ts'
import { newsWords, watchLimits } from './watch-news.ts'

export function SavedList({ query }: { query: string }) {
  useEffect(startWatching, [])
  return (
    <>
      <ul class="saved">
        {savedSearches.value.map((each) => (
          <Saved key={each} search={each} isShown={each === query} />
        ))}
      </ul>
      <p class="small muted">
        Kept in this browser alone. A watched search is looked at once a minute while a page of the
        marketplace is open, and never when none is.
      </p>
    </>
  )
}

function Saved({ search, isShown }: { search: string; isShown: boolean }) {
  const watch = watched.value.find(({ query }) => query === search)
  const isFull = !watch && watched.value.length >= watchLimits.watchedMax
  return (
    <li>
      <span class="saved-search">
        <a
          class="mono break"
          href={marketPath.offers(search)}
          aria-current={isShown ? 'true' : undefined}
        >
          {search}
        </a>
        {watch ? <Found search={search} atMs={watch.atMs} /> : null}
      </span>
      <span class="saved-actions">
        <button
          type="button"
          class="text-button"
          aria-pressed={watch !== undefined}
          aria-label={`Watch ${search}`}
          aria-disabled={isFull}
          title={isFull ? `${watchLimits.watchedMax} are watched: end one first` : undefined}
          onClick={() => {
            if (toggleWatch(search)) return
            announce(`${watchLimits.watchedMax} searches are watched: end one first`)
          }}
        >
          Watch
        </button>
        <button
          type="button"
          class="text-button"
          aria-label={`Forget ${search}`}
          onClick={() => {
            if (watch) toggleWatch(search)
            forgetSearch(search)
          }}
        >
          Forget
        </button>
      </span>
    </li>
  )
}

/** What the newest look found, and since when it is news. */
function Found({ search, atMs }: { search: string; atMs: number | undefined }) {
  const found = looks.value.get(search)
  if (!found) return <span class="small muted">looking</span>
  if (found.state === 'failed') {
    return <span class="small muted">could not be looked at: {found.message}</span>
  }
  if (found.state === 'too_many') {
    return (
      <span class="small muted">
        more than {watchLimits.offersMax} offers fit: narrow it down to watch it
      </span>
    )
  }
  const words = newsWords(found.news)
  const since = atMs === undefined ? null : <When ms={atMs} ageOnly />
  if (words === '') return <span class="small muted">no news since you looked, {since}</span>
  return (
    <span class="saved-news">
      <Badge>{words}</Badge>
      <span class="small muted">since you looked, {since}</span>
      <button
        type="button"
        class="text-button"
        aria-label={`Seen ${search}`}
        onClick={() => markSeen(search)}
      >
        Seen
      </button>
    </span>
  )
}
