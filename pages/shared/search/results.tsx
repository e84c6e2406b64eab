/** What a search of the docs found, in every state. */
import { useEffect } from 'preact/hooks'
import { announce } from '../frame/announce.ts'
import { Failed } from '../ui/states.tsx'
import type { DocsHit } from './docs-search.ts'
import { piecesOf } from './excerpt.ts'
import type { SearchState } from './use-search.ts'

/** Says the outcome to screen readers, too. */
export function SearchResults({ state }: { state: SearchState }) {
  const words = wordsOf(state)
  useEffect(() => {
    if (words !== '') announce(words)
  }, [words])
  switch (state.phase) {
    case 'idle':
      return null
    case 'loading':
      return <p class="search-note">Searching …</p>
    case 'failed':
      return <Failed what="the search index" failure={state.failure} retry={state.retry} />
    case 'found':
      return <HitList hits={state.hits} />
    case 'none':
      return <NoneFound query={state.query} suggestions={state.suggestions} />
  }
}

function wordsOf(state: SearchState): string {
  if (state.phase === 'none') return 'Nothing found'
  if (state.phase !== 'found') return ''
  return state.hits.length === 1 ? 'One place found' : `${state.hits.length} places found`
}

function HitList({ hits }: { hits: readonly DocsHit[] }) {
  return (
    <ul class="hits">
      {hits.map((hit) => (
        <li key={hit.href}>
          <a class="hit" href={hit.href}>
            <span class="hit-heading">
              <Marked text={hit.heading} terms={hit.terms} />
            </span>
            {hit.heading !== hit.page && <span class="hit-page">{hit.page}</span>}
            {hit.excerpt !== '' && (
              <span class="hit-excerpt">
                <Marked text={hit.excerpt} terms={hit.terms} />
              </span>
            )}
          </a>
        </li>
      ))}
    </ul>
  )
}

function Marked({ text, terms }: { text: string; terms: readonly string[] }) {
  return (
    <>
      {piecesOf(text, terms).map((piece, index) =>
        piece.isMatch ? <mark key={index}>{piece.text}</mark> : piece.text,
      )}
    </>
  )
}

type NoneFoundProps = { query: string; suggestions: readonly DocsHit[] }

function NoneFound({ query, suggestions }: NoneFoundProps) {
  return (
    <div class="search-none">
      <p>
        Nothing found for “<span class="search-query">{query}</span>”. Fewer words, or the beginning
        of one, find more.
      </p>
      {suggestions.length > 0 && <p class="search-note">Close to it:</p>}
      <ul class="hits">
        {suggestions.map(({ href, page }) => (
          <li key={href}>
            <a class="hit" href={href}>
              <span class="hit-heading">{page}</span>
            </a>
          </li>
        ))}
        <li>
          <a class="hit" href="/docs/full-documentation.html">
            <span class="hit-heading">All docs on one page</span>
          </a>
        </li>
      </ul>
    </div>
  )
}
