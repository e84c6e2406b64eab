/** Entry of `/docs/search.html`: results for the `q` of the address, which follows what one types. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { mount, startFrame } from '../shared/frame/start.tsx'
import { moveByArrow } from '../shared/search/arrows.ts'
import { SearchResults } from '../shared/search/results.tsx'
import { useSearch } from '../shared/search/use-search.ts'
import { bindDocsMenu } from './menu.ts'
import './docs.css'

const hitsMax = 30
const queryCharactersMax = 200

bindDocsMenu()
mount('docs-results', <SearchPage />)
startFrame()

function SearchPage() {
  const [query, setQuery] = useState(queryOf(location))
  const box = useRef<HTMLElement>(null)
  const input = useRef<HTMLInputElement>(null)
  const state = useSearch(query, hitsMax)
  useEffect(() => {
    const follow = () => setQuery(queryOf(location))
    const press = (event: KeyboardEvent) => {
      if (box.current) moveByArrow(event, box.current)
    }
    addEventListener('popstate', follow)
    box.current?.addEventListener('keydown', press)
    if (query === '') input.current?.focus()
    return () => removeEventListener('popstate', follow)
  }, [])
  useEffect(() => {
    document.title = query === '' ? 'Search · AITBC docs' : `“${query}” · Search · AITBC docs`
  }, [query])
  const type = (text: string) => {
    setQuery(text)
    history.replaceState(null, '', addressOf(text))
  }
  const submit = (event: Event) => {
    event.preventDefault()
    // From here on the back button leads to this question.
    history.pushState(null, '', addressOf(query))
    box.current?.querySelector<HTMLElement>('a.hit')?.focus()
  }
  return (
    <search ref={box}>
      <form class="results-form" onSubmit={submit}>
        <label class="visually-hidden" for="results-text">
          Search the docs
        </label>
        <input
          id="results-text"
          ref={input}
          name="q"
          type="search"
          autocomplete="off"
          spellcheck={false}
          maxLength={queryCharactersMax}
          placeholder="A command, a word, an error"
          value={query}
          onInput={(event) => type(event.currentTarget.value)}
        />
        <button type="submit" class="button button-primary">
          Search
        </button>
      </form>
      <p class="search-count">{countOf(state)}</p>
      <SearchResults state={state} />
    </search>
  )
}

function countOf(state: ReturnType<typeof useSearch>): string {
  if (state.phase !== 'found') return ''
  const { length } = state.hits
  if (length === hitsMax) return `The best ${length} places`
  return length === 1 ? 'One place' : `${length} places`
}

function queryOf({ search }: Location): string {
  return (new URLSearchParams(search).get('q') ?? '').slice(0, queryCharactersMax)
}

function addressOf(query: string): string {
  return query === '' ? location.pathname : `${location.pathname}?q=${encodeURIComponent(query)}`
}
