/** The one text box that holds the whole state of the list, and the searches that were saved from it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { QueryError } from '../../core/market/query.ts'
import { announce } from '../shared/frame/announce.ts'
import { Later } from '../shared/frame/later.tsx'
import { navigate } from '../shared/list/url-state.ts'
import { Disclosure } from '../shared/ui/bits.tsx'
import { BadShape } from '../shared/ui/icon.tsx'
import { savedSearches, saveSearch, watchNews } from './kept.ts'
import { queryFault, queryHelp } from './query-check.ts'
import { marketPath } from './routes.ts'

type QueryBoxProps = { query: string }

export function QueryBox({ query }: QueryBoxProps) {
  const [typed, setTyped] = useState(query)
  const input = useRef<HTMLInputElement>(null)
  // Facets, links and Back write into the box too.
  useEffect(() => setTyped(query), [query])
  const fault = queryFault(typed)
  const go = () => {
    if (fault) return input.current?.focus()
    navigate(marketPath.offers(typed.trim()))
  }
  return (
    <search class="query">
      <form
        class="query-form"
        aria-label="Find offers"
        onSubmit={(event) => {
          event.preventDefault()
          go()
        }}
      >
        <label class="visually-hidden" for="query">
          What you look for
        </label>
        <input
          ref={input}
          id="query"
          class="input mono query-input"
          type="text"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={512}
          placeholder="model=llama3 vram>=24 sort=price"
          value={typed}
          aria-invalid={fault ? true : undefined}
          aria-describedby={fault ? 'query-fault' : undefined}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit" class="button button-primary">
          Search
        </button>
        <button
          type="button"
          class="button"
          aria-disabled={query === ''}
          onClick={() => {
            if (query === '') return
            saveSearch(query)
            announce('Search saved in this browser')
          }}
        >
          Save
        </button>
      </form>
      {fault ? <Fault fault={fault} typed={typed} /> : null}
      <div class="query-more">
        <SavedSearches query={query} />
        <Disclosure summary="How to ask">
          <QueryHelp />
        </Disclosure>
      </div>
    </search>
  )
}

function Fault({ fault, typed }: { fault: QueryError; typed: string }) {
  const { position, length, message } = fault
  return (
    <p class="query-fault small" id="query-fault" role="status">
      <BadShape />
      <span>
        {message}{' '}
        <span class="mono break">
          {typed.slice(Math.max(0, position - 20), position)}
          <mark>{typed.slice(position, position + Math.min(40, Math.max(1, length))) || '…'}</mark>
        </span>
      </span>
    </p>
  )
}

function SavedSearches({ query }: QueryBoxProps) {
  const saved = savedSearches.value
  if (saved.length === 0) return null
  const news = watchNews.value
  return (
    <Disclosure
      summary={`Saved searches (${saved.length})${news === '' ? '' : `: ${news}`}`}
      key="saved"
    >
      <Later load={savedList} of={{ query }} heading={null} part="marketplace" />
    </Disclosure>
  )
}

const savedList = async () => (await import('./saved-searches.tsx')).SavedList

function QueryHelp() {
  return (
    <dl class="query-help">
      {queryHelp.map(([example, meaning]) => (
        <div key={example}>
          <dt>
            <a class="mono" href={marketPath.offers(example)}>
              {example}
            </a>
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  )
}
